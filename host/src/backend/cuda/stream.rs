//! A driver's stream that is given back, and the word by which it tells how far it is.

use super::driver::{Driver, Result, StreamHandle};
use super::pinned::Pinned;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

/// A stream of the driver's. Dropped, it is given back; what is enqueued still runs.
pub(super) struct Stream {
    driver: Arc<dyn Driver>,
    handle: StreamHandle,
}

impl Stream {
    /// A lower number goes first.
    pub(super) fn new(driver: &Arc<dyn Driver>, priority: i32) -> Result<Self> {
        Ok(Self {
            handle: driver.create_stream(priority)?,
            driver: driver.clone(),
        })
    }

    pub(super) fn driver(&self) -> &Arc<dyn Driver> {
        &self.driver
    }

    pub(super) fn handle(&self) -> StreamHandle {
        self.handle
    }

    /// Whether everything enqueued is done; an error when the context is lost.
    pub(super) fn is_done(&self) -> Result<bool> {
        self.driver.is_done(self.handle)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let destroyed = self
            .driver
            .bind()
            .and_then(|()| self.driver.destroy_stream(self.handle));
        if let Err(error) = destroyed {
            tracing::debug!(%error, "a stream is kept");
        }
    }
}

/// A stream with a word in pinned memory to which it writes *marks*, numbers that count up and around: whoever sees one
/// knows that everything enqueued before it is done.
pub(super) struct MarkedStream {
    // Given back before the word that it writes to.
    stream: Stream,
    word: Pinned,
}

impl MarkedStream {
    /// As [`Stream::new`]. The first mark is 1.
    pub(super) fn new(driver: &Arc<dyn Driver>, priority: i32) -> Result<Self> {
        let word = Pinned::new(driver, size_of::<u32>())?;
        Ok(Self {
            stream: Stream::new(driver, priority)?,
            word,
        })
    }

    pub(super) fn driver(&self) -> &Arc<dyn Driver> {
        self.stream.driver()
    }

    pub(super) fn handle(&self) -> StreamHandle {
        self.stream.handle()
    }

    /// As [`Stream::is_done`].
    pub(super) fn is_done(&self) -> Result<bool> {
        self.stream.is_done()
    }

    /// Waits until everything enqueued is done, or the context is lost.
    pub(super) fn drain(&self) -> Result<()> {
        self.driver().bind()?;
        while !self.is_done()? {
            hint::spin_loop();
        }
        Ok(())
    }

    /// Enqueues a mark, the one after the last.
    ///
    /// # Safety
    ///
    /// This lives until the mark was seen, or the context is lost.
    pub(super) unsafe fn write(&self, mark: u32) -> Result<()> {
        // SAFETY: the word lives as long as this, of which the caller promises enough.
        unsafe {
            self.driver()
                .write_word(self.handle(), self.word.address(0), mark)
        }
    }

    /// Whether a mark was written.
    pub(super) fn has_reached(&self, mark: u32) -> bool {
        is_covered(mark, self.word.word(0).load(Acquire))
    }

    /// The mark that was written last.
    pub(super) fn last(&self) -> u32 {
        self.word.word(0).load(Acquire)
    }
}

/// Whether a mark was written when this one was seen last; marks count around.
pub(super) fn is_covered(mark: u32, seen: u32) -> bool {
    (seen.wrapping_sub(mark) as i32) >= 0
}

#[cfg(test)]
mod tests {
    use super::is_covered;

    #[test]
    fn marks_count_around() {
        assert!(is_covered(1, 1) && is_covered(1, 2) && !is_covered(2, 1));
        assert!(is_covered(u32::MAX, 0) && !is_covered(0, u32::MAX));
    }
}
