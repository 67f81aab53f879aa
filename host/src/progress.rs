//! How far a stream is, and whether its work failed.

use crate::error::StreamError;
use crate::pending::Pending;
use crate::transfer::Transfers;
use crate::wakers::WakerList;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

const WORKING: u8 = 0;
const FAILED: u8 = 1;
const LOST: u8 = 2;

/// What a stream and the backend's queue behind it both know.
///
/// The stream submits operations and waits; the queue completes them and reports the first failure.
#[derive(Debug)]
pub(crate) struct Progress {
    submitted: AtomicU64,
    completed: AtomicU64,
    state: AtomicU8,
    error: Mutex<Option<StreamError>>,
    waiting: WakerList,
    pending: Arc<Pending>,
    transfers: Transfers,
}

impl Progress {
    pub(crate) fn new(pending: Arc<Pending>) -> Self {
        Self {
            submitted: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            state: AtomicU8::new(WORKING),
            error: Mutex::new(None),
            waiting: WakerList::default(),
            pending,
            transfers: Transfers::default(),
        }
    }

    /// Counts one operation as submitted; the caller has reserved it in [`Pending`].
    pub(crate) fn submit(&self) {
        self.submitted.fetch_add(1, SeqCst);
    }

    /// Counts one operation as finished, however it ended. What it held has been dropped.
    pub(crate) fn complete(&self, bytes: u64) {
        self.pending.release(bytes);
        self.completed.fetch_add(1, SeqCst);
        self.waiting.wake_all();
    }

    /// Whether nothing is enqueued or running.
    pub(crate) fn is_idle(&self) -> bool {
        self.completed.load(SeqCst) == self.submitted.load(SeqCst)
    }

    /// Whether work failed and nobody has been told yet.
    pub(crate) fn has_failed(&self) -> bool {
        self.state.load(SeqCst) != WORKING
    }

    /// The failure that nobody has been told yet.
    pub(crate) fn error(&self) -> Option<StreamError> {
        match self.state.load(SeqCst) {
            WORKING => None,
            LOST => Some(StreamError::DeviceLost),
            _ => crate::lock(&self.error).clone(),
        }
    }

    /// Records a failure, if it is the first; whether it is. Transfers are told at once, whoever else waits when the work has
    /// drained.
    pub(crate) fn fail(&self, error: StreamError) -> bool {
        {
            let mut first = crate::lock(&self.error);
            if first.is_some() {
                return false;
            }
            *first = Some(error.clone());
            // A lost device stays lost.
            let _ = self.state.compare_exchange(WORKING, FAILED, SeqCst, SeqCst);
        }
        self.transfers.fail(&error);
        true
    }

    /// Fails the stream for good. Whoever waits is told at once.
    pub(crate) fn lose(&self) {
        self.state.store(LOST, SeqCst);
        self.waiting.wake_all();
        self.transfers.fail(&StreamError::DeviceLost);
    }

    /// What goes on beside the stream's operations.
    pub(crate) fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// How many operations were submitted so far.
    pub(crate) fn submitted(&self) -> u64 {
        self.submitted.load(SeqCst)
    }

    /// Waits until everything submitted so far has finished or the device is lost.
    pub(crate) async fn drained(&self) {
        self.reached(self.submitted()).await;
    }

    /// Waits until so many operations have finished or the device is lost.
    pub(crate) async fn reached(&self, target: u64) {
        let reached = || {
            let over = self.completed.load(SeqCst) >= target || self.state.load(SeqCst) == LOST;
            over.then_some(())
        };
        poll_fn(|cx| self.waiting.poll(cx, reached)).await;
    }

    /// Waits until nothing submitted so far runs any more, of a lost device's work neither.
    pub(crate) async fn finished(&self) {
        let target = self.submitted.load(SeqCst);
        let reached = || (self.completed.load(SeqCst) >= target).then_some(());
        poll_fn(|cx| self.waiting.poll(cx, reached)).await;
    }

    /// The failure, if any; the stream works again unless its device is lost.
    pub(crate) fn take_error(&self) -> Option<StreamError> {
        if self.state.load(SeqCst) == LOST {
            return Some(StreamError::DeviceLost);
        }
        let mut error = crate::lock(&self.error);
        let taken = error.take();
        let _ = self.state.compare_exchange(FAILED, WORKING, SeqCst, SeqCst);
        taken
    }
}
