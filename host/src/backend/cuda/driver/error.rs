//! What the driver says when it refuses.

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {name} ({code})")]
pub(in super::super) struct DriverError {
    /// The driver's call.
    pub(in super::super) call: &'static str,
    /// Its result, of `CUresult`.
    pub(in super::super) code: u32,
    /// That result's name.
    pub(in super::super) name: String,
}

/// Results after which the context, and with it the process, does no more work (CUDA driver API, `CUresult`): the
/// documentation says of each that the process must be terminated, or that the context is gone.
const FATAL: [u32; 18] = [
    4,   // DEINITIALIZED
    46,  // DEVICE_UNAVAILABLE
    101, // INVALID_DEVICE
    201, // INVALID_CONTEXT
    214, // ECC_UNCORRECTABLE
    220, // NVLINK_UNCORRECTABLE
    700, // ILLEGAL_ADDRESS
    702, // LAUNCH_TIMEOUT
    709, // CONTEXT_IS_DESTROYED
    710, // ASSERT
    714, // HARDWARE_STACK_ERROR
    715, // ILLEGAL_INSTRUCTION
    716, // MISALIGNED_ADDRESS
    717, // INVALID_ADDRESS_SPACE
    718, // INVALID_PC
    719, // LAUNCH_FAILED
    721, // CONTAINED
    999, // UNKNOWN
];

impl DriverError {
    /// Whether the device is lost with it.
    pub(in super::super) fn is_fatal(&self) -> bool {
        FATAL.contains(&self.code)
    }
}
