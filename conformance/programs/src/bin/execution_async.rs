//! The async functions, from an async export: a plain `main` may not call them.
//!
//! The functions are unstable, so this program has bindings of its own, which have all that those of the crate `wasi-cuda` have:
//! the linker takes views of one interface for the same where each has all of the next.

use std::time::Duration;

use wasi_cuda_conformance_programs::{Setup, covers, functions::*, ok, refused, runs_well};

wit_bindgen::generate!({
    inline: "
        package wasi:cuda-conformance;
        world asynchronous {
            import wasi:cuda/execution@0.1.0;
            export check: async func();
        }
    ",
    path: "../../wit",
    features: ["cuda-async", "cuda-mapped-memory"],
    with: {
        "wasi:cuda/types@0.1.0": wasi_cuda::bindings::wasi::cuda::types,
        "wasi:cuda/device@0.1.0": wasi_cuda::bindings::wasi::cuda::device,
        "wasi:cuda/memory@0.1.0": wasi_cuda::bindings::wasi::cuda::memory,
        "wasi:cuda/module@0.1.0": wasi_cuda::bindings::wasi::cuda::module,
    },
    generate_all,
});

use wasi::cuda::execution::{Argument, BufferOffset, CudaEvent, CudaStream, LaunchConfig};
use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::bindings::wasi::cuda::types::{Dim3, ErrorCode};

const COMPLETION: &str = "execution#[method]cuda-event.completion";
const WRITE_VIA_STREAM: &str = "execution#[method]cuda-stream.write-via-stream";
const READ_VIA_STREAM: &str = "execution#[method]cuda-stream.read-via-stream";

fn main() {
    panic!("the suite calls `check`");
}

struct Program;

export!(Program);

impl Guest for Program {
    async fn check() {
        let setup = Setup::new();
        completion(&setup).await;
        streams(&setup).await;
        runs_well(&setup.device);
    }
}

/// An event completes with what its stream did, as `wait` reports it.
async fn completion(setup: &Setup) {
    let stream = ok(STREAM, CudaStream::new(setup.device.raw()));
    let flag = ok(BUFFER, Buffer::new(setup.device.raw(), 4));
    let event = ok(RECORD_EVENT, stream.record_event());
    ok(COMPLETION, event.completion().await);
    ok(COMPLETION, event.completion().await);

    let event = endless(setup, &stream, Argument::Null);
    refused(COMPLETION, "fault", event.completion().await);
    refused(SYNCHRONIZE, "fault", stream.synchronize());

    let limit = Duration::from_millis(20).as_nanos() as u64;
    ok(SET_TIME_LIMIT, stream.set_time_limit(Some(limit)));
    let event = endless(setup, &stream, Argument::Pointer(start(&flag)));
    refused(COMPLETION, "deadline-exceeded", event.completion().await);
    refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());

    ok(SET_TIME_LIMIT, stream.set_time_limit(None));
    let event = endless(setup, &stream, Argument::Pointer(start(&flag)));
    ok(CANCEL, stream.cancel());
    refused(COMPLETION, "cancelled", event.completion().await);
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());
}

/// Enqueues a kernel that waits until the flag is not 0, and an event behind it.
///
/// Another stream holds the kernel up until the event is recorded: a kernel that fails before would fail
/// the recording too.
fn endless(setup: &Setup, stream: &CudaStream, flag: Argument<'_>) -> CudaEvent {
    let gate = ok(STREAM, CudaStream::new(setup.device.raw()));
    let closed = ok(BUFFER, Buffer::new(setup.device.raw(), 4));
    launch(setup, &gate, Argument::Pointer(start(&closed)));
    let opened = ok(RECORD_EVENT, gate.record_event());
    ok(WAIT_EVENT, stream.wait_event(&opened));

    launch(setup, stream, flag);
    let event = ok(RECORD_EVENT, stream.record_event());
    ok(CANCEL, gate.cancel());
    event
}

fn launch(setup: &Setup, stream: &CudaStream, flag: Argument<'_>) {
    let one = Dim3 { x: 1, y: 1, z: 1 };
    let config = LaunchConfig {
        grid: one,
        block: one,
        shared_memory: 0,
        cluster: None,
    };
    ok(LAUNCH, stream.launch(setup.endless.raw(), config, &[flag]));
}

fn start(buffer: &Buffer) -> BufferOffset<'_> {
    BufferOffset { buffer, offset: 0 }
}

/// A host either moves streams of the component model, or says that it does not.
async fn streams(setup: &Setup) {
    let stream = ok(STREAM, CudaStream::new(setup.device.raw()));
    let buffer = ok(BUFFER, Buffer::new(setup.device.raw(), 4));

    let (writer, reader) = wit_stream::new::<u8>();
    drop(writer);
    let written = stream.write_via_stream(start(&buffer), reader).await;
    offered_or_unsupported(WRITE_VIA_STREAM, written);

    let (reader, end) = stream.read_via_stream(&start(&buffer), 4);
    let content = reader.collect().await;
    let read = end.await;
    assert!(
        read.is_err() || content == [0; 4],
        "a new buffer should be read as zeros, but gave {content:?}"
    );
    offered_or_unsupported(READ_VIA_STREAM, read);
}

fn offered_or_unsupported<T>(function: &str, result: Result<T, ErrorCode>) {
    match result {
        Ok(_) => covers(function, "ok"),
        Err(ErrorCode::Unsupported(told)) => {
            assert!(!told.is_empty(), "the text should say what is supported");
            covers(function, "unsupported");
        }
        Err(error) => panic!("{function} should have succeeded or be unsupported: {error}"),
    }
}
