//! `wasi:cuda/module`.

use crate::backend::{Kernel, ModuleSource, Program};
use crate::bindings::wasi::cuda::device::Device;
use crate::bindings::wasi::cuda::module::{
    FunctionInfo, Host, HostFunction, HostModule, Parameter, ParameterType, Source,
};
use crate::bindings::wasi::cuda::types::{Diagnostic, Quota};
use crate::compiler::{self, diagnostic};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::hooks::{ModuleInfo, ModuleOutcome};
use crate::memory::Allocation;
use crate::quota::Permit;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use std::time::Instant;
use tracing::instrument;
use wasi_cuda_jit::signature;
use wasmtime::component::Resource;

/// A loaded module.
pub struct Module {
    loaded: Arc<Loaded>,
}

/// What a module and its functions share.
struct Loaded {
    grant: Arc<Grant>,
    program: Arc<Program>,
    /// The module's own variables, which launches keep, too.
    variables: Option<Arc<Allocation>>,
    /// Shared with launches, which keep the module's code.
    counted: Arc<Permit>,
}

/// One kernel of a module, which it keeps loaded.
pub struct Function {
    loaded: Arc<Loaded>,
    kernel: Arc<Kernel>,
}

impl Module {
    pub(super) fn grant(&self) -> &Arc<Grant> {
        &self.loaded.grant
    }
}

impl Function {
    pub(super) fn grant(&self) -> &Arc<Grant> {
        &self.loaded.grant
    }

    pub(super) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// The memory of its module's own variables.
    pub(super) fn variables(&self) -> &Option<Arc<Allocation>> {
        &self.loaded.variables
    }

    /// What counts its module.
    pub(super) fn counted(&self) -> &Arc<Permit> {
        &self.loaded.counted
    }
}

impl Host for WasiCudaCtxView<'_> {}

impl HostModule for WasiCudaCtxView<'_> {
    #[instrument(
        name = "module.load", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&device), bytes = size_of_source(&source))
    )]
    async fn load(
        &mut self,
        device: Resource<Device>,
        source: Source,
    ) -> CudaResult<Resource<Module>> {
        let grant = self.table.get(&device)?.grant.clone();
        let guest = grant.guest().clone();
        grant.device().check()?;
        let source = module_source(source, guest.limits.source_size)?;
        let counted = guest.counters.modules.take(|| Quota::Modules)?;
        let told = Told::begin(&grant, &source);
        let device = grant.device();
        let compiled = device.compiler().load(
            device.backend(),
            source,
            guest.checked,
            guest.limits.compile_time,
        );
        let compiled = compiled.await;
        told.end(&grant, &compiled);
        let program = compiled?.program;
        grant.device().check()?;
        let variables = Allocation::of_variables(&grant, &program.variables)?;
        let loaded = Loaded {
            grant,
            variables,
            program,
            counted: Arc::new(counted),
        };
        Ok(self.table.push(Module {
            loaded: Arc::new(loaded),
        })?)
    }

    #[instrument(
        name = "module.functions", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&module))
    )]
    fn functions(&mut self, module: Resource<Module>) -> wasmtime::Result<Vec<String>> {
        let kernels = &self.table.get(&module)?.loaded.program.kernels;
        Ok(kernels
            .iter()
            .map(|kernel| kernel.signature.name.clone())
            .collect())
    }

    #[instrument(
        name = "module.get-function", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&module), kernel = name)
    )]
    fn get_function(
        &mut self,
        module: Resource<Module>,
        name: String,
    ) -> CudaResult<Resource<Function>> {
        let loaded = self.table.get(&module)?.loaded.clone();
        loaded.grant.device().check()?;
        let kernel = loaded
            .program
            .kernels
            .iter()
            .find(|kernel| kernel.signature.name == name);
        let kernel = kernel
            .cloned()
            .ok_or_else(|| CudaError::not_found(no_function(&name, &loaded.program)))?;
        Ok(self.table.push(Function { loaded, kernel })?)
    }

    #[instrument(
        name = "module.diagnostics", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&module))
    )]
    fn diagnostics(&mut self, module: Resource<Module>) -> wasmtime::Result<Vec<Diagnostic>> {
        let found = &self.table.get(&module)?.loaded.program.diagnostics;
        Ok(found.iter().map(diagnostic).collect())
    }

    fn drop(&mut self, module: Resource<Module>) -> wasmtime::Result<()> {
        self.table.delete(module)?;
        Ok(())
    }
}

