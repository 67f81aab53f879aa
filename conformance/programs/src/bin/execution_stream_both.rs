//! Uploads and downloads at the same time, and a download that is an upload's source.

use wasi_cuda::{Result, Stream};
use wasi_cuda_conformance_programs::tasks::{both, collected, pattern};
use wasi_cuda_conformance_programs::{Setup, async_check, functions::*, ok, runs_well};

const LENGTH: usize = 8 << 20;

async_check!(check);

async fn check() {
    let setup = Setup::new();
    side_by_side(&setup).await.expect("streams should work");
    through(&setup.stream)
        .await
        .expect("the stream should work");
    runs_well(&setup.device);
}

async fn side_by_side(setup: &Setup) -> Result<()> {
    let (up, down) = (setup.device.stream()?, setup.device.stream()?);
    let mut target = up.alloc_zeros::<u8>(LENGTH)?;
    let mut source = down.alloc_zeros::<u8>(LENGTH)?;
    let pieces = |from| {
        let starts = (0..LENGTH).step_by(1 << 16);
        starts.map(move |first| pattern(from + first, 1 << 16))
    };
    let written = down.memcpy_htod_blocks(pieces(1), &mut source).await;
    assert_eq!(ok(WRITE_VIA_STREAM, written), LENGTH as u64);
    let (written, read) = both(
        up.memcpy_htod_blocks(pieces(2), &mut target),
        collected(down.memcpy_dtoh_stream(&source)),
    )
    .await;
    assert_eq!(ok(WRITE_VIA_STREAM, written), LENGTH as u64);
    assert!(ok(READ_VIA_STREAM, read) == pattern(1, LENGTH));
    assert!(up.clone_dtoh(&target)? == pattern(2, LENGTH));
    Ok(())
}

async fn through(stream: &Stream) -> Result<()> {
    let source = stream.clone_htod(&pattern(3, LENGTH / 2))?;
    let mut target = stream.alloc_zeros::<u8>(LENGTH / 2)?;
    let (bytes, end) = stream.memcpy_dtoh_stream(&source).into_parts();
    let written = stream.memcpy_htod_stream(bytes, &mut target).await;
    assert_eq!(ok(WRITE_VIA_STREAM, written), LENGTH as u64 / 2);
    ok(READ_VIA_STREAM, end.await);
    assert!(stream.clone_dtoh(&target)? == pattern(3, LENGTH / 2));
    Ok(())
}
