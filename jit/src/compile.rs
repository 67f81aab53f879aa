//! The steps in order.

use crate::check::{Assumed, Assumptions, Memory};
use crate::diagnostics::Diagnostic;
use crate::needs::Needs;
use crate::proof::{Proof, Target};
use crate::report::Report;
use crate::versions::DeviceVersion;
use crate::{back, front, ir, sandbox, verify, versions};

/// What decides the code besides the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// Report accesses that stay in the guest's window but lie in none of its buffers.
    pub checked: bool,
    /// The device that the module is for: it is refused where the device lacks what it needs ([`versions::fit`]). Without
    /// one nothing is known to be lacking.
    pub device: Option<DeviceVersion>,
}

/// A module in one of the languages that kernels are written in.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// PTX text.
    Ptx(&'a str),
    /// A binary WebAssembly module.
    Wasm(&'a [u8]),
}

impl Source<'_> {
    fn parse(self) -> Result<ir::Module, Vec<Diagnostic>> {
        match self {
            Self::Ptx(text) => front::ptx::parse(text),
            Self::Wasm(bytes) => front::wasm::parse(bytes),
        }
    }
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

/// Parses, verifies and guards PTX, prints the result, and proves the print: what a driver gets to see.
///
/// # Errors
///
/// The findings, of which at least one is an error. A print that [`crate::check()`] refuses is a mistake of the compiler; the finding then
/// holds the print, for a report.
pub fn sandboxed_ptx(source: &str, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    print(front::ptx::parse(source)?, options)
}

/// As [`sandboxed_ptx`], with what a launch needs to know of the result.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn guarded_ptx(
    source: &str,
    options: &CompileOptions,
) -> Result<back::ptx::GuardedModule, Vec<Diagnostic>> {
    guarded(Source::Ptx(source), options)
}

/// As [`guarded_ptx`], from a source in any language.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn guarded(
    source: Source<'_>,
    options: &CompileOptions,
) -> Result<back::ptx::GuardedModule, Vec<Diagnostic>> {
    let (module, accepted) = accept(source.parse()?, options)?;
    let needs = Needs::of(&module);
    let module = instrumented_for_a_driver(module, options);
    let mut guarded = back::ptx::GuardedModule::new(&module, accepted);
    guarded.text = needs.prove(guarded.text)?;
    Ok(guarded)
}

/// As [`guarded`], with variants of the kernels for launches of which their proofs hold.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn guarded_with_variants(
    source: Source<'_>,
    options: &CompileOptions,
) -> Result<back::ptx::GuardedModule, Vec<Diagnostic>> {
    let (module, accepted) = accept(source.parse()?, options)?;
    let needs = Needs::of(&module);
    let instrumented = instrumented_for_a_driver(module.clone(), options);
    let mut guarded = back::ptx::GuardedModule::new(&instrumented, accepted);
    let mut text = std::mem::take(&mut guarded.text);
    let assumed = print_variants(&module, options, &mut text, |kernel, entry, variant| {
        let variant = back::ptx::GuardedVariant::new(entry, variant.proof, &variant.function);
        guarded.add_variant(kernel, variant);
    });
    guarded.text = needs.prove_variants(text, &assumed)?;
    Ok(guarded)
}

/// As [`sandboxed_ptx`], from a WebAssembly module.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn sandboxed_wasm(bytes: &[u8], options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    print(front::wasm::parse(bytes)?, options)
}

/// A guarded module with the second variants of its kernels.
#[derive(Clone, Debug)]
pub struct Variants {
    /// What a driver gets: each kernel, and behind them their second variants.
    pub text: String,
    /// The kernels, in the order of the source.
    pub kernels: Vec<KernelVariants>,
    /// What the checker was told to assume of each second variant, in the order of the text.
    pub assumed: Vec<Assumptions>,
}

/// What a kernel is called in the text.
#[derive(Clone, Debug)]
pub struct KernelVariants {
    /// The guarded kernel, for any launch.
    pub entry: String,
    /// Its second variant, if there is one.
    pub proved: Option<ProvedEntry>,
    /// A third one for launches of which the second one's proof does not hold, if there is one: it keeps the guards of those accesses, and the
    /// looks of those loops, that are proved in fewer launches than others.
    pub partly: Option<ProvedEntry>,
}

impl KernelVariants {
    /// The variants, in the order in which a launch is held against their proofs.
    pub fn variants(&self) -> impl Iterator<Item = &ProvedEntry> {
        self.proved.iter().chain(&self.partly)
    }
}

/// A kernel without the guards that a proof stands in for.
#[derive(Clone, Debug)]
pub struct ProvedEntry {
    /// What it is called in the text.
    pub entry: String,
    /// What must hold of a launch.
    pub proof: Proof,
    /// The causes that its fault records name by number.
    pub sites: Vec<ir::FaultSite>,
}

