//! Launches with a shape that the device cannot have, or arguments that are not the kernel's, are refused
//! before anything runs. The arguments' texts are checked by `input_arguments`.

use wasi_cuda::{Argument, Device, Function, LaunchConfig, Quota, Result, Stream};
use wasi_cuda_conformance_programs::{
    at, default_device, functions::*, kernels, ok, refused, refused_with, runs_well,
};

const N: u32 = 100;
/// What the suite's default setup allows.
const BLOCKS: u32 = 1 << 24;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let affine = device.load_ptx(kernels::BASIC)?.function("affine")?;
    let data = stream.alloc_zeros::<u32>(N as usize)?;
    let right = [
        Argument::Pointer(at(data.raw(), 0)),
        Argument::U32(N),
        Argument::U32(2),
        Argument::U32(1),
    ];

    for config in impossible_shapes(&device) {
        refused(
            LAUNCH,
            "invalid-argument",
            stream.launch(&affine, config, &right[..]),
        );
        refused(
            PREPARED_LAUNCH,
            "invalid-argument",
            affine.prepare(config, &right[..]),
        );
    }
    let one = LaunchConfig::for_num_elems(N);
    for wrong in wrong_arguments(&right, data.raw()) {
        refused(
            LAUNCH,
            "invalid-argument",
            stream.launch(&affine, one, &wrong[..]),
        );
        refused(
            PREPARED_LAUNCH,
            "invalid-argument",
            affine.prepare(one, &wrong[..]),
        );
    }
    too_many_blocks(&stream, &affine, &right);
    clusters(&stream, &affine, &right);

    ok(LAUNCH, stream.launch(&affine, one, &right[..]));
    let content = ok(READ, stream.clone_dtoh(&data));
    assert!(
        content.iter().all(|&x| x == 1),
        "only the last launch should have run, but came {content:?}"
    );
    runs_well(&device);
    Ok(())
}

/// Extents of 0 and above the device's, and too much shared memory.
fn impossible_shapes(device: &Device) -> Vec<LaunchConfig> {
    let properties = device.properties();
    let (grid, block) = (properties.max_grid, properties.max_block);
    let mut shapes = vec![
        LaunchConfig::new((0, 1, 1), 1),
        LaunchConfig::new((1, 0, 1), 1),
        LaunchConfig::new((1, 1, 0), 1),
        LaunchConfig::new(1, (0, 1, 1)),
        LaunchConfig::new(1, (1, 0, 1)),
        LaunchConfig::new(1, (1, 1, 0)),
        LaunchConfig::new(1, u32::MAX),
        LaunchConfig::new(1, (u32::MAX, u32::MAX, u32::MAX)),
        LaunchConfig::new(1, properties.max_threads_per_block + 1),
        LaunchConfig::new(1, (properties.max_threads_per_block, 2, 1)),
        LaunchConfig::new(1, (block.x + 1, 1, 1)),
        LaunchConfig::new(1, (1, block.y + 1, 1)),
        LaunchConfig::new(1, (1, 1, block.z + 1)),
        LaunchConfig::new(1, 1).with_shared_memory(properties.max_shared_memory_per_block + 1),
        LaunchConfig::new(1, 1).with_shared_memory(u32::MAX),
    ];
    // A device may take every number in a dimension.
    let above = [
        grid.x.checked_add(1).map(|x| (x, 1, 1)),
        grid.y.checked_add(1).map(|y| (1, y, 1)),
        grid.z.checked_add(1).map(|z| (1, 1, z)),
    ];
    shapes.extend(
        above
            .into_iter()
            .flatten()
            .map(|extent| LaunchConfig::new(extent, 1)),
    );
    shapes
}

/// Too few, too many, each replaced by one that does not fit, and an offset past the end.
fn wrong_arguments<'a>(
    right: &[Argument<'a>; 4],
    buffer: &'a wasi_cuda::bindings::wasi::cuda::memory::Buffer,
) -> Vec<Vec<Argument<'a>>> {
    let mut wrong = vec![
        Vec::new(),
        right[..3].to_vec(),
        [&right[..], &right[3..]].concat(),
    ];
    let misfits = [
        (0, Argument::U64(0)),
        (0, Argument::Bytes(&[0; 8])),
        (0, Argument::Pointer(at(buffer, u64::from(N) * 4 + 1))),
        (0, Argument::Pointer(at(buffer, u64::MAX))),
        (1, Argument::U64(1)),
        (1, Argument::F32(1.0)),
        (1, Argument::Null),
        (1, Argument::Pointer(at(buffer, 0))),
        (1, Argument::Bytes(&[])),
        (1, Argument::Bytes(&[0; 3])),
        (1, Argument::Bytes(&[0; 5])),
    ];
    for (index, argument) in misfits {
        let mut arguments = right.to_vec();
        arguments[index] = argument;
        wrong.push(arguments);
    }
    wrong
}

fn too_many_blocks(stream: &Stream, affine: &Function, right: &[Argument<'_>]) {
    let config = LaunchConfig::new(BLOCKS + 1, 1);
    refused_with(LAUNCH, Quota::Blocks, stream.launch(affine, config, right));
    refused_with(
        PREPARED_LAUNCH,
        Quota::Blocks,
        affine.prepare(config, right),
    );
    // The product counts, not one extent.
    let config = LaunchConfig::new((1 << 13, 1 << 12, 2), 1);
    refused_with(LAUNCH, Quota::Blocks, stream.launch(affine, config, right));
}

/// The CPU device has no clusters; a device that has them may run this.
fn clusters(stream: &Stream, affine: &Function, right: &[Argument<'_>]) {
    if stream.device().properties().backend == wasi_cuda::Backend::Cpu {
        let config = LaunchConfig::new(4, 32).with_cluster(2);
        refused(LAUNCH, "unsupported", stream.launch(affine, config, right));
        refused(
            PREPARED_LAUNCH,
            "unsupported",
            affine.prepare(config, right),
        );
    }
}
