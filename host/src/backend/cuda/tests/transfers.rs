//! Bytes on their way.

use super::*;
use crate::backend::cuda::driver::simulated::{INVALID_VALUE, OUT_OF_MEMORY};
use crate::backend::cuda::staging;

/// Bytes that differ from place to place, and not every 256.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8)
        .collect()
}

async fn read(stream: &Stream, from: &Arc<Allocation>, length: usize) -> Vec<u8> {
    soon(stream.read(at(from, 0), length)).await.unwrap()
}

#[tokio::test]
async fn an_upload_larger_than_all_staging_memory_arrives() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let size = 66 * staging::BLOCK + 12_345;
    let data = buffer(&guest, size as u64);
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    let bytes = pattern(size);
    let before = machine.gpu.made(Call::AllocatePinned);
    stream.write(at(&data, 0), &bytes).await.unwrap();
    eventually(|| gate.is_reached());
    gate.open();
    assert!(read(&stream, &data, size).await == bytes);
    let blocks = machine.gpu.made(Call::AllocatePinned) - before;
    assert!(
        (2..=70).contains(&blocks),
        "{blocks} blocks for 64 that may be"
    );
}

#[tokio::test]
async fn bytes_arrive_in_order_at_once_and_behind_other_work() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 9 << 20);
    let bytes = pattern(9 << 20);
    let nothing = machine.kernel(|_| ());
    for size in [
        1,
        3,
        4096,
        staging::BLOCK + 1,
        (2 << 20) - 1,
        (5 << 20) + 7,
        9 << 20,
    ] {
        for behind in [false, true] {
            stream
                .enqueue(Operation::Fill {
                    to: at(&data, 0),
                    length: 9 << 20,
                    pattern: 0,
                })
                .await
                .unwrap();
            soon(stream.synchronize()).await.unwrap();
            if behind {
                stream.enqueue(launch(&nothing, &[])).await.unwrap();
            }
            stream.write(at(&data, 0), &bytes[..size]).await.unwrap();
            let arrived = read(&stream, &data, 9 << 20).await;
            assert!(
                arrived[..size] == bytes[..size],
                "{size} bytes, behind: {behind}"
            );
            assert!(
                arrived[size..].iter().all(|byte| *byte == 0),
                "more than {size} bytes"
            );
        }
    }
}

#[tokio::test]
async fn overlapping_copies_move_what_was_there() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let size = 4 << 20;
    let data = buffer(&guest, size as u64);
    let bytes = pattern(size);
    let cases = [
        (0, 1, size - 1),
        (1, 0, size - 1),
        (0, 4096, 2 * staging::BLOCK + 5),
        (4096, 0, 2 * staging::BLOCK + 5),
        (100, 100 + staging::BLOCK, 2 * staging::BLOCK),
        (100 + staging::BLOCK, 100, 2 * staging::BLOCK),
        (7, 7, 1000),
        (0, size / 2, size / 2),
    ];
    for (from, to, length) in cases {
        stream.write(at(&data, 0), &bytes).await.unwrap();
        let copy = Operation::Copy {
            from: at(&data, from as u64),
            to: at(&data, to as u64),
            length: length as u64,
        };
        stream.enqueue(copy).await.unwrap();
        let mut wanted = bytes.clone();
        wanted.copy_within(from..from + length, to);
        assert!(
            read(&stream, &data, size).await == wanted,
            "{length} bytes from {from} to {to}"
        );
    }
}

#[tokio::test]
async fn what_a_held_upload_holds_is_the_guests_bytes_at_the_call() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 1000);
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    let mut bytes = vec![1; 1000];
    stream.write(at(&data, 0), &bytes).await.unwrap();
    bytes.fill(2);
    gate.open();
    assert_eq!(read(&stream, &data, 1000).await, [1; 1000]);
}

#[tokio::test]
async fn reads_of_many_streams_at_a_time_do_not_mix() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let mut tasks = Vec::new();
    for number in 0..8u8 {
        let (stream, data) = (stream(&guest), buffer(&guest, 3 << 20));
        tasks.push(thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                stream
                    .write(at(&data, 0), &vec![number; 3 << 20])
                    .await
                    .unwrap();
                let bytes = stream.read(at(&data, 0), 3 << 20).await.unwrap();
                assert!(bytes.iter().all(|byte| *byte == number));
            });
        }));
    }
    for task in tasks {
        task.join().unwrap();
    }
}

fn is_refused<T>(ended: Result<T, ErrorCode>) -> bool {
    matches!(ended, Err(ErrorCode::Other(Some(text))) if text.contains("the driver refused"))
}

#[tokio::test]
async fn a_transfer_whose_mark_is_refused_keeps_its_memory_until_it_is_over() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4096);
    let held = machine.gpu.hold(Hold::Kind(Kind::Copy));
    machine.gpu.fail(Call::WriteWord, 1, INVALID_VALUE);
    let released = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        drop(held);
    });
    assert!(is_refused(code(
        stream.write(at(&data, 0), &[7; 4096]).await
    )));
    released.join().unwrap();
    stream.write(at(&data, 0), &[8; 4096]).await.unwrap();
    assert_eq!(read(&stream, &data, 4096).await, [8; 4096]);
    assert_eq!(machine.device().lost(), None);
}

#[tokio::test]
async fn a_copy_that_is_refused_half_way_keeps_what_it_goes_through() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (wrong, right) = (stream(&guest), stream(&guest));
    let (data, other) = (buffer(&guest, 4096), buffer(&guest, 1024));
    let gate = Gate::default();
    right.enqueue(machine.gated(&gate)).await.unwrap();
    eventually(|| gate.is_reached());
    wrong.write(at(&data, 0), &[1; 4096]).await.unwrap();
    // On a lane of its own, the last stream that was made.
    wrong.record_event().await.unwrap();
    soon(wrong.synchronize()).await.unwrap();
    let lane = *machine.gpu.streams().last().unwrap();
    let held = machine.gpu.hold(Hold::Stream(lane));
    machine.gpu.fail(Call::Copy, 2, INVALID_VALUE);
    let copy = Operation::Copy {
        from: at(&data, 0),
        to: at(&data, 100),
        length: 2000,
    };
    wrong.enqueue(copy).await.unwrap();
    right.write(at(&other, 0), &[2; 1024]).await.unwrap();
    // Now the first half goes where it was to.
    drop(held);
    eventually(|| machine.gpu.is_idle(lane));
    assert!(is_refused(code(soon(wrong.synchronize()).await)));
    gate.open();
    assert_eq!(read(&right, &other, 1024).await, [2; 1024]);
}

#[tokio::test]
async fn a_copy_for_which_there_is_no_memory_to_go_through_fails_its_stream() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4096);
    machine.gpu.fail(Call::AllocatePinned, 1, OUT_OF_MEMORY);
    let copy = Operation::Copy {
        from: at(&data, 0),
        to: at(&data, 100),
        length: 2000,
    };
    stream.enqueue(copy.clone()).await.unwrap();
    assert!(is_refused(code(soon(stream.synchronize()).await)));
    stream.enqueue(copy).await.unwrap();
    soon(stream.synchronize()).await.unwrap();
}
