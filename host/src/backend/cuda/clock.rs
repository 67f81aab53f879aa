//! The device's time of a point in a stream.
//!
//! The driver tells the time between two of its events as a 32-bit float of milliseconds. So that this stays exact to the
//! half microsecond that events have, times count from a base event that is never old.

use super::driver::{Driver, EventHandle, Result, StreamHandle};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// After this the base is replaced: 2^24 half microseconds are eight seconds.
const BASE_AGE: Duration = Duration::from_secs(4);

/// A device's clock.
pub(super) struct Clock {
    driver: Arc<dyn Driver>,
    stream: StreamHandle,
    base: Mutex<Base>,
}

struct Base {
    event: Stamp,
    /// Nanoseconds on the device's clock.
    at: u64,
    taken: Instant,
}

/// A point in a stream that was marked.
pub(super) struct Stamp {
    driver: Arc<dyn Driver>,
    event: EventHandle,
}

impl Clock {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        let stream = driver.create_stream(0)?;
        let base = Stamp::new(driver, stream)?;
        while !driver.is_done(stream)? {
            std::hint::spin_loop();
        }
        Ok(Self {
            driver: driver.clone(),
            stream,
            base: Mutex::new(Base {
                event: base,
                at: 0,
                taken: Instant::now(),
            }),
        })
    }

    /// Marks a point.
    pub(super) fn stamp(&self, stream: StreamHandle) -> Result<Stamp> {
        Stamp::new(&self.driver, stream)
    }

    /// Nanoseconds at a point that was reached.
    pub(super) fn at(&self, stamp: &Stamp) -> Result<u64> {
        let mut base = crate::lock(&self.base);
        let elapsed = self.driver.elapsed(base.event.event, stamp.event)?;
        let at = base.at.saturating_add_signed(elapsed);
        if base.taken.elapsed() > BASE_AGE {
            let next = Stamp::new(&self.driver, self.stream)?;
            // An empty stream: a few microseconds, every few seconds.
            while !self.driver.is_done(self.stream)? {
                std::hint::spin_loop();
            }
            let passed = self.driver.elapsed(base.event.event, next.event)?;
            base.at = base.at.saturating_add_signed(passed);
            base.event = next;
            base.taken = Instant::now();
        }
        Ok(at)
    }
}

impl Stamp {
    /// The driver's event.
    pub(super) fn event(&self) -> EventHandle {
        self.event
    }

    /// Whether it is this driver's.
    pub(super) fn is_of(&self, driver: &Arc<dyn Driver>) -> bool {
        Arc::ptr_eq(&self.driver, driver)
    }

    fn new(driver: &Arc<dyn Driver>, stream: StreamHandle) -> Result<Self> {
        let stamp = Self {
            event: driver.create_event()?,
            driver: driver.clone(),
        };
        driver.record(stamp.event, stream)?;
        Ok(stamp)
    }
}

impl Drop for Stamp {
    fn drop(&mut self) {
        let destroyed = self
            .driver
            .bind()
            .and_then(|()| self.driver.destroy_event(self.event));
        if let Err(error) = destroyed {
            tracing::debug!(%error, "an event is kept");
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let destroyed = self
            .driver
            .bind()
            .and_then(|()| self.driver.destroy_stream(self.stream));
        if let Err(error) = destroyed {
            tracing::debug!(%error, "a stream is kept");
        }
    }
}
