//! `wasi:cuda/execution.cuda-stream`.

use super::enqueue::{call_span, enqueue, failed, is_watched};
use super::streaming::{Consumer, End, Producer, for_guest};
use super::{Event, Graph, Prepared, place, range};
use crate::bindings::wasi::cuda::device::Device;
use crate::bindings::wasi::cuda::execution::{
    Argument, BufferOffset, CudaEvent, CudaStream, Function, HostCudaStream,
    HostCudaStreamWithStore, LaunchConfig,
};
use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::error::{CudaError, CudaResult};
use crate::operation::{Operation, Place};
use crate::quota::Permit;
use crate::stream;
use crate::transfer::{Download, Upload};
use crate::view::{WasiCuda, WasiCudaCtxView};
use std::sync::Arc;
use std::time::Duration;
use tracing::instrument;
use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};

/// Longest read, so that lengths fit the 32-bit memory that the bytes go to.
const LONGEST_READ: u64 = (1 << 31) - 1;

/// A guest's stream.
pub struct Stream {
    pub(super) stream: Arc<stream::Stream>,
    /// Counted as long as transfers go on, too.
    counted: Arc<Permit>,
}

impl Stream {
    pub(in crate::impls) fn stream(&self) -> &stream::Stream {
        &self.stream
    }
}

impl WasiCudaCtxView<'_> {
    /// A stream that has no error to report.
    pub(super) fn working(
        &self,
        stream: &Resource<CudaStream>,
    ) -> CudaResult<&Arc<stream::Stream>> {
        let stream = &self.table.get(stream)?.stream;
        stream.check()?;
        Ok(stream)
    }

    /// Where an upload goes.
    pub(super) fn destination(
        &self,
        stream: &Resource<CudaStream>,
        to: &BufferOffset,
        length: usize,
    ) -> CudaResult<(Arc<stream::Stream>, Place)> {
        let stream = self.working(stream)?;
        let to = range(self.table, stream.grant(), to, length as u64)?;
        Ok((stream.clone(), to))
    }

    fn upload(
        &self,
        stream: &Resource<CudaStream>,
        to: &BufferOffset,
    ) -> CudaResult<(Consumer, End<u64>)> {
        let known = self.table.get(stream)?;
        known.stream.check_not_capturing("write-via-stream")?;
        let to = place(self.table, known.stream.grant(), to)?;
        if to.buffer.is_shared() {
            // The bytes would change beside the guest's own code.
            return Err(CudaError::unsupported(
                "`write-via-stream` to memory that the guest shares; the guest can copy the bytes there itself",
            ));
        }
        let upload = Upload::new(known.stream.clone(), to);
        // From here on the upload hears of failures itself.
        known.stream.check()?;
        Ok(Consumer::new(upload, known.counted.clone()))
    }

    fn download(
        &self,
        stream: &Resource<CudaStream>,
        from: &BufferOffset,
        length: u64,
    ) -> CudaResult<(Producer, End<()>)> {
        let known = self.table.get(stream)?;
        known.stream.check_not_capturing("read-via-stream")?;
        let from = range(self.table, known.stream.grant(), from, length)?;
        let download = Download::new(known.stream.clone(), from, length);
        // From here on the download hears of failures itself.
        known.stream.check()?;
        Ok(Producer::new(download, known.counted.clone()))
    }
}

