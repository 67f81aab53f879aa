//! `wasi:cuda/execution.cuda-event`.

use crate::bindings::wasi::cuda::execution::{CudaEvent, HostCudaEvent, HostCudaEventWithStore};
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::error::{CudaError, CudaResult};
use crate::event;
use crate::grant::Grant;
use crate::quota::Permit;
use crate::view::{WasiCuda, WasiCudaCtxView};
use std::sync::Arc;
use tracing::{Span, instrument};
use wasmtime::component::{Accessor, Resource};

/// A point in a stream's work.
pub struct Event {
    pub(super) grant: Arc<Grant>,
    pub(super) event: Arc<event::Event>,
    pub(super) _counted: Permit,
}

impl Event {
    pub(in crate::impls) fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }

    pub(in crate::impls) fn event(&self) -> &Arc<event::Event> {
        &self.event
    }
}

impl HostCudaEvent for WasiCudaCtxView<'_> {
    #[instrument(
        name = "cuda-event.wait", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&event))
    )]
    async fn wait(&mut self, event: Resource<CudaEvent>) -> CudaResult<()> {
        let known = self.table.get(&event)?;
        wait(&known.grant, &known.event).await
    }

    #[instrument(
        name = "cuda-event.elapsed-since", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&event))
    )]
    fn elapsed_since(
        &mut self,
        event: Resource<CudaEvent>,
        earlier: Resource<CudaEvent>,
    ) -> CudaResult<u64> {
        let (later, earlier) = (self.table.get(&event)?, self.table.get(&earlier)?);
        later.grant.device().check()?;
        crate::impls::same_device(&later.grant, &earlier.grant, "earlier event")?;
        let (Some(end), Some(start)) = (later.event.reached(), earlier.event.reached()) else {
            return Err(ErrorCode::NotReady.into());
        };
        end.at.checked_sub(start.at).ok_or_else(|| {
            let by = start.at - end.at;
            CudaError::invalid_argument(format!("the event called earlier happened {by} ns later"))
        })
    }

    fn drop(&mut self, event: Resource<CudaEvent>) -> wasmtime::Result<()> {
        self.table.delete(event)?;
        Ok(())
    }
}

impl<T: Send + 'static> HostCudaEventWithStore<T> for WasiCuda {
    #[instrument(
        name = "cuda-event.completion",
        level = "trace",
        target = "wasi_cuda",
        skip_all,
        fields(device = tracing::field::Empty),
        err(level = "debug")
    )]
    async fn completion(
        accessor: &Accessor<T, Self>,
        event: Resource<CudaEvent>,
    ) -> CudaResult<()> {
        let (grant, event) = accessor.with(|mut access| -> CudaResult<_> {
            let known = access.get().table.get(&event)?;
            Ok((known.grant.clone(), known.event.clone()))
        })?;
        Span::current().record("device", grant.device().name());
        wait(&grant, &event).await
    }
}

async fn wait(grant: &Grant, event: &event::Event) -> CudaResult<()> {
    grant.device().check()?;
    let reached = event.wait().await;
    grant.device().check()?;
    match reached.error {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}
