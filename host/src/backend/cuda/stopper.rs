//! Writing stop words past everything that is enqueued.

use super::control::Control;
use super::driver::{Driver, Result};
use super::stream::MarkedStream;
use std::sync::{Arc, Mutex};

/// Highest priority; the driver takes the nearest that it has.
const FIRST: i32 = -5;

/// A stream of the host's own, on which nothing ever waits.
pub(super) struct Stopper {
    stream: MarkedStream,
    written: Mutex<u32>,
    /// Words of queues that are gone, to which the GPU has yet to write.
    kept: Mutex<Vec<(Ticket, Control)>>,
}

/// A stop that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u32);

impl Stopper {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        Ok(Self {
            stream: MarkedStream::new(driver, FIRST)?,
            written: Mutex::new(0),
            kept: Mutex::default(),
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

    /// Keeps a queue's words until its stop was carried out.
    pub(super) fn keep(&self, ticket: Ticket, control: Control) {
        let mut kept = crate::lock(&self.kept);
        kept.retain(|(ticket, _)| !self.is_done(*ticket));
        if !self.is_done(ticket) {
            kept.push((ticket, control));
        }
    }

    /// Whether a word was set, so that what is written to it from now on stays.
    pub(super) fn is_done(&self, ticket: Ticket) -> bool {
        self.stream.has_reached(ticket.0)
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        // The words, and its own mark, go with the device.
        if let Err(error) = self.stream.drain() {
            tracing::debug!(%error, "stops end with their context");
        }
    }
}
