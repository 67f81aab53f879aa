//! Launches on the CPU device.

use std::sync::atomic::AtomicU32;

use wasi_cuda_jit::cpu::{Fault, FaultSlot, Launch, Module, Outcome};
use wasi_cuda_kernels::{Block, KernelSignature, ParameterType};

use crate::values::Values;

/// Where kernels see the window, and its size: a power of two.
pub(crate) const WINDOW_BASE: u64 = 0x10_0000_0000;
const WINDOW_BYTES: usize = 1 << 18;
/// Arrays begin at multiples of this; in checked mode each has an entry of the map.
const GRANULE: usize = 256;

/// A guest's memory with nothing between its arrays that a kernel may touch.
struct Window {
    words: Vec<u64>,
    granules: Vec<u16>,
    used: usize,
}

impl Window {
    fn new() -> Self {
        Self {
            words: vec![0; WINDOW_BYTES / 8],
            granules: vec![0; WINDOW_BYTES / GRANULE],
            used: 0,
        }
    }

    /// Puts an array in and returns its place.
    fn insert(&mut self, bytes: &[u8]) -> usize {
        let place = self.used;
        // A granule between arrays stays closed.
        self.used += (bytes.len() / GRANULE + 2) * GRANULE;
        bytemuck::cast_slice_mut(&mut self.words)[place..][..bytes.len()].copy_from_slice(bytes);
        for (index, granule) in self.granules[place / GRANULE..].iter_mut().enumerate() {
            let rest = bytes.len().saturating_sub(index * GRANULE);
            *granule = rest.min(GRANULE) as u16;
            if rest == 0 {
                break;
            }
        }
        place
    }

    fn bytes(&self, place: usize, length: usize) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[place..][..length]
    }
}

/// A parameter block: each parameter at a multiple of its size.
#[derive(Default)]
struct Parameters(Vec<u8>);

impl Parameters {
    fn push(&mut self, bytes: &[u8]) {
        self.0.resize(self.0.len().next_multiple_of(bytes.len()), 0);
        self.0.extend(bytes);
    }

    /// Aligned to 16 bytes.
    fn aligned(&self) -> Vec<u128> {
        let mut block = vec![0u128; self.0.len().div_ceil(16)];
        bytemuck::cast_slice_mut(&mut block)[..self.0.len()].copy_from_slice(&self.0);
        block
    }
}

/// Runs a kernel on the CPU device in place; gives the fault if there is one. A kernel whose blocks have a size of their
/// own gets that.
pub(crate) fn run_on_device(
    module: &Module,
    kernel: &KernelSignature,
    scalars: &[Values],
    arrays: &mut [Values],
    counts: &[u64],
    [blocks, threads]: [u32; 2],
) -> Option<Fault> {
    let (mut window, mut parameters) = (Window::new(), Parameters::default());
    let places: Vec<_> = arrays
        .iter()
        .map(|array| window.insert(&array.bytes()))
        .collect();
    let (mut scalars, mut next_place, mut counts) = (scalars.iter(), places.iter(), counts.iter());
    for parameter in kernel.parameters {
        match parameter.ty {
            ParameterType::Scalar(_) => parameters.push(&scalars.next().unwrap().bytes()),
            ParameterType::Array { .. } => {
                parameters.push(&(WINDOW_BASE + *next_place.next().unwrap() as u64).to_le_bytes());
            }
            ParameterType::Count => parameters.push(&counts.next().unwrap().to_le_bytes()),
        }
    }
    let compiled = module
        .kernel(kernel.name)
        .expect("the module has the documented kernels");
    assert_eq!(
        parameters.0.len(),
        compiled.signature().parameter_bytes as usize,
        "{kernel}"
    );

    let block = parameters.aligned();
    let (stop, fault) = (AtomicU32::new(0), FaultSlot::new());
    let launch = Launch {
        parameters: block.as_ptr().cast(),
        window_host: window.words.as_mut_ptr().cast(),
        window_base: WINDOW_BASE,
        window_mapped: WINDOW_BYTES as u64,
        window_mask: WINDOW_BYTES as u64 - 1,
        granules: window.granules.as_ptr(),
        stop: &raw const stop,
        fault: &raw const fault,
        grid: [blocks, 1, 1],
        block: match kernel.block {
            Block::Any => [threads, 1, 1],
            Block::Threads { x, y } => [x, y, 1],
        },
        dynamic_shared: 0,
        variables: 0,
    };
    // SAFETY: the parameters are laid out as the kernel's signature says; they, the window and its map, the stop word and the
    // fault slot live until the call is over, and no one else uses them.
    let outcome = unsafe { compiled.run_blocks(&launch, 0..u64::from(blocks)) };
    let fault = compiled.fault(&fault);
    assert_eq!(
        outcome == Outcome::Completed,
        fault.is_none(),
        "{kernel}: {outcome:?}, {fault:?}"
    );
    for (array, place) in arrays.iter_mut().zip(places) {
        *array = array.read_back(window.bytes(place, array.bytes().len()));
    }
    fault
}
