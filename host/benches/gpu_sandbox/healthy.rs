//! A kernel that works, of another guest: what must succeed after each hostile one, in the same process.

use crate::driver::Gpu;
use crate::guest::{Ended, Guest, Loaded, Request};
use anyhow::{Context as _, Result, bail, ensure};
use wasi_cuda_jit::{CompileOptions, guarded_ptx};

/// Adds one to each number, after its block's threads have handed them around in shared memory.
const SOURCE: &str = include_str!("healthy.ptx");
const THREADS: u32 = 128;
const BLOCKS: u32 = 64;

#[derive(Debug)]
pub(crate) struct Healthy {
    guest: Guest,
    loaded: Loaded,
}

impl Healthy {
    pub(crate) fn new(_gpu: &Gpu) -> Result<Self> {
        let module = guarded_ptx(SOURCE, &CompileOptions::default())
            .map_err(|found| anyhow::anyhow!("{found:?}"))?;
        Ok(Self {
            guest: Guest::new()?,
            loaded: Loaded::new(module)?,
        })
    }

    /// Runs it and looks at every number.
    pub(crate) fn check(&self) -> Result<()> {
        let kernel = self.loaded.kernel("healthy").context("no kernel")?;
        let numbers = 0..THREADS * BLOCKS;
        let request = Request {
            grid: [BLOCKS, 1, 1],
            block: [THREADS, 1, 1],
            dynamic_shared: 0,
            parameters: self.guest.base().to_le_bytes().to_vec(),
            buffers: vec![numbers.clone().flat_map(u32::to_le_bytes).collect()],
            variables: Vec::new(),
            stop: None,
        };
        match self.guest.run(kernel, &request)? {
            Ended::Completed(contents) => {
                let expected: Vec<u8> = numbers.flat_map(|it| (it + 1).to_le_bytes()).collect();
                ensure!(contents == [expected], "the healthy kernel computed wrong");
                Ok(())
            }
            other => bail!("the healthy kernel ended as {other:?}"),
        }
    }
}
