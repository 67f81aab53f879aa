//! Points in a stream's work.

use core::time::Duration;

use crate::bindings::wasi::cuda::{execution, polling};
use crate::{Pollable, Result};

/// A point in a stream's work, made by [`Stream::record_event`](crate::Stream::record_event).
#[derive(Debug)]
pub struct Event {
    raw: execution::CudaEvent,
}

impl Event {
    pub(crate) fn from_raw(raw: execution::CudaEvent) -> Self {
        Self { raw }
    }

    /// Blocks until the work before the event has finished.
    ///
    /// Errors: the stream's, if it had failed by then.
    pub fn wait(&self) -> Result<()> {
        Ok(self.raw.wait()?)
    }

    /// The device time between `earlier` and this event.
    ///
    /// Errors: [`Error::NotReady`](crate::Error::NotReady) while either is pending;
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) when `earlier` happened later or is
    /// another device's.
    pub fn elapsed_since(&self, earlier: &Self) -> Result<Duration> {
        Ok(Duration::from_nanos(self.raw.elapsed_since(&earlier.raw)?))
    }

    /// A pollable that is ready once [`wait`](Self::wait) would return at once.
    ///
    /// ```no_run
    /// # fn main() -> wasi_cuda::Result<()> {
    /// # let device = wasi_cuda::Device::get(0)?;
    /// # let (first, second) = (device.stream()?.record_event()?, device.stream()?.record_event()?);
    /// let pollables = [first.subscribe(), second.subscribe()];
    /// let ready = wasi_cuda::poll(&[&pollables[0], &pollables[1]]);
    /// println!("reached: {ready:?}"); // indices, at least one
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe(&self) -> Pollable {
        polling::subscribe(&self.raw)
    }

    /// The generated binding.
    pub fn raw(&self) -> &execution::CudaEvent {
        &self.raw
    }
}
