//! Sharing compiles and giving up on them.

use super::*;
use crate::backend::{Backend, CompileClock, Space, Variables};
use crate::device::DeviceProperties;
use crate::testing::{Gate, code, device};
use std::sync::atomic::AtomicU32;

/// A backend that compiles anything but the empty source into nothing, once its gate is open.
struct Counting {
    compiles: AtomicU32,
    gate: Gate,
}

impl Backend for Counting {
    fn properties(&self) -> &DeviceProperties {
        unreachable!("the compiler asks for none")
    }

    fn open_space(&self, _limit: u64, _checked: bool) -> Result<Arc<dyn Space>, String> {
        Err("no memory".into())
    }

    fn compile(
        &self,
        source: &ModuleSource,
        _checked: bool,
        clock: &dyn CompileClock,
    ) -> Result<Program, Vec<Diagnostic>> {
        self.compiles.fetch_add(1, SeqCst);
        if source.bytes() == b"slow start" {
            clock.pause();
            thread::sleep(10 * SHORT);
            clock.begin();
        }
        self.gate.pass();
        assert!(source.bytes() != b"panic", "as the source asks");
        if source.bytes().is_empty() {
            return Err(vec![Diagnostic::error(Default::default(), "nothing there")]);
        }
        Ok(Program {
            kernels: Vec::new(),
            diagnostics: Vec::new(),
            variables: Variables::default(),
        })
    }
}

fn backend(gate: &Gate) -> (Arc<Counting>, Arc<dyn Backend>) {
    let backend = Arc::new(Counting {
        compiles: AtomicU32::new(0),
        gate: gate.clone(),
    });
    (backend.clone(), backend)
}

fn ptx(source: &str) -> ModuleSource {
    ModuleSource::Ptx(source.to_owned())
}

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn the_time_of_a_source_stands_still_while_the_device_makes_ready() {
    let gate = Gate::default();
    let (_, backend) = backend(&gate);
    let compiler = Compiler::new(2);
    gate.open();
    let loaded = compiler
        .load(&backend, ptx("slow start"), false, SHORT)
        .await;
    assert!(loaded.is_ok(), "the pause alone takes ten times the limit");
}

#[tokio::test]
async fn the_same_source_is_compiled_once_for_each_mode() {
    let gate = Gate::default();
    gate.open();
    let (counting, backend) = backend(&gate);
    let compiler = Compiler::new(2);
    for (source, checked) in [
        ("a", false),
        ("a", false),
        ("a", true),
        ("b", false),
        ("a", false),
    ] {
        code(compiler.load(&backend, ptx(source), checked, LONG).await).unwrap();
    }
    assert_eq!(counting.compiles.load(SeqCst), 3);
}

#[test]
fn the_same_bytes_are_another_source_in_another_language() {
    let wasm = ModuleSource::Wasm(b"bytes".to_vec());
    assert!(key(&wasm, false) != key(&ptx("bytes"), false));
}

#[tokio::test]
async fn findings_of_a_refused_source_reach_the_guest() {
    let gate = Gate::default();
    gate.open();
    let (_, backend) = backend(&gate);
    let refused = code(Compiler::new(1).load(&backend, ptx(""), false, LONG).await);
    assert!(
        matches!(refused, Err(ErrorCode::Rejected(found)) if found[0].message == "nothing there")
    );
}

#[tokio::test]
async fn a_compile_that_takes_too_long_is_given_up_and_still_cached() {
    let gate = Gate::default();
    let (counting, backend) = backend(&gate);
    let compiler = Compiler::new(1);
    let late = code(
        compiler
            .load(&backend, ptx("slow"), false, Duration::from_millis(5))
            .await,
    );
    assert!(matches!(
        late,
        Err(ErrorCode::QuotaExceeded(Quota::CompileTime))
    ));
    gate.open();
    // This waits for the only turn, which the first compile still has.
    code(compiler.load(&backend, ptx("slow"), false, LONG).await).unwrap();
    assert_eq!(counting.compiles.load(SeqCst), 1);
}

#[tokio::test]
async fn a_slow_compile_keeps_nobody_else_waiting() {
    let (open, closed) = (Gate::default(), Gate::default());
    open.open();
    let ((_, fast), (_, slow)) = (backend(&open), backend(&closed));
    let compiler = Compiler::new(2);
    code(compiler.load(&fast, ptx("known"), false, LONG).await).unwrap();
    let soon = Duration::from_millis(5);
    let late = code(compiler.load(&slow, ptx("slow"), false, soon).await);
    assert!(late.is_err(), "the gate is closed");
    code(compiler.load(&fast, ptx("known"), false, LONG).await).unwrap();
    code(compiler.load(&fast, ptx("new"), false, LONG).await).unwrap();
    closed.open();
}

