//! Runs a launch on the CPU device, with canaries around each buffer.

use crate::launch::{Argument, Launch};
use std::ops::Range;
use std::sync::atomic::AtomicU32;
use wasi_cuda_jit::cpu::{self, Fault, FaultSlot, Kernel, Module, Outcome};
use wasi_cuda_jit::proof::{LaunchFacts, Memory, Proof, Scratch};

/// What kernels see as the window's first byte.
const WINDOW_BASE: u64 = 0x10_0000_0000;
/// The unit of the table of buffers in checked mode.
const GRANULE: usize = 256;
const CANARY: u8 = 0xa5;

/// The window of one launch.
struct Window {
    bytes: Vec<u128>,
    mapped: usize,
    granules: Vec<u16>,
    /// Where each buffer begins, and at the end the module's variables.
    places: Vec<usize>,
}

impl Window {
    /// Lays out buffers with a granule of canaries before each and behind the last.
    fn of(contents: &[&[u8]]) -> Self {
        let mut granules = vec![0];
        let mut places = Vec::new();
        for buffer in contents {
            places.push(granules.len() * GRANULE);
            granules.extend(buffer.chunks(GRANULE).map(|chunk| chunk.len() as u16));
            granules.push(0);
        }
        let mapped = granules.len() * GRANULE;
        let mut bytes =
            vec![u128::from_le_bytes([CANARY; 16]); (2 * mapped).next_power_of_two() / 16];
        let flat = bytemuck::cast_slice_mut::<u128, u8>(&mut bytes);
        for (buffer, place) in contents.iter().zip(&places) {
            flat[*place..][..buffer.len()].copy_from_slice(buffer);
        }
        Self {
            bytes,
            mapped,
            granules,
            places,
        }
    }

    fn flat(&self) -> &[u8] {
        bytemuck::cast_slice(&self.bytes)
    }

    fn address(&self, buffer: usize) -> u64 {
        WINDOW_BASE + self.places[buffer] as u64
    }

    /// The first byte that is written and lies in no buffer.
    fn escaped(&self, lengths: impl Iterator<Item = usize>) -> Option<usize> {
        let ends = self
            .places
            .iter()
            .zip(lengths)
            .map(|(place, length)| (*place, place + length));
        let mut free = 0;
        for (start, end) in ends.chain([(self.flat().len(), 0)]) {
            if let Some(at) = (free..start).find(|at| self.flat()[*at] != CANARY) {
                return Some(at);
            }
            free = end;
        }
        None
    }
}

/// Who runs a launch's blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workers {
    /// One thread, one block after the other.
    One,
    /// Two at the same time.
    Two,
}

/// Why a launch did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    Fault(Fault),
    Wrong(String),
    /// What was asked to be proved of the launch does not hold: it was not run.
    Unproved,
}

