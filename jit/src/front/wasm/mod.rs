//! Kernels written as WebAssembly.
//!
//! A core module whose exported functions are kernels. It says what a thread of a grid does, with the instructions of
//! WebAssembly 1.0, sign extension, saturating truncation, multi-value blocks and 64-bit memory:
//!
//! ```text
//! (module
//!   (import "cuda" "memory" (memory i64 0))
//!   (import "cuda" "blockIdx.x" (func $block (result i32)))
//!   (import "cuda" "blockDim.x" (func $width (result i32)))
//!   (import "cuda" "threadIdx.x" (func $thread (result i32)))
//!   (func (export "double") (param $data i64) (param $n i32)
//!     (local $i i32) (local $at i64)
//!     (local.set $i (i32.add (i32.mul (call $block) (call $width)) (call $thread)))
//!     (if (i32.lt_u (local.get $i) (local.get $n)) (then
//!       (local.set $at (i64.add (local.get $data) (i64.shl (i64.extend_i32_u (local.get $i)) (i64.const 2))))
//!       (f32.store (local.get $at) (f32.mul (f32.load (local.get $at)) (f32.const 2)))))))
//! ```
//!
//! # Kernels
//!
//! Each exported function is a kernel of that name. Its parameters are `i32`, `i64`, `f32` or `f64`; it has no results.
//! Parameters are named as the `name` custom section says, else `p0`, `p1` and so on. An `i64` from which the addresses of
//! loads and stores are computed is a pointer, found as in PTX. A kernel may call other functions of its module; each call
//! is replaced by the function's body, so none may lead back to itself, and each counts towards the module's size.
//!
//! # Memory
//!
//! The memory is the device's, `(import "cuda" "memory" (memory i64 0))`: its addresses are device addresses, as
//! `buffer.device-address` tells and pointer arguments hold. The size that the import declares means nothing. The sum of
//! an access's address and its `offset=` is taken modulo 2^64. **An access at an address that is no multiple of its size is a
//! `misaligned` fault**, whatever its `align=` says, because GPUs have no unaligned accesses. An access outside of
//! the guest's buffers is a fault as in any kernel.
//!
//! # Index functions
//!
//! The other imports are functions of module `cuda` without parameters and with an `i32` result, named as in CUDA C++:
//! `threadIdx`, `blockIdx`, `blockDim` and `gridDim`, each followed by `.x`, `.y` or `.z`.
//!
//! # Traps
//!
//! A trap is a fault: `unreachable` is `trap`, an integer division by zero is `divide-by-zero`; a quotient that does not fit, and
//! a non-saturating truncation of NaN or of a number out of range, is `integer-overflow`. As with any fault, what other threads
//! wrote before stays written.
//!
//! # Numbers
//!
//! Results are those of the WebAssembly specification, bit for bit, except for the payload and the sign of a NaN that an
//! instruction computes: they are the device's. `abs`, `neg`, `copysign`, loads, stores and moves keep every bit.
//!
//! # What is refused
//!
//! 32-bit memories, memories of the module's own, tables, globals, data and element segments, start functions,
//! indirect calls, `memory.size`, `memory.grow`, bulk memory, SIMD, atomics, references and whatever else came after. Each finding
//! names the section or the instruction.
//!
//! # Positions
//!
//! A module counts as one line: in the [`Span`] of a finding or a fault, `line` is 1 and `column` is the offset in the
//! module of the instruction's first byte, plus 1. `wasm-tools print --print-offsets` shows offsets beside instructions.

mod branches;
mod builder;
mod control;
mod convert;
mod float;
mod imports;
mod inline;
mod integer;
mod kernel;
mod memory;
mod names;
mod operators;
mod refuse;
mod scan;
mod stack;

use crate::diagnostics::{Diagnostic, Span};
use crate::ir::Module;
use crate::limits::MAX_SOURCE_BYTES;
use wasmparser::{Validator, WasmFeatures};

/// What the validator lets pass; [`refuse`] knows the rest by name.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MEMORY64);

/// Reads a module.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn parse(bytes: &[u8]) -> Result<Module, Vec<Diagnostic>> {
    if bytes.len() > MAX_SOURCE_BYTES {
        let length = bytes.len();
        let message = format!(
            "the module has {length} bytes; at most {MAX_SOURCE_BYTES} are accepted: split it"
        );
        return Err(vec![Diagnostic::error(Span::default(), message)]);
    }
    let scanned = scan::scan(bytes)?;
    Validator::new_with_features(FEATURES)
        .validate_all(bytes)
        .map_err(|error| vec![invalid(&error)])?;
    let functions = kernel::lower_all(&scanned, bytes.len())?;
    Ok(Module {
        variables: Vec::new(),
        version: (8, 0),
        target: 80,
        target_name: "sm_80".to_owned(),
        target_span: Span::default(),
        functions,
        source_bytes: bytes.len(),
    })
}

/// The position of a byte of the module.
fn span(offset: usize) -> Span {
    Span {
        line: 1,
        column: u32::try_from(offset).map_or(u32::MAX, |offset| offset.saturating_add(1)),
    }
}

fn invalid(error: &wasmparser::Error) -> Diagnostic {
    let (offset, message) = (error.offset(), error.message());
    Diagnostic::error(
        span(offset),
        format!("the module is not valid: {message} (at offset {offset:#x})"),
    )
}
