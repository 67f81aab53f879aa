//! What is in flight.

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
    /// The end of a graph's replay.
    End(#[expect(dead_code, reason = "counts its memory until it is over")] Arc<Recording>),
}

impl Issued {
    /// The launch that it is, if it is one, and whose.
    pub(super) fn launch(&self) -> Option<(Arc<CudaQueue>, Arc<Launch>)> {
        match &self.what {
            What::Launch { launch, .. } => Some((self.queue.clone(), launch.clone())),
            _ => None,
        }
    }

    /// Whether somebody learns only from a mark that it is over.
    pub(super) fn wants_mark(&self) -> bool {
        matches!(self.what, What::Record(..) | What::Wait(..))
    }

    /// Whether it waits for what other streams do.
    pub(super) fn waits(&self) -> bool {
        matches!(self.what, What::Wait(..))
    }

    /// How long it may run; none for what always ends.
    pub(super) fn time_limit(&self) -> Option<Duration> {
        match self.what {
            What::Launch { time_limit, .. } => time_limit,
            _ => None,
        }
    }

    /// It is over.
    pub(super) fn retire(self) {
        let queue = self.queue;
        queue.retired(self.what, self.counted);
    }
}
