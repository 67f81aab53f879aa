//! A guest's stream: what it may be told now, and recording instead of running.

use crate::backend::Queue;
use crate::between::Copy;
use crate::bindings::wasi::cuda::types::Quota;
use crate::error::{CudaError, CudaResult, StreamError};
use crate::event::Event;
use crate::grant::Grant;
use crate::hooks::Direction;
use crate::operation::{Moved, Operation, Place, Submission};
use crate::progress::Progress;
use crate::recording::{Capture, Recording};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// Bytes that are copied before other tasks of the executor get a turn: about half a millisecond.
const COPY_SLICE: usize = 4 << 20;

/// What a stream runs, which may outlive the guest's handle of the stream.
pub(crate) struct Work {
    progress: Arc<Progress>,
    queue: Weak<dyn Queue>,
}

impl Work {
    /// Whether nothing can run any more.
    pub(crate) fn is_over(&self) -> bool {
        self.queue.strong_count() == 0
    }

    /// Stops what runs and drops what is enqueued; whether there was anything that had not failed.
    pub(crate) fn cancel(&self) -> bool {
        if self.progress.is_idle() {
            return false;
        }
        let is_first = self.progress.fail(StreamError::Cancelled);
        self.stop();
        is_first
    }

    /// Fails for good, together with the device.
    pub(crate) fn lose(&self) {
        self.progress.lose();
        self.stop();
    }

    /// Until the running launch is stopped; none when none runs or it has no limit.
    pub(crate) fn time_remaining(&self) -> Option<Duration> {
        self.queue.upgrade()?.time_remaining()
    }

    fn stop(&self) {
        if let Some(queue) = self.queue.upgrade() {
            queue.stop();
        }
    }
}

/// A queue of device work.
pub(crate) struct Stream {
    grant: Arc<Grant>,
    progress: Arc<Progress>,
    queue: Arc<dyn Queue>,
    settings: Mutex<Settings>,
}

struct Settings {
    time_limit: Option<Duration>,
    capture: Option<Capture>,
}

impl Stream {
    pub(crate) fn new(grant: &Arc<Grant>) -> CudaResult<Self> {
        let progress = Arc::new(Progress::new(grant.guest().pending.clone()));
        let queue = grant
            .space()?
            .open_queue(progress.clone(), grant.clone())
            .map_err(CudaError::other)?;
        let stream = Self {
            grant: grant.clone(),
            progress,
            queue,
            settings: Mutex::new(Settings {
                time_limit: grant.guest().limits.launch_time(None),
                capture: None,
            }),
        };
        grant.register(stream.work());
        // A device that was lost before the registration has told nobody here.
        grant.device().check()?;
        grant.tell_stream();
        Ok(stream)
    }

