//! What a worker needs to run one block: its shared and local memory, and the frames of its threads.
//!
//! A worker has one arena, which block after block uses, so that a launch of a million blocks needs no more than one of a hundred.

use super::launch::{BlockContext, Launch};
use super::suspension::Slot;
use crate::limits::MAX_THREADS_PER_BLOCK;
use std::cell::RefCell;
use std::ptr;

/// How much of each part a kernel needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    pub(super) shared: u64,
    /// Bytes of local memory of one thread.
    pub(super) local: u64,
    /// Threads whose local memory exists at once.
    pub(super) local_threads: u64,
    pub(super) frames: u64,
}

/// Bytes of an arena that is kept from launch to launch; larger ones are given back.
const KEPT_BYTES: usize = 8 << 20;

/// Between parts, so that a mistake in one is not one in the next.
const GAP: u64 = 64;

thread_local! {
    static KEPT: RefCell<Vec<u128>> = const { RefCell::new(Vec::new()) };
}

/// The memory of one block after another.
pub(super) struct Arena {
    memory: Vec<u128>,
    shared: Part,
    local: Part,
    frames: Part,
    /// Bytes of shared memory that may be accessed.
    shared_size: u64,
    shared_mask: u64,
    run: Vec<u32>,
    waits: Vec<u32>,
    parted: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Part {
    start: usize,
    bytes: usize,
}

impl Arena {
    /// Memory for a kernel's blocks, zeroed where a kernel could read it.
    pub(super) fn new(needs: &Needs, threads: usize) -> Self {
        let shared_reserved = needs.shared.next_power_of_two().max(16);
        // An address is masked to the next power of two, whatever the kernel computed.
        let local_reserved = local_stride(needs.local) * needs.local_threads.max(1)
            + needs.local.next_power_of_two();
        let mut end = 0u64;
        let mut part = |bytes: u64| {
            let start = end;
            end = (end + bytes + GAP).next_multiple_of(64);
            Part {
                start: start as usize,
                bytes: bytes as usize,
            }
        };
        let (shared, local, frames) = (
            part(shared_reserved + 16),
            part(local_reserved + 16),
            part(needs.frames),
        );
        let words = (end as usize).div_ceil(size_of::<u128>());
        let mut memory = KEPT.with(|kept| std::mem::take(&mut *kept.borrow_mut()));
        if memory.len() < words {
            memory = vec![0; words];
        }
        Self {
            memory,
            shared,
            local,
            frames,
            shared_size: needs.shared,
            shared_mask: shared_reserved - 1,
            run: vec![0; threads],
            waits: vec![0; threads],
            parted: vec![0; threads],
        }
    }

    /// What compiled code gets to see of a block; its shared memory is zero.
    pub(super) fn begin_block(&mut self, index: [u32; 3]) -> BlockContext {
        let bytes = self.shared.bytes;
        let start = self.shared.start;
        bytemuck::cast_slice_mut::<u128, u8>(&mut self.memory)[start..start + bytes].fill(0);
        let base: *mut u8 = self.memory.as_mut_ptr().cast();
        BlockContext {
            index,
            first: 0,
            last: 0,
            shared: base.wrapping_add(self.shared.start),
            shared_size: self.shared_size,
            shared_mask: self.shared_mask,
            local: base.wrapping_add(self.local.start),
            frames: base.wrapping_add(self.frames.start),
            run: ptr::null(),
            waits: ptr::null_mut(),
            parted: ptr::null_mut(),
        }
    }

    /// Shows compiled code what each thread runs, and where it says that it waits.
    pub(super) fn place_threads(&mut self, context: &mut BlockContext) {
        context.run = self.run.as_ptr();
        context.waits = self.waits.as_mut_ptr();
        context.parted = self.parted.as_mut_ptr();
    }

    /// Which entry each thread shall run.
    pub(super) fn run(&mut self) -> &mut [u32] {
        &mut self.run
    }

    /// Where each thread waits.
    pub(super) fn waits(&self) -> &[u32] {
        &self.waits
    }

    /// Which groups of threads have parted.
    pub(super) fn parted(&mut self) -> &mut [u8] {
        &mut self.parted
    }

    /// The frames, between two runs of compiled code.
    pub(super) fn frames(&mut self) -> Frames {
        let base: *mut u8 = self.memory.as_mut_ptr().cast();
        Frames {
            base: base.wrapping_add(self.frames.start),
            bytes: self.frames.bytes,
        }
    }