impl HostFunction for WasiCudaCtxView<'_> {
    #[instrument(
        name = "function.info", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&function), kernel = self.kernel_of(&function))
    )]
    fn info(&mut self, function: Resource<Function>) -> wasmtime::Result<FunctionInfo> {
        let signature = &self.table.get(&function)?.kernel.signature;
        Ok(FunctionInfo {
            name: signature.name.clone(),
            parameters: signature.parameters.iter().map(parameter).collect(),
            max_threads_per_block: signature.max_threads_per_block,
            shared_memory: signature.shared_memory,
            local_memory: signature.local_memory,
            registers: signature.registers,
        })
    }

    fn drop(&mut self, function: Resource<Function>) -> wasmtime::Result<()> {
        self.table.delete(function)?;
        Ok(())
    }
}

/// What the embedder is told of a load, if it listens.
struct Told(Option<(blake3::Hash, u64, Instant)>);

impl Told {
    fn begin(grant: &Grant, source: &ModuleSource) -> Self {
        let bytes = source.bytes();
        let known = || (blake3::hash(bytes), bytes.len() as u64, Instant::now());
        Self(grant.guest().is_watched().then(known))
    }

    fn end(self, grant: &Grant, compiled: &CudaResult<compiler::Loaded>) {
        let Some((hash, size, begun)) = self.0 else {
            return;
        };
        grant.tell_module(&ModuleInfo {
            device: grant.device().name(),
            hash: *hash.as_bytes(),
            size,
            took: begun.elapsed(),
            outcome: match compiled {
                Ok(loaded) if loaded.is_new => ModuleOutcome::Compiled,
                Ok(_) => ModuleOutcome::Known,
                Err(error) if error.is_rejection() => ModuleOutcome::Refused,
                Err(_) => ModuleOutcome::Failed,
            },
        });
    }
}

fn size_of_source(source: &Source) -> usize {
    match source {
        Source::Ptx(text) => text.len(),
        Source::Wasm(bytes) => bytes.len(),
        Source::Builtin(_) => 0,
    }
}

/// What is compiled for a source.
fn module_source(source: Source, limit: u64) -> CudaResult<ModuleSource> {
    match source {
        Source::Ptx(text) if text.len() as u64 > limit => Err(Quota::SourceSize.into()),
        Source::Wasm(bytes) if bytes.len() as u64 > limit => Err(Quota::SourceSize.into()),
        Source::Ptx(text) => Ok(ModuleSource::Ptx(text)),
        Source::Wasm(bytes) => Ok(ModuleSource::Wasm(bytes)),
        Source::Builtin(name) => match wasi_cuda_kernels::builtin(&name) {
            Some(text) => Ok(ModuleSource::Ptx(text.to_owned())),
            None => Err(CudaError::not_found(format!(
                "this host ships no module '{}'",
                shortened(&name)
            ))),
        },
    }
}

fn no_function(name: &str, program: &Program) -> String {
    /// A typical module has a few; the names of hundreds would help nobody.
    const LISTED: usize = 8;
    let names = program
        .kernels
        .iter()
        .map(|kernel| shortened(&kernel.signature.name));
    let mut listed = names.take(LISTED).collect::<Vec<_>>().join(", ");
    if program.kernels.len() > LISTED {
        listed.push_str(", ...");
    }
    format!(
        "the module has no kernel '{}'; it has: {listed}",
        shortened(name)
    )
}

/// A name, cut off where it is too long for a message.
fn shortened(name: &str) -> &str {
    /// Longer than what anyone types, shorter than what floods a log.
    const LONGEST: usize = 200;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => &name[..end],
        None => name,
    }
}

fn parameter(known: &signature::Parameter) -> Parameter {
    Parameter {
        name: known.name.clone(),
        ty: parameter_type(known.ty),
    }
}

fn parameter_type(ty: signature::ParameterType) -> ParameterType {
    use signature::ParameterType as Known;
    match ty {
        Known::S8 => ParameterType::S8,
        Known::S16 => ParameterType::S16,
        Known::S32 => ParameterType::S32,
        Known::S64 => ParameterType::S64,
        Known::U8 => ParameterType::U8,
        Known::U16 => ParameterType::U16,
        Known::U32 => ParameterType::U32,
        Known::U64 => ParameterType::U64,
        Known::F16 => ParameterType::F16,
        Known::Bf16 => ParameterType::Bf16,
        Known::F32 => ParameterType::F32,
        Known::F64 => ParameterType::F64,
        Known::Pointer => ParameterType::Pointer,
        Known::Bytes(size) => ParameterType::Bytes(size),
    }
}
