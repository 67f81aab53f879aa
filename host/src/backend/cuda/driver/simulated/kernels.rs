//! Kernels of the simulated GPU, and what they get of a launch.

use super::Shared;
use super::real::RealKernel;
use crate::backend::cuda::driver::Shape;
use std::ops::Range;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;
use wasi_cuda_jit::back::ptx::{FAULT_RECORD_BYTES, LaunchRecord};
use wasi_cuda_jit::{CompileOptions, guarded_ptx};

/// From one look at what a kernel waits for to the next, where nobody tells it.
const LOOK: Duration = Duration::from_millis(1);

/// A kernel that is a function of the test's.
pub(in crate::backend::cuda) type Script = Arc<dyn Fn(&Run<'_>) + Send + Sync>;

/// What a function of a module does.
#[derive(Clone)]
pub(super) enum Body {
    Script(Script),
    Real(Arc<RealKernel>),
}

/// A launch as the driver got it.
pub(super) struct Launched {
    pub(super) body: Body,
    pub(super) module: usize,
    pub(super) shape: Shape,
    pub(super) parameters: Vec<u8>,
    pub(super) record: LaunchRecord,
}

impl Launched {
    /// The memory that its code may use.
    pub(super) fn uses(&self) -> Vec<Range<u64>> {
        let record = &self.record;
        let mapped = record.window_base..record.window_base + record.window_mapped;
        let entries = record.window_mapped / 256 * 2;
        let granules = record.granules..record.granules + entries;
        let mut all = vec![
            record.stop..record.stop + 4,
            record.fault..record.fault + FAULT_RECORD_BYTES as u64,
        ];
        if record.window_mapped > 0 {
            all.push(mapped);
        }
        if record.granules != 0 {
            all.push(granules);
        }
        all
    }

    /// Runs it on the calling thread.
    pub(super) fn run(&self, shared: &Arc<Shared>) {
        let run = Run {
            launched: self,
            shared,
        };
        match &self.body {
            // As guarded code does, each block of which looks first where it is told to.
            Body::Script(_) if self.record.look && run.is_stopped() => {}
            Body::Script(script) => script(&run),
            Body::Real(kernel) => kernel.run(&run),
        }
    }
}

/// A launch as its kernel sees it.
pub(in crate::backend::cuda) struct Run<'a> {
    pub(super) launched: &'a Launched,
    pub(super) shared: &'a Arc<Shared>,
}

impl Run<'_> {
    /// The launch record.
    pub(in crate::backend::cuda) fn record(&self) -> &LaunchRecord {
        &self.launched.record
    }

    /// The grid and the block.
    pub(in crate::backend::cuda) fn shape(&self) -> &Shape {
        &self.launched.shape
    }

    /// A parameter of eight bytes.
    pub(in crate::backend::cuda) fn u64(&self, offset: usize) -> u64 {
        let bytes = self.launched.parameters.get(offset..offset + 8);
        bytes.map_or(0, |bytes| {
            u64::from_le_bytes(bytes.try_into().unwrap_or_default())
        })
    }

    /// Words of the GPU's memory.
    pub(in crate::backend::cuda) fn read(&self, from: u64, words: usize) -> Vec<u32> {
        let mut bytes = vec![0; words * 4];
        self.checked(self.shared.memory.read(from, &mut bytes));
        bytemuck::cast_slice(&bytes).to_vec()
    }

    /// Writes words.
    pub(in crate::backend::cuda) fn write(&self, to: u64, words: &[u32]) {
        self.checked(self.shared.memory.write(to, bytemuck::cast_slice(words)));
    }

    fn checked<T: Default>(&self, access: Result<T, String>) -> T {
        access.unwrap_or_else(|stray| {
            self.shared.violation(format!("a kernel's access: {stray}"));
            T::default()
        })
    }

    /// Whether the sandbox's code would leave at its next look.
    pub(in crate::backend::cuda) fn is_stopped(&self) -> bool {
        let stop = self
            .shared
            .memory
            .word(self.record().stop, |word| word.load(SeqCst));
        self.checked(stop) != 0
    }

    /// Whether the GPU does nothing more.
    pub(in crate::backend::cuda) fn is_over(&self) -> bool {
        let streams = crate::lock(&self.shared.streams);
        streams.closing || streams.broken
    }

    /// Waits for something, or until the GPU does nothing more, whatever the stop word says.
    pub(in crate::backend::cuda) fn wait_until(&self, condition: impl Fn() -> bool) {
        while !condition() && !self.is_over() {
            let streams = crate::lock(&self.shared.streams);
            let waited = self.shared.something_changed.wait_timeout(streams, LOOK);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Records a fault as guarded code does: the first one claims the record and fills it.
    pub(in crate::backend::cuda) fn fault(&self, fault: &Recorded) {
        let record = self.record().fault;
        let memory = &self.shared.memory;
        let claim = memory.word(record, |state| {
            state.compare_exchange(0, 1, SeqCst, SeqCst).is_ok()
        });
        if !self.checked(claim) {
            return;
        }
        let address = self.record().window_base.wrapping_add(fault.offset);
        let words = [
            (8, fault.site),
            (16, address as u32),
            (20, (address >> 32) as u32),
            (24, fault.block[0]),
            (28, fault.block[1]),
            (32, fault.block[2]),
            (36, fault.thread[0]),
            (40, fault.thread[1]),
            (44, fault.thread[2]),
            (0, 2),
        ];
        for (offset, word) in words {
            self.checked(memory.store(record + offset, word));
        }
        self.checked(memory.store(self.record().stop, 1));
    }
}

/// What a kernel records of its fault.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::backend::cuda) struct Recorded {
    /// The instruction, by its number among those that can fault.
    pub(in crate::backend::cuda) site: u32,
    /// Where it accessed, from the window's start.
    pub(in crate::backend::cuda) offset: u64,
    pub(in crate::backend::cuda) block: [u32; 3],
    pub(in crate::backend::cuda) thread: [u32; 3],
}

