//! Points in a stream's work.

use crate::backend::Queue;
use crate::error::StreamError;
use crate::wakers::WakerList;
use smallvec::SmallVec;
use std::any::Any;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, OnceLock, Weak};

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
    /// What a backend knows the point by, once its device does.
    native: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The queue of its stream.
    queue: OnceLock<Weak<dyn Queue>>,
    queues: Mutex<SmallVec<[Arc<dyn Resume>; 1]>>,
    waiting: WakerList,
}

impl Event {
    /// What the event completed with; none while it is pending.
    pub(crate) fn reached(&self) -> Option<&Reached> {
        self.reached.get()
    }

    /// An event of a stream with this queue.
    pub(crate) fn of(queue: &Arc<dyn Queue>) -> Self {
        let event = Self::default();
        // Its only time.
        let _ = event.queue.set(Arc::downgrade(queue));
        event
    }

    /// Tells other queues of the backend what they can wait for on the device.
    pub(crate) fn set_native(&self, native: impl Any + Send + Sync) {
        // Recorded once.
        let _ = self.native.set(Box::new(native));
    }

    /// What a backend knows the point by, if it has told.
    pub(crate) fn native<T: Any>(&self) -> Option<&T> {
        self.native.get()?.downcast_ref()
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

    /// Resumes `queue` when the event is reached, once however often it asked; false when it is reached already.
    pub(crate) fn resume_later(&self, queue: Arc<dyn Resume>) -> bool {
        let mut queues = crate::lock(&self.queues);
        // `complete` sets the result before it takes this lock, so a queue that is added under the lock
        // while there is no result will be found.
        if self.reached.get().is_some() {
            return false;
        }
        // A cancel ends a wait but not its place here: a queue may be back for the same event.
        if !queues.iter().any(|known| Arc::ptr_eq(known, &queue)) {
            queues.push(queue);
        }
        true
    }

    /// Waits until the event is reached.
    pub(crate) async fn wait(&self) -> Reached {
        let queue = self.queue.get().filter(|_| self.reached.get().is_none());
        if let Some(queue) = queue.and_then(Weak::upgrade) {
            queue.expedite(&|| self.reached.get().is_some());
        }
        poll_fn(|cx| self.waiting.poll(cx, || self.reached.get().cloned())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    #[derive(Default)]
    struct Counting(AtomicU32);

    impl Resume for Counting {
        fn resume(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn a_queue_that_waits_again_is_listed_once() {
        let (event, first, second) = (Event::default(), Arc::default(), Arc::default());
        let queues: [&Arc<Counting>; 2] = [&first, &second];
        for queue in [first.clone(), second.clone(), first.clone()] {
            assert!(event.resume_later(queue));
        }
        assert_eq!(crate::lock(&event.queues).len(), 2);
        event.complete(Reached { at: 0, error: None });
        assert_eq!(queues.map(|queue| queue.0.load(SeqCst)), [1, 1]);
    }
}
