//! The runner tells apart how guests end, and survives hosts that panic or hang.

use std::time::Duration;
use wasi_cuda_conformance::programs::Program;
use wasi_cuda_conformance::{Case, Expectation, Host, NotRun, Outcome, Runner, Setup};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Config, Engine};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// A host without `wasi:cuda`, which these guests do not import.
struct BareHost {
    engine: Engine,
    data: fn() -> Result<(), NotRun>,
}

struct Data {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Host for BareHost {
    type Data = Data;

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn add_to_linker(&self, _linker: &mut Linker<Data>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn data(&self, _setup: &Setup, wasi: WasiCtx) -> Result<Data, NotRun> {
        (self.data)()?;
        Ok(Data {
            wasi,
            table: ResourceTable::new(),
        })
    }
}

fn runner(data: fn() -> Result<(), NotRun>) -> Runner<BareHost> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config).expect("an engine");
    Runner::new(BareHost { engine, data })
}

/// A case whose `run` has this body, in the text format.
fn case(body: &str) -> Case {
    let text = format!(
        r#"(component
            (core module $m (func (export "run") (result i32) {body}))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    );
    let component = wat::parse_str(text).expect("valid text");
    Case::of(Program {
        name: "types_written_here",
        suite: "types",
        component: component.leak(),
    })
}

fn traps(trap: &'static str) -> Expectation {
    Expectation::Traps {
        last_line: "about to divide",
        trap,
    }
}

fn outcome(case: &Case) -> Outcome {
    runner(|| Ok(())).run_case(case).outcome
}

#[track_caller]
fn assert_fails(case: &Case, reason: &str) {
    match outcome(case) {
        Outcome::Failed(told) => assert!(told.contains(reason), "{told}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guest_that_returns_passes() {
    assert_eq!(outcome(&case("i32.const 0")), Outcome::Passed);
}

#[test]
fn a_guest_that_returns_an_error_fails() {
    assert_fails(&case("i32.const 1"), "exited with 1");
}

#[test]
fn a_guest_that_traps_fails() {
    assert_fails(&case("unreachable"), "unreachable");
}

#[test]
fn a_guest_that_does_not_trap_fails_where_a_trap_is_expected() {
    assert_fails(
        &case("i32.const 0").expecting(traps("divide")),
        "exited with 0",
    );
}

#[test]
fn another_trap_than_the_expected_one_fails() {
    assert_fails(
        &case("unreachable").expecting(traps("divide")),
        "instead of `divide`",
    );
}

#[test]
fn a_trap_before_the_expected_line_fails() {
    let case = case("(i32.div_u (i32.const 1) (i32.const 0))").expecting(traps("divide"));
    assert_fails(&case, "before it printed `about to divide`");
}

#[test]
fn a_guest_that_is_no_component_fails() {
    let mut case = case("i32.const 0");
    case.program.component = b"\0asm";
    assert_fails(&case, "does not start");
}

#[test]
fn a_guest_that_spins_fails_when_its_time_is_up() {
    let runner = runner(|| Ok(())).with_case_time(Duration::from_millis(200));
    let result = runner.run_case(&case("(loop $again (br $again)) i32.const 0"));
    assert_eq!(
        result.outcome,
        Outcome::Failed("did not end within 200ms".to_owned())
    );
    assert_eq!(
        runner.run_case(&case("i32.const 0")).outcome,
        Outcome::Passed
    );
}

#[test]
fn a_host_that_panics_fails_the_case_alone() {
    let result = runner(|| panic!("out of order")).run_case(&case("i32.const 0"));
    assert_eq!(
        result.outcome,
        Outcome::Failed("the host panicked: out of order".to_owned())
    );
}

#[test]
fn a_host_that_cannot_set_a_case_up_leaves_it_unrun() {
    let result = runner(|| Err(NotRun::because("one device"))).run_case(&case("i32.const 0"));
    assert_eq!(result.outcome, Outcome::DidNotRun("one device".to_owned()));
}
