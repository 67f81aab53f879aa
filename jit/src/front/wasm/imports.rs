//! What a module may import.

use crate::ir::SpecialRegister;
use wasmparser::{FuncType, Import, TypeRef, ValType};

/// The module that every import is from.
const MODULE: &str = "cuda";

const INDEX_FUNCTIONS: [(&str, SpecialRegister); 12] = [
    ("threadIdx.x", SpecialRegister::TidX),
    ("threadIdx.y", SpecialRegister::TidY),
    ("threadIdx.z", SpecialRegister::TidZ),
    ("blockIdx.x", SpecialRegister::CtaidX),
    ("blockIdx.y", SpecialRegister::CtaidY),
    ("blockIdx.z", SpecialRegister::CtaidZ),
    ("blockDim.x", SpecialRegister::NtidX),
    ("blockDim.y", SpecialRegister::NtidY),
    ("blockDim.z", SpecialRegister::NtidZ),
    ("gridDim.x", SpecialRegister::NctaidX),
    ("gridDim.y", SpecialRegister::NctaidY),
    ("gridDim.z", SpecialRegister::NctaidZ),
];

/// What an import stands for.
pub(super) enum Imported {
    Memory,
    Index(SpecialRegister),
}

/// What an import stands for, or why it is refused.
pub(super) fn imported(import: &Import<'_>, types: &[FuncType]) -> Result<Imported, String> {
    let Import { module, name, ty } = import;
    let known = (*module == MODULE).then_some(*name);
    match ty {
        TypeRef::Memory(_) if known != Some("memory") => Err(format!(
            "the memory `{module}` `{name}` is not known; the device's is `{MODULE}` `memory`"
        )),
        TypeRef::Memory(memory) if !memory.memory64 => Err(
            "the memory has 32-bit addresses and device addresses have 64 bits; \
             declare it as `(memory i64 0)` and compile for wasm64"
                .to_owned(),
        ),
        TypeRef::Memory(memory) if memory.shared || memory.page_size_log2.is_some() => Err(
            "the memory is shared or has pages of its own; declare it as `(memory i64 0)`"
                .to_owned(),
        ),
        TypeRef::Memory(_) => Ok(Imported::Memory),
        TypeRef::Func(ty) => {
            let index = INDEX_FUNCTIONS
                .iter()
                .find(|(index, _)| known == Some(index));
            let (_, register) = index.ok_or_else(|| {
                format!(
                    "the function `{module}` `{name}` is not known; `{MODULE}` has `threadIdx`, `blockIdx`, \
                     `blockDim` and `gridDim`, each with `.x`, `.y` and `.z`"
                )
            })?;
            let fits = types
                .get(*ty as usize)
                .is_none_or(|ty| ty.params().is_empty() && ty.results() == [ValType::I32]);
            match fits {
                true => Ok(Imported::Index(*register)),
                false => Err(format!(
                    "`{name}` takes no parameters and gives an i32: `(func (result i32))`"
                )),
            }
        }
        _ => Err(format!(
            "`{module}` `{name}` is no function and no memory; kernels import nothing else"
        )),
    }
}
