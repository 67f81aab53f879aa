//! Launches in a window whose buffers are told apart, with canaries around them.

use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};
use wasi_cuda_jit::cpu::{Fault, FaultSlot, Kernel, Launch, Module, Outcome};
use wasi_cuda_jit::proof::{LaunchFacts, Memory};

/// What kernels see as the window's first byte.
pub(crate) const BASE: u64 = 0x10_0000_0000;
/// Buffers begin at a multiple of so many bytes.
pub(crate) const GRANULE: usize = 256;
const CANARY: u8 = 0xa5;
/// What a launch is stopped after.
const PATIENCE: Duration = Duration::from_millis(40);

/// A launch to be: its arguments are the parameter block's bytes.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) dynamic_shared: u32,
    pub(crate) parameters: Vec<u8>,
    /// The bytes of each buffer.
    pub(crate) buffers: Vec<usize>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) fault: Option<Fault>,
    /// What the buffers hold.
    pub(crate) memory: Vec<Vec<u8>>,
    /// Whether anything outside of them has changed.
    pub(crate) escaped: bool,
}

/// Where each of so many bytes begins, a granule of canaries before it, and where the last one's ends.
pub(crate) fn places(buffers: &[usize]) -> (Vec<usize>, usize) {
    let mut end = GRANULE;
    let places = buffers.iter().map(|bytes| {
        let place = end;
        end += bytes.next_multiple_of(GRANULE) + GRANULE;
        place
    });
    (places.collect(), end)
}

impl Request {
    fn all(&self, variables: usize) -> Vec<usize> {
        self.buffers.iter().copied().chain([variables]).collect()
    }

    /// The addresses that lie in buffers, those of a module's variables among them.
    pub(crate) fn ranges(&self, variables: usize) -> Vec<Range<u64>> {
        let all = self.all(variables);
        let (places, _) = places(&all);
        let ranges = places.iter().zip(&all);
        ranges
            .map(|(place, bytes)| BASE + *place as u64..BASE + (place + bytes) as u64)
            .collect()
    }

    pub(crate) fn facts<'a>(&'a self, ranges: &'a [Range<u64>]) -> LaunchFacts<'a> {
        LaunchFacts {
            grid: self.grid,
            block: self.block,
            dynamic_shared: self.dynamic_shared,
            parameters: &self.parameters,
            memory: Memory::Buffers(ranges),
            variables: ranges.last().map_or(0, |variables| variables.start),
        }
    }

    /// Runs a kernel that was compiled for checked mode, or has no guards.
    pub(crate) fn run(&self, module: &Module, kernel: &Kernel) -> Ended {
        let initial = module.initial_variables(0).len();
        let all = self.all(initial);
        let (places, mapped) = places(&all);
        let variables = places.last().copied().unwrap_or(0);
        let reserved = (2 * mapped).next_power_of_two();
        let mut window = vec![u128::from_le_bytes([CANARY; 16]); reserved / 16];
        let bytes = bytemuck::cast_slice_mut::<u128, u8>(&mut window);
        let mut granules = vec![0u16; mapped / GRANULE];
        for (place, length) in places.iter().zip(&all) {
            for (number, byte) in bytes[*place..][..*length].iter_mut().enumerate() {
                *byte = (number / 4 % 7) as u8;
            }
            let chunks = (0..length.div_ceil(GRANULE))
                .map(|chunk| (length - chunk * GRANULE).min(GRANULE) as u16);
            granules[place / GRANULE..]
                .iter_mut()
                .zip(chunks)
                .for_each(|(granule, valid)| *granule = valid);
        }
        let initial = module.initial_variables(BASE + variables as u64);
        bytes[variables..][..initial.len()].copy_from_slice(&initial);
        let mut parameters = vec![0u128; self.parameters.len().div_ceil(16).max(1)];
        bytemuck::cast_slice_mut::<u128, u8>(&mut parameters)[..self.parameters.len()]
            .copy_from_slice(&self.parameters);
        let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
        let launch = Launch {
            parameters: parameters.as_ptr().cast(),
            window_host: window.as_mut_ptr().cast(),
            window_base: BASE,
            window_mapped: mapped as u64,
            window_mask: reserved as u64 - 1,
            granules: granules.as_ptr(),
            stop: &raw const stop,
            fault: &raw const slot,
            grid: self.grid,
            block: self.block,
            dynamic_shared: self.dynamic_shared,
            variables: BASE + variables as u64,
        };
        let blocks = self.grid.iter().map(|extent| u64::from(*extent)).product();
        let done = std::sync::atomic::AtomicBool::new(false);
        let outcome = std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let begun = Instant::now();
                while !done.load(std::sync::atomic::Ordering::Acquire) {
                    let Some(left) = PATIENCE.checked_sub(begun.elapsed()) else {
                        return stop.store(1, std::sync::atomic::Ordering::Relaxed);
                    };
                    std::thread::park_timeout(left);
                }
            });
            // SAFETY: window, parameters, table, stop word and slot outlive the call, and have the sizes told.
            let outcome = unsafe { kernel.run_blocks(&launch, 0..blocks) };
            done.store(true, std::sync::atomic::Ordering::Release);
            watch.thread().unpark();
            outcome
        });
        let after: &[u8] = bytemuck::cast_slice(&window);
        let mut inside = vec![false; after.len()];
        for (place, length) in places.iter().zip(&all) {
            inside[*place..][..*length].fill(true);
        }
        let escaped = after
            .iter()
            .zip(&inside)
            .any(|(byte, inside)| !inside && *byte != CANARY);
        let memory = places
            .iter()
            .zip(&self.buffers)
            .map(|(place, length)| after[*place..][..*length].to_vec());
        Ended {
            outcome,
            fault: kernel.fault(&slot),
            memory: memory.collect(),
            escaped,
        }
    }
}
