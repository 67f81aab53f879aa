//! What a random kernel does, in plain Rust, one thread after the other.

use super::RECORD;
use super::kernel::{
    Access, Base, Kernel, LONGS, Long, STACK, Space, Statement, TILE, WORDS, Word,
};
use std::ops::ControlFlow;
use wasi_cuda_jit::fuzzing::device::BASE;

/// Where generic addresses of shared and of local memory lie on the CPU device.
pub(super) const SHARED: u64 = 1 << 56;
pub(super) const LOCAL: u64 = 2 << 56;
/// Each of the two takes addresses of so many bits.
const APERTURE: u32 = 32;

/// How a thread ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// An access of so many bytes at an address that is no multiple of it.
    Misaligned(u64, u32),
    Outside(Space, u64, u32),
}

impl Ending {
    /// Address and size of the access that ended it.
    pub(super) fn place(&self) -> Option<(u64, u32)> {
        match self {
            Self::Done => None,
            Self::Misaligned(address, size) | Self::Outside(_, address, size) => {
                Some((*address, *size))
            }
        }
    }
}

/// Memory that threads share.
pub(super) struct World {
    pub(super) window: Vec<u8>,
    tile: Vec<u8>,
}

struct Thread<'a> {
    world: &'a mut World,
    stack: Vec<u8>,
    longs: [u64; LONGS],
    words: [u32; WORDS],
}

type Step = ControlFlow<Ending>;

impl World {
    pub(super) fn new(window: Vec<u8>) -> Self {
        Self {
            window,
            tile: vec![0; TILE as usize],
        }
    }

    /// Runs one thread to its end.
    pub(super) fn run(
        &mut self,
        kernel: &Kernel,
        [data, out, at]: [u64; 3],
        n: u32,
        thread: u32,
    ) -> Ending {
        let first = 8 * thread as usize;
        let loaded = u64::from_le_bytes(self.window[first..first + 8].try_into().unwrap());
        let mut longs = [0; LONGS];
        longs[..3].copy_from_slice(&[data, at, loaded]);
        let mut words = [0; WORDS];
        words[..2].copy_from_slice(&[thread, n]);
        let mut stack = vec![0; STACK as usize];
        stack[8..16].copy_from_slice(&SHARED.to_le_bytes());
        stack[16..24].copy_from_slice(&LOCAL.to_le_bytes());
        let mut running = Thread {
            world: self,
            stack,
            longs,
            words,
        };
        if let ControlFlow::Break(ending) = running.statements(&kernel.0) {
            return ending;
        }
        let (longs, words) = (running.longs, running.words);
        let record = (out - BASE) as usize + RECORD * thread as usize;
        let bytes = longs.iter().flat_map(|long| long.to_le_bytes());
        let bytes: Vec<u8> = bytes
            .chain(words.iter().flat_map(|word| word.to_le_bytes()))
            .collect();
        self.window[record..record + bytes.len()].copy_from_slice(&bytes);
        Ending::Done
    }
}

impl Thread<'_> {
    fn statements(&mut self, statements: &[Statement]) -> Step {
        statements
            .iter()
            .try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Statement) -> Step {
        match *statement {
            Statement::Long(op, d, a, b) => self.longs[d] = op.of(self.longs[a], self.longs[b]),
            Statement::LongBy(op, d, a, b) => self.longs[d] = op.of(self.longs[a], b),
            Statement::Shift(d, a, by) => self.longs[d] = self.longs[a] << by,
            Statement::Word(op, d, a, b) => self.words[d] = op.of(self.words[a], self.words[b]),
            Statement::WordBy(op, d, a, b) => self.words[d] = op.of(self.words[a], b),
            Statement::Widen(d, a, signed, by) => {
                let word = self.words[a];
                let wide = if signed {
                    i64::from(word as i32) as u64
                } else {
                    word.into()
                };
                self.longs[d] = wide.wrapping_mul(by.into());
            }
            Statement::Narrow(d, a) => self.words[d] = self.longs[a] as u32,
            Statement::Access(access) => return self.access(&access),
            Statement::If(r, below, ref body) => {
                if self.words[r] < below {
                    return self.statements(body);
                }
            }
            Statement::Repeat(r, ref body) => {
                for _ in 0..=self.words[r] & 3 {
                    self.statements(body)?;
                }
            }
        }
        Step::Continue(())
    }

    fn access(&mut self, access: &Access) -> Step {
        let address = match access.base {
            Base::Long(number) => self.longs[number].wrapping_add_signed(access.offset.into()),
            // Addresses of 32 bits wrap around in 32 bits.
            Base::Word(number) => self.words[number].wrapping_add_signed(access.offset).into(),
        };
        let is_in = |start: u64| address >> APERTURE == start >> APERTURE;
        let (space, address) = match access.space {
            Space::Generic if is_in(SHARED) => (Space::Shared, address - SHARED),
            Space::Generic if is_in(LOCAL) => (Space::Local, address - LOCAL),
            Space::Generic => (Space::Global, address),
            space => (space, address),
        };
        let size = access.size();
        if address % u64::from(size) != 0 {
            return Step::Break(Ending::Misaligned(address, size));
        }
        let (memory, start) = match space {
            Space::Shared => (&mut self.world.tile, 0),
            Space::Local => (&mut self.stack, 0),
            _ => (&mut self.world.window, BASE),
        };
        let end = (memory.len() as u64).checked_sub(size.into());
        let offset = address
            .checked_sub(start)
            .filter(|offset| Some(*offset) <= end);
        let Some(offset) = offset else {
            return Step::Break(Ending::Outside(space, address, size));
        };
        let bytes = &mut memory[offset as usize..][..size as usize];
        for (index, element) in bytes.chunks_exact_mut(access.element as usize).enumerate() {
            let long = &mut self.longs[(access.value + index) % LONGS];
            if access.stores {
                element.copy_from_slice(&long.to_le_bytes()[..element.len()]);
            } else {
                let mut all = [0; 8];
                all[..element.len()].copy_from_slice(element);
                *long = u64::from_le_bytes(all);
            }
        }
        Step::Continue(())
    }
}

impl Long {
    fn of(self, a: u64, b: u64) -> u64 {
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
            Self::Mul => a.wrapping_mul(b),
        }
    }
}

impl Word {
    fn of(self, a: u32, b: u32) -> u32 {
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::Mul => a.wrapping_mul(b),
            Self::And => a & b,
        }
    }
}
