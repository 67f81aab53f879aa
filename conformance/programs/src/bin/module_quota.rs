//! A guest has as many modules, and as long ones, as its quotas say, and their variables count as memory and as buffers.

use wasi_cuda::{Device, LaunchConfig, Quota};
use wasi_cuda_conformance_programs::{
    default_device, functions::*, kernels, ok, refused_with, runs_well,
};

/// What the suite's default setup allows.
const MODULES: usize = 16;
const SOURCE_SIZE: usize = 4 << 20;
const BUFFERS: usize = 64;

/// Less than the variables of [`kernels::LARGE`] need.
const MIB: u64 = 1 << 20;

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    modules(&device)?;
    source_size(&device);
    variables(&device)?;
    runs_well(&device);
    Ok(())
}

fn modules(device: &Device) -> wasi_cuda::Result<()> {
    let mut modules = Vec::new();
    for _ in 0..MODULES {
        modules.push(ok(LOAD, device.load_ptx(kernels::BASIC)));
    }
    refused_with(LOAD, Quota::Modules, device.load_ptx(kernels::BASIC));
    // A kernel keeps its module loaded, and so does a launch.
    let function = modules[0].function("affine")?;
    let x = device.stream()?.clone_htod(&[1u32])?;
    let launch = function.prepare(LaunchConfig::for_num_elems(1), (&x, 1u32, 2u32, 0u32))?;
    modules.remove(0);
    refused_with(LOAD, Quota::Modules, device.load_ptx(kernels::BASIC));
    drop(function);
    refused_with(LOAD, Quota::Modules, device.load_ptx(kernels::BASIC));
    drop(launch);
    ok(LOAD, device.load_ptx(kernels::BASIC));
    Ok(())
}

fn source_size(device: &Device) {
    let padding = |bytes| {
        format!(
            "{}{}",
            kernels::BASIC,
            " ".repeat(bytes - kernels::BASIC.len())
        )
    };
    refused_with(
        LOAD,
        Quota::SourceSize,
        device.load_ptx(&padding(SOURCE_SIZE + 1)),
    );
    ok(LOAD, device.load_ptx(&padding(SOURCE_SIZE)));
}

fn variables(device: &Device) -> wasi_cuda::Result<()> {
    let limit = device.memory_usage().limit;
    let most = device.alloc_zeros::<u8>((limit - MIB) as usize)?;
    refused_with(LOAD, Quota::Memory, device.load_ptx(kernels::LARGE));
    drop(most);

    let all: wasi_cuda::Result<Vec<_>> =
        (0..BUFFERS).map(|_| device.alloc_zeros::<u8>(1)).collect();
    let mut all = all?;
    refused_with(LOAD, Quota::Buffers, device.load_ptx(kernels::VARIABLES));
    ok(LOAD, device.load_ptx(kernels::BASIC));
    all.pop();
    ok(LOAD, device.load_ptx(kernels::VARIABLES));
    Ok(())
}
