//! Which linear memory an address lies in.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// The memories that live, by their first address, which is nobody else's in the process meanwhile.
static LIVE: Mutex<BTreeMap<usize, Known>> = Mutex::new(BTreeMap::new());

/// What is known of a memory.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "made on Linux only")
)]
pub(super) struct Known {
    /// Bytes that the guest has now.
    pub(super) size: Arc<AtomicUsize>,
}

/// Whole pages of a linear memory, and where in them a range of bytes begins. They are there as long as the memory, which whoever
/// asks for them keeps by holding its store.
pub(crate) struct Pages {
    /// The address of the first one.
    pub(crate) start: NonNull<c_void>,
    /// Bytes of all pages.
    pub(crate) length: u64,
    /// Bytes of the first page before the range.
    pub(crate) lead: u64,
}

#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "made on Linux only")
)]
pub(super) fn insert(base: usize, known: Known) {
    crate::lock(&LIVE).insert(base, known);
}

/// Forgets a memory, before its addresses can become another's.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "made on Linux only")
)]
pub(super) fn remove(base: usize) {
    crate::lock(&LIVE).remove(&base);
}

/// The pages of a range, at least one byte long; none when it does not lie in one memory that is known.
pub(crate) fn pages(address: usize, length: usize) -> Option<Pages> {
    let live = crate::lock(&LIVE);
    let (base, known) = live.range(..=address).next_back()?;
    let begin = address - base;
    let end = begin.checked_add(length)?;
    if end > known.size.load(SeqCst) {
        return None;
    }
    let page = rustix::param::page_size();
    let start = begin / page * page;
    Some(Pages {
        start: NonNull::new(ptr::with_exposed_provenance_mut(base + start))?,
        length: (end.next_multiple_of(page) - start) as u64,
        lead: (begin - start) as u64,
    })
}
