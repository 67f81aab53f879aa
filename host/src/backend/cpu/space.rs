//! One guest's memory on the CPU device.

use super::Shared;
use super::pool::Slot;
use super::queue::CpuQueue;
use super::window::Window;
use crate::backend::{LaunchSink, NotDone, Queue, Space, Upload};
use crate::linear::Pages;
use crate::memory::GRANULE;
use crate::progress::Progress;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

/// Bytes reserved for one guest; thousands of guests fit the 128 TiB of a process.
const RESERVED: u64 = 64 << 30;

/// Ranges of this size are made zero by losing their pages, and when freed so at once, which gives their
/// memory back to the system; smaller ones keep their pages, which is cheaper.
const DISCARD_FROM: u64 = 64 << 10;

/// The address at which kernels see the window: the same for every guest in every run, so that nothing
/// of the host's own addresses is told. A multiple of the reserved size; null is far outside.
const BASE: u64 = 0x10_0000_0000;

const _: () = assert!(RESERVED.is_power_of_two() && BASE.is_multiple_of(RESERVED));

/// A guest's window and, in checked mode, the map of its buffers.
pub(super) struct CpuSpace {
    pub(super) shared: Arc<Shared>,
    pub(super) window: Arc<Memory>,
    slot: Arc<Slot>,
}

/// What running kernels use; it lives as long as the last of them.
pub(super) struct Memory {
    window: Window,
    /// For each granule of the window how many bytes of it, from its start, lie in a buffer.
    granules: Option<Window>,
}

impl CpuSpace {
    pub(super) fn open(shared: Arc<Shared>, checked: bool) -> rustix::io::Result<Self> {
        let granules = RESERVED / GRANULE * size_of::<u16>() as u64;
        let window = Memory {
            window: Window::reserve(RESERVED)?,
            granules: if checked {
                Some(Window::reserve(granules)?)
            } else {
                None
            },
        };
        let slot = Arc::new(shared.pool.slot());
        Ok(Self {
            shared,
            window: Arc::new(window),
            slot,
        })
    }

    fn bytes(&self, offset: u64, length: u64) -> Option<*mut u8> {
        self.window.window.range(offset, length)
    }
}

impl Memory {
    /// The part of a launch that says where its memory is.
    pub(super) fn describe(&self, launch: &mut wasi_cuda_jit::cpu::Launch) {
        launch.window_host = self.window.start();
        launch.window_base = BASE;
        launch.window_mapped = self.window.backed();
        launch.window_mask = self.window.reserved() - 1;
        launch.granules = self.granules.as_ref().map_or(std::ptr::null(), |granules| {
            granules.start().cast::<u16>().cast_const()
        });
    }

    /// The address of a backed range; none when it is not wholly backed.
    pub(super) fn range(&self, offset: u64, length: u64) -> Option<*mut u8> {
        self.window.range(offset, length)
    }

    /// The entries of the granules that a range touches; none when nothing is checked.
    fn granules(&self, offset: u64, size: u64) -> Option<&[AtomicU16]> {
        let first = offset / GRANULE;
        let count = size.div_ceil(GRANULE);
        let entry = size_of::<AtomicU16>() as u64;
        let entries = self
            .granules
            .as_ref()?
            .range(first * entry, count * entry)?;
        // SAFETY: the range is backed, aligned to a granule's entry, and lives as long as the window; it is
        // only accessed atomically here and read by kernels.
        Some(unsafe { std::slice::from_raw_parts(entries.cast::<AtomicU16>(), count as usize) })
    }
}

impl Space for CpuSpace {
    fn base(&self) -> u64 {
        BASE
    }

    fn reserved(&self) -> u64 {
        RESERVED
    }

    fn backed(&self) -> u64 {
        self.window.window.backed()
    }

    fn grow(&self, end: u64) -> Result<(), String> {
        let text = |error: rustix::io::Errno| error.to_string();
        if let Some(granules) = &self.window.granules {
            // First, since a kernel that starts now looks up whatever lies in the backed window.
            let entries = Window::rounded(end).ok_or("past the end of the window")? / GRANULE;
            granules
                .grow(entries * size_of::<u16>() as u64)
                .map_err(text)?;
        }
        self.window.window.grow(end).map_err(text)
    }

    fn mark(&self, offset: u64, size: u64, allocated: bool) {
        let Some(granules) = self.window.granules(offset, size) else {
            return;
        };
        let mut left = size;
        for granule in granules {
            let inside = if allocated {
                left.min(GRANULE) as u16
            } else {
                0
            };
            granule.store(inside, Relaxed);
            left = left.saturating_sub(GRANULE);
        }
    }

    fn zero(&self, offset: u64, size: u64) -> Result<(), NotDone> {
        if size >= DISCARD_FROM {
            self.window.window.discard(offset, size);
        } else if let Some(start) = self.bytes(offset, size) {
            // SAFETY: the range is backed; it is free memory that nothing enqueued refers to.
            unsafe { start.write_bytes(0, size as usize) };
        }
        Ok(())
    }

    fn release(&self, offset: u64, size: u64) {
        if size >= DISCARD_FROM {
            self.window.window.discard(offset, size);
        }
    }

    fn maps_linear_memory(&self) -> bool {
        cfg!(target_os = "linux")
    }

    fn map(&self, offset: u64, pages: &Pages) -> Result<(), String> {
        let mapped = self.window.window.map(offset, pages);
        mapped.map_err(|error| error.to_string())
    }

    fn unmap(&self, offset: u64, length: u64) -> Result<(), String> {
        let unmapped = self.window.window.unmap(offset, length);
        unmapped.map_err(|error| error.to_string())
    }

    fn upload(&self) -> Box<dyn Upload + '_> {
        Box::new(self)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), NotDone> {
        if let Some(start) = self.bytes(offset, bytes.len() as u64) {
            // SAFETY: the range is backed, and no memory of the host's lies in a window.
            unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        Ok(())
    }

    fn read(&self, offset: u64, length: u64, bytes: &mut Vec<u8>) -> Result<(), NotDone> {
        let length = length as usize;
        bytes.reserve(length);
        if let Some(start) = self.bytes(offset, length as u64) {
            // SAFETY: the source is backed; the destination was just reserved and is initialised by the
            // copy before its length says so.
            unsafe {
                let end = bytes.as_mut_ptr().add(bytes.len());
                end.copy_from_nonoverlapping(start, length);
                bytes.set_len(bytes.len() + length);
            }
        }
        Ok(())
    }

    fn read_into(&self, offset: u64, bytes: &mut [u8]) -> Result<(), NotDone> {
        if let Some(start) = self.bytes(offset, bytes.len() as u64) {
            // SAFETY: the source is backed, and no memory of the host's lies in a window.
            unsafe {
                bytes
                    .as_mut_ptr()
                    .copy_from_nonoverlapping(start, bytes.len());
            }
        }
        Ok(())
    }

    fn open_queue(
        &self,
        progress: Arc<Progress>,
        sink: Arc<dyn LaunchSink>,
    ) -> Result<Arc<dyn Queue>, String> {
        Ok(CpuQueue::new(
            self.shared.clone(),
            self.window.clone(),
            self.slot.clone(),
            progress,
            sink,
        ))
    }
}

impl Upload for &CpuSpace {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), NotDone> {
        Space::write(*self, offset, bytes)
    }

    fn finish(self: Box<Self>) -> Result<(), NotDone> {
        Ok(())
    }
}
