//! A host that grants its guest the CPU device: `wasi-cuda-embed GUEST.wasm`.
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Result, Store, error::Context, format_err};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2};
use wasmtime_wasi_cuda::{Device, WasiCudaCtx, WasiCudaCtxView, WasiCudaView}; // wasi:cuda
struct State {
    wasi: WasiCtx,
    cuda: WasiCudaCtx, // wasi:cuda
    table: ResourceTable,
}
impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (ctx, table) = (&mut self.wasi, &mut self.table);
        WasiCtxView { ctx, table }
    }
}
#[rustfmt::skip] // wasi:cuda
impl WasiCudaView for State { // wasi:cuda
    fn cuda(&mut self) -> WasiCudaCtxView<'_> { // wasi:cuda
        WasiCudaCtxView { ctx: &self.cuda, table: &mut self.table } // wasi:cuda
    } // wasi:cuda
} // wasi:cuda
#[tokio::main]
async fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("which component?")?;
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_cuda::add_to_linker(&mut linker)?; // wasi:cuda
    let cuda = WasiCudaCtx::builder().device(Device::open("cpu")?).build(); // wasi:cuda
    let wasi = WasiCtx::builder().inherit_stdio().build();
    let table = ResourceTable::new();
    let mut store = Store::new(&engine, State { wasi, cuda, table });
    let component = Component::from_file(&engine, path)?;
    let command = p2::bindings::Command::instantiate_async(&mut store, &component, &linker).await?;
    let run = command.wasi_cli_run().call_run(store).await?;
    run.map_err(|()| format_err!("the guest failed"))
}
