//! A kernel on the CPU device: its blocks in runs that threads take, as the host's worker pool does.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use wasi_cuda_jit::cpu::{FaultSlot, Kernel, Launch, Outcome};

/// What kernels see as the window's first byte.
pub(crate) const WINDOW_BASE: u64 = 0x10_0000_0000;

/// A launch.
pub(crate) struct Grid<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) dynamic_shared: u32,
    /// Eight bytes a parameter, each in its place.
    pub(crate) parameters: &'a [u128],
}

/// Memory that begins where a huge page does, as the host's windows do.
pub(crate) struct Window {
    memory: Vec<u128>,
    first: usize,
    words: usize,
}

struct Shared(Launch);

// SAFETY: the launch is read by all threads, and the kernels of this bench do not race.
unsafe impl Sync for Shared {}

/// Bytes of a huge page.
const HUGE: usize = 2 << 20;

/// Asks for huge pages; systems may have none.
#[cfg(target_os = "linux")]
fn huge_pages(memory: &mut [u128]) {
    use rustix::mm::{Advice, madvise};
    let whole = size_of_val(memory) / HUGE * HUGE;
    // SAFETY: the range lies in the slice, of which advice changes nothing.
    let advised = unsafe { madvise(memory.as_mut_ptr().cast(), whole, Advice::LinuxHugepage) };
    if let Err(error) = advised {
        eprintln!("no huge pages: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn huge_pages(_memory: &mut [u128]) {}

impl Window {
    /// Zeroed memory in huge pages. Both sides have theirs from here.
    pub(crate) fn new(bytes: usize) -> Self {
        let words = bytes.next_power_of_two() / 16;
        let mut memory = vec![0u128; words + HUGE / 16];
        let first = memory.as_ptr().align_offset(HUGE);
        huge_pages(&mut memory[first..]);
        Self {
            memory,
            first,
            words,
        }
    }

    /// So many floats.
    pub(crate) fn of(floats: impl ExactSizeIterator<Item = f32>) -> Self {
        let mut window = Self::new(floats.len() * 4);
        for (place, float) in window.floats_mut().iter_mut().zip(floats) {
            *place = float;
        }
        window
    }

    pub(crate) fn floats(&self) -> &[f32] {
        bytemuck::cast_slice(&self.memory[self.first..][..self.words])
    }

    pub(crate) fn floats_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.memory[self.first..][..self.words])
    }

    /// Runs a launch to its end.
    pub(crate) fn run(&mut self, launch: &Grid<'_>, threads: usize) {
        let (stop, fault) = (AtomicU32::new(0), FaultSlot::new());
        let bytes = (self.words * 16) as u64;
        let shared = Shared(Launch {
            parameters: launch.parameters.as_ptr().cast(),
            window_host: self.floats_mut().as_mut_ptr().cast(),
            window_base: WINDOW_BASE,
            window_mapped: bytes,
            window_mask: bytes - 1,
            granules: std::ptr::null(),
            stop: &raw const stop,
            fault: &raw const fault,
            grid: launch.grid,
            block: launch.block,
            dynamic_shared: launch.dynamic_shared,
            variables: 0,
        });
        let blocks: u64 = launch
            .grid
            .iter()
            .map(|extent| u64::from(*extent))
            .product();
        let chunk = (blocks / (threads as u64 * 8)).clamp(1, 1 << 12);
        let next = AtomicU64::new(0);
        let work = || {
            let shared = &shared;
            loop {
                let first = next.fetch_add(chunk, Relaxed);
                if first >= blocks {
                    return;
                }
                let last = (first + chunk).min(blocks);
                // SAFETY: everything that the launch points to lives until all threads have ended.
                let outcome = unsafe { launch.kernel.run_blocks(&shared.0, first..last) };
                assert_eq!(
                    outcome,
                    Outcome::Completed,
                    "{:?}",
                    launch.kernel.fault(&fault)
                );
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
    }
}
