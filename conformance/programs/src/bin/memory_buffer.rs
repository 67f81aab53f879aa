//! Buffers have the size that was asked for, an aligned address, zeroed memory, and nothing in common.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda_conformance_programs::{at, covers, default_device, functions::*, ok};

const SIZES: [u64; 9] = [1, 3, 255, 256, 257, 4096, 65_537, 1 << 20, (1 << 20) + 1];

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let buffers = SIZES.map(|size| ok(BUFFER, Buffer::new(device.raw(), size)));

    let mut ranges = Vec::new();
    for (buffer, size) in buffers.iter().zip(SIZES) {
        assert_eq!(
            buffer.size(),
            size,
            "a buffer has the size that was asked for"
        );
        let address = buffer.device_address();
        assert!(
            address != 0 && address % 256 == 0,
            "a buffer is aligned to 256 bytes, not at {address:#x}"
        );
        assert_eq!(
            address,
            buffer.device_address(),
            "a buffer stays where it is"
        );
        ranges.push(address..address + size);

        let bytes = stream.raw().read(at(buffer, 0), size)?;
        assert_eq!(
            bytes.len() as u64,
            size,
            "a read gives as many bytes as asked for"
        );
        assert!(
            bytes.iter().all(|&byte| byte == 0),
            "a new buffer of {size} bytes is zeroed"
        );
    }
    covers(SIZE, "ok");

    ranges.sort_by_key(|range| range.start);
    for pair in ranges.windows(2) {
        assert!(
            pair[0].end <= pair[1].start,
            "buffers lie apart, not at {pair:x?}"
        );
    }
    covers(DEVICE_ADDRESS, "ok");
    Ok(())
}
