//! The device's time of a point in a stream.
//!
//! The driver tells the time between two of its events as a 32-bit float of milliseconds. So that this stays exact to the
//! half microsecond that events have, times count from a base event that is never old.

use super::driver::{Driver, EventHandle, Result, StreamHandle};
use super::stream::Stream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// After this the base is replaced: 2^24 half microseconds are eight seconds.
const BASE_AGE: Duration = Duration::from_secs(4);

/// A device's clock.
pub(super) struct Clock {
    stream: Stream,
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
        let stream = Stream::new(driver, 0)?;
        Ok(Self {
            base: Mutex::new(Base {
                event: reached_now(&stream)?,
                at: 0,
                taken: Instant::now(),
            }),
            stream,
        })
    }

    /// Marks a point.
    pub(super) fn stamp(&self, stream: StreamHandle) -> Result<Stamp> {
        Stamp::new(self.stream.driver(), stream)
    }

    /// Nanoseconds at a point that was reached.
    pub(super) fn at(&self, stamp: &Stamp) -> Result<u64> {
        let mut base = crate::lock(&self.base);
        let elapsed = self
            .stream
            .driver()
            .elapsed(base.event.event, stamp.event)?;
        let at = base.at.saturating_add_signed(elapsed);
        if base.taken.elapsed() > BASE_AGE {
            let next = reached_now(&self.stream)?;
            let passed = self.stream.driver().elapsed(base.event.event, next.event)?;
            base.at = base.at.saturating_add_signed(passed);
            base.event = next;
            base.taken = Instant::now();
        }
        Ok(at)
    }
}

/// A point of an empty stream that is reached: a few microseconds, every few seconds.
fn reached_now(stream: &Stream) -> Result<Stamp> {
    let stamp = Stamp::new(stream.driver(), stream.handle())?;
    while !stream.is_done()? {
        std::hint::spin_loop();
    }
    Ok(stamp)
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
        let stamp = Self::unmarked(driver)?;
        driver.record(stamp.event, stream)?;
        Ok(stamp)
    }

    /// One that is yet to mark a point.
    pub(super) fn unmarked(driver: &Arc<dyn Driver>) -> Result<Self> {
        Ok(Self {
            event: driver.create_event()?,
            driver: driver.clone(),
        })
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
