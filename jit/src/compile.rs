//! The steps in order.

use crate::diagnostics::Diagnostic;
use crate::{back, front, ir, sandbox, verify};

/// What decides the code besides the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// Report accesses that stay in the guest's window but lie in none of its buffers.
    pub checked: bool,
}

/// Parses, verifies, guards and compiles PTX for this processor.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile_ptx(
    source: &str,
    options: &CompileOptions,
) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    compile(front::ptx::parse(source)?, options)
}

/// Parses, verifies, guards and compiles a WebAssembly module for this processor: [`front::wasm`] says which.
///
/// ```
/// # use wasi_cuda_jit::{CompileOptions, compile_wasm};
/// let bytes = wat::parse_str(
///     r#"(module
///         (import "cuda" "memory" (memory i64 0))
///         (import "cuda" "threadIdx.x" (func $thread (result i32)))
///         (func (export "store_index") (param $out i64)
///             (i32.store
///                 (i64.add (local.get $out) (i64.shl (i64.extend_i32_u (call $thread)) (i64.const 2)))
///                 (call $thread))))"#,
/// )
/// .unwrap();
/// let module = compile_wasm(&bytes, &CompileOptions::default()).unwrap();
/// let kernel = module.kernel("store_index").unwrap();
/// let parameter = &kernel.signature().parameters[0];
/// assert_eq!((parameter.name.as_str(), parameter.ty.to_string()), ("out", "pointer".into()));
/// ```
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile_wasm(
    bytes: &[u8],
    options: &CompileOptions,
) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    compile(front::wasm::parse(bytes)?, options)
}

/// Parses, verifies and guards PTX, and prints the result: what a driver gets to see.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn sandboxed_ptx(source: &str, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    print(front::ptx::parse(source)?, options)
}

/// As [`sandboxed_ptx`], from a WebAssembly module.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn sandboxed_wasm(bytes: &[u8], options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    print(front::wasm::parse(bytes)?, options)
}

fn compile(
    module: ir::Module,
    options: &CompileOptions,
) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    let accepted = verify::verify(&module)?;
    let proved = if options.checked {
        Vec::new()
    } else {
        let layout = sandbox::ModuleLayout::of(&module);
        let functions = module.functions.iter();
        functions
            .map(|function| back::cpu::Proved::of(function, &layout))
            .collect::<Vec<_>>()
    };
    let module = instrumented(module, options);
    back::cpu::compile(&module, &proved, accepted).map_err(|error| vec![error])
}

/// The guarded module as PTX.
fn print(module: ir::Module, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    verify::verify(&module)?;
    Ok(back::ptx::print(&instrumented(module, options)))
}

fn instrumented(mut module: ir::Module, options: &CompileOptions) -> ir::Module {
    let options = sandbox::Options {
        checked: options.checked,
    };
    sandbox::instrument(&mut module, &options);
    module
}
