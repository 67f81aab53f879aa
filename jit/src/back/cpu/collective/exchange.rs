//! `shfl.sync` (PTX ISA).

use super::{Warp, chosen};
use crate::ir::{Instruction, Modifier};

/// Which lane each lane reads.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Up,
    Down,
    Butterfly,
    Index,
}

#[derive(Debug)]
pub(super) struct Exchange {
    mode: Mode,
}

impl Exchange {
    pub(super) fn of(instruction: &Instruction) -> Option<Self> {
        let modes = [
            (Modifier::Up, Mode::Up),
            (Modifier::Down, Mode::Down),
            (Modifier::Bfly, Mode::Butterfly),
            (Modifier::Idx, Mode::Index),
        ];
        chosen(instruction, &modes).map(|mode| Self { mode })
    }

    pub(super) fn perform(&self, warp: &mut Warp<'_>) {
        if self.perform_whole(warp).is_some() {
            return;
        }
        let values: [u64; 32] = std::array::from_fn(|lane| {
            if warp.takes_part(lane) {
                warp.argument(0, lane)
            } else {
                0
            }
        });
        for lane in warp.lanes() {
            let (b, c) = (warp.argument(1, lane) as u32, warp.argument(2, lane) as u32);
            let (source, in_range) = self.source(lane as u32, b, c);
            let source = source as usize;
            // What a lane reads that does not take part is undefined; it keeps its own.
            let value = if warp.takes_part(source) {
                values[source]
            } else {
                values[lane]
            };
            warp.set_result(0, lane, value);
            warp.set_result(1, lane, u64::from(in_range));
        }
    }

    /// For a warp of which every lane takes part, in few steps.
    fn perform_whole(&self, warp: &mut Warp<'_>) -> Option<()> {
        let values = warp.whole_argument(0)?;
        let (b, c) = (warp.whole_argument(1)?, warp.whole_argument(2)?);
        let (mut read, mut inside) = ([0u32; 32], [0u32; 32]);
        for lane in 0..32 {
            let (source, in_range) = self.source(lane as u32, b[lane], c[lane]);
            read[lane] = values[source as usize & 31];
            inside[lane] = u32::from(in_range);
        }
        warp.set_whole_result(0, &read);
        warp.set_whole_result(1, &inside);
        Some(())
    }

    /// Which lane each lane of a whole warp reads that gives the same numbers as all others, and whether it lies in the segment.
    pub(super) fn sources(&self, b: u32, c: u32) -> [(u32, bool); 32] {
        std::array::from_fn(|lane| self.source(lane as u32, b, c))
    }

    /// The lane that is read, and whether it lies in the segment.
    fn source(&self, lane: u32, b: u32, c: u32) -> (u32, bool) {
        let (value, clamp, mask) = (b & 31, c & 31, c >> 8 & 31);
        let highest = (lane & mask) | (clamp & !mask);
        let lowest = lane & mask;
        let (source, in_range) = match self.mode {
            Mode::Up => {
                let source = lane.wrapping_sub(value);
                (source, source as i32 >= highest as i32)
            }
            Mode::Down => (lane + value, lane + value <= highest),
            Mode::Butterfly => (lane ^ value, lane ^ value <= highest),
            Mode::Index => {
                let source = lowest | (value & !mask);
                (source, source <= highest)
            }
        };
        if in_range {
            (source & 31, true)
        } else {
            (lane, false)
        }
    }
}
