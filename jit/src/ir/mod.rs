//! The one representation between front ends and back ends: typed virtual registers, basic blocks, and a table
//! of opcodes as data.

mod form;
mod matrix;
mod modifier;
mod module;
mod opcode;
mod space;
mod special;
mod table;
mod types;
mod variable;

pub use form::{Count, Form, FormId, Role, RoleKind, RoleType, Slot, forms_named};
pub(crate) use form::{form_for, only_form};
pub use matrix::MatrixShape;
pub use modifier::Modifier;
pub use module::{
    Address, AddressBase, Block, BlockId, FaultCause, FaultSite, Function, Hidden, Instruction,
    Module, Operand, ParameterDeclaration, Predicate, Register, TensorAddress, Terminator,
};
pub use opcode::{Effect, Opcode};
pub use space::Space;
pub use special::SpecialRegister;
pub(crate) use table::NAMED as NAMED_BARRIERS;
pub use table::{Row, rows};
pub use types::{Class, Type};
pub use variable::{Initializer, SharedSize, Symbol, SymbolAddress, Variable};
pub(crate) use variable::{initial_bytes, variable_layout};
