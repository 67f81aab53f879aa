//! What is in flight.

use super::graph::{NativeGraph, Replaying};
use super::queue::CudaQueue;
use super::staging::Block;
use super::timing::Timing;
use crate::event::Event;
use crate::launch::Launch;
use crate::operation::Operation;
use crate::recording::Recording;
use std::sync::Arc;
use std::time::Duration;

/// An operation, or a part of one, that the driver has. It keeps what the GPU uses.
pub(super) struct Issued {
    pub(super) queue: Arc<CudaQueue>,
    pub(super) what: What,
    /// Bytes that the stream's progress counts for it; none when it is not counted, as a part of something.
    pub(super) counted: Option<u64>,
}

/// What it is.
pub(super) enum What {
    Launch {
        launch: Arc<Launch>,
        /// Which of its kernel's entries.
        entry: usize,
        /// Its fault record.
        record: u32,
        time_limit: Option<Duration>,
        timing: Option<Timing>,
    },
    /// A part of an upload.
    Piece(#[expect(dead_code, reason = "held until the copy is over")] Block),
    /// A copy, a fill, or the last part of an upload, with the buffers that it concerns.
    Transfer(
        #[expect(dead_code, reason = "held until it is over")] Operation,
        #[expect(dead_code, reason = "held until it is over")] Option<Block>,
    ),
    Record(Arc<Event>),
    /// For an event of another stream, which is marked already.
    Wait(#[expect(dead_code, reason = "held until it is over")] Arc<Event>),
    /// A replay with one call.
    Replay {
        graph: Replaying,
        recording: Arc<Recording>,
        /// Of each launch.
        time_limit: Option<Duration>,
    },
    /// The end of a replay that was issued one by one.
    End(#[expect(dead_code, reason = "counts its memory until it is over")] Arc<Recording>),
}

impl Issued {
    /// The launches of it that may be running, and whose they are.
    pub(super) fn launches(&self) -> Vec<(Arc<CudaQueue>, Arc<Launch>)> {
        let launches: Vec<_> = match &self.what {
            What::Launch { launch, .. } => vec![launch],
            What::Replay {
                graph, recording, ..
            } => graph.running_launches(recording).collect(),
            _ => Vec::new(),
        };
        let whose = launches.into_iter();
        whose
            .map(|launch| (self.queue.clone(), launch.clone()))
            .collect()
    }

    /// Whether there are any.
    pub(super) fn runs_kernels(&self) -> bool {
        matches!(self.what, What::Launch { .. } | What::Replay { .. })
    }

    /// The first of them.
    pub(super) fn launch(&self) -> Option<(Arc<CudaQueue>, Arc<Launch>)> {
        self.launches().into_iter().next()
    }

    /// Whether somebody learns only from a mark that it is over.
    pub(super) fn wants_mark(&self) -> bool {
        matches!(self.what, What::Record(..)) || self.has_own_time()
    }

    /// Whether its time must not be taken together with that of others: it waits for what other streams do, or tells itself
    /// how far it is.
    pub(super) fn has_own_time(&self) -> bool {
        matches!(self.what, What::Wait(..) | What::Replay { .. })
    }

    /// How long what runs of it may run; none for what always ends.
    pub(super) fn time_limit(&self) -> Option<Duration> {
        match &self.what {
            What::Launch { time_limit, .. } => *time_limit,
            What::Replay {
                recording,
                time_limit,
                ..
            } => time_limit.and_then(|of_each| NativeGraph::time_limit(recording, of_each)),
            _ => None,
        }
    }

    /// How long what runs of it has run, if it has run for so long.
    pub(super) fn running(&self, since: Duration) -> Duration {
        match &self.what {
            What::Replay { graph, .. } => graph.running(since),
            _ => since,
        }
    }

    /// Whether it has begun to tell of a fault.
    pub(super) fn has_fault(&self) -> bool {
        match &self.what {
            What::Launch { record, .. } => self.queue.has_fault(*record),
            What::Replay {
                graph, recording, ..
            } => graph.has_fault(recording),
            _ => false,
        }
    }

    /// It is over.
    pub(super) fn retire(self) {
        let queue = self.queue;
        queue.retired(self.what, self.counted);
    }
}
