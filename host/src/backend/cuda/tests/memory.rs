//! Memory of guests: what there is none of, what is in it, and who has it.

use super::*;
use crate::backend::cuda::driver::simulated::{INVALID_VALUE, OUT_OF_MEMORY};
use crate::testing::grant;

fn is_out<T>(made: Result<T, ErrorCode>) -> bool {
    matches!(made, Err(ErrorCode::OutOfMemory))
}

#[tokio::test]
async fn memory_that_cannot_be_mapped_is_out_of_memory_and_nothing_is_lost() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let kept = buffer(&guest, 100);
    stream.write(at(&kept, 0), &[7; 100]).await.unwrap();
    let used = guest.memory_used();
    machine.gpu.fail(Call::Map, 1, OUT_OF_MEMORY);
    assert!(is_out(code(Allocation::new(grant(&guest), 1 << 20))));
    assert_eq!(guest.memory_used(), used);
    assert_eq!(machine.device().memory_used(), used);
    let late = buffer(&guest, 1 << 20);
    assert_eq!(words(&stream, &late, 1 << 18).await, vec![0; 1 << 18]);
    assert_eq!(words(&stream, &kept, 25).await, [0x0707_0707; 25]);
}

#[tokio::test]
async fn memory_that_cannot_be_made_zero_is_no_buffers_and_the_next_one_is_zero() {
    for (call, nth) in [(Call::Fill, 1), (Call::WriteWord, 1)] {
        let machine = Machine::new();
        let guest = guest(machine.device());
        let stream = stream(&guest);
        machine.gpu.fail(call, nth, INVALID_VALUE);
        assert!(
            is_out(code(Allocation::new(grant(&guest), 1 << 20))),
            "{call:?}"
        );
        let next = buffer(&guest, 1 << 20);
        assert_eq!(words(&stream, &next, 1 << 18).await, vec![0; 1 << 18]);
        let larger = buffer(&guest, 3 << 20);
        assert_eq!(words(&stream, &larger, 3 << 18).await, vec![0; 3 << 18]);
    }
}

#[tokio::test]
async fn a_gpu_that_is_full_has_room_again_for_whoever_gives_some_back() {
    let small = GpuProperties {
        total_memory: 1 << 20,
        ..usual()
    };
    let machine = Machine::with(small, LONG);
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let mut buffers = Vec::new();
    let refused = loop {
        match Allocation::new(grant(&guest), 50_000) {
            Ok(buffer) => buffers.push(buffer),
            Err(error) => break error,
        }
    };
    assert!(is_out(code::<()>(Err(refused))));
    assert!(
        buffers.len() > 10,
        "{} buffers of 50000 bytes fill 1 MiB",
        buffers.len()
    );
    for buffer in &buffers {
        stream.write(at(buffer, 0), &[0xff; 50_000]).await.unwrap();
    }
    drop(buffers.pop());
    let last = buffer(&guest, 50_000);
    assert_eq!(words(&stream, &last, 12_500).await, vec![0; 12_500]);
    assert_eq!(
        words(&stream, &buffers[0], 12_500).await,
        vec![u32::MAX; 12_500]
    );
}

#[tokio::test]
async fn a_new_buffer_is_zero_whatever_was_there() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let set = machine.kernel(|run| run.write(run.u64(0), &[u32::MAX; 1000]));
    for round in 0..5 {
        let data = buffer(&guest, 4000);
        assert_eq!(
            words(&stream, &data, 1000).await,
            vec![0; 1000],
            "round {round}"
        );
        stream
            .enqueue(launch(&set, &[Argument::Buffer(data)]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_buffer_that_only_a_launch_has_is_nobody_elses() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (stream, other) = (stream(&guest), stream(&guest));
    let gate = Gate::default();
    let set = machine.kernel(|run| run.write(run.u64(0), &[u32::MAX; 1024]));
    let (first, place) = {
        let data = buffer(&guest, 4096);
        stream.enqueue(machine.gated(&gate)).await.unwrap();
        stream
            .enqueue(launch(&set, &[Argument::Buffer(data.clone())]))
            .await
            .unwrap();
        (Arc::downgrade(&data), data.offset())
    };
    let second = buffer(&guest, 4096);
    assert!(second.offset() >= place + 4096 || second.offset() + 4096 <= place);
    gate.open();
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(words(&other, &second, 1024).await, vec![0; 1024]);
    assert!(first.upgrade().is_none());
    assert_eq!(
        buffer(&guest, 4096).offset(),
        place,
        "it was not given back"
    );
}

#[tokio::test]
async fn guests_see_nothing_of_each_other() {
    let machine = Machine::new();
    let (first, second) = (guest(machine.device()), guest(machine.device()));
    let bases = [&first, &second].map(|guest| grant(guest).space().unwrap().base());
    let reserved = grant(&first).space().unwrap().reserved();
    assert!(bases[0].abs_diff(bases[1]) >= reserved);
    let streams = [stream(&first), stream(&second)];
    let buffers = [buffer(&first, 64), buffer(&second, 64)];
    for (stream, (buffer, byte)) in streams.iter().zip(buffers.iter().zip([1u8, 2])) {
        stream.write(at(buffer, 0), &[byte; 64]).await.unwrap();
    }
    assert_eq!(words(&streams[0], &buffers[0], 16).await, [0x0101_0101; 16]);
    assert_eq!(words(&streams[1], &buffers[1], 16).await, [0x0202_0202; 16]);
}
