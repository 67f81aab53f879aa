//! What the spans of calls say.
//!
//! Each function has a span of its name, of level TRACE and with the target `wasi_cuda`, made by `tracing::instrument`. What is
//! said in it is looked up only where somebody collects it; without a collector a call loads and compares one number.

use super::{Buffer, DeviceHandle, Event, Function, Graph, Module, Prepared, Stream};
use crate::grant::Grant;
use crate::view::WasiCudaCtxView;
use std::any::Any;
use std::sync::Arc;
use wasmtime::component::Resource;

/// Something of a guest that belongs to one of its devices.
pub(super) trait OfDevice: Any + Send {
    fn of(&self) -> &Arc<Grant>;
}

/// Something that launches a kernel.
pub(super) trait OfKernel: Any + Send {
    fn kernel(&self) -> &str;
}

macro_rules! of_device {
    ($($resource:ty: $this:ident => $grant:expr,)*) => {
        $(impl OfDevice for $resource {
            fn of(&self) -> &Arc<Grant> {
                let $this = self;
                $grant
            }
        })*
    };
}

of_device! {
    DeviceHandle: this => &this.grant,
    Buffer: this => this.allocation.grant(),
    Module: this => this.grant(),
    Function: this => this.grant(),
    Stream: this => this.stream().grant(),
    Event: this => this.grant(),
    Graph: this => this.grant(),
    Prepared: this => this.grant(),
}

impl OfKernel for Function {
    fn kernel(&self) -> &str {
        &Function::kernel(self).signature.name
    }
}

impl OfKernel for Prepared {
    fn kernel(&self) -> &str {
        &self.launch().kernel.signature.name
    }
}

impl WasiCudaCtxView<'_> {
    /// The name of the device that something belongs to, if that is there.
    pub(super) fn device_of<T: OfDevice>(&self, thing: &Resource<T>) -> Option<&str> {
        Some(self.table.get(thing).ok()?.of().device().name())
    }

    /// The name of a kernel, if what would launch it is there.
    pub(super) fn kernel_of<T: OfKernel>(&self, thing: &Resource<T>) -> Option<&str> {
        Some(self.table.get(thing).ok()?.kernel())
    }
}
