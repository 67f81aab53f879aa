//! A graph replays launches, writes, copies and fills as they were recorded, with other arguments if asked.

use wasi_cuda::{Argument, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, at, covers, functions::*, ok, refused, runs_well};

const N: u32 = 500;
const ALL: usize = N as usize;
/// The launch is the graph's third operation.
const LAUNCHED: u32 = 2;

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let (mut from, mut to) = (
        stream.alloc_zeros::<u32>(ALL)?,
        stream.alloc_zeros::<u32>(ALL)?,
    );
    let config = LaunchConfig::for_num_elems(N);

    ok(BEGIN_CAPTURE, stream.begin_capture());
    let mut data = [7u32; ALL];
    ok(WRITE, stream.memcpy_htod(&data, &mut from));
    ok(COPY, stream.memcpy_dtod(&from, &mut to));
    ok(
        LAUNCH,
        stream.launch(&setup.affine, config, (&mut to, N, 2u32, 1u32)),
    );
    ok(FILL, stream.fill(&mut from, 9));
    let prepared = setup.affine.prepare(config, (&to, N, 1u32, 100u32))?;
    ok(LAUNCH_PREPARED, stream.launch_prepared(&prepared));
    let graph = ok(END_CAPTURE, stream.end_capture());
    // Neither of these changes what was recorded.
    data.fill(0);
    prepared.set_argument(3, 0u32)?;

    assert_eq!(
        graph.size(),
        5,
        "the graph has as many operations as were recorded"
    );
    covers(GRAPH_SIZE, "ok");
    assert_eq!(
        stream.clone_dtoh(&to)?,
        [0; ALL],
        "recording should run nothing"
    );

    for _ in 0..3 {
        ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
        assert_eq!(
            stream.clone_dtoh(&to)?,
            [7 * 2 + 1 + 100; ALL],
            "a replay should do what was recorded"
        );
        assert_eq!(
            stream.clone_dtoh(&from)?,
            [9; ALL],
            "a replay should end with its fill"
        );
        stream.memset_zeros(&mut to)?;
    }

    // A replay that is already enqueued keeps its argument.
    ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
    let before = ok(RECORD_EVENT, stream.record_event());
    let mut copy = stream.alloc_zeros::<u32>(ALL)?;
    stream.memcpy_dtod(&to, &mut copy)?;
    ok(GRAPH_SET_ARGUMENT, graph.set_argument(LAUNCHED, 2, 10u32));
    ok(GRAPH_SET_ARGUMENT, graph.set_argument(LAUNCHED, 1, N / 2));
    ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
    ok(WAIT, before.wait());
    assert_eq!(
        stream.clone_dtoh(&copy)?,
        [115; ALL],
        "an enqueued replay should keep its arguments"
    );
    let content = stream.clone_dtoh(&to)?;
    let (changed, kept) = content.split_at(ALL / 2);
    assert!(
        changed.iter().all(|&x| x == 171),
        "a replay should use the new arguments: {changed:?}"
    );
    assert!(
        kept.iter().all(|&x| x == 107),
        "a replay should end at the new length: {kept:?}"
    );

    let misfits = [
        (0, 0, Argument::U32(0)),
        (1, 0, Argument::U32(0)),
        (3, 0, Argument::U32(0)),
        (5, 0, Argument::U32(0)),
        (u32::MAX, 0, Argument::U32(0)),
        (LAUNCHED, 4, Argument::U32(0)),
        (LAUNCHED, u32::MAX, Argument::U32(0)),
        (LAUNCHED, 0, Argument::U64(0)),
        (
            LAUNCHED,
            0,
            Argument::Pointer(at(to.raw(), 4 * ALL as u64 + 1)),
        ),
        (LAUNCHED, 1, Argument::F32(0.0)),
        (LAUNCHED, 3, Argument::Bytes(&[])),
    ];
    for (operation, index, argument) in misfits {
        refused(
            GRAPH_SET_ARGUMENT,
            "invalid-argument",
            graph.set_argument(operation, index, argument),
        );
    }
    ok(LAUNCH_GRAPH, setup.device.stream()?.launch_graph(&graph));
    runs_well(&setup.device);
    Ok(())
}
