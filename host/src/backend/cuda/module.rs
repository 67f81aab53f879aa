//! Loaded code.

use super::Gpu;
use super::driver::{DriverError, FunctionHandle, KernelResources, ModuleHandle};
use crate::backend::{Code, CompileClock, Kernel, ModuleSource, Program, Variables};
use std::ffi::CString;
use std::sync::Arc;
use wasi_cuda_jit::back::ptx::{GuardedKernel, GuardedModule};
use wasi_cuda_jit::versions::DeviceVersion;
use wasi_cuda_jit::{CompileOptions, Diagnostic, Source, Span, guarded, guarded_with_variants};

/// A kernel that the driver has loaded.
pub(crate) struct CudaKernel {
    pub(super) guarded: GuardedKernel,
    /// Its entries: the kernel with all guards, and its variants.
    functions: Vec<FunctionHandle>,
    /// Keeps its code.
    _module: Arc<Module>,
}

impl CudaKernel {
    /// What to launch.
    pub(super) fn function(&self, entry: usize) -> Option<FunctionHandle> {
        self.functions.get(entry).copied()
    }

    /// Whether there is anything to choose from.
    pub(super) fn has_variants(&self) -> bool {
        self.functions.len() > 1
    }
}

/// A module that the driver has loaded.
struct Module {
    gpu: Arc<Gpu>,
    handle: ModuleHandle,
}

impl Drop for Module {
    fn drop(&mut self) {
        self.gpu.unloader.unload(self.handle);
    }
}

/// The PTX versions that came with CUDA versions (PTX ISA, release notes): 12.0 to 12.8 brought 8.0 to 8.7 and 13.x brought
/// 9.x.
pub(super) fn ptx_version(cuda: (u32, u32)) -> (u32, u32) {
    match cuda {
        (12, minor @ 0..=5) => (8, minor),
        (12, minor) => (8, (minor - 1).min(8)),
        (major, minor) => (major.max(13) - 4, minor),
    }
}

/// Verifies, guards, compiles and loads a module.
pub(super) fn compile(
    gpu: &Arc<Gpu>,
    source: &ModuleSource,
    checked: bool,
    clock: &dyn CompileClock,
) -> Result<Program, Vec<Diagnostic>> {
    let gpu_properties = gpu.driver.properties();
    let options = CompileOptions {
        checked,
        device: Some(DeviceVersion {
            ptx: ptx_version(gpu_properties.cuda),
            compute_capability: gpu_properties.compute_capability,
            driver: None,
        }),
    };
    let source = match source {
        ModuleSource::Ptx(text) => Source::Ptx(text),
        ModuleSource::Wasm(bytes) => Source::Wasm(bytes),
    };
    // A proof speaks of the window, which in checked mode is more than a launch may access.
    let module = match checked {
        true => guarded(source, &options)?,
        false => guarded_with_variants(source, &options)?,
    };
    load(gpu, module, clock)
}

/// A module, and for each kernel its entries.
type Loaded = (Module, Vec<Vec<Entry>>);

type Entry = (FunctionHandle, KernelResources);

fn load(
    gpu: &Arc<Gpu>,
    guarded: GuardedModule,
    clock: &dyn CompileClock,
) -> Result<Program, Vec<Diagnostic>> {
    let refused = |text: String| vec![Diagnostic::error(Span::default(), text)];
    let driver = &gpu.driver;
    driver.bind().map_err(|error| refused(error.to_string()))?;
    let (module, entries) = load_text(gpu, &guarded, clock).map_err(refused)?;
    let module = Arc::new(module);
    let kernel = |(kernel, entries): (&GuardedKernel, &Vec<Entry>)| {
        let mut signature = kernel.signature.clone();
        (signature.registers, signature.local_memory) = (0, 0);
        for (_, resources) in entries {
            // Whichever of them a launch runs, it fits.
            signature.registers = signature.registers.max(resources.registers);
            signature.local_memory = signature.local_memory.max(resources.local_memory);
            signature.max_threads_per_block = signature
                .max_threads_per_block
                .min(resources.max_threads_per_block);
        }
        Arc::new(Kernel {
            signature,
            code: Code::Cuda(Arc::new(CudaKernel {
                guarded: kernel.clone(),
                functions: entries.iter().map(|(function, _)| *function).collect(),
                _module: module.clone(),
            })),
        })
    };
    let kernels = guarded.kernels.iter().zip(&entries).map(kernel);
    Ok(Program {
        kernels: kernels.collect(),
        diagnostics: guarded.diagnostics.clone(),
        variables: Variables::new(guarded.variable_bytes(), move |address| {
            guarded.initial_variables(address)
        }),
    })
}

