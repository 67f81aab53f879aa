//! Tasks that wait for something to change.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

/// A list of tasks to wake. Whoever changes what they wait for calls [`WakerList::wake_all`] afterwards.
#[derive(Debug, Default)]
pub(crate) struct WakerList {
    /// Whether the list may hold anyone: a load spares the common case the lock.
    waiting: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl WakerList {
    /// Ready when `ready` gives a value; else the task is woken after the next change.
    pub(crate) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Poll<T> {
        if let Some(value) = ready() {
            return Poll::Ready(value);
        }
        self.register(cx.waker());
        // A change between the first look and the registration found nobody to wake.
        match ready() {
            Some(value) => Poll::Ready(value),
            None => Poll::Pending,
        }
    }

    fn register(&self, waker: &Waker) {
        let mut wakers = crate::lock(&self.wakers);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        self.waiting.store(true, SeqCst);
    }

    /// Wakes everyone who registered before.
    pub(crate) fn wake_all(&self) {
        if !self.waiting.load(SeqCst) {
            return;
        }
        let wakers = {
            let mut wakers = crate::lock(&self.wakers);
            self.waiting.store(false, SeqCst);
            std::mem::take(&mut *wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}
