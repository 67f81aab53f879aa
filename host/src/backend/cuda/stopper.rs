//! Writing stop words past everything that is enqueued.

use super::driver::{Driver, Result};
use super::stream::MarkedStream;
use std::sync::{Arc, Mutex};

/// Highest priority; the driver takes the nearest that it has.
const FIRST: i32 = -5;

/// A stream of the host's own, on which nothing ever waits.
pub(super) struct Stopper {
    stream: MarkedStream,
    written: Mutex<u32>,
}

/// A stop that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u32);

impl Stopper {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        Ok(Self {
            stream: MarkedStream::new(driver, FIRST)?,
            written: Mutex::new(0),
        })
    }

    /// Sets a stop word, which lives until [`Stopper::is_done`] says so.
    pub(super) fn stop(&self, word: u64) -> Result<Ticket> {
        let mut written = crate::lock(&self.written);
        let ticket = written.wrapping_add(1);
        // SAFETY: the caller keeps the stop word; this lives as long as its device.
        unsafe {
            self.stream
                .driver()
                .write_word(self.stream.handle(), word, 1)?;
            self.stream.write(ticket)?;
        }
        *written = ticket;
        Ok(Ticket(ticket))
    }

    /// Whether a word was set, so that what is written to it from now on stays.
    pub(super) fn is_done(&self, ticket: Ticket) -> bool {
        self.stream.has_reached(ticket.0)
    }
}
