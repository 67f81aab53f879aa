//! What the host's benches measure from inside a guest. Every time is taken on the guest's clock, around
//! many calls, so that neither entering the guest nor reading the clock counts.

mod bindings {
    wit_bindgen::generate!({ world: "bench", path: "wit" });
}

mod soak;
mod vectors;

use std::cell::RefCell;
use std::time::Instant;

use bindings::bench::guest::reference::{self, Argument, Config};
use vectors::Vectors;
use wasi_cuda::Graph;

thread_local! {
    static VECTORS: RefCell<Option<Vectors>> = const { RefCell::new(None) };
}

struct Bench;

bindings::export!(Bench with_types_in bindings);

impl bindings::Guest for Bench {
    fn set_up(elements: u32) {
        let vectors = Vectors::new(elements).expect("the host grants a device with enough memory");
        VECTORS.set(Some(vectors));
    }

    fn enqueue(launches: u32) -> u64 {
        with_vectors(|vectors| {
            vectors.timed(|vectors| repeat(launches, || vectors.launch_nothing()))
        })
    }

    fn enqueue_and_wait(launches: u32) -> u64 {
        with_vectors(|vectors| {
            vectors.timed(|vectors| {
                repeat(launches, || vectors.launch_nothing())?;
                vectors.synchronize()
            })
        })
    }

    fn enqueue_prepared(launches: u32) -> u64 {
        with_vectors(|vectors| {
            vectors.timed(|vectors| repeat(launches, || vectors.launch_prepared()))
        })
    }

    fn call_reference(launches: u32) -> u64 {
        let config = Config {
            grid: (1, 1, 1),
            block: (32, 1, 1),
            shared_memory: 0,
            cluster: None,
        };
        let start = Instant::now();
        for index in 0..launches {
            let pointer = |buffer| Argument::Pointer((buffer, 0));
            let arguments = [pointer(1), pointer(2), pointer(3), Argument::U32(index)];
            reference::launch(7, config, &arguments).expect("the reference always succeeds");
        }
        nanoseconds_since(start)
    }

    fn launch_and_wait(launches: u32) -> Vec<u64> {
        with_vectors(|vectors| {
            each(launches, || {
                vectors.launch_nothing()?;
                vectors.synchronize()
            })
        })
    }

    fn enqueue_graph(launches: u32) -> u64 {
        with_vectors(|vectors| {
            let graph = replayed(vectors, launches);
            vectors.timed(|vectors| vectors.launch_graph(&graph))
        })
    }

    fn graph_and_wait(launches: u32) -> u64 {
        with_vectors(|vectors| {
            let graph = replayed(vectors, launches);
            vectors.timed(|vectors| {
                vectors.launch_graph(&graph)?;
                vectors.synchronize()
            })
        })
    }

    fn allocate_and_free(times: u32, bytes: u64) -> u64 {
        with_vectors(|vectors| {
            let start = Instant::now();
            repeat(times, || vectors.allocate(bytes)).expect("buffers are allocated");
            nanoseconds_since(start)
        })
    }

    fn upload(times: u32, bytes: u32) -> Vec<u64> {
        with_vectors(|vectors| {
            let data = vec![7u8; bytes as usize];
            let buffer = vectors.buffer(bytes).expect("the buffer is allocated");
            each(times, || vectors.upload(&buffer, &data))
        })
    }

    fn load_module(times: u32) -> Vec<u64> {
        each(times, || vectors::load().map(drop))
    }

    fn soak(seed: u64, rounds: u32) -> Result<u32, String> {
        soak::soak(seed, rounds)
    }

    fn add() -> u64 {
        with_vectors(|vectors| {
            let start = Instant::now();
            vectors.add().expect("the addition succeeds");
            nanoseconds_since(start)
        })
    }

    fn check(samples: u32) -> bool {
        with_vectors(|vectors| vectors.check(samples).expect("samples can be read"))
    }
}

fn with_vectors<R>(act: impl FnOnce(&mut Vectors) -> R) -> R {
    VECTORS.with_borrow_mut(|vectors| act(vectors.as_mut().expect("set-up is called first")))
}

/// A graph that was replayed before: what a host makes of it it makes at one of the first replays.
fn replayed(vectors: &Vectors, launches: u32) -> Graph {
    let graph = vectors.graph(launches).expect("launches are recorded");
    for _ in 0..2 {
        vectors.launch_graph(&graph).expect("the graph is enqueued");
    }
    vectors.synchronize().expect("the launches succeed");
    graph
}

fn repeat(times: u32, mut act: impl FnMut() -> wasi_cuda::Result<()>) -> wasi_cuda::Result<()> {
    (0..times).try_for_each(|_| act())
}

/// Nanoseconds of each of so many times.
fn each(times: u32, mut act: impl FnMut() -> wasi_cuda::Result<()>) -> Vec<u64> {
    let once = |_| {
        let start = Instant::now();
        act().expect("what is measured succeeds");
        nanoseconds_since(start)
    };
    (0..times).map(once).collect()
}

fn nanoseconds_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).expect("no bench runs for centuries")
}
