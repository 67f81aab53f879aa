//! What a guest has had of a device so far, for whoever bills it.

use crate::hooks::Direction;
use crate::operation::Moved;
use crate::usage::Usage;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What one guest has had of one device so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The device's name.
    pub device: String,
    /// Launches that ran and are over, each launch of a graph's replay among them.
    pub launches: u64,
    /// How long they ran, as far as it was measured: [`FinishedInfo::time`](crate::FinishedInfo::time).
    pub kernel_time: Duration,
    /// Bytes that were copied, or enqueued to be, from the guest to the device; those of a graph at each replay.
    pub bytes_to_device: u64,
    /// Bytes that were copied from the device to the guest.
    pub bytes_to_host: u64,
    /// Bytes that were enqueued to be copied to this device from itself or from another one.
    pub bytes_between: u64,
    /// Bytes of device memory in use now.
    pub memory_used: u64,
    /// The most that were in use at a time.
    pub memory_peak: u64,
}

/// The sums of one guest on one device.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    launches: AtomicU64,
    kernel_nanoseconds: AtomicU64,
    to_device: AtomicU64,
    to_host: AtomicU64,
    between: AtomicU64,
}

impl Totals {
    /// A launch is over.
    pub(crate) fn add_launch(&self, time: Option<Duration>) {
        self.launches.fetch_add(1, Relaxed);
        if let Some(time) = time {
            let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            self.kernel_nanoseconds.fetch_add(nanoseconds, Relaxed);
        }
    }

    /// Bytes were moved.
    pub(crate) fn add(&self, moved: Moved) {
        let sum = match moved.direction {
            Direction::HostToDevice => &self.to_device,
            Direction::DeviceToHost => &self.to_host,
            Direction::DeviceToDevice => &self.between,
        };
        sum.fetch_add(moved.bytes, Relaxed);
    }

    /// All of it.
    pub(crate) fn account(&self, device: &str, usage: &Usage) -> Account {
        Account {
            device: device.to_owned(),
            launches: self.launches.load(Relaxed),
            kernel_time: Duration::from_nanos(self.kernel_nanoseconds.load(Relaxed)),
            bytes_to_device: self.to_device.load(Relaxed),
            bytes_to_host: self.to_host.load(Relaxed),
            bytes_between: self.between.load(Relaxed),
            memory_used: usage.used(),
            memory_peak: usage.peak(),
        }
    }
}
