//! A small device for tests: runs a kernel over buffers and looks at what it left. Tests that do without the host's
//! devices need not know what a launch is made of.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::cpu::{Fault, FaultSlot, Kernel, Launch, Outcome};

/// What kernels see as the window's first byte.
pub const BASE: u64 = 0x10_0000_0000;
/// Buffers begin at a multiple of so many bytes.
pub const GRANULE: usize = 256;
/// What the window holds where no buffer lies.
const CANARY: u8 = 0xa5;
/// A run that is not asked to stop must have ended after this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is passed to a launch.
#[derive(Clone, Debug)]
pub struct Request {
    /// Blocks in the grid, x first.
    pub grid: [u32; 3],
    /// Threads in a block, x first.
    pub block: [u32; 3],
    /// Dynamic shared memory per block, in bytes.
    pub dynamic_shared: u32,
    /// The parameter block.
    pub parameters: Vec<u8>,
    /// The buffers' contents, one behind the other, each at a multiple of [`GRANULE`].
    pub buffers: Vec<Vec<u8>>,
    /// What the module's own variables hold at first, at [`variables_address`].
    pub variables: Vec<u8>,
    /// When it is told to stop.
    pub stop: Option<Duration>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The buffers' contents at the end.
    Completed(Vec<Vec<u8>>),
    /// The first fault.
    Faulted(Fault),
    /// It was told to stop, as it was asked to be.
    Stopped,
}

/// What no kernel may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// It has written where no buffer lies.
    #[error("it wrote at byte {0} of the window, where no buffer lies")]
    Escaped(usize),
    /// It has written in memory of another guest.
    #[error("it wrote {0} bytes from the window's start, in another guest's memory")]
    Trespassed(i64),
    /// Another guest's kernel did not do its work after it.
    #[error("another guest's kernel does not give what it shall {0}")]
    Disturbed(&'static str),
    /// It did not end.
    #[error("it did not end in {} s", .0.as_secs())]
    Endless(Duration),
    /// It ended with a fault that is not recorded.
    #[error("it faulted and left no record")]
    Unrecorded,
    /// It was not passed what its signature asks for.
    #[error("it takes {0} bytes of parameters")]
    Parameters(u32),
}

/// Where each buffer begins in the window, and where the last one's granule ends.
pub fn places(buffers: &[Vec<u8>]) -> (Vec<usize>, usize) {
    let mut end = 0;
    let places = buffers.iter().map(|buffer| {
        let place = end;
        end += buffer.len().next_multiple_of(GRANULE);
        place
    });
    (places.collect(), end)
}

/// Where the module's own variables begin: behind the buffers.
pub fn variables_address(buffers: &[Vec<u8>]) -> u64 {
    BASE + places(buffers).1 as u64
}

/// Runs every block of a grid on this thread.
///
/// # Errors
///
/// What the kernel did that it must not do.
pub fn run(kernel: &Kernel, request: &Request) -> Result<Ended, Misbehaviour> {
    let reserved = reserved_bytes(request);
    let mut window = vec![0u128; reserved / size_of::<u128>()];
    let place = Place {
        window: window.as_mut_ptr().cast(),
        reserved,
        mask: reserved as u64 - 1,
    };
    // SAFETY: the window outlives the call and has the size told, which the mask keeps every access in.
    unsafe { run_at(kernel, request, &place) }
}

/// Where a launch finds its window.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The window's first byte in the host's memory, aligned for every access.
    pub window: *mut u8,
    /// Bytes of it.
    pub reserved: usize,
    /// What offsets in the window are masked with; without a bit that is zero the guards stand alone.
    pub mask: u64,
}

/// Bytes that the window of a launch takes: a power of two.
pub fn reserved_bytes(request: &Request) -> usize {
    let variables = request.variables.len().next_multiple_of(GRANULE);
    let mapped = places(&request.buffers).1 + variables;
    (2 * mapped).next_power_of_two().max(1 << 16)
}

