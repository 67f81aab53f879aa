//! What a guest uses of a device.

use crate::account::Totals;
use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::device::Device;
use crate::error::CudaResult;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// The account of one guest on one device.
pub(crate) struct Usage {
    device: Device,
    used: AtomicU64,
    peak: AtomicU64,
    limit: u64,
    totals: Totals,
}

impl Usage {
    pub(crate) fn new(device: Device, limit: u64) -> Self {
        Self {
            device,
            used: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            limit,
            totals: Totals::default(),
        }
    }

    /// What it has had so far.
    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(SeqCst)
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(SeqCst)
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Charges bytes to the guest and the device, until the result is dropped.
    pub(crate) fn charge(&self, bytes: u64) -> CudaResult<Charge<'_>> {
        let charged = self.used.fetch_update(SeqCst, SeqCst, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= self.limit)
        });
        let Ok(before) = charged else {
            return Err(Quota::Memory.into());
        };
        if !self.device.take_memory(bytes) {
            self.used.fetch_sub(bytes, SeqCst);
            return Err(ErrorCode::OutOfMemory.into());
        }
        Ok(Charge {
            usage: self,
            bytes,
            sum: before + bytes,
        })
    }

    /// Takes a charge back that was kept.
    pub(crate) fn release(&self, bytes: u64) {
        self.device.give_memory(bytes);
        self.used.fetch_sub(bytes, SeqCst);
    }
}

/// Bytes that are charged as long as this lives.
pub(crate) struct Charge<'a> {
    usage: &'a Usage,
    bytes: u64,
    sum: u64,
}

impl Charge<'_> {
    /// Leaves the bytes charged.
    pub(crate) fn keep(self) {
        self.usage.peak.fetch_max(self.sum, SeqCst);
        std::mem::forget(self);
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        self.usage.release(self.bytes);
    }
}
