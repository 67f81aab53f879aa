//! What the embedder is asked and told of one guest on one device.

use super::{Grant, Suspect};
use crate::backend::{KernelFault, LaunchSink};
use crate::error::{CudaResult, StreamError};
use crate::fault;
use crate::hooks::{
    FaultInfo, FinishedInfo, LaunchEnd, LaunchInfo, LossCause, LossInfo, MemoryInfo, ModuleInfo,
    StopCause, StopInfo, StreamInfo, TransferInfo,
};
use crate::launch::Launch;
use crate::operation::{Moved, Operation};
use std::sync::Arc;
use std::time::Duration;

impl Grant {
    /// Asks the embedder about each launch in an operation, and tells it of them.
    pub(crate) fn admit(&self, operation: &Operation) -> CudaResult<()> {
        if !self.guest.is_watched() {
            return Ok(());
        }
        let launches: &[Operation] = match operation {
            Operation::Graph(recording) => recording.operations(),
            other => std::slice::from_ref(other),
        };
        let launches = launches.iter().filter_map(|operation| match operation {
            Operation::Launch(launch) => Some(self.info(launch)),
            _ => None,
        });
        for launch in launches.clone() {
            self.guest.admit(&launch)?;
        }
        launches.for_each(|launch| {
            self.guest
                .tell("on_launch", |hooks| hooks.on_launch(&launch))
        });
        Ok(())
    }

    /// Counts bytes that move, and tells the embedder of them.
    pub(crate) fn moved(&self, moved: Moved) {
        self.usage.totals().add(moved);
        let told = TransferInfo {
            device: self.device.name(),
            direction: moved.direction,
            bytes: moved.bytes,
        };
        self.guest
            .tell("on_transfer", |hooks| hooks.on_transfer(&told));
    }

    /// The guest has got memory, or has given it back.
    pub(crate) fn tell_memory(&self, bytes: u64, is_allocated: bool) {
        let told = MemoryInfo {
            device: self.device.name(),
            bytes,
            used: self.usage.used(),
        };
        match is_allocated {
            true => self
                .guest
                .tell("on_allocate", |hooks| hooks.on_allocate(&told)),
            false => self.guest.tell("on_free", |hooks| hooks.on_free(&told)),
        }
    }

    /// A load of the guest's has ended.
    pub(crate) fn tell_module(&self, module: &ModuleInfo<'_>) {
        self.guest
            .tell("on_module", |hooks| hooks.on_module(module));
    }

    /// The guest has made a stream.
    pub(crate) fn tell_stream(&self) {
        let told = StreamInfo {
            device: self.device.name(),
        };
        self.guest.tell("on_stream", |hooks| hooks.on_stream(&told));
    }

    pub(super) fn tell_stop(&self, cause: StopCause, launch: Option<&Launch>) {
        let told = StopInfo {
            device: self.device.name(),
            cause,
            launch: launch.map(|launch| self.info(launch)),
        };
        self.guest.tell("on_stop", |hooks| hooks.on_stop(&told));
    }

    pub(super) fn tell_lost(&self, reason: &str, own: &[Suspect], all: usize) {
        let launches: Vec<_> = own
            .iter()
            .map(|suspect| self.suspect_info(suspect))
            .collect();
        for launch in &launches {
            let LaunchInfo {
                device,
                kernel,
                grid,
                block,
            } = launch;
            tracing::warn!(
                device,
                kernel,
                ?grid,
                ?block,
                "ran when the device was lost"
            );
        }
        let cause = match own.len() {
            _ if all == 0 => LossCause::Unknown,
            0 => LossCause::OtherLaunch,
            some if some == all => LossCause::OwnLaunch,
            _ => LossCause::Unknown,
        };
        let told = LossInfo {
            device: self.device.name(),
            reason,
            cause,
            launches: &launches,
        };
        self.guest
            .tell("on_device_lost", |hooks| hooks.on_device_lost(&told));
    }

    fn suspect_info<'a>(&'a self, suspect: &'a Suspect) -> LaunchInfo<'a> {
        LaunchInfo {
            device: self.device.name(),
            kernel: &suspect.kernel.signature.name,
            grid: suspect.grid,
            block: suspect.block,
        }
    }

    fn info<'a>(&'a self, launch: &'a Launch) -> LaunchInfo<'a> {
        LaunchInfo {
            device: self.device.name(),
            kernel: &launch.kernel.signature.name,
            grid: launch.grid,
            block: launch.block,
        }
    }
}

impl LaunchSink for Grant {
    fn wants_times(&self) -> bool {
        self.guest.measures
    }

    fn finished(&self, launch: &Launch, end: LaunchEnd, time: Option<Duration>) {
        self.usage.totals().add_launch(time);
        self.guest.tell("on_finished", |hooks| {
            hooks.on_finished(&FinishedInfo {
                launch: self.info(launch),
                end,
                time,
            });
        });
    }

    fn expired(&self, launch: &Launch) {
        self.tell_stop(StopCause::DeadlineExceeded, Some(launch));
    }

    fn suspect(&self, launch: &Launch) {
        crate::lock(&self.suspects).push(Suspect {
            kernel: launch.kernel.clone(),
            grid: launch.grid,
            block: launch.block,
        });
    }

    fn describe(&self, fault: &KernelFault<'_>) -> StreamError {
        let described = fault::describe(fault, self.base(), self.layout().as_deref());
        self.guest.tell("on_fault", |hooks| {
            hooks.on_fault(&FaultInfo {
                device: self.device.name(),
                kernel: &described.kernel,
                line: described.line,
                message: &fault::summary(&described),
            });
        });
        StreamError::Fault(Arc::new(described))
    }
}
