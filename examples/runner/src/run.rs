//! `wasi-cuda run`.

use std::process::ExitCode;

use wasmtime::component::{Component, Linker};
use wasmtime::error::Context;
use wasmtime::{Engine, Result, Store};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::Command;

use crate::args::RunArgs;
use crate::guest::{self, Guest};
use crate::host::{self, Host};
use crate::invoke;

/// Loads, compiles and runs the guest; a guest that ends with a code is an error of [`I32Exit`].
pub(crate) fn run(arguments: &RunArgs) -> anyhow::Result<ExitCode> {
    let guest = guest::load(arguments.file(), arguments.bin.as_deref())?;
    let engine = host::engine()?;
    let linker = host::linker(&engine, arguments)?;
    let mut store = host::store(&engine, &guest.name, arguments)?;
    let component = compile(&engine, &guest)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match &arguments.invoke {
            Some(call) => {
                invoke::invoke(&mut store, &linker, &component, call, arguments.arguments()).await
            }
            None => command(&mut store, &linker, &component).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn compile(engine: &Engine, guest: &Guest) -> Result<Component> {
    Component::from_binary(engine, &guest.component)
        .with_context(|| format!("cannot compile the guest `{}`", guest.name))
}

async fn command(
    store: &mut Store<Host>,
    linker: &Linker<Host>,
    component: &Component,
) -> Result<()> {
    let instance = linker
        .instantiate_async(&mut *store, component)
        .await
        .context("cannot instantiate the guest")?;
    let command = Command::new(&mut *store, &instance)
        .context("the guest is no command: it does not export wasi:cli/run; call one of its functions with --invoke")?;
    match command.wasi_cli_run().call_run(store).await? {
        Ok(()) => Ok(()),
        Err(()) => Err(I32Exit(1).into()),
    }
}
