//! An argument of each type reaches the kernel with its value.

use wasi_cuda::{Bytes, DeviceBuffer, LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::{default_device, functions::*, kernels, ok};

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let kernel = device
        .load_ptx(kernels::PARAMETERS)?
        .function("parameters")?;
    let mut out = device.alloc_zeros::<u8>(58)?;
    let structure = [0x0403_0201u32, 0x0807_0605, 0x0c0b_0a09];

    let once = LaunchConfig::new(1, 1);
    let arguments = (
        &mut out,
        -2i8,
        -300i16,
        -70_000i32,
        i64::MIN,
        250u8,
        65_000u16,
        4_000_000_000u32,
        u64::MAX,
        1.5f32,
        -2.25f64,
        7u32,
        Bytes::of(&structure),
    );
    ok(LAUNCH, stream.launch(&kernel, once, arguments));
    let first = expected(7u32.to_le_bytes());
    assert_eq!(
        read(&stream, &out)?,
        first,
        "each argument should arrive in its parameter"
    );

    // An untyped parameter takes a float; a signed one an unsigned argument of its width; and bytes fit
    // whatever is passed by value.
    let arguments = (
        &mut out,
        254u8,
        Bytes::of(&-300i16),
        4_294_897_296u32,
        Bytes::of(&i64::MIN),
        -6i8,
        -536i16,
        Bytes::of(&4_000_000_000u32),
        -1i64,
        Bytes::of(&1.5f32),
        Bytes::of(&-2.25f64),
        0.5f32,
        Bytes::of(&structure),
    );
    ok(LAUNCH, stream.launch(&kernel, once, arguments));
    let second = expected(0.5f32.to_le_bytes());
    assert_eq!(
        read(&stream, &out)?,
        second,
        "the same bits should arrive from other types"
    );
    Ok(())
}

fn read(stream: &Stream, out: &DeviceBuffer<u8>) -> Result<Vec<u8>> {
    stream.clone_dtoh(out)
}

/// What the kernel writes, in its order.
fn expected(untyped: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(i64::MIN.to_le_bytes());
    bytes.extend(u64::MAX.to_le_bytes());
    bytes.extend((-2.25f64).to_le_bytes());
    bytes.extend((-70_000i32).to_le_bytes());
    bytes.extend(4_000_000_000u32.to_le_bytes());
    bytes.extend(1.5f32.to_le_bytes());
    bytes.extend(untyped);
    bytes.extend(1..=12u8);
    bytes.extend((-300i16).to_le_bytes());
    bytes.extend(65_000u16.to_le_bytes());
    bytes.extend((-2i8).to_le_bytes());
    bytes.extend(250u8.to_le_bytes());
    bytes
}