/// Runs a kernel of a freshly loaded module and checks what it left; with a proof only where that holds.
pub(crate) fn run(
    module: &Module,
    kernel: &Kernel,
    launch: &Launch,
    fast: bool,
    workers: Workers,
    proof: Option<&Proof>,
) -> Result<(), Failure> {
    let buffers = launch.buffers.len();
    let unplaced = module.initial_variables(0);
    let mut contents: Vec<&[u8]> = launch
        .buffers
        .iter()
        .map(|buffer| &buffer.before[..])
        .collect();
    contents.push(&unplaced);
    let mut window = Window::of(&contents);
    let variables = window.address(buffers);
    let initial = module.initial_variables(variables);
    let place = window.places[buffers];
    bytemuck::cast_slice_mut::<u128, u8>(&mut window.bytes)[place..][..initial.len()]
        .copy_from_slice(&initial);

    let parameters = parameters(kernel, launch, &window).map_err(Failure::Wrong)?;
    if let Some(proof) = proof {
        let facts = LaunchFacts {
            grid: launch.grid,
            block: launch.block,
            dynamic_shared: launch.shared,
            parameters: bytemuck::cast_slice(&parameters),
            memory: Memory::Window {
                base: WINDOW_BASE,
                mapped: window.mapped as u64,
            },
            variables,
        };
        if !proof.holds(&facts, &mut Scratch::default()) {
            return Err(Failure::Unproved);
        }
    }
    let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
    let request = cpu::Launch {
        parameters: parameters.as_ptr().cast(),
        window_host: window.bytes.as_mut_ptr().cast(),
        window_base: WINDOW_BASE,
        window_mapped: window.mapped as u64,
        window_mask: size_of_val(&window.bytes[..]) as u64 - 1,
        granules: window.granules.as_ptr(),
        stop: &raw const stop,
        fault: &raw const slot,
        grid: launch.grid,
        block: launch.block,
        variables,
        dynamic_shared: launch.shared,
    };
    let blocks = launch
        .grid
        .iter()
        .map(|extent| u64::from(*extent))
        .product();
    // SAFETY: the parameters are laid out as the signature says; they, the window, a power of two long, its table, the stop
    // word and the slot live until the calls are over, and no one else uses them.
    let run = |blocks| unsafe { kernel.run_blocks(&request, blocks) };
    let outcome = match workers {
        Workers::One => run(0..blocks),
        Workers::Two => run_by_two(&run, blocks),
    };
    let lengths = contents.iter().map(|buffer| buffer.len());
    if let Some(at) = window.escaped(lengths) {
        let message = format!("it wrote at byte {at} of the window, where no buffer lies");
        return Err(Failure::Wrong(message));
    }
    if outcome != Outcome::Completed {
        let fault = kernel.fault(&slot);
        return Err(fault.map_or_else(
            || Failure::Wrong(format!("{outcome:?} without a fault")),
            Failure::Fault,
        ));
    }
    for (index, buffer) in launch.buffers.iter().enumerate() {
        let found = &window.flat()[window.places[index]..][..buffer.before.len()];
        let check = match &buffer.fast {
            Some(check) if fast => check,
            _ => &buffer.check,
        };
        if let Some(message) = check(found) {
            return Err(Failure::Wrong(format!("buffer {index}: {message}")));
        }
    }
    Ok(())
}

/// Runs the later half of the blocks on another thread.
fn run_by_two(run: &(impl Fn(Range<u64>) -> Outcome + Sync), blocks: u64) -> Outcome {
    std::thread::scope(|scope| {
        let later = scope.spawn(|| run(blocks / 2..blocks));
        let sooner = run(0..blocks / 2);
        let later = later.join().expect("the other half does not panic");
        if sooner == Outcome::Completed {
            later
        } else {
            sooner
        }
    })
}

/// The parameter block.
fn parameters(kernel: &Kernel, launch: &Launch, window: &Window) -> Result<Vec<u128>, String> {
    let signature = kernel.signature();
    if signature.parameters.len() != launch.arguments.len() {
        return Err(format!(
            "it takes {} parameters and not {}",
            signature.parameters.len(),
            launch.arguments.len()
        ));
    }
    let addresses: Vec<u64> = (0..launch.buffers.len())
        .map(|buffer| window.address(buffer))
        .collect();
    let mut block = vec![0u128; (signature.parameter_bytes as usize).div_ceil(16).max(1)];
    let flat = bytemuck::cast_slice_mut::<u128, u8>(&mut block);
    for (parameter, argument) in signature.parameters.iter().zip(&launch.arguments) {
        let bytes = match argument {
            Argument::Value(bytes) => bytes.clone(),
            Argument::Structure(structure) => structure(&addresses),
            Argument::Pointer(buffer) => addresses[*buffer].to_le_bytes().to_vec(),
            Argument::Null => vec![0; 8],
        };
        if bytes.len() != parameter.size as usize {
            return Err(format!(
                "{} has {} bytes and not {}",
                parameter.name,
                parameter.size,
                bytes.len()
            ));
        }
        flat[parameter.offset as usize..][..bytes.len()].copy_from_slice(&bytes);
    }
    Ok(block)
}
