//! Random programs with faults, deadlines and cancels: whatever becomes of the work, nothing hangs, each stream works again once
//! its error was told, and what a stream did before it failed stays done.

use super::*;
use crate::event::Event;
use crate::testing::recording;
use proptest::prelude::*;

const STREAMS: usize = 3;

/// For kernels that end by it.
const LIMIT: Duration = Duration::from_millis(2);

/// Something that a stream is told.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add,
    Fault,
    /// A kernel that runs until it is stopped.
    Endless,
    /// Launches and copies as a graph, of which the last but one may fault.
    Graph {
        faults: bool,
    },
    /// More than one block of staging memory.
    Write,
    Record,
    /// For the event that any stream recorded last.
    Wait,
    Cancel,
    Synchronize,
    Read,
    /// Another stream is in its place; the work goes on.
    Renew,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Add),
        1 => Just(Step::Fault),
        1 => Just(Step::Endless),
        2 => any::<bool>().prop_map(|faults| Step::Graph { faults }),
        1 => Just(Step::Write),
        3 => Just(Step::Record),
        3 => Just(Step::Wait),
        1 => Just(Step::Cancel),
        1 => Just(Step::Synchronize),
        1 => Just(Step::Read),
        1 => Just(Step::Renew),
    ]
}

/// What streams are told, as operations.
struct Bench {
    counters: Vec<Arc<Allocation>>,
    uploads: Arc<Allocation>,
    add: Arc<Kernel>,
    faulting: Operation,
    endless: Operation,
    last: Option<Arc<Event>>,
}

impl Bench {
    fn new(machine: &Machine, guest: &WasiCudaCtx) -> Self {
        Self {
            counters: (0..STREAMS).map(|_| buffer(guest, 8)).collect(),
            uploads: buffer(guest, 3 << 20),
            add: machine.adding(),
            faulting: machine.faulting(),
            endless: machine.endless(),
            last: None,
        }
    }

    fn add(&self, stream: usize) -> Operation {
        launch(&self.add, &sum(&self.counters[stream], 1))
    }

    fn graph(&self, stream: usize, faults: bool) -> Operation {
        let counter = &self.counters[stream];
        let copy = Operation::Copy {
            from: at(counter, 0),
            to: at(counter, 4),
            length: 4,
        };
        let last = if faults {
            self.faulting.clone()
        } else {
            copy.clone()
        };
        Operation::Graph(recording([self.add(stream), copy, last, self.add(stream)]))
    }

    /// Does a step; what the guest would be told.
    async fn apply(
        &mut self,
        guest: &WasiCudaCtx,
        streams: &mut [Stream],
        index: usize,
        step: Step,
    ) -> Result<(), ErrorCode> {
        let stream = &streams[index];
        match step {
            Step::Add => code(stream.enqueue(self.add(index)).await),
            Step::Fault => code(stream.enqueue(self.faulting.clone()).await),
            Step::Endless => code(stream.enqueue(self.endless.clone()).await),
            Step::Graph { faults } => code(stream.enqueue(self.graph(index, faults)).await),
            Step::Write => code(stream.write(at(&self.uploads, 0), &[1; 3 << 20]).await),
            Step::Record => {
                self.last = Some(code(stream.record_event().await)?);
                Ok(())
            }
            Step::Wait => match self.last.clone() {
                Some(event) => code(stream.enqueue(Operation::Wait(event)).await),
                None => Ok(()),
            },
            Step::Cancel => {
                stream.cancel();
                Ok(())
            }
            Step::Synchronize => code(soon(stream.synchronize()).await),
            Step::Read => {
                let read = stream.read(at(&self.counters[index], 0), 8);
                code(soon(read).await).map(drop)
            }
            Step::Renew => {
                streams[index] = self.stream(guest);
                Ok(())
            }
        }
    }

    fn stream(&self, guest: &WasiCudaCtx) -> Stream {
        let stream = stream(guest);
        stream.set_time_limit(Some(LIMIT));
        stream
    }
}

fn is_expected(error: &ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(error, E::Fault(_) | E::DeadlineExceeded | E::Cancelled)
}

async fn check(steps: &[(usize, Step)]) {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let mut bench = Bench::new(&machine, &guest);
    let mut streams: Vec<_> = (0..STREAMS).map(|_| bench.stream(&guest)).collect();
    for (index, step) in steps {
        let told = bench.apply(&guest, &mut streams, *index, *step).await;
        assert!(
            told.as_ref().err().is_none_or(is_expected),
            "{step:?}: {told:?}"
        );
    }
    if let Some(last) = &bench.last {
        soon(last.wait()).await;
    }
    for stream in &streams {
        if let Err(error) = code(soon(stream.synchronize()).await) {
            assert!(is_expected(&error), "{error:?}");
        }
        stream.set_time_limit(None);
    }
    // Those that were renewed may still be at it.
    let all = &bench.counters;
    eventually(|| all.iter().all(|counter| Arc::strong_count(counter) == 1));
    for (index, stream) in streams.iter().enumerate() {
        let counter = &bench.counters[index];
        let before = soon(words(stream, counter, 1)).await[0];
        stream.enqueue(bench.add(index)).await.unwrap();
        assert_eq!(soon(words(stream, counter, 1)).await, [before + 1]);
    }
    assert_eq!(machine.device().lost(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_fails_streams_work_again_and_nothing_hangs(
        steps in prop::collection::vec((0..STREAMS, step()), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(check(&steps));
    }
}
