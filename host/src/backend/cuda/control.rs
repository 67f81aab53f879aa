//! The sandbox's own words: for each queue one that stops its launches, and records for their faults. Graphs have records of
//! their own.
//!
//! They lie outside every window. The stop word is in device memory, where kernels look at it often; the records are in host
//! memory, where whoever retires a launch sees with one load that it did not fault.

use super::driver::{Driver, Result};
use super::pinned::Pinned;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Mutex};
use wasi_cuda_jit::back::ptx::FAULT_RECORD_BYTES;

/// Launches of a queue whose records may be in use at a time.
pub(super) const RECORDS: u32 = 64;

/// From one record to the next, a line of the cache.
pub(super) const RECORD_STRIDE: usize = 64;

const _: () = assert!(FAULT_RECORD_BYTES <= RECORD_STRIDE);

/// From one stop word to the next, a sector of the GPU's cache.
const STOP_STRIDE: usize = 32;

/// Queues whose words are allocated together.
const SLAB: usize = 64;

/// All control words of a device.
pub(super) struct Controls {
    driver: Arc<dyn Driver>,
    free: Mutex<Vec<Place>>,
}

/// Words of many queues.
struct Slab {
    driver: Arc<dyn Driver>,
    stops: u64,
    records: Pinned,
}

struct Place {
    slab: Arc<Slab>,
    index: usize,
    /// Whether the queue that had it left the stop word set.
    is_set: bool,
}

/// The words of one queue.
pub(super) struct Control {
    place: Option<Place>,
    controls: Arc<Controls>,
    stop: u64,
    records: usize,
}

impl Controls {
    pub(super) fn new(driver: Arc<dyn Driver>) -> Arc<Self> {
        Arc::new(Self {
            driver,
            free: Mutex::default(),
        })
    }

    /// Words for a queue: the records are empty, and the stop word is zero but where [`Control::is_set`] says so.
    pub(super) fn take(self: &Arc<Self>) -> Result<Control> {
        let mut free = crate::lock(&self.free);
        if free.is_empty() {
            let slab = Arc::new(Slab {
                // Gives itself back where there is nothing for what comes next.
                records: Pinned::new(&self.driver, SLAB * RECORDS as usize * RECORD_STRIDE)?,
                stops: self.driver.allocate((SLAB * STOP_STRIDE) as u64)?,
                driver: self.driver.clone(),
            });
            free.extend((0..SLAB).map(|index| Place {
                slab: slab.clone(),
                index,
                is_set: false,
            }));
        }
        let place = free.pop();
        let (stop, records) = place.as_ref().map_or((0, 0), |place| {
            let stop = place.slab.stops + (place.index * STOP_STRIDE) as u64;
            (stop, place.index * RECORDS as usize * RECORD_STRIDE)
        });
        Ok(Control {
            place,
            controls: self.clone(),
            stop,
            records,
        })
    }
}

impl Control {
    /// The address of the stop word.
    pub(super) fn stop(&self) -> u64 {
        self.stop
    }

    /// Whether the stop word was set when the queue got it.
    pub(super) fn is_set(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.is_set)
    }

    /// The queue ends, and leaves the stop word set or not.
    pub(super) fn leave(&mut self, is_set: bool) {
        if let Some(place) = &mut self.place {
            place.is_set = is_set;
        }
    }

    /// Hands the words over to whoever keeps them until the GPU has written to them; nobody uses them here any more.
    pub(super) fn take(&mut self) -> Self {
        Self {
            place: self.place.take(),
            controls: self.controls.clone(),
            ..*self
        }
    }

    /// The address of a record.
    pub(super) fn record(&self, index: u32) -> u64 {
        let slab = self.place.as_ref().map(|place| &place.slab);
        slab.map_or(0, |slab| slab.records.address(self.offset(index)))
    }

    fn offset(&self, index: u32) -> usize {
        self.records + (index % RECORDS) as usize * RECORD_STRIDE
    }

    /// The first word of a record.
    pub(super) fn word(&self, index: u32) -> u32 {
        let slab = self.place.as_ref().map(|place| &place.slab);
        slab.map_or(0, |slab| {
            slab.records.word(self.offset(index)).load(Acquire)
        })
    }

    /// Puts bytes, no more than up to the end of the last record, where a record begins. Nobody else uses the records from
    /// there on that the bytes reach into.
    pub(super) fn put(&self, index: u32, bytes: &[u8]) {
        let room = (RECORDS - index % RECORDS) as usize * RECORD_STRIDE;
        assert!(bytes.len() <= room, "bytes run over the records");
        if let Some(place) = &self.place {
            let start = self.offset(index);
            for (at, chunk) in bytes.chunks(4).enumerate() {
                let mut word = [0; 4];
                word[..chunk.len()].copy_from_slice(chunk);
                let word = u32::from_le_bytes(word);
                place.slab.records.word(start + 4 * at).store(word, Release);
            }
        }
    }

    /// Whether a launch has begun to write its record. For launches that are over, or to look before one is stopped.
    pub(super) fn has_fault(&self, index: u32) -> bool {
        self.word(index) != 0
    }

    /// What a launch that is over has recorded; the record is empty again.
    pub(super) fn take_record(&self, index: u32) -> [u8; FAULT_RECORD_BYTES] {
        let mut record = [0; FAULT_RECORD_BYTES];
        if let Some(place) = &self.place {
            let start = self.offset(index);
            for (at, bytes) in record.chunks_exact_mut(4).enumerate() {
                let word = place.slab.records.word(start + 4 * at);
                bytes.copy_from_slice(&word.load(Acquire).to_le_bytes());
                word.store(0, Release);
            }
        }
        record
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            crate::lock(&self.controls.free).push(place);
        }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        let freed = self
            .driver
            .bind()
            .and_then(|()| self.driver.free(self.stops));
        if let Err(error) = freed {
            tracing::warn!(%error, "control words are kept");
        }
    }
}
