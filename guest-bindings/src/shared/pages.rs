//! Whole pages of linear memory, of which nothing else of the guest has a part.

#![allow(
    unsafe_code,
    reason = "it allocates pages and hands their address to the host"
)]

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::cell::Cell;
use core::ptr::NonNull;
use core::slice;

use bytemuck::Pod;

use crate::bindings::wasi::cuda::memory::Buffer;
use crate::{Device, Result};

/// Bytes of the largest page in which hosts share memory, as the package says.
const PAGE: usize = 64 << 10;

/// Zeroed pages.
#[derive(Debug)]
pub(super) struct Pages {
    start: NonNull<u8>,
    layout: Layout,
}

impl Pages {
    /// Pages for so many bytes; none when there is no memory for them.
    pub(super) fn zeroed(bytes: usize) -> Option<Self> {
        let bytes = bytes.max(1).checked_next_multiple_of(PAGE)?;
        let layout = Layout::from_size_align(bytes, PAGE).ok()?;
        // SAFETY: the layout has a size.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { start, layout })
    }

    /// Shares the first bytes with a device.
    pub(super) fn share(&self, device: &Device, bytes: usize) -> Result<Buffer> {
        // The host writes there from now on, through the address.
        self.start.as_ptr().expose_provenance();
        // SAFETY: so many bytes are allocated and initialised, and nobody writes to them during the call.
        let region = unsafe { slice::from_raw_parts(self.start.as_ptr(), bytes) };
        Ok(Buffer::share(device.raw(), region)?)
    }

    /// The first elements.
    pub(super) fn cells<T: Pod>(&self, len: usize) -> &[Cell<T>] {
        assert!(len * size_of::<T>() <= self.layout.size() && align_of::<T>() <= PAGE);
        // SAFETY: so many elements are allocated and aligned; the host changes them only in calls, which cells allow, to bytes
        // that are elements whatever they are.
        unsafe { slice::from_raw_parts(self.start.as_ptr().cast(), len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout; whoever shared it has dropped the buffer before.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}
