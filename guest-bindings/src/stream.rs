//! Ordering work on a device.

use core::time::Duration;

use bytemuck::Pod;

use crate::bindings::wasi::cuda::execution::CudaStream;
use crate::{
    Arguments, Device, DeviceBuffer, Event, Function, Graph, LaunchConfig, PreparedLaunch, Result,
};

/// A queue of device work: what is enqueued on one stream runs in order, and streams run side by side.
///
/// Any call on a stream may report an earlier failure of that stream: [`Error::Fault`],
/// [`Error::DeadlineExceeded`] or [`Error::Cancelled`], below *the stream's error*. After
/// [`synchronize`](Self::synchronize) has reported it the stream works again.
///
/// Dropping a stream lets its work finish.
///
/// [`Error::Fault`]: crate::Error::Fault
/// [`Error::DeadlineExceeded`]: crate::Error::DeadlineExceeded
/// [`Error::Cancelled`]: crate::Error::Cancelled
#[derive(Debug)]
pub struct Stream {
    raw: CudaStream,
    device: Device,
}

impl Stream {
    pub(crate) fn new(device: &Device) -> Result<Self> {
        Ok(Self {
            raw: CudaStream::new(device.raw())?,
            device: device.clone(),
        })
    }

    /// The device that it belongs to.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Allocates a buffer of `len` zeroed elements on the stream's device; as [`Device::alloc_zeros`].
    pub fn alloc_zeros<T: Pod>(&self, len: usize) -> Result<DeviceBuffer<T>> {
        self.device.alloc_zeros(len)
    }

    /// Enqueues a kernel.
    ///
    /// Errors: [`Error::InvalidArgument`](crate::Error::InvalidArgument) when the shape is not possible
    /// on the device or the arguments are not the kernel's;
    /// [`Error::Unsupported`](crate::Error::Unsupported) for a cluster on a device without;
    /// [`Error::QuotaExceeded`](crate::Error::QuotaExceeded) for more blocks than the host allows; the
    /// stream's error.
    pub fn launch(
        &self,
        function: &Function,
        config: LaunchConfig,
        arguments: impl Arguments,
    ) -> Result<()> {
        arguments.with(|list| Ok(self.raw.launch(function.raw(), config, list)?))
    }

    /// Enqueues a prepared launch with the arguments that it has now.
    ///
    /// Errors: [`Error::InvalidArgument`](crate::Error::InvalidArgument) when it is another device's; the
    /// stream's error.
    pub fn launch_prepared(&self, launch: &PreparedLaunch) -> Result<()> {
        Ok(self.raw.launch_prepared(launch.raw())?)
    }

    /// Marks this point of the stream.
    ///
    /// Errors: [`Error::QuotaExceeded`](crate::Error::QuotaExceeded) when there are too many events;
    /// [`Error::InvalidState`](crate::Error::InvalidState) while the stream captures; the stream's error.
    pub fn record_event(&self) -> Result<Event> {
        Ok(Event::from_raw(self.raw.record_event()?))
    }

    /// Makes later work on this stream wait for the event, which may be another device's. The guest does
    /// not wait.
    ///
    /// An event whose stream failed counts as reached; its failure is reported there.
    ///
    /// Errors: [`Error::InvalidState`](crate::Error::InvalidState) while the stream captures; the
    /// stream's error.
    pub fn wait(&self, event: &Event) -> Result<()> {
        Ok(self.raw.wait_event(event.raw())?)
    }

    /// Waits until everything enqueued so far has finished, and reports the first error. The stream
    /// works again afterwards.
    ///
    /// Errors: [`Error::InvalidState`](crate::Error::InvalidState) while the stream captures; the
    /// stream's error.
    pub fn synchronize(&self) -> Result<()> {
        Ok(self.raw.synchronize()?)
    }

    /// Limits the device time of each later launch on this stream; the host's own limit holds too.
    ///
    /// Errors: [`Error::InvalidArgument`](crate::Error::InvalidArgument) when it is zero; the stream's
    /// error.
    pub fn set_time_limit(&self, limit: Option<Duration>) -> Result<()> {
        let nanoseconds = limit.map(|limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
        Ok(self.raw.set_time_limit(nanoseconds)?)
    }

    /// Stops what runs and drops what is enqueued on this stream. [`synchronize`](Self::synchronize) then
    /// reports [`Error::Cancelled`](crate::Error::Cancelled) if there was any.
    ///
    /// Errors: [`Error::InvalidState`](crate::Error::InvalidState) while the stream captures.
    pub fn cancel(&self) -> Result<()> {
        Ok(self.raw.cancel()?)
    }

    /// Starts recording launches, uploads, copies and fills into a graph instead of running them.
    ///
    /// ```no_run
    /// # fn main() -> wasi_cuda::Result<()> {
    /// # let device = wasi_cuda::Device::get(0)?;
    /// # let stream = device.stream()?;
    /// # let step = device.load_ptx("")?.function("step")?;
    /// # let config = wasi_cuda::LaunchConfig::for_num_elems(1024);
    /// # let mut state = stream.alloc_zeros::<f32>(1024)?;
    /// stream.begin_capture()?;
    /// for _ in 0..10 {
    ///     stream.launch(&step, config, (&mut state, 1024u32))?;
    /// }
    /// let ten_steps = stream.end_capture()?;
    /// for _ in 0..100 {
    ///     stream.launch_graph(&ten_steps)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Errors: [`Error::InvalidState`](crate::Error::InvalidState) when the stream captures already; the
    /// stream's error.
    pub fn begin_capture(&self) -> Result<()> {
        Ok(self.raw.begin_capture()?)
    }

    /// Ends recording. After an error the stream no longer captures and what was recorded is dropped.
    ///
    /// Errors: [`Error::InvalidState`](crate::Error::InvalidState) when the stream does not capture;
    /// [`Error::QuotaExceeded`](crate::Error::QuotaExceeded) when there are too many graphs or too much was
    /// recorded.
    pub fn end_capture(&self) -> Result<Graph> {
        Ok(Graph::from_raw(self.raw.end_capture()?))
    }

    /// Enqueues everything in the graph with one call.
    ///
    /// Errors: [`Error::InvalidArgument`](crate::Error::InvalidArgument) when the graph is another
    /// device's; [`Error::InvalidState`](crate::Error::InvalidState) while the stream captures; the
    /// stream's error.
    pub fn launch_graph(&self, graph: &Graph) -> Result<()> {
        Ok(self.raw.launch_graph(graph.raw())?)
    }

    /// The generated binding.
    pub fn raw(&self) -> &CudaStream {
        &self.raw
    }
}
