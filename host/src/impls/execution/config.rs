//! Checking the shape of a launch.

use crate::bindings::wasi::cuda::execution::LaunchConfig;
use crate::bindings::wasi::cuda::types::{Dim3, Quota};
use crate::device::DeviceProperties;
use crate::error::{CudaError, CudaResult};
use wasi_cuda_jit::signature::Signature;

/// The extents of three dimensions, x first.
pub(super) fn extents(Dim3 { x, y, z }: Dim3) -> [u32; 3] {
    [x, y, z]
}

/// Checks a configuration against the kernel, the device and the number of blocks that a launch may have.
pub(super) fn check(
    config: &LaunchConfig,
    kernel: &Signature,
    device: &DeviceProperties,
    most_blocks: u64,
) -> CudaResult<()> {
    check_extents("grid", extents(config.grid), device.max_grid)?;
    check_extents("block", extents(config.block), device.max_block)?;
    check_threads(extents(config.block), kernel, device)?;
    check_shared_memory(config.shared_memory, kernel, device)?;
    check_cluster(config.cluster)?;
    if product(extents(config.grid)) > most_blocks {
        return Err(Quota::Blocks.into());
    }
    Ok(())
}

fn check_extents(what: &str, extents: [u32; 3], highest: [u32; 3]) -> CudaResult<()> {
    for ((extent, highest), axis) in extents.into_iter().zip(highest).zip(["x", "y", "z"]) {
        if extent == 0 {
            return Err(CudaError::invalid_argument(format!(
                "{what}.{axis} is 0; it must be at least 1"
            )));
        }
        if extent > highest {
            return Err(CudaError::invalid_argument(format!(
                "{what}.{axis} is {extent}; the device allows at most {highest}"
            )));
        }
    }
    Ok(())
}

fn check_threads(block: [u32; 3], kernel: &Signature, device: &DeviceProperties) -> CudaResult<()> {
    let threads = product(block);
    let [x, y, z] = block;
    let refused = |who: String, highest: u32| {
        Err(CudaError::invalid_argument(format!(
            "a block of {x} x {y} x {z} has {threads} threads; {who} allows at most {highest}"
        )))
    };
    if threads > u64::from(device.max_threads_per_block) {
        return refused("the device".to_owned(), device.max_threads_per_block);
    }
    if threads > u64::from(kernel.max_threads_per_block) {
        return refused(
            format!("kernel '{}'", kernel.name),
            kernel.max_threads_per_block,
        );
    }
    match kernel.required_block {
        Some(required) if required != block => {
            let [rx, ry, rz] = required;
            Err(CudaError::invalid_argument(format!(
                "kernel '{}' runs in blocks of {rx} x {ry} x {rz} threads only, not of {x} x {y} x {z}",
                kernel.name
            )))
        }
        _ => Ok(()),
    }
}

fn check_shared_memory(
    dynamic: u32,
    kernel: &Signature,
    device: &DeviceProperties,
) -> CudaResult<()> {
    let total = u64::from(dynamic) + u64::from(kernel.shared_memory);
    if total <= u64::from(device.max_shared_memory_per_block) {
        return Ok(());
    }
    Err(CudaError::invalid_argument(format!(
        "shared-memory is {dynamic} bytes, {total} with kernel '{}''s own {}; the device allows a block at most {}",
        kernel.name, kernel.shared_memory, device.max_shared_memory_per_block
    )))
}

fn check_cluster(cluster: Option<Dim3>) -> CudaResult<()> {
    match cluster.map(extents) {
        None | Some([1, 1, 1]) => Ok(()),
        Some([x, y, z]) if x == 0 || y == 0 || z == 0 => Err(CudaError::invalid_argument(format!(
            "the cluster is {x} x {y} x {z}; every extent must be at least 1"
        ))),
        Some([x, y, z]) => Err(CudaError::unsupported(format!(
            "a cluster of {x} x {y} x {z} blocks; this device has no clusters, leave it out"
        ))),
    }
}

