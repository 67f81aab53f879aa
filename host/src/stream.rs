//! A guest's stream: what it may be told now, and recording instead of running.

use crate::backend::Queue;
use crate::between::Copy;
use crate::bindings::wasi::cuda::types::Quota;
use crate::error::{CudaError, CudaResult, StreamError};
use crate::event::Event;
use crate::grant::Grant;
use crate::hooks::Direction;
use crate::operation::{Moved, Operation, Place, Submission};
use crate::pending::Room;
use crate::progress::Progress;
use crate::recording::{Capture, Recording};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// Bytes that are copied before other tasks of the executor get a turn: about half a millisecond.
pub(crate) const COPY_SLICE: usize = 4 << 20;

/// What a stream runs, which may outlive the guest's handle of the stream.
#[derive(Clone)]
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
        if self.progress.is_idle() && !self.progress.transfers().any() {
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

    /// Waits until nothing runs or is enqueued any more.
    pub(crate) async fn finished(&self) {
        if self.progress.is_idle() {
            return;
        }
        if let Some(queue) = self.queue.upgrade() {
            queue.expedite(&|| self.progress.is_idle());
        }
        self.progress.finished().await;
    }

    /// The same; who stops waiting before stops the work.
    async fn finished_or_cancelled(self) {
        struct CancelUnlessOver(Work);
        impl Drop for CancelUnlessOver {
            fn drop(&mut self) {
                // Transfers go on that nobody waits for here.
                if !self.0.progress.is_idle() {
                    self.0.cancel();
                }
            }
        }
        let waiting = CancelUnlessOver(self);
        waiting.0.finished().await;
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

    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
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
    ///
    /// While the guest shares its own memory this returns when the operation is over, if that may access such memory: it is not
    /// to change beside the guest's own code, nor beside host functions that the guest calls, which take it for theirs meanwhile.
    pub(crate) async fn enqueue(&self, operation: Operation) -> CudaResult<()> {
        match self.enqueue_at_once(operation)? {
            None => Ok(()),
            // A future of its own, so that calls that do not wait are not made ready for it.
            Some(submission) => Box::pin(self.enqueue_later(submission)).await,
        }
    }

    /// Enqueues an operation or records it; gives it back while the guest's queue is full, or where the guest is to wait for it.
    fn enqueue_at_once(&self, operation: Operation) -> CudaResult<Option<Submission>> {
        let held = operation.held_bytes();
        let time_limit = {
            let mut settings = crate::lock(&self.settings);
            if let Some(capture) = &mut settings.capture {
                capture.record(operation, &self.grant.guest().pending);
                return Ok(None);
            }
            settings.time_limit
        };
        let pending = &self.grant.guest().pending;
        if !pending.can_ever_hold(held) {
            return Err(Quota::PendingWork.into());
        }
        // A stream of a device that was lost meanwhile would take it and say nothing.
        self.check()?;
        self.grant.admit(&operation)?;
        let submission = Submission {
            operation,
            time_limit,
        };
        if self.runs_alone(&submission.operation) || !pending.try_reserve(held) {
            return Ok(Some(submission));
        }
        self.submit(submission);
        Ok(None)
    }

    async fn enqueue_later(&self, submission: Submission) -> CudaResult<()> {
        let held = submission.operation.held_bytes();
        let alone = self.runs_alone(&submission.operation);
        self.reserve(held).await?;
        self.submit(submission);
        if alone {
            self.work().finished_or_cancelled().await;
        }
        Ok(())
    }

    /// Waits until there is room for an operation.
    async fn reserve(&self, held: u64) -> CudaResult<()> {
        self.grant.guest().pending.reserve(held).await;
        // While this waited the stream may have failed.
        self.check()
            .inspect_err(|_| self.grant.guest().pending.release(held))
    }

    /// Whether the guest waits until it is over.
    fn runs_alone(&self, operation: &Operation) -> bool {
        self.grant.is_sharing() && operation.may_access_shared()
    }

    /// Hands an operation that was reserved to the queue.
    fn submit(&self, submission: Submission) {
        for moved in submission.operation.moves().each() {
            self.grant.moved(moved);
        }
        self.progress.submit();
        self.queue.clone().submit(submission);
    }

    /// Enqueues an upload for which there is room.
    pub(crate) fn write_reserved(&self, to: Place, bytes: &[u8], room: Room) -> CudaResult<()> {
        debug_assert_eq!(room.bytes(), bytes.len() as u64);
        let data = Arc::new(copied(bytes)?);
        room.keep();
        self.submit(Submission {
            operation: Operation::Write { to, data },
            time_limit: None,
        });
        Ok(())
    }

    /// Sees to it that what is done is counted off soon.
    pub(crate) fn expedite(&self) {
        if !self.progress.is_idle() {
            self.queue.clone().expedite(&|| self.progress.is_idle());
        }
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
        let alone = from.buffer.is_shared() || to.buffer.is_shared();
        self.enqueue(Operation::Record(turn.clone())).await?;
        self.reserve(0).await?;
        self.progress.submit();
        let (copy, over) = Copy::new(from, to, length, self.progress.clone());
        self.grant.device().copier().copy_at(&turn, copy);
        self.moved(Direction::DeviceToDevice, length);
        self.enqueue(Operation::Wait(over)).await?;
        if alone {
            self.work().finished_or_cancelled().await;
        }
        Ok(())
    }

    /// Copies bytes to the device: at once when nothing is before them, else behind what is.
    pub(crate) async fn write(&self, to: Place, bytes: &[u8]) -> CudaResult<()> {
        let pending = &self.grant.guest().pending;
        if !pending.can_ever_hold(bytes.len() as u64) {
            return Err(Quota::PendingWork.into());
        }
        let captures = crate::lock(&self.settings).capture.is_some();
        if captures || !self.progress.is_idle() {
            return self.write_later(to, copied(bytes)?).await;
        }
        let mut upload = self.grant.space()?.upload();
        let mut offset = to.in_window();
        for slice in bytes.chunks(COPY_SLICE) {
            upload.write(offset, slice)?;
            offset += slice.len() as u64;
            if slice.len() == COPY_SLICE {
                tokio::task::yield_now().await;
            }
        }
        upload.finish()?;
        self.moved(Direction::HostToDevice, bytes.len() as u64);
        Ok(())
    }

    /// Copies bytes to the device behind what is before them.
    pub(crate) async fn write_later(&self, to: Place, bytes: Vec<u8>) -> CudaResult<()> {
        let data = Arc::new(bytes);
        self.enqueue(Operation::Write { to, data }).await
    }

    /// Counts bytes that were moved beside the queue.
    pub(crate) fn moved(&self, direction: Direction, bytes: u64) {
        if bytes > 0 {
            self.grant.moved(Moved { direction, bytes });
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
        self.moved(Direction::DeviceToHost, bytes.len() as u64);
        Ok(bytes)
    }

    /// A point of this stream that is yet to be marked.
    pub(crate) fn event(&self) -> Arc<Event> {
        Arc::new(Event::of(&self.queue))
    }

    async fn drained(&self) {
        self.expedite();
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
pub(crate) fn room(length: usize) -> CudaResult<Vec<u8>> {
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
