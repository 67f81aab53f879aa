//! Compiles that are under way: whoever loads a source that is being compiled waits for that compile.

use super::{Cache, Compiled, Key};
use crate::backend::Program;
use crate::wakers::WakerList;
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
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
    /// Whether its time counts.
    begun: AtomicBool,
    landing: OnceLock<Landing>,
    wakers: WakerList,
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
    /// Waits until its time counts, or it is over.
    pub(super) async fn begun(&self) {
        let begun = || self.begun.load(SeqCst) || self.landing.get().is_some();
        poll_fn(|cx| self.wakers.poll(cx, || begun().then_some(()))).await;
    }

    /// How it ends, when it does.
    pub(super) async fn landed(&self) -> Landing {
        poll_fn(|cx| self.wakers.poll(cx, || self.landing.get().cloned())).await
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
    /// From now on its time counts.
    pub(super) fn begin(&self) {
        if let Some(entry) = &self.0 {
            entry.flight.begun.store(true, SeqCst);
            entry.flight.wakers.wake_all();
        }
    }

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

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            entry.land(Landing::Failed);
        }
    }
}
