//! When a device is lost, transfers through streams of bytes end, whoever moves bytes or does not.
//!
//! The host declares the device lost once this program has printed that it is ready.

use wasi_cuda::asynchronous::byte_stream;
use wasi_cuda_conformance_programs::tasks::{both, is_dropped};
use wasi_cuda_conformance_programs::{Setup, async_check, functions::*, refused};

const LOST: &str = "device-lost";

async_check!(check);

async fn check() {
    let setup = Setup::new();
    let stream = &setup.stream;
    let allocate = || stream.alloc_zeros::<u8>(100).expect("a small buffer");
    let (mut target, source) = (allocate(), allocate());
    let (mut writer, reader) = byte_stream();
    let (bytes, end) = stream.memcpy_dtoh_stream(&source).into_parts();
    println!("lose the device");
    let (written, read) = both(stream.memcpy_htod_stream(reader, &mut target), end).await;
    refused(WRITE_VIA_STREAM, LOST, written);
    refused(READ_VIA_STREAM, LOST, read);
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");
    assert!(bytes.collect().await.is_empty(), "nothing should come");

    let (_writer, reader) = byte_stream();
    let late = stream.memcpy_htod_stream(reader, &mut target).await;
    refused(WRITE_VIA_STREAM, LOST, late);
    let late = stream.memcpy_dtoh_stream(&source).end().await;
    refused(READ_VIA_STREAM, LOST, late);
}
