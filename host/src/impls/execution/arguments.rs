//! Checking arguments against a kernel's parameters, and packing them.

use super::place;
use crate::bindings::wasi::cuda::execution::Argument;
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::launch::{Launch, Parameters};
use crate::memory::Allocation;
use smallvec::SmallVec;
use std::sync::Arc;
use wasi_cuda_jit::signature::{Parameter, ParameterType, Signature};
use wasmtime::component::ResourceTable;

/// The buffer of each parameter that points to one.
pub(super) type Buffers = SmallVec<[Option<Arc<Allocation>>; 8]>;

/// Checks and packs all arguments of a launch.
pub(super) fn pack(
    table: &ResourceTable,
    grant: &Arc<Grant>,
    kernel: &Signature,
    arguments: &[Argument],
) -> CudaResult<(Parameters, Buffers)> {
    check_count(kernel, arguments.len())?;
    let mut parameters = Parameters::zeroed(kernel.parameter_bytes as usize);
    let mut buffers = Buffers::with_capacity(arguments.len());
    for (parameter, argument) in kernel.parameters.iter().zip(arguments) {
        let encoded = encode(table, grant, parameter, argument)?;
        put(&mut parameters, parameter, &encoded)?;
        buffers.push(encoded.buffer);
    }
    Ok((parameters, buffers))
}

/// Replaces one argument of a launch.
pub(super) fn replace(
    table: &ResourceTable,
    grant: &Arc<Grant>,
    launch: &mut Arc<Launch>,
    index: u32,
    argument: &Argument,
) -> CudaResult<()> {
    let kernel = launch.kernel.clone();
    let known = kernel.signature.parameters.get(index as usize);
    let parameter =
        known.ok_or_else(|| CudaError::invalid_argument(no_parameter(&kernel.signature, index)))?;
    let encoded = encode(table, grant, parameter, argument)?;
    // What is enqueued keeps the arguments that it was enqueued with.
    let launch = Arc::make_mut(launch);
    put(&mut launch.parameters, parameter, &encoded)?;
    if let Some(buffer) = launch.buffers.get_mut(index as usize) {
        *buffer = encoded.buffer;
    }
    Ok(())
}

/// An argument as its parameter wants it.
struct Encoded<'a> {
    bytes: Bytes<'a>,
    buffer: Option<Arc<Allocation>>,
}

enum Bytes<'a> {
    /// The first bytes of a word, in the machine's order, which is the device's.
    Word([u8; 8], usize),
    Opaque(&'a [u8]),
}

impl Bytes<'_> {
    fn get(&self) -> &[u8] {
        match self {
            Self::Word(word, size) => &word[..*size],
            Self::Opaque(bytes) => bytes,
        }
    }
}

fn put(
    parameters: &mut Parameters,
    parameter: &Parameter,
    encoded: &Encoded<'_>,
) -> CudaResult<()> {
    if parameters.set(parameter.offset as usize, encoded.bytes.get()) {
        return Ok(());
    }
    let broken = wasmtime::format_err!(
        "parameter '{}' lies outside its kernel's block",
        parameter.name
    );
    Err(CudaError::Trap(broken))
}

fn encode<'a>(
    table: &ResourceTable,
    grant: &Arc<Grant>,
    parameter: &Parameter,
    argument: &'a Argument,
) -> CudaResult<Encoded<'a>> {
    check_type(parameter, argument)?;
    let mut buffer = None;
    let bytes = match argument {
        Argument::Pointer(position) => {
            let place = place(table, grant, position).map_err(|error| at(parameter, error))?;
            let address = place.buffer.address() + place.offset;
            buffer = Some(place.buffer);
            word(&address.to_le_bytes())
        }
        Argument::Null => word(&0u64.to_le_bytes()),
        Argument::S8(value) => word(&value.to_le_bytes()),
        Argument::S16(value) => word(&value.to_le_bytes()),
        Argument::S32(value) => word(&value.to_le_bytes()),
        Argument::S64(value) => word(&value.to_le_bytes()),
        Argument::U8(value) => word(&value.to_le_bytes()),
        Argument::U16(value) => word(&value.to_le_bytes()),
        Argument::U32(value) => word(&value.to_le_bytes()),
        Argument::U64(value) => word(&value.to_le_bytes()),
        Argument::F32(value) => word(&value.to_le_bytes()),
        Argument::F64(value) => word(&value.to_le_bytes()),
        Argument::Bytes(bytes) => Bytes::Opaque(bytes),
    };
    Ok(Encoded { bytes, buffer })
}

