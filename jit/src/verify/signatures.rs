//! What a kernel expects from a launch.

use crate::analysis::pointer_parameters;
use crate::ir::{Class, Function, ParameterDeclaration, Space, Type};
use crate::limits::MAX_THREADS_PER_BLOCK;
use crate::signature::{Parameter, ParameterType, Signature};

pub(super) fn signature(function: &Function) -> Signature {
    let pointers = pointer_parameters(function);
    let parameters: Vec<Parameter> = function
        .parameters
        .iter()
        .zip(pointers)
        .map(|(declaration, pointer)| parameter(declaration, pointer))
        .collect();
    let parameter_bytes = parameters
        .iter()
        .map(|parameter| parameter.offset + parameter.size)
        .max()
        .unwrap_or(0);
    Signature {
        name: function.name.clone(),
        parameters,
        parameter_bytes,
        max_threads_per_block: function
            .max_threads
            .unwrap_or(MAX_THREADS_PER_BLOCK)
            .min(MAX_THREADS_PER_BLOCK),
        required_block: function.required_block,
        // Both are far below 2^32: the verifier has held them against their limits.
        shared_memory: function.variable_bytes(Space::Shared) as u32,
        local_memory: function.variable_bytes(Space::Local) as u32,
        registers: function.registers.len() as u32,
    }
}

fn parameter(declaration: &ParameterDeclaration, pointer: bool) -> Parameter {
    let is_address = pointer && declaration.array.is_none() && declaration.size() == 8;
    let ty = match declaration.array {
        Some(_) => ParameterType::Bytes(declaration.size()),
        None if is_address => ParameterType::Pointer,
        None => scalar(declaration.ty),
    };
    Parameter {
        name: declaration.name.clone(),
        ty,
        untyped: declaration.ty.class() == Class::Untyped,
        offset: declaration.offset,
        size: declaration.size(),
        align: declaration.align,
    }
}

fn scalar(ty: Type) -> ParameterType {
    match ty {
        Type::S8 => ParameterType::S8,
        Type::S16 => ParameterType::S16,
        Type::S32 => ParameterType::S32,
        Type::S64 => ParameterType::S64,
        Type::B8 | Type::U8 => ParameterType::U8,
        Type::B16 | Type::U16 => ParameterType::U16,
        Type::B32 | Type::U32 => ParameterType::U32,
        Type::B64 | Type::U64 => ParameterType::U64,
        Type::F16 => ParameterType::F16,
        Type::Bf16 => ParameterType::Bf16,
        Type::F32 => ParameterType::F32,
        Type::F64 => ParameterType::F64,
        other => ParameterType::Bytes(other.bytes()),
    }
}
