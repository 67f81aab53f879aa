//! What a queue has to do, and what it is doing.

use crate::event::Event;
use crate::operation::Submission;
use crate::recording::Recording;
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
    pub(super) recording: Arc<Recording>,
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
    /// A replay is over; whoever took it drops what it held.
    GraphEnd(Replay),
    Nothing,
}

impl State {
    /// Takes what comes next; the queue is idle when that is nothing. A replay on a stream that has
    /// `failed` is over: nothing in it would run, nor does anyone wait for a part of it.
    pub(super) fn next(&mut self, failed: bool) -> Next {
        if let Some(replay) = self.replay.take() {
            return self.go_on(replay, failed);
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

    fn go_on(&mut self, mut replay: Replay, failed: bool) -> Next {
        let operation = replay
            .recording
            .operations()
            .get(replay.next)
            .filter(|_| !failed);
        let Some(operation) = operation.cloned() else {
            return Next::GraphEnd(replay);
        };
        let submission = Submission {
            operation,
            time_limit: replay.time_limit,
        };
        replay.next += 1;
        self.replay = Some(replay);
        Next::Operation {
            submission,
            counted: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, recording};

    fn replaying(operations: usize) -> State {
        let replay = Replay {
            recording: recording((0..operations).map(|_| call(|| ()))),
            next: 0,
            time_limit: None,
        };
        State {
            replay: Some(replay),
            ..State::default()
        }
    }

    #[test]
    fn a_replay_ends_behind_its_last_operation() {
        let mut state = replaying(2);
        assert!(matches!(state.next(false), Next::Operation { .. }));
        assert!(matches!(state.next(false), Next::Operation { .. }));
        assert!(matches!(state.next(false), Next::GraphEnd(_)));
        assert!(matches!(state.next(false), Next::Nothing));
    }

    #[test]
    fn a_replay_on_a_failed_stream_ends_whatever_is_left_of_it() {
        let mut state = replaying(1000);
        assert!(matches!(state.next(false), Next::Operation { .. }));
        assert!(matches!(state.next(true), Next::GraphEnd(_)));
        assert!(matches!(state.next(true), Next::Nothing));
    }
}
