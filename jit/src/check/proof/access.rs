//! An access lies in its memory, at a multiple of what it must.

use super::super::refusal::{Memory, Reason};
use super::super::text::{Base, Instruction, Operand};
use super::facts::Limit;
use super::instruction::access_bytes;
use super::value::{Given, Node, ValueId};
use super::walk::State;

/// What an access touches.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Bytes from the address on, or of one row of a matrix.
    pub(super) bytes: u32,
    /// What the address must be a multiple of: a power of two.
    pub(super) align: u32,
    /// Bytes from the first row of a matrix to its last.
    pub(super) rows: Option<ValueId>,
}

impl Extent {
    pub(super) fn plain(bytes: u32) -> Self {
        Self {
            bytes,
            align: bytes,
            rows: None,
        }
    }
}

impl State<'_, '_> {
    /// Loads, stores and atomic operations; what a look at the stop word finds is the result.
    pub(super) fn access(
        &mut self,
        instruction: &Instruction<'_>,
    ) -> Result<Option<ValueId>, Reason> {
        let bytes = access_bytes(instruction)?;
        let operands = instruction.operands.iter();
        let mut addresses = operands.filter(|it| matches!(it, Operand::Address(..)));
        let Some(address) = addresses.next() else {
            return Err(Reason::Operands(instruction.name.text.to_owned()));
        };
        let memory = memory_named(instruction)?;
        if self.is_assumed(memory, address, Extent::plain(bytes)) {
            return Ok(None);
        }
        let address = self.address(instruction, address)?;
        if instruction.name.text == "ld.volatile.global.u32" && self.is(address, Given::Stop) {
            return Ok(Some(self.values.stop_word(self.block)));
        }
        if instruction.name.text == "ld.global.u16" && self.is_granule(address) {
            return Ok(None);
        }
        self.prove(memory, address, Extent::plain(bytes))?;
        Ok(None)
    }

    /// A copy from the window to shared memory, which must not be told to read more than it writes.
    pub(super) fn copy(
        &mut self,
        instruction: &Instruction<'_>,
    ) -> Result<Option<ValueId>, Reason> {
        let [to, from, Operand::Number(bytes), ..] = instruction.operands.as_ref() else {
            return Err(Reason::Operands(instruction.name.text.to_owned()));
        };
        if ![4, 8, 16].contains(bytes) || !instruction.name.has("global") {
            return Err(Reason::NotAllowed(instruction.name.text.to_owned()));
        }
        if let Some(read) = instruction.operands.get(3) {
            let read = self.operand(read, 32);
            if read.is_none_or(|read| self.values.most(read) > *bytes) {
                return Err(Reason::Operands(instruction.name.text.to_owned()));
            }
        }
        let extent = Extent::plain(*bytes as u32);
        for (memory, place) in [(Memory::Shared, to), (Memory::Window, from)] {
            if !self.is_assumed(memory, place, extent) {
                let address = self.address(instruction, place)?;
                self.prove(memory, address, extent)?;
            }
        }
        Ok(None)
    }

    /// `ldmatrix` and `stmatrix`: each lane names a row of 16 bytes.
    pub(super) fn rows(
        &mut self,
        instruction: &Instruction<'_>,
    ) -> Result<Option<ValueId>, Reason> {
        if memory_named(instruction)? != Memory::Shared {
            return Err(Reason::WrongMemory(instruction.name.text.to_owned()));
        }
        let mut operands = instruction.operands.iter();
        let address = operands.find(|it| matches!(it, Operand::Address(..)));
        let address = address.ok_or_else(|| Reason::Operands(instruction.name.text.to_owned()))?;
        if !self.is_assumed(Memory::Shared, address, Extent::plain(16)) {
            let address = self.address(instruction, address)?;
            self.prove(Memory::Shared, address, Extent::plain(16))?;
        }
        Ok(None)
    }

    /// Whether a claim of the launch's proof is about what this line touches here. Addresses of small memories may have 32 bits then.
    pub(super) fn is_assumed(
        &mut self,
        memory: Memory,
        operand: &Operand<'_>,
        extent: Extent,
    ) -> bool {
        let Operand::Address(Base::Register(register), _) = operand else {
            return false;
        };
        let is_small = matches!(memory, Memory::Shared | Memory::Local);
        let is_address = self.width(*register) == 64 || (is_small && self.width(*register) == 32);
        let claim = self.assumed.of(self.line, memory);
        let is_it = claim.is_some_and(|claim| {
            is_address
                && claim.bytes == extent.bytes
                && claim.align.is_multiple_of(extent.align.max(1))
                && claim.rows_align.is_some() == extent.rows.is_some()
        });
        self.findings.assumed += usize::from(is_it);
        is_it
    }

    /// The address that an operand in brackets is.
    pub(super) fn address(
        &mut self,
        instruction: &Instruction<'_>,
        operand: &Operand<'_>,
    ) -> Result<ValueId, Reason> {
        match operand {
            Operand::Address(Base::Register(register), offset) if self.width(*register) == 64 => {
                let base = self.held(*register);
                Ok(self.values.plus(base, *offset as u64))
            }
            _ => Err(Reason::WrongMemory(instruction.name.text.to_owned())),
        }
    }