impl HostCudaStream for WasiCudaCtxView<'_> {
    #[instrument(
        name = "cuda-stream.new", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&device))
    )]
    fn new(&mut self, device: Resource<Device>) -> CudaResult<Resource<CudaStream>> {
        let grant = &self.table.get(&device)?.grant;
        grant.device().check()?;
        let counted = grant.guest().counters.streams.take(|| Quota::Streams)?;
        let stream = Arc::new(stream::Stream::new(grant)?);
        Ok(self.table.push(Stream {
            stream,
            counted: Arc::new(counted),
        })?)
    }

    async fn launch(
        &mut self,
        stream: Resource<CudaStream>,
        function: Resource<Function>,
        config: LaunchConfig,
        arguments: Vec<Argument>,
    ) -> CudaResult<()> {
        if is_watched() {
            let span = call_span!(
                "cuda-stream.launch",
                device = self.device_of(&stream),
                kernel = self.kernel_of(&function)
            );
            let checked =
                span.in_scope(|| self.checked_launch(&stream, &function, &config, &arguments));
            return Box::pin(enqueue(span, checked)).await;
        }
        let (stream, operation) = self.checked_launch(&stream, &function, &config, &arguments)?;
        stream.enqueue(operation).await
    }

    async fn launch_prepared(
        &mut self,
        stream: Resource<CudaStream>,
        launch: Resource<Prepared>,
    ) -> CudaResult<()> {
        if is_watched() {
            let span = call_span!(
                "cuda-stream.launch-prepared",
                device = self.device_of(&stream),
                kernel = self.kernel_of(&launch)
            );
            let checked = span.in_scope(|| self.checked_prepared(&stream, &launch));
            return Box::pin(enqueue(span, checked)).await;
        }
        let (stream, operation) = self.checked_prepared(&stream, &launch)?;
        stream.enqueue(operation).await
    }

    /// The linker replaces this one by a function that reads the guest's memory in place.
    async fn write(
        &mut self,
        stream: Resource<CudaStream>,
        to: BufferOffset,
        data: Vec<u8>,
    ) -> CudaResult<()> {
        let (stream, to) = self.destination(&stream, &to, data.len())?;
        stream.write(to, &data).await
    }

    #[instrument(
        name = "cuda-stream.read", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream), bytes = length)
    )]
    async fn read(
        &mut self,
        stream: Resource<CudaStream>,
        from: BufferOffset,
        length: u64,
    ) -> CudaResult<Vec<u8>> {
        let known = &self.table.get(&stream)?.stream;
        known.check_not_capturing("read")?;
        let stream = self.working(&stream)?;
        if length > LONGEST_READ {
            let text = format!("a read of {length} bytes; one call reads at most {LONGEST_READ}");
            return Err(CudaError::invalid_argument(text));
        }
        let from = range(self.table, stream.grant(), &from, length)?;
        stream.read(from, length as usize).await
    }

    #[instrument(
        name = "cuda-stream.copy", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream), bytes = length)
    )]
    async fn copy(
        &mut self,
        stream: Resource<CudaStream>,
        from: BufferOffset,
        to: BufferOffset,
        length: u64,
    ) -> CudaResult<()> {
        let stream = self.working(&stream)?;
        let to = range(self.table, stream.grant(), &to, length)?;
        let source = self.table.get(&from.buffer)?.allocation.grant();
        let from = range(self.table, source, &from, length)?;
        if Arc::ptr_eq(source, stream.grant()) {
            stream.enqueue(Operation::Copy { from, to, length }).await
        } else {
            stream.copy_from_elsewhere(from, to, length).await
        }
    }

    #[instrument(
        name = "cuda-stream.fill", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream), bytes = length)
    )]
    async fn fill(
        &mut self,
        stream: Resource<CudaStream>,
        to: BufferOffset,
        length: u64,
        pattern: u32,
    ) -> CudaResult<()> {
        let stream = self.working(&stream)?;
        if !to.offset.is_multiple_of(4) || !length.is_multiple_of(4) {
            return Err(CudaError::invalid_argument(format!(
                "a fill of {length} bytes at offset {}; both must be multiples of 4",
                to.offset
            )));
        }
        let to = range(self.table, stream.grant(), &to, length)?;
        stream
            .enqueue(Operation::Fill {
                to,
                length,
                pattern,
            })
            .await
    }

    async fn record_event(
        &mut self,
        stream: Resource<CudaStream>,
    ) -> CudaResult<Resource<CudaEvent>> {
        let (grant, event, counted) = if is_watched() {
            let span = call_span!("cuda-stream.record-event", device = self.device_of(&stream));
            let recordable = span.in_scope(|| self.recordable(&stream));
            let (stream, counted) = recordable.map_err(|error| failed(&span, error))?;
            let event = stream.event();
            let operation = Operation::Record(event.clone());
            Box::pin(enqueue(span, Ok((stream, operation)))).await?;
            (stream.grant().clone(), event, counted)
        } else {
            let (stream, counted) = self.recordable(&stream)?;
            let event = stream.event();
            stream.enqueue(Operation::Record(event.clone())).await?;
            (stream.grant().clone(), event, counted)
        };
        Ok(self.table.push(Event {
            grant,
            event,
            _counted: counted,
        })?)
    }

    #[instrument(
        name = "cuda-stream.wait-event", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream))
    )]
    async fn wait_event(
        &mut self,
        stream: Resource<CudaStream>,
        event: Resource<CudaEvent>,
    ) -> CudaResult<()> {
        self.table
            .get(&stream)?
            .stream
            .check_not_capturing("wait-event")?;
        let stream = self.working(&stream)?;
        let event = self.table.get(&event)?.event.clone();
        stream.enqueue(Operation::Wait(event)).await
    }

    #[instrument(
        name = "cuda-stream.synchronize", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream))
    )]
    async fn synchronize(&mut self, stream: Resource<CudaStream>) -> CudaResult<()> {
        let stream = &self.table.get(&stream)?.stream;
        stream.check_not_capturing("synchronize")?;
        stream.synchronize().await
    }

    #[instrument(
        name = "cuda-stream.set-time-limit", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream), nanoseconds = nanoseconds)
    )]
    fn set_time_limit(
        &mut self,
        stream: Resource<CudaStream>,
        nanoseconds: Option<u64>,
    ) -> CudaResult<()> {
        let stream = self.working(&stream)?;
        if nanoseconds == Some(0) {
            return Err(CudaError::invalid_argument(
                "a time limit of 0; leave it out for none",
            ));
        }
        stream.set_time_limit(nanoseconds.map(Duration::from_nanos));
        Ok(())
    }

    #[instrument(
        name = "cuda-stream.cancel", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream))
    )]
    fn cancel(&mut self, stream: Resource<CudaStream>) -> CudaResult<()> {
        let stream = &self.table.get(&stream)?.stream;
        stream.grant().device().check()?;
        stream.check_not_capturing("cancel")?;
        stream.cancel();
        Ok(())
    }

    #[instrument(
        name = "cuda-stream.begin-capture", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream))
    )]
    fn begin_capture(&mut self, stream: Resource<CudaStream>) -> CudaResult<()> {
        self.table.get(&stream)?.stream.begin_capture()
    }

    #[instrument(
        name = "cuda-stream.end-capture", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&stream))
    )]
    fn end_capture(&mut self, stream: Resource<CudaStream>) -> CudaResult<Resource<Graph>> {
        let stream = &self.table.get(&stream)?.stream;
        let recording = Arc::new(stream.end_capture()?);
        let grant = stream.grant().clone();
        let counted = grant.guest().counters.graphs.take(|| Quota::Graphs)?;
        Ok(self.table.push(Graph {
            grant,
            recording,
            _counted: counted,
        })?)
    }

    async fn launch_graph(
        &mut self,
        stream: Resource<CudaStream>,
        graph: Resource<Graph>,
    ) -> CudaResult<()> {
        if is_watched() {
            let span = call_span!("cuda-stream.launch-graph", device = self.device_of(&stream));
            let checked = span.in_scope(|| self.checked_graph(&stream, &graph));
            return Box::pin(enqueue(span, checked)).await;
        }
        let (stream, operation) = self.checked_graph(&stream, &graph)?;
        stream.enqueue(operation).await
    }

    fn drop(&mut self, stream: Resource<CudaStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

/// Bytes on their way to the guest, and how that ends.
type Given = (StreamReader<u8>, FutureReader<Result<(), ErrorCode>>);

impl<T: Send + 'static> HostCudaStreamWithStore<T> for WasiCuda {
    #[instrument(
        name = "cuda-stream.write-via-stream",
        level = "trace",
        target = "wasi_cuda",
        skip_all,
        err(level = "debug")
    )]
    async fn write_via_stream(
        accessor: &Accessor<T, Self>,
        stream: Resource<CudaStream>,
        to: BufferOffset,
        mut data: StreamReader<u8>,
    ) -> CudaResult<u64> {
        let end = accessor.with(|mut access| match access.get().upload(&stream, &to) {
            Ok((consumer, end)) => {
                data.pipe(&mut access, consumer).map_err(CudaError::Trap)?;
                Ok(end)
            }
            Err(error) => {
                data.close(&mut access).map_err(CudaError::Trap)?;
                Err(error)
            }
        })?;
        end.wait().await
    }

    #[instrument(
        name = "cuda-stream.read-via-stream", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(bytes = length)
    )]
    fn read_via_stream(
        mut host: Access<'_, T, Self>,
        stream: Resource<CudaStream>,
        from: BufferOffset,
        length: u64,
    ) -> wasmtime::Result<Given> {
        match host.get().download(&stream, &from, length) {
            Ok((producer, end)) => {
                let data = StreamReader::new(&mut host, producer)?;
                let end = async { for_guest(end.wait().await) };
                Ok((data, FutureReader::new(&mut host, end)?))
            }
            Err(error) => {
                let code = error.into_code()?;
                let nothing = StreamReader::new(&mut host, Vec::<u8>::new())?;
                let end = async { wasmtime::error::Ok(Err(code)) };
                Ok((nothing, FutureReader::new(&mut host, end)?))
            }
        }
    }
}
