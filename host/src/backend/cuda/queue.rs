//! One stream's operations, in order, on whichever lane has room.
//!
//! Handing an operation to the driver takes longer than everything else that a call does. So the guest's thread does that
//! itself only while the GPU has nothing of the stream, or nobody else is awake to do it; behind work that the GPU has it
//! leaves operations in the queue's inbox, from which the reactor issues them while the guest goes on.

mod ended;
mod inbox;
mod operations;

use super::Gpu;
use super::choice::Choices;
use super::control::Control;
use super::driver::DriverError;
use super::issued::{Issued, What};
use super::lane::{Lane, Reserved};
use super::space::Memory;
use super::stopper::Ticket;
use crate::backend::{LaunchSink, Queue};
use crate::error::StreamError;
use crate::event::{Event, Reached, Resume};
use crate::launch::Launch;
use crate::operation::{Operation, Place, Submission};
use crate::progress::Progress;
use crate::recording::Recording;
use inbox::{Inbox, Offered};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

/// Operations that are issued before others get their turn.
const TURN: u32 = 64;

/// Operations in flight from which on more are expected.
const BURST: u32 = 4;

/// The queue of one stream.
pub(super) struct CudaQueue {
    pub(super) memory: Arc<Memory>,
    control: Control,
    progress: Arc<Progress>,
    sink: Arc<dyn LaunchSink>,
    /// Whether launches are timed.
    measures: bool,
    /// Operations, and parts of them, that the driver has.
    in_flight: AtomicU32,
    inbox: Inbox,
    /// Whether the queue is on the reactor's list.
    pub(super) listed: AtomicBool,
    /// Launches that are over.
    launches_over: AtomicU32,
    state: Mutex<State>,
    this: Weak<CudaQueue>,
}

/// What may be done by whoever holds the queue.
#[repr(align(128))]
struct State {
    pending: VecDeque<Submission>,
    replay: Option<Replay>,
    upload: Option<Upload>,
    blocked: Option<Arc<Event>>,
    lane: Option<Arc<Lane>>,
    /// Launches that were issued.
    launches: u32,
    /// So many of them until the last one that may fault or be stopped.
    until_unsure: u32,
    choices: Choices,
    /// Whether the stop word may be set, by a fault or by the host.
    stopped: bool,
    stop: Option<(Ticket, Instant)>,
    /// The parameter block, used again and again.
    block: Vec<u8>,
}

/// A graph that is being issued.
struct Replay {
    recording: Arc<Recording>,
    next: usize,
    time_limit: Option<Duration>,
    counted: Option<u64>,
}

/// An upload of which a part was issued.
struct Upload {
    to: Place,
    data: Arc<Vec<u8>>,
    issued: usize,
    counted: Option<u64>,
}

/// What became of the next operation.
enum Step {
    Issued,
    /// Nothing is left.
    Nothing,
    /// An event, which resumes the queue.
    Blocked,
    /// There is no room; the reactor tries again.
    Full,
}

impl CudaQueue {
    pub(super) fn open(
        memory: Arc<Memory>,
        progress: Arc<Progress>,
        sink: Arc<dyn LaunchSink>,
    ) -> super::driver::Result<Arc<Self>> {
        memory.gpu.driver.bind()?;
        let control = memory.gpu.controls.take()?;
        let stopped = control.is_set();
        Ok(Arc::new_cyclic(|this| Self {
            memory,
            control,
            progress,
            measures: sink.wants_times(),
            sink,
            in_flight: AtomicU32::new(0),
            inbox: Inbox::default(),
            listed: AtomicBool::new(false),
            launches_over: AtomicU32::new(0),
            state: Mutex::new(State {
                pending: VecDeque::new(),
                replay: None,
                upload: None,
                blocked: None,
                lane: None,
                launches: 0,
                until_unsure: 0,
                choices: Choices::default(),
                stopped,
                stop: None,
                block: Vec::new(),
            }),
            this: this.clone(),
        }))
    }

    fn gpu(&self) -> &Arc<Gpu> {
        &self.memory.gpu
    }

    /// Issues what waits, on the reactor's thread.
    pub(super) fn advance(self: &Arc<Self>) {
        let state = crate::lock(&self.state);
        let lane = self.issue_some(state);
        // Somebody may wait for what is the last for now.
        if let Some(lane) = lane.filter(|_| self.gpu().reactor.is_hurried())
            && let Err(error) = lane.mark()
        {
            self.gpu().lose(&error.to_string());
        }
    }

