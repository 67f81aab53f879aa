//! Arguments that are not the kernel's are refused with a text that names the parameter and both types.

use wasi_cuda::{Argument, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{
    at, default_device, functions::*, kernels, ok, refused_saying, runs_well,
};

const INVALID: &str = "invalid-argument";

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let kernel = device
        .load_ptx(kernels::PARAMETERS)?
        .function("parameters")?;
    let out = stream.alloc_zeros::<u8>(64)?;
    let pointer = Argument::Pointer(at(out.raw(), 0));
    let right = [
        pointer,
        Argument::S8(0),
        Argument::S16(0),
        Argument::S32(0),
        Argument::S64(0),
        Argument::U8(0),
        Argument::U16(0),
        Argument::U32(0),
        Argument::U64(0),
        Argument::F32(0.0),
        Argument::F64(0.0),
        Argument::U32(0),
        Argument::Bytes(&[0; 12]),
    ];
    let once = LaunchConfig::new(1, 1);
    ok(LAUNCH, stream.launch(&kernel, once, &right[..]));

    let misfits: [(usize, Argument<'_>, &[&str]); 20] = [
        (0, Argument::U64(1 << 40), &["out", "pointer", "u64"]),
        (0, Argument::Bytes(&[0; 8]), &["out", "pointer", "bytes(8)"]),
        (1, Argument::S16(0), &["a_s8", "s8", "s16"]),
        (2, Argument::S8(0), &["a_s16", "s16", "s8"]),
        (3, Argument::F32(0.0), &["a_s32", "s32", "f32"]),
        (3, pointer, &["a_s32", "s32", "pointer"]),
        (4, Argument::S32(0), &["a_s64", "s64", "s32"]),
        (4, Argument::F64(0.0), &["a_s64", "s64", "f64"]),
        (5, Argument::U32(0), &["a_u8", "u8", "u32"]),
        (6, Argument::U64(0), &["a_u16", "u16", "u64"]),
        (7, Argument::F32(0.0), &["a_u32", "u32", "f32"]),
        (7, Argument::Null, &["a_u32", "u32", "null"]),
        (7, Argument::Bytes(&[0; 3]), &["a_u32", "u32", "bytes(3)"]),
        (8, Argument::U32(0), &["a_u64", "u64", "u32"]),
        (9, Argument::U32(0), &["a_f32", "f32", "u32"]),
        (9, Argument::F64(0.0), &["a_f32", "f32", "f64"]),
        (10, Argument::S64(0), &["a_f64", "f64", "s64"]),
        (11, Argument::F64(0.0), &["a_b32", "32", "f64"]),
        (12, Argument::U32(0), &["a_bytes", "bytes(12)", "u32"]),
        (
            12,
            Argument::Bytes(&[0; 11]),
            &["a_bytes", "bytes(12)", "bytes(11)"],
        ),
    ];
    let prepared = kernel.prepare(once, &right[..])?;
    for (index, argument, words) in misfits {
        let mut arguments = right;
        arguments[index] = argument;
        refused_saying(
            LAUNCH,
            INVALID,
            words,
            stream.launch(&kernel, once, &arguments[..]),
        );
        refused_saying(
            PREPARED_LAUNCH,
            INVALID,
            words,
            kernel.prepare(once, &arguments[..]),
        );
        let set = prepared.set_argument(index as u32, argument);
        refused_saying(PREPARED_SET_ARGUMENT, INVALID, words, set);
    }

    // How many there are and how many there should be; for too few, which one is missing.
    refused_saying(
        LAUNCH,
        INVALID,
        &["13", "12", "a_bytes"],
        stream.launch(&kernel, once, &right[..12]),
    );
    refused_saying(
        LAUNCH,
        INVALID,
        &["13", "0", "out"],
        stream.launch(&kernel, once, ()),
    );
    let too_many = [&right[..], &right[..1]].concat();
    refused_saying(
        LAUNCH,
        INVALID,
        &["13", "14"],
        stream.launch(&kernel, once, too_many),
    );
    let far_too_many = vec![Argument::U32(0); 100_000];
    refused_saying(
        LAUNCH,
        INVALID,
        &["13", "100000"],
        stream.launch(&kernel, once, far_too_many),
    );

    // An address beyond the end is told with the size; the end itself is an address like any other.
    let mut arguments = right;
    arguments[0] = Argument::Pointer(at(out.raw(), 65));
    refused_saying(
        LAUNCH,
        INVALID,
        &["out", "65", "64"],
        stream.launch(&kernel, once, &arguments[..]),
    );
    runs_well(&device);
    Ok(())
}
