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

/// Special registers that a proof knows something of, in the order of [`Ranges::specials`].
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

/// The place of a special register in [`Ranges::specials`].
pub(crate) fn special_index(special: S) -> Option<usize> {
    SPECIALS.iter().position(|known| *known == special)
}

/// Shared and local addresses begin below this.
const SMALL_SPACE: i128 = 1 << 31;

/// The sets that a proof begins with.
#[derive(Clone, Debug)]
pub(crate) struct Ranges<'a> {
    specials: [Interval; SPECIALS.len()],
    parameters: Option<&'a [u8]>,
    variables: Option<u64>,
}

impl<'a> Ranges<'a> {
    /// Those of one launch.
    pub(crate) fn of(launch: &LaunchFacts<'a>) -> Self {
        let index = |extent: u32| Interval::between(0, i128::from(extent) - 1);
        let extent = |extent: u32| Interval::exactly(i128::from(extent));
        let ([bx, by, bz], [gx, gy, gz]) = (launch.block, launch.grid);
        Self {
            specials: [
                index(bx),
                index(by),
                index(bz),
                extent(bx),
                extent(by),
                extent(bz),
                index(gx),
                index(gy),
                index(gz),
                extent(gx),
                extent(gy),
                extent(gz),
                index(32),
            ],
            parameters: Some(launch.parameters),
            variables: Some(launch.variables),
        }
    }

    /// Those of every launch of a kernel whose blocks have at most so many threads.
    pub(crate) fn of_any(max_threads: Option<u32>) -> Self {
        let most = i128::from(
            max_threads
                .unwrap_or(MAX_THREADS_PER_BLOCK)
                .min(MAX_THREADS_PER_BLOCK),
        );
        let (index, extent) = (Interval::between(0, most - 1), Interval::between(1, most));
        let any = Interval::of_bits(32, false);
        Self {
            specials: [
                index,
                index,
                index,
                extent,
                extent,
                extent,
                any,
                any,
                any,
                any,
                any,
                any,
                Interval::between(0, 31),
            ],
            parameters: None,
            variables: None,
        }
    }

    pub(crate) fn special(&self, index: usize) -> Interval {
        self.specials
            .get(index)
            .copied()
            .unwrap_or(Interval::ANYTHING)
    }

    pub(crate) fn parameter(&self, offset: u32, bytes: u32, signed: bool) -> Interval {
        let width = Width {
            bits: 8 * bytes,
            signed,
        };
        let start = offset as usize;
        let given = self
            .parameters
            .and_then(|all| all.get(start..start + bytes as usize));
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
            Start::Variables => match self.variables {
                Some(address) => Interval::exactly(i128::from(address)),
                None => Interval::of_bits(64, false),
            },
        }
    }
}
