//! What a linker gets from this crate, judged by components that import it.

use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_cuda::{
    CpuOptions, Device, LinkOptions, WasiCudaCtx, WasiCudaCtxView, WasiCudaView, add_to_linker,
    add_to_linker_with,
};

struct State {
    wasi: WasiCtx,
    cuda: WasiCudaCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiCudaView for State {
    fn cuda(&mut self) -> WasiCudaCtxView<'_> {
        WasiCudaCtxView {
            ctx: &self.cuda,
            table: &mut self.table,
        }
    }
}

fn state() -> State {
    let device = Device::cpu(CpuOptions::default()).unwrap();
    State {
        wasi: WasiCtx::builder().build(),
        cuda: WasiCudaCtx::builder().device(device).build(),
        table: ResourceTable::new(),
    }
}

/// Imports the interface `execution` with one resource and one function.
fn importer(function: &str) -> String {
    format!(
        r#"(component
             (import "wasi:cuda/execution@0.1.0" (instance
               (export "cuda-event" (type $event (sub resource)))
               {function})))"#
    )
}

/// A function of that interface that every linker has.
const STABLE: &str = r#"(export "time-remaining" (func (result (option u64))))"#;

fn link(options: &LinkOptions, component: &str) -> Result<InstancePre<State>> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    add_to_linker_with(&mut linker, options, State::cuda)?;
    linker.instantiate_pre(&Component::new(&engine, wat::parse_str(component)?)?)
}

fn unstable() -> LinkOptions {
    let mut options = LinkOptions::default();
    options.cuda_async(true).cuda_mapped_memory(true);
    options
}

/// A component that imports `buffer.share`.
const SHARE: &str = r#"(component
    (import "wasi:cuda/types@0.1.0" (instance $types
      (type $dim3' (record (field "x" u32) (field "y" u32) (field "z" u32)))
      (export "dim3" (type $dim3 (eq $dim3')))))
    (import "wasi:cuda/memory@0.1.0" (instance
      (export "buffer" (type $buffer (sub resource)))
      (export "[static]buffer.share" (func (param "region" (list u8)) (result u32))))))"#;

#[test]
fn stable_functions_are_always_there() {
    link(&LinkOptions::default(), &importer(STABLE)).unwrap();
    link(&unstable(), &importer(STABLE)).unwrap();
}

#[test]
fn unstable_functions_are_there_when_asked_for() {
    let missing = format!("{:?}", link(&LinkOptions::default(), SHARE).err().unwrap());
    assert!(missing.contains("was not found in the linker"), "{missing}");
    // Its type is not the real one's, so the linker looks at the type now that it finds the name.
    let mistyped = format!("{:?}", link(&unstable(), SHARE).err().unwrap());
    assert!(mistyped.contains("type mismatch"), "{mistyped}");
}

#[test]
fn adding_twice_is_an_error_and_shadowing_stays_as_the_embedder_chose() {
    let mut linker = Linker::<State>::new(&Engine::default());
    add_to_linker(&mut linker).unwrap();
    assert!(add_to_linker(&mut linker).is_err());
    linker.allow_shadowing(true);
    add_to_linker(&mut linker).unwrap();
    add_to_linker(&mut linker).expect("shadowing is still allowed");
}

#[tokio::test]
async fn an_engine_without_concurrency_support_serves_plain_functions() {
    let mut config = Config::new();
    config.concurrency_support(false);
    let engine = Engine::new(&config).unwrap();
    let mut linker = Linker::<State>::new(&engine);
    add_to_linker(&mut linker).unwrap();
    let component = Component::new(&engine, wat::parse_str(importer(STABLE)).unwrap()).unwrap();
    let mut store = Store::new(&engine, state());
    linker
        .instantiate_async(&mut store, &component)
        .await
        .unwrap();
}

#[test]
fn a_builder_grants_nothing_by_itself_and_a_device_once() {
    assert_eq!(WasiCudaCtx::builder().build().devices().count(), 0);
    let device = Device::cpu(CpuOptions::default()).unwrap();
    let other = Device::cpu(CpuOptions::default()).unwrap();
    let ctx = WasiCudaCtx::builder()
        .device(device.clone())
        .device(other)
        .device(device)
        .build();
    assert_eq!(ctx.devices().collect::<Vec<_>>(), ["cpu", "cpu"]);
}
