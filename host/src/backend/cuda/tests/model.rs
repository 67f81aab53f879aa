//! Random programs over several streams leave the memory that they would leave one step after the other.
//!
//! Each stream has a buffer of its own, which only it touches, and all of them share one that each step touches in its turn:
//! before such a step its stream waits for the event that was recorded behind the one before.

use super::*;
use crate::event::Event;
use crate::testing::recording;
use proptest::prelude::*;

const STREAMS: usize = 4;

/// Words of each buffer.
const WORDS: usize = 64;

/// Something that a stream is told.
#[derive(Clone, Debug)]
enum Step {
    /// Each word of a range becomes the one a fixed distance before it times 3, and a number.
    Launch {
        from: usize,
        count: usize,
        number: u32,
    },
    Write {
        at: usize,
        words: Vec<u32>,
    },
    Copy {
        from: usize,
        to: usize,
        count: usize,
    },
    Fill {
        at: usize,
        count: usize,
        pattern: u32,
    },
    /// The first word of the shared buffer and that of the own one add up in both.
    Share,
    /// The steps as one graph, so many times.
    Graph {
        steps: Vec<Step>,
        times: usize,
    },
    /// The host reads the buffer.
    Read,
    Synchronize,
    /// The stream is dropped with what it has to do, and another one goes on behind it.
    Renew,
}

fn range() -> impl Strategy<Value = (usize, usize)> {
    (0..WORDS).prop_flat_map(|from| (Just(from), 1..=WORDS - from))
}

fn recordable() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (range(), any::<u32>())
            .prop_map(|((from, count), number)| Step::Launch { from, count, number }),
        2 => range().prop_flat_map(|(at, count)| {
            let words = prop::collection::vec(any::<u32>(), count);
            words.prop_map(move |words| Step::Write { at, words })
        }),
        2 => (range(), 0..WORDS).prop_map(|((from, count), to)| Step::Copy {
            from,
            to,
            count: count.min(WORDS - to),
        }),
        2 => (range(), any::<u32>())
            .prop_map(|((at, count), pattern)| Step::Fill { at, count, pattern }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => recordable(),
        3 => Just(Step::Share),
        1 => (prop::collection::vec(recordable(), 1..6), 1..4usize)
            .prop_map(|(steps, times)| Step::Graph { steps, times }),
        1 => Just(Step::Read),
        1 => Just(Step::Synchronize),
        1 => Just(Step::Renew),
    ]
}

/// What each step does, done at once.
struct Model {
    own: Vec<Vec<u32>>,
    shared: u32,
}

impl Model {
    fn apply(&mut self, stream: usize, step: &Step) {
        let own = &mut self.own[stream];
        match step {
            Step::Launch {
                from,
                count,
                number,
            } => {
                mix(&mut own[*from..from + count], *number);
            }
            Step::Write { at, words } => own[*at..at + words.len()].copy_from_slice(words),
            Step::Copy { from, to, count } => own.copy_within(*from..from + count, *to),
            Step::Fill { at, count, pattern } => own[*at..at + count].fill(*pattern),
            Step::Share => {
                self.shared = self.shared.wrapping_mul(31).wrapping_add(own[0]);
                own[0] = self.shared;
            }
            Step::Graph { steps, times } => {
                for step in (0..*times).flat_map(|_| steps) {
                    self.apply(stream, step);
                }
            }
            Step::Read | Step::Synchronize | Step::Renew => {}
        }
    }
}

/// What the kernel of [`Step::Launch`] computes.
fn mix(words: &mut [u32], number: u32) {
    let mut before = number;
    for word in words {
        before = word.wrapping_mul(3).wrapping_add(before);
        *word = before;
    }
}

/// A guest with its streams.
struct Bench<'a> {
    guest: &'a WasiCudaCtx,
    streams: Vec<Stream>,
    own: Vec<Arc<Allocation>>,
    shared: Arc<Allocation>,
    mix: Arc<Kernel>,
    share: Arc<Kernel>,
    /// Behind the last step that touched the shared buffer.
    turn: Option<Arc<Event>>,
}

