//! The processes in which the driver's compiler runs.

use super::protocol::{Answer, read_answer, read_request, write_answer, write_request};
use super::{Bounds, CodeError, PtxCompiler};
use crate::backend::cuda::driver::cudarc;
use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// From one look at a worker's memory to the next.
const LOOK: Duration = Duration::from_millis(20);

/// Time for a worker to start, with its context.
const START: Duration = Duration::from_secs(20);

/// A worker that nobody needed for so long is ended, which frees its context's memory on the GPU.
const IDLE: Duration = Duration::from_secs(20);

/// From one look whether the host is there to the next.
const HOST_LOOK: Duration = Duration::from_millis(500);

/// The environment variable by which a worker knows its GPU.
const ORDINAL: &str = "WASI_CUDA_PTX_COMPILER_GPU";

/// Starts workers, and keeps those that are idle for a while.
pub(super) struct Workers {
    program: PathBuf,
    arguments: Vec<OsString>,
    bounds: Bounds,
    ordinal: u32,
    idle: Arc<Mutex<Vec<Idle>>>,
}

struct Idle {
    worker: Worker,
    since: Instant,
}

/// A process. Dropped, it is killed.
struct Worker {
    child: Child,
    input: BufWriter<ChildStdin>,
    /// Answers come from a thread of their own, so that waiting for one can end.
    answers: Receiver<io::Result<Answer>>,
}

impl Workers {
    /// None where the driver compiles in the host's process.
    pub(super) fn new(compiler: &PtxCompiler, ordinal: u32) -> Option<Self> {
        let PtxCompiler::Worker {
            program,
            arguments,
            time,
            memory,
        } = compiler
        else {
            return None;
        };
        Some(Self {
            program: program.clone(),
            arguments: arguments.clone(),
            bounds: Bounds {
                time: *time,
                memory: *memory,
            },
            ordinal,
            idle: Arc::default(),
        })
    }

    /// Has an idle worker that is ready. Waits for it; whoever compiles is told why there is none.
    pub(super) fn prepare(&self) {
        if !crate::lock(&self.idle).is_empty() {
            return;
        }
        let worker = Worker::start(&self.program, &self.arguments, self.ordinal);
        match worker.and_then(Worker::ready) {
            Ok(worker) => self.keep(worker),
            Err(error) => tracing::warn!(%error, "no compiling process"),
        }
    }

    /// Compiles a text in an idle worker, or in a new one. Waits for it.
    pub(super) fn compile(&self, text: &str) -> Result<Vec<u8>, CodeError> {
        let idle = crate::lock(&self.idle).pop();
        if let Some(Idle { mut worker, .. }) = idle {
            match worker.compile(text, self.bounds) {
                // It may have died while it was idle: a new one tells.
                Err(CodeError::Worker(_)) => {}
                done => return self.done(worker, done),
            }
        }
        let mut worker = Worker::start(&self.program, &self.arguments, self.ordinal)?.ready()?;
        let done = worker.compile(text, self.bounds);
        self.done(worker, done)
    }

    /// Keeps a worker that has answered.
    fn done(&self, worker: Worker, done: Result<Vec<u8>, CodeError>) -> Result<Vec<u8>, CodeError> {
        if matches!(done, Ok(_) | Err(CodeError::Refused(_))) {
            self.keep(worker);
        }
        done
    }

    fn keep(&self, worker: Worker) {
        let mut idle = crate::lock(&self.idle);
        idle.push(Idle {
            worker,
            since: Instant::now(),
        });
        if idle.len() == 1 {
            self.end_idle_ones();
        }
    }

