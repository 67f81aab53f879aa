//! A host either lets kernels work in the guest's own memory, or says that it does not.

use wasi_cuda::bindings::wasi::cuda::types::ErrorCode;
use wasi_cuda::{Error, Result};
use wasi_cuda_conformance_programs::{
    Region, Setup, add, at, covers, functions::*, refused, runs_well,
};

fn main() -> Result<()> {
    let setup = Setup::new();
    let region = Region::new(200_000);
    refused(
        SHARE,
        "invalid-argument",
        region.share(&setup.device, 100..100),
    );
    match region.share(&setup.device, 0..1024) {
        Ok(buffer) => {
            assert_eq!(
                buffer.size(),
                1024,
                "a shared buffer should be as large as its region"
            );
            covers(SHARE, "ok");
            drop(buffer);
            in_place(&setup, &region)?;
            overlapping(&setup, &region)?;
            after_a_fault(&setup, &region)?;
        }
        Err(ErrorCode::Unsupported(told)) => {
            assert!(!told.is_empty(), "the text should say what is supported");
            covers(SHARE, "unsupported");
        }
        Err(error) => panic!("{SHARE} should have succeeded or be unsupported, but gave {error}"),
    }
    runs_well(&setup.device);
    Ok(())
}

/// Kernels see what the guest wrote and the guest what they did, at any byte, over many pages.
fn in_place(setup: &Setup, region: &Region) -> Result<()> {
    let begin = 70_004;
    let buffer = region.share(&setup.device, begin..begin + 100_000)?;
    region.put(begin, &7u32.to_le_bytes());
    add(setup, &buffer, 0, 25_000, 1)?;
    setup.stream.synchronize()?;
    assert_eq!(
        region.get(begin - 4..begin + 8),
        [0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0],
        "the kernel should have added 1 to each word of the region, and to none before it"
    );
    let end = begin + 100_000;
    assert_eq!(
        region.get(end - 4..end + 4),
        [1, 0, 0, 0, 0, 0, 0, 0],
        "the kernel should have come to the region's end, and not past it"
    );

    // What streams do to buffers they do to this one.
    setup.stream.raw().fill(at(&buffer, 4), 8, 0x0403_0201)?;
    setup.stream.raw().write(at(&buffer, 5), b"abc")?;
    setup
        .stream
        .raw()
        .copy(at(&buffer, 4), at(&buffer, 12), 8)?;
    setup.stream.synchronize()?;
    assert_eq!(
        region.get(begin + 4..begin + 20),
        *b"\x01abc\x01\x02\x03\x04\x01abc\x01\x02\x03\x04",
        "a fill, a write and a copy should be seen in the region"
    );
    let own = setup.stream.clone_htod(&[5u8; 4])?;
    let from = at(own.raw(), 0);
    setup.stream.raw().copy(from, at(&buffer, 0), 4)?;
    assert_eq!(setup.stream.raw().read(at(&buffer, 0), 5)?, [5, 5, 5, 5, 1]);

    // Of itself, and bytes that lie in it.
    region.put(begin, b"shift");
    let bytes = region.get(begin..begin + 5);
    setup.stream.raw().write(at(&buffer, 1), &bytes)?;
    setup.stream.synchronize()?;
    assert_eq!(region.get(begin..begin + 6), b"sshift");
    Ok(())
}

/// Two buffers may be of the same bytes; what one was dropped of the other still has.
fn overlapping(setup: &Setup, region: &Region) -> Result<()> {
    let first = region.share(&setup.device, 0..8000)?;
    let second = region.share(&setup.device, 4000..12_000)?;
    region.put(4000, &[0; 8]);
    add(setup, &first, 4000, 1, 3)?;
    add(setup, &second, 0, 1, 4)?;
    setup.stream.synchronize()?;
    assert_eq!(region.get(4000..4004), [7, 0, 0, 0]);
    drop(first);
    add(setup, &second, 0, 1, 5)?;
    setup.stream.synchronize()?;
    assert_eq!(region.get(4000..4004), [12, 0, 0, 0]);
    Ok(())
}

/// In checked mode, which the suite's default setup has, a kernel that leaves the buffer faults, and the memory stays shared.
fn after_a_fault(setup: &Setup, region: &Region) -> Result<()> {
    let buffer = region.share(&setup.device, 0..1000)?;
    region.put(1000, &[9; 4]);
    add(setup, &buffer, 0, 251, 1)?;
    let failed = setup.stream.synchronize();
    assert!(
        matches!(failed, Err(Error::Fault(_))),
        "a word past the buffer should be a fault, but came {failed:?}"
    );
    assert_eq!(region.get(1000..1004), [9; 4]);
    region.put(0, &[0; 4]);
    add(setup, &buffer, 0, 250, 1)?;
    setup.stream.synchronize()?;
    assert_eq!(region.get(0..4), [1, 0, 0, 0]);
    Ok(())
}