    pub(super) fn prove(
        &mut self,
        memory: Memory,
        address: ValueId,
        extent: Extent,
    ) -> Result<(), Reason> {
        let (base, limit) = match memory {
            Memory::Shared => (Given::SharedBase, Limit::Given(Given::SharedSize)),
            Memory::Local => {
                let bytes = self.kernel.local.map_or(0, |local| local.bytes);
                (Given::LocalBase, Limit::Number(bytes))
            }
            Memory::Window | Memory::Parameters => (Given::WindowBase, Limit::Given(Given::Mapped)),
        };
        match self.guarded(memory, address, extent, base, limit) {
            Ok(()) => {
                self.findings.guarded += 1;
                Ok(())
            }
            Err(reason) => {
                let is_given = self.is_constant_place(memory, address, extent);
                self.findings.constant += usize::from(is_given);
                if is_given { Ok(()) } else { Err(reason) }
            }
        }
    }

    /// Whether what is known here keeps an access within a limit, counted from a base, and aligned.
    fn guarded(
        &mut self,
        memory: Memory,
        address: ValueId,
        extent: Extent,
        base: Given,
        limit: Limit,
    ) -> Result<(), Reason> {
        if self.facts.contradict() {
            return Ok(());
        }
        let start = self.given(base);
        let offset = self.values.add_scaled(address, start, u64::MAX);
        let Extent { bytes, align, rows } = extent;
        let size = u64::from(bytes);
        if !self.facts.fits(&mut self.values, offset, rows, size, limit) {
            return Err(Reason::OutOfBounds { memory, bytes });
        }
        let zeros = self.facts.zeros(&mut self.values, offset);
        if zeros.min(self.values.zeros(start)) < align.trailing_zeros() {
            return Err(Reason::Misaligned { memory, align });
        }
        Ok(())
    }

    /// Whether it lies at a constant place of what the launch gives; then the launch must give as much.
    fn is_constant_place(&mut self, memory: Memory, address: ValueId, extent: Extent) -> bool {
        let base = match memory {
            Memory::Window => Given::Variables,
            Memory::Shared => Given::SharedBase,
            Memory::Local | Memory::Parameters => return false,
        };
        let start = self.given(base);
        let place = self.values.add_scaled(address, start, u64::MAX);
        let Some(place) = self.values.as_constant(place) else {
            return false;
        };
        let end = place.checked_add(u64::from(extent.bytes));
        let zeros = place.trailing_zeros().min(self.values.zeros(start));
        let Some(end) = end.filter(|_| extent.rows.is_none()) else {
            return false;
        };
        if zeros < extent.align.trailing_zeros() {
            return false;
        }
        let needed = match memory {
            Memory::Window => &mut self.findings.variable_bytes,
            _ => &mut self.findings.shared_bytes,
        };
        *needed = end.max(*needed);
        true
    }

    fn is(&mut self, address: ValueId, given: Given) -> bool {
        address == self.given(given)
    }

    /// Whether an address is an entry of the table of granules: two bytes for each 256 of the mapped size.
    fn is_granule(&mut self, address: ValueId) -> bool {
        let table = self.given(Given::Granules);
        let place = self.values.add_scaled(address, table, u64::MAX);
        let (terms, constant) = self.values.terms(place);
        let ([(term, 2)], 0) = (terms.as_slice(), constant) else {
            return false;
        };
        let Node::ShiftRight(offset, 8) = *self.values.node(*term) else {
            return false;
        };
        let mapped = Limit::Given(Given::Mapped);
        self.facts.fits(&mut self.values, offset, None, 1, mapped)
    }

    /// A read of a declared parameter.
    pub(super) fn read_parameter(
        &mut self,
        index: usize,
        offset: i64,
        bytes: u32,
    ) -> Result<Option<ValueId>, Reason> {
        let memory = Memory::Parameters;
        let Some(parameter) = self.kernel.parameters.get(index) else {
            return Err(Reason::OutOfBounds { memory, bytes });
        };
        let end = u64::try_from(offset)
            .ok()
            .and_then(|it| it.checked_add(u64::from(bytes)));
        if end.is_none_or(|end| end > u64::from(parameter.bytes)) {
            return Err(Reason::OutOfBounds { memory, bytes });
        }
        let place = i64::from(parameter.offset) + offset;
        if place % i64::from(bytes) != 0 {
            let align = bytes;
            return Err(Reason::Misaligned { memory, align });
        }
        Ok(None)
    }
}

/// The memory that an access names. A generic address that lies in the window names what lies there.
pub(super) fn memory_named(instruction: &Instruction<'_>) -> Result<Memory, Reason> {
    let mut named = instruction.name.words().filter_map(|word| match word {
        "global" => Some(Memory::Window),
        "shared" | "shared::cta" => Some(Memory::Shared),
        "local" => Some(Memory::Local),
        _ => None,
    });
    match (named.next(), named.next()) {
        (memory, None) => Ok(memory.unwrap_or(Memory::Window)),
        _ => Err(Reason::NotAllowed(instruction.name.text.to_owned())),
    }
}