    /// Issues what it can, and says on which lane.
    fn issue_some(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> Option<Arc<Lane>> {
        self.forget_old_stop(&mut state);
        if let Err(error) = self.gpu().driver.bind() {
            self.gpu().lose(&error.to_string());
        }
        let mut again = true;
        for _ in 0..TURN {
            match self.step(&mut state) {
                Step::Issued => continue,
                Step::Nothing if self.inbox.take(&mut state.pending) => continue,
                Step::Blocked if self.inbox.take(&mut state.pending) => again = false,
                Step::Nothing | Step::Blocked => again = false,
                Step::Full => {}
            }
            break;
        }
        if again {
            self.inbox.defer();
        }
        let lane = state.lane.clone();
        drop(state);
        if again {
            self.gpu().reactor.list(self.clone());
        }
        lane
    }

    /// Leaves an operation to the reactor, if that is to issue it; gives it back if not.
    fn defer(self: &Arc<Self>, submission: Submission) -> Option<Submission> {
        let reactor = &self.gpu().reactor;
        let offered = self.inbox.offer(submission, || {
            let in_flight = self.in_flight.load(SeqCst);
            if in_flight >= BURST {
                reactor.expect_more();
            }
            in_flight > 0 && reactor.issues()
        });
        match offered {
            Offered::NotTaken(submission) => Some(submission),
            Offered::Taken => None,
            Offered::First => {
                reactor.list(self.clone());
                None
            }
        }
    }

    /// Issues the next operation.
    fn step(self: &Arc<Self>, state: &mut State) -> Step {
        if state.blocked.is_some() {
            return Step::Blocked;
        }
        let failed = self.progress.has_failed();
        if let Some(upload) = state.upload.take() {
            return match failed {
                true => self.over(upload.counted),
                false => self.upload(state, upload),
            };
        }
        if let Some(replay) = state.replay.take() {
            return self.replay(state, replay, failed);
        }
        let Some(submission) = state.pending.pop_front() else {
            return Step::Nothing;
        };
        let counted = Some(submission.operation.held_bytes());
        let time_limit = submission.time_limit;
        match self.operation(state, submission.operation, time_limit, counted, failed) {
            Ok(step) => step,
            Err(operation) => {
                state.pending.push_front(Submission {
                    operation,
                    time_limit,
                });
                Step::Full
            }
        }
    }

    /// Issues an operation, or gives it back when there is no room.
    fn operation(
        self: &Arc<Self>,
        state: &mut State,
        operation: Operation,
        time_limit: Option<Duration>,
        counted: Option<u64>,
        failed: bool,
    ) -> Result<Step, Operation> {
        match operation {
            Operation::Record(event) => self
                .record(state, event, counted)
                .map_err(Operation::Record),
            operation if failed => {
                // Its buffers are free before anyone hears that it is over.
                drop(operation);
                Ok(self.over(counted))
            }
            Operation::Wait(event) => self.wait(state, event, counted).map_err(Operation::Wait),
            Operation::Launch(launch) => self
                .launch(state, launch, time_limit, counted)
                .map_err(Operation::Launch),
            Operation::Graph(recording) => self
                .graph(state, recording, time_limit, counted)
                .map_err(Operation::Graph),
            Operation::Write { to, data } => {
                let upload = Upload {
                    to,
                    data,
                    issued: 0,
                    counted,
                };
                Ok(self.upload(state, upload))
            }
            Operation::Copy { from, to, length } => self.copy(state, from, to, length, counted),
            Operation::Fill {
                to,
                length,
                pattern,
            } => self.fill(state, to, length, pattern, counted),
        }
    }

    /// An operation is over that the driver never had.
    fn over(&self, counted: Option<u64>) -> Step {
        if let Some(held) = counted {
            self.progress.complete(held);
        }
        Step::Issued
    }

    /// A place on the lane to issue on; none while there is no room.
    fn lane(&self, state: &mut State) -> Option<Reserved> {
        if self.in_flight.load(SeqCst) == 0 {
            let idle = state.lane.as_ref().is_some_and(|lane| lane.load() == 0);
            if !idle {
                match self.gpu().least_busy_lane() {
                    Ok(lane) => state.lane = Some(lane),
                    // What there is will do; without any the next call says why.
                    Err(error) => tracing::warn!(%error, "the device has no more streams"),
                }
            }
        }
        state.lane.clone()?.reserve(&self.gpu().gate)
    }

    fn issued(
        self: &Arc<Self>,
        lane: Reserved,
        what: What,
        counted: Option<u64>,
        enqueue: impl FnOnce(
            &dyn super::driver::Driver,
            super::driver::StreamHandle,
        ) -> super::driver::Result<()>,
    ) -> Step {
        let issued = Issued {
            queue: self.clone(),
            what,
            counted,
        };
        self.in_flight.fetch_add(1, SeqCst);
        self.gpu().reactor.notice();
        if let Err(refused) = lane.issue(issued, enqueue) {
            self.refused(&refused.error);
            self.in_flight.fetch_sub(1, SeqCst);
            let counted = refused.issued.counted;
            drop((refused, lane));
            return self.over(counted);
        }
        lane.keep();
        Step::Issued
    }

    /// The driver did not take an operation.
    fn refused(&self, error: &DriverError) {
        if error.is_fatal() {
            self.gpu().lose(&error.to_string());
            self.progress.fail(StreamError::DeviceLost);
            return;
        }
        let text = format!("the driver refused the operation: {error}");
        self.progress.fail(StreamError::Refused(text.into()));
    }

    /// Once a stop has ended what it was for and was itself carried out, nothing is being stopped.
    fn forget_old_stop(&self, state: &mut State) {
        if let Some((ticket, _)) = state.stop
            && self.in_flight.load(SeqCst) == 0
            && self.gpu().stopper.is_done(ticket)
        {
            state.stop = None;
        }
    }

    /// Something that the driver had is over.
    pub(super) fn retired(self: &Arc<Self>, what: What, counted: Option<u64>) {
        match &what {
            What::Launch {
                launch,
                entry,
                record,
                timing,
                ..
            } => {
                let has_faulted = self.control.has_fault(*record);
                let fault = has_faulted.then(|| self.control.take_record(*record));
                let time = timing.as_ref().and_then(|timing| timing.time());
                self.ended(launch, *entry, fault.as_ref(), time);
                self.launches_over.fetch_add(1, SeqCst);
            }
            What::Replay {
                graph, recording, ..
            } => {
                for (launch, entry, fault) in graph.ended(recording) {
                    self.ended(launch, entry, fault.as_ref(), None);
                }
                self.launches_over.fetch_add(1, SeqCst);
            }
            What::Record(event) => event.complete(Reached {
                at: self.time_of(event),
                error: self.progress.error(),
            }),
            _ => {}
        }
        // Its buffers are free, and the queue can go on, before anyone hears that it is over.
        drop(what);
        self.in_flight.fetch_sub(1, SeqCst);
        if let Some(held) = counted {
            self.progress.complete(held);
        }
        if self.inbox.is_deferred() {
            self.gpu().reactor.list(self.clone());
        }
    }

    /// Nanoseconds on the device's clock; 0 where the device is lost.
    fn time_of(&self, event: &Event) -> u64 {
        // Whichever thread retires it.
        let at = |stamp| {
            self.gpu()
                .driver
                .bind()
                .and_then(|()| self.gpu().clock.at(stamp))
        };
        let at = event.native().map(at);
        match at {
            Some(Ok(at)) => at,
            Some(Err(error)) => {
                tracing::debug!(%error, "an event has no time");
                0
            }
            None => 0,
        }
    }

    /// Whether the launch with this record has begun to write it.
    pub(super) fn has_fault(&self, record: u32) -> bool {
        self.control.has_fault(record)
    }

    /// What runs has run for longer than it may.
    pub(super) fn expire(&self, launch: &Launch, has_faulted: bool) {
        // A fault that is already written comes first; it is reported when the launch is over.
        if !has_faulted && self.progress.fail(StreamError::DeadlineExceeded) {
            self.sink.expired(launch);
        }
        self.stop_running();
    }

    /// Sets the stop word, unless it is set.
    fn stop_running(&self) {
        let mut state = crate::lock(&self.state);
        if state.stop.is_some() || self.in_flight.load(SeqCst) == 0 {
            return;
        }
        state.stopped = true;
        let stop = self.gpu().driver.bind();
        match stop.and_then(|()| self.gpu().stopper.stop(self.control.stop())) {
            Ok(ticket) => state.stop = Some((ticket, Instant::now())),
            Err(error) => self.gpu().lose(&error.to_string()),
        }
    }

    /// Tells what runs to stop once more: what resets the stop word for a launch may have been carried out after the stop.
    pub(super) fn stop_again(&self) {
        let mut state = crate::lock(&self.state);
        let stopper = &self.gpu().stopper;
        let Some((_, since)) = state.stop.filter(|(ticket, _)| stopper.is_done(*ticket)) else {
            return;
        };
        match stopper.stop(self.control.stop()) {
            Ok(ticket) => state.stop = Some((ticket, since)),
            Err(error) => self.gpu().lose(&error.to_string()),
        }
    }

    /// Since when what runs has been told to stop.
    pub(super) fn stopping_since(&self) -> Option<Instant> {
        crate::lock(&self.state).stop.map(|(_, since)| since)
    }

    /// Drops everything, on a device that is lost.
    fn drain(self: &Arc<Self>) {
        let (pending, replay, upload) = {
            let mut state = crate::lock(&self.state);
            state.blocked = None;
            self.inbox.take(&mut state.pending);
            (
                std::mem::take(&mut state.pending),
                state.replay.take(),
                state.upload.take(),
            )
        };
        let counted = [
            replay.and_then(|replay| replay.counted),
            upload.and_then(|upload| upload.counted),
        ];
        counted
            .into_iter()
            .flatten()
            .for_each(|held| self.progress.complete(held));
        for submission in pending {
            let held = submission.operation.held_bytes();
            if let Operation::Record(event) = &submission.operation {
                event.complete(Reached {
                    at: 0,
                    error: self.progress.error(),
                });
            }
            drop(submission);
            self.progress.complete(held);
        }
    }

    /// Goes on after a wait for an event that was reached, or that no longer matters.
    fn unblock(self: &Arc<Self>) {
        let mut state = crate::lock(&self.state);
        let over = state
            .blocked
            .as_ref()
            .is_some_and(|event| event.reached().is_some() || self.progress.has_failed());
        if over {
            state.blocked = None;
            self.inbox.defer();
            drop(state);
            self.progress.complete(0);
            self.gpu().reactor.list(self.clone());
        }
    }
}

impl Drop for CudaQueue {
    fn drop(&mut self) {
        let stopper = &self.memory.gpu.stopper;
        let state = self.state.get_mut();
        let state = state.unwrap_or_else(std::sync::PoisonError::into_inner);
        self.control.leave(state.stopped);
        // What it was to end may have ended by itself before.
        if let Some((ticket, _)) = state.stop {
            stopper.keep(ticket, self.control.take());
        }
    }
}

impl Queue for CudaQueue {
    fn submit(self: Arc<Self>, submission: Submission) {
        let Some(submission) = self.defer(submission) else {
            return;
        };
        let mut state = crate::lock(&self.state);
        state.pending.push_back(submission);
        // What this thread retires is still in its cache, and it has just given the GPU something to do.
        if let Some(lane) = self.issue_some(state) {
            lane.retire();
        }
    }

    fn stop(self: Arc<Self>) {
        // Where the device is lost by somebody's word alone, what runs would go on for ever.
        self.stop_running();
        if matches!(self.progress.error(), Some(StreamError::DeviceLost)) {
            self.drain();
            return;
        }
        self.unblock();
        self.gpu().reactor.list(self.clone());
    }

    fn time_remaining(&self) -> Option<Duration> {
        let lane = crate::lock(&self.state).lane.clone()?;
        let mut remaining = None;
        lane.head(|together, since| {
            let mut running = since;
            let own = together.filter(|issued| self.this.as_ptr() == Arc::as_ptr(&issued.queue));
            let limits = own.filter_map(|issued| {
                running = running.min(issued.running(since));
                issued.time_limit()
            });
            let limits = limits.reduce(Duration::saturating_add);
            remaining = limits.map(|limit| limit.saturating_sub(running));
        });
        remaining
    }

    fn expedite(self: Arc<Self>, until: &dyn Fn() -> bool) {
        self.gpu().watch(until, || {
            let issued = !self.inbox.is_deferred();
            issued.then(|| crate::lock(&self.state).lane.clone())?
        });
    }
}

impl Resume for CudaQueue {
    fn resume(self: Arc<Self>) {
        self.unblock();
    }
}
