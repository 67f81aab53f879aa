//! Writing stop words past everything that is enqueued.

use super::driver::{Driver, Result, StreamHandle};
use super::pinned::Pinned;
use std::sync::atomic::Ordering::Acquire;
use std::sync::{Arc, Mutex};

/// Highest priority; the driver takes the nearest that it has.
const FIRST: i32 = -5;

/// A stream of the host's own, on which nothing ever waits.
pub(super) struct Stopper {
    driver: Arc<dyn Driver>,
    stream: StreamHandle,
    marks: Pinned,
    written: Mutex<u32>,
}

/// A stop that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u32);

impl Stopper {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        Ok(Self {
            stream: driver.create_stream(FIRST)?,
            marks: Pinned::new(driver, size_of::<u32>())?,
            driver: driver.clone(),
            written: Mutex::new(0),
        })
    }

    /// Sets a stop word, which lives until [`Stopper::is_done`] says so.
    pub(super) fn stop(&self, word: u64) -> Result<Ticket> {
        let mut written = crate::lock(&self.written);
        let ticket = written.wrapping_add(1);
        // SAFETY: the caller keeps the stop word; the mark lives as long as this.
        unsafe {
            self.driver.write_word(self.stream, word, 1)?;
            self.driver
                .write_word(self.stream, self.marks.address(0), ticket)?;
        }
        *written = ticket;
        Ok(Ticket(ticket))
    }

    /// Whether a word was set, so that what is written to it from now on stays.
    pub(super) fn is_done(&self, ticket: Ticket) -> bool {
        let seen = self.marks.word(0).load(Acquire);
        (seen.wrapping_sub(ticket.0) as i32) >= 0
    }
}

impl Drop for Stopper {
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