impl<'a> Bench<'a> {
    fn new(machine: &Machine, guest: &'a WasiCudaCtx) -> Self {
        Self {
            guest,
            streams: (0..STREAMS).map(|_| stream(guest)).collect(),
            own: (0..STREAMS)
                .map(|_| buffer(guest, 4 * WORDS as u64))
                .collect(),
            shared: buffer(guest, 4),
            mix: machine.kernel(|run| {
                let (from, count) = (run.u64(0) + 4 * run.u64(8), run.u64(16) as usize);
                let mut words = run.read(from, count);
                mix(&mut words, run.u64(24) as u32);
                run.write(from, &words);
            }),
            share: machine.kernel(|run| {
                let sum = run.read(run.u64(8), 1)[0].wrapping_mul(31);
                let sum = sum.wrapping_add(run.read(run.u64(0), 1)[0]);
                run.write(run.u64(0), &[sum]);
                run.write(run.u64(8), &[sum]);
            }),
            turn: None,
        }
    }

    /// The operation of a step that can be recorded.
    fn operation(&self, stream: usize, step: &Step) -> Operation {
        let own = &self.own[stream];
        let place = |word: usize| at(own, 4 * word as u64);
        match step {
            Step::Launch {
                from,
                count,
                number,
            } => {
                let numbers = [*from as u64, *count as u64, u64::from(*number)];
                let numbers = numbers.map(Argument::Number);
                launch(
                    &self.mix,
                    &[&[Argument::Buffer(own.clone())][..], &numbers].concat(),
                )
            }
            Step::Write { at, words } => Operation::Write {
                to: place(*at),
                data: Arc::new(bytemuck::cast_slice(words).to_vec()),
            },
            Step::Copy { from, to, count } => Operation::Copy {
                from: place(*from),
                to: place(*to),
                length: 4 * *count as u64,
            },
            Step::Fill { at, count, pattern } => Operation::Fill {
                to: place(*at),
                length: 4 * *count as u64,
                pattern: *pattern,
            },
            other => unreachable!("{other:?} is not recorded"),
        }
    }

    async fn apply(&mut self, stream: usize, step: &Step, model: &Model) {
        let queue = &self.streams[stream];
        match step {
            Step::Write { at: word, words } => {
                let to = at(&self.own[stream], 4 * *word as u64);
                queue.write(to, bytemuck::cast_slice(words)).await.unwrap();
            }
            Step::Share => {
                if let Some(before) = self.turn.take() {
                    queue.enqueue(Operation::Wait(before)).await.unwrap();
                }
                let both = [&self.own[stream], &self.shared];
                let both = both.map(|buffer| Argument::Buffer(buffer.clone()));
                queue.enqueue(launch(&self.share, &both)).await.unwrap();
                self.turn = Some(queue.record_event().await.unwrap());
            }
            Step::Graph { steps, times } => {
                let operations = steps.iter().map(|step| self.operation(stream, step));
                let graph = recording(operations);
                for _ in 0..*times {
                    queue
                        .enqueue(Operation::Graph(graph.clone()))
                        .await
                        .unwrap();
                }
            }
            Step::Read => {
                let read = soon(words(queue, &self.own[stream], WORDS)).await;
                assert_eq!(read, model.own[stream], "stream {stream}");
            }
            Step::Synchronize => soon(queue.synchronize()).await.unwrap(),
            Step::Renew => {
                let behind = queue.record_event().await.unwrap();
                let next = crate::testing::stream(self.guest);
                next.enqueue(Operation::Wait(behind)).await.unwrap();
                self.streams[stream] = next;
            }
            recordable => {
                let operation = self.operation(stream, recordable);
                queue.enqueue(operation).await.unwrap();
            }
        }
    }
}

async fn check(steps: &[(usize, Step)]) {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let mut bench = Bench::new(&machine, &guest);
    let mut model = Model {
        own: vec![vec![0; WORDS]; STREAMS],
        shared: 0,
    };
    for (stream, step) in steps {
        model.apply(*stream, step);
        bench.apply(*stream, step, &model).await;
    }
    let ends = bench.streams.iter().zip(&bench.own).zip(&model.own);
    for ((stream, own), wanted) in ends {
        assert_eq!(soon(words(stream, own, WORDS)).await, *wanted);
    }
    let last = soon(words(&bench.streams[0], &bench.shared, 1)).await;
    assert_eq!(last, [model.shared]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_programs_leave_what_they_would_one_step_after_the_other(
        steps in prop::collection::vec((0..STREAMS, step()), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(check(&steps));
    }
}
