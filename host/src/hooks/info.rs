//! What hooks are told. Devices are named as [`Device::name`](crate::Device::name) does.

use std::time::Duration;

/// A launch that passed every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaunchInfo<'a> {
    /// The device's name.
    pub device: &'a str,
    /// The kernel's name.
    pub kernel: &'a str,
    /// Blocks in the grid, x first.
    pub grid: [u32; 3],
    /// Threads in a block, x first.
    pub block: [u32; 3],
}

/// A launch that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FinishedInfo<'a> {
    /// Which.
    pub launch: LaunchInfo<'a>,
    /// How it ended.
    pub end: LaunchEnd,
    /// How long it ran. On the CPU device always there, as the time of all worker threads together, which is what it took
    /// from others. On a GPU only where [`measure_kernels`](crate::WasiCudaCtxBuilder::measure_kernels) asks for it: from its
    /// beginning to its end, other work that the GPU did at the same time included.
    pub time: Option<Duration>,
}

/// How a launch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LaunchEnd {
    /// It ran to its end.
    Completed,
    /// It faulted.
    Faulted,
    /// Its stream failed before the launch was known to be over: by a cancel, a time limit, the fault of a launch before it, or
    /// with the device.
    Stopped,
}

/// Bytes that move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferInfo<'a> {
    /// The device's name; for bytes between two devices, that to which they go.
    pub device: &'a str,
    /// From where to where.
    pub direction: Direction,
    /// How many.
    pub bytes: u64,
}

/// From where to where bytes move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the guest's memory, which is the host's.
    HostToDevice,
    /// To the guest's memory.
    DeviceToHost,
    /// Within one device, or from one to another.
    DeviceToDevice,
}

/// A source that its guest gave to the compiler. One that a quota kept from there is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleInfo<'a> {
    /// The device's name.
    pub device: &'a str,
    /// BLAKE3 of the source.
    pub hash: [u8; 32],
    /// Size of the source, in bytes.
    pub size: u64,
    /// From the guest's call to the answer.
    pub took: Duration,
    /// What came of it.
    pub outcome: ModuleOutcome,
}

/// What came of loading a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModuleOutcome {
    /// It was verified and compiled for this call. The machine code may still have been found on disk.
    Compiled,
    /// It had been compiled before, or somebody was at it.
    Known,
    /// It was refused with findings, which its guest has.
    Refused,
    /// It took too long, or the host could not compile it.
    Failed,
}

/// Memory of a device that a guest gets or gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryInfo<'a> {
    /// The device's name.
    pub device: &'a str,
    /// Bytes, as far as they count against the guest's limit.
    pub bytes: u64,
    /// Bytes of the device that the guest has now.
    pub used: u64,
}

/// A guest's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo<'a> {
    /// The device's name.
    pub device: &'a str,
}

/// A stream's work that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopInfo<'a> {
    /// The device's name.
    pub device: &'a str,
    /// Why.
    pub cause: StopCause,
    /// What took too long. Where a GPU was given several launches together, the first of them that was not known to be over.
    pub launch: Option<LaunchInfo<'a>>,
}

/// Why a stream's work was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopCause {
    /// The guest cancelled it, or the embedder, or the guest's store was dropped.
    Cancelled,
    /// A launch ran for longer than it may.
    DeadlineExceeded,
}

/// A device that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LossInfo<'a> {
    /// The device's name.
    pub device: &'a str,
    /// What the driver said, or whoever declared it lost.
    pub reason: &'a str,
    /// Whose launch it was, as far as is known.
    pub cause: LossCause,
    /// The launches of this guest that were running, or may have been: a GPU says when work has ended, and not what broke it. Those
    /// of other guests are for their own hooks alone, so that what is passed on to one tenant tells nothing of another.
    pub launches: &'a [LaunchInfo<'a>],
}

/// Whose launch a device was lost by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossCause {
    /// One of this guest's: nobody else's was running.
    OwnLaunch,
    /// Another guest's: others' were running and none of this guest's.
    OtherLaunch,
    /// Not known: launches of several guests were running, or none was.
    Unknown,
}

/// A launch that its sandbox stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultInfo<'a> {
    /// The device's name.
    pub device: &'a str,
    /// The kernel's name.
    pub kernel: &'a str,
    /// Line of the faulting instruction in the module's source; 0 when unknown.
    pub line: u32,
    /// One line for people: what happened and where.
    pub message: &'a str,
}