fn word<const N: usize>(bytes: &[u8; N]) -> Bytes<'static> {
    let mut word = [0; 8];
    word[..N].copy_from_slice(bytes);
    Bytes::Word(word, N)
}

/// Says of which parameter an error is.
fn at(parameter: &Parameter, error: CudaError) -> CudaError {
    match error.into_code() {
        Ok(ErrorCode::InvalidArgument(text)) => {
            CudaError::invalid_argument(format!("parameter '{}': {text}", parameter.name))
        }
        Ok(other) => other.into(),
        Err(trap) => CudaError::Trap(trap),
    }
}

/// What a value is, as far as parameters care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pointer,
    Integer,
    Float,
    Opaque,
}

/// Kind and size in bytes of an argument.
fn shape(argument: &Argument) -> (Kind, usize) {
    match argument {
        Argument::Pointer(_) | Argument::Null => (Kind::Pointer, 8),
        Argument::S8(_) | Argument::U8(_) => (Kind::Integer, 1),
        Argument::S16(_) | Argument::U16(_) => (Kind::Integer, 2),
        Argument::S32(_) | Argument::U32(_) => (Kind::Integer, 4),
        Argument::S64(_) | Argument::U64(_) => (Kind::Integer, 8),
        Argument::F32(_) => (Kind::Float, 4),
        Argument::F64(_) => (Kind::Float, 8),
        Argument::Bytes(bytes) => (Kind::Opaque, bytes.len()),
    }
}

fn kind(ty: ParameterType) -> Kind {
    use ParameterType as T;
    match ty {
        T::Pointer => Kind::Pointer,
        T::S8 | T::S16 | T::S32 | T::S64 | T::U8 | T::U16 | T::U32 | T::U64 => Kind::Integer,
        T::F16 | T::Bf16 | T::F32 | T::F64 => Kind::Float,
        T::Bytes(_) => Kind::Opaque,
    }
}

fn check_type(parameter: &Parameter, argument: &Argument) -> CudaResult<()> {
    let (given, size) = shape(argument);
    let wanted = kind(parameter.ty);
    let same_size = size == parameter.size as usize;
    let fits = match (wanted, given) {
        (Kind::Pointer, Kind::Pointer) => true,
        (Kind::Pointer, _) | (Kind::Opaque, Kind::Pointer) => false,
        // Addresses computed by the guest are plain integers to some kernels.
        (Kind::Integer, Kind::Pointer) | (_, Kind::Opaque) => same_size,
        (wanted, given) => {
            same_size && (wanted == given || (parameter.untyped && wanted != Kind::Opaque))
        }
    };
    if fits {
        return Ok(());
    }
    Err(CudaError::invalid_argument(format!(
        "parameter '{}' is {}, the argument is {}",
        parameter.name,
        parameter.ty,
        name(argument)
    )))
}

fn name(argument: &Argument) -> String {
    let name = match argument {
        Argument::Pointer(_) => "pointer",
        Argument::Null => "null",
        Argument::S8(_) => "s8",
        Argument::S16(_) => "s16",
        Argument::S32(_) => "s32",
        Argument::S64(_) => "s64",
        Argument::U8(_) => "u8",
        Argument::U16(_) => "u16",
        Argument::U32(_) => "u32",
        Argument::U64(_) => "u64",
        Argument::F32(_) => "f32",
        Argument::F64(_) => "f64",
        Argument::Bytes(bytes) => return format!("bytes({})", bytes.len()),
    };
    name.to_owned()
}

fn check_count(kernel: &Signature, given: usize) -> CudaResult<()> {
    let wanted = kernel.parameters.len();
    if given == wanted {
        return Ok(());
    }
    let expected = match wanted {
        1 => "expected 1 argument".to_owned(),
        _ => format!("expected {wanted} arguments"),
    };
    match kernel.parameters.get(given) {
        Some(missing) => Err(CudaError::invalid_argument(format!(
            "{expected}, got {given}: missing parameter '{}' ({})",
            missing.name, missing.ty
        ))),
        None => Err(CudaError::invalid_argument(format!(
            "{expected}, got {given}: kernel '{}' takes no more{}",
            kernel.name,
            kernel
                .parameters
                .last()
                .map(|last| format!(" after '{}' ({})", last.name, last.ty))
                .unwrap_or_default()
        ))),
    }
}

fn no_parameter(kernel: &Signature, index: u32) -> String {
    format!(
        "there is no parameter {index}: kernel '{}' has {}, counted from 0",
        kernel.name,
        kernel.parameters.len()
    )
}

#[cfg(test)]
mod tests;
