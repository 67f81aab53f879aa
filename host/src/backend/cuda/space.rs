//! One guest's memory on a GPU.

use super::Gpu;
use super::clean::Clean;
use super::driver::Result;
use super::port::Way;
use super::queue::CudaQueue;
use super::window::Window;
use crate::backend::{LaunchSink, NotDone, Queue, Space, Upload};
use crate::memory::GRANULE;
use crate::progress::Progress;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use wasi_cuda_jit::back::ptx::LaunchRecord;

/// Bytes of an entry of the map of buffers.
const ENTRY: u64 = size_of::<u16>() as u64;

/// A guest's window and, in checked mode, the map of its buffers.
pub(super) struct CudaSpace {
    memory: Arc<Memory>,
}

/// What running kernels use; it lives as long as the last of them.
pub(super) struct Memory {
    pub(super) gpu: Arc<Gpu>,
    window: Window,
    /// For each granule of the window how many bytes of it, from its start, lie in a buffer.
    granules: Option<Window>,
    clean: Mutex<Clean>,
    /// Whether anything is known to be zero: a load spares launches the lock.
    any_clean: AtomicBool,
}

impl CudaSpace {
    /// A window of at least so many bytes.
    pub(super) fn open(gpu: Arc<Gpu>, bytes: u64, checked: bool) -> Result<Self> {
        gpu.driver.bind()?;
        let window = Window::reserve(&gpu.driver, bytes)?;
        let entries = window.reserved() / GRANULE * ENTRY;
        let granules = match checked {
            true => Some(Window::reserve(&gpu.driver, entries)?),
            false => None,
        };
        let memory = Memory {
            gpu,
            window,
            granules,
            clean: Mutex::default(),
            any_clean: AtomicBool::new(false),
        };
        Ok(Self {
            memory: Arc::new(memory),
        })
    }
}

impl Memory {
    /// The part of a launch's record that says where its memory is.
    pub(super) fn describe(&self, record: &mut LaunchRecord) {
        record.window_base = self.window.base();
        record.window_mapped = self.window.backed();
        record.granules = self.granules.as_ref().map_or(0, Window::base);
    }

    /// The address of a backed range; none when it is not wholly backed.
    pub(super) fn range(&self, offset: u64, length: u64) -> Option<u64> {
        self.window.range(offset, length)
    }

    /// Something is about to run that may write anywhere in the window.
    pub(super) fn will_be_written(&self) {
        if self.any_clean.swap(false, SeqCst) {
            crate::lock(&self.clean).forget();
        }
    }

    fn is_zero(&self, offset: u64, size: u64) -> bool {
        self.any_clean.load(SeqCst) && crate::lock(&self.clean).contains(offset, offset + size)
    }

    fn made_zero(&self, offset: u64, size: u64) {
        let mut clean = crate::lock(&self.clean);
        clean.insert(offset, offset + size);
        self.any_clean.store(true, SeqCst);
    }

    fn done<T>(&self, result: Result<T>) -> std::result::Result<T, NotDone> {
        result.map_err(|error| {
            if error.is_fatal() {
                self.gpu.lose(&error.to_string());
                return NotDone::Lost;
            }
            NotDone::Refused(format!("the driver refused the transfer: {error}"))
        })
    }
}

impl Space for CudaSpace {
    fn base(&self) -> u64 {
        self.memory.window.base()
    }

    fn reserved(&self) -> u64 {
        self.memory.window.reserved()
    }

    fn backed(&self) -> u64 {
        self.memory.window.backed()
    }

    fn grow(&self, end: u64) -> std::result::Result<(), String> {
        let memory = &*self.memory;
        if end <= memory.window.backed() {
            return Ok(());
        }
        let text = |error: super::window::GrowError| error.to_string();
        memory
            .gpu
            .driver
            .bind()
            .map_err(|error| error.to_string())?;
        // SAFETY: a window has just mapped the range, and does not unmap it meanwhile.
        let zero = |address, bytes| unsafe { memory.gpu.ports.zero(address, bytes) };
        if let Some(granules) = &memory.granules {
            // First, since a kernel that starts now looks up whatever lies in the backed window.
            let entries = end
                .checked_next_multiple_of(memory.gpu.driver.properties().granularity)
                .ok_or("past the end of the window")?
                / GRANULE;
            granules.grow(entries * ENTRY, zero).map_err(text)?;
        }
        let before = memory.window.backed();
        memory.window.grow(end, zero).map_err(text)?;
        memory.made_zero(before, memory.window.backed() - before);
        Ok(())
    }