/// A door in front of kernels, shut at first.
#[derive(Clone, Default)]
pub(in crate::backend::cuda) struct Gate(Arc<Door>);

#[derive(Default)]
struct Door {
    open: AtomicBool,
    came: AtomicU32,
}

impl Gate {
    /// Waits until it opens.
    pub(in crate::backend::cuda) fn pass(&self, run: &Run<'_>) {
        self.0.came.fetch_add(1, SeqCst);
        run.wait_until(|| self.0.open.load(SeqCst));
    }

    pub(in crate::backend::cuda) fn open(&self) {
        self.0.open.store(true, SeqCst);
    }

    /// Whether any kernel has come to it.
    pub(in crate::backend::cuda) fn is_reached(&self) -> bool {
        self.0.came.load(SeqCst) > 0
    }
}

/// The launch record at the end of a parameter block.
pub(super) fn record_of(parameters: &[u8]) -> LaunchRecord {
    let layout = Layout::get();
    let start = parameters.len().checked_sub(layout.bytes);
    let record = start.map_or(&[][..], |start| &parameters[start..]);
    let field = |at: usize| {
        let bytes = record.get(at..at + 8);
        bytes.map_or(0, |bytes| {
            u64::from_le_bytes(bytes.try_into().unwrap_or_default())
        })
    };
    LaunchRecord {
        window_base: field(layout.offsets[0]),
        window_mapped: field(layout.offsets[1]),
        granules: field(layout.offsets[2]),
        stop: field(layout.offsets[3]),
        fault: field(layout.offsets[4]),
        variables: field(layout.offsets[5]),
        shared_bytes: field(layout.offsets[6]),
        look: field(layout.offsets[7]) != 0,
    }
}

/// Where the fields of a launch record lie, found by writing one.
struct Layout {
    bytes: usize,
    offsets: [usize; 8],
}

impl Layout {
    fn get() -> &'static Self {
        static LAYOUT: OnceLock<Layout> = OnceLock::new();
        LAYOUT.get_or_init(Self::find)
    }

    fn find() -> Self {
        const EMPTY: &str =
            ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry nothing() { ret; }\n";
        let module =
            guarded_ptx(EMPTY, &CompileOptions::default()).expect("an empty kernel is accepted");
        let kernel = &module.kernels[0];
        let empty = kernel.parameters(&[], &LaunchRecord::default());
        let marked = |change: fn(&mut LaunchRecord)| {
            let mut record = LaunchRecord::default();
            change(&mut record);
            let block = kernel.parameters(&[], &record);
            let differs = block
                .iter()
                .zip(&empty)
                .position(|(one, other)| one != other);
            differs.expect("every field is in the record")
        };
        let offsets = [
            marked(|record| record.window_base = 1),
            marked(|record| record.window_mapped = 1),
            marked(|record| record.granules = 1),
            marked(|record| record.stop = 1),
            marked(|record| record.fault = 1),
            marked(|record| record.variables = 1),
            marked(|record| record.shared_bytes = 1),
            marked(|record| record.look = true),
        ];
        let bytes = empty.len();
        Self { bytes, offsets }
    }
}
