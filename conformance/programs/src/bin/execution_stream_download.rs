//! Downloads through a stream of bytes: at any pace, of any range, and how they end.

use std::pin::pin;
use std::time::Duration;

use wasi_cuda::{DeviceBuffer, LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::tasks::{begin, collected, let_the_host_work, pattern};
use wasi_cuda_conformance_programs::{
    Gate, Setup, async_check, at, functions::*, ok, refused, runs_well,
};

const MIB: usize = 1 << 20;
const LARGE: usize = 32 * MIB;

async_check!(check);

async fn check() {
    let setup = Setup::new();
    let checks = async {
        at_any_pace(&setup.stream).await?;
        refusals(&setup).await?;
        in_order(&setup).await?;
        fails(&setup).await?;
        abandoned(&setup.stream).await
    };
    checks.await.expect("streams should work");
    runs_well(&setup.device);
}

fn filled(stream: &Stream, length: usize) -> Result<DeviceBuffer<u8>> {
    let mut buffer = stream.alloc_zeros::<u8>(length)?;
    for first in (0..length).step_by(4 * MIB) {
        let end = length.min(first + 4 * MIB);
        let bytes = pattern(first, end - first);
        stream.memcpy_htod(&bytes, buffer.slice_mut(first..end))?;
    }
    Ok(buffer)
}

async fn at_any_pace(stream: &Stream) -> Result<()> {
    let buffer = filled(stream, LARGE)?;
    for capacity in [1, 7, 4095, 65_537, MIB - 1, MIB, 3 * MIB + 1, LARGE] {
        // Enough pieces to come past the end of what is read ahead.
        let length = LARGE
            .min(capacity * 40 + 5)
            .max(3 * MIB / 2)
            .min(capacity * 5000);
        let mut download = stream.memcpy_dtoh_stream(buffer.slice(3..length));
        let (mut next, mut piece) = (3, Vec::with_capacity(capacity));
        while download.read(&mut piece).await > 0 {
            assert!(
                piece == pattern(next, piece.len()),
                "the bytes from {next} on should come in order, in pieces of {capacity}"
            );
            next += piece.len();
            piece.clear();
        }
        assert_eq!(
            next, length,
            "all bytes should come, in pieces of {capacity}"
        );
        ok(READ_VIA_STREAM, download.end().await);
    }
    let nothing = collected(stream.memcpy_dtoh_stream(buffer.slice(5..5))).await;
    assert!(ok(READ_VIA_STREAM, nothing).is_empty());
    let copy = stream.clone_dtoh_async(buffer.slice(1..MIB + 2)).await;
    assert!(ok(READ_VIA_STREAM, copy) == pattern(1, MIB + 1));
    Ok(())
}

async fn refusals(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let buffer = stream.alloc_zeros::<u8>(100)?;
    let (bytes, end) = stream.raw().read_via_stream(at(buffer.raw(), 60), 41);
    assert!(bytes.collect().await.is_empty(), "nothing should come");
    refused(READ_VIA_STREAM, "invalid-argument", end.await);
    stream.begin_capture()?;
    let (bytes, end) = stream.raw().read_via_stream(at(buffer.raw(), 0), 100);
    refused(READ_VIA_STREAM, "invalid-state", end.await);
    assert!(bytes.collect().await.is_empty(), "nothing should come");
    stream.end_capture()?;
    Ok(())
}

/// A download waits for the work before it.
async fn in_order(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    let gate = Gate::close(setup, &stream)?;
    stream.memcpy_htod(&pattern(0, 100), &mut buffer)?;
    let mut download = pin!(collected(stream.memcpy_dtoh_stream(&buffer)));
    begin(download.as_mut()).await;
    let_the_host_work().await;
    begin(download.as_mut()).await;
    gate.open()?;
    assert_eq!(ok(READ_VIA_STREAM, download.await), pattern(0, 100));
    Ok(())
}

async fn fails(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let once = LaunchConfig::new(1, 1);
    let word = stream.alloc_zeros::<u32>(1)?;
    // Its reader does not read.
    let gate = Gate::close(setup, &stream)?;
    stream.launch(&setup.write_4, once, (&word, -4i64, 0u32, 0u32))?;
    let (bytes, end) = stream.memcpy_dtoh_stream(&word).into_parts();
    gate.open()?;
    refused(READ_VIA_STREAM, "fault", end.await);
    refused(SYNCHRONIZE, "fault", stream.synchronize());
    assert!(
        bytes.collect().await.is_empty(),
        "a failed download gives nothing"
    );

    stream.set_time_limit(Some(Duration::from_millis(20)))?;
    stream.launch(&setup.endless, once, (&word,))?;
    let late = collected(stream.memcpy_dtoh_stream(&word)).await;
    refused(READ_VIA_STREAM, "deadline-exceeded", late);
    let failed_before = collected(stream.memcpy_dtoh_stream(&word)).await;
    refused(READ_VIA_STREAM, "deadline-exceeded", failed_before);
    refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());

    let mut download = stream.memcpy_dtoh_stream(&word);
    assert_eq!(download.read(&mut Vec::with_capacity(1)).await, 1);
    ok(CANCEL, stream.cancel());
    assert_eq!(download.read(&mut Vec::with_capacity(1)).await, 0);
    refused(READ_VIA_STREAM, "cancelled", download.end().await);
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());
    Ok(())
}

/// Dropping the reader ends a download well, and dropping everything else does not end it.
async fn abandoned(stream: &Stream) -> Result<()> {
    let buffer = filled(stream, 4 * MIB)?;
    let mut download = stream.memcpy_dtoh_stream(&buffer);
    assert!(download.read(&mut Vec::with_capacity(10)).await > 0);
    ok(READ_VIA_STREAM, download.end().await);

    let other = stream.device().stream()?;
    let buffer = filled(&other, 4 * MIB)?;
    let (bytes, end) = other.memcpy_dtoh_stream(&buffer).into_parts();
    drop((other, buffer, end));
    assert!(
        bytes.collect().await == pattern(0, 4 * MIB),
        "a download should keep its stream and its buffer"
    );
    Ok(())
}
