//! Names of devices that this build cannot open.

use crate::device::DeviceError;

/// Why no device has this name.
pub(crate) fn unavailable(name: &str) -> DeviceError {
    match name.strip_prefix("cuda:").map(str::parse::<u32>) {
        Some(Ok(_)) => DeviceError::Unsupported {
            name: name.to_owned(),
            reason: "this build has no CUDA backend; the device `cpu` runs the same kernels"
                .to_owned(),
        },
        Some(Err(_)) => DeviceError::NotFound {
            name: name.to_owned(),
            known: "`cpu`, and `cuda:N` where N is a GPU's number".to_owned(),
        },
        None => DeviceError::NotFound {
            name: name.to_owned(),
            known: "`cpu`".to_owned(),
        },
    }
}
