//! From the device to the guest.

use super::{Transfer, Wait};
use crate::error::CudaResult;
use crate::hooks::Direction;
use crate::operation::Place;
use crate::quota::BytePermit;
use crate::stream::{COPY_SLICE, Stream, room};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Bytes that are read ahead where the reader asks for less at a time: reading a few bytes of a GPU takes as long as
/// reading some hundred thousand.
const AHEAD: usize = 1 << 20;

/// A download of a range, as fast as its reader takes it.
pub(crate) struct Download {
    stream: Arc<Stream>,
    transfer: Arc<Transfer>,
    /// The next byte to read of the device.
    from: Place,
    /// Bytes to read of the device.
    left: u64,
    ahead: Ahead,
    /// Until the work before it is done, or others have had their turn.
    waiting: Option<Wait<()>>,
}

/// Bytes that were read before the reader asked for them.
struct Ahead {
    bytes: Vec<u8>,
    taken: usize,
    /// None until the first are read; with no bytes where the guest's other downloads have them all.
    permit: Option<BytePermit>,
}

impl Download {
    /// Of a range, behind the work enqueued so far.
    pub(crate) fn new(stream: Arc<Stream>, from: Place, length: u64) -> Self {
        let progress = stream.progress().clone();
        let (target, before) = (progress.submitted(), stream.clone());
        let waiting: Wait<()> = Box::pin(async move {
            before.expedite();
            progress.reached(target).await;
        });
        Self {
            transfer: stream.progress().transfers().begin(),
            stream,
            from,
            left: length,
            ahead: Ahead {
                bytes: Vec::new(),
                taken: 0,
                permit: None,
            },
            waiting: Some(waiting),
        }
    }

    /// What tells of the stream's failure.
    pub(crate) fn transfer(&self) -> &Arc<Transfer> {
        &self.transfer
    }

    /// Whether the reader has everything.
    pub(crate) fn is_over(&self) -> bool {
        self.left == 0 && self.ahead.rest().is_empty()
    }

    /// Gives bytes, as many as it can at once; none where there is room for none.
    pub(crate) fn poll_give(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<CudaResult<usize>> {
        if let Poll::Ready(error) = self.transfer.poll_failed(cx) {
            return Poll::Ready(Err(error.into()));
        }
        if let Some(wait) = &mut self.waiting {
            ready!(wait.as_mut().poll(cx));
            self.waiting = None;
            // What was waited for may have failed just now.
            self.transfer.check()?;
        }
        Poll::Ready(self.give(bytes))
    }

    fn give(&mut self, bytes: &mut [u8]) -> CudaResult<usize> {
        self.stream.grant().device().check()?;
        if bytes.is_empty() || self.is_over() {
            return Ok(0);
        }
        if self.ahead.rest().is_empty() && bytes.len() < AHEAD && self.may_read_ahead() {
            self.read_ahead()?;
        }
        if !self.ahead.rest().is_empty() {
            return Ok(self.ahead.take(bytes));
        }
        let most = self.left.min(COPY_SLICE as u64) as usize;
        let given = bytes.len().min(most);
        let space = self.stream.grant().space()?;
        space.read_into(self.from.in_window(), &mut bytes[..given])?;
        self.advance(given);
        if given == COPY_SLICE {
            self.waiting = Some(Box::pin(tokio::task::yield_now()));
        }
        Ok(given)
    }

    fn may_read_ahead(&mut self) -> bool {
        let counter = &self.stream.grant().guest().counters.read_ahead;
        let permit = self.ahead.permit.get_or_insert_with(|| {
            let mut permit = counter.permit();
            // A short range needs less, and that it may not have so much shows in what the permit is for.
            let _ = permit.extend(self.left.min(AHEAD as u64));
            permit
        });
        permit.bytes() > 0
    }

    fn read_ahead(&mut self) -> CudaResult<()> {
        let size = self.left.min(AHEAD as u64);
        let ahead = &mut self.ahead;
        if ahead.bytes.capacity() == 0 {
            ahead.bytes = room(size as usize)?;
        }
        ahead.bytes.clear();
        ahead.taken = 0;
        let space = self.stream.grant().space()?;
        space.read(self.from.in_window(), size, &mut ahead.bytes)?;
        self.advance(size as usize);
        Ok(())
    }

    fn advance(&mut self, bytes: usize) {
        self.from.offset += bytes as u64;
        self.left -= bytes as u64;
        self.stream.moved(Direction::DeviceToHost, bytes as u64);
    }
}

impl Ahead {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn take(&mut self, bytes: &mut [u8]) -> usize {
        let given = bytes.len().min(self.rest().len());
        bytes[..given].copy_from_slice(&self.rest()[..given]);
        self.taken += given;
        given
    }
}
