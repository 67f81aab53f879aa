//! Compiler of `wasi:cuda`: untrusted kernels in, safe code out.
//!
//! A guest's PTX goes through five steps, each a module of its own:
//!
//! ```text
//!  PTX text ──front::ptx──▶ ir::Module ──verify──▶ (accepted) ──sandbox──▶ guarded ir::Module
//!                                                                             │
//!                                                        back::ptx ◀──────────┴──────────▶ back::cpu
//!                                                            │                      code for this processor
//!                                                          check
//!                                                            │
//!                                                    text for the driver
//! ```
//!
//! * [`front`] turns source text into the [`ir`]; every other step sees the IR alone.
//! * [`ir`] holds typed virtual registers, basic blocks and the opcode table, one row a form, that parser,
//!   verifier, printer and back ends read.
//! * [`verify`] says what a module may contain and finds each kernel's [`signature`].
//! * [`sandbox`] puts a guard before each memory access and a poll on each loop.
//! * [`proof`] evaluates, at each launch, what stands in for guards in a kernel's second variant.
//! * [`back`] prints the result as PTX or compiles it for the CPU device.
//! * [`check()`] proves the printed text again, and shares no code with the steps before.
//!
//! Kernels written as WebAssembly go the same way from [`front::wasm`] on. Where a device is named, [`versions`] holds what a
//! verified module needs against what the device takes.
//!
//! The crate knows no device, no Wasmtime and no I/O. Parsing, verifying, guarding and printing never
//! panic, whatever the input: findings are [`Diagnostic`]s with a line and a column, which [`render()`] shows.
//!
//! ```
//! let ptx = "
//! .version 7.0
//! .target sm_80
//! .address_size 64
//! .visible .entry answer(.param .u64 out) {
//!     .reg .b64 %rd<2>;
//!     ld.param.u64 %rd1, [out];
//!     st.global.u32 [%rd1], 42;
//!     ret;
//! }";
//! let module = wasi_cuda_jit::compile_ptx(ptx, &wasi_cuda_jit::CompileOptions::default()).unwrap();
//! let answer = module.kernel("answer").unwrap();
//! assert_eq!(answer.signature().parameters[0].ty.to_string(), "pointer");
//! ```

#![deny(missing_docs)]

mod analysis;
pub mod back;
pub mod check;
mod compile;
mod diagnostics;
pub mod front;
pub mod fuzzing;
pub mod ir;
pub mod limits;
mod needs;
mod numbers;
pub mod proof;
pub mod report;
pub mod sandbox;
pub mod signature;
pub mod verify;
pub mod versions;

pub use back::cpu;
pub use check::{Assumptions, Checked, Refusal, check, check_variants};
pub use compile::{
    CompileOptions, KernelAssembly, KernelVariants, ProvedEntry, Source, Variants,
    compile_partly_proved, compile_proved, compile_ptx, compile_wasm, cpu_assembly, guarded,
    guarded_ptx, guarded_with_variants, report, sandboxed_ptx, sandboxed_variants, sandboxed_wasm,
};
pub use diagnostics::{Diagnostic, Diagnostics, Severity, Span, render};
