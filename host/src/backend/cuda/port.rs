//! Moving bytes while the caller waits: uploads to idle streams, reads, and making memory zero.

use super::driver::{Driver, Result, StreamHandle};
use super::pinned::Pinned;
use std::hint;
use std::sync::atomic::Ordering::Acquire;
use std::sync::{Arc, Mutex};

/// Bytes that one staging buffer takes: large enough that the copy engine is busy nearly all the time, and small enough
/// that the first bytes are on their way soon.
const STAGING: usize = 2 << 20;

/// Looks at the mark between looks at the context.
const LOOKS: u32 = 1 << 14;

/// Ports that nobody uses now. There are as many as callers at a time.
pub(super) struct Ports {
    driver: Arc<dyn Driver>,
    idle: Mutex<Vec<Port>>,
}

/// A stream with memory to copy through.
struct Port {
    driver: Arc<dyn Driver>,
    stream: StreamHandle,
    marks: Pinned,
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
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Port) -> Result<T>) -> Result<T> {
        self.driver.bind()?;
        let idle = crate::lock(&self.idle).pop();
        let mut port = match idle {
            Some(port) => port,
            None => Port::new(&self.driver)?,
        };
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
            unsafe { port.driver.fill(port.stream, to, 0, bytes)? };
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
        self.with(|port| {
            let mut to = to;
            for (index, piece) in bytes.chunks(STAGING).enumerate() {
                let half = index % 2;
                port.wait(port.last_use[half])?;
                // SAFETY: the last copy out of it is over, and the port is this call's own.
                unsafe { port.staging[half].write(piece) };
                let from = port.staging[half].address(0);
                // SAFETY: the caller answers for the range; the port waits before it uses the staging buffer again.
                unsafe {
                    port.driver
                        .copy(port.stream, from, to, piece.len() as u64)?;
                }
                port.last_use[half] = port.mark()?;
                to += piece.len() as u64;
            }
            port.wait(port.written)
        })
    }

    /// Appends bytes of device memory to a vector.
    ///
    /// # Safety
    ///
    /// The range is device memory that lives meanwhile.
    pub(super) unsafe fn read(&self, from: u64, length: u64, bytes: &mut Vec<u8>) -> Result<()> {
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
                    unsafe { port.driver.copy(port.stream, from + begin, to, size)? };
                    port.last_use[half] = port.mark()?;
                }
                if let Some(before) = index.checked_sub(1) {
                    let half = (before % 2) as usize;
                    port.wait(port.last_use[half])?;
                    // SAFETY: the copy into it is over, and the port is this call's own.
                    unsafe { port.staging[half].append_to(bytes, piece(before).1 as usize) };
                }
            }
            Ok(())
        })
    }
}

impl Port {
    fn new(driver: &Arc<dyn Driver>) -> Result<Self> {
        let marks = Pinned::new(driver, size_of::<u32>())?;
        let staging = [Pinned::new(driver, STAGING)?, Pinned::new(driver, STAGING)?];
        Ok(Self {
            stream: driver.create_stream(0)?,
            driver: driver.clone(),
            marks,
            staging,
            last_use: [0; 2],
            written: 0,
        })
    }

    fn mark(&mut self) -> Result<u32> {
        let mark = self.written.wrapping_add(1);
        // SAFETY: the word lives as long as the port, which waits for its work.
        unsafe {
            self.driver
                .write_word(self.stream, self.marks.address(0), mark)?;
        }
        self.written = mark;
        Ok(mark)
    }

    /// Waits for a mark, some microseconds for each of the largest pieces.
    fn wait(&self, mark: u32) -> Result<()> {
        loop {
            for _ in 0..LOOKS {
                let seen = self.marks.word(0).load(Acquire);
                if (seen.wrapping_sub(mark) as i32) >= 0 {
                    return Ok(());
                }
                hint::spin_loop();
            }
            self.driver.is_done(self.stream)?;
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Only when a call failed, or with the device: what is in flight may still use the staging buffers.
        let over = self.driver.bind().and_then(|()| {
            self.wait(self.written)?;
            self.driver.destroy_stream(self.stream)
        });
        if let Err(error) = over {
            tracing::debug!(%error, "a stream is kept");
        }
    }
}
