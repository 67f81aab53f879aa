//! Transfers through streams of the component model, which go on beside a stream's operations.
//!
//! Neither direction holds more than a piece in the host's memory: bytes move when the guest gives or takes them,
//! between its memory and the device's.

mod download;
mod upload;

pub(crate) use download::Download;
pub(crate) use upload::Upload;

use crate::error::StreamError;
use crate::wakers::WakerList;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll};

/// What a transfer waits for before it moves bytes again.
type Wait<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The transfers of one stream.
#[derive(Debug, Default)]
pub(crate) struct Transfers(Mutex<Vec<Weak<Transfer>>>);

impl Transfers {
    /// A transfer that is told when the stream fails, as long as it lives.
    pub(crate) fn begin(&self) -> Arc<Transfer> {
        let begun = Arc::new(Transfer::default());
        let mut transfers = crate::lock(&self.0);
        if transfers.len() == transfers.capacity() {
            transfers.retain(|known| known.strong_count() > 0);
        }
        transfers.push(Arc::downgrade(&begun));
        begun
    }

    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        crate::lock(&self.0)
            .iter()
            .any(|known| known.strong_count() > 0)
    }

    /// Ends all of them.
    pub(crate) fn fail(&self, error: &StreamError) {
        let transfers = std::mem::take(&mut *crate::lock(&self.0));
        for transfer in transfers.iter().filter_map(Weak::upgrade) {
            transfer.fail(error.clone());
        }
    }
}

/// One transfer: whether its stream has failed since it began. It stays failed when the stream works again.
#[derive(Debug, Default)]
pub(crate) struct Transfer {
    failed: OnceLock<StreamError>,
    waiting: WakerList,
}

impl Transfer {
    fn fail(&self, error: StreamError) {
        // The first failure is the one that is told.
        let _ = self.failed.set(error);
        self.waiting.wake_all();
    }

    /// The failure, if any.
    pub(crate) fn check(&self) -> Result<(), StreamError> {
        self.failed.get().cloned().map_or(Ok(()), Err)
    }

    /// Ready when the stream has failed.
    pub(crate) fn poll_failed(&self, cx: &mut Context<'_>) -> Poll<StreamError> {
        self.waiting.poll(cx, || self.failed.get().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn a_failed_transfer_stays_failed_and_a_later_one_does_not_know() {
        let transfers = Transfers::default();
        let first = transfers.begin();
        transfers.fail(&StreamError::Cancelled);
        transfers.fail(&StreamError::DeviceLost);
        assert!(matches!(first.check(), Err(StreamError::Cancelled)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(first.poll_failed(&mut cx).is_ready());
        let second = transfers.begin();
        assert!(second.check().is_ok() && second.poll_failed(&mut cx).is_pending());
    }

    #[test]
    fn ended_transfers_are_forgotten() {
        let transfers = Transfers::default();
        let kept = transfers.begin();
        for _ in 0..1000 {
            drop(transfers.begin());
        }
        assert!(crate::lock(&transfers.0).len() < 10);
        assert!(transfers.any());
        drop(kept);
        assert!(!transfers.any());
    }
}
