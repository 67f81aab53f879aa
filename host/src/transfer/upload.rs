//! From the guest to the device.

use super::{Transfer, Wait};
use crate::error::{CudaError, CudaResult};
use crate::hooks::Direction;
use crate::operation::Place;
use crate::pending::Room;
use crate::stream::{COPY_SLICE, Stream};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Bytes that are taken while other work is before them, which is all that an upload holds of the host's memory.
const PIECE: usize = 1 << 20;

/// An upload of unknown length. Each piece takes its place in the stream's order when it is taken.
pub(crate) struct Upload {
    stream: Arc<Stream>,
    transfer: Arc<Transfer>,
    /// Where the next byte goes.
    to: Place,
    /// Bytes of the buffer behind that.
    room: u64,
    written: u64,
    state: State,
}

enum State {
    Ready,
    /// Until the last piece is on the device, or others have had their turn.
    Waiting(Wait<()>),
    /// Until a piece of so many bytes may be enqueued.
    Reserving(usize, Wait<Room>),
}

impl Upload {
    /// To the end of a buffer.
    pub(crate) fn new(stream: Arc<Stream>, to: Place) -> Self {
        Self {
            transfer: stream.progress().transfers().begin(),
            room: to.buffer.size() - to.offset,
            stream,
            to,
            written: 0,
            state: State::Ready,
        }
    }

    /// What tells of the stream's failure.
    pub(crate) fn transfer(&self) -> &Arc<Transfer> {
        &self.transfer
    }

    /// The upload's result, once no more bytes come.
    pub(crate) fn end(&self) -> CudaResult<u64> {
        self.transfer.check()?;
        Ok(self.written)
    }

    /// Takes bytes, as many as it can at once; none of none.
    pub(crate) fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<CudaResult<usize>> {
        loop {
            if let Poll::Ready(error) = self.transfer.poll_failed(cx) {
                return Poll::Ready(Err(error.into()));
            }
            match &mut self.state {
                State::Ready if bytes.is_empty() => return Poll::Ready(Ok(0)),
                State::Ready if self.room == 0 => return Poll::Ready(Err(self.too_long())),
                State::Ready if self.stream.progress().is_idle() => {
                    return Poll::Ready(self.write(bytes));
                }
                State::Ready => self.state = self.reserve(bytes.len()),
                State::Waiting(wait) => {
                    ready!(wait.as_mut().poll(cx));
                    self.state = State::Ready;
                }
                State::Reserving(size, wait) => {
                    let size = *size;
                    let room = ready!(wait.as_mut().poll(cx));
                    self.state = State::Ready;
                    // A writer that gave up and came back with less.
                    if let Some(piece) = bytes.get(..size) {
                        return Poll::Ready(self.enqueue(piece, room));
                    }
                }
            }
        }
    }

    fn too_long(&self) -> CudaError {
        CudaError::invalid_argument(format!(
            "the stream has more than the {} bytes that fit into the buffer; those were written",
            self.written
        ))
    }

    fn reserve(&self, offered: usize) -> State {
        let pending = &self.stream.grant().guest().pending;
        let most = pending.byte_limit().min(self.room).min(PIECE as u64) as usize;
        match offered.min(most) {
            // Nothing may be pending, so nothing is taken before all other work is done.
            0 => self.until_done(),
            size => State::Reserving(size, Box::pin(pending.clone().room(size as u64))),
        }
    }

    /// Copies bytes while nothing is before them.
    fn write(&mut self, bytes: &[u8]) -> CudaResult<usize> {
        let most = self.room.min(COPY_SLICE as u64) as usize;
        let piece = &bytes[..bytes.len().min(most)];
        self.stream.check()?;
        let space = self.stream.grant().space()?;
        space.write(self.to.in_window(), piece)?;
        self.stream
            .moved(Direction::HostToDevice, piece.len() as u64);
        if piece.len() == COPY_SLICE {
            self.state = State::Waiting(Box::pin(tokio::task::yield_now()));
        }
        Ok(self.advance(piece.len()))
    }

    /// Enqueues bytes behind other work.
    fn enqueue(&mut self, piece: &[u8], room: Room) -> CudaResult<usize> {
        self.stream.check()?;
        self.stream.write_reserved(self.to.clone(), piece, room)?;
        self.state = self.until_done();
        Ok(self.advance(piece.len()))
    }

    fn until_done(&self) -> State {
        let progress = self.stream.progress().clone();
        let target = progress.submitted();
        let stream = self.stream.clone();
        State::Waiting(Box::pin(async move {
            stream.expedite();
            progress.reached(target).await;
        }))
    }

    fn advance(&mut self, bytes: usize) -> usize {
        self.to.offset += bytes as u64;
        self.room -= bytes as u64;
        self.written += bytes as u64;
        bytes
    }
}
