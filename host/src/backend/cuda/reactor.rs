//! The thread that retires what nobody waits for, issues what guests leave to it, keeps time limits, and notices a lost device.
//!
//! It looks at the lanes' marks without pause while somebody waits for what is in flight, and else now and then, since whoever
//! issues work retires some, too. When nothing has been in flight for a moment it dozes, and looks again every millisecond;
//! after a while of that it sleeps until somebody issues something, so that an idle process uses no processor.

use super::Gpu;
use super::issued::Issued;
use super::lane::Lane;
use super::queue::CudaQueue;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// From one look to the next at work for which nobody waits.
const NAP: Duration = Duration::from_micros(50);

/// After a queue had work to issue it looks for more without pause for so long.
const LINGER: Duration = Duration::from_micros(100);

/// Without work for so long the reactor dozes.
const DOZE_AFTER: Duration = Duration::from_micros(200);

/// How long it dozes at a time: as exact as time limits are.
const DOZE: Duration = Duration::from_millis(1);

/// Without work for so long it sleeps. A guest that launches and waits does so far more often.
const SLEEP_AFTER: Duration = Duration::from_millis(200);

/// Pauses between two looks at marks, some two microseconds.
const PAUSES: u32 = 64;

/// From one look at time limits, unmarked work and the context to the next.
const TICK: Duration = Duration::from_micros(500);

/// A kernel that was told to stop ends within a millisecond. One that has not after this never will.
pub(super) const STOPPED_AFTER: Duration = Duration::from_secs(10);

const AWAKE: u8 = 0;
const DOZING: u8 = 1;
const SLEEPING: u8 = 2;

/// What others tell the reactor's thread.
#[derive(Default)]
pub(super) struct Reactor {
    thread: OnceLock<Thread>,
    starting: Mutex<()>,
    rest: AtomicU8,
    /// Whether somebody waits for work that was in flight at the last look.
    hurried: AtomicBool,
    /// Whether guests issue so much that looking for more of it is worth a thread.
    burst: AtomicBool,
    closed: AtomicBool,
    /// Queues with work that can be issued, or could be soon.
    listed: Mutex<Vec<Arc<CudaQueue>>>,
}

impl Reactor {
    /// Starts the thread, once.
    pub(super) fn start(&self, gpu: &Arc<Gpu>) -> std::io::Result<()> {
        let _starting = crate::lock(&self.starting);
        if self.thread.get().is_some() {
            return Ok(());
        }
        let gpu = Arc::downgrade(gpu);
        let handle = thread::Builder::new()
            .name("wasi-cuda-reactor".into())
            .spawn(move || run(&gpu))?;
        let _ = self.thread.set(handle.thread().clone());
        Ok(())
    }

    /// Something was issued: a look soon is enough, so a dozing thread is left alone.
    pub(super) fn notice(&self) {
        if self.rest.load(SeqCst) == SLEEPING {
            self.wake();
        }
    }

    /// Somebody waits for what is in flight.
    pub(super) fn hurry(&self) {
        self.hurried.store(true, SeqCst);
        self.wake();
    }

    /// Whether somebody waits.
    pub(super) fn is_hurried(&self) -> bool {
        self.hurried.load(SeqCst)
    }

    /// Whether what is listed is issued within a few microseconds.
    pub(super) fn issues(&self) -> bool {
        self.burst.load(SeqCst) && self.rest.load(SeqCst) == AWAKE
    }

    /// A guest issues one operation after the other: this thread could do that for it.
    pub(super) fn expect_more(&self) {
        if !self.burst.swap(true, SeqCst) {
            self.wake();
        }
    }

