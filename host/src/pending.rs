//! How much enqueued work a guest has, and waiting for room.

use crate::wakers::WakerList;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

/// The operations that a guest has enqueued, and the bytes that they hold in the host's memory.
#[derive(Debug)]
pub(crate) struct Pending {
    operations: AtomicU32,
    bytes: AtomicU64,
    operation_limit: u32,
    byte_limit: u64,
    waiting: WakerList,
}

impl Pending {
    pub(crate) fn new(operation_limit: u32, byte_limit: u64) -> Self {
        Self {
            operations: AtomicU32::new(0),
            bytes: AtomicU64::new(0),
            operation_limit: operation_limit.max(1),
            byte_limit,
            waiting: WakerList::default(),
        }
    }

    /// Whether an operation with so many bytes fits once nothing else is pending.
    pub(crate) fn can_ever_hold(&self, bytes: u64) -> bool {
        bytes <= self.byte_limit
    }

    /// Whether a graph may hold so much.
    pub(crate) fn may_capture(&self, operations: usize, bytes: u64) -> bool {
        operations as u64 <= u64::from(self.operation_limit) && bytes <= self.byte_limit
    }

    /// Counts one operation more, waiting until there is room.
    pub(crate) async fn reserve(&self, bytes: u64) {
        if !self.try_reserve(bytes) {
            poll_fn(|cx| {
                self.waiting
                    .poll(cx, || self.try_reserve(bytes).then_some(()))
            })
            .await;
        }
    }

    /// Bytes that may be pending.
    pub(crate) fn byte_limit(&self) -> u64 {
        self.byte_limit
    }

    /// As [`Pending::reserve`], for one who may lose interest.
    pub(crate) async fn room(self: Arc<Self>, bytes: u64) -> Room {
        self.reserve(bytes).await;
        Room {
            pending: Some(self),
            bytes,
        }
    }

    /// Counts one operation more where there is room.
    pub(crate) fn try_reserve(&self, bytes: u64) -> bool {
        let room = self.operations.fetch_update(SeqCst, SeqCst, |operations| {
            (operations < self.operation_limit).then_some(operations + 1)
        });
        if room.is_err() {
            return false;
        }
        if bytes == 0 {
            return true;
        }
        let room = self.bytes.fetch_update(SeqCst, SeqCst, |held| {
            held.checked_add(bytes)
                .filter(|sum| *sum <= self.byte_limit)
        });
        if room.is_err() {
            // Nobody is woken: who waits for bytes would wake itself, again and again. Where bytes lack, an operation
            // holds them, and wakes everyone when it is over.
            self.operations.fetch_sub(1, SeqCst);
        }
        room.is_ok()
    }

    /// Counts one operation less.
    pub(crate) fn release(&self, bytes: u64) {
        if bytes > 0 {
            // Most operations hold none, and the guest's thread is busy with the same memory.
            self.bytes.fetch_sub(bytes, SeqCst);
        }
        self.operations.fetch_sub(1, SeqCst);
        self.waiting.wake_all();
    }
}

/// Room for one operation, which is given back unless it is [kept](Room::keep).
#[derive(Debug)]
pub(crate) struct Room {
    pending: Option<Arc<Pending>>,
    bytes: u64,
}

impl Room {
    /// Bytes that the operation may hold.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Leaves the operation counted.
    pub(crate) fn keep(mut self) {
        self.pending = None;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(pending) = &self.pending {
            pending.release(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_operations_are_limited_apart() {
        let pending = Pending::new(2, 100);
        assert!(pending.try_reserve(60));
        assert!(!pending.try_reserve(60), "only 40 bytes are left");
        assert!(pending.try_reserve(40));
        assert!(!pending.try_reserve(0), "two operations are pending");
        pending.release(60);
        assert!(pending.try_reserve(60));
    }

    #[test]
    fn waiting_for_bytes_wakes_nobody() {
        struct Count(AtomicU32);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, SeqCst);
            }
        }
        let count = Arc::new(Count(AtomicU32::new(0)));
        let waker = std::task::Waker::from(count.clone());
        let mut cx = std::task::Context::from_waker(&waker);
        let pending = Pending::new(4, 100);
        assert!(pending.try_reserve(60));
        let mut waiting = std::pin::pin!(pending.reserve(60));
        for _ in 0..5 {
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(count.0.load(SeqCst), 0);
        pending.release(60);
        assert_eq!(count.0.load(SeqCst), 1);
        assert!(waiting.as_mut().poll(&mut cx).is_ready());
    }

    #[tokio::test]
    async fn room_is_given_back_unless_it_is_kept() {
        let pending = Arc::new(Pending::new(1, 100));
        drop(pending.clone().room(100).await);
        pending.clone().room(100).await.keep();
        assert!(!pending.try_reserve(0));
        pending.release(100);
        assert!(pending.try_reserve(100));
    }

    #[tokio::test]
    async fn a_full_queue_is_waited_for() {
        let pending = Arc::new(Pending::new(1, 0));
        pending.reserve(0).await;
        let waiter = tokio::spawn({
            let pending = pending.clone();
            async move { pending.reserve(0).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        pending.release(0);
        waiter.await.unwrap();
    }
}
