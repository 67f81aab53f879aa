//! What is known of a launch.

use super::interval::Interval;
use super::program::{Start, Width};
use crate::ir::SpecialRegister as S;
use crate::limits::MAX_THREADS_PER_BLOCK;
use std::ops::Range;

/// What a launch is made of, as far as it decides which addresses its threads compute.
#[derive(Clone, Copy, Debug)]
pub struct LaunchFacts<'a> {
    /// Blocks in the grid, x first.
    pub grid: [u32; 3],
    /// Threads in a block, x first.
    pub block: [u32; 3],
    /// Dynamic shared memory per block, in bytes.
    pub dynamic_shared: u32,
    /// The parameter block, as the kernel's signature lays it out.
    pub parameters: &'a [u8],
    /// What global accesses may touch.
    pub memory: Memory<'a>,
    /// The address of the module's own variables.
    pub variables: u64,
}

/// Addresses that a guest's kernels may access.
#[derive(Clone, Copy, Debug)]
pub enum Memory<'a> {
    /// All of a window.
    Window {
        /// The address of its first byte.
        base: u64,
        /// Bytes from there on.
        mapped: u64,
    },
    /// What lies in one of these buffers, and not in two.
    Buffers(&'a [Range<u64>]),
}

impl Memory<'_> {
    /// Whether a range of addresses, the end not included, lies inside.
    pub(crate) fn holds(&self, low: i128, end: i128) -> bool {
        let inside = |start: u64, stop: i128| low >= i128::from(start) && end <= stop;
        match self {
            Self::Window { base, mapped } => inside(*base, i128::from(*base) + i128::from(*mapped)),
            Self::Buffers(buffers) => buffers
                .iter()
                .any(|buffer| inside(buffer.start, i128::from(buffer.end))),
        }
    }
}

/// Special registers that a proof knows something of: threads and blocks, the index and the extent of each in three dimensions.
const SPECIALS: [S; 13] = [
    S::TidX,
    S::TidY,
    S::TidZ,
    S::NtidX,
    S::NtidY,
    S::NtidZ,
    S::CtaidX,
    S::CtaidY,
    S::CtaidZ,
    S::NctaidX,
    S::NctaidY,
    S::NctaidZ,
    S::LaneId,
];

/// What a proof calls a special register.
pub(crate) fn special_index(special: S) -> Option<usize> {
    SPECIALS.iter().position(|known| *known == special)
}

/// Shared and local addresses begin below this.
const SMALL_SPACE: i128 = 1 << 31;

/// The sets that a proof begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ranges<'a> {
    /// Those of one launch.
    Of(&'a LaunchFacts<'a>),
    /// Those of every launch whose blocks have at most so many threads.
    OfAny { most_threads: u32 },
}

impl<'a> Ranges<'a> {
    /// Those of every launch of a kernel whose blocks have at most so many threads.
    pub(crate) fn of_any(max_threads: Option<u32>) -> Self {
        let most = max_threads.unwrap_or(MAX_THREADS_PER_BLOCK);
        Self::OfAny {
            most_threads: most.min(MAX_THREADS_PER_BLOCK),
        }
    }

    pub(crate) fn special(&self, index: usize) -> Interval {
        let (kind, dimension) = (index / 3, index % 3);
        if kind >= 4 {
            return Interval::between(0, 31);
        }
        match self {
            Self::Of(launch) => {
                let extents = if kind < 2 { launch.block } else { launch.grid };
                let extent = i128::from(extents[dimension]);
                if kind % 2 == 0 {
                    Interval::between(0, extent - 1)
                } else {
                    Interval::exactly(extent)
                }
            }
            Self::OfAny { most_threads } => match kind {
                0 => Interval::between(0, i128::from(*most_threads) - 1),
                1 => Interval::between(1, i128::from(*most_threads)),
                _ => Interval::of_bits(32, false),
            },
        }
    }

    pub(crate) fn parameter(&self, offset: u32, bytes: u32, signed: bool) -> Interval {
        let width = Width {
            bits: 8 * bytes,
            signed,
        };
        let start = offset as usize;
        let given = match self {
            Self::Of(launch) => launch.parameters.get(start..start + bytes as usize),
            Self::OfAny { .. } => None,
        };
        let Some(given) = given else {
            return Interval::of_bits(width.bits, width.signed);
        };
        let mut word = [0; 8];
        word[..given.len().min(8)].copy_from_slice(&given[..given.len().min(8)]);
        let value = Interval::exactly(i128::from(u64::from_le_bytes(word)));
        value.read_as(width.bits, width.signed)
    }

    pub(crate) fn start(&self, start: Start) -> Interval {
        match start {
            // Both begin at a multiple of any access's size.
            Start::Shared | Start::Local => Interval {
                low: 0,
                high: SMALL_SPACE,
                zeros: 4,
            },
            Start::Variables => match self {
                Self::Of(launch) => Interval::exactly(i128::from(launch.variables)),
                Self::OfAny { .. } => Interval::of_bits(64, false),
            },
        }
    }
}
