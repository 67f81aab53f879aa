//! Streams of the component model as sources and destinations of transfers.

use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::error::CudaResult;
use crate::quota::Permit;
use crate::transfer::{Download, Transfer, Upload};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, Source, StreamConsumer, StreamProducer, StreamResult, VecBuffer,
};

/// Bytes that are produced at a time for a reader that is no guest.
const HOST_READ: usize = 1 << 20;

/// How a transfer ends that somebody waits for.
pub(super) struct End<T> {
    ended: oneshot::Receiver<CudaResult<T>>,
    transfer: Arc<Transfer>,
}

/// Takes the bytes of an upload. It goes when their writer does.
pub(super) struct Consumer {
    upload: Upload,
    teller: Teller<u64>,
}

/// Gives the bytes of a download. It goes when their reader does.
pub(super) struct Producer {
    download: Download,
    teller: Teller<()>,
}

/// Tells once how a transfer ended.
struct Teller<T> {
    sender: Option<oneshot::Sender<CudaResult<T>>>,
    /// The stream is in use, whether or not the guest has dropped it.
    _counted: Arc<Permit>,
}

impl<T> End<T> {
    fn of(transfer: &Arc<Transfer>, counted: Arc<Permit>) -> (Self, Teller<T>) {
        let (sender, ended) = oneshot::channel();
        let end = Self {
            ended,
            transfer: transfer.clone(),
        };
        let teller = Teller {
            sender: Some(sender),
            _counted: counted,
        };
        (end, teller)
    }

    /// Waits for the end, or for a failure of the stream, which nobody may be there to notice who moves bytes.
    pub(super) async fn wait(mut self) -> CudaResult<T> {
        poll_fn(|cx| {
            if let Poll::Ready(ended) = Pin::new(&mut self.ended).poll(cx) {
                return Poll::Ready(ended.unwrap_or(Err(ErrorCode::Cancelled.into())));
            }
            let failed = self.transfer.poll_failed(cx);
            failed.map(|error| Err(error.into()))
        })
        .await
    }
}

impl<T> Teller<T> {
    fn tell(&mut self, ended: CudaResult<T>) {
        if let Some(sender) = self.sender.take() {
            // Nobody has to wait for it.
            let _ = sender.send(ended);
        }
    }

    /// Ready when nobody waits any more.
    fn poll_abandoned(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.sender {
            Some(sender) => sender.poll_closed(cx),
            None => Poll::Ready(()),
        }
    }
}

impl Consumer {
    pub(super) fn new(upload: Upload, counted: Arc<Permit>) -> (Self, End<u64>) {
        let (end, teller) = End::of(upload.transfer(), counted);
        (Self { upload, teller }, end)
    }
}

impl Producer {
    pub(super) fn new(download: Download, counted: Arc<Permit>) -> (Self, End<()>) {
        let (end, teller) = End::of(download.transfer(), counted);
        (Self { download, teller }, end)
    }
}

impl<D> StreamConsumer<D> for Consumer {
    type Item = u8;

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let this = self.get_mut();
        // The guest has cancelled its call, or had its answer.
        if this.teller.poll_abandoned(cx).is_ready() {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        let mut source = source.as_direct(store);
        let result = match this.upload.poll_take(cx, source.remaining()) {
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(taken)) => {
                source.mark_read(taken);
                StreamResult::Completed
            }
            Poll::Ready(Err(error)) => {
                this.teller.tell(Err(error));
                StreamResult::Dropped
            }
        };
        Poll::Ready(Ok(result))
    }
}

impl<D> StreamProducer<D> for Producer {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, VecBuffer<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let this = self.get_mut();
        let mut destination = destination.as_direct(store, HOST_READ);
        let result = match this.download.poll_give(cx, destination.remaining()) {
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(given)) => {
                destination.mark_written(given);
                if !this.download.is_over() {
                    return Poll::Ready(Ok(StreamResult::Completed));
                }
                this.teller.tell(Ok(()));
                StreamResult::Dropped
            }
            Poll::Ready(Err(error)) => {
                this.teller.tell(Err(error));
                StreamResult::Dropped
            }
        };
        Poll::Ready(Ok(result))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.teller.tell(self.upload.end());
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // Whoever drops the reader wants no more, which is no failure.
        self.teller.tell(Ok(()));
    }
}

/// What a guest gets of a result, or the trap.
pub(super) fn for_guest<T>(result: CudaResult<T>) -> wasmtime::Result<Result<T, ErrorCode>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => error.into_code().map(Err),
    }
}
