//! The driver's streams, few of which serve the streams of all guests.
//!
//! Hardware has few queues, and a driver's stream that shares one with others waits behind them. So a device has a fixed
//! number of lanes; a guest's stream takes one when it has work, and leaves it when all that work is done.
//!
//! The end of work is known by *marks*: words that a lane's stream writes to host memory, counting up. A mark covers
//! everything issued before it, so that launches of which nobody waits for each share one.

use super::clock::{Clock, Stamp};
use super::driver::{Driver, DriverError, Result, StreamHandle};
use super::gate::Gate;
use super::issued::Issued;
use super::queue::CudaQueue;
use super::stream::{MarkedStream, is_covered};
use crate::launch::Launch;
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// Operations that share a mark at most.
pub(super) const UNMARKED: u32 = 16;

/// Operations in flight on a lane at most: less than what makes the driver's calls wait.
const IN_FLIGHT: u32 = 256;

/// Launches that may run less than this are marked each, so that a time limit is kept exactly.
pub(super) const MARKED_EACH: Duration = Duration::from_secs(1);

/// A driver's stream and what is in flight on it.
pub(super) struct Lane {
    stream: MarkedStream,
    in_flight: AtomicU32,
    /// The mark that covers what is at the head: whoever looks whether it is done needs no lock, which the issuing thread
    /// holds most of the time.
    head_mark: AtomicU32,
    state: Mutex<State>,
    /// Held by whoever retires: operations retire in their order.
    retiring: Mutex<()>,
}

struct State {
    issued: VecDeque<InFlight>,
    /// The mark that covers what is issued next.
    next_mark: u32,
    /// Operations that no mark covers yet.
    unmarked: u32,
    /// When the first of those was issued.
    unmarked_since: Instant,
    /// When what is at the head came there, as far as anyone looked.
    head_since: Instant,
}

/// A place for an operation on a lane.
pub(super) struct Reserved {
    lane: Arc<Lane>,
    is_used: bool,
}

impl Reserved {
    /// The operation was issued.
    pub(super) fn keep(mut self) {
        self.is_used = true;
    }
}

impl Deref for Reserved {
    type Target = Lane;

    fn deref(&self) -> &Lane {
        &self.lane
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.is_used {
            self.lane.in_flight.fetch_sub(1, SeqCst);
        }
    }
}

/// An operation that the driver did not take.
pub(super) struct Refused {
    pub(super) error: DriverError,
    pub(super) issued: Issued,
}

/// An operation that was issued.
struct InFlight {
    mark: u32,
    issued: Issued,
}

