//! Time limits.

use super::*;
use crate::bindings::wasi::cuda::types::ErrorCode;

#[tokio::test]
async fn a_launch_past_its_time_is_stopped_and_the_stream_works_again() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let nothing = machine.kernel(|_| ());
    for limit in [5, 1500] {
        stream.set_time_limit(Some(Duration::from_millis(limit)));
        stream.enqueue(machine.endless()).await.unwrap();
        let ended = code(soon(stream.synchronize()).await);
        assert!(
            matches!(ended, Err(ErrorCode::DeadlineExceeded)),
            "{ended:?}"
        );
        stream.set_time_limit(None);
        stream.enqueue(launch(&nothing, &[])).await.unwrap();
        soon(stream.synchronize()).await.unwrap();
    }
}