    fn mark(&self, offset: u64, size: u64, allocated: bool) {
        let Some(granules) = &self.memory.granules else {
            return;
        };
        let inside = (0..size.div_ceil(GRANULE)).map(|granule| match allocated {
            true => (size - granule * GRANULE).min(GRANULE) as u16,
            false => 0,
        });
        let entries: Vec<u8> = inside.flat_map(u16::to_le_bytes).collect();
        let at = granules.range(offset / GRANULE * ENTRY, entries.len() as u64);
        if let Some(at) = at {
            // SAFETY: the range is backed, and the window lives meanwhile.
            let written = unsafe { self.memory.gpu.ports.write(at, &entries) };
            if let Err(error) = written {
                // Kernels would be told the wrong thing from now on.
                self.memory.gpu.lose(&error.to_string());
            }
        }
    }

    fn zero(&self, offset: u64, size: u64) -> std::result::Result<(), NotDone> {
        // Ranges begin and end at granules, or the fill takes in what follows in the last word, which is free, too.
        let size = size.next_multiple_of(4);
        let Some(at) = self.memory.range(offset, size) else {
            return Ok(());
        };
        if self.memory.is_zero(offset, size) {
            return Ok(());
        }
        // SAFETY: the range is backed, and the window lives meanwhile.
        let zeroed = unsafe { self.memory.gpu.ports.zero(at, size) };
        self.memory.done(zeroed)?;
        self.memory.made_zero(offset, size);
        Ok(())
    }

    fn release(&self, _offset: u64, _size: u64) {
        // Its pages stay mapped: kernels that are in flight may reach all of the window.
    }

    fn upload(&self) -> Box<dyn Upload + '_> {
        Box::new(CudaUpload {
            way: self.memory.gpu.ports.upload(),
            memory: &self.memory,
        })
    }

    fn read(
        &self,
        offset: u64,
        length: u64,
        bytes: &mut Vec<u8>,
    ) -> std::result::Result<(), NotDone> {
        let Some(at) = self.memory.range(offset, length) else {
            return Ok(());
        };
        let append = |staged: &[u8]| bytes.extend_from_slice(staged);
        // SAFETY: the range is backed, and the window lives meanwhile.
        let read = unsafe { self.memory.gpu.ports.read(at, length, append) };
        self.memory.done(read)
    }

    fn read_into(&self, offset: u64, bytes: &mut [u8]) -> std::result::Result<(), NotDone> {
        let length = bytes.len() as u64;
        let Some(at) = self.memory.range(offset, length) else {
            return Ok(());
        };
        let mut rest = bytes;
        let copy = |staged: &[u8]| {
            let (piece, behind) = std::mem::take(&mut rest).split_at_mut(staged.len());
            piece.copy_from_slice(staged);
            rest = behind;
        };
        // SAFETY: the range is backed, and the window lives meanwhile.
        let read = unsafe { self.memory.gpu.ports.read(at, length, copy) };
        self.memory.done(read)
    }

    fn open_queue(
        &self,
        progress: Arc<Progress>,
        sink: Arc<dyn LaunchSink>,
    ) -> std::result::Result<Arc<dyn Queue>, String> {
        let queue = CudaQueue::open(self.memory.clone(), progress, sink);
        let queue = queue.map_err(|error| error.to_string())?;
        Ok(queue)
    }
}

/// Bytes on their way into a guest's window.
struct CudaUpload<'a> {
    memory: &'a Memory,
    way: Way<'a>,
}

impl Upload for CudaUpload<'_> {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> std::result::Result<(), NotDone> {
        let Some(at) = self.memory.range(offset, bytes.len() as u64) else {
            return Ok(());
        };
        self.memory.will_be_written();
        // SAFETY: the range is backed, and the window lives as long as this, which waits when it is dropped.
        let taken = unsafe { self.way.write(at, bytes) };
        self.memory.done(taken)
    }

    fn finish(self: Box<Self>) -> std::result::Result<(), NotDone> {
        let CudaUpload { memory, way } = *self;
        memory.done(way.finish())
    }
}