/// As [`sandboxed_ptx`] or [`sandboxed_wasm`], with a second variant of each kernel for launches of which its [`Proof`] holds. The checker
/// proves those as well, but for the accesses and loops that the proof speaks of.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn sandboxed_variants(
    source: Source<'_>,
    options: &CompileOptions,
) -> Result<Variants, Vec<Diagnostic>> {
    let (module, _) = accept(source.parse()?, options)?;
    let needs = Needs::of(&module);
    let mut text = back::ptx::print(&instrumented_for_a_driver(module.clone(), options));
    let kernels = (0..module.functions.len()).map(|index| KernelVariants {
        entry: back::ptx::kernel_name(index),
        proved: None,
        partly: None,
    });
    let mut kernels: Vec<KernelVariants> = kernels.collect();
    let assumed = print_variants(&module, options, &mut text, |kernel, entry, variant| {
        let variant = Some(ProvedEntry {
            entry,
            proof: variant.proof,
            sites: variant.function.sites,
        });
        let known = &mut kernels[kernel];
        match known.proved {
            None => known.proved = variant,
            Some(_) => known.partly = variant,
        }
    });
    let text = needs.prove_variants(text, &assumed)?;
    Ok(Variants {
        text,
        kernels,
        assumed,
    })
}

/// Prints the variants of a module's kernels behind what is printed, tells of each with its kernel and its name, and returns
/// what the checker is to assume of them.
fn print_variants(
    module: &ir::Module,
    options: &CompileOptions,
    text: &mut String,
    mut tell: impl FnMut(usize, String, sandbox::Variant),
) -> Vec<Assumptions> {
    let layout = sandbox::ModuleLayout::of(module);
    let passes = sandbox::Options {
        checked: options.checked,
        gpu: true,
    };
    let mut lines = text.matches('\n').count() as u32;
    let mut assumed = Vec::new();
    for (index, prospect) in prospects(module, options, true).into_iter().enumerate() {
        let variants = prospect.variants(&module.functions[index], &layout, &passes);
        for (variant, which) in variants.zip(back::ptx::VARIANTS) {
            let entry = back::ptx::variant_name(index, which);
            let printed = back::ptx::print_variant(text, lines, &entry, &variant.function);
            lines = printed.all;
            assumed.push(assumptions(index, &entry, &variant, &printed));
            tell(index, entry, variant);
        }
    }
    assumed
}

/// What a variant's proof shows, by the lines of its print.
fn assumptions(
    index: usize,
    entry: &str,
    variant: &sandbox::Variant,
    printed: &back::ptx::Lines,
) -> Assumptions {
    let claimed = printed.covered.iter().filter_map(|(line, claim)| {
        let claim = variant.proof.claims.get(*claim as usize)?;
        Some(Assumed {
            line: *line,
            memory: match claim.memory {
                Target::Global => Memory::Window,
                Target::Shared { .. } => Memory::Shared,
                Target::Local { .. } => Memory::Local,
            },
            bytes: claim.size,
            align: claim.align,
            rows_align: claim.rows.map(|rows| rows.align),
        })
    });
    let unwatched = printed.blocks.iter().filter_map(|(line, block)| {
        let is_unwatched = variant.unwatched.contains(block);
        is_unwatched.then_some(*line)
    });
    Assumptions {
        kernel: index as u32,
        entry: entry.to_owned(),
        accesses: claimed.collect(),
        loops: unwatched.collect(),
    }
}

/// Compiles the second variants of a module's kernels for this processor. A kernel that has none is guarded as ever.
///
/// Each must only be launched where its proof holds, which is empty for a kernel that has no second variant. The code masks
/// addresses into their memory's reservation all the same.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile_proved(
    source: Source<'_>,
    options: &CompileOptions,
) -> Result<(back::cpu::Module, Vec<Proof>), Vec<Diagnostic>> {
    compile_variants(source, options, 0)
}

/// As [`compile_proved`], with the third variants ([`KernelVariants::partly`]) in place of the second ones.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile_partly_proved(
    source: Source<'_>,
    options: &CompileOptions,
) -> Result<(back::cpu::Module, Vec<Proof>), Vec<Diagnostic>> {
    compile_variants(source, options, 1)
}

