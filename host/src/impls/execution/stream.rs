//! `wasi:cuda/execution.cuda-stream`.

use super::streaming::{Consumer, End, Producer, for_guest};
use super::{Event, Graph, Prepared, launch, place, range};
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
use wasmtime::component::{Access, Accessor, FutureReader, Resource, StreamReader};

/// Longest read, so that lengths fit the 32-bit memory that the bytes go to.
const LONGEST_READ: u64 = (1 << 31) - 1;

/// A guest's stream.
pub struct Stream {
    stream: Arc<stream::Stream>,
    /// Counted as long as transfers go on, too.
    counted: Arc<Permit>,
}

impl WasiCudaCtxView<'_> {
    /// A stream that has no error to report.
    fn working(&self, stream: &Resource<CudaStream>) -> CudaResult<&Arc<stream::Stream>> {
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
        let stream = self.working(&stream)?;
        super::super::same_device(
            stream.grant(),
            self.table.get(&function)?.grant(),
            "function",
        )?;
        let (_, launch) = launch(self.table, &function, &config, &arguments)?;
        stream.enqueue(Operation::Launch(Arc::new(launch))).await
    }

    async fn launch_prepared(
        &mut self,
        stream: Resource<CudaStream>,
        launch: Resource<Prepared>,
    ) -> CudaResult<()> {
        let stream = self.working(&stream)?;
        let prepared = self.table.get(&launch)?;
        super::super::same_device(stream.grant(), &prepared.grant, "prepared launch")?;
        stream
            .enqueue(Operation::Launch(prepared.launch.clone()))
            .await
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

    async fn copy(
        &mut self,
        stream: Resource<CudaStream>,
        from: BufferOffset,
        to: BufferOffset,
        length: u64,
    ) -> CudaResult<()> {
        let stream = self.working(&stream)?;
        let from = range(self.table, stream.grant(), &from, length)?;
        let to = range(self.table, stream.grant(), &to, length)?;
        stream.enqueue(Operation::Copy { from, to, length }).await
    }

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
        self.table
            .get(&stream)?
            .stream
            .check_not_capturing("record-event")?;
        let stream = self.working(&stream)?;
        let grant = stream.grant().clone();
        let counted = grant.guest().counters.events.take(|| Quota::Events)?;
        let event = stream.record_event().await?;
        Ok(self.table.push(Event {
            grant,
            event,
            _counted: counted,
        })?)
    }

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

    async fn synchronize(&mut self, stream: Resource<CudaStream>) -> CudaResult<()> {
        let stream = &self.table.get(&stream)?.stream;
        stream.check_not_capturing("synchronize")?;
        stream.synchronize().await
    }

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

    fn cancel(&mut self, stream: Resource<CudaStream>) -> CudaResult<()> {
        let stream = &self.table.get(&stream)?.stream;
        stream.grant().device().check()?;
        stream.check_not_capturing("cancel")?;
        stream.cancel();
        Ok(())
    }

    fn begin_capture(&mut self, stream: Resource<CudaStream>) -> CudaResult<()> {
        self.table.get(&stream)?.stream.begin_capture()
    }

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
        self.table
            .get(&stream)?
            .stream
            .check_not_capturing("launch-graph")?;
        let stream = self.working(&stream)?;
        let graph = self.table.get(&graph)?;
        super::super::same_device(stream.grant(), &graph.grant, "graph")?;
        stream
            .enqueue(Operation::Graph(graph.recording.clone()))
            .await
    }

    fn drop(&mut self, stream: Resource<CudaStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl<T: Send + 'static> HostCudaStreamWithStore<T> for WasiCuda {
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

    fn read_via_stream(
        mut host: Access<'_, T, Self>,
        stream: Resource<CudaStream>,
        from: BufferOffset,
        length: u64,
    ) -> wasmtime::Result<(StreamReader<u8>, FutureReader<Result<(), ErrorCode>>)> {
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
