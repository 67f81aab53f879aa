//! `wasi:cuda/polling`.

use crate::bindings::wasi::cuda::polling::{CudaEvent, Host, Pollable};
use crate::event::Event;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::instrument;
use wasmtime::component::Resource;
use wasmtime_wasi_io::{async_trait, poll};

/// What a pollable waits for. It is no child of the event's handle, which the guest may drop first.
struct Subscription {
    event: Arc<Event>,
}

#[async_trait]
impl poll::Pollable for Subscription {
    async fn ready(&mut self) {
        self.event.wait().await;
    }
}

impl Host for WasiCudaCtxView<'_> {
    #[instrument(
        name = "subscribe", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&event))
    )]
    fn subscribe(&mut self, event: Resource<CudaEvent>) -> wasmtime::Result<Resource<Pollable>> {
        let event = self.table.get(&event)?.event().clone();
        let subscription = self.table.push(Subscription { event })?;
        poll::subscribe(self.table, subscription)
    }
}
