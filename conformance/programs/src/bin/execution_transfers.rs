//! Writes, reads, copies and fills touch exactly their ranges, at every offset.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::{Result, Stream};
use wasi_cuda_conformance_programs::{at, default_device, functions::*, ok};

const SIZE: usize = 600;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let buffer = Buffer::new(device.raw(), SIZE as u64)?;
    let mut model = vec![0u8; SIZE];

    for (offset, length) in [
        (0, SIZE),
        (0, 0),
        (SIZE, 0),
        (1, 1),
        (3, 5),
        (255, 2),
        (256, 256),
        (599, 1),
    ] {
        write(&stream, &buffer, &mut model, offset, length);
    }
    for (from, to, length) in [
        (0, 300, 300),
        (10, 11, 500),
        (11, 10, 500),
        (7, 7, 90),
        (0, 600, 0),
        (300, 0, 300),
    ] {
        ok(
            COPY,
            stream
                .raw()
                .copy(at(&buffer, from), at(&buffer, to), length),
        );
        model.copy_within(from as usize..(from + length) as usize, to as usize);
        compare(&stream, &buffer, &model, "a copy whose ranges overlap");
    }
    for (offset, length) in [(0, 600), (4, 8), (300, 4), (596, 4), (600, 0), (8, 0)] {
        let pattern = 0x1122_3344 ^ offset as u32;
        ok(
            FILL,
            stream
                .raw()
                .fill(at(&buffer, offset as u64), length as u64, pattern),
        );
        for word in model[offset..offset + length].chunks_mut(4) {
            word.copy_from_slice(&pattern.to_le_bytes());
        }
        compare(&stream, &buffer, &model, "a fill with a pattern");
    }
    for (offset, length) in [(0, 0), (600, 0), (1, 599), (257, 3), (599, 1)] {
        let bytes = ok(
            READ,
            stream.raw().read(at(&buffer, offset as u64), length as u64),
        );
        assert_eq!(
            bytes,
            &model[offset..offset + length],
            "a read of {length} bytes at {offset}"
        );
    }
    Ok(())
}

fn write(stream: &Stream, buffer: &Buffer, model: &mut [u8], offset: usize, length: usize) {
    let mut data: Vec<u8> = (0..length).map(|i| (i * 31 + offset + 1) as u8).collect();
    ok(WRITE, stream.raw().write(at(buffer, offset as u64), &data));
    model[offset..offset + length].copy_from_slice(&data);
    // The data may be reused once the call has returned.
    data.fill(0);
    compare(stream, buffer, model, "a write");
}

fn compare(stream: &Stream, buffer: &Buffer, model: &[u8], what: &str) {
    let bytes = ok(READ, stream.raw().read(at(buffer, 0), SIZE as u64));
    let different = (0..SIZE).find(|&i| bytes[i] != model[i]);
    assert!(
        different.is_none(),
        "{what} should change its range and nothing else, but byte {different:?} differs"
    );
}