/// As [`run`], in a window that the caller has a place for, [`reserved_bytes`] or more.
///
/// # Errors
///
/// What the kernel did that it must not do.
///
/// # Safety
///
/// The window's bytes can be read and written, and nobody else does meanwhile. If the mask lets an access leave them, whatever lies
/// there is left to the kernel's guards: memory that nothing else of the process needs.
pub unsafe fn run_at(
    kernel: &Kernel,
    request: &Request,
    place: &Place,
) -> Result<Ended, Misbehaviour> {
    let parameter_bytes = kernel.signature().parameter_bytes;
    if request.parameters.len() != parameter_bytes as usize {
        return Err(Misbehaviour::Parameters(parameter_bytes));
    }
    let mut all = request.buffers.clone();
    all.push(request.variables.clone());
    let (places, mapped) = places(&all);
    let mut bytes = vec![CANARY; place.reserved];
    let mut granules = Vec::new();
    for (buffer, place) in all.iter().zip(&places) {
        bytes[*place..][..buffer.len()].copy_from_slice(buffer);
        granules.extend(buffer.chunks(GRANULE).map(|chunk| chunk.len() as u16));
    }
    // SAFETY: the caller vouches for the window; `bytes` has its size.
    unsafe { place.window.copy_from(bytes.as_ptr(), bytes.len()) };
    let parameters = aligned(&request.parameters);
    let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
    let launch = Launch {
        parameters: parameters.as_ptr().cast(),
        window_host: place.window,
        window_base: BASE,
        window_mapped: mapped as u64,
        window_mask: place.mask,
        granules: granules.as_ptr(),
        stop: &raw const stop,
        fault: &raw const slot,
        grid: request.grid,
        block: request.block,
        variables: variables_address(&request.buffers),
        dynamic_shared: request.dynamic_shared,
    };
    let blocks = request
        .grid
        .iter()
        .map(|extent| u64::from(*extent))
        .product();
    let limit = request.stop.unwrap_or(PATIENCE);
    let outcome = while_watched(&stop, limit, || {
        // SAFETY: window, parameters, table, stop word and slot outlive the call, and have the sizes told.
        unsafe { kernel.run_blocks(&launch, 0..blocks) }
    });
    // SAFETY: as above; the launch has ended.
    unsafe { place.window.copy_to(bytes.as_mut_ptr(), bytes.len()) };
    check_canaries(&all, &places, &bytes)?;
    match outcome {
        Outcome::Completed => {
            let contents = request.buffers.iter().zip(places);
            let contents = contents.map(|(buffer, place)| bytes[place..][..buffer.len()].to_vec());
            Ok(Ended::Completed(contents.collect()))
        }
        Outcome::Faulted => kernel
            .fault(&slot)
            .map(Ended::Faulted)
            .ok_or(Misbehaviour::Unrecorded),
        Outcome::Stopped if request.stop.is_some() => Ok(Ended::Stopped),
        Outcome::Stopped => Err(Misbehaviour::Endless(PATIENCE)),
    }
}

/// Does the work, and sets the stop word if that takes too long.
fn while_watched<T>(stop: &AtomicU32, limit: Duration, work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let begin = Instant::now();
            while !done.load(Ordering::Acquire) {
                let Some(left) = limit.checked_sub(begin.elapsed()) else {
                    return stop.store(1, Ordering::Relaxed);
                };
                std::thread::park_timeout(left);
            }
        });
        let result = work();
        done.store(true, Ordering::Release);
        watch.thread().unpark();
        result
    })
}

/// The bytes at an address that is aligned for every access.
fn aligned(bytes: &[u8]) -> Vec<u128> {
    let words = bytes.chunks(16).map(|chunk| {
        let mut word = [0; 16];
        word[..chunk.len()].copy_from_slice(chunk);
        u128::from_le_bytes(word)
    });
    words.collect()
}

/// Whether the kernel kept to its buffers.
fn check_canaries(buffers: &[Vec<u8>], places: &[usize], after: &[u8]) -> Result<(), Misbehaviour> {
    let mut free = 0;
    let ends = places
        .iter()
        .zip(buffers)
        .map(|(place, buffer)| (*place, place + buffer.len()));
    for (start, end) in ends.chain([(after.len(), after.len())]) {
        if let Some(at) = (free..start).find(|at| after[*at] != CANARY) {
            return Err(Misbehaviour::Escaped(at));
        }
        free = end;
    }
    Ok(())
}