#[tokio::test]
async fn a_source_loaded_while_it_is_compiled_is_compiled_once() {
    let gate = Gate::default();
    let (counting, backend) = backend(&gate);
    let compiler = Compiler::new(2);
    let load = || compiler.load(&backend, ptx("same"), false, LONG);
    let opened = async {
        tokio::task::yield_now().await;
        gate.open();
    };
    let (first, second, ()) = tokio::join!(load(), load(), opened);
    let (first, second) = (code(first).unwrap(), code(second).unwrap());
    assert!(Arc::ptr_eq(&first.program, &second.program));
    assert!(first.is_new && !second.is_new);
    assert_eq!(counting.compiles.load(SeqCst), 1);
}

#[tokio::test]
async fn whoever_waits_compiles_when_the_first_gives_up_before_its_turn() {
    let gate = Gate::default();
    let (counting, backend) = backend(&gate);
    let compiler = Compiler::new(1);
    let soon = Duration::from_millis(5);
    let busy = compiler.load(&backend, ptx("busy"), false, LONG);
    let first = compiler.load(&backend, ptx("same"), false, soon);
    let second = compiler.load(&backend, ptx("same"), false, LONG);
    // In this order the busy one has the only turn, and the one out of patience is the one to begin.
    let first = async {
        let late = first.await;
        gate.open();
        late
    };
    let (busy, first, second) = tokio::join!(biased; busy, first, second);
    assert!(matches!(
        code(first),
        Err(ErrorCode::QuotaExceeded(Quota::CompileTime))
    ));
    code(busy).unwrap();
    code(second).unwrap();
    assert_eq!(counting.compiles.load(SeqCst), 2);
}

#[tokio::test]
async fn a_compiler_that_panics_is_an_error_for_all_who_wait_and_takes_no_turn_along() {
    let gate = Gate::default();
    let (_, backend) = backend(&gate);
    let compiler = Compiler::new(1);
    let load = || compiler.load(&backend, ptx("panic"), false, LONG);
    let opened = async {
        tokio::task::yield_now().await;
        gate.open();
    };
    let (first, second, ()) = tokio::join!(load(), load(), opened);
    for failed in [first, second] {
        let failed = code(failed).err().expect("it panicked");
        assert!(format!("{failed:?}").contains("failed on this source"));
    }
    code(compiler.load(&backend, ptx("next"), false, LONG).await).unwrap();
}

#[test]
fn the_cache_forgets_what_was_used_longest_ago() {
    let program = Arc::new(Program {
        kernels: Vec::new(),
        diagnostics: Vec::new(),
        variables: Variables::default(),
    });
    let mut cache = Cache::default();
    for index in 0..=KEPT {
        cache.keep(key(&ptx(&index.to_string()), false), program.clone(), 1);
        assert!(cache.find(&key(&ptx("0"), false)).is_some());
    }
    assert!(cache.find(&key(&ptx("1"), false)).is_none());
    assert_eq!((cache.programs.len(), cache.source), (KEPT, KEPT));
}

#[test]
fn the_cache_keeps_so_much_source_and_no_more() {
    let program = Arc::new(Program {
        kernels: Vec::new(),
        diagnostics: Vec::new(),
        variables: Variables::default(),
    });
    let mut cache = Cache::default();
    for (index, size) in [KEPT_SOURCE / 2, KEPT_SOURCE / 2, 1]
        .into_iter()
        .enumerate()
    {
        cache.keep(key(&ptx(&index.to_string()), false), program.clone(), size);
    }
    assert_eq!(
        (cache.programs.len(), cache.source),
        (2, KEPT_SOURCE / 2 + 1)
    );
    cache.keep(key(&ptx("large"), false), program, KEPT_SOURCE + 1);
    assert_eq!((cache.programs.len(), cache.source), (0, 0));
}

#[tokio::test]
async fn a_device_compiles_real_ptx_and_refuses_nonsense() {
    let device = device(1);
    let load = |source: &str| {
        device
            .compiler()
            .load(device.backend(), ptx(source), true, LONG)
    };
    assert!(matches!(
        code(load("nonsense").await),
        Err(ErrorCode::Rejected(_))
    ));
    let loaded = code(load(wasi_cuda_kernels::builtin("linalg").unwrap()).await).unwrap();
    assert!(
        loaded
            .program
            .kernels
            .iter()
            .any(|kernel| kernel.signature.name == "saxpy")
    );
}

#[tokio::test]
async fn a_device_refuses_a_target_above_its_own_and_says_what_to_do() {
    let device = device(1);
    let source =
        ".version 8.8\n.target sm_120\n.address_size 64\n.visible .entry nothing() { ret; }";
    let loaded = device
        .compiler()
        .load(device.backend(), ptx(source), false, LONG);
    let Err(ErrorCode::Rejected(found)) = code(loaded.await) else {
        panic!("the CPU device has compute capability 9.0");
    };
    assert_eq!((found[0].line, found[0].column), (2, 9));
    for words in ["`sm_120`", "has 9.0", "; compile it for `sm_90`"] {
        assert!(found[0].message.contains(words), "{}", found[0].message);
    }
}
