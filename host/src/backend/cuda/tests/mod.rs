//! The backend on a simulated GPU.
//!
//! Each test ends with what its [`Machine`] checks: everything that the backend took of the driver was given back, nothing
//! while work in flight used it, and no call was a mistake.

mod chaos;
mod completion;
mod faults;
mod graphs;
mod loss;
mod memory;
mod model;
mod modules;
mod order;
mod ownership;
mod real;
mod refusals;
mod times;
mod transfers;

use super::Cuda;
use super::code::MachineCode;
use super::driver::simulated::{Call, Gate, Hold, Kind, Recorded, Run, Script, Simulated, usual};
use super::driver::{Driver as _, GpuProperties};
use crate::backend::{CompileClock, Kernel, ModuleSource, Program};
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::device::{CudaOptions, Device};
use crate::launch::{Launch, Parameters};
use crate::limits::Limits;
use crate::memory::Allocation;
use crate::operation::Operation;
use crate::quota::Counters;
use crate::stream::Stream;
use crate::testing::{at, buffer, code, eventually, guest, guest_with, stream};
use crate::{FaultInfo, LossInfo, WasiCudaCtx, WasiCudaHooks};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A simulated GPU, opened as a device.
struct Machine {
    gpu: Arc<Simulated>,
    device: Option<Device>,
}

impl Machine {
    fn new() -> Self {
        Self::with(usual(), LONG)
    }

    /// With another GPU than usual, and a time for kernels that were told to stop.
    fn with(properties: GpuProperties, patience: Duration) -> Self {
        let gpu = Simulated::new(properties);
        let options = CudaOptions::default();
        let code = MachineCode::new(&options.compiler, None, 0, gpu.properties()).unwrap();
        let backend = Cuda::with_driver(gpu.clone(), code, &options, patience).unwrap();
        let device = Device::with_backend("cuda:0", Arc::new(backend));
        Self {
            gpu,
            device: Some(device),
        }
    }

    fn device(&self) -> &Device {
        self.device.as_ref().expect("it is there until the end")
    }

    /// Compiles a source, as a guest's call would.
    fn compile(&self, text: &str) -> Program {
        self.compile_checked(text, false)
    }

    /// Compiles a source, for guests whose buffers are checked or not.
    fn compile_checked(&self, text: &str, checked: bool) -> Program {
        let source = ModuleSource::Ptx(text.to_owned());
        let backend = self.device().backend();
        let program = backend.compile(&source, checked, &NoClock);
        program.unwrap_or_else(|found| panic!("{found:?}"))
    }

    /// A kernel that is a function here, of four parameters.
    fn kernel(&self, script: impl Fn(&Run<'_>) + Send + Sync + 'static) -> Arc<Kernel> {
        let script: Script = Arc::new(script);
        self.gpu.script_next_module(vec![script]);
        self.compile(SCRIPTED).kernels[0].clone()
    }

    /// A launch of a kernel that waits for a gate.
    fn gated(&self, gate: &Gate) -> Operation {
        let gate = gate.clone();
        launch(&self.kernel(move |run| gate.pass(run)), &[])
    }

    /// A launch of a kernel that faults.
    fn faulting(&self) -> Operation {
        let kernel = self.kernel(|run| {
            run.fault(&Recorded {
                site: OUT_OF_BOUNDS,
                ..Recorded::default()
            });
        });
        launch(&kernel, &[])
    }

    /// A kernel that adds its last argument to the word at its first one, unless it is stopped: it looks at the stop word as
    /// one with a loop does.
    fn adding(&self) -> Arc<Kernel> {
        self.kernel(|run| {
            if !run.is_stopped() {
                let sum = run.read(run.u64(0), 1)[0].wrapping_add(run.u64(24) as u32);
                run.write(run.u64(0), &[sum]);
            }
        })
    }

    /// A launch of a kernel that runs until its stop word is set.
    fn endless(&self) -> Operation {
        launch(&self.kernel(|run| run.wait_until(|| run.is_stopped())), &[])
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.device.take());
        if thread::panicking() {
            return;
        }
        // The reactor may be the last to have it for a moment.
        let begun = Instant::now();
        while Arc::strong_count(&self.gpu) > 1 && begun.elapsed() < LONG {
            thread::yield_now();
        }
        assert_eq!(Arc::strong_count(&self.gpu), 1, "somebody keeps the driver");
        assert_eq!(self.gpu.violations(), [""; 0]);
        // A lost device gives nothing back: what runs on it may still use it. The device may not have been told yet.
        if !self.gpu.is_abandoned() && !self.gpu.is_broken() {
            assert_eq!(self.gpu.left(), [""; 0], "not everything was given back");
        }
    }
}