    /// There is something to do: looks now.
    pub(super) fn wake(&self) {
        if self.rest.load(SeqCst) != AWAKE
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// A queue has work to issue.
    pub(super) fn list(&self, queue: Arc<CudaQueue>) {
        if !queue.listed.swap(true, SeqCst) {
            crate::lock(&self.listed).push(queue);
        }
        self.wake();
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.closed.store(true, SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn take_listed(&self) -> Vec<Arc<CudaQueue>> {
        std::mem::take(&mut *crate::lock(&self.listed))
    }
}

/// Between two looks: each look takes what it looks at out of the issuing thread's cache.
fn rest_a_little() {
    for _ in 0..PAUSES {
        hint::spin_loop();
    }
    thread::yield_now();
}

/// Sleeps for a moment, unless somebody is in a hurry.
fn nap(gpu: Arc<Gpu>) {
    let reactor = gpu.reactor.clone();
    drop(gpu);
    reactor.rest.store(DOZING, SeqCst);
    // Whoever was in a hurry before the store woke nobody.
    let needed = [&reactor.hurried, &reactor.burst];
    if !needed.iter().any(|it| it.load(SeqCst)) && crate::lock(&reactor.listed).is_empty() {
        thread::park_timeout(NAP);
    }
    reactor.rest.store(AWAKE, SeqCst);
}

/// What the thread remembers.
struct Watch {
    worked: Instant,
    /// Whether there was a burst at the last look.
    bursting: bool,
    /// When it began, or a queue had work to issue.
    listed: Instant,
    ticked: Instant,
}

fn run(gpu: &Weak<Gpu>) {
    let now = Instant::now();
    let mut watch = Watch {
        worked: now,
        bursting: false,
        listed: now,
        ticked: now,
    };
    // Before the first tick there may be something to retire.
    if let Some(Err(error)) = gpu.upgrade().map(|gpu| gpu.driver.bind()) {
        tracing::debug!(%error, "the reactor has no context yet");
    }
    while let Some(gpu) = gpu.upgrade() {
        if gpu.reactor.closed.load(SeqCst) {
            return;
        }
        let busy = watch.look(&gpu);
        let now = Instant::now();
        if busy {
            watch.worked = now;
            match watch.is_needed(&gpu.reactor, now) {
                true => rest_a_little(),
                false => nap(gpu),
            }
            continue;
        }
        gpu.reactor.hurried.store(false, SeqCst);
        watch.is_needed(&gpu.reactor, now);
        let idle = now.duration_since(watch.worked);
        if idle < DOZE_AFTER {
            thread::yield_now();
            continue;
        }
        let rest = match idle < SLEEP_AFTER {
            true => DOZING,
            false => SLEEPING,
        };
        gpu.reactor.rest.store(rest, SeqCst);
        // Whoever issued before the store did not wake anyone.
        let quiet = gpu.is_quiet()
            && crate::lock(&gpu.reactor.listed).is_empty()
            && gpu.newly_lost().is_none();
        let reactor = gpu.reactor.clone();
        drop(gpu);
        match (quiet, rest) {
            (false, _) => {}
            (true, DOZING) => thread::park_timeout(DOZE),
            (true, _) => thread::park(),
        }
        reactor.rest.store(AWAKE, SeqCst);
    }
}

impl Watch {
    /// Whether somebody waits, or issues so much that a nap would make it late.
    fn is_needed(&mut self, reactor: &Reactor, now: Instant) -> bool {
        let burst = reactor.burst.load(SeqCst);
        if burst && !self.bursting {
            self.listed = now;
        }
        self.bursting = burst && now.saturating_duration_since(self.listed) <= LINGER;
        if burst && !self.bursting {
            reactor.burst.store(false, SeqCst);
        }
        self.bursting || reactor.is_hurried()
    }

    /// Looks once at everything: whether anything is in flight or to be issued.
    fn look(&mut self, gpu: &Arc<Gpu>) -> bool {
        let mut busy = false;
        for lane in gpu.lanes() {
            if lane.load() > 0 {
                busy = true;
                lane.retire();
            }
        }
        let listed = gpu.reactor.take_listed();
        if !listed.is_empty() {
            busy = true;
            self.listed = Instant::now();
        }
        for queue in listed {
            queue.listed.store(false, SeqCst);
            queue.advance();
        }
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            gpu.tick();
        }
        if let Some(reason) = gpu.newly_lost() {
            gpu.tell_lost(reason);
        }
        busy
    }
}

impl Gpu {
    /// Whether nothing is in flight.
    pub(super) fn is_quiet(&self) -> bool {
        self.lanes().all(|lane| lane.load() == 0)
    }

    /// Keeps time limits, marks what nobody waits for, and looks at the context.
    fn tick(&self) {
        if self.is_lost() {
            return;
        }
        let looked = self.driver.bind().and_then(|()| {
            for lane in self.lanes().filter(|lane| lane.load() > 0) {
                lane.mark_older_than(TICK)?;
                lane.check()?;
            }
            Ok(())
        });
        if let Err(error) = looked {
            self.lose(&error.to_string());
        }
        for lane in self.lanes() {
            if lane.load() > 0 && self.keep_limits(lane) {
                *crate::lock(&self.worked_for_others) = Instant::now();
            }
        }
    }

    /// Whether a launch is in flight there that nobody told to stop.
    fn keep_limits(&self, lane: &Lane) -> bool {
        // The launch that runs and for how long it has, and, where it is over its time, whether it has faulted.
        let (mut first, mut over) = (None, None);
        lane.head(|together, since| {
            let (mut limits, mut running, mut head) = (Some(Duration::ZERO), since, None);
            for issued in together.filter(|issued| issued.runs_kernels()) {
                head.get_or_insert(issued);
                running = running.min(issued.running(since));
                limits = limits
                    .zip(issued.time_limit())
                    .and_then(|(sum, limit)| sum.checked_add(limit));
            }
            first = head.and_then(|issued| Some((issued.launch()?, issued.running(since))));
            let is_over = limits.is_some_and(|limits| running >= limits);
            over = head.filter(|_| is_over).map(Issued::has_fault);
        });
        if let (Some(((queue, launch), _)), Some(has_faulted)) = (&first, over) {
            queue.expire(launch, has_faulted);
        }
        let Some((launch, running)) = first else {
            return false;
        };
        let Some(stopping) = launch.0.stopping_since() else {
            return true;
        };
        // What was told to stop before its turn came has all its time yet, and as long as the GPU works for others the turn of its
        // blocks may not have come.
        let alone = crate::lock(&self.worked_for_others).elapsed();
        if running.min(stopping.elapsed()).min(alone) > self.patience {
            self.lose_by(
                Some(launch),
                "a kernel runs on although it was told to stop",
            );
        } else {
            launch.0.stop_again();
        }
        false
    }
}
