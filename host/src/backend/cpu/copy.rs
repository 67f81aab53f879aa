//! Copies and fills, cut into slices that workers share.

use super::space::Memory;
use crate::operation::Place;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Bytes of a slice: small enough that workers finish together, large enough that taking one costs nothing.
const SLICE: u64 = 256 << 10;

/// A transfer of bytes.
pub(super) enum Transfer {
    Write {
        to: Place,
        data: Arc<Vec<u8>>,
    },
    Copy {
        from: Place,
        to: Place,
        length: u64,
    },
    Fill {
        to: Place,
        length: u64,
        pattern: u32,
    },
}

impl Transfer {
    /// Bytes that are moved.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Write { data, .. } => data.len() as u64,
            Self::Copy { length, .. } | Self::Fill { length, .. } => *length,
        }
    }

    /// Slices that may be done at the same time and in any order.
    pub(super) fn units(&self) -> u64 {
        if self.overlaps() {
            1
        } else {
            self.length().div_ceil(SLICE)
        }
    }

    /// Whether source and destination share bytes.
    fn overlaps(&self) -> bool {
        match self {
            Self::Copy { from, to, length } => from.in_window().abs_diff(to.in_window()) < *length,
            Self::Write { .. } | Self::Fill { .. } => false,
        }
    }

    /// Does some of the slices.
    pub(super) fn run(&self, memory: &Memory, units: Range<u64>, stop: &AtomicU32) {
        match self {
            Self::Copy { from, to, length } if self.overlaps() => {
                move_overlapping(memory, from.in_window(), to.in_window(), *length, stop);
            }
            _ => units
                .take_while(|_| stop.load(Relaxed) == 0)
                .for_each(|unit| self.slice(memory, unit)),
        }
    }

    fn slice(&self, memory: &Memory, unit: u64) {
        let start = unit * SLICE;
        let length = SLICE.min(self.length() - start);
        match self {
            Self::Write { to, data } => {
                let bytes = &data[start as usize..(start + length) as usize];
                if let Some(place) = memory.range(to.in_window() + start, length) {
                    // SAFETY: the range is backed and no memory of the host's lies in a window.
                    unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
                }
            }
            Self::Copy { from, to, .. } => move_bytes(
                memory,
                from.in_window() + start,
                to.in_window() + start,
                length,
            ),
            Self::Fill { to, pattern, .. } => {
                fill(memory, to.in_window() + start, length, *pattern)
            }
        }
    }
}

/// Copies between ranges that may overlap.
fn move_bytes(memory: &Memory, from: u64, to: u64, length: u64) {
    if let Some((source, destination)) = memory.range(from, length).zip(memory.range(to, length)) {
        // SAFETY: both ranges are backed; `copy` allows them to overlap.
        unsafe { source.copy_to(destination, length as usize) };
    }
}

/// Copies slice by slice, from the end that keeps unread bytes intact.
fn move_overlapping(memory: &Memory, from: u64, to: u64, length: u64, stop: &AtomicU32) {
    let slices = length.div_ceil(SLICE);
    for step in 0..slices {
        if stop.load(Relaxed) != 0 {
            return;
        }
        let slice = if to < from { step } else { slices - 1 - step };
        let start = slice * SLICE;
        move_bytes(memory, from + start, to + start, SLICE.min(length - start));
    }
}

/// Repeats a pattern; start and length are multiples of 4.
fn fill(memory: &Memory, start: u64, length: u64, pattern: u32) {
    let Some(place) = memory.range(start, length) else {
        return;
    };
    let bytes = pattern.to_le_bytes();
    if bytes.iter().all(|byte| *byte == bytes[0]) {
        // SAFETY: the range is backed.
        unsafe { place.write_bytes(bytes[0], length as usize) };
        return;
    }
    let words = place.cast::<[u8; 4]>();
    for word in 0..(length / 4) as usize {
        // SAFETY: the word lies in the backed range; bytes have no alignment.
        unsafe { words.add(word).write(bytes) };
    }
}
