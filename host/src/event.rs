//! Points in a stream's work.

use crate::error::StreamError;
use crate::wakers::WakerList;
use smallvec::SmallVec;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, OnceLock};

/// A queue that can go on after it waited for an event.
pub(crate) trait Resume: Send + Sync {
    /// The event was reached. Must not block, and must not run work on the calling thread.
    fn resume(self: Arc<Self>);
}

/// What an event completed with.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// Nanoseconds on the device's clock.
    pub(crate) at: u64,
    /// The failure of the stream at that point.
    pub(crate) error: Option<StreamError>,
}

/// A point in a stream's work, which any number of tasks and queues may wait for.
#[derive(Default)]
pub(crate) struct Event {
    reached: OnceLock<Reached>,
    queues: Mutex<SmallVec<[Arc<dyn Resume>; 1]>>,
    waiting: WakerList,
}

impl Event {
    /// What the event completed with; none while it is pending.
    pub(crate) fn reached(&self) -> Option<&Reached> {
        self.reached.get()
    }

    /// Completes the event. Later calls change nothing.
    pub(crate) fn complete(&self, reached: Reached) {
        if self.reached.set(reached).is_err() {
            return;
        }
        let queues = std::mem::take(&mut *crate::lock(&self.queues));
        for queue in queues {
            queue.resume();
        }
        self.waiting.wake_all();
    }

    /// Resumes `queue` when the event is reached; false when it is reached already.
    pub(crate) fn resume_later(&self, queue: Arc<dyn Resume>) -> bool {
        let mut queues = crate::lock(&self.queues);
        // `complete` sets the result before it takes this lock, so a queue that is added under the lock
        // while there is no result will be found.
        if self.reached.get().is_some() {
            return false;
        }
        queues.push(queue);
        true
    }

    /// Waits until the event is reached.
    pub(crate) async fn wait(&self) -> Reached {
        poll_fn(|cx| self.waiting.poll(cx, || self.reached.get().cloned())).await
    }
}
