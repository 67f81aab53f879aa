//! How long a launch runs, where somebody asked for that: two of the driver's events around it.
//!
//! Together they take some microseconds of the issuing thread, several times what a launch itself takes there.

use super::clock::Stamp;
use super::driver::{Driver, EventHandle, Result, StreamHandle};
use std::sync::Arc;
use std::time::Duration;

/// Two points of a stream, before a launch and behind it.
pub(super) struct Timing {
    driver: Arc<dyn Driver>,
    begin: Stamp,
    end: Stamp,
}

impl Timing {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        Ok(Self {
            begin: Stamp::unmarked(driver)?,
            end: Stamp::unmarked(driver)?,
            driver: driver.clone(),
        })
    }

    /// What is recorded before and behind the launch.
    pub(super) fn marks(&self) -> [EventHandle; 2] {
        [self.begin.event(), self.end.event()]
    }

    /// The time between, once both were reached; none where the device is lost.
    pub(super) fn time(&self) -> Option<Duration> {
        // Whichever thread retires the launch.
        let elapsed = self
            .driver
            .bind()
            .and_then(|()| self.driver.elapsed(self.begin.event(), self.end.event()));
        let nanoseconds =
            elapsed.inspect_err(|error| tracing::debug!(%error, "a launch has no time"));
        Some(Duration::from_nanos(
            u64::try_from(nanoseconds.ok()?).unwrap_or(0),
        ))
    }
}

/// Enqueues something between two marks, if there are any.
pub(super) fn timed(
    driver: &dyn Driver,
    stream: StreamHandle,
    marks: Option<[EventHandle; 2]>,
    enqueue: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let Some([begin, end]) = marks else {
        return enqueue();
    };
    driver.record(begin, stream)?;
    enqueue()?;
    // What is enqueued runs whatever becomes of its time.
    if let Err(error) = driver.record(end, stream) {
        tracing::debug!(%error, "the end of a launch is not marked");
    }
    Ok(())
}
