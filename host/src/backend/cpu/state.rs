//! What a queue has to do, and what it is doing.

use crate::event::Event;
use crate::operation::{Operation, Submission};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a queue holds and does, behind its lock.
#[derive(Default)]
pub(super) struct State {
    pub(super) pending: VecDeque<Submission>,
    pub(super) replay: Option<Replay>,
    pub(super) current: Current,
    /// When the timer rings next for this queue.
    pub(super) watched: Option<Instant>,
}

/// A graph that is being run.
pub(super) struct Replay {
    pub(super) operations: Arc<Vec<Operation>>,
    pub(super) next: usize,
    pub(super) time_limit: Option<Duration>,
}

/// What the queue does now.
#[derive(Default)]
pub(super) enum Current {
    /// Nothing is enqueued.
    #[default]
    Idle,
    /// Somebody is going through the operations, or the pool will.
    Advancing,
    /// A task is with the pool.
    Running {
        time_limit: Option<Duration>,
        begun: Option<Instant>,
    },
    /// An event is waited for.
    Blocked(Arc<Event>),
}

/// What comes next.
pub(super) enum Next {
    Operation {
        submission: Submission,
        counted: bool,
    },
    GraphEnd,
    Nothing,
}

impl State {
    /// Takes what comes next; the queue is idle when that is nothing.
    pub(super) fn next(&mut self) -> Next {
        if let Some(replay) = &mut self.replay {
            let Some(operation) = replay.operations.get(replay.next) else {
                self.replay = None;
                return Next::GraphEnd;
            };
            replay.next += 1;
            let submission = Submission {
                operation: operation.clone(),
                time_limit: replay.time_limit,
            };
            return Next::Operation {
                submission,
                counted: false,
            };
        }
        match self.pending.pop_front() {
            Some(submission) => Next::Operation {
                submission,
                counted: true,
            },
            None => {
                self.current = Current::Idle;
                Next::Nothing
            }
        }
    }
}
