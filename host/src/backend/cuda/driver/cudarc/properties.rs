//! What a GPU says of itself.

use super::super::{GpuProperties, Result};
use super::{check, cuda_version, granularity};
use cudarc::driver::sys;
use std::ffi::CStr;

fn attribute(device: sys::CUdevice, which: sys::CUdevice_attribute) -> Result<u32> {
    let mut value = 0;
    // SAFETY: writes to `value`.
    let result = unsafe { sys::cuDeviceGetAttribute(&raw mut value, which, device) };
    check(result, "cuDeviceGetAttribute")?;
    Ok(u32::try_from(value).unwrap_or(0))
}

/// Everything that the backend wants to know.
pub(super) fn properties(device: sys::CUdevice) -> Result<GpuProperties> {
    use sys::CUdevice_attribute_enum as Attribute;
    let get = |which| attribute(device, which);
    let mut name = [0; 256];
    let (mut total_memory, mut version) = (0, 0);
    // SAFETY: each call writes to the variable that it is passed, no more than its length.
    unsafe {
        let length = name.len() as i32;
        check(
            sys::cuDeviceGetName(name.as_mut_ptr(), length, device),
            "cuDeviceGetName",
        )?;
        check(
            sys::cuDeviceTotalMem_v2(&raw mut total_memory, device),
            "cuDeviceTotalMem",
        )?;
        check(
            sys::cuDriverGetVersion(&raw mut version),
            "cuDriverGetVersion",
        )?;
    }
    let name = name.map(|letter| letter as u8);
    let name = CStr::from_bytes_until_nul(&name).unwrap_or_default();
    let multiprocessors = get(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
    Ok(GpuProperties {
        name: name.to_string_lossy().into_owned(),
        compute_capability: (
            get(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            get(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
        ),
        cuda: cuda_version(version),
        multiprocessors,
        warp_size: get(Attribute::CU_DEVICE_ATTRIBUTE_WARP_SIZE)?,
        max_threads_per_block: get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK)?,
        max_block: [
            get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X)?,
            get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y)?,
            get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z)?,
        ],
        max_grid: [
            get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X)?,
            get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y)?,
            get(Attribute::CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z)?,
        ],
        total_memory: total_memory as u64,
        max_shared_memory_per_block: get(
            Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
        )?,
        granularity: granularity(device)?,
    })
}
