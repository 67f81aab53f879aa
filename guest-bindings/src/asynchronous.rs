//! Waiting that lets a guest's other tasks go on, and transfers of any length through streams of bytes. Needs the feature
//! `async`.
//!
//! Hosts have these functions where they turn on the package's unstable feature `cuda-async`; on others a guest that calls
//! them is not instantiated. Only an async task may call them, such as an `async func` that a component exports: called
//! by a plain `fn main` they trap. The functions of the other modules work in both.

use alloc::{format, vec::Vec};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use bytemuck::Pod;
use wit_bindgen::{FutureReader, StreamResult};

use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::bindings::wit_stream;
use crate::{DeviceSlice, DeviceSliceMut, Error, Event, Result, Stream};

/// The end of a stream of bytes that gives them.
pub type ByteReader = wit_bindgen::StreamReader<u8>;

/// The end of a stream of bytes that takes them. Dropping it ends the stream.
pub type ByteWriter = wit_bindgen::StreamWriter<u8>;

/// Bytes that a download asks for at a time.
const PIECE: usize = 1 << 20;

/// Bytes that the component model moves in one call at most.
const MOST_AT_ONCE: usize = (1 << 28) - 1;

/// Both ends of a new stream of bytes.
pub fn byte_stream() -> (ByteWriter, ByteReader) {
    wit_stream::new()
}

impl Event {
    /// As [`wait`](Self::wait), for a guest that has other tasks.
    ///
    /// Errors: the stream's, if it had failed by then.
    pub async fn completed(&self) -> Result<()> {
        Ok(self.raw().completion().await?)
    }
}

impl Stream {
    /// Uploads what a stream of bytes gives, to the last of it, and returns how many bytes those were. Nowhere is there a
    /// copy of the whole.
    ///
    /// The bytes take their place in this stream's order as the host takes them: what is enqueued after this has returned
    /// finds all of them. The destination reaches to the end of its buffer, since nobody knows before how many will come.
    ///
    /// ```no_run
    /// # async fn example(mut next_block: impl FnMut() -> Option<Vec<u8>>) -> wasi_cuda::Result<()> {
    /// # let stream = wasi_cuda::Device::get(0)?.stream()?;
    /// # async fn join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) { (a.await, b.await) }
    /// let mut buffer = stream.alloc_zeros::<f32>(1 << 24)?;
    /// let (mut writer, reader) = wasi_cuda::asynchronous::byte_stream();
    /// let send = async move {
    ///     while let Some(block) = next_block() {
    ///         let not_taken = writer.write_all(block).await;
    ///         if !not_taken.is_empty() {
    ///             break; // the upload failed, and says why
    ///         }
    ///     }
    /// };
    /// let (uploaded, ()) = join(stream.memcpy_htod_stream(reader, &mut buffer), send).await; // as `futures::join!`
    /// println!("{} bytes", uploaded?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Errors: [`Error::InvalidArgument`] when more bytes come than fit, of which those that fit are written, when the
    /// destination ends before its buffer, or the buffer is another device's; [`Error::InvalidState`] while the stream
    /// captures; [`Error::Unsupported`] where it is a [`SharedBuffer`](crate::SharedBuffer); the stream's error.
    pub async fn memcpy_htod_stream<'a, T: Pod>(
        &self,
        source: ByteReader,
        destination: impl Into<DeviceSliceMut<'a, T>>,
    ) -> Result<u64> {
        let destination = destination.into();
        let end = destination.position(destination.len());
        if end.offset != end.buffer.size() {
            return Err(Error::InvalidArgument(format!(
                "an upload to a slice that ends {} bytes before its buffer does; take one that reaches the end",
                end.buffer.size() - end.offset
            )));
        }
        Ok(self
            .raw()
            .write_via_stream(destination.position(0), source)
            .await?)
    }

    /// Uploads blocks of bytes one behind the other, and returns how many bytes those were. The next block is asked for when
    /// the one before is on its way.
    ///
    /// Errors: [`Error::InvalidArgument`] when the blocks are longer than the destination, of which those before are
    /// written, a block has 256 MiB or more, or the buffer is another device's; [`Error::InvalidState`] while the stream captures; the stream's error.
    pub async fn memcpy_htod_blocks<'a, T: Pod>(
        &self,
        blocks: impl IntoIterator<Item = Vec<u8>>,
        destination: impl Into<DeviceSliceMut<'a, T>>,
    ) -> Result<u64> {
        let destination = destination.into();
        let (start, mut room) = (destination.position(0), bytes_of::<T>(destination.len()));
        let (mut writer, reader) = byte_stream();
        let send = async move {
            for block in blocks {
                if block.len() > MOST_AT_ONCE {
                    return Err(Error::InvalidArgument(format!(
                        "a block of {} bytes; the component model moves at most {MOST_AT_ONCE} at once",
                        block.len()
                    )));
                }
                if block.len() as u64 > room {
                    return Err(Error::InvalidArgument(format!(
                        "a block of {} bytes where {room} bytes are left of the destination",
                        block.len()
                    )));
                }
                room -= block.len() as u64;
                if !writer.write_all(block).await.is_empty() {
                    // The upload failed, and says why.
                    break;
                }
            }
            Ok(())
        };
        let (uploaded, sent) = both(self.raw().write_via_stream(start, reader), send).await;
        let uploaded = uploaded?;
        sent?;
        Ok(uploaded)
    }

    /// Downloads device memory piece by piece, at its reader's pace, behind the work enqueued before.
    ///
    /// What is enqueued later may or may not show in bytes that were not read yet: leave the memory alone until the last.
    ///
    /// ```no_run
    /// # async fn example(write: impl Fn(&[u8])) -> wasi_cuda::Result<()> {
    /// # let stream = wasi_cuda::Device::get(0)?.stream()?;
    /// # let buffer = stream.alloc_zeros::<f32>(1 << 24)?;
    /// let mut download = stream.memcpy_dtoh_stream(&buffer);
    /// let mut piece = Vec::with_capacity(1 << 20);
    /// while download.read(&mut piece).await > 0 {
    ///     write(&piece);
    ///     piece.clear();
    /// }
    /// download.end().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn memcpy_dtoh_stream<'a, T: Pod>(
        &self,
        source: impl Into<DeviceSlice<'a, T>>,
    ) -> Download {
        let source = source.into();
        let length = bytes_of::<T>(source.len());
        let (bytes, end) = self.raw().read_via_stream(source.position(0), length);
        Download { bytes, end }
    }

    /// As [`clone_dtoh`](Self::clone_dtoh), for a guest that has other tasks.
    ///
    /// Errors: as [`Download::end`].
    pub async fn clone_dtoh_async<'a, T: Pod>(
        &self,
        source: impl Into<DeviceSlice<'a, T>>,
    ) -> Result<Vec<T>> {
        let source = source.into();
        let mut data = alloc::vec![T::zeroed(); source.len()];
        let mut rest = bytemuck::cast_slice_mut::<T, u8>(&mut data);
        let mut download = self.memcpy_dtoh_stream(source);
        let mut piece = Vec::with_capacity(rest.len().min(PIECE));
        while download.read(&mut piece).await > 0 {
            let (filled, behind) = rest.split_at_mut(piece.len());
            filled.copy_from_slice(&piece);
            rest = behind;
            piece.clear();
        }
        download.end().await?;
        Ok(data)
    }

    /// As [`synchronize`](Self::synchronize), for a guest that has other tasks.
    ///
    /// Errors: the stream's; [`Error::InvalidState`] while the stream captures.
    pub async fn synchronize_async(&self) -> Result<()> {
        if let Ok(event) = self.record_event() {
            // Whatever it reports, `synchronize` does, too, and at once.
            let _ = event.completed().await;
        }
        self.synchronize()
    }
}