    /// The memory that operations of a warp may access, likewise.
    pub(super) fn memory(&mut self, launch: &Launch) -> Memory {
        let base: *mut u8 = self.memory.as_mut_ptr().cast();
        Memory {
            shared: (base.wrapping_add(self.shared.start), self.shared_size),
            window: (launch.window_host, launch.window_mapped),
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        if memory.len() * size_of::<u128>() <= KEPT_BYTES {
            // A thread that ends has nothing to keep it in.
            let _ = KEPT.try_with(|kept| *kept.borrow_mut() = memory);
        }
    }
}

/// Bytes from one thread's local memory to the next's.
pub(super) fn local_stride(local: u64) -> u64 {
    local.next_multiple_of(16)
}

/// The frames of a block's threads. It exists only while no compiled code runs.
pub(super) struct Frames {
    base: *mut u8,
    bytes: usize,
}

impl Frames {
    /// A value of a thread's frame; zero if there is no such slot.
    pub(super) fn read(&self, slot: Slot, thread: usize) -> u64 {
        let mut value = [0; 8];
        if let Some(place) = self.place(slot, thread) {
            // SAFETY: `place` has found the slot's bytes inside the frames, which nobody else uses now.
            unsafe { ptr::copy_nonoverlapping(place, value.as_mut_ptr(), slot.size as usize) };
        }
        u64::from_le_bytes(value)
    }

    pub(super) fn write(&mut self, slot: Slot, thread: usize, value: u64) {
        if let Some(place) = self.place(slot, thread) {
            let value = value.to_le_bytes();
            // SAFETY: as above.
            unsafe { ptr::copy_nonoverlapping(value.as_ptr(), place, slot.size as usize) };
        }
    }

    /// The values of a warp's threads in a slot of 32 bits; none if it is no such slot.
    pub(super) fn read_warp(&self, slot: Slot, first: usize) -> Option<[u32; 32]> {
        let place = self.warp_place(slot, first)?;
        let mut values = [0u32; 32];
        // SAFETY: `warp_place` has found the 32 words inside the frames, which nobody else uses now.
        unsafe {
            ptr::copy_nonoverlapping(place, values.as_mut_ptr().cast(), size_of_val(&values))
        };
        Some(values)
    }

    pub(super) fn write_warp(&mut self, slot: Slot, first: usize, values: &[u32; 32]) {
        if let Some(place) = self.warp_place(slot, first) {
            // SAFETY: as above.
            unsafe { ptr::copy_nonoverlapping(values.as_ptr().cast(), place, size_of_val(values)) };
        }
    }

    fn warp_place(&self, slot: Slot, first: usize) -> Option<*mut u8> {
        self.place(slot, first + 31)?;
        (slot.size == 4).then(|| self.place(slot, first))?
    }

    fn place(&self, slot: Slot, thread: usize) -> Option<*mut u8> {
        let offset = slot.start as usize + thread * slot.size as usize;
        let inside = slot.size <= 8
            && thread < MAX_THREADS_PER_BLOCK as usize
            && offset + slot.size as usize <= self.bytes;
        inside.then(|| self.base.wrapping_add(offset))
    }
}

/// Shared memory and the guest's window. It exists only while no compiled code of this block runs.
pub(super) struct Memory {
    shared: (*mut u8, u64),
    window: (*mut u8, u64),
}

/// Where a warp's operation finds a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Shared,
    Window,
}

impl Memory {
    /// Reads bytes; zeros where they do not lie inside, which a guard has made sure of.
    pub(super) fn read(&self, place: Place, offset: u64, bytes: &mut [u8]) {
        match self.place(place, offset, bytes.len()) {
            // SAFETY: `place` has found the bytes inside; other blocks may race for those in the window, as on a GPU.
            Some(from) => unsafe { ptr::copy(from, bytes.as_mut_ptr(), bytes.len()) },
            None => bytes.fill(0),
        }
    }

    /// Writes bytes where they lie inside.
    pub(super) fn write(&mut self, place: Place, offset: u64, bytes: &[u8]) {
        if let Some(to) = self.place(place, offset, bytes.len()) {
            // SAFETY: as above.
            unsafe { ptr::copy(bytes.as_ptr(), to, bytes.len()) };
        }
    }

    fn place(&self, place: Place, offset: u64, length: usize) -> Option<*mut u8> {
        let (base, size) = match place {
            Place::Shared => self.shared,
            Place::Window => self.window,
        };
        let inside = offset
            .checked_add(length as u64)
            .is_some_and(|end| end <= size);
        inside.then(|| base.wrapping_add(offset as usize))
    }
}
