//! The process that runs kernels without guards: an access outside of what there is ends it.

use super::places::{
    FAULT, GRANULES, MAPPED, MISALIGNED, RESERVED, SHARED, SHARED_BYTES, STOP, VARIABLES, WINDOW,
    pages,
};
use super::rewrite::rewritten;
use crate::random::Random;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use wasi_cuda_jit::cpu::{FaultSlot, Kernel, Launch};
use wasi_cuda_jit::fuzzing::unguarded;

/// How often each kernel is run, with other arguments each time.
const RUNS: u64 = 6;

/// The lanes of a warp.
const THREADS: u32 = 32;

/// A kernel whose stop word is set has this long to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the process ends that has seen a misaligned access, and one whose kernel goes on and on.
pub(crate) const MISALIGNED_EXIT: i32 = 4;
pub(crate) const ENDLESS_EXIT: i32 = 5;

/// Runs each kernel of a folder in turn, and says on the way what it is at.
pub(crate) fn run_all(folder: &Path) {
    let rounds = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let watch = || {
            let mut last = 0;
            loop {
                std::thread::sleep(PATIENCE);
                match rounds.load(Ordering::Relaxed) {
                    u64::MAX => return,
                    now if now == last => std::process::exit(ENDLESS_EXIT),
                    now => last = now,
                }
            }
        };
        scope.spawn(watch);
        for number in 0.. {
            let Ok(text) = std::fs::read_to_string(folder.join(format!("{number}.ptx"))) else {
                break;
            };
            std::fs::write(folder.join("current"), number.to_string()).unwrap();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let ran = run(&lines, number, &rounds);
            let note = if ran { "ran" } else { "no kernel" };
            std::fs::write(folder.join(format!("{number}.note")), note).unwrap();
        }
        std::fs::write(folder.join("current"), "done").unwrap();
        // The watch sleeps on; there is nothing to wait for.
        std::process::exit(0);
    });
}

/// Whether it is a kernel that could be run.
fn run(lines: &[String], number: u64, rounds: &AtomicU64) -> bool {
    let Some(kernel) = rewritten(lines) else {
        return false;
    };
    let Ok(module) = unguarded::compile(&kernel.text) else {
        return false;
    };
    for seed in 0..RUNS {
        rounds.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::new(number * RUNS + seed);
        run_once(&module.kernels()[0], kernel.local_bytes, &mut random);
    }
    true
}

fn run_once(kernel: &Kernel, local_bytes: u64, random: &mut Random) {
    let memory = Reservation::new(local_bytes, random);
    let bytes = kernel.signature().parameter_bytes as usize;
    let mut parameters: Vec<u128> = Vec::new();
    while parameters.len() * 16 < bytes + 16 {
        let (low, high) = (hostile(random), hostile(random));
        parameters.push(u128::from(high) << 64 | u128::from(low));
    }
    let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
    let launch = Launch {
        parameters: parameters.as_ptr().cast(),
        window_host: memory.start,
        window_base: 0,
        window_mapped: RESERVED,
        window_mask: RESERVED - 1,
        granules: std::ptr::null(),
        stop: &raw const stop,
        fault: &raw const slot,
        grid: [2, 1, 1],
        block: [THREADS, 1, 1],
        dynamic_shared: 0,
        variables: VARIABLES,
    };
    // SAFETY: parameters, stop word and slot outlive the call. The kernel's accesses are folded into the reservation, and one where nothing is
    // mapped ends this process, which is there for that.
    unsafe { kernel.run_blocks(&launch, 0..2) };
    if memory.word(MISALIGNED) != 0 {
        std::process::exit(MISALIGNED_EXIT);
    }
}

/// A number that a guest would choose.
fn hostile(random: &mut Random) -> u64 {
    let places = [
        WINDOW,
        WINDOW + MAPPED,
        SHARED,
        SHARED + SHARED_BYTES,
        VARIABLES,
        STOP,
        GRANULES,
        FAULT,
        0,
        1 << 32,
        u64::from(u32::MAX) << 32,
    ];
    let near = places[random.below(places.len())];
    let small = random.next() % 64;
    match random.below(8) {
        0 => random.next(),
        1 => small,
        2 => near.wrapping_sub(small),
        3 => near.wrapping_add(small),
        4 => random.next() % MAPPED,
        // Where most of a kernel is run.
        _ => WINDOW + random.next() % MAPPED / 16 * 16,
    }
}

/// Addresses with pages at some places and nothing at all others.
struct Reservation {
    start: *mut u8,
}

impl Reservation {
    fn new(local_bytes: u64, random: &mut Random) -> Self {
        // SAFETY: a new mapping at an address of the system's choice.
        let start = unsafe {
            mmap_anonymous(
                std::ptr::null_mut(),
                RESERVED as usize,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        };
        let start: *mut u8 = start.expect("address space for the oracle").cast();
        for (place, bytes, writable) in pages(local_bytes) {
            if bytes == 0 {
                continue;
            }
            // SAFETY: the pages lie in the mapping, which nothing else uses.
            unsafe {
                let page = start.add(place as usize);
                let both = MprotectFlags::READ | MprotectFlags::WRITE;
                mprotect(page.cast(), bytes as usize, both).unwrap();
                fill(page, place, bytes, random);
                if !writable {
                    mprotect(page.cast(), bytes as usize, MprotectFlags::READ).unwrap();
                }
            }
        }
        Self { start }
    }

    fn word(&self, place: u64) -> u64 {
        // SAFETY: only asked for places of pages that are there.
        unsafe { self.start.add(place as usize).cast::<u64>().read_volatile() }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's, and no kernel runs any more.
        let _ = unsafe { rustix::mm::munmap(self.start.cast(), RESERVED as usize) };
    }
}

/// # Safety
///
/// The bytes can be written.
unsafe fn fill(page: *mut u8, place: u64, bytes: u64, random: &mut Random) {
    for offset in (0..bytes).step_by(8) {
        let word = match place {
            // All kernels are told to stop.
            STOP => 1,
            WINDOW | SHARED => hostile(random),
            place if place + bytes == GRANULES.next_multiple_of(4096) => 0x0100_0100_0100_0100,
            _ => 0,
        };
        // SAFETY: as the caller says; pages are aligned.
        unsafe { page.add(offset as usize).cast::<u64>().write(word) };
    }
}
