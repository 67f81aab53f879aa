//! Work that waits until the program says so: what makes a race a sequence.

use wasi_cuda::{Error, LaunchConfig, Result, Stream};

use crate::Setup;

/// Holds up a stream by an event that is reached when the gate opens.
#[must_use = "the stream waits until the gate opens"]
pub struct Gate {
    /// Runs a kernel that does not end until this stream is cancelled.
    stream: Stream,
}

impl Gate {
    /// Makes what is enqueued on `stream` from here on wait for the gate to open.
    pub fn close(setup: &Setup, stream: &Stream) -> Result<Self> {
        let flag = setup.device.alloc_zeros::<u32>(1)?;
        let gate = setup.device.stream()?;
        gate.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
        stream.wait(&gate.record_event()?)?;
        Ok(Self { stream: gate })
    }

    /// Lets the stream go on: an event whose stream failed counts as reached.
    pub fn open(self) -> Result<()> {
        self.stream.cancel()?;
        match self.stream.synchronize() {
            Err(Error::Cancelled) => Ok(()),
            other => panic!("the endless kernel should have been cancelled, but came {other:?}"),
        }
    }
}