    pub(crate) fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }

    /// The stream's error, until it was reported.
    pub(crate) fn check(&self) -> CudaResult<()> {
        self.grant.device().check()?;
        match self.progress.error() {
            None => Ok(()),
            Some(error) => Err(error.into()),
        }
    }

    /// `invalid-state` while the stream captures.
    pub(crate) fn check_not_capturing(&self, call: &str) -> CudaResult<()> {
        match crate::lock(&self.settings).capture {
            None => Ok(()),
            Some(_) => Err(CudaError::invalid_state(format!(
                "`{call}` while the stream captures; end the capture first"
            ))),
        }
    }

    /// Enqueues an operation, waiting while the guest's queue is full, or records it.
    pub(crate) async fn enqueue(&self, operation: Operation) -> CudaResult<()> {
        let time_limit = {
            let mut settings = crate::lock(&self.settings);
            if let Some(capture) = &mut settings.capture {
                capture.record(operation, &self.grant.guest().pending);
                return Ok(());
            }
            settings.time_limit
        };
        self.submit(operation, time_limit).await
    }

    /// Enqueues an operation, waiting while the guest's queue is full.
    async fn submit(&self, operation: Operation, time_limit: Option<Duration>) -> CudaResult<()> {
        let held = operation.held_bytes();
        if !self.grant.guest().pending.can_ever_hold(held) {
            return Err(Quota::PendingWork.into());
        }
        self.grant.admit(&operation)?;
        self.reserve(held).await?;
        for moved in operation.moves().each() {
            self.grant.moved(moved);
        }
        self.queue.clone().submit(Submission {
            operation,
            time_limit,
        });
        Ok(())
    }

    /// Reserves room for an operation and counts it as submitted.
    async fn reserve(&self, held: u64) -> CudaResult<()> {
        self.grant.guest().pending.reserve(held).await;
        // While this waited for room the stream may have failed.
        if let Err(error) = self.check() {
            self.grant.guest().pending.release(held);
            return Err(error);
        }
        self.progress.submit();
        Ok(())
    }

    /// Enqueues a copy from another device of the guest's to this one.
    pub(crate) async fn copy_from_elsewhere(
        &self,
        from: Place,
        to: Place,
        length: u64,
    ) -> CudaResult<()> {
        if crate::lock(&self.settings).capture.is_some() {
            return Err(CudaError::unsupported(
                "a graph holds no copies from another device; copy outside the capture",
            ));
        }
        if length == 0 {
            return Ok(());
        }
        let turn = Arc::<Event>::default();
        self.submit(Operation::Record(turn.clone()), None).await?;
        self.reserve(0).await?;
        let (copy, over) = Copy::new(from, to, length, self.progress.clone());
        self.grant.device().copier().copy_at(&turn, copy);
        self.grant.moved(Moved {
            direction: Direction::DeviceToDevice,
            bytes: length,
        });
        self.submit(Operation::Wait(over), None).await
    }

    /// Copies bytes to the device: at once when nothing is before them, else behind what is.
    pub(crate) async fn write(&self, to: Place, bytes: &[u8]) -> CudaResult<()> {
        let pending = &self.grant.guest().pending;
        if !pending.can_ever_hold(bytes.len() as u64) {
            return Err(Quota::PendingWork.into());
        }
        let captures = crate::lock(&self.settings).capture.is_some();
        if captures || !self.progress.is_idle() {
            let data = Arc::new(copied(bytes)?);
            return self.enqueue(Operation::Write { to, data }).await;
        }
        let space = self.grant.space()?;
        let mut offset = to.in_window();
        for slice in bytes.chunks(COPY_SLICE) {
            space.write(offset, slice)?;
            offset += slice.len() as u64;
            if slice.len() == COPY_SLICE {
                tokio::task::yield_now().await;
            }
        }
        self.moved(Direction::HostToDevice, bytes.len());
        Ok(())
    }

    fn moved(&self, direction: Direction, bytes: usize) {
        if bytes > 0 {
            self.grant.moved(Moved {
                direction,
                bytes: bytes as u64,
            });
        }
    }

    /// Waits for the work so far, then copies device memory.
    pub(crate) async fn read(&self, from: Place, length: usize) -> CudaResult<Vec<u8>> {
        self.drained().await;
        self.check()?;
        let mut bytes = room(length)?;
        let space = self.grant.space()?;
        while bytes.len() < length {
            let slice = (length - bytes.len()).min(COPY_SLICE);
            space.read(
                from.in_window() + bytes.len() as u64,
                slice as u64,
                &mut bytes,
            )?;
            if slice == COPY_SLICE {
                tokio::task::yield_now().await;
            }
        }
        self.moved(Direction::DeviceToHost, bytes.len());
        Ok(bytes)
    }

    async fn drained(&self) {
        if !self.progress.is_idle() {
            self.queue.clone().expedite();
        }
        self.progress.drained().await;
    }

    /// Waits for the work so far and takes its error.
    pub(crate) async fn synchronize(&self) -> CudaResult<()> {
        self.drained().await;
        match self.progress.take_error() {
            None => self.grant.device().check(),
            Some(error) => Err(error.into()),
        }
    }

    /// Limits later launches, as far as the embedder lets the guest; without a limit they have the default one again.
    pub(crate) fn set_time_limit(&self, limit: Option<Duration>) {
        let allowed = self.grant.guest().limits.launch_time(limit);
        crate::lock(&self.settings).time_limit = allowed;
    }

    /// Stops what runs and drops what is enqueued.
    pub(crate) fn cancel(&self) {
        self.grant.cancel_one(&self.work());
    }

    fn work(&self) -> Work {
        Work {
            progress: self.progress.clone(),
            queue: Arc::downgrade(&self.queue),
        }
    }

    pub(crate) fn begin_capture(&self) -> CudaResult<()> {
        self.check_not_capturing("begin-capture")?;
        self.check()?;
        let counter = &self.grant.guest().counters.graph_bytes;
        crate::lock(&self.settings).capture = Some(Capture::new(counter));
        Ok(())
    }

    /// What was recorded since `begin-capture`; the stream no longer captures, whatever the result.
    pub(crate) fn end_capture(&self) -> CudaResult<Recording> {
        let capture = crate::lock(&self.settings).capture.take();
        self.grant.device().check()?;
        match capture {
            None => Err(CudaError::invalid_state(
                "`end-capture` on a stream that does not capture",
            )),
            Some(capture) => capture.end(),
        }
    }
}

/// An empty vector with room for so many bytes.
fn room(length: usize) -> CudaResult<Vec<u8>> {
    let mut bytes = Vec::new();
    match bytes.try_reserve_exact(length) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(CudaError::other(format!(
            "the host has no {length} bytes to copy through"
        ))),
    }
}

fn copied(bytes: &[u8]) -> CudaResult<Vec<u8>> {
    let mut copy = room(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
