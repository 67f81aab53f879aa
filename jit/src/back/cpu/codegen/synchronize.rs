//! Atomic operations, copies, fences, and addresses that say where they point.

use super::super::runtime::{Runtime, encode_atomic};
use super::Untranslatable;
use super::translate::{Translator, integer_type};
use crate::ir::{self, Instruction, Modifier, Opcode, Operand, Space};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// Where generic addresses of shared memory begin. No window lies there.
const SHARED_APERTURE: u64 = 0x0100_0000_0000_0000;

/// Where those of local memory begin.
const LOCAL_APERTURE: u64 = 0x0200_0000_0000_0000;

/// The bits above an offset in a small space.
const APERTURE_SHIFT: i64 = 32;

impl Translator<'_, '_> {
    pub(super) fn atomic(&mut self, instruction: &Instruction) -> Result<(), Untranslatable> {
        let gives = instruction.opcode() == Opcode::Atom;
        let place = usize::from(gives);
        let (Some(code), Some(Operand::Address(address)), Some(t)) = (
            encode_atomic(instruction),
            instruction.operands.get(place).cloned(),
            instruction.t,
        ) else {
            return Err(Untranslatable {
                too_large: false,
                span: instruction.span,
                message: "this atomic operation has no translation for this processor".to_owned(),
            });
        };
        let pointer = self.place(&address, instruction.space());
        let code = self.builder.ins().iconst(types::I32, i64::from(code));
        let b = self.bits(instruction, place + 1, t);
        let c = if instruction.has(Modifier::Cas) {
            self.bits(instruction, place + 2, t)
        } else {
            b
        };
        let old = self.call_runtime(Runtime::Atomic, &[code, pointer, b, c]);
        if gives {
            let bits = integer_type(t);
            let old = if bits == types::I64 {
                old
            } else {
                self.builder.ins().ireduce(bits, old)
            };
            self.write_bits(instruction, old, t);
        }
        Ok(())
    }

    /// An operand's bits in 64.
    fn bits(&mut self, instruction: &Instruction, index: usize, t: ir::Type) -> Value {
        let value = self.read(instruction, index, t);
        let value = self.as_integer(value);
        self.extend(value, types::I64, false)
    }

    fn write_bits(&mut self, instruction: &Instruction, value: Value, t: ir::Type) {
        if let Some(Operand::Register(register)) = instruction.operands.first() {
            let value = self.fit_register(*register, value, t);
            self.define(*register, value);
        }
    }

    /// `cp.async`: done at once, which is as good as later.
    pub(super) fn copy(&mut self, instruction: &Instruction) {
        let [
            Operand::Address(to),
            Operand::Address(from),
            Operand::Immediate(size),
            ..,
        ] = instruction.operands.as_slice()
        else {
            return;
        };
        let (to, from) = (
            self.place(to, Space::Shared),
            self.place(from, Space::Global),
        );
        let size = self.builder.ins().iconst(types::I32, *size as i64);
        let read = if instruction.reads_size() {
            self.read(instruction, 3, ir::Type::U32)
        } else {
            size
        };
        let copy = self.scope.externals.get(Runtime::Copy);
        self.builder.ins().call(copy, &[to, from, size, read]);
    }

    /// Fences order what other threads of the host see; copies are done already, and waiting is not needed.
    pub(super) fn fence(&mut self, instruction: &Instruction) {
        if instruction.opcode() == Opcode::Membar {
            self.builder.ins().fence();
        }
    }

    /// `cvta`: between a space's own addresses and generic ones.
    pub(super) fn cast(&mut self, instruction: &Instruction, t: ir::Type) -> Value {
        let address = self.read(instruction, 1, t);
        let aperture = match instruction.space() {
            Space::Shared => SHARED_APERTURE,
            Space::Local => LOCAL_APERTURE,
            // The window's addresses are generic ones.
            _ => return address,
        };
        if t.bits() != 64 {
            return address;
        }
        if instruction.has(Modifier::To) {
            return self
                .builder
                .ins()
                .iadd_imm_s(address, (aperture as i64).wrapping_neg());
        }
        self.builder.ins().iadd_imm_s(address, aperture as i64)
    }

    /// `isspacep`
    pub(super) fn is_space(&mut self, instruction: &Instruction) -> Value {
        let address = self.read(instruction, 1, ir::Type::U64);
        let upper = self.builder.ins().ushr_imm_u(address, APERTURE_SHIFT);
        let mut is_in = |aperture: u64| {
            let aperture = (aperture >> APERTURE_SHIFT) as i64;
            self.builder.ins().icmp_imm_u(IntCC::Equal, upper, aperture)
        };
        match instruction.space() {
            Space::Shared => is_in(SHARED_APERTURE),
            Space::Local => is_in(LOCAL_APERTURE),
            Space::Global => {
                let (shared, local) = (is_in(SHARED_APERTURE), is_in(LOCAL_APERTURE));
                let small = self.builder.ins().bor(shared, local);
                self.builder.ins().bxor_imm_u(small, 1)
            }
            // Constants and parameters have no addresses of their own.
            _ => self.builder.ins().iconst(types::I8, 0),
        }
    }
}
