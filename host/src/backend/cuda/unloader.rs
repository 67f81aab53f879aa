//! Unloading code, which waits for every kernel that runs: on a thread of its own, for which nobody waits.

use super::driver::{Driver, ModuleHandle};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// Takes modules that nothing uses any more.
pub(super) struct Unloader {
    driver: Arc<dyn Driver>,
    /// To the thread, once there is one.
    modules: Mutex<Option<Sender<ModuleHandle>>>,
}

impl Unloader {
    pub(super) fn new(driver: &Arc<dyn Driver>) -> Self {
        Self {
            driver: driver.clone(),
            modules: Mutex::default(),
        }
    }

    /// Unloads a module some time.
    pub(super) fn unload(&self, module: ModuleHandle) {
        let mut modules = crate::lock(&self.modules);
        if modules.is_none() {
            *modules = self.start();
        }
        let sent = modules.as_ref().map(|modules| modules.send(module));
        if !matches!(sent, Some(Ok(()))) {
            tracing::warn!("a module stays loaded: there is no thread to unload it on");
        }
    }

    /// The thread ends when this is dropped and everything is unloaded.
    fn start(&self) -> Option<Sender<ModuleHandle>> {
        let (sender, modules) = channel();
        let driver = self.driver.clone();
        let unload = move || {
            for module in modules {
                if let Err(error) = driver.bind().and_then(|()| driver.unload(module)) {
                    tracing::debug!(%error, "a module stays loaded");
                }
            }
        };
        let thread = thread::Builder::new().name("wasi-cuda-unload".into());
        thread.spawn(unload).ok().map(|_| sender)
    }
}
