//! Streams of the simulated GPU: queues in order, each with a thread of its own that does the work.

use super::kernels::Launched;
use super::{Shared, StreamHandle};
use std::collections::{BTreeMap, VecDeque};
use std::iter::once;
use std::ops::Range;
use std::sync::{Arc, Condvar, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

/// What a stream is told to do, as tests name it to hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend::cuda) enum Kind {
    Launch,
    Word,
    Fill,
    Copy,
    Record,
    Wait,
}

/// Something that a stream is told to do.
pub(super) enum Work {
    Launch(Box<Launched>),
    Word { address: u64, value: u32 },
    Fill { to: u64, pattern: u32, bytes: u64 },
    Copy { from: u64, to: u64, bytes: u64 },
    Record(Arc<Point>),
    Wait(Arc<Point>),
}

/// A point of a stream, and when it was reached.
#[derive(Default)]
pub(super) struct Point {
    pub(super) reached: OnceLock<Instant>,
}

impl Work {
    fn kind(&self) -> Kind {
        match self {
            Self::Launch(_) => Kind::Launch,
            Self::Word { .. } => Kind::Word,
            Self::Fill { .. } => Kind::Fill,
            Self::Copy { .. } => Kind::Copy,
            Self::Record(_) => Kind::Record,
            Self::Wait(_) => Kind::Wait,
        }
    }

    /// The memory that it uses.
    pub(super) fn uses(&self) -> Vec<Range<u64>> {
        match self {
            Self::Launch(launched) => launched.uses(),
            Self::Word { address, .. } => once(*address..address + 4).collect(),
            Self::Fill { to, bytes, .. } => once(*to..to + bytes).collect(),
            Self::Copy { from, to, bytes } => vec![*from..from + bytes, *to..to + bytes],
            Self::Record(_) | Self::Wait(_) => Vec::new(),
        }
    }

    fn is_of_module(&self, module: usize) -> bool {
        matches!(self, Self::Launch(launched) if launched.module == module)
    }
}

/// All streams.
#[derive(Default)]
pub(super) struct Streams {
    by_handle: BTreeMap<usize, Stream>,
    holds: Vec<Held>,
    made: usize,
    /// The simulated GPU ends.
    pub(super) closing: bool,
    /// Nothing is done any more.
    pub(super) broken: bool,
}

struct Stream {
    queue: VecDeque<Arc<Work>>,
    running: Option<Arc<Work>>,
    /// Told of changes.
    changed: Arc<Condvar>,
    is_destroyed: bool,
    priority: i32,
}

/// What is not begun while it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    number: usize,
    pub(super) what: Hold,
}

/// What a test can hold: work of a kind, or of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend::cuda) enum Hold {
    Kind(Kind),
    Stream(StreamHandle),
}

impl Streams {
    pub(super) fn wake_all(&self) {
        self.by_handle
            .values()
            .for_each(|stream| stream.changed.notify_all());
    }

    pub(super) fn hold(&mut self, what: Hold) -> Held {
        self.made += 1;
        let number = self.made;
        let held = Held { number, what };
        self.holds.push(held);
        held
    }

    pub(super) fn release(&mut self, held: Held) {
        self.holds.retain(|known| *known != held);
        self.wake_all();
    }

    /// Whether the stream may begin what is first in it.
    fn may_begin(&self, handle: usize, work: &Work) -> bool {
        let is_held = self.holds.iter().any(|held| match held.what {
            Hold::Kind(kind) => kind == work.kind(),
            Hold::Stream(stream) => stream.0 == handle,
        });
        let waits = matches!(work, Work::Wait(point) if point.reached.get().is_none());
        !is_held && !waits && !self.broken
    }

    /// Handles of streams that were not destroyed, in the order in which they were made.
    pub(super) fn handles(&self) -> Vec<StreamHandle> {
        let live = self
            .by_handle
            .iter()
            .filter(|(_, stream)| !stream.is_destroyed);
        live.map(|(handle, _)| StreamHandle(*handle)).collect()
    }

    pub(super) fn priority(&self, handle: StreamHandle) -> Option<i32> {
        self.by_handle.get(&handle.0).map(|stream| stream.priority)
    }

    /// Takes a stream back, which ends with its work; false when it is none.
    pub(super) fn destroy(&mut self, handle: StreamHandle) -> bool {
        let stream = self
            .by_handle
            .get_mut(&handle.0)
            .filter(|stream| !stream.is_destroyed);
        let is_known = stream.is_some();
        if let Some(stream) = stream {
            stream.is_destroyed = true;
            stream.changed.notify_all();
        }
        is_known
    }

    /// Whether nothing is enqueued or runs; none when it is no stream.
    pub(super) fn is_done(&self, handle: StreamHandle) -> Option<bool> {
        let stream = self
            .by_handle
            .get(&handle.0)
            .filter(|stream| !stream.is_destroyed);
        stream.map(|stream| stream.queue.is_empty() && stream.running.is_none())
    }

