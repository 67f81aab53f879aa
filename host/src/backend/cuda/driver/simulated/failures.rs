//! Calls that fail because a test wants them to.

use super::super::DriverError;
use std::collections::HashMap;
use std::sync::Mutex;

/// The driver's calls, as tests name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::backend::cuda) enum Call {
    Bind,
    Reserve,
    Unreserve,
    Map,
    Unmap,
    Allocate,
    Free,
    AllocatePinned,
    FreePinned,
    CreateStream,
    DestroyStream,
    IsDone,
    CreateEvent,
    DestroyEvent,
    Record,
    WaitFor,
    Elapsed,
    Launch,
    WriteWord,
    Fill,
    Copy,
    BeginCapture,
    Captured,
    EndCapture,
    LaunchGraph,
    SetLaunch,
    DestroyGraph,
    Load,
    Unload,
    Function,
    Resources,
}

/// Results of the driver's that the simulator gives or tests ask for, with their names.
const RESULTS: [(u32, &str); 8] = [
    (1, "CUDA_ERROR_INVALID_VALUE"),
    (2, "CUDA_ERROR_OUT_OF_MEMORY"),
    (201, "CUDA_ERROR_INVALID_CONTEXT"),
    (218, "CUDA_ERROR_INVALID_PTX"),
    (500, "CUDA_ERROR_NOT_FOUND"),
    (600, "CUDA_ERROR_NOT_READY"),
    (700, "CUDA_ERROR_ILLEGAL_ADDRESS"),
    (719, "CUDA_ERROR_LAUNCH_FAILED"),
];

/// An invalid argument.
pub(in crate::backend::cuda) const INVALID_VALUE: u32 = 1;

/// No memory.
pub(in crate::backend::cuda) const OUT_OF_MEMORY: u32 = 2;

/// Text that the compiler refuses.
pub(in crate::backend::cuda) const INVALID_PTX: u32 = 218;

/// A name that is not there.
pub(super) const NOT_FOUND: u32 = 500;

/// Something that is not over.
pub(super) const NOT_READY: u32 = 600;

/// A kernel's access to nothing, after which the context is dead.
pub(in crate::backend::cuda) const ILLEGAL_ADDRESS: u32 = 700;

/// What a call fails with.
pub(super) fn failure(call: Call, code: u32) -> DriverError {
    let call = match call {
        Call::Bind => "cuCtxSetCurrent",
        Call::Reserve => "cuMemAddressReserve",
        Call::Unreserve => "cuMemAddressFree",
        Call::Map => "cuMemCreate",
        Call::Unmap => "cuMemUnmap",
        Call::Allocate => "cuMemAlloc",
        Call::Free => "cuMemFree",
        Call::AllocatePinned => "cuMemHostAlloc",
        Call::FreePinned => "cuMemFreeHost",
        Call::CreateStream => "cuStreamCreateWithPriority",
        Call::DestroyStream => "cuStreamDestroy",
        Call::IsDone => "cuStreamQuery",
        Call::CreateEvent => "cuEventCreate",
        Call::DestroyEvent => "cuEventDestroy",
        Call::Record => "cuEventRecord",
        Call::WaitFor => "cuStreamWaitEvent",
        Call::Elapsed => "cuEventElapsedTime",
        Call::Launch => "cuLaunchKernel",
        Call::WriteWord => "cuStreamWriteValue32",
        Call::Fill => "cuMemsetD32Async",
        Call::Copy => "cuMemcpyAsync",
        Call::BeginCapture => "cuStreamBeginCapture",
        Call::Captured => "cuStreamGetCaptureInfo",
        Call::EndCapture => "cuStreamEndCapture",
        Call::LaunchGraph => "cuGraphLaunch",
        Call::SetLaunch => "cuGraphExecKernelNodeSetParams",
        Call::DestroyGraph => "cuGraphExecDestroy",
        Call::Load => "cuModuleLoadDataEx",
        Call::Unload => "cuModuleUnload",
        Call::Function => "cuModuleGetFunction",
        Call::Resources => "cuFuncGetAttribute",
    };
    let named = RESULTS.iter().find(|(known, _)| *known == code);
    DriverError {
        call,
        code,
        name: named.map_or("CUDA_ERROR", |(_, name)| name).to_owned(),
    }
}

/// How often each call was made, and which shall fail.
#[derive(Default)]
pub(super) struct Failures {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    made: HashMap<Call, u64>,
    planned: Vec<Planned>,
    /// What every call fails with from now on.
    broken: Option<u32>,
}

struct Planned {
    call: Call,
    /// Fails when the call was made so often.
    at: u64,
    code: u32,
    /// Whether all calls fail from then on.
    sticks: bool,
}

impl Failures {
    /// Counts a call.
    ///
    /// # Errors
    ///
    /// When it shall fail.
    pub(super) fn count(&self, call: Call) -> Result<(), DriverError> {
        let mut state = crate::lock(&self.state);
        let made = state.made.entry(call).or_default();
        *made += 1;
        let made = *made;
        let planned = state.planned.iter();
        let planned = planned.filter(|it| it.call == call && it.at == made);
        let planned = planned.map(|it| (it.code, it.sticks)).next();
        if let Some((code, true)) = planned {
            state.broken.get_or_insert(code);
        }
        let code = planned.map(|(code, _)| code).or(state.broken);
        code.map_or(Ok(()), |code| Err(failure(call, code)))
    }

    /// How often a call was made.
    pub(super) fn made(&self, call: Call) -> u64 {
        crate::lock(&self.state)
            .made
            .get(&call)
            .copied()
            .unwrap_or(0)
    }

    /// Has the n-th call from now on fail, and where it sticks everything after it.
    pub(super) fn plan(&self, call: Call, nth: u64, code: u32, sticks: bool) {
        let mut state = crate::lock(&self.state);
        let at = state.made.get(&call).copied().unwrap_or(0) + nth;
        state.planned.push(Planned {
            call,
            at,
            code,
            sticks,
        });
    }

    /// Plans nothing any more.
    pub(super) fn forget(&self) {
        crate::lock(&self.state).planned.clear();
    }

    /// Has every call fail.
    pub(super) fn break_all(&self, code: u32) {
        crate::lock(&self.state).broken.get_or_insert(code);
    }

    /// Whether every call fails.
    pub(super) fn is_broken(&self) -> bool {
        crate::lock(&self.state).broken.is_some()
    }
}
