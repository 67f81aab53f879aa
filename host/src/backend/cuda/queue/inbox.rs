//! What a guest's thread leaves to the reactor.

use crate::operation::Submission;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Operations that came behind others that are not issued. Whoever brings one does not touch what the reactor works with
/// meanwhile: it lies in lines of the cache of its own.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Inbox {
    /// Whether the reactor issues what comes, since there is work before it that could not be issued or that it has yet to
    /// issue.
    deferred: AtomicBool,
    submissions: Mutex<VecDeque<Submission>>,
}

/// What became of an operation.
pub(super) enum Offered {
    NotTaken(Submission),
    Taken,
    /// Taken, and nobody knows yet that there is something.
    First,
}

impl Inbox {
    /// Whether the reactor issues what comes.
    pub(super) fn is_deferred(&self) -> bool {
        self.deferred.load(SeqCst)
    }

    /// From now on the reactor issues what comes.
    pub(super) fn defer(&self) {
        self.deferred.store(true, SeqCst);
    }

    /// Takes an operation if the reactor issues what comes, or is to do so from this one on. One thread at a time brings some.
    pub(super) fn offer(&self, submission: Submission, begins: impl FnOnce() -> bool) -> Offered {
        let mut submissions = crate::lock(&self.submissions);
        let is_first = !self.is_deferred();
        if is_first && !begins() {
            return Offered::NotTaken(submission);
        }
        self.defer();
        submissions.push_back(submission);
        match is_first {
            true => Offered::First,
            false => Offered::Taken,
        }
    }

    /// Moves what came to the end of `pending`: whether anything did. What comes from now on is issued by whoever brings it.
    pub(super) fn take(&self, pending: &mut VecDeque<Submission>) -> bool {
        let mut submissions = crate::lock(&self.submissions);
        self.deferred.store(false, SeqCst);
        let any = !submissions.is_empty();
        pending.append(&mut submissions);
        any
    }
}
