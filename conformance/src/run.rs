use crate::report::{CaseResult, Outcome, Report};
use crate::{Case, Entry, Expectation, Host, LoseDevices, NotRun};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{I32Exit, WasiCtx};

/// The time for one case, compiling the guest included. The slowest take seconds on a busy machine of two cores,
/// so a case that needs this long hangs.
const CASE_TIME: Duration = Duration::from_secs(120);

/// Bytes of output kept of a guest, each for standard output and standard error; a guest that prints more traps.
const OUTPUT_LIMIT: usize = 1 << 20;

/// Runs cases on a host.
pub struct Runner<H> {
    host: Arc<H>,
    case_time: Duration,
}

impl<H: Host> Runner<H> {
    /// A runner that gives each case two minutes.
    pub fn new(host: H) -> Self {
        Runner {
            host: Arc::new(host),
            case_time: CASE_TIME,
        }
    }

    /// The same runner with another time for each case.
    #[must_use]
    pub fn with_case_time(mut self, case_time: Duration) -> Self {
        self.case_time = case_time;
        self
    }

    /// Runs the cases one after the other. `device` is the name under which the report lists them.
    pub fn run(&self, device: &str, cases: &[Case]) -> Report {
        Report {
            device: device.to_owned(),
            results: cases.iter().map(|case| self.run_case(case)).collect(),
        }
    }

    /// Runs one case, on a thread of its own: a host that hangs or panics fails the case and not the suite.
    pub fn run_case(&self, case: &Case) -> CaseResult {
        let begin = Instant::now();
        let output = Output::new();
        let expired = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let guest = thread::spawn({
            let (host, case) = (Arc::clone(&self.host), case.clone());
            let (output, expired) = (output.clone(), Arc::clone(&expired));
            move || {
                // The receiver has left when the time is up: there is no one to tell.
                let _ = sender.send(run_guest(&*host, &case, &output, expired));
            }
        });
        let outcome = match receiver.recv_timeout(self.case_time) {
            Ok(Ok(end)) => judge(&case.expectation, end, &output),
            Ok(Err(NotRun(reason))) => Outcome::DidNotRun(reason),
            Err(RecvTimeoutError::Timeout) => {
                expired.store(true, Ordering::Relaxed);
                self.host.engine().increment_epoch();
                Outcome::Failed(format!("did not end within {:?}", self.case_time))
            }
            Err(RecvTimeoutError::Disconnected) => Outcome::Failed(match guest.join() {
                Err(panic) => format!("the host panicked: {}", panic_text(&*panic)),
                Ok(()) => "the host's thread ended without a result".to_owned(),
            }),
        };
        CaseResult {
            name: case.name().to_owned(),
            suite: case.suite().to_owned(),
            outcome,
            duration: begin.elapsed(),
            stdout: output.stdout(),
            stderr: output.stderr(),
        }
    }
}

/// How a guest ended.
enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By a trap.
    Trapped(wasmtime::Error),
    /// Not at all: it could not be compiled or linked.
    NotStarted(wasmtime::Error),
}

/// What a guest prints.
#[derive(Clone)]
struct Output {
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl Output {
    fn new() -> Self {
        Output {
            stdout: MemoryOutputPipe::new(OUTPUT_LIMIT),
            stderr: MemoryOutputPipe::new(OUTPUT_LIMIT),
        }
    }

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout.contents()).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.contents()).into_owned()
    }
}

fn run_guest<H: Host>(
    host: &H,
    case: &Case,
    output: &Output,
    expired: Arc<AtomicBool>,
) -> Result<End, NotRun> {
    let mut wasi = WasiCtx::builder();
    wasi.stdout(output.stdout.clone())
        .stderr(output.stderr.clone())
        .envs(&case.setup.environment);
    let data = host.data(&case.setup, wasi.build())?;

    let lose_devices = match (case.setup.lose_devices, host.lose_devices(&data)) {
        (true, None) => return Err(NotRun::because("the host cannot lose a device on demand")),
        (asked, found) => found.filter(|_| asked),
    };

    // Only now: an engine may not even read a program that asks for what the host lacks.
    let component = match Component::new(host.engine(), case.program.component) {
        Ok(component) => component,
        Err(error) => return Ok(End::NotStarted(error)),
    };
    let mut store = Store::new(host.engine(), data);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        Ok(if expired.load(Ordering::Relaxed) {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Continue(1)
        })
    });

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| NotRun::because(format!("no Tokio runtime: {error}")))?;
    if let Some(lose_devices) = lose_devices {
        runtime.spawn(lose_when_told(output.clone(), lose_devices));
    }
    Ok(runtime.block_on(async {
        let linker = match link(host) {
            Ok(linker) => linker,
            Err(error) => return End::NotStarted(error),
        };
        match linker.instantiate_async(&mut store, &component).await {
            Ok(instance) => call(case.entry, instance, &mut store).await,
            Err(error) => End::NotStarted(error),
        }
    }))
}

/// Declares the guest's devices lost once it asks for that.
async fn lose_when_told(output: Output, lose_devices: LoseDevices) {
    while !output
        .stdout()
        .lines()
        .any(|line| line == "lose the device")
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    lose_devices();
}

fn link<H: Host>(host: &H) -> wasmtime::Result<Linker<H::Data>> {
    let mut linker = Linker::new(host.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    host.add_to_linker(&mut linker)?;
    Ok(linker)
}

async fn call<T: Send>(entry: Entry, instance: Instance, store: &mut Store<T>) -> End {
    let result = match entry {
        Entry::Main => match Command::new(&mut *store, &instance) {
            Ok(command) => command.wasi_cli_run().call_run(store).await,
            Err(error) => return End::NotStarted(error),
        },
        Entry::AsyncCheck => match instance.get_typed_func::<(), ()>(&mut *store, "check") {
            Ok(check) => check.call_async(store, ()).await.map(Ok),
            Err(error) => return End::NotStarted(error),
        },
    };
    match result {
        Ok(Ok(())) => End::Exited(0),
        Ok(Err(())) => End::Exited(1),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => End::Exited(exit.0),
            None => End::Trapped(error),
        },
    }
}

fn judge(expectation: &Expectation, end: End, output: &Output) -> Outcome {
    let problem = match (expectation, end) {
        (_, End::NotStarted(error)) => format!("does not start: {error:#}"),
        (Expectation::ExitsZero, End::Exited(0)) => return Outcome::Passed,
        (Expectation::ExitsZero, End::Exited(status)) => format!("exited with {status}"),
        (Expectation::ExitsZero, End::Trapped(error)) => match panic_message(&output.stderr()) {
            Some(message) => message,
            None => format!("trapped: {}", error.root_cause()),
        },
        (Expectation::Traps { trap, .. }, End::Exited(status)) => {
            format!("exited with {status} instead of the trap `{trap}`")
        }
        (Expectation::Traps { last_line, trap }, End::Trapped(error)) => {
            let text = error.root_cause().to_string();
            let stdout = output.stdout();
            if !text.contains(trap) {
                format!("trapped with `{text}` instead of `{trap}`")
            } else if stdout.lines().last() != Some(last_line) {
                format!("trapped before it printed `{last_line}`")
            } else {
                return Outcome::Passed;
            }
        }
    };
    Outcome::Failed(problem)
}

/// What a Rust guest said when it panicked, which the trap that follows does not.
fn panic_message(stderr: &str) -> Option<String> {
    let (_, message) = stderr.split_once("panicked at ")?;
    let told = message.split("\nnote: ").next().unwrap_or(message);
    Some(format!("the guest panicked at {}", told.trim()))
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text")
}
