//! The threads of a device, and whose turn it is.

use super::control::Reason;
use super::queue::CpuQueue;
use super::task::{Claim, Task};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Stack of a worker: eight times what a compiled kernel may take.
const STACK: usize = 2 << 20;

/// How long a worker without work looks for some before it sleeps: waking it would cost its guest as much.
const SPIN: Duration = Duration::from_micros(20);

/// Something for a worker to do.
pub(super) enum Item {
    /// A task of which chunks can be taken.
    Task(Arc<Task>),
    /// A queue that can go on.
    Queue(Arc<CpuQueue>),
}

/// A fixed number of threads. Dropping it ends them when they have nothing to do.
pub(super) struct Pool {
    shared: Arc<Shared>,
    started: Mutex<bool>,
}

struct Shared {
    workers: usize,
    state: Mutex<State>,
    wake: Condvar,
    /// Items in the state, to be read without its lock.
    listed: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// The items of each guest.
    guests: Vec<VecDeque<Item>>,
    /// Places in `guests` that nobody has.
    free: Vec<usize>,
    /// Guests that have items, the next one first.
    turns: VecDeque<usize>,
    parked: usize,
    spinning: bool,
    closed: bool,
}

/// A guest's place in the pool.
pub(super) struct Slot {
    shared: Arc<Shared>,
    index: usize,
}

impl Pool {
    pub(super) fn new(workers: usize) -> Self {
        let shared = Shared {
            workers: workers.max(1),
            state: Mutex::default(),
            wake: Condvar::new(),
            listed: AtomicUsize::new(0),
        };
        Self {
            shared: Arc::new(shared),
            started: Mutex::new(false),
        }
    }

    /// Starts the threads, if they are not running.
    pub(super) fn start(&self) -> std::io::Result<()> {
        let mut started = crate::lock(&self.started);
        if *started {
            return Ok(());
        }
        for index in 0..self.shared.workers {
            let shared = self.shared.clone();
            let thread = thread::Builder::new()
                .name(format!("wasi-cuda-cpu-{index}"))
                .stack_size(STACK);
            let spawned = thread.spawn(move || shared.work());
            // With fewer threads than asked for the device is slower, not wrong.
            match spawned {
                Err(error) if index == 0 => return Err(error),
                Err(error) => tracing::warn!(%error, index, "a worker thread could not be started"),
                Ok(_) => {}
            }
        }
        *started = true;
        Ok(())
    }

    /// A place for one guest.
    pub(super) fn slot(&self) -> Slot {
        let mut state = crate::lock(&self.shared.state);
        let index = state.free.pop().unwrap_or_else(|| {
            state.guests.push(VecDeque::new());
            state.guests.len() - 1
        });
        Slot {
            shared: self.shared.clone(),
            index,
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        crate::lock(&self.shared.state).closed = true;
        self.shared.wake.notify_all();
    }
}

impl Slot {
    /// Gives the pool something to do.
    pub(super) fn push(&self, item: Item) {
        let mut state = self.shared.push(self.index, item);
        if state.parked > 0 && !state.spinning {
            state.parked -= 1;
            drop(state);
            self.shared.wake.notify_one();
        }
    }

    /// The same from a worker that is about to look for work itself.
    fn push_from_worker(&self, item: Item) {
        drop(self.shared.push(self.index, item));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        crate::lock(&self.shared.state).free.push(self.index);
    }
}

/// What a worker does next.
enum Job {
    Chunk(Arc<Task>, Claim),
    /// The last reference to a task may be in the pool: nothing of it is left to take.
    Leave(Arc<Task>),
    Queue(Arc<CpuQueue>),
}

impl Shared {
    fn push(&self, slot: usize, item: Item) -> MutexGuard<'_, State> {
        let mut state = crate::lock(&self.state);
        if let Some(items) = state.guests.get_mut(slot) {
            items.push_back(item);
            if items.len() == 1 {
                state.turns.push_back(slot);
            }
            self.listed.fetch_add(1, SeqCst);
        }
        state
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            // A panic is a mistake of ours; the other guests' work still needs the worker.
            if catch_unwind(AssertUnwindSafe(|| do_job(job))).is_err() {
                tracing::error!("a worker panicked");
            }
        }
    }

    /// Waits for something to do; none when the pool is closed.
    fn next(&self) -> Option<Job> {
        let mut state = crate::lock(&self.state);
        let mut may_spin = true;
        loop {
            if let Some(job) = self.take(&mut state) {
                if !state.turns.is_empty() && state.parked > 0 && !state.spinning {
                    state.parked -= 1;
                    self.wake.notify_one();
                }
                return Some(job);
            }
            if state.closed {
                return None;
            }
            if may_spin && !state.spinning && self.workers > 1 {
                state.spinning = true;
                drop(state);
                self.spin();
                state = crate::lock(&self.state);
                state.spinning = false;
                may_spin = false;
            } else {
                state.parked += 1;
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                may_spin = true;
            }
        }
    }

    /// The next item of the guest whose turn it is.
    fn take(&self, state: &mut State) -> Option<Job> {
        let slot = state.turns.pop_front()?;
        let items = state.guests.get_mut(slot)?;
        let item = items.pop_front()?;
        self.listed.fetch_sub(1, SeqCst);
        let job = match item {
            Item::Queue(queue) => Job::Queue(queue),
            Item::Task(task) => match task.claim(self.workers as u64) {
                Some(claim) => {
                    if claim.more {
                        items.push_back(Item::Task(task.clone()));
                        self.listed.fetch_add(1, SeqCst);
                    }
                    Job::Chunk(task, claim)
                }
                None => Job::Leave(task),
            },
        };
        if !items.is_empty() {
            state.turns.push_back(slot);
        }
        Some(job)
    }

    fn spin(&self) {
        let begun = Instant::now();
        while self.listed.load(SeqCst) == 0 && begun.elapsed() < SPIN {
            (0..32).for_each(|_| std::hint::spin_loop());
        }
    }
}

fn do_job(job: Job) {
    match job {
        Job::Chunk(task, claim) => {
            // A panic is a mistake of ours. The task ends all the same, so that nobody waits for it for ever.
            if catch_unwind(AssertUnwindSafe(|| task.run(claim.units))).is_err() {
                tracing::error!("a worker panicked in a task");
                task.queue.control.stop(Reason::Fault);
            }
            leave(task);
        }
        Job::Leave(task) => leave(task),
        Job::Queue(queue) => go_on(&queue),
    }
}

/// Lets go of a task. The last one to do so finishes it and goes on with its queue.
fn leave(task: Arc<Task>) {
    if let Some(task) = Arc::into_inner(task) {
        let queue = task.queue.clone();
        queue.finish(task);
        go_on(&queue);
    }
}

fn go_on(queue: &Arc<CpuQueue>) {
    if let Some(task) = queue.advance() {
        queue.slot.push_from_worker(Item::Task(task));
    }
}
