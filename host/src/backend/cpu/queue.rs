//! One stream's operations, in order.

use super::Shared;
use super::control::{Control, Reason};
use super::copy::Transfer;
use super::pool::{Item, Slot};
use super::space::Memory;
use super::state::{Current, Next, Replay, State};
use super::task::{Task, Work};
use crate::backend::{Code, KernelFault, LaunchSink, Queue};
use crate::error::StreamError;
use crate::event::{Event, Reached, Resume};
use crate::hooks::LaunchEnd;
use crate::operation::{Operation, Submission};
use crate::progress::Progress;
use crate::timer::Alarm;
use std::collections::VecDeque;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// Transfers up to this size are done by whoever comes to them, the guest's own thread included: giving
/// them to a worker would take longer.
const IN_PLACE: u64 = 64 << 10;

/// Operations that a worker goes through before other guests get their turn: with the largest transfers
/// that are done in place 4 MiB, which take about as long as the longest chunk of a kernel may.
const TURN: u32 = 64;

/// The queue of one stream.
pub(super) struct CpuQueue {
    shared: Arc<Shared>,
    pub(super) memory: Arc<Memory>,
    pub(super) slot: Arc<Slot>,
    pub(super) control: Control,
    progress: Arc<Progress>,
    sink: Arc<dyn LaunchSink>,
    state: Mutex<State>,
    this: Weak<CpuQueue>,
}

/// What became of an operation.
enum Step {
    Done,
    Task(Arc<Task>),
    Blocked,
}

impl CpuQueue {
    pub(super) fn new(
        shared: Arc<Shared>,
        memory: Arc<Memory>,
        slot: Arc<Slot>,
        progress: Arc<Progress>,
        sink: Arc<dyn LaunchSink>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            shared,
            memory,
            slot,
            control: Control::default(),
            progress,
            sink,
            state: Mutex::default(),
            this: this.clone(),
        })
    }

    /// Goes through the operations until one needs the pool or an event, or the turn is over. The caller
    /// is the only one to do so: the state says that the queue is advancing.
    pub(super) fn advance(self: &Arc<Self>) -> Option<Arc<Task>> {
        for _ in 0..TURN {
            let next = crate::lock(&self.state).next(self.progress.has_failed());
            match next {
                Next::Nothing => return None,
                Next::GraphEnd(replay) => {
                    // Its buffers are free before anyone hears that it is over.
                    drop(replay);
                    self.progress.complete(0);
                }
                Next::Operation {
                    submission,
                    counted,
                } => match self.step(submission, counted) {
                    Step::Done => {}
                    Step::Task(task) => return Some(task),
                    Step::Blocked => return None,
                },
            }
        }
        // Behind the other guests, which small transfers and long replays would otherwise keep waiting.
        self.slot.push(Item::Queue(self.clone()));
        None
    }

    /// Does one operation, or begins it.
    fn step(self: &Arc<Self>, submission: Submission, counted: bool) -> Step {
        let held = submission.operation.held_bytes();
        let time_limit = submission.time_limit;
        let transfer = match submission.operation {
            Operation::Record(event) => {
                let error = self.progress.error();
                event.complete(Reached {
                    at: self.shared.now(),
                    error,
                });
                return self.done(0, counted);
            }
            _ if self.progress.has_failed() => return self.skip(submission.operation, counted),
            Operation::Wait(event) => return self.block(event, counted),
            Operation::Launch(launch) => {
                return self.begin(Work::Launch(launch), held, counted, time_limit);
            }
            Operation::Graph(recording) => {
                let replay = Replay {
                    recording,
                    next: 0,
                    time_limit,
                };
                crate::lock(&self.state).replay = Some(replay);
                return Step::Done;
            }
            Operation::Write { to, data } => Transfer::Write { to, data },
            Operation::Copy { from, to, length } => Transfer::Copy { from, to, length },
            Operation::Fill {
                to,
                length,
                pattern,
            } => Transfer::Fill {
                to,
                length,
                pattern,
            },
        };
        if transfer.length() > IN_PLACE {
            return self.begin(Work::Transfer(transfer), held, counted, None);
        }
        transfer.run(&self.memory, 0..transfer.units(), &AtomicU32::new(0));
        drop(transfer);
        self.done(held, counted)
    }

    /// Drops an operation of a failed stream.
    fn skip(&self, operation: Operation, counted: bool) -> Step {
        let held = operation.held_bytes();
        // Its buffers are free before anyone hears that it is over.
        drop(operation);
        self.done(held, counted)
    }

    fn done(&self, held: u64, counted: bool) -> Step {
        if counted {
            self.progress.complete(held);
        }
        Step::Done
    }

    /// Makes a task of some work, unless the stream has failed meanwhile.
    fn begin(
        self: &Arc<Self>,
        work: Work,
        held: u64,
        counted: bool,
        time_limit: Option<Duration>,
    ) -> Step {
        let task = Task::new(self.clone(), work, held, counted);
        let mut state = crate::lock(&self.state);
        if self.progress.has_failed() {
            drop(state);
            drop(task);
            return self.done(held, counted);
        }
        self.control.reset();
        state.current = Current::Running {
            time_limit,
            begun: None,
        };
        Step::Task(Arc::new(task))
    }

    fn block(self: &Arc<Self>, event: Arc<Event>, counted: bool) -> Step {
        if event.reached().is_some() {
            return self.done(0, counted);
        }
        {
            let mut state = crate::lock(&self.state);
            if self.progress.has_failed() {
                drop(state);
                return self.done(0, counted);
            }
            state.current = Current::Blocked(event.clone());
        }
        if event.resume_later(self.clone()) {
            return Step::Blocked;
        }
        // Reached just now, unless a cancel was faster to unblock the queue.
        if self.unblock() {
            self.done(0, counted)
        } else {
            Step::Blocked
        }
    }

    /// Moves from waiting for an event that was reached, or that no longer matters, to advancing.
    fn unblock(&self) -> bool {
        let mut state = crate::lock(&self.state);
        let over = match &state.current {
            Current::Blocked(event) => event.reached().is_some() || self.progress.has_failed(),
            _ => false,
        };
        if over {
            state.current = Current::Advancing;
        }
        over
    }

    /// Goes on after a wait, on a worker.
    fn unblock_later(self: &Arc<Self>) {
        if self.unblock() {
            self.progress.complete(0);
            self.slot.push(Item::Queue(self.clone()));
        }
    }

    /// Ends a task of which nothing runs any more.
    pub(super) fn finish(&self, task: Task) {
        let failure = self.failure(&task);
        let expired = matches!(failure, Some(StreamError::DeadlineExceeded));
        let is_first = failure.is_some_and(|error| self.progress.fail(error));
        if let Work::Launch(launch) = &task.work {
            if expired && is_first {
                self.sink.expired(launch);
            }
            self.sink.finished(launch, self.end(), Some(task.took()));
        }
        crate::lock(&self.state).current = Current::Advancing;
        let (held, counted) = (task.held, task.counted);
        // Its buffers are free before anyone hears that it is over.
        drop(task);
        self.done(held, counted);
    }

    /// How the task ended of which nothing runs any more.
    fn end(&self) -> LaunchEnd {
        match self.control.reason() {
            None => LaunchEnd::Completed,
            Some(Reason::Fault) => LaunchEnd::Faulted,
            Some(Reason::Deadline | Reason::Cancelled) => LaunchEnd::Stopped,
        }
    }

    fn failure(&self, task: &Task) -> Option<StreamError> {
        match (self.control.reason()?, &task.work) {
            (Reason::Fault, Work::Launch(launch)) => {
                let Code::Cpu(code) = &launch.kernel.code else {
                    return None;
                };
                Some(self.sink.describe(&KernelFault {
                    launch,
                    fault: code.fault(&task.fault),
                }))
            }
            (Reason::Deadline, _) => Some(StreamError::DeadlineExceeded),
            // Whoever cancelled has failed the stream already.
            (Reason::Cancelled | Reason::Fault, _) => None,
        }
    }

    /// The running task's first units are about to run: its clock starts.
    pub(super) fn first_block(&self, now: Instant) {
        let mut state = crate::lock(&self.state);
        let Current::Running { time_limit, begun } = &mut state.current else {
            return;
        };
        *begun = Some(now);
        let Some(deadline) = time_limit.and_then(|limit| now.checked_add(limit)) else {
            return;
        };
        if state.watched.is_none_or(|watched| deadline < watched) {
            state.watched = Some(deadline);
            let alarm: Weak<dyn Alarm> = self.this.clone();
            if let Err(error) = self.shared.timer.ring_at(deadline, alarm) {
                tracing::error!(%error, "a time limit cannot be kept");
                self.control.stop(Reason::Deadline);
            }
        }
    }

    /// Fails everything behind what runs, at once: on a lost device it may run for ever.
    fn drain(&self, pending: VecDeque<Submission>) {
        for submission in pending {
            if let Operation::Record(event) = &submission.operation {
                let error = self.progress.error();
                event.complete(Reached {
                    at: self.shared.now(),
                    error,
                });
            }
            self.skip(submission.operation, true);
        }
    }
}

