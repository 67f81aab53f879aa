//! Moving bytes while the caller waits: uploads to idle streams, reads, and making memory zero.

use super::driver::{Driver, Result};
use super::pinned::Pinned;
use super::stream::MarkedStream;
use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Bytes that one staging buffer takes: large enough that the copy engine is busy nearly all the time, and small enough
/// that the first bytes are on their way soon.
const STAGING: usize = 2 << 20;

/// Looks at the mark between looks at the context.
const LOOKS: u32 = 1 << 14;

/// Uploads that keep their ports while others have their turn; with more, each would hold pinned memory for long.
const KEPT: usize = 16;

/// Ports that nobody uses now. There are as many as callers at a time, and some more for long uploads.
pub(super) struct Ports {
    driver: Arc<dyn Driver>,
    idle: Mutex<Vec<Port>>,
    uploads: AtomicUsize,
}

/// A stream with memory to copy through.
struct Port {
    stream: MarkedStream,
    staging: [Pinned; 2],
    /// The mark that the copy out of or into each staging buffer ends with.
    last_use: [u32; 2],
    written: u32,
}

impl Ports {
    pub(super) fn new(driver: Arc<dyn Driver>) -> Self {
        Self {
            driver,
            idle: Mutex::default(),
            uploads: AtomicUsize::new(0),
        }
    }

    fn take(&self) -> Result<Port> {
        let idle = crate::lock(&self.idle).pop();
        idle.map_or_else(|| Port::new(&self.driver), Ok)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Port) -> Result<T>) -> Result<T> {
        self.driver.bind()?;
        let mut port = self.take()?;
        let done = work(&mut port)?;
        crate::lock(&self.idle).push(port);
        Ok(done)
    }

    /// Makes device memory zero; address and length are multiples of 4.
    ///
    /// # Safety
    ///
    /// The range is device memory that lives meanwhile.
    pub(super) unsafe fn zero(&self, to: u64, bytes: u64) -> Result<()> {
        self.with(|port| {
            // SAFETY: the caller answers for the range, and this waits until it is filled.
            unsafe { port.fill(to, bytes)? };
            let mark = port.mark()?;
            port.wait(mark)
        })
    }

    /// Copies to device memory.
    ///
    /// # Safety
    ///
    /// The range is device memory that lives meanwhile.
    pub(super) unsafe fn write(&self, to: u64, bytes: &[u8]) -> Result<()> {
        let mut way = self.upload();
        // SAFETY: the caller answers for the range until this returns.
        unsafe { way.write(to, bytes)? };
        way.finish()
    }

    /// A way to device memory.
    pub(super) fn upload(&self) -> Way<'_> {
        let before = self.uploads.fetch_add(1, SeqCst);
        Way {
            ports: self,
            port: None,
            keeps: before < KEPT,
            pieces: 0,
        }
    }

    /// Hands bytes of device memory on, piece by piece, in order.
    ///
    /// # Safety
    ///
    /// The range is device memory that lives meanwhile.
    pub(super) unsafe fn read(
        &self,
        from: u64,
        length: u64,
        mut take: impl FnMut(&[u8]),
    ) -> Result<()> {
        self.with(|port| {
            let pieces = length.div_ceil(STAGING as u64);
            let piece = |index: u64| {
                let begin = index * STAGING as u64;
                (begin, (length - begin).min(STAGING as u64))
            };
            // One piece is on its way while the one before is copied on.
            for index in 0..=pieces {
                if index < pieces {
                    let (begin, size) = piece(index);
                    let half = (index % 2) as usize;
                    let to = port.staging[half].address(0);
                    // SAFETY: the caller answers for the range; what was in the staging buffer has been copied on.
                    unsafe { port.copy(from + begin, to, size)? };
                    port.last_use[half] = port.mark()?;
                }
                if let Some(before) = index.checked_sub(1) {
                    let half = (before % 2) as usize;
                    port.wait(port.last_use[half])?;
                    // SAFETY: the copy into it is over, and the port is this call's own.
                    take(unsafe { port.staging[half].bytes(piece(before).1 as usize) });
                }
            }
            Ok(())
        })
    }
}