    /// Enqueues work; false when it is no stream.
    pub(super) fn push(
        &mut self,
        handle: StreamHandle,
        work: impl IntoIterator<Item = Arc<Work>>,
    ) -> bool {
        let stream = self
            .by_handle
            .get_mut(&handle.0)
            .filter(|stream| !stream.is_destroyed);
        let is_known = stream.is_some();
        if let Some(stream) = stream {
            stream.queue.extend(work);
            stream.changed.notify_all();
        }
        is_known
    }

    /// All work that is enqueued or runs.
    fn in_flight(&self) -> impl Iterator<Item = &Work> {
        let streams = self.by_handle.values();
        streams.flat_map(|stream| {
            stream
                .running
                .iter()
                .chain(&stream.queue)
                .map(|work| &**work)
        })
    }

    /// Work that uses memory in a range, for people; none when nothing does.
    pub(super) fn user_of(&self, range: &Range<u64>) -> Option<Kind> {
        let uses = |work: &&Work| {
            let mut ranges = work.uses().into_iter();
            ranges.any(|used| used.start < range.end && range.start < used.end)
        };
        self.in_flight().find(uses).map(Work::kind)
    }

    /// Whether a kernel of a module is enqueued or runs.
    pub(super) fn uses_module(&self, module: usize) -> bool {
        self.in_flight().any(|work| work.is_of_module(module))
    }

    /// Launches that are enqueued or run.
    pub(super) fn launches(&self) -> usize {
        self.in_flight()
            .filter(|work| work.kind() == Kind::Launch)
            .count()
    }
}

/// Makes a stream with its thread.
pub(super) fn create(shared: &Arc<Shared>, priority: i32) -> StreamHandle {
    let changed = Arc::new(Condvar::new());
    let handle = {
        let mut streams = crate::lock(&shared.streams);
        streams.made += 1;
        let handle = streams.made;
        let stream = Stream {
            queue: VecDeque::new(),
            running: None,
            changed: changed.clone(),
            is_destroyed: false,
            priority,
        };
        streams.by_handle.insert(handle, stream);
        handle
    };
    let shared = shared.clone();
    thread::Builder::new()
        .name(format!("simulated-{handle}"))
        .spawn(move || run(&shared, handle, &changed))
        .expect("the host has threads for a test");
    StreamHandle(handle)
}

/// A stream's thread.
fn run(shared: &Arc<Shared>, handle: usize, changed: &Condvar) {
    let mut streams = crate::lock(&shared.streams);
    loop {
        streams = match next(&mut streams, handle) {
            Next::Work(work) => {
                drop(streams);
                shared.execute(&work);
                let mut streams = crate::lock(&shared.streams);
                if let Some(stream) = streams.by_handle.get_mut(&handle) {
                    stream.running = None;
                }
                streams
            }
            Next::Later => wait(changed, streams),
            Next::End => return,
        };
    }
}

enum Next {
    Work(Arc<Work>),
    Later,
    End,
}

fn next(streams: &mut Streams, handle: usize) -> Next {
    let ends = streams.closing || streams.broken;
    let Some(stream) = streams.by_handle.get(&handle) else {
        return Next::End;
    };
    match stream.queue.front().cloned() {
        _ if streams.closing => Next::End,
        None if stream.is_destroyed => {
            streams.by_handle.remove(&handle);
            Next::End
        }
        Some(work) if !ends && streams.may_begin(handle, &work) => {
            if let Some(stream) = streams.by_handle.get_mut(&handle) {
                stream.queue.pop_front();
                stream.running = Some(work.clone());
            }
            Next::Work(work)
        }
        _ => Next::Later,
    }
}

fn wait<'a>(changed: &Condvar, streams: MutexGuard<'a, Streams>) -> MutexGuard<'a, Streams> {
    changed
        .wait(streams)
        .unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Does what a stream is told.
    fn execute(self: &Arc<Self>, work: &Work) {
        let done = match work {
            Work::Launch(launched) => {
                launched.run(self);
                Ok(())
            }
            Work::Word { address, value } => self.memory.store(*address, *value),
            Work::Fill { to, pattern, bytes } => self.fill(*to, *pattern, *bytes),
            Work::Copy { from, to, bytes } => self.memory.copy(*from, *to, *bytes),
            Work::Record(point) => {
                let _ = point.reached.set(Instant::now());
                crate::lock(&self.streams).wake_all();
                Ok(())
            }
            Work::Wait(_) => Ok(()),
        };
        if let Err(stray) = done {
            self.violation(format!("{:?}: {stray}", work.kind()));
        }
        self.something_changed.notify_all();
    }

    fn fill(&self, to: u64, pattern: u32, bytes: u64) -> Result<(), String> {
        let words = usize::try_from(bytes / 4).unwrap_or_default();
        self.memory.write(to, &pattern.to_le_bytes().repeat(words))
    }
}