    /// Ends workers that nobody needs, on a thread that goes when there are none.
    fn end_idle_ones(&self) {
        let idle = Arc::downgrade(&self.idle);
        let watch = move || {
            loop {
                thread::sleep(IDLE / 4);
                let Some(idle) = idle.upgrade() else { return };
                let mut idle = crate::lock(&idle);
                idle.retain(|idle| idle.since.elapsed() < IDLE);
                if idle.is_empty() {
                    return;
                }
            }
        };
        let started = thread::Builder::new()
            .name("wasi-cuda-workers".into())
            .spawn(watch);
        if let Err(error) = started {
            tracing::warn!(%error, "idle compiling processes are kept");
        }
    }
}

impl Worker {
    fn start(program: &PathBuf, arguments: &[OsString], ordinal: u32) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .env(ORDINAL, ordinal.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", program.display()))
            })?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| io::Error::other("it has no pipes"))?;
        let (sender, answers) = channel();
        thread::Builder::new()
            .name("wasi-cuda-answers".into())
            .spawn(move || {
                let mut output: BufReader<ChildStdout> = BufReader::new(output);
                loop {
                    let answer = read_answer(&mut output);
                    let over = answer.is_err();
                    if sender.send(answer).is_err() || over {
                        return;
                    }
                }
            })?;
        Ok(Self {
            child,
            input: BufWriter::new(input),
            answers,
        })
    }

    /// Waits until it has a context.
    fn ready(self) -> io::Result<Self> {
        match self.answers.recv_timeout(START) {
            Ok(Ok(Answer::Ready)) => Ok(self),
            Ok(Ok(_)) => Err(io::Error::other("it answers what nobody asked")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::other(format!("it did not start in {START:?}"))),
        }
    }

    fn compile(&mut self, text: &str, bounds: Bounds) -> Result<Vec<u8>, CodeError> {
        let begin = Instant::now();
        write_request(&mut self.input, text)?;
        while begin.elapsed() < bounds.time {
            match self.answers.recv_timeout(LOOK) {
                Ok(Ok(Answer::Code(code))) => return Ok(code),
                Ok(Ok(Answer::Refused(log))) => return Err(CodeError::Refused(log)),
                Ok(Ok(Answer::Ready)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("it ended without an answer").into());
                }
            }
            if resident(self.child.id()).is_some_and(|bytes| bytes > bounds.memory) {
                return Err(CodeError::Memory(bounds.memory));
            }
        }
        Err(CodeError::Time(bounds.time))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of memory that a process has; none where the system does not tell.
fn resident(process: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// The worker's side: compiles what comes on standard input until that ends, and answers on standard output. A program that
/// is named by [`PtxCompiler::Worker`] calls this, and nothing before that prints.
///
/// The process has a CUDA context of its own, and no memory of any guest.
pub fn run_ptx_compiler() -> ExitCode {
    end_with_the_host();
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the PTX compiler ends: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A source that keeps the compiler busy must not do so when nobody waits any more: a process whose host has ended gets
/// another parent.
fn end_with_the_host() {
    let host = rustix::process::getppid();
    let watch = move || {
        while rustix::process::getppid() == host {
            thread::sleep(HOST_LOOK);
        }
        std::process::exit(1);
    };
    let started = thread::Builder::new()
        .name("wasi-cuda-host".into())
        .spawn(watch);
    if let Err(error) = started {
        eprintln!("the PTX compiler may outlive its host: {error}");
    }
}

fn serve(requests: &mut impl io::Read, answers: &mut impl io::Write) -> io::Result<()> {
    let ordinal = std::env::var(ORDINAL)
        .ok()
        .and_then(|text| text.parse().ok());
    let driver = cudarc::count().and_then(|_| {
        cudarc::Cudarc::open(ordinal.unwrap_or(0)).map_err(|error| error.to_string())
    });
    write_answer(answers, &Answer::Ready)?;
    while let Some(text) = read_request(requests)? {
        let code = match &driver {
            Ok(driver) => driver.assemble(&text),
            Err(error) => Err(error.clone()),
        };
        let answer = match code {
            Ok(code) => Answer::Code(code),
            Err(log) => Answer::Refused(log),
        };
        write_answer(answers, &answer)?;
    }
    Ok(())
}
