//! Address space that is reserved whole and backed with memory as it grows.

use crate::linear::Pages;
use rustix::io;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// Memory is backed in steps of this size, which is that of a huge page, to which the reservation is aligned.
const STEP: u64 = 2 << 20;

/// A reserved range of the host's addresses, readable and writable up to where it has grown.
///
/// Everything outside the grown part is inaccessible, so that code which escaped its bounds would crash
/// instead of reading.
pub(super) struct Window {
    /// What was mapped, which is a step larger than what is used.
    mapping: NonNull<c_void>,
    mapped: usize,
    /// The first byte of the window, aligned to a step.
    start: NonNull<u8>,
    reserved: u64,
    /// Bytes from the start that are backed.
    backed: AtomicU64,
    growing: Mutex<()>,
}

// SAFETY: the window is plain memory that any thread may use; growing it is behind a lock.
unsafe impl Send for Window {}
// SAFETY: as above. What lies in the memory is the guest's business, whose own races it may see.
unsafe impl Sync for Window {}

impl Window {
    /// Reserves so many bytes, a multiple of 2 MiB.
    pub(super) fn reserve(reserved: u64) -> io::Result<Self> {
        let mapped = reserved
            .checked_add(STEP)
            .and_then(|bytes| usize::try_from(bytes).ok());
        let mapped = mapped.ok_or(io::Errno::NOMEM)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address of the system's choice touches no existing memory.
        let mapping =
            unsafe { mmap_anonymous(ptr::null_mut(), mapped, ProtFlags::empty(), flags)? };
        let mapping = NonNull::new(mapping).ok_or(io::Errno::NOMEM)?;
        let skip = mapping.as_ptr().cast::<u8>().align_offset(STEP as usize);
        // SAFETY: `skip` is less than a step, by which the mapping is longer than `reserved`.
        let start = unsafe { mapping.cast::<u8>().add(skip) };
        Ok(Self {
            mapping,
            mapped,
            start,
            reserved,
            backed: AtomicU64::new(0),
            growing: Mutex::new(()),
        })
    }

    /// Where the window begins in the host's memory.
    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Bytes that are reserved.
    pub(super) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Bytes from the start that are readable and writable.
    pub(super) fn backed(&self) -> u64 {
        self.backed.load(Acquire)
    }

    /// How far a window is backed that has grown to `end`.
    pub(super) fn rounded(end: u64) -> Option<u64> {
        end.checked_next_multiple_of(STEP)
    }

    /// Backs the window with zeroed memory up to `end` at least.
    pub(super) fn grow(&self, end: u64) -> io::Result<()> {
        if end <= self.backed() {
            return Ok(());
        }
        let _growing = crate::lock(&self.growing);
        let backed = self.backed();
        let end = Self::rounded(end)
            .filter(|end| *end <= self.reserved)
            .ok_or(io::Errno::NOMEM)?;
        if end > backed {
            // SAFETY: the range lies in this mapping, which nobody else manages, and was inaccessible.
            unsafe {
                let from = self.start().add(backed as usize).cast();
                let length = (end - backed) as usize;
                mprotect(from, length, MprotectFlags::READ | MprotectFlags::WRITE)?;
                huge_pages(from, length);
            }
            self.backed.store(end, Release);
        }
        Ok(())
    }

    /// The address of a backed range; none when it is not wholly backed.
    pub(super) fn range(&self, offset: u64, length: u64) -> Option<*mut u8> {
        let end = offset.checked_add(length)?;
        // SAFETY: the offset lies in the mapping, or one past its end.
        (end <= self.backed()).then(|| unsafe { self.start().add(offset as usize) })
    }

    /// Lets a backed range, in whole pages, mean these pages as well, which the system can map again. Kernels may access it
    /// meanwhile: what they find is one or the other, since the system lets accesses wait while it replaces a mapping.
    #[cfg(target_os = "linux")]
    pub(super) fn map(&self, offset: u64, pages: &Pages) -> io::Result<()> {
        use rustix::mm::{MremapFlags, mremap_fixed};
        let (from, length) = (pages.start.as_ptr(), pages.length as usize);
        let start = self.range(offset, pages.length);
        let start = start.ok_or(io::Errno::INVAL)?.cast();
        // SAFETY: moving no bytes maps these a second time, readable and writable as they are: whoever has the pages keeps their
        // memory meanwhile. It replaces a part of this mapping, which nobody else manages.
        let mapped = unsafe { mremap_fixed(from, 0, length, MremapFlags::MAYMOVE, start) };
        if let Err(error) = mapped {
            // Where the system lacks memory for the new mapping it may have taken the old one away already.
            self.unmap(offset, pages.length)?;
            return Err(error);
        }
        Ok(())
    }

