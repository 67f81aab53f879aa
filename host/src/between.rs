//! Copies from one device to another, through the host's memory.
//!
//! A device's queue knows nothing of other devices. So such a copy is three things on the stream of its destination: an event,
//! which tells that its turn has come; the copy itself, on a thread of the host's, that counts as an operation of the stream; and
//! a wait for another event, which tells that it is over.

use crate::error::{CudaResult, StreamError};
use crate::event::{Event, Reached, Resume};
use crate::operation::Place;
use crate::progress::Progress;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

/// Bytes that are copied before another copy gets its turn, and what a device's copies take of the host's memory.
const SLICE: u64 = 4 << 20;

/// What copies to one device. Its thread ends when there is nothing to copy.
#[derive(Clone, Default)]
pub(crate) struct Copier(Arc<Mutex<Jobs>>);

#[derive(Default)]
struct Jobs {
    /// Copies whose turn has come.
    ready: VecDeque<Copy>,
    is_running: bool,
}

/// A copy to another device. Dropped, it is over.
pub(crate) struct Copy {
    /// Source and destination; gone when it is over.
    places: Option<[Place; 2]>,
    length: u64,
    done: u64,
    /// Of the destination's stream, which counts the copy as submitted.
    progress: Arc<Progress>,
    over: Arc<Event>,
}

impl Copy {
    /// A copy that the stream counts, and the event with which it ends.
    pub(crate) fn new(
        from: Place,
        to: Place,
        length: u64,
        progress: Arc<Progress>,
    ) -> (Self, Arc<Event>) {
        let over = Arc::<Event>::default();
        let copy = Self {
            places: Some([from, to]),
            length,
            done: 0,
            progress,
            over: over.clone(),
        };
        (copy, over)
    }

    /// Copies a slice through `bytes`; whether there is more.
    fn go_on(&mut self, bytes: &mut Vec<u8>) -> bool {
        let Some([from, to]) = &self.places else {
            return false;
        };
        // Its stream failed before the turn came, or just now.
        if self.progress.has_failed() {
            return false;
        }
        let size = SLICE.min(self.length - self.done);
        match copy(from, to, self.done, size, bytes) {
            Ok(()) => self.done += size,
            Err(error) => {
                let text = format!("a copy from another device failed: {error}");
                self.progress.fail(StreamError::Refused(text.into()));
                return false;
            }
        }
        self.done < self.length
    }
}

/// Copies so many bytes, `done` bytes behind the two places.
fn copy(from: &Place, to: &Place, done: u64, size: u64, bytes: &mut Vec<u8>) -> CudaResult<()> {
    let (source, target) = (from.buffer.grant(), to.buffer.grant());
    source.device().check()?;
    bytes.clear();
    source.space()?.read(from.in_window() + done, size, bytes)?;
    Ok(target.space()?.write(to.in_window() + done, bytes)?)
}

impl Drop for Copy {
    fn drop(&mut self) {
        // The buffers are free before anyone hears that it is over.
        self.places = None;
        self.over.complete(Reached { at: 0, error: None });
        self.progress.complete(0);
    }
}

impl Copier {
    /// Copies when the event is reached.
    pub(crate) fn copy_at(&self, turn: &Event, copy: Copy) {
        let waiting = Arc::new(Waiting {
            copier: self.clone(),
            copy: Mutex::new(Some(copy)),
        });
        if !turn.resume_later(waiting.clone()) {
            waiting.resume();
        }
    }

    fn start(&self, copy: Copy) {
        let mut jobs = crate::lock(&self.0);
        jobs.ready.push_back(copy);
        if jobs.is_running {
            return;
        }
        jobs.is_running = true;
        let copier = self.clone();
        let thread = thread::Builder::new().name("wasi-cuda-copier".into());
        if let Err(error) = thread.spawn(move || copier.run()) {
            jobs.is_running = false;
            let failed = std::mem::take(&mut jobs.ready);
            drop(jobs);
            for copy in failed {
                let text = format!("the host cannot copy between devices: {error}");
                copy.progress.fail(StreamError::Refused(text.into()));
            }
        }
    }

    fn run(&self) {
        let mut bytes = Vec::new();
        while let Some(mut copy) = self.next() {
            // A panic is a mistake of ours; other copies still need the thread.
            let more = catch_unwind(AssertUnwindSafe(|| copy.go_on(&mut bytes)));
            match more {
                Ok(true) => crate::lock(&self.0).ready.push_back(copy),
                Ok(false) => {}
                Err(_) => tracing::error!("a copy between devices panicked"),
            }
        }
    }

    fn next(&self) -> Option<Copy> {
        let mut jobs = crate::lock(&self.0);
        let next = jobs.ready.pop_front();
        jobs.is_running = next.is_some();
        next
    }
}

/// A copy whose turn has not come.
struct Waiting {
    copier: Copier,
    copy: Mutex<Option<Copy>>,
}

impl Resume for Waiting {
    fn resume(self: Arc<Self>) {
        let copy = crate::lock(&self.copy).take();
        if let Some(copy) = copy {
            self.copier.start(copy);
        }
    }
}

#[cfg(test)]
mod tests;