fn product(extents: [u32; 3]) -> u64 {
    extents
        .into_iter()
        .map(u64::from)
        .fold(1, u64::saturating_mul)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::wasi::cuda::types::ErrorCode;
    use crate::device::{CpuOptions, Device};

    const ONE: [u32; 3] = [1, 1, 1];

    fn kernel() -> Signature {
        Signature {
            name: "k".into(),
            parameters: Vec::new(),
            parameter_bytes: 0,
            max_threads_per_block: 256,
            required_block: None,
            shared_memory: 1024,
            local_memory: 0,
            registers: 8,
        }
    }

    fn config(
        grid: [u32; 3],
        block: [u32; 3],
        shared_memory: u32,
        cluster: Option<[u32; 3]>,
    ) -> LaunchConfig {
        let dim3 = |[x, y, z]: [u32; 3]| Dim3 { x, y, z };
        LaunchConfig {
            grid: dim3(grid),
            block: dim3(block),
            shared_memory,
            cluster: cluster.map(dim3),
        }
    }

    /// What is wrong with a configuration, or nothing.
    fn problem(config: LaunchConfig) -> Option<ErrorCode> {
        let device = Device::cpu(CpuOptions::default()).unwrap();
        match check(&config, &kernel(), device.properties(), 1 << 20) {
            Ok(()) => None,
            Err(error) => Some(error.into_code().unwrap()),
        }
    }

    fn text(config: LaunchConfig) -> String {
        match problem(config) {
            Some(ErrorCode::InvalidArgument(text) | ErrorCode::Unsupported(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_launch_within_all_limits_is_accepted() {
        assert!(problem(config([1 << 20, 1, 1], [16, 16, 1], 1024, None)).is_none());
        assert!(problem(config(ONE, ONE, 0, Some(ONE))).is_none());
    }

    #[test]
    fn a_kernel_that_requires_a_block_runs_in_no_other() {
        let kernel = Signature {
            required_block: Some([16, 16, 1]),
            ..kernel()
        };
        let device = Device::cpu(CpuOptions::default()).unwrap();
        let checked = |block| {
            let config = config(ONE, block, 0, None);
            check(&config, &kernel, device.properties(), u64::MAX)
        };
        assert!(checked([16, 16, 1]).is_ok());
        let refused = checked([256, 1, 1]).unwrap_err().into_code().unwrap();
        let expected = "kernel 'k' runs in blocks of 16 x 16 x 1 threads only, not of 256 x 1 x 1";
        assert!(
            matches!(&refused, ErrorCode::InvalidArgument(text) if text == expected),
            "{refused:?}"
        );
    }

    #[test]
    fn extents_name_their_axis() {
        assert_eq!(
            text(config([1, 0, 1], ONE, 0, None)),
            "grid.y is 0; it must be at least 1"
        );
        assert_eq!(
            text(config([1, 65_536, 1], ONE, 0, None)),
            "grid.y is 65536; the device allows at most 65535"
        );
        assert_eq!(
            text(config(ONE, [1, 1, u32::MAX], 0, None)),
            "block.z is 4294967295; the device allows at most 64"
        );
    }

    #[test]
    fn threads_of_a_block_are_limited_by_device_and_kernel() {
        let of_device = text(config(ONE, [1024, 1024, 64], 0, None));
        assert!(
            of_device.ends_with("has 67108864 threads; the device allows at most 1024"),
            "{of_device}"
        );
        let of_kernel = text(config(ONE, [257, 1, 1], 0, None));
        assert!(
            of_kernel.ends_with("has 257 threads; kernel 'k' allows at most 256"),
            "{of_kernel}"
        );
    }

    #[test]
    fn static_and_dynamic_shared_memory_are_added() {
        assert!(problem(config(ONE, ONE, (48 << 10) - 1024, None)).is_none());
        let refused = text(config(ONE, ONE, u32::MAX, None));
        assert!(
            refused.starts_with("shared-memory is 4294967295 bytes, 4294968319 with"),
            "{refused}"
        );
    }

    #[test]
    fn blocks_are_a_quota_and_clusters_are_unsupported() {
        let blocks = problem(config([1 << 20, 2, 1], ONE, 0, None));
        assert!(matches!(
            blocks,
            Some(ErrorCode::QuotaExceeded(Quota::Blocks))
        ));
        let cluster = problem(config(ONE, ONE, 0, Some([2, 1, 1])));
        assert!(matches!(cluster, Some(ErrorCode::Unsupported(_))));
    }
}