impl Queue for CpuQueue {
    fn submit(self: Arc<Self>, submission: Submission) {
        {
            let mut state = crate::lock(&self.state);
            if !matches!(state.current, Current::Idle) {
                state.pending.push_back(submission);
                return;
            }
            state.current = Current::Advancing;
        }
        match self.step(submission, true) {
            Step::Task(task) => self.slot.push(Item::Task(task)),
            Step::Blocked => {}
            Step::Done => {
                let mut state = crate::lock(&self.state);
                if state.pending.is_empty() && state.replay.is_none() {
                    state.current = Current::Idle;
                } else {
                    drop(state);
                    self.slot.push(Item::Queue(self.clone()));
                }
            }
        }
    }

    fn stop(self: Arc<Self>) {
        let lost = matches!(self.progress.error(), Some(StreamError::DeviceLost));
        let pending = {
            let mut state = crate::lock(&self.state);
            if let Current::Running { .. } = state.current {
                self.control.stop(Reason::Cancelled);
            }
            if lost {
                std::mem::take(&mut state.pending)
            } else {
                VecDeque::new()
            }
        };
        self.drain(pending);
        self.unblock_later();
    }

    fn time_remaining(&self) -> Option<Duration> {
        match crate::lock(&self.state).current {
            Current::Running {
                time_limit: Some(limit),
                begun: Some(begun),
            } => Some(limit.saturating_sub(begun.elapsed())),
            _ => None,
        }
    }
}

impl Resume for CpuQueue {
    fn resume(self: Arc<Self>) {
        self.unblock_later();
    }
}

impl Alarm for CpuQueue {
    fn ring(&self, now: Instant) -> Option<Instant> {
        let mut state = crate::lock(&self.state);
        if state.watched.is_some_and(|watched| now < watched) {
            // An earlier alarm for a later moment; the one for `watched` is still to come.
            return None;
        }
        state.watched = match state.current {
            Current::Running {
                time_limit: Some(limit),
                begun: Some(begun),
            } => begun.checked_add(limit),
            _ => None,
        };
        if state.watched.is_some_and(|deadline| deadline <= now) {
            self.control.stop(Reason::Deadline);
            state.watched = None;
        }
        state.watched
    }
}
