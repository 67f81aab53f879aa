//! `wasi:cuda/execution.prepared-launch`.

use super::{arguments, launch};
use crate::bindings::wasi::cuda::execution::{
    Argument, Function, HostPreparedLaunch, LaunchConfig,
};
use crate::bindings::wasi::cuda::types::Quota;
use crate::error::CudaResult;
use crate::grant::Grant;
use crate::launch::Launch;
use crate::quota::Permit;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::instrument;
use wasmtime::component::Resource;

/// A launch whose arguments are checked and packed.
pub struct Prepared {
    pub(super) grant: Arc<Grant>,
    pub(super) launch: Arc<Launch>,
    _counted: Permit,
}

impl Prepared {
    pub(in crate::impls) fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }

    pub(in crate::impls) fn launch(&self) -> &Launch {
        &self.launch
    }
}

impl HostPreparedLaunch for WasiCudaCtxView<'_> {
    #[instrument(
        name = "prepared-launch.new", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&function), kernel = self.kernel_of(&function))
    )]
    fn new(
        &mut self,
        function: Resource<Function>,
        config: LaunchConfig,
        arguments: Vec<Argument>,
    ) -> CudaResult<Resource<Prepared>> {
        let counters = &self.ctx.guest().counters;
        self.table.get(&function)?.grant().device().check()?;
        let (grant, launch) = launch(self.table, &function, &config, &arguments)?;
        let prepared = Prepared {
            grant,
            launch: Arc::new(launch),
            _counted: counters
                .prepared_launches
                .take(|| Quota::Other("prepared-launches".into()))?,
        };
        Ok(self.table.push(prepared)?)
    }

    #[instrument(
        name = "prepared-launch.set-argument", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&prepared), kernel = self.kernel_of(&prepared), index = index)
    )]
    fn set_argument(
        &mut self,
        prepared: Resource<Prepared>,
        index: u32,
        argument: Argument,
    ) -> CudaResult<()> {
        let known = self.table.get(&prepared)?;
        let (grant, mut launch) = (known.grant.clone(), known.launch.clone());
        grant.device().check()?;
        arguments::replace(self.table, &grant, &mut launch, index, &argument)?;
        self.table.get_mut(&prepared)?.launch = launch;
        Ok(())
    }

    fn drop(&mut self, prepared: Resource<Prepared>) -> wasmtime::Result<()> {
        self.table.delete(prepared)?;
        Ok(())
    }
}
