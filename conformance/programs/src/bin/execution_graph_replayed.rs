//! A graph of many launches that is replayed often: in order, with other arguments, after a fault, a cancel and a deadline,
//! and when memory has grown meanwhile.

use std::time::Duration;

use wasi_cuda::{FaultKind, Graph, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{
    Expected, Setup, at, faulted, functions::*, kernels, line_of, ok, refused, runs_well,
};

/// More than a host may look after together.
const LAUNCHES: u32 = 40;
const MIB: u64 = 1 << 20;

fn main() -> Result<()> {
    let setup = Setup::new();
    in_order(&setup)?;
    faults_late(&setup)?;
    stopped(&setup)?;
    memory_grows(&setup)?;
    runs_well(&setup.device);
    Ok(())
}

fn replay(setup: &Setup, graph: &Graph, times: u32) {
    for _ in 0..times {
        ok(LAUNCH_GRAPH, setup.stream.launch_graph(graph));
    }
}

/// `x = x * 3 + index` for each launch, wrapping around.
fn counted(x: u32, factor_of_7: u32) -> u32 {
    (0..LAUNCHES).fold(x, |x, index| {
        let factor = if index == 7 { factor_of_7 } else { 3 };
        x.wrapping_mul(factor).wrapping_add(index)
    })
}

fn in_order(setup: &Setup) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let mut x = stream.clone_htod(&[1u32])?;
    let mut seen = stream.alloc_zeros::<u32>(1)?;
    stream.begin_capture()?;
    for index in 0..LAUNCHES {
        stream.launch(&setup.affine, once, (&mut x, 1u32, 3u32, index))?;
    }
    stream.memcpy_dtod(&x, &mut seen)?;
    let graph = stream.end_capture()?;

    let mut expected = 1;
    for _ in 0..6 {
        replay(setup, &graph, 5);
        for _ in 0..5 {
            expected = counted(expected, 3);
        }
        assert_eq!(
            stream.clone_dtoh(&seen)?,
            [expected],
            "replays should run in order, each from its first launch to its last"
        );
    }
    // Those that are enqueued keep their argument, those that come have the new one.
    for factor in [5, 11, 3, 9] {
        replay(setup, &graph, 1);
        expected = counted(expected, if factor == 5 { 3 } else { previous(factor) });
        ok(GRAPH_SET_ARGUMENT, graph.set_argument(7, 2, factor));
    }
    replay(setup, &graph, 2);
    expected = counted(counted(expected, 9), 9);
    assert_eq!(
        stream.clone_dtoh(&seen)?,
        [expected],
        "each replay has its own arguments"
    );
    Ok(())
}

/// The factor before this one.
fn previous(factor: u32) -> u32 {
    match factor {
        11 => 5,
        3 => 11,
        _ => 3,
    }
}

fn faults_late(setup: &Setup) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let mut words = stream.clone_htod(&[0u32, 0])?;
    stream.begin_capture()?;
    stream
        .raw()
        .write(at(words.raw(), 0), &5u32.to_le_bytes())?;
    for index in 0..LAUNCHES {
        match index {
            30 => stream.launch(&setup.write_4, once, (&mut words, 4i64, 0u32, 0u32))?,
            _ => stream.launch(&setup.affine, once, (&mut words, 1u32, 1u32, 1u32))?,
        }
    }
    let graph = stream.end_capture()?;
    replay(setup, &graph, 4);
    ok(SYNCHRONIZE, stream.synchronize());
    assert_eq!(stream.clone_dtoh(&words)?, [44, u32::MAX]);

    let expected = Expected {
        kind: FaultKind::GlobalOutOfBounds,
        kernel: "write_4",
        line: line_of(kernels::ACCESS, "write_4"),
        address: words.device_address() + 8,
        size: 4,
        block: 0,
        thread: 0,
    };
    for _ in 0..2 {
        // The write is the graph's first operation.
        ok(GRAPH_SET_ARGUMENT, graph.set_argument(31, 1, 8i64));
        // The second one is enqueued behind the fault, or refused because of it.
        replay(setup, &graph, 1);
        let _ = stream.launch_graph(&graph);
        faulted(stream.synchronize(), &expected);
        let first = stream.clone_dtoh(&words)?[0];
        // Copies behind a fault may happen or not.
        assert!(
            first == 35 || first == 5,
            "kernels behind the fault should not run: {first}"
        );
        ok(GRAPH_SET_ARGUMENT, graph.set_argument(31, 1, 4i64));
        replay(setup, &graph, 3);
        ok(SYNCHRONIZE, stream.synchronize());
        assert_eq!(stream.clone_dtoh(&words)?, [44, u32::MAX]);
    }
    Ok(())
}

fn stopped(setup: &Setup) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let mut flag = stream.clone_htod(&[1u32])?;
    let mut x = stream.alloc_zeros::<u32>(1)?;
    stream.begin_capture()?;
    stream.launch(&setup.endless, once, (&flag,))?;
    stream.launch(&setup.affine, once, (&mut x, 1u32, 1u32, 1u32))?;
    let graph = stream.end_capture()?;
    replay(setup, &graph, 3);
    ok(SYNCHRONIZE, stream.synchronize());

    stream.fill(&mut flag, 0)?;
    // Or the cancel drops the fill, too.
    ok(SYNCHRONIZE, stream.synchronize());
    replay(setup, &graph, 2);
    ok(CANCEL, stream.cancel());
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());
    stream.set_time_limit(Some(Duration::from_secs(1)))?;
    replay(setup, &graph, 2);
    refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());
    stream.fill(&mut flag, 1)?;
    replay(setup, &graph, 2);
    ok(SYNCHRONIZE, stream.synchronize());
    stream.set_time_limit(None)?;
    assert_eq!(
        stream.clone_dtoh(&x)?,
        [5],
        "what was stopped should not have run on"
    );
    Ok(())
}

fn memory_grows(setup: &Setup) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let mut near = stream.alloc_zeros::<u32>(1)?;
    let result = stream.alloc_zeros::<u32>(1)?;
    let far = 5 * MIB as i64;
    stream.begin_capture()?;
    stream.launch(&setup.affine, once, (&mut near, 1u32, 1u32, 1u32))?;
    stream.launch(&setup.read_4, once, (&near, far, 0u32, 0u32, &result))?;
    let graph = stream.end_capture()?;
    for _ in 0..3 {
        // Memory may lie there or not.
        let _ = stream.launch_graph(&graph);
        let _ = stream.synchronize();
    }
    let large = stream.alloc_zeros::<u8>(10 * MIB as usize)?;
    let there = near.device_address().wrapping_add_signed(far);
    let begin = large.device_address();
    if (begin..begin + 10 * MIB - 4).contains(&there) {
        let word = 0x1234_5678u32;
        stream
            .raw()
            .write(at(large.raw(), there - begin), &word.to_le_bytes())?;
        replay(setup, &graph, 2);
        ok(SYNCHRONIZE, stream.synchronize());
        assert_eq!(
            stream.clone_dtoh(&result)?,
            [word],
            "a replay should see memory that came after it was recorded"
        );
    }
    Ok(())
}