impl Lane {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        let now = Instant::now();
        Ok(Self {
            stream: MarkedStream::new(driver, 0)?,
            in_flight: AtomicU32::new(0),
            head_mark: AtomicU32::new(1),
            state: Mutex::new(State {
                issued: VecDeque::new(),
                next_mark: 1,
                unmarked: 0,
                unmarked_since: now,
                head_since: now,
            }),
            retiring: Mutex::default(),
        })
    }

    /// Operations in flight.
    pub(super) fn load(&self) -> u32 {
        self.in_flight.load(SeqCst)
    }

    /// A place for an operation, which counts as in flight from now on; none while there is no room, or the gate is closed.
    pub(super) fn reserve(self: Arc<Self>, gate: &Gate) -> Option<Reserved> {
        let before = self.in_flight.fetch_add(1, SeqCst);
        let reserved = Reserved {
            lane: self,
            is_used: false,
        };
        (before < IN_FLIGHT && !gate.is_closed()).then_some(reserved)
    }

    /// Has the driver enqueue something for which there is a place, and remembers what it was.
    pub(super) fn issue(
        &self,
        issued: Issued,
        enqueue: impl FnOnce(&dyn Driver, StreamHandle) -> Result<()>,
    ) -> std::result::Result<(), Box<Refused>> {
        let mut state = crate::lock(&self.state);
        let last = state.issued.back().map(|last| &last.issued.queue);
        let follows_another = last.is_some_and(|last| !Arc::ptr_eq(last, &issued.queue));
        if issued.has_own_time() || follows_another {
            // So that the time of what is before it ends here.
            self.write_mark_or_leave_it(&mut state);
        }
        if let Err(error) = enqueue(&**self.stream.driver(), self.stream.handle()) {
            return Err(Box::new(Refused { error, issued }));
        }
        let urgent =
            issued.wants_mark() || issued.time_limit().is_some_and(|limit| limit < MARKED_EACH);
        if state.unmarked == 0 {
            state.unmarked_since = Instant::now();
            if state.issued.is_empty() {
                state.head_since = state.unmarked_since;
            }
        }
        let mark = state.next_mark;
        if state.issued.is_empty() {
            self.head_mark.store(mark, Release);
        }
        state.issued.push_back(InFlight { mark, issued });
        state.unmarked += 1;
        if urgent || state.unmarked >= UNMARKED {
            self.write_mark_or_leave_it(&mut state);
        }
        Ok(())
    }

    /// What is in flight stays so where this fails: the next mark covers it, and a broken context shows elsewhere.
    fn write_mark_or_leave_it(&self, state: &mut State) {
        if let Err(error) = self.write_mark(state) {
            tracing::debug!(%error, "a mark could not be written");
        }
    }

    /// Marks a time.
    pub(super) fn stamp(&self, clock: &Clock) -> Result<Stamp> {
        clock.stamp(self.stream.handle())
    }

    /// Writes a mark behind what has none.
    pub(super) fn mark(&self) -> Result<()> {
        let mut state = crate::lock(&self.state);
        self.write_mark(&mut state)
    }

    /// Writes a mark behind what has had none for some time; not when somebody is issuing.
    pub(super) fn mark_older_than(&self, age: Duration) -> Result<()> {
        match self.state.try_lock() {
            Ok(mut state) if state.unmarked > 0 && state.unmarked_since.elapsed() >= age => {
                self.write_mark(&mut state)
            }
            _ => Ok(()),
        }
    }

    fn write_mark(&self, state: &mut State) -> Result<()> {
        if state.unmarked == 0 {
            return Ok(());
        }
        // SAFETY: the lane is dropped when nothing is in flight.
        unsafe { self.stream.write(state.next_mark)? };
        state.next_mark = state.next_mark.wrapping_add(1);
        state.unmarked = 0;
        Ok(())
    }

    /// Whether anything in flight is done that was not retired.
    fn has_done(&self) -> bool {
        self.stream.has_reached(self.head_mark.load(Acquire))
    }

    /// Retires what is done, unless somebody else does: whether anything was.
    pub(super) fn retire(&self) -> bool {
        if !self.has_done() {
            return false;
        }
        let _retiring = match self.retiring.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let done = self.take_done();
        let any = !done.is_empty();
        let count = done.len() as u32;
        for issued in done {
            issued.retire();
        }
        self.in_flight.fetch_sub(count, Relaxed);
        any
    }

    fn take_done(&self) -> Vec<Issued> {
        let mut state = crate::lock(&self.state);
        let seen = self.stream.last();
        let covered = state
            .issued
            .iter()
            .take_while(|operation| is_covered(operation.mark, seen))
            .count();
        state.head_since = Instant::now();
        let done = state.issued.drain(..covered);
        let done = done.map(|operation| operation.issued).collect();
        let head = state.issued.front().map_or(state.next_mark, |it| it.mark);
        self.head_mark.store(head, Release);
        done
    }

    /// The launches that may be running, and whose they are, on a device that is lost: those of which no mark says that they are
    /// over, as far as they share the first mark that is missing.
    pub(super) fn running(&self) -> Vec<(Arc<CudaQueue>, Arc<Launch>)> {
        self.retire();
        let state = crate::lock(&self.state);
        let first = state.issued.front().map(|first| first.mark);
        let together = state
            .issued
            .iter()
            .take_while(|operation| Some(operation.mark) == first);
        let launches = together.flat_map(|operation| operation.issued.launches());
        launches.collect()
    }

    /// Takes everything in flight on a device that is lost.
    pub(super) fn abandon(&self) -> Vec<Issued> {
        let mut state = crate::lock(&self.state);
        state.unmarked = 0;
        let all: Vec<Issued> = state.issued.drain(..).map(|it| it.issued).collect();
        self.in_flight.fetch_sub(all.len() as u32, Relaxed);
        all
    }

    /// Looks at what has been at the head, and for how long; not when somebody is issuing.
    pub(super) fn head(&self, look: impl FnOnce(&mut dyn Iterator<Item = &Issued>, Duration)) {
        let state: MutexGuard<'_, State> = match self.state.try_lock() {
            Ok(state) => state,
            Err(_) => return,
        };
        let Some(mark) = state.issued.front().map(|first| first.mark) else {
            return;
        };
        let mut together = state
            .issued
            .iter()
            .take_while(|operation| operation.mark == mark)
            .map(|operation| &operation.issued);
        look(&mut together, state.head_since.elapsed());
    }

    /// Whether the driver still answers.
    pub(super) fn check(&self) -> Result<()> {
        self.stream.is_done().map(|_| ())
    }
}
