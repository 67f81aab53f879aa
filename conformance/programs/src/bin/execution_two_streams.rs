//! Streams run side by side, and an event orders what has to be ordered.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, covers, functions::*, ok};

const N: u32 = 1000;
const ROUNDS: u64 = 20_000_000;

fn main() -> Result<()> {
    let setup = Setup::new();
    if setup.device.properties().multiprocessors > 1 {
        side_by_side(&setup)?;
    }
    ordered(&setup)
}

/// A stream whose kernel does not end holds up no other stream, on a device that runs two blocks at a time.
fn side_by_side(setup: &Setup) -> Result<()> {
    let stuck = setup.device.stream()?;
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    stuck.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
    let behind = stuck.record_event()?;

    let mut data = setup.stream.clone_htod(&[1u32; N as usize])?;
    setup.stream.launch(
        &setup.affine,
        LaunchConfig::for_num_elems(N),
        (&mut data, N, 2u32, 1u32),
    )?;
    assert_eq!(
        setup.stream.clone_dtoh(&data)?,
        [3; N as usize],
        "the other stream should go on"
    );
    assert!(
        !behind.subscribe().ready(),
        "the endless kernel should still run"
    );
    stuck.cancel()?;
    assert!(
        stuck.synchronize().is_err(),
        "the endless kernel was cancelled"
    );
    Ok(())
}

/// Ten times to and fro between two streams: each waits for what the other did before.
fn ordered(setup: &Setup) -> Result<()> {
    let (first, second) = (&setup.stream, setup.device.stream()?);
    let config = LaunchConfig::for_num_elems(N);
    let once = LaunchConfig::new(1, 1);
    let delay = setup.device.alloc_zeros::<u64>(1)?;
    let mut data = first.clone_htod(&[1u32; N as usize])?;
    let mut expected = 1u32;
    for round in 0..10 {
        // Without the waiting the faster stream would be first.
        first.launch(&setup.count, once, (&delay, ROUNDS / 10))?;
        first.launch(&setup.affine, config, (&mut data, N, 3u32, round))?;
        ok(
            WAIT_EVENT,
            second.wait(&ok(RECORD_EVENT, first.record_event())),
        );
        second.launch(&setup.affine, config, (&mut data, N, 5u32, round))?;
        ok(
            WAIT_EVENT,
            first.wait(&ok(RECORD_EVENT, second.record_event())),
        );
        expected = (expected.wrapping_mul(3).wrapping_add(round))
            .wrapping_mul(5)
            .wrapping_add(round);
    }
    assert_eq!(
        first.clone_dtoh(&data)?,
        [expected; N as usize],
        "events should order the two streams"
    );
    covers(READ, "ok");
    Ok(())
}