/// Device memory on its way to the guest, made by [`Stream::memcpy_dtoh_stream`]. Dropping it ends the download.
#[derive(Debug)]
pub struct Download {
    bytes: ByteReader,
    end: FutureReader<Result<(), ErrorCode>>,
}

impl Download {
    /// Appends bytes to a vector, as many as there are at once and fit into its spare capacity, which is made 1 MiB
    /// if it is none. Returns how many those were: 0 at the end, of which [`end`](Self::end) tells the reason.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> usize {
        let before = into.len();
        match into.capacity() - before {
            0 => into.reserve(PIECE),
            1..=MOST_AT_ONCE => {}
            _ => {
                let mut piece = self.piece(Vec::with_capacity(PIECE)).await;
                into.append(&mut piece);
                return into.len() - before;
            }
        }
        *into = self.piece(core::mem::take(into)).await;
        into.len() - before
    }

    /// The vector with the next bytes appended.
    async fn piece(&mut self, mut into: Vec<u8>) -> Vec<u8> {
        let before = into.len();
        loop {
            let (result, filled) = self.bytes.read(into).await;
            into = filled;
            if into.len() > before || matches!(result, StreamResult::Dropped) {
                return into;
            }
        }
    }

    /// How the download ended. Bytes that were not read are dropped.
    ///
    /// Errors: [`Error::InvalidArgument`] when the buffer is another device's; [`Error::InvalidState`] while the stream
    /// captures; the stream's error.
    pub async fn end(self) -> Result<()> {
        drop(self.bytes);
        Ok(self.end.await?)
    }

    /// The bytes as the component model has them, to be handed on, and what [`end`](Self::end) waits for.
    pub fn into_parts(self) -> (ByteReader, impl Future<Output = Result<()>>) {
        (self.bytes, async { Ok(self.end.await?) })
    }
}

fn bytes_of<T>(elements: usize) -> u64 {
    elements as u64 * size_of::<T>() as u64
}

/// Waits for both.
async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(|cx| {
        if one.is_none()
            && let Poll::Ready(value) = first.as_mut().poll(cx)
        {
            one = Some(value);
        }
        if other.is_none()
            && let Poll::Ready(value) = second.as_mut().poll(cx)
        {
            other = Some(value);
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            waiting => {
                (one, other) = waiting;
                Poll::Pending
            }
        }
    })
    .await
}