    /// There are no such pages.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn map(&self, _offset: u64, _pages: &Pages) -> io::Result<()> {
        Err(io::Errno::NOSYS)
    }

    /// Lets a backed range, in whole pages, be zeroed memory of its own again; as for `map`, kernels may access it meanwhile.
    pub(super) fn unmap(&self, offset: u64, length: u64) -> io::Result<()> {
        let start = self.range(offset, length).ok_or(io::Errno::INVAL)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: as in `map`.
        unsafe {
            mmap_anonymous(start.cast(), length as usize, access, flags)?;
            // Without the same advice the system would not join it with its neighbours.
            huge_pages(start.cast(), length as usize);
        }
        Ok(())
    }

    /// Makes a backed range zero, and gives whole pages in it back to the system.
    pub(super) fn discard(&self, offset: u64, length: u64) {
        let Some(start) = self.range(offset, length) else {
            return;
        };
        let page = rustix::param::page_size();
        let length = length as usize;
        let head = start.align_offset(page).min(length);
        let whole = (length - head) / page * page;
        // SAFETY: the three parts make up the backed range.
        unsafe {
            start.write_bytes(0, head);
            zero_pages(start.add(head), whole);
            start
                .add(head + whole)
                .write_bytes(0, length - head - whole);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `reserve` made; whoever uses it holds the window.
        let unmapped = unsafe { munmap(self.mapping.as_ptr(), self.mapped) };
        if let Err(error) = unmapped {
            tracing::error!(%error, "a window was not unmapped");
        }
    }
}

/// Asks for huge pages, without which the first touch of a large buffer costs more than a kernel's work.
///
/// # Safety
///
/// The range is mapped and the caller's.
#[cfg(target_os = "linux")]
unsafe fn huge_pages(start: *mut c_void, length: usize) {
    use rustix::mm::{Advice, madvise};
    // SAFETY: the advice changes no content; that the range is mapped is the caller's promise.
    let advised = unsafe { madvise(start, length, Advice::LinuxHugepage) };
    // Kernels may be built without.
    if let Err(error) = advised {
        tracing::trace!(%error, "no huge pages");
    }
}

#[cfg(not(target_os = "linux"))]
unsafe fn huge_pages(_start: *mut c_void, _length: usize) {}

/// Makes whole pages zero.
///
/// # Safety
///
/// The pages are mapped, writable and the caller's.
unsafe fn zero_pages(start: *mut u8, length: usize) {
    if length == 0 {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        // SAFETY: private anonymous pages read as zero afterwards; they are the caller's to lose.
        if unsafe { madvise(start.cast(), length, Advice::LinuxDontNeed) }.is_ok() {
            return;
        }
    }
    // SAFETY: the pages are writable and the caller's.
    unsafe { start.write_bytes(0, length) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte(window: &Window, offset: u64) -> u8 {
        // SAFETY: the tests read what they have grown.
        unsafe { *window.range(offset, 1).unwrap() }
    }

    #[test]
    fn a_window_grows_in_place_and_is_zero() {
        let window = Window::reserve(64 << 30).unwrap();
        assert_eq!(window.backed(), 0);
        assert!(window.range(0, 1).is_none());
        window.grow(1).unwrap();
        let start = window.start();
        window.grow(5 << 20).unwrap();
        assert_eq!((window.start(), window.backed()), (start, 6 << 20));
        assert_eq!(byte(&window, (6 << 20) - 1), 0);
        assert!(window.range((6 << 20) - 1, 2).is_none());
        assert!(window.range(u64::MAX, 2).is_none());
    }

    #[test]
    fn a_window_does_not_grow_past_its_end() {
        let window = Window::reserve(4 << 20).unwrap();
        assert!(window.grow((4 << 20) + 1).is_err());
        assert!(window.grow(u64::MAX).is_err());
        assert!(window.grow(4 << 20).is_ok());
    }

    #[test]
    fn a_discarded_range_is_zero_and_its_neighbours_are_not() {
        let window = Window::reserve(4 << 20).unwrap();
        window.grow(1 << 20).unwrap();
        // SAFETY: so much is backed.
        unsafe { window.range(0, 1 << 20).unwrap().write_bytes(7, 1 << 20) };
        window.discard(100, 50_000);
        let zeros = (0..1 << 20)
            .filter(|offset| byte(&window, *offset) == 0)
            .collect::<Vec<_>>();
        assert_eq!(
            (zeros[0], zeros.len(), zeros[zeros.len() - 1]),
            (100, 50_000, 50_099)
        );
    }
}
