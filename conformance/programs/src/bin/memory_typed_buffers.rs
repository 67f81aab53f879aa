//! The typed layer of the guest crate: slices, copies and fills of elements are those of their bytes.

use wasi_cuda::{Device, Error, Result, Stream};
use wasi_cuda_conformance_programs::default_device;

const N: usize = 1000;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    fills_of_any_range(&stream)?;
    copies_of_slices(&stream)?;
    lengths_have_to_agree(&stream)?;
    impossible_sizes(&device);
    Ok(())
}

/// The host fills multiples of four bytes; elements and ranges are what they are.
fn fills_of_any_range(stream: &Stream) -> Result<()> {
    let mut bytes = stream.clone_htod(&[1u8; N])?;
    let mut model = [1u8; N];
    for (start, end) in [
        (0, N),
        (1, 2),
        (1, 8),
        (3, 4),
        (5, 998),
        (996, 999),
        (7, 7),
        (4, 6),
    ] {
        let value = (start + 2) as u8;
        stream.fill(bytes.slice_mut(start..end), value)?;
        model[start..end].fill(value);
        assert_eq!(
            stream.clone_dtoh(&bytes)?,
            model,
            "bytes {start}..{end} filled with {value}"
        );
    }
    stream.memset_zeros(bytes.slice_mut(1..N - 1))?;
    model[1..N - 1].fill(0);
    assert_eq!(
        stream.clone_dtoh(&bytes)?,
        model,
        "all bytes but the first and the last are zero"
    );

    let mut halves = stream.clone_htod(&[0x0102u16; N])?;
    stream.fill(halves.slice_mut(1..N - 1), 0xabcd)?;
    let content = stream.clone_dtoh(&halves)?;
    assert_eq!(
        [content[0], content[1], content[N - 2], content[N - 1]],
        [0x0102, 0xabcd, 0xabcd, 0x0102]
    );

    let mut floats = stream.alloc_zeros::<f32>(N)?;
    stream.fill(&mut floats, f32::NEG_INFINITY)?;
    assert_eq!(
        stream.clone_dtoh(&floats)?,
        [f32::NEG_INFINITY; N],
        "a fill with a float"
    );

    let mut wide = stream.clone_htod(&[[1u64; 3]; 5])?;
    stream.memset_zeros(wide.slice_mut(1..=3))?;
    assert_eq!(
        stream.clone_dtoh(&wide)?,
        [[1; 3], [0; 3], [0; 3], [0; 3], [1; 3]],
        "zeros in wide elements"
    );
    Ok(())
}

fn copies_of_slices(stream: &Stream) -> Result<()> {
    let numbers: Vec<u32> = (0..N as u32).collect();
    let source = stream.clone_htod(&numbers)?;
    let mut target = stream.alloc_zeros::<u32>(N)?;
    stream.memcpy_dtod(source.slice(10..20), target.slice_mut(500..510))?;
    stream.memcpy_htod(&[7, 8, 9], target.slice_mut(..3))?;
    stream.copy_within(&mut target, 500..510, 505)?;
    let mut model = vec![0; N];
    model[500..510].copy_from_slice(&numbers[10..20]);
    model[..3].copy_from_slice(&[7, 8, 9]);
    model.copy_within(500..510, 505);
    assert_eq!(
        stream.clone_dtoh(&target)?,
        model,
        "copies between and within buffers"
    );

    // A slice of a slice, and one of nothing.
    let inner = source.slice(100..200).slice(10..=12);
    assert_eq!(
        stream.clone_dtoh(inner)?,
        [110, 111, 112],
        "a slice of a slice counts from its own start"
    );
    assert_eq!(
        stream.clone_dtoh(source.slice(N..))?,
        [],
        "an empty slice at the end"
    );
    let mut part = [0; 4];
    stream.memcpy_dtoh(source.slice(N - 4..), &mut part)?;
    assert_eq!(
        part,
        [996, 997, 998, 999],
        "a download into memory that is there already"
    );
    Ok(())
}

fn lengths_have_to_agree(stream: &Stream) -> Result<()> {
    let mut buffer = stream.alloc_zeros::<u32>(10)?;
    let other = stream.alloc_zeros::<u32>(11)?;
    for result in [
        stream.memcpy_htod(&[0; 9], &mut buffer),
        stream.memcpy_htod(&[0; 11], &mut buffer),
        stream.memcpy_dtoh(&buffer, &mut [0; 11]),
        stream.memcpy_dtod(&other, &mut buffer),
    ] {
        assert!(
            matches!(result, Err(Error::InvalidArgument(_))),
            "a copy between different lengths should be an invalid argument, but came {result:?}"
        );
    }
    Ok(())
}

fn impossible_sizes(device: &Device) {
    for result in [
        device.alloc_zeros::<[u64; 1024]>(usize::MAX),
        device.alloc_zeros(0),
    ] {
        assert!(
            result.is_err(),
            "a buffer of no or too many elements should be refused"
        );
    }
    match Device::get(99) {
        Err(Error::NotFound(_)) => {}
        other => panic!("device 99 should not be found, but came {other:?}"),
    }
}
