//! A recording as a graph of the driver's, which a replay enqueues with one call.
//!
//! A graph is made for one queue, at whose stop word its launches look, when that queue replays the recording for the second
//! time: making it takes as long as issuing what is in it a few times. Its launches leave their faults in records of the
//! graph's own. Arguments, and the memory that launches are told of, are replaced in it where they differ from what the
//! recording and the window are at the next replay.

mod build;
mod records;

use super::Gpu;
use super::choice::Choices;
use super::driver::{GraphHandle, NodeHandle, Result};
use super::lane::{MARKED_EACH, UNMARKED};
use super::module::CudaKernel;
use super::queue::CudaQueue;
use crate::backend::Code;
use crate::launch::Launch;
use crate::operation::Operation;
use crate::recording::Recording;
use records::Records;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use wasi_cuda_jit::back::ptx::{FAULT_RECORD_BYTES, LaunchRecord};

/// Launches that share a look at their time limit, as on a lane.
const TOGETHER: usize = UNMARKED as usize;

/// What the backend knows of a recording.
enum Known {
    /// This queue has replayed it once.
    Once(Weak<CudaQueue>),
    Made(Arc<NativeGraph>),
    /// The driver takes it one by one.
    Unfit,
}

/// A graph of the driver's.
pub(super) struct NativeGraph {
    gpu: Arc<Gpu>,
    queue: Weak<CudaQueue>,
    handle: GraphHandle,
    records: Records,
    /// Replays of it that the driver has.
    in_flight: AtomicU32,
    told: Mutex<Told>,
    watch: Mutex<Watch>,
}

/// A replay that the driver has, or is about to have.
pub(super) struct Replaying {
    graph: Arc<NativeGraph>,
    /// Which of its kernel's entries each launch runs.
    entries: Arc<[usize]>,
}

impl Deref for Replaying {
    type Target = NativeGraph;

    fn deref(&self) -> &NativeGraph {
        &self.graph
    }
}

impl Replaying {
    /// The launches of a replay that is over, in order, and which faulted.
    pub(super) fn ended<'a>(
        &'a self,
        recording: &'a Recording,
    ) -> impl Iterator<Item = (&'a Launch, usize, Option<[u8; FAULT_RECORD_BYTES]>)> {
        // The next replay may be about to write one.
        let is_last = self.in_flight.load(SeqCst) == 1;
        launches(recording).enumerate().map(move |(index, launch)| {
            let has_faulted = self.records.has_fault(index, !is_last);
            let entry = self.entries.get(index).copied();
            let fault = has_faulted.then(|| self.records.take(index));
            (&**launch, entry.unwrap_or(0), fault)
        })
    }

    /// The launches of a replay that runs which may be running.
    pub(super) fn running_launches<'a>(
        &self,
        recording: &'a Recording,
    ) -> impl Iterator<Item = &'a Arc<Launch>> {
        let done = self.records.done() as usize;
        launches(recording).skip(done).take(TOGETHER)
    }
}

impl Drop for Replaying {
    fn drop(&mut self) {
        self.graph.in_flight.fetch_sub(1, SeqCst);
    }
}

/// What the driver's graph was told.
struct Told {
    /// Where the memory is.
    memory: LaunchRecord,
    /// The launches, in order.
    launches: Vec<Node>,
    /// Which of its kernel's entries each of them runs.
    entries: Arc<[usize]>,
}

/// A launch in the graph.
struct Node {
    /// Its place in the recording.
    operation: usize,
    handle: NodeHandle,
    /// Which of the kernel's entries it runs.
    entry: usize,
    /// Whether it looks at the stop word first.
    look: bool,
    /// Which launch it was told: not held, so that what a guest replaces is free before the next replay.
    launch: Weak<Launch>,
    /// Stays loaded as long as the graph names it.
    code: Arc<CudaKernel>,
}

impl Node {
    fn set(&mut self, launch: &Arc<Launch>, code: &Arc<CudaKernel>, entry: usize, look: bool) {
        self.launch = Arc::downgrade(launch);
        self.code = code.clone();
        (self.entry, self.look) = (entry, look);
    }

    /// Whether the launch behind it must look, too: the first one looks for all that is before the replay.
    fn makes_others_look(&self, index: usize, looks: bool) -> bool {
        (looks && index > 0) || self.code.guarded.may_fail(self.entry)
    }
}

/// How far the replay that runs was seen to be, and since when.
struct Watch {
    done: u32,
    since: Instant,
}

