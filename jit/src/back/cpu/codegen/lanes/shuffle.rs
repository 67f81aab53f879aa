//! Shuffles that a group does at once.

use super::super::super::at_once::Shuffle;
use super::super::super::suspension::Segmented;
use super::super::translate::Translator;
use super::{WIDTH, vector_type};
use crate::ir::{BlockId, Operand, Terminator, Type};
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl<'a> Translator<'a, '_> {
    /// The shuffle at a block's end that a group does at once, and the number of its place.
    pub(super) fn shuffle_in(&self, id: BlockId) -> Option<(usize, &'a Shuffle)> {
        let cut: &'a Segmented = self.scope.segment?.cut;
        let Terminator::Jump(resume) = self.kernel.blocks[id.index()].terminator else {
            return None;
        };
        let place = cut.ends[id.index()].then(|| cut.place(resume))??;
        let shuffle = cut.in_step.as_ref()?.at_once[place].as_ref()?;
        Some((place, shuffle))
    }

    /// Gives every lane what it reads.
    pub(super) fn shuffle_at_once(&mut self, (place, shuffle): (usize, &Shuffle)) {
        let Some(cut) = self.scope.segment.map(|segment| segment.cut) else {
            return;
        };
        let operation = &cut.suspensions[place].operation;
        let Some((source, _)) = operation.sources.first() else {
            return;
        };
        let parts = 0..self.group_size() / WIDTH;
        let vectors: Option<Vec<Value>> = parts
            .map(|part| self.vector(source, Type::B32, part))
            .collect();
        let Some(vectors) = vectors else { return };
        let reads = shuffle.reads.chunks(WIDTH as usize);
        let values: Vec<Value> = reads
            .clone()
            .map(|reads| self.gather(&vectors, reads))
            .collect();
        let masks: Vec<Value> = reads
            .map(|reads| self.mask_of_lanes(reads.iter().map(|(_, is_inside)| *is_inside)))
            .collect();
        let results = operation.destinations.iter().zip([values, masks]);
        for ((operand, _), vectors) in results {
            let Operand::Register(register) = operand else {
                continue;
            };
            let wanted = vector_type(self.kernel.registers[register.index()]);
            for (part, vector) in vectors.into_iter().enumerate() {
                let vector = self.as_vector(vector, wanted);
                self.set_cell(*register, part, vector);
            }
        }
    }

    /// Four lanes' words, each from the lane that it reads.
    fn gather(&mut self, vectors: &[Value], reads: &[(u32, bool)]) -> Value {
        let lanes: Vec<u32> = reads.iter().map(|(lane, _)| *lane).collect();
        let (first, other) = (lanes[0] / WIDTH, lanes.iter().map(|lane| lane / WIDTH));
        let second = other.clone().find(|part| *part != first).unwrap_or(first);
        let of = |part: u32| vectors[part as usize];
        if other.clone().all(|part| part == first || part == second) {
            let places = lanes.iter().map(|lane| {
                let behind = if lane / WIDTH == first { 0 } else { WIDTH };
                (lane % WIDTH + behind) as u8
            });
            let places: Vec<u8> = places.collect();
            return match places.as_slice() {
                [0, 1, 2, 3] => of(first),
                [a, b, c, d] => self.shuffle_words(of(first), of(second), [*a, *b, *c, *d]),
                _ => of(first),
            };
        }
        let words: Vec<Value> = lanes
            .iter()
            .map(|lane| {
                let vector = of(lane / WIDTH);
                self.builder.ins().extractlane(vector, (lane % WIDTH) as u8)
            })
            .collect();
        self.pack_lanes(&words)
    }

    /// All bits in the lanes that are named.
    fn mask_of_lanes(&mut self, lanes: impl Iterator<Item = bool>) -> Value {
        let bytes: Vec<u8> = lanes
            .flat_map(|is_set| [if is_set { 0xff } else { 0 }; 4])
            .collect();
        let constants = &mut self.builder.func.dfg.constants;
        let constant = constants.insert(bytes.as_slice().into());
        self.builder.ins().vconst(types::I32X4, constant)
    }
}
