//! `wasi:cuda/execution.cuda-graph`.

use super::arguments;
use crate::bindings::wasi::cuda::execution::{Argument, HostCudaGraph};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::operation::Operation;
use crate::quota::Permit;
use crate::recording::Recording;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::instrument;
use wasmtime::component::Resource;

/// Recorded work.
pub struct Graph {
    pub(super) grant: Arc<Grant>,
    /// Shared with replays that are enqueued.
    pub(super) recording: Arc<Recording>,
    pub(super) _counted: Permit,
}

impl Graph {
    pub(in crate::impls) fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }
}

impl HostCudaGraph for WasiCudaCtxView<'_> {
    #[instrument(
        name = "cuda-graph.size", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&graph))
    )]
    fn size(&mut self, graph: Resource<Graph>) -> wasmtime::Result<u32> {
        // The limit of pending operations, which counts recorded ones too, is of this type.
        Ok(self.table.get(&graph)?.recording.operations().len() as u32)
    }

    #[instrument(
        name = "cuda-graph.set-argument", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&graph), operation = operation, index = index)
    )]
    fn set_argument(
        &mut self,
        graph: Resource<Graph>,
        operation: u32,
        index: u32,
        argument: Argument,
    ) -> CudaResult<()> {
        let known = self.table.get(&graph)?;
        known.grant.device().check()?;
        let (grant, index_of) = (known.grant.clone(), operation as usize);
        let mut launch = match known.recording.operations().get(index_of) {
            Some(Operation::Launch(launch)) => launch.clone(),
            Some(_) => {
                return Err(CudaError::invalid_argument(format!(
                    "operation {operation} is no launch"
                )));
            }
            None => {
                let size = known.recording.operations().len();
                let text = format!(
                    "there is no operation {operation}: the graph has {size}, counted from 0"
                );
                return Err(CudaError::invalid_argument(text));
            }
        };
        arguments::replace(self.table, &grant, &mut launch, index, &argument)?;
        let recording = &mut self.table.get_mut(&graph)?.recording;
        Recording::replace(recording, index_of, launch)
    }

    fn drop(&mut self, graph: Resource<Graph>) -> wasmtime::Result<()> {
        self.table.delete(graph)?;
        Ok(())
    }
}
