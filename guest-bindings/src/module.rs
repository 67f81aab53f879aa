//! Modules and their kernels.

use alloc::{string::String, vec::Vec};

use crate::bindings::wasi::cuda::module::{self, Source};
use crate::{Arguments, Device, Diagnostic, FunctionInfo, LaunchConfig, PreparedLaunch, Result};

/// A loaded module: the kernels of one source.
#[derive(Debug)]
pub struct Module {
    raw: module::Module,
}

impl Module {
    pub(crate) fn load(device: &Device, source: Source<'_>) -> Result<Self> {
        Ok(Self {
            raw: module::Module::load(device.raw(), source)?,
        })
    }

    /// One of its kernels, by the name it has in the source.
    ///
    /// Errors: [`Error::NotFound`](crate::Error::NotFound), which tells what there is.
    pub fn function(&self, name: &str) -> Result<Function> {
        Ok(Function {
            raw: self.raw.get_function(name)?,
        })
    }

    /// The names of its kernels, in the order of the source.
    pub fn functions(&self) -> Vec<String> {
        self.raw.functions()
    }

    /// Warnings and notes about the source.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.raw.diagnostics()
    }

    /// The generated binding.
    pub fn raw(&self) -> &module::Module {
        &self.raw
    }
}

/// A kernel. It stays loaded as long as this exists, whatever becomes of its [`Module`].
#[derive(Debug)]
pub struct Function {
    raw: module::Function,
}

impl Function {
    /// Its name, its parameters, and what it needs of the device.
    pub fn info(&self) -> FunctionInfo {
        self.raw.info()
    }

    /// Checks a launch once, for [`Stream::launch_prepared`](crate::Stream::launch_prepared) many times.
    ///
    /// Errors: as [`Stream::launch`](crate::Stream::launch), without the stream's own.
    pub fn prepare(
        &self,
        config: LaunchConfig,
        arguments: impl Arguments,
    ) -> Result<PreparedLaunch> {
        PreparedLaunch::new(self, config, arguments)
    }

    /// The generated binding.
    pub fn raw(&self) -> &module::Function {
        &self.raw
    }
}
