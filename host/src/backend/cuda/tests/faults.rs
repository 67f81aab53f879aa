//! Kernels that fault.

use super::*;
use crate::backend::cuda::driver::simulated::Recorded;
use crate::bindings::wasi::cuda::types::{ErrorCode, FaultKind};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// The number of [`SCRIPTED`]'s access out of bounds, behind the one that is misaligned.
const OUT_OF_BOUNDS: u32 = 1;

#[tokio::test]
async fn a_fault_fails_its_stream_and_what_follows_is_skipped() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let buffer = buffer(&guest, 1000);
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let count = machine.kernel(move |_| {
        counted.fetch_add(1, SeqCst);
    });
    let past = buffer.offset() + 1000;
    let faulting = machine.kernel(move |run| {
        run.fault(&Recorded {
            site: OUT_OF_BOUNDS,
            offset: past,
            block: [1, 2, 3],
            thread: [4, 5, 6],
        });
    });
    stream.enqueue(launch(&count, &[])).await.unwrap();
    stream.enqueue(launch(&faulting, &[])).await.unwrap();
    stream.enqueue(launch(&count, &[])).await.unwrap();
    let Err(ErrorCode::Fault(fault)) = code(soon(stream.synchronize()).await) else {
        panic!("the fault was not reported");
    };
    assert!(
        matches!(fault.kind, FaultKind::GlobalOutOfBounds),
        "{:?}",
        fault.kind
    );
    assert_eq!((fault.kernel.as_str(), fault.line), ("scripted", 8));
    let (block, thread) = (fault.block, fault.thread);
    assert_eq!([block.x, block.y, block.z], [1, 2, 3]);
    assert_eq!([thread.x, thread.y, thread.z], [4, 5, 6]);
    assert_eq!(fault.address, buffer.address() + 1000);
    assert!(
        fault
            .detail
            .contains("past the end of buffer 1 (1000 bytes)"),
        "{}",
        fault.detail
    );
    assert_eq!(runs.load(SeqCst), 1, "a kernel behind the fault ran");

    stream.enqueue(launch(&count, &[])).await.unwrap();
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(runs.load(SeqCst), 2);
}
