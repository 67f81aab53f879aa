//! Modules that the simulated driver has loaded.

use super::kernels::{Body, Script};
use super::real;
use super::{FunctionHandle, ModuleHandle};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::CStr;

/// Loaded modules, and functions that somebody asked for.
#[derive(Default)]
pub(super) struct Modules {
    loaded: BTreeMap<usize, Vec<(String, Body)>>,
    functions: BTreeMap<usize, (usize, Body)>,
    /// What the next modules are, whatever their texts say.
    scripted: VecDeque<Vec<Script>>,
}

impl Modules {
    pub(super) fn script_next(&mut self, kernels: Vec<Script>) {
        self.scripted.push_back(kernels);
    }

    pub(super) fn count(&self) -> usize {
        self.loaded.len()
    }

    /// Loads a text that ends with a zero.
    ///
    /// # Errors
    ///
    /// The compiler's log.
    pub(super) fn load(&mut self, handle: ModuleHandle, image: &[u8]) -> Result<(), String> {
        let text = CStr::from_bytes_with_nul(image).map_err(|error| error.to_string())?;
        let kernels = match self.scripted.pop_front() {
            Some(scripts) => {
                let named = scripts.into_iter().enumerate();
                named
                    .map(|(place, script)| (format!("kernel{place}"), Body::Script(script)))
                    .collect()
            }
            None => compiled(&text.to_string_lossy())?,
        };
        self.loaded.insert(handle.0, kernels);
        Ok(())
    }

    /// Unloads a module; false when it is none.
    pub(super) fn unload(&mut self, module: ModuleHandle) -> bool {
        self.functions.retain(|_, (of, _)| *of != module.0);
        self.loaded.remove(&module.0).is_some()
    }

    /// Finds a kernel, which has this handle from now on; false when there is none.
    pub(super) fn find(
        &mut self,
        module: ModuleHandle,
        name: &CStr,
        handle: FunctionHandle,
    ) -> bool {
        let kernels = self.loaded.get(&module.0);
        let named = |(known, body): &&(String, Body)| {
            let rest = name.to_bytes().strip_prefix(known.as_bytes());
            // A function of the test's stands for all variants of its kernel.
            let is_variant =
                |rest: &[u8]| rest.starts_with(b"_") && matches!(body, Body::Script(_));
            rest.is_some_and(|rest| rest.is_empty() || is_variant(rest))
        };
        let found = kernels
            .and_then(|kernels| kernels.iter().find(named))
            .cloned();
        if let Some((_, body)) = &found {
            self.functions.insert(handle.0, (module.0, body.clone()));
        }
        found.is_some()
    }

    /// Whether a module is loaded.
    pub(super) fn has(&self, module: usize) -> bool {
        self.loaded.contains_key(&module)
    }

    /// A function's module and what it does.
    pub(super) fn body(&self, function: FunctionHandle) -> Option<(usize, Body)> {
        self.functions.get(&function.0).cloned()
    }
}

fn compiled(text: &str) -> Result<Vec<(String, Body)>, String> {
    let kernels = real::compile(text).map_err(|found| {
        let lines = found.iter().map(|it| format!("{it}\n"));
        lines.collect::<String>()
    })?;
    Ok(kernels
        .into_iter()
        .map(|(name, kernel)| (name, Body::Real(kernel)))
        .collect())
}
