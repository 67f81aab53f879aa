//! What is told of launches that are over, or may have been lost.

use super::CudaQueue;
use crate::backend::{Code, KernelFault};
use crate::hooks::LaunchEnd;
use crate::launch::Launch;
use std::time::Duration;
use wasi_cuda_jit::back::ptx::FAULT_RECORD_BYTES;

impl CudaQueue {
    /// A launch by which the device may have been lost.
    pub(in crate::backend::cuda) fn suspect(&self, launch: &Launch) {
        self.sink.suspect(launch);
    }

    /// A launch is over that the driver had.
    pub(super) fn ended(
        &self,
        launch: &Launch,
        entry: usize,
        fault: Option<&[u8; FAULT_RECORD_BYTES]>,
        time: Option<Duration>,
    ) {
        let end = match fault {
            Some(record) => {
                self.faulted(launch, entry, record);
                LaunchEnd::Faulted
            }
            None if self.progress.has_failed() => LaunchEnd::Stopped,
            None => LaunchEnd::Completed,
        };
        self.sink.finished(launch, end, time);
    }

    fn faulted(&self, launch: &Launch, entry: usize, record: &[u8; FAULT_RECORD_BYTES]) {
        let Code::Cuda(code) = &launch.kernel.code else {
            return;
        };
        let fault = code.guarded.fault(entry, record);
        crate::lock(&self.state).stopped = true;
        let error = self.sink.describe(&KernelFault { launch, fault });
        self.progress.fail(error);
    }
}
