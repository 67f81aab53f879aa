//! What guests call most often: launches and events.
//!
//! Their spans are made by hand. The attribute that serves the other calls wraps an asynchronous function in futures of its own,
//! which cost some tens of nanoseconds although nobody collects spans. Here that is seen first, and the rest is as without spans.

use super::{Graph, Prepared, Stream, launch};
use crate::bindings::wasi::cuda::execution::{Argument, Function, LaunchConfig};
use crate::bindings::wasi::cuda::types::Quota;
use crate::error::{CudaError, CudaResult};
use crate::impls::same_device;
use crate::operation::Operation;
use crate::quota::Permit;
use crate::stream;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::{Instrument, Level, Span};
use wasmtime::component::Resource;

/// An operation that may be enqueued, and where.
pub(super) type Checked<'a> = (&'a stream::Stream, Operation);

/// Whether anybody may collect anything of calls: two comparisons.
pub(super) fn is_watched() -> bool {
    Level::DEBUG <= STATIC_MAX_LEVEL && Level::DEBUG <= LevelFilter::current()
}

/// The span of a call, as the attribute would make it.
macro_rules! call_span {
    ($name:literal, $($field:ident = $value:expr),+) => {
        tracing::trace_span!(target: "wasi_cuda", $name, $($field = $value),+)
    };
}
pub(super) use call_span;

/// Enqueues what was checked, in the span of its call.
pub(super) async fn enqueue(span: Span, checked: CudaResult<Checked<'_>>) -> CudaResult<()> {
    let done = match checked {
        Ok((stream, operation)) => {
            let enqueued = stream.enqueue(operation);
            enqueued.instrument(span.clone()).await
        }
        Err(error) => Err(error),
    };
    done.map_err(|error| failed(&span, error))
}

/// Tells of an error, in the span of its call.
pub(super) fn failed(span: &Span, error: CudaError) -> CudaError {
    span.in_scope(|| tracing::debug!(target: "wasi_cuda", %error));
    error
}

impl WasiCudaCtxView<'_> {
    pub(super) fn checked_launch(
        &self,
        stream: &Resource<Stream>,
        function: &Resource<Function>,
        config: &LaunchConfig,
        arguments: &[Argument],
    ) -> CudaResult<Checked<'_>> {
        let stream = self.working(stream)?;
        let grant = self.table.get(function)?.grant();
        same_device(stream.grant(), grant, "function")?;
        let (_, launch) = launch(self.table, function, config, arguments)?;
        Ok((stream, Operation::Launch(Arc::new(launch))))
    }

    pub(super) fn checked_prepared(
        &self,
        stream: &Resource<Stream>,
        launch: &Resource<Prepared>,
    ) -> CudaResult<Checked<'_>> {
        let stream = self.working(stream)?;
        let prepared = self.table.get(launch)?;
        same_device(stream.grant(), &prepared.grant, "prepared launch")?;
        Ok((stream, Operation::Launch(prepared.launch.clone())))
    }

    pub(super) fn checked_graph(
        &self,
        stream: &Resource<Stream>,
        graph: &Resource<Graph>,
    ) -> CudaResult<Checked<'_>> {
        self.not_capturing(stream, "launch-graph")?;
        let stream = self.working(stream)?;
        let graph = self.table.get(graph)?;
        same_device(stream.grant(), &graph.grant, "graph")?;
        Ok((stream, Operation::Graph(graph.recording.clone())))
    }

    /// A stream on which an event may be recorded, and what counts that.
    pub(super) fn recordable(
        &self,
        stream: &Resource<Stream>,
    ) -> CudaResult<(&stream::Stream, Permit)> {
        self.not_capturing(stream, "record-event")?;
        let stream = self.working(stream)?;
        let counters = &stream.grant().guest().counters;
        Ok((stream, counters.events.take(|| Quota::Events)?))
    }

    fn not_capturing(&self, stream: &Resource<Stream>, call: &str) -> CudaResult<()> {
        self.table.get(stream)?.stream.check_not_capturing(call)
    }
}
