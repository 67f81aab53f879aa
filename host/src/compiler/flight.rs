//! Compiles that are under way: whoever loads a source that is being compiled waits for that compile.

use super::{Cache, Compiled, Key};
use crate::backend::{CompileClock, Program};
use crate::wakers::WakerList;
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};

/// How a compile ended.
#[derive(Clone)]
pub(super) enum Landing {
    Compiled(Compiled),
    /// The compiler panicked.
    Failed,
    /// Nobody began: the guest that was to is gone or out of patience.
    Abandoned,
}

/// One compile.
#[derive(Default)]
pub(super) struct Flight {
    /// Its time counts when this is odd, and was begun or paused so many times.
    clock: AtomicU32,
    landing: OnceLock<Landing>,
    wakers: WakerList,
}

/// Whether a compile's time counts, and since when.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock(u32);

impl Clock {
    pub(super) fn counts(self) -> bool {
        self.0 % 2 == 1
    }
}

/// What is being compiled, by the keys of the cache.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, Arc<Flight>>>>);

/// What is known of a source.
pub(super) enum Joined {
    /// It was compiled before.
    Known(Arc<Program>),
    /// It is being compiled.
    Other(Arc<Flight>),
    /// It is to be compiled by whoever asked.
    First(Arc<Flight>, Starting),
}

impl Flight {
    /// What its clock shows.
    pub(super) fn clock(&self) -> Clock {
        Clock(self.clock.load(SeqCst))
    }

    /// How it ends, when it does; none when its clock shows something else before.
    pub(super) async fn landed(&self, seen: Clock) -> Option<Landing> {
        let look = || match self.landing.get() {
            Some(landing) => Some(Some(landing.clone())),
            None => (self.clock() != seen).then_some(None),
        };
        poll_fn(|cx| self.wakers.poll(cx, look)).await
    }

    fn set_clock(&self, counts: bool) {
        let set = |clock: u32| (clock % 2 == u32::from(!counts)).then_some(clock.wrapping_add(1));
        // It may be what it should be already.
        let _ = self.clock.fetch_update(SeqCst, SeqCst, set);
        self.wakers.wake_all();
    }
}

impl Flights {
    pub(super) fn join(&self, cache: &Arc<Mutex<Cache>>, key: Key) -> Joined {
        let mut flights = crate::lock(&self.0);
        // Under the lock: a compile puts its result into the cache before it leaves the list.
        if let Some(program) = crate::lock(cache).find(&key) {
            return Joined::Known(program);
        }
        if let Some(flight) = flights.get(&key) {
            return Joined::Other(flight.clone());
        }
        let flight = Arc::new(Flight::default());
        flights.insert(key, flight.clone());
        let starting = Starting(Some(Entry {
            flights: self.clone(),
            cache: cache.clone(),
            flight: flight.clone(),
            key,
        }));
        Joined::First(flight, starting)
    }
}

/// A flight's place in the list.
struct Entry {
    flights: Flights,
    cache: Arc<Mutex<Cache>>,
    flight: Arc<Flight>,
    key: Key,
}

impl Entry {
    fn land(self, landing: Landing) {
        crate::lock(&self.flights.0).remove(&self.key);
        // Set once: an entry is used up by landing.
        let _ = self.flight.landing.set(landing);
        self.flight.wakers.wake_all();
    }
}

/// A compile whose turn has not come. Dropped, it is abandoned.
pub(super) struct Starting(Option<Entry>);

impl Starting {
    pub(super) fn run(mut self) -> Running {
        Running(self.0.take())
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            entry.land(Landing::Abandoned);
        }
    }
}

/// A compile that runs. Dropped, it has failed.
pub(super) struct Running(Option<Entry>);

impl Running {
    /// Keeps what was compiled, and tells whoever waits.
    pub(super) fn land(mut self, compiled: Compiled, source: usize) {
        if let Some(entry) = self.0.take() {
            if let Ok(program) = &compiled {
                crate::lock(&entry.cache).keep(entry.key, program.clone(), source);
            }
            entry.land(Landing::Compiled(compiled));
        }
    }
}

impl CompileClock for Running {
    fn pause(&self) {
        if let Some(entry) = &self.0 {
            entry.flight.set_clock(false);
        }
    }

    fn begin(&self) {
        if let Some(entry) = &self.0 {
            entry.flight.set_clock(true);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            entry.land(Landing::Failed);
        }
    }
}
