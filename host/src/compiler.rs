//! Compiling beside the guests: on threads of its own, a few at a time, each source once, however many guests load it at a time.

mod flight;

use crate::backend::{Backend, CompileClock as _, ModuleSource, Program};
use crate::bindings::wasi::cuda::types::{self, ErrorCode, Quota};
use crate::error::{CudaError, CudaResult};
use crate::timer::{Alarm, Timer};
use crate::wakers::WakerList;
use flight::{Flight, Flights, Joined, Landing, Starting};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use wasi_cuda_jit::{Diagnostic, Severity};

/// Stack of a compiling thread: what a main thread has, on which compilers are used to run.
const STACK: usize = 8 << 20;

/// Time for a device to make ready what compiling needs, such as a process of its own, and for a compile to get its turn.
const PREPARE: Duration = Duration::from_secs(60);

/// Compiled sources that are kept although no guest uses them: a service runs the same few kernels for
/// guest after guest.
const KEPT: usize = 64;

/// Bytes of source that the kept ones had in all. Code is some ten times as large.
const KEPT_SOURCE: usize = 4 << 20;

type Key = [u8; 32];
type Compiled = Result<Arc<Program>, Vec<Diagnostic>>;

/// A source that is compiled.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) program: Arc<Program>,
    /// Whether whoever asked had it compiled, and no one before.
    pub(crate) is_new: bool,
}

/// The compiler of one device.
pub(crate) struct Compiler {
    /// One permit for each compile that may run at a time.
    permits: Arc<Semaphore>,
    cache: Arc<Mutex<Cache>>,
    /// What is being compiled.
    flights: Flights,
    timer: Timer,
}

/// What was compiled last, the oldest first.
#[derive(Default)]
struct Cache {
    programs: VecDeque<Cached>,
    /// Bytes of source in all.
    source: usize,
}

struct Cached {
    key: Key,
    program: Arc<Program>,
    source: usize,
}

impl Compiler {
    /// So many compiles run at a time; others wait for their turn.
    pub(crate) fn new(at_a_time: u32) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_a_time.max(1) as usize)),
            cache: Arc::default(),
            flights: Flights::default(),
            timer: Timer::default(),
        }
    }

    /// Compiles a module, or finds it compiled. A compile that runs out of time is left to end by itself; it
    /// keeps its turn until then, so that no guest can have more threads compile than the device allows.
    pub(crate) async fn load(
        &self,
        backend: &Arc<dyn Backend>,
        source: ModuleSource,
        checked: bool,
        limit: Duration,
    ) -> CudaResult<Loaded> {
        let key = key(&source, checked);
        let source = Arc::new(source);
        loop {
            let (flight, is_new) = match self.flights.join(&self.cache, key) {
                Joined::Known(program) => {
                    let is_new = false;
                    return Ok(Loaded { program, is_new });
                }
                Joined::Other(flight) => (flight, false),
                Joined::First(flight, starting) => {
                    self.start(backend, &source, checked, limit, starting)
                        .await?;
                    (flight, true)
                }
            };
            match self.landing(&flight, limit).await? {
                Some(Landing::Compiled(Ok(program))) => return Ok(Loaded { program, is_new }),
                Some(Landing::Compiled(Err(diagnostics))) => return Err(rejected(&diagnostics)),
                Some(Landing::Failed) => {
                    return Err(CudaError::other("the compiler failed on this source"));
                }
                // Whoever came first gave up before its turn came: somebody else begins.
                Some(Landing::Abandoned) => {}
                None => return Err(Quota::CompileTime.into()),
            }
        }
    }

    /// How a compile ends; none when its time is over.
    async fn landing(&self, flight: &Flight, limit: Duration) -> CudaResult<Option<Landing>> {
        loop {
            let clock = flight.clock();
            let most = if clock.counts() { limit } else { PREPARE };
            match self.within(most, flight.landed(clock)).await? {
                Some(Some(landing)) => return Ok(Some(landing)),
                Some(None) => {}
                None => return Ok(None),
            }
        }
    }

    /// Compiles on a thread of its own, when its turn has come.
    async fn start(
        &self,
        backend: &Arc<dyn Backend>,
        source: &Arc<ModuleSource>,
        checked: bool,
        limit: Duration,
        starting: Starting,
    ) -> CudaResult<()> {
        let turn = self.permits.clone().acquire_owned();
        let Some(permit) = self.within(limit, turn).await? else {
            return Err(Quota::CompileTime.into());
        };
        let permit = permit.map_err(|error| CudaError::Trap(error.into()))?;
        let (backend, source) = (backend.clone(), source.clone());
        let compile = move || {
            // Lands as failed if the compiler panics.
            let running = starting.run();
            running.begin();
            let compiled: Compiled = backend.compile(&source, checked, &running).map(Arc::new);
            running.land(compiled, source.bytes().len());
            drop(permit);
        };
        let thread = thread::Builder::new()
            .name("wasi-cuda-compile".into())
            .stack_size(STACK);
        thread
            .spawn(compile)
            .map_err(|error| CudaError::other(format!("cannot compile: {error}")))?;
        Ok(())
    }

    /// What the future gives, or none when that takes too long.
    async fn within<F: Future>(&self, limit: Duration, future: F) -> CudaResult<Option<F::Output>> {
        let expiry = Arc::new(Expiry::default());
        if let Some(at) = Instant::now().checked_add(limit) {
            let alarm: Arc<dyn Alarm> = expiry.clone();
            let rings = self.timer.ring_at(at, Arc::downgrade(&alarm));
            rings
                .map_err(|error| CudaError::other(format!("cannot watch the compiler: {error}")))?;
        }
        let mut future = pin!(future);
        Ok(poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => expiry
                .wakers
                .poll(cx, || expiry.over.load(SeqCst).then_some(None)),
        })
        .await)
    }
}

