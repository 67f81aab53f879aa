//! A house of guests: the hostile one's window lies between those of two neighbours, without a gap, and nothing lies around them.
//!
//! Addresses are not masked, so that an access that passes the guards and leaves the window lands in a neighbour's memory, which is held
//! against what was there, or in pages that end the process.

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ptr;
use std::sync::LazyLock;
use wasi_cuda_jit::cpu::{Kernel, Module};
use wasi_cuda_jit::fuzzing::device::{self, BASE, Ended, Misbehaviour, Place, Request};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// Pages that nobody may touch, on both sides: as far as an index of 32 bits reaches from any of the windows, eight bytes each.
const NOTHING: usize = 32 << 30;
/// What a neighbour's window holds, in part.
const NEIGHBOUR: usize = 1 << 16;
/// What the neighbour behind the window holds: its kernel never runs.
const ASLEEP: u8 = 0x3c;

/// What the neighbour does before and after: it leaves numbers in every kind of memory that the next block or thread could find, and
/// gives what it is known to give.
const WORK: &str = include_str!("neighbour.ptx");
const THREADS: u32 = 64;
const SECRET: u32 = 0x5ec2_e700;

/// Runs a kernel in the middle of the house.
pub(crate) fn run(kernel: &Kernel, request: &Request) -> Result<Ended, Misbehaviour> {
    while_watched(device::reserved_bytes(request), |place| {
        // SAFETY: the window can be read and written, nobody else has its address, and around it nothing lies that is not held
        // against what it was.
        unsafe { device::run_at(kernel, request, place) }
    })
}

/// Lets the guest in the middle do something, and looks at what becomes of its neighbours.
pub(crate) fn while_watched(
    reserved: usize,
    work: impl FnOnce(&Place) -> Result<Ended, Misbehaviour>,
) -> Result<Ended, Misbehaviour> {
    let house = House::build(reserved);
    let neighbour_works = |when| house.work().map_err(|()| Misbehaviour::Disturbed(when));
    neighbour_works("before it is run")?;
    let before = house.neighbours();
    let ended = work(&Place {
        window: house.window(),
        reserved,
        mask: u64::MAX,
    })?;
    let after = house.neighbours();
    if let Some(at) = (0..before.len()).find(|at| before[*at] != after[*at]) {
        let window = if at < NEIGHBOUR { 0 } else { reserved };
        let offset = (at + window) as i64 - NEIGHBOUR as i64;
        return Err(Misbehaviour::Trespassed(offset));
    }
    neighbour_works("in the same process")?;
    Ok(ended)
}

/// Reserved addresses, of which those in the middle can be used.
struct House {
    start: *mut c_void,
    reserved: usize,
}

impl House {
    fn build(reserved: usize) -> Self {
        let (all, used) = (2 * NOTHING, reserved + 2 * NEIGHBOUR);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address of the system's choice takes nothing that is in use.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), all, ProtFlags::empty(), flags) };
        let start = start.expect("addresses can be reserved");
        let house = Self { start, reserved };
        let flags = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: the range lies in the mapping that was just made.
        unsafe { mprotect(house.front().cast(), used, flags) }.expect("memory can be had");
        // SAFETY: the neighbour's memory lies in what can be written now.
        unsafe { house.back().write_bytes(ASLEEP, NEIGHBOUR) };
        house
    }

    /// The memory of the neighbour before the window.
    fn front(&self) -> *mut u8 {
        self.start.cast::<u8>().wrapping_add(NOTHING)
    }

    fn window(&self) -> *mut u8 {
        self.front().wrapping_add(NEIGHBOUR)
    }

    /// The memory of the neighbour behind it.
    fn back(&self) -> *mut u8 {
        self.window().wrapping_add(self.reserved)
    }

    fn neighbours(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * NEIGHBOUR);
        for place in [self.front(), self.back()] {
            // SAFETY: that many bytes of it can be read, and no kernel runs now.
            bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(place, NEIGHBOUR) });
        }
        bytes
    }

    /// The front neighbour does its work, and gets what it shall.
    fn work(&self) -> Result<(), ()> {
        static MODULE: LazyLock<Module> = LazyLock::new(|| {
            compile_ptx(WORK, &CompileOptions::default()).expect("the neighbour's kernel is fine")
        });
        let kernel = MODULE.kernel("work").ok_or(())?;
        let request = Request {
            grid: [2, 1, 1],
            block: [THREADS, 1, 1],
            dynamic_shared: 0,
            parameters: BASE.to_le_bytes().to_vec(),
            buffers: vec![vec![0; 2 * 4 * THREADS as usize]],
            variables: MODULE.initial_variables(BASE),
            stop: None,
        };
        let place = Place {
            window: self.front(),
            reserved: NEIGHBOUR,
            mask: NEIGHBOUR as u64 - 1,
        };
        // SAFETY: the neighbour's memory can be read and written, and the mask keeps every access in it.
        let ended = unsafe { device::run_at(&kernel, &request, &place) };
        let expected = (0..2).flat_map(|_| (0..THREADS).map(|thread| SECRET + (thread ^ 1)));
        let expected: Vec<u8> = expected.flat_map(u32::to_le_bytes).collect();
        match ended {
            Ok(Ended::Completed(buffers)) if buffers == [expected] => Ok(()),
            _ => Err(()),
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // SAFETY: the mapping is this house's own, and no kernel runs in it any more.
        let _ = unsafe { munmap(self.start, 2 * NOTHING) };
    }
}