fn compile_variants(
    source: Source<'_>,
    options: &CompileOptions,
    which: usize,
) -> Result<(back::cpu::Module, Vec<Proof>), Vec<Diagnostic>> {
    let (module, accepted) = accept(source.parse()?, options)?;
    let prospects = prospects(&module, options, false);
    let layout = sandbox::ModuleLayout::of(&module);
    let passes = sandbox::Options {
        checked: options.checked,
        gpu: false,
    };
    let sources = module.functions.clone();
    let mut module = instrumented(module, options);
    let mut proofs = Vec::with_capacity(prospects.len());
    let functions = module.functions.iter_mut().zip(&sources);
    for ((function, source), prospect) in functions.zip(prospects) {
        let variant = prospect.variants(source, &layout, &passes).nth(which);
        let variant = variant.map(|variant| {
            *function = variant.function;
            variant.proof
        });
        proofs.push(variant.unwrap_or_default());
    }
    let compiled = back::cpu::compile(&module, &[], accepted).map_err(|error| vec![error])?;
    Ok((compiled, proofs))
}

/// What is found in a module that is accepted: its kernels, their accesses and how those are guarded.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn report(source: Source<'_>, options: &CompileOptions) -> Result<Report, Vec<Diagnostic>> {
    let (module, accepted) = accept(source.parse()?, options)?;
    let guarded = instrumented(module.clone(), options);
    let prospects = prospects(&module, options, false);
    Ok(Report::new(
        &module,
        &guarded,
        &proved(&module, options),
        &prospects,
        accepted,
    ))
}

/// The machine code of each kernel for this processor, as text for people, in the order of the source.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn cpu_assembly(
    source: Source<'_>,
    options: &CompileOptions,
) -> Result<Vec<KernelAssembly>, Vec<Diagnostic>> {
    let (module, accepted) = accept(source.parse()?, options)?;
    let proved = proved(&module, options);
    let texts = back::cpu::assembly(&instrumented(module, options), &proved);
    let texts = texts.map_err(|error| vec![error])?;
    let kernels = accepted.signatures.into_iter().zip(texts);
    Ok(kernels
        .map(|(signature, text)| KernelAssembly {
            kernel: signature.name,
            text,
        })
        .collect())
}

/// A kernel's machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelAssembly {
    /// The kernel's name in the source.
    pub kernel: String,
    /// Its code, one instruction a line.
    pub text: String,
}

fn compile(
    module: ir::Module,
    options: &CompileOptions,
) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    let (module, accepted) = accept(module, options)?;
    let proved = proved(&module, options);
    let module = instrumented(module, options);
    back::cpu::compile(&module, &proved, accepted).map_err(|error| vec![error])
}

/// The guarded module as PTX, proved.
fn print(module: ir::Module, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    let (module, _) = accept(module, options)?;
    print_accepted(module, options)
}

fn print_accepted(module: ir::Module, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    let needs = Needs::of(&module);
    let printed = back::ptx::print(&instrumented_for_a_driver(module, options));
    needs.prove(printed)
}

/// Compiles for this processor what a driver would get: so the passes that only a GPU needs run where there is none.
pub(crate) fn compile_a_drivers(
    source: &str,
    options: &CompileOptions,
) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    let (module, accepted) = accept(front::ptx::parse(source)?, options)?;
    let module = instrumented_for_a_driver(module, options);
    back::cpu::compile(&module, &[], accepted).map_err(|error| vec![error])
}

/// Verifies a module, and holds it against the device that it is for.
fn accept(
    mut module: ir::Module,
    options: &CompileOptions,
) -> Result<(ir::Module, verify::Accepted), Vec<Diagnostic>> {
    let mut accepted = verify::verify(&module)?;
    if let Some(device) = &options.device {
        match versions::fit(&module, device) {
            Ok(fit) => accepted.diagnostics.extend(fit.apply(&mut module)),
            Err(error) => {
                accepted.diagnostics.push(error);
                return Err(accepted.diagnostics);
            }
        }
    }
    Ok((module, accepted))
}

/// The second variants of a verified module's kernels; in checked mode there are none.
fn proved(module: &ir::Module, options: &CompileOptions) -> Vec<Option<back::cpu::Proved>> {
    if options.checked {
        return Vec::new();
    }
    let layout = sandbox::ModuleLayout::of(module);
    let functions = module.functions.iter();
    functions
        .map(|function| back::cpu::Proved::of(function, &layout))
        .collect()
}

fn prospects(module: &ir::Module, options: &CompileOptions, gpu: bool) -> Vec<sandbox::Prospect> {
    let options = sandbox::Options {
        checked: options.checked,
        gpu,
    };
    sandbox::prospects(module, &options)
}

fn instrumented(module: ir::Module, options: &CompileOptions) -> ir::Module {
    instrumented_for(module, options, false)
}

/// With what the CPU device does by itself besides.
fn instrumented_for_a_driver(module: ir::Module, options: &CompileOptions) -> ir::Module {
    instrumented_for(module, options, true)
}

fn instrumented_for(mut module: ir::Module, options: &CompileOptions, gpu: bool) -> ir::Module {
    let options = sandbox::Options {
        checked: options.checked,
        gpu,
    };
    sandbox::instrument(&mut module, &options);
    module
}
