//! The one representation between front ends and back ends: typed virtual registers, basic blocks, and a table
//! of opcodes as data.

mod form;
mod modifier;
mod module;
mod opcode;
mod table;
mod types;

pub(crate) use form::form_for;
pub use form::{Form, FormId, Role, RoleKind, RoleType, Slot, forms_named};
pub use modifier::Modifier;
pub(crate) use module::vector_length;
pub use module::{
    Address, AddressBase, Block, BlockId, FaultCause, FaultSite, Function, Hidden, Instruction,
    Module, Operand, ParameterDeclaration, Predicate, Register, SpecialRegister, Terminator,
};
pub use opcode::{Effect, Opcode};
pub use table::{ROWS, Row};
pub use types::{Class, Type};