/// What scripted kernels are compiled from: one access, in line 8, that can fault.
const SCRIPTED: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry scripted(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 n) {
    .reg .b64 %a;
    ld.param.u64 %a, [a];
    st.global.u32 [%a], 1;
    ret;
}";

/// The number of [`SCRIPTED`]'s access out of bounds, behind the one that is misaligned.
const OUT_OF_BOUNDS: u32 = 1;

struct NoClock;

impl CompileClock for NoClock {
    fn pause(&self) {}

    fn begin(&self) {}
}

/// An argument of a launch.
#[derive(Clone)]
enum Argument {
    Buffer(Arc<Allocation>),
    Number(u64),
}

/// One block of a kernel with arguments, which fill its parameters from the first on.
fn launch_of(kernel: &Arc<Kernel>, arguments: &[Argument]) -> Launch {
    let signature = &kernel.signature;
    let mut parameters = Parameters::zeroed(signature.parameter_bytes as usize);
    let mut buffers = smallvec::SmallVec::new();
    for (parameter, argument) in signature.parameters.iter().zip(arguments) {
        let (value, buffer) = match argument {
            Argument::Buffer(buffer) => (buffer.address(), Some(buffer.clone())),
            Argument::Number(number) => (*number, None),
        };
        let bytes = &value.to_le_bytes()[..parameter.size as usize];
        assert!(parameters.set(parameter.offset as usize, bytes));
        buffers.push(buffer);
    }
    let counters = Counters::new(&Limits::default());
    let module = counters.modules.take(|| unreachable!("the first module"));
    Launch {
        kernel: kernel.clone(),
        _module: Arc::new(module.unwrap()),
        parameters,
        variables: None,
        buffers,
        grid: [1, 1, 1],
        block: [1, 1, 1],
        dynamic_shared: 0,
    }
}

fn launch(kernel: &Arc<Kernel>, arguments: &[Argument]) -> Operation {
    Operation::Launch(Arc::new(launch_of(kernel, arguments)))
}

/// The arguments of [`Machine::adding`].
fn sum(to: &Arc<Allocation>, number: u64) -> [Argument; 4] {
    [
        Argument::Buffer(to.clone()),
        Argument::Number(0),
        Argument::Number(0),
        Argument::Number(number),
    ]
}

/// What an embedder hears of a guest.
#[derive(Default)]
struct Heard {
    faults: AtomicU32,
    losses: AtomicU32,
    /// Threads on which it heard of faults.
    threads: Mutex<Vec<ThreadId>>,
}

impl WasiCudaHooks for Heard {
    fn on_fault(&self, _fault: &FaultInfo<'_>) {
        self.faults.fetch_add(1, SeqCst);
        crate::lock(&self.threads).push(thread::current().id());
    }

    fn on_device_lost(&self, _loss: &LossInfo<'_>) {
        self.losses.fetch_add(1, SeqCst);
    }
}

/// A guest of which somebody hears.
fn guest_heard(device: &Device, heard: &Arc<Heard>) -> WasiCudaCtx {
    WasiCudaCtx::builder()
        .device(device.clone())
        .hooks(heard.clone())
        .build()
}

/// Words at the start of a buffer, after everything before.
async fn words(stream: &Stream, from: &Arc<Allocation>, count: usize) -> Vec<u32> {
    let bytes = stream.read(at(from, 0), count * 4).await.unwrap();
    bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

/// Waits, as a guest would, but not for ever.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LONG, future).await {
        Ok(value) => value,
        Err(_) => panic!("nothing came of it in {LONG:?}"),
    }
}
