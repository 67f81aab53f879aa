//! Loads and stores of neighbouring threads at once.

use super::super::translate::Translator;
use super::{Held, WIDTH, vector_type};
use crate::analysis::Lanes;
use crate::ir::{AddressBase, Instruction, Opcode, Operand, Register, Space};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

impl Translator<'_, '_> {
    /// A load or a store whose threads' places lie one behind the other; false if it is none.
    pub(super) fn access_packed(&mut self, instruction: &Instruction) -> bool {
        if !self.is_row_of_words(instruction) {
            return false;
        }
        match instruction.opcode() {
            Opcode::Ld | Opcode::Ldu => self.load_packed(instruction),
            _ => self.store_packed(instruction),
        }
    }

    /// Whether each thread accesses one or four words, and the next thread those behind them.
    fn is_row_of_words(&self, instruction: &Instruction) -> bool {
        let is_access = matches!(instruction.opcode(), Opcode::Ld | Opcode::Ldu | Opcode::St);
        let elements = instruction.vector_length();
        let Some(address) = instruction.address() else {
            return false;
        };
        let place = match (address.guarded, address.base) {
            (Some(offset), _) => offset,
            (None, AddressBase::Register(base)) => base,
            _ => return false,
        };
        is_access
            && instruction.predicate.is_none()
            && !instruction.is_ordered()
            && instruction.space() != Space::Local
            && instruction.t.is_some_and(|t| t.bits() == 32)
            && matches!(elements, 1 | 4)
            && self.lanes_of(place) == Lanes::Even(i64::from(4 * elements))
    }

    fn load_packed(&mut self, instruction: &Instruction) -> bool {
        let Some(registers) = self.packed_registers(&instruction.operands[0]) else {
            return false;
        };
        let Some(address) = instruction.address().copied() else {
            return false;
        };
        let base = self.place(&address, instruction.space());
        let elements = registers.len() as u32;
        for part in 0..self.group_size() / WIDTH {
            // An addition takes a number from memory if nothing changes its type between.
            let loaded = match registers.as_slice() {
                [Some(single)] => vector_type(self.kernel.registers[single.index()]),
                _ => types::I32X4,
            };
            let vectors: Vec<Value> = (0..elements)
                .map(|element| {
                    let offset = 16 * (part * elements + element) as i32;
                    self.builder.ins().load(loaded, of_words(), base, offset)
                })
                .collect();
            let vectors = match vectors.as_slice() {
                [single] => vec![*single],
                [a, b, c, d] => self.transpose([*a, *b, *c, *d]).to_vec(),
                _ => return false,
            };
            for (register, vector) in registers.iter().zip(vectors) {
                let Some(register) = register else { continue };
                let wanted = vector_type(self.kernel.registers[register.index()]);
                let vector = self.as_vector(vector, wanted);
                self.set_cell(*register, part as usize, vector);
            }
        }
        true
    }

    /// The registers of one or four elements, all held in vectors; none for an element that nobody reads.
    fn packed_registers(&self, operand: &Operand) -> Option<Vec<Option<Register>>> {
        let elements = match operand {
            Operand::Vector(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        let registers = elements.iter().map(|element| match element {
            Operand::Register(register)
                if self.held(*register) == Held::Packed
                    && self.kernel.registers[register.index()].bits() == 32 =>
            {
                Some(Some(*register))
            }
            Operand::Sink => Some(None),
            _ => None,
        });
        registers.collect()
    }

    fn store_packed(&mut self, instruction: &Instruction) -> bool {
        let elements = match &instruction.operands[1] {
            Operand::Vector(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        let (Some(address), Some(t)) = (instruction.address().copied(), instruction.t) else {
            return false;
        };
        let mut vectors = Vec::new();
        for part in 0..self.group_size() / WIDTH {
            let values: Option<Vec<Value>> = elements
                .iter()
                .map(|element| self.vector(element, t, part))
                .collect();
            let Some(values) = values else { return false };
            let values: Vec<Value> = values
                .into_iter()
                .map(|value| self.as_vector(value, types::I32X4))
                .collect();
            match values.as_slice() {
                [single] => vectors.push(*single),
                [a, b, c, d] => vectors.extend(self.transpose([*a, *b, *c, *d])),
                _ => return false,
            }
        }
        let base = self.place(&address, instruction.space());
        for (number, vector) in vectors.into_iter().enumerate() {
            self.builder
                .ins()
                .store(of_words(), vector, base, 16 * number as i32);
        }
        true
    }

    /// Rows to columns, of four by four words.
    fn transpose(&mut self, [a, b, c, d]: [Value; 4]) -> [Value; 4] {
        const LOW: [u8; 4] = [0, 4, 1, 5];
        const HIGH: [u8; 4] = [2, 6, 3, 7];
        const LOW_PAIRS: [u8; 4] = [0, 1, 4, 5];
        const HIGH_PAIRS: [u8; 4] = [2, 3, 6, 7];
        let (ab_low, ab_high) = (
            self.shuffle_words(a, b, LOW),
            self.shuffle_words(a, b, HIGH),
        );
        let (cd_low, cd_high) = (
            self.shuffle_words(c, d, LOW),
            self.shuffle_words(c, d, HIGH),
        );
        [
            self.shuffle_words(ab_low, cd_low, LOW_PAIRS),
            self.shuffle_words(ab_low, cd_low, HIGH_PAIRS),
            self.shuffle_words(ab_high, cd_high, LOW_PAIRS),
            self.shuffle_words(ab_high, cd_high, HIGH_PAIRS),
        ]
    }

    /// Words of two vectors, by their places in both.
    pub(super) fn shuffle_words(&mut self, a: Value, b: Value, words: [u8; 4]) -> Value {
        let bytes: Vec<u8> = words
            .iter()
            .flat_map(|word| (0..4).map(move |byte| 4 * word + byte))
            .collect();
        let (a, b) = (
            self.as_vector(a, types::I8X16),
            self.as_vector(b, types::I8X16),
        );
        let mask = self
            .builder
            .func
            .dfg
            .immediates
            .push(bytes.as_slice().into());
        let shuffled = self.builder.ins().shuffle(a, b, mask);
        self.as_vector(shuffled, types::I32X4)
    }
}

/// A vector's place is aligned to its words alone: a processor without AVX faults on one that is told to be aligned.
fn of_words() -> MemFlagsData {
    MemFlagsData::new().with_trap_code(None)
}
