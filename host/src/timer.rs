//! One thread that rings alarms.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};
use std::thread;
use std::time::Instant;

/// Something that wants to know when a moment has come.
pub(crate) trait Alarm: Send + Sync {
    /// The moment has come; answers when to ring again. Must not block.
    fn ring(&self, now: Instant) -> Option<Instant>;
}

/// Rings alarms until it is dropped. Its thread starts with the first one.
#[derive(Clone, Default)]
pub(crate) struct Timer {
    running: Arc<OnceLock<Running>>,
}

struct Running {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    entries: BinaryHeap<Reverse<Entry>>,
    closed: bool,
}

struct Entry {
    at: Instant,
    alarm: Weak<dyn Alarm>,
}

impl Timer {
    /// Starts the thread now rather than with the first alarm.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub(crate) fn start(&self) -> std::io::Result<()> {
        self.running().map(drop)
    }

    fn running(&self) -> std::io::Result<&Running> {
        match self.running.get() {
            Some(running) => Ok(running),
            None => {
                let started = Running::start()?;
                Ok(self.running.get_or_init(|| started))
            }
        }
    }

    /// Rings `alarm` at `at`, unless it is gone by then.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub(crate) fn ring_at(&self, at: Instant, alarm: Weak<dyn Alarm>) -> std::io::Result<()> {
        let running = self.running()?;
        let shared = &running.shared;
        let mut state = crate::lock(&shared.state);
        let is_first = state
            .entries
            .peek()
            .is_none_or(|Reverse(first)| at < first.at);
        state.entries.push(Reverse(Entry { at, alarm }));
        if is_first {
            shared.changed.notify_one();
        }
        Ok(())
    }
}

impl Running {
    fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let for_thread = shared.clone();
        thread::Builder::new()
            .name("wasi-cuda-timer".into())
            .spawn(move || for_thread.run())?;
        Ok(Self { shared })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        crate::lock(&self.shared.state).closed = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn run(&self) {
        let mut state = crate::lock(&self.state);
        while !state.closed {
            let now = Instant::now();
            let next = state.entries.peek().map(|Reverse(first)| first.at);
            state = match next {
                None => wait(&self.changed, state),
                Some(at) if at > now => wait_until(&self.changed, state, at - now),
                Some(_) => {
                    let due = state.entries.pop();
                    drop(state);
                    let again = due.and_then(|Reverse(entry)| entry.ring(now));
                    let mut state = crate::lock(&self.state);
                    state.entries.extend(again.map(Reverse));
                    state
                }
            };
        }
    }
}

type Guard<'a> = std::sync::MutexGuard<'a, State>;

fn wait<'a>(changed: &Condvar, state: Guard<'a>) -> Guard<'a> {
    changed
        .wait(state)
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn wait_until<'a>(changed: &Condvar, state: Guard<'a>, timeout: std::time::Duration) -> Guard<'a> {
    match changed.wait_timeout(state, timeout) {
        Ok((state, _)) => state,
        Err(poisoned) => poisoned.into_inner().0,
    }
}

impl Entry {
    fn ring(self, now: Instant) -> Option<Self> {
        let at = self.alarm.upgrade()?.ring(now)?;
        Some(Self {
            at,
            alarm: self.alarm,
        })
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    struct Send3(Mutex<(Sender<u32>, u32)>);

    impl Alarm for Send3 {
        fn ring(&self, now: Instant) -> Option<Instant> {
            let mut state = crate::lock(&self.0);
            state.1 += 1;
            state.0.send(state.1).unwrap();
            (state.1 < 3).then_some(now + Duration::from_millis(1))
        }
    }

    #[test]
    fn an_alarm_rings_again_as_long_as_it_asks_to() {
        let (sender, receiver) = channel();
        let alarm: Arc<dyn Alarm> = Arc::new(Send3(Mutex::new((sender, 0))));
        let timer = Timer::default();
        timer
            .ring_at(Instant::now(), Arc::downgrade(&alarm))
            .unwrap();
        let rings: Vec<u32> = receiver.iter().take(3).collect();
        assert_eq!(rings, [1, 2, 3]);
    }

    #[test]
    fn an_alarm_that_is_gone_keeps_nobody_waiting() {
        let (sender, receiver) = channel();
        let gone: Arc<dyn Alarm> = Arc::new(Send3(Mutex::new((sender.clone(), 0))));
        let kept: Arc<dyn Alarm> = Arc::new(Send3(Mutex::new((sender, 9))));
        let timer = Timer::default();
        let at = Instant::now() + Duration::from_millis(20);
        timer.ring_at(at, Arc::downgrade(&gone)).unwrap();
        timer.ring_at(at, Arc::downgrade(&kept)).unwrap();
        drop(gone);
        assert_eq!(receiver.recv().unwrap(), 10);
    }
}
