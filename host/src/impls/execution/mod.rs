//! `wasi:cuda/execution`.

mod arguments;
mod config;
mod enqueue;
mod event;
mod graph;
mod prepared;
mod stream;
mod streaming;
mod upload;

pub use event::Event;
pub use graph::Graph;
pub use prepared::Prepared;
pub use stream::Stream;
pub(crate) use upload::replace_write;

use crate::bindings::wasi::cuda::execution::{
    Argument, BufferOffset, Function, Host, LaunchConfig,
};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::launch::Launch;
use crate::memory::Allocation;
use crate::operation::Place;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::instrument;
use wasmtime::component::{Resource, ResourceTable};

impl Host for WasiCudaCtxView<'_> {
    /// A launch that runs is stopped when its time limit has passed, so that is the answer while one with a
    /// limit runs; else it is what the next launch would get.
    #[instrument(
        name = "time-remaining",
        level = "trace",
        target = "wasi_cuda",
        skip_all,
        err(level = "debug")
    )]
    fn time_remaining(&mut self) -> wasmtime::Result<Option<u64>> {
        let grants = self.ctx.grants();
        let running = grants
            .iter()
            .filter_map(|grant| grant.time_remaining())
            .min();
        let next = self.ctx.guest().limits.launch_time(None);
        let next = next.filter(|_| !grants.is_empty());
        let nanoseconds = running.or(next).map(|left| left.as_nanos());
        Ok(nanoseconds.map(|left| u64::try_from(left).unwrap_or(u64::MAX)))
    }
}

/// The device and kernel of a function, and the launch that configuration and arguments make of it.
fn launch(
    table: &ResourceTable,
    function: &Resource<Function>,
    config: &LaunchConfig,
    arguments: &[Argument],
) -> CudaResult<(Arc<Grant>, Launch)> {
    let function = table.get(function)?;
    let (grant, kernel) = (function.grant(), function.kernel());
    let most_blocks = grant.guest().limits.blocks;
    config::check(
        config,
        &kernel.signature,
        grant.device().properties(),
        most_blocks.min(grant.device().backend().max_blocks()),
    )?;
    let (parameters, buffers) = arguments::pack(table, grant, &kernel.signature, arguments)?;
    let launch = Launch {
        kernel: kernel.clone(),
        _module: function.counted().clone(),
        parameters,
        variables: function.variables().clone(),
        buffers,
        grid: config::extents(config.grid),
        block: config::extents(config.block),
        dynamic_shared: config.shared_memory,
    };
    Ok((grant.clone(), launch))
}

/// The buffer of a position, whose offset is not past its end.
fn place(table: &ResourceTable, grant: &Arc<Grant>, position: &BufferOffset) -> CudaResult<Place> {
    let buffer = &table.get(&position.buffer)?.allocation;
    super::same_device(grant, buffer.grant(), "buffer")?;
    if position.offset > buffer.size() {
        return Err(CudaError::invalid_argument(format!(
            "offset {} is past the end of the {}-byte buffer",
            position.offset,
            buffer.size()
        )));
    }
    Ok(Place {
        buffer: buffer.clone(),
        offset: position.offset,
    })
}

/// A position with `length` bytes of its buffer behind it.
fn range(
    table: &ResourceTable,
    grant: &Arc<Grant>,
    position: &BufferOffset,
    length: u64,
) -> CudaResult<Place> {
    let place = place(table, grant, position)?;
    if fits(&place.buffer, place.offset, length) {
        return Ok(place);
    }
    Err(CudaError::invalid_argument(format!(
        "{length} bytes at offset {} reach past the end of the {}-byte buffer",
        place.offset,
        place.buffer.size()
    )))
}

fn fits(buffer: &Allocation, offset: u64, length: u64) -> bool {
    offset
        .checked_add(length)
        .is_some_and(|end| end <= buffer.size())
}
