//! Stopping the task that a queue runs.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};

/// Why a task was stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Fault = 1,
    Deadline = 2,
    Cancelled = 3,
}

/// The word that makes running kernels leave, and why it was set.
#[derive(Default)]
pub(super) struct Control {
    stop: AtomicU32,
    reason: AtomicU8,
}

impl Control {
    pub(super) fn stop_word(&self) -> &AtomicU32 {
        &self.stop
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(SeqCst) != 0
    }

    /// Stops the running task; the first reason is kept.
    pub(super) fn stop(&self, reason: Reason) {
        let _ = self
            .reason
            .compare_exchange(0, reason as u8, SeqCst, SeqCst);
        self.stop.store(1, SeqCst);
    }

    pub(super) fn reason(&self) -> Option<Reason> {
        match self.reason.load(SeqCst) {
            1 => Some(Reason::Fault),
            2 => Some(Reason::Deadline),
            3 => Some(Reason::Cancelled),
            _ => None,
        }
    }

    pub(super) fn reset(&self) {
        self.reason.store(0, SeqCst);
        self.stop.store(0, SeqCst);
    }
}
