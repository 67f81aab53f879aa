//! Loading code while nothing runs.
//!
//! The driver's calls that load code wait for every kernel that runs, and meanwhile keep every other thread from launching, and from
//! stopping, anything (`gpu_sandbox waits` measures it). So code is loaded when the lanes are empty. Where they are never empty by
//! themselves, a gate keeps what comes from being issued until what is in flight is over, which time limits see to.

use super::Gpu;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// How long a load waits for a moment without work before it makes one.
const GRACE: Duration = Duration::from_millis(20);

/// How long it keeps others waiting at most: more than a launch may run where nobody changed the limit.
const PATIENCE: Duration = Duration::from_secs(40);

/// From one look to the next.
const LOOK: Duration = Duration::from_micros(100);

/// What keeps operations from being issued.
#[derive(Default)]
pub(super) struct Gate {
    closed: AtomicBool,
    /// One load at a time.
    loading: Mutex<()>,
}

/// Something runs on and on.
#[derive(Debug, thiserror::Error)]
#[error(
    "the GPU loads code only while nothing runs, and kernels of other guests have kept it busy for {} s; try again, and give \
     launches shorter time limits",
    PATIENCE.as_secs()
)]
pub(super) struct Busy;

impl Gate {
    /// Whether nothing may be issued.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(SeqCst)
    }
}

/// Opens the gate again, whatever becomes of the load.
struct Closed<'a>(&'a Gate);

impl<'a> Closed<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.closed.store(true, SeqCst);
        Self(gate)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.closed.store(false, SeqCst);
    }
}

impl Gpu {
    /// Does what waits for all kernels while there are none. Not for threads that others wait for.
    pub(super) fn while_idle<T>(&self, act: impl FnOnce() -> T) -> Result<T, Busy> {
        let _one_at_a_time = crate::lock(&self.gate.loading);
        let begun = Instant::now();
        while begun.elapsed() < GRACE {
            if self.is_quiet() {
                let _closed = Closed::new(&self.gate);
                // Whoever was about to issue something has said so before, or finds the gate closed.
                if self.is_quiet() {
                    return Ok(act());
                }
            }
            self.reactor.wake();
            thread::sleep(LOOK);
        }
        let _closed = Closed::new(&self.gate);
        while !self.is_quiet() {
            if begun.elapsed() > PATIENCE {
                return Err(Busy);
            }
            if self.is_lost() {
                break;
            }
            self.reactor.wake();
            thread::sleep(LOOK);
        }
        Ok(act())
    }
}