/// Loads the machine code of a text, or has the driver compile it where that runs in this process.
fn load_text(
    gpu: &Arc<Gpu>,
    guarded: &GuardedModule,
    clock: &dyn CompileClock,
) -> Result<Loaded, String> {
    let text = &guarded.text;
    for _ in 0..2 {
        let code = gpu
            .code
            .of(text, clock)
            .map_err(|error| error.to_string())?;
        let Some(code) = code else { break };
        // How long others keep the GPU busy is none of the source's time.
        clock.pause();
        // SAFETY: the driver's compiler made it, for this GPU and this driver.
        match unsafe { load_image(gpu, &guarded.kernels, &code) }? {
            Ok(loaded) => return Ok(loaded),
            Err((error, log)) => {
                tracing::warn!(%error, log, "machine code does not load and is made again");
                gpu.code.forget(text);
            }
        }
    }
    let image = CString::new(text.as_str())
        .map_err(|_| "the compiler printed a NUL; please report this".to_owned())?;
    // SAFETY: text that ends with a zero.
    unsafe { load_image(gpu, &guarded.kernels, image.as_bytes_with_nul()) }?
        .map_err(|(error, log)| format!("the driver's compiler refused it: {error}\n{log}"))
}

/// Loads machine code or text, and looks up its kernels, while nothing runs: drivers that load lazily do so when a kernel is looked
/// at for the first time. An image that does not load is the inner error.
///
/// # Safety
///
/// As [`super::driver::Driver::load`].
unsafe fn load_image(
    gpu: &Arc<Gpu>,
    kernels: &[GuardedKernel],
    image: &[u8],
) -> Result<Result<Loaded, (DriverError, String)>, String> {
    let loaded = gpu.while_idle(|| {
        // SAFETY: the caller answers for the image.
        let handle = unsafe { gpu.driver.load(image) }?;
        let module = Module {
            gpu: gpu.clone(),
            handle,
        };
        let entries = kernels.iter().map(|kernel| entries(gpu, handle, kernel));
        Ok((module, entries.collect::<Result<Vec<_>, String>>()))
    });
    match loaded.map_err(|busy| busy.to_string())? {
        Ok((module, entries)) => Ok(Ok((module, entries?))),
        Err(refused) => Ok(Err(refused)),
    }
}

/// A kernel with all guards, and its variants.
fn entries(gpu: &Gpu, module: ModuleHandle, kernel: &GuardedKernel) -> Result<Vec<Entry>, String> {
    let entry = |entry: &str| {
        let name = CString::new(entry).map_err(|_| "a kernel's name has a NUL".to_owned())?;
        let function = gpu.driver.function(module, &name);
        let function = function.map_err(|error| error.to_string())?;
        let resources = gpu.driver.resources(function);
        Ok((function, resources.map_err(|error| error.to_string())?))
    };
    kernel.entries().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::ptx_version;

    #[test]
    fn every_cuda_version_has_its_ptx_version() {
        let pairs = [
            ((12, 0), (8, 0)),
            ((12, 4), (8, 4)),
            ((12, 6), (8, 5)),
            ((12, 8), (8, 7)),
            ((12, 9), (8, 8)),
            ((13, 0), (9, 0)),
            ((13, 1), (9, 1)),
        ];
        for (cuda, ptx) in pairs {
            assert_eq!(ptx_version(cuda), ptx, "CUDA {cuda:?}");
        }
    }
}