/// A moment after which nobody waits any longer.
#[derive(Default)]
struct Expiry {
    over: AtomicBool,
    wakers: WakerList,
}

impl Alarm for Expiry {
    fn ring(&self, _now: Instant) -> Option<Instant> {
        self.over.store(true, SeqCst);
        self.wakers.wake_all();
        None
    }
}

impl Cache {
    fn find(&mut self, key: &Key) -> Option<Arc<Program>> {
        let index = self.programs.iter().position(|cached| cached.key == *key)?;
        let cached = self.programs.remove(index)?;
        let program = cached.program.clone();
        self.programs.push_back(cached);
        Some(program)
    }

    fn keep(&mut self, key: Key, program: Arc<Program>, source: usize) {
        if self.find(&key).is_some() {
            return;
        }
        self.source += source;
        self.programs.push_back(Cached {
            key,
            program,
            source,
        });
        while self.programs.len() > KEPT || self.source > KEPT_SOURCE {
            let Some(oldest) = self.programs.pop_front() else {
                return;
            };
            self.source -= oldest.source;
        }
    }
}

/// Everything that decides the code.
fn key(source: &ModuleSource, checked: bool) -> Key {
    let is_wasm = matches!(source, ModuleSource::Wasm(_));
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&[u8::from(checked), u8::from(is_wasm)])
        .update(source.bytes());
    *hasher.finalize().as_bytes()
}

fn rejected(diagnostics: &[Diagnostic]) -> CudaError {
    ErrorCode::Rejected(diagnostics.iter().map(diagnostic).collect()).into()
}

/// A finding as guests read it.
pub(crate) fn diagnostic(found: &Diagnostic) -> types::Diagnostic {
    types::Diagnostic {
        severity: match found.severity {
            Severity::Error => types::Severity::Error,
            Severity::Warning => types::Severity::Warning,
            Severity::Note => types::Severity::Note,
        },
        line: found.span.line,
        column: found.span.column,
        message: found.text().into_owned(),
    }
}

#[cfg(test)]
mod tests;