/// Bytes on their way to device memory: those of one call may still travel while the next copies its own. Dropping it waits
/// for them.
pub(super) struct Way<'a> {
    ports: &'a Ports,
    /// Kept from one call to the next.
    port: Option<Port>,
    keeps: bool,
    pieces: usize,
}

impl Way<'_> {
    /// Takes bytes.
    ///
    /// # Safety
    ///
    /// The range is device memory that lives until this is finished or dropped.
    pub(super) unsafe fn write(&mut self, to: u64, bytes: &[u8]) -> Result<()> {
        // The thread may be another than that of the call before.
        self.ports.driver.bind()?;
        let kept = self.port.take();
        let mut port = kept.map_or_else(|| self.ports.take(), Ok)?;
        let mut to = to;
        for piece in bytes.chunks(STAGING) {
            let half = self.pieces % 2;
            self.pieces += 1;
            port.wait(port.last_use[half])?;
            // SAFETY: the last copy out of it is over, and the port is this upload's own.
            unsafe { port.staging[half].write(piece) };
            let from = port.staging[half].address(0);
            // SAFETY: the caller answers for the range; the port waits before it uses the staging buffer again.
            unsafe { port.copy(from, to, piece.len() as u64)? };
            port.last_use[half] = port.mark()?;
            to += piece.len() as u64;
        }
        self.port = Some(port);
        match self.keeps {
            true => Ok(()),
            false => self.arrived(),
        }
    }

    /// Waits until everything is there.
    pub(super) fn finish(mut self) -> Result<()> {
        self.ports.driver.bind()?;
        self.arrived()
    }

    fn arrived(&mut self) -> Result<()> {
        if let Some(port) = self.port.take() {
            port.wait(port.written)?;
            crate::lock(&self.ports.idle).push(port);
        }
        Ok(())
    }
}

impl Drop for Way<'_> {
    fn drop(&mut self) {
        self.ports.uploads.fetch_sub(1, SeqCst);
    }
}

impl Port {
    fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        let staging = [Pinned::new(driver, STAGING)?, Pinned::new(driver, STAGING)?];
        Ok(Self {
            stream: MarkedStream::new(driver, 0)?,
            staging,
            last_use: [0; 2],
            written: 0,
        })
    }

    /// # Safety
    ///
    /// As [`Driver::fill`].
    unsafe fn fill(&self, to: u64, bytes: u64) -> Result<()> {
        let stream = self.stream.handle();
        // SAFETY: the caller answers for the range.
        unsafe { self.stream.driver().fill(stream, to, 0, bytes) }
    }

    /// # Safety
    ///
    /// As [`Driver::copy`].
    unsafe fn copy(&self, from: u64, to: u64, bytes: u64) -> Result<()> {
        let stream = self.stream.handle();
        // SAFETY: the caller answers for both ranges.
        unsafe { self.stream.driver().copy(stream, from, to, bytes) }
    }

    fn mark(&mut self) -> Result<u32> {
        let mark = self.written.wrapping_add(1);
        // SAFETY: the port waits for its work before it goes.
        unsafe { self.stream.write(mark)? };
        self.written = mark;
        Ok(mark)
    }

    /// Waits for a mark, some microseconds for each of the largest pieces.
    fn wait(&self, mark: u32) -> Result<()> {
        loop {
            for _ in 0..LOOKS {
                if self.stream.has_reached(mark) {
                    return Ok(());
                }
                hint::spin_loop();
            }
            self.stream.is_done()?;
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Only when a call failed or nobody waits for it any more, or with the device: what is in flight, marked or not, may still
        // use the staging buffers and its destination.
        if let Err(error) = self.stream.drain() {
            tracing::debug!(%error, "a port ends with its context");
        }
    }
}
