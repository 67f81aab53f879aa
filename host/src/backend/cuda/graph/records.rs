//! The host's memory that a graph's operations use: fault records, data of its writes, and how far a replay is.

use crate::backend::cuda::control::{Control, Controls, RECORD_STRIDE, RECORDS};
use crate::backend::cuda::driver::Result;
use std::sync::Arc;
use wasi_cuda_jit::back::ptx::{FAULT_RECORD_BYTES, is_complete};

/// Slots of the size of a record, in the records of as many queues as are needed. The first one is for how far the replay is,
/// then each launch has one, and then come the data.
pub(super) struct Records {
    pages: Vec<Control>,
    launches: usize,
    /// Slots that are taken.
    used: usize,
}

/// Where data are, and how many of them.
pub(super) struct Piece {
    pub(super) address: u64,
    pub(super) bytes: usize,
}

impl Records {
    pub(super) fn new(controls: &Arc<Controls>, launches: usize) -> Result<Self> {
        let used = 1 + launches;
        let mut records = Self {
            pages: Vec::new(),
            launches,
            used,
        };
        records.make_room(controls, used)?;
        Ok(records)
    }

    fn make_room(&mut self, controls: &Arc<Controls>, slots: usize) -> Result<()> {
        while self.pages.len() * (RECORDS as usize) < slots {
            self.pages.push(controls.take()?);
        }
        Ok(())
    }

    fn slot(&self, slot: usize) -> (&Control, u32) {
        let per_page = RECORDS as usize;
        (&self.pages[slot / per_page], (slot % per_page) as u32)
    }

    fn address(&self, slot: usize) -> u64 {
        let (page, index) = self.slot(slot);
        page.record(index)
    }

    /// The address of the word that says how far a replay is.
    pub(super) fn progress(&self) -> u64 {
        self.address(0)
    }

    /// What the GPU wrote there last.
    pub(super) fn done(&self) -> u32 {
        let (page, index) = self.slot(0);
        page.word(index)
    }

    /// The address of a launch's record.
    pub(super) fn of_launch(&self, launch: usize) -> u64 {
        self.address(1 + launch)
    }

    /// Whether a launch has begun to write its record, or has written it.
    pub(super) fn has_fault(&self, launch: usize, wholly: bool) -> bool {
        let (page, index) = self.slot(1 + launch);
        match wholly {
            true => is_complete(page.word(index)),
            false => page.has_fault(index),
        }
    }

    /// What a launch has recorded; the record is empty again.
    pub(super) fn take(&self, launch: usize) -> [u8; FAULT_RECORD_BYTES] {
        let (page, index) = self.slot(1 + launch);
        page.take_record(index)
    }

    /// Keeps a part of the data, as much as fits together.
    pub(super) fn keep(&mut self, controls: &Arc<Controls>, data: &[u8]) -> Result<Piece> {
        let slot = self.used;
        self.make_room(controls, slot + 1)?;
        let (page, index) = self.slot(slot);
        let room = (RECORDS - index) as usize * RECORD_STRIDE;
        let bytes = data.len().min(room);
        page.put(index, &data[..bytes]);
        let address = page.record(index);
        self.used += bytes.div_ceil(RECORD_STRIDE);
        Ok(Piece { address, bytes })
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        // Others find them empty.
        for slot in (0..1).chain(1 + self.launches..self.used) {
            let (page, index) = self.slot(slot);
            page.put(index, &[0; RECORD_STRIDE]);
        }
    }
}