/// The graph with which this queue replays the recording; none where it is issued one by one.
pub(super) fn of(
    queue: &Arc<CudaQueue>,
    recording: &Recording,
    time_limit: Option<Duration>,
) -> Option<Arc<NativeGraph>> {
    if time_limit.is_some_and(|limit| limit < MARKED_EACH) {
        return None;
    }
    let known = recording.native();
    let known = known.and_then(|known| known.downcast::<Known>().ok());
    let next = match known.as_deref() {
        Some(Known::Unfit) => return None,
        Some(Known::Made(graph)) if is(&graph.queue, queue) => return Some(graph.clone()),
        Some(Known::Once(before)) if is(before, queue) => match build::build(queue, recording) {
            Ok(Some(graph)) => Known::Made(Arc::new(graph)),
            Ok(None) => Known::Unfit,
            Err(error) => {
                tracing::debug!(%error, "a recording is issued one by one");
                Known::Unfit
            }
        },
        _ => Known::Once(Arc::downgrade(queue)),
    };
    let graph = match &next {
        Known::Made(graph) => Some(graph.clone()),
        _ => None,
    };
    recording.set_native(Arc::new(next));
    graph
}

/// Whether it is this one: as long as the weak reference is there, no other queue has its address.
fn is(known: &Weak<CudaQueue>, queue: &Arc<CudaQueue>) -> bool {
    known.as_ptr() == Arc::as_ptr(queue)
}

impl NativeGraph {
    pub(super) fn handle(&self) -> GraphHandle {
        self.handle
    }

    /// Tells the driver's graph what differs; `queue` is its own. Replays that are enqueued stay as they were.
    pub(super) fn update(&self, queue: &CudaQueue, recording: &Recording) -> Result<()> {
        let mut told = crate::lock(&self.told);
        let mut memory = LaunchRecord::default();
        queue.memory.describe(&mut memory);
        let moved = std::mem::replace(&mut told.memory, memory) != memory;
        let (mut block, mut choices) = (Vec::new(), Choices::default());
        let (mut look, mut differs) = (true, false);
        for (index, node) in told.launches.iter_mut().enumerate() {
            let Some(Operation::Launch(launch)) = recording.operations().get(node.operation) else {
                continue;
            };
            let Code::Cuda(code) = &launch.kernel.code else {
                continue;
            };
            let same = !moved && node.launch.as_ptr() == Arc::as_ptr(launch);
            if !same || node.look != look {
                let entry = match same {
                    true => node.entry,
                    false => choices.entry(&queue.memory, launch, code),
                };
                let record = self.records.of_launch(index);
                let shape = queue.describe(launch, code, record, look, &mut block);
                if let Some(function) = code.function(entry) {
                    let driver = &self.gpu.driver;
                    // SAFETY: as for the launch that this one replaces; the node is a launch of the graph's.
                    unsafe {
                        driver.set_launch(self.handle, node.handle, function, &shape, &block)?;
                    }
                }
                node.set(launch, code, entry, look);
                differs = true;
            }
            look = node.makes_others_look(index, look);
        }
        if differs {
            told.entries = told.launches.iter().map(|node| node.entry).collect();
        }
        Ok(())
    }

    /// A replay is about to be enqueued.
    pub(super) fn begin(self: Arc<Self>) -> Replaying {
        self.in_flight.fetch_add(1, SeqCst);
        let entries = crate::lock(&self.told).entries.clone();
        Replaying {
            graph: self,
            entries,
        }
    }

    /// Whether a launch has begun to tell of its fault.
    pub(super) fn has_fault(&self, recording: &Recording) -> bool {
        (0..launches(recording).count()).any(|index| self.records.has_fault(index, false))
    }

    /// How long what shares a look may run.
    pub(super) fn time_limit(recording: &Recording, of_each: Duration) -> Option<Duration> {
        let launches = launches(recording).take(TOGETHER).count();
        of_each.checked_mul(launches as u32)
    }

    /// How long what runs of a replay has run, if the replay has run this long.
    pub(super) fn running(&self, since: Duration) -> Duration {
        let mut watch = crate::lock(&self.watch);
        let done = self.records.done();
        if watch.done != done {
            *watch = Watch {
                done,
                since: Instant::now(),
            };
        }
        since.min(watch.since.elapsed())
    }
}

fn launches(recording: &Recording) -> impl Iterator<Item = &Arc<Launch>> {
    recording
        .operations()
        .iter()
        .filter_map(|operation| match operation {
            Operation::Launch(launch) => Some(launch),
            _ => None,
        })
}

impl Drop for NativeGraph {
    fn drop(&mut self) {
        let driver = &self.gpu.driver;
        let destroyed = driver
            .bind()
            .and_then(|()| driver.destroy_graph(self.handle));
        if let Err(error) = destroyed {
            tracing::debug!(%error, "a graph is kept");
        }
    }
}
