//! How an upload through a stream of bytes ends when its stream fails, and when nobody waits for it any more.

use std::pin::pin;
use std::time::Duration;

use wasi_cuda::asynchronous::byte_stream;
use wasi_cuda::{LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::tasks::{begin, is_dropped, let_the_host_work, pattern};
use wasi_cuda_conformance_programs::{
    Gate, Setup, async_check, functions::*, ok, refused, runs_well,
};

async_check!(check);

async fn check() {
    let setup = Setup::new();
    let checks = async {
        failed_before(&setup).await?;
        faults_meanwhile(&setup).await?;
        runs_out_of_time(&setup).await?;
        cancelled(&setup).await?;
        abandoned(&setup).await
    };
    checks.await.expect("streams should work");
    runs_well(&setup.device);
}

/// Launches what writes before its buffer.
fn launch_faulty(setup: &Setup, stream: &Stream) -> Result<()> {
    let word = stream.alloc_zeros::<u32>(1)?;
    let arguments = (&word, -4i64, 0u32, 0u32);
    stream.launch(&setup.write_4, LaunchConfig::new(1, 1), arguments)
}

async fn failed_before(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    let gate = Gate::close(setup, &stream)?;
    launch_faulty(setup, &stream)?;
    let event = stream.record_event()?;
    gate.open()?;
    refused(COMPLETION, "fault", event.completed().await);

    let (mut writer, reader) = byte_stream();
    let upload = stream.memcpy_htod_stream(reader, &mut buffer);
    refused(WRITE_VIA_STREAM, "fault", upload.await);
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");
    refused(SYNCHRONIZE, "fault", stream.synchronize());

    let upload = stream.memcpy_htod_blocks([pattern(0, 100)], &mut buffer);
    assert_eq!(ok(WRITE_VIA_STREAM, upload.await), 100);
    assert_eq!(stream.clone_dtoh(&buffer)?, pattern(0, 100));
    Ok(())
}

/// The upload ends although its writer gives nothing, and stays ended when the stream works again.
async fn faults_meanwhile(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    let gate = Gate::close(setup, &stream)?;
    launch_faulty(setup, &stream)?;
    let (mut writer, reader) = byte_stream();
    let mut upload = pin!(stream.memcpy_htod_stream(reader, &mut buffer));
    begin(upload.as_mut()).await;
    gate.open()?;
    refused(SYNCHRONIZE, "fault", stream.synchronize());
    refused(WRITE_VIA_STREAM, "fault", upload.await);
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");
    Ok(())
}

async fn runs_out_of_time(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let flag = stream.alloc_zeros::<u32>(1)?;
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    stream.set_time_limit(Some(Duration::from_millis(20)))?;
    stream.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
    let (_writer, reader) = byte_stream();
    let upload = stream.memcpy_htod_stream(reader, &mut buffer);
    refused(WRITE_VIA_STREAM, "deadline-exceeded", upload.await);
    refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());
    Ok(())
}

/// An upload is something to cancel, also where nothing else runs.
async fn cancelled(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    let (mut writer, reader) = byte_stream();
    let mut upload = pin!(stream.memcpy_htod_stream(reader, &mut buffer));
    begin(upload.as_mut()).await;
    let left = writer.write_all(pattern(0, 10)).await;
    assert!(left.is_empty(), "the first bytes should be taken");
    ok(CANCEL, stream.cancel());
    refused(WRITE_VIA_STREAM, "cancelled", upload.await);
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());
    ok(SYNCHRONIZE, stream.synchronize());
    Ok(())
}

/// A guest that cancels its call frees its writer and can go on.
async fn abandoned(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    let gate = Gate::close(setup, &stream)?;
    let (mut writer, reader) = byte_stream();
    {
        let mut upload = pin!(stream.memcpy_htod_stream(reader, &mut buffer));
        begin(upload.as_mut()).await;
        let_the_host_work().await;
    }
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");
    gate.open()?;
    ok(SYNCHRONIZE, stream.synchronize());
    let upload = stream.memcpy_htod_blocks([pattern(0, 100)], &mut buffer);
    assert_eq!(ok(WRITE_VIA_STREAM, upload.await), 100);
    Ok(())
}
