//! What the driver says of a GPU that need not have a context.

use super::{check, cuda_version};
use crate::backend::cuda::driver::{GpuProperties, Result};
use crate::backend::cuda::names::Uuid;
use cudarc::driver::sys;
use std::ffi::CStr;

/// A GPU by its number, which is less than [`super::count`].
pub(super) fn device(ordinal: u32) -> Result<sys::CUdevice> {
    let mut device = 0;
    let ordinal = i32::try_from(ordinal).unwrap_or(i32::MAX);
    // SAFETY: the driver is initialised; writes to `device`.
    let result = unsafe { sys::cuDeviceGet(&raw mut device, ordinal) };
    check(result, "cuDeviceGet")?;
    Ok(device)
}

/// What the GPU with a number less than [`super::count`] is. Makes no context.
pub(in crate::backend::cuda) fn describe(ordinal: u32) -> Result<GpuProperties> {
    properties(device(ordinal)?)
}

/// The UUID of the GPU with a number less than [`super::count`]; where it is a slice of one, the slice's.
pub(in crate::backend::cuda) fn uuid(ordinal: u32) -> Result<Uuid> {
    let device = device(ordinal)?;
    uuid_of(device, &name(device)?)
}

fn uuid_of(device: sys::CUdevice, name: &str) -> Result<Uuid> {
    let mut uuid = sys::CUuuid { bytes: [0; 16] };
    // SAFETY: writes to `uuid`.
    let result = unsafe { sys::cuDeviceGetUuid_v2(&raw mut uuid, device) };
    check(result, "cuDeviceGetUuid")?;
    Ok(Uuid::new(uuid.bytes.map(|byte| byte as u8), name))
}

fn name(device: sys::CUdevice) -> Result<String> {
    let mut name = [0; 256];
    // SAFETY: writes to `name`, no more than its length.
    let result = unsafe { sys::cuDeviceGetName(name.as_mut_ptr(), name.len() as i32, device) };
    check(result, "cuDeviceGetName")?;
    let name = name.map(|letter| letter as u8);
    let name = CStr::from_bytes_until_nul(&name).unwrap_or_default();
    Ok(name.to_string_lossy().into_owned())
}

fn attribute(device: sys::CUdevice, which: sys::CUdevice_attribute) -> Result<u32> {
    let mut value = 0;
    // SAFETY: writes to `value`.
    let result = unsafe { sys::cuDeviceGetAttribute(&raw mut value, which, device) };
    check(result, "cuDeviceGetAttribute")?;
    Ok(u32::try_from(value).unwrap_or(0))
}

pub(super) fn properties(device: sys::CUdevice) -> Result<GpuProperties> {
    use sys::CUdevice_attribute_enum as Attribute;
    let get = |which| attribute(device, which);
    let name = name(device)?;
    let (mut total_memory, mut version) = (0, 0);
    // SAFETY: each call writes to the variable that it is passed.
    unsafe {
        check(
            sys::cuDeviceTotalMem_v2(&raw mut total_memory, device),
            "cuDeviceTotalMem",
        )?;
        check(
            sys::cuDriverGetVersion(&raw mut version),
            "cuDriverGetVersion",
        )?;
    }
    let multiprocessors = get(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
    Ok(GpuProperties {
        uuid: uuid_of(device, &name).ok(),
        name,
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

/// The physical memory that a guest's window is made of.
pub(super) fn allocation(device: sys::CUdevice) -> sys::CUmemAllocationProp {
    // SAFETY: a structure of numbers and pointers, for which zero is a value each.
    let mut wanted: sys::CUmemAllocationProp = unsafe { std::mem::zeroed() };
    wanted.type_ = sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED;
    wanted.location.type_ = sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE;
    wanted.location.id = device;
    wanted
}

fn granularity(device: sys::CUdevice) -> Result<u64> {
    let wanted = allocation(device);
    let mut bytes = 0;
    let least = sys::CUmemAllocationGranularity_flags::CU_MEM_ALLOC_GRANULARITY_MINIMUM;
    // SAFETY: reads `wanted` and writes to `bytes`.
    let result =
        unsafe { sys::cuMemGetAllocationGranularity(&raw mut bytes, &raw const wanted, least) };
    check(result, "cuMemGetAllocationGranularity")?;
    Ok((bytes as u64).max(1))
}
