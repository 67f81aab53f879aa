//! Two granted devices keep their order and their memory apart.

use wasi_cuda::Device;
use wasi_cuda_conformance_programs::{covers, functions::*, runs_well};

const SIZE: usize = 1 << 20;

fn main() -> wasi_cuda::Result<()> {
    let devices = Device::all();
    assert_eq!(devices.len(), 2, "the host grants this program two devices");
    covers(GET_DEVICES, "ok");

    let buffer = devices[0].alloc_zeros::<u8>(SIZE)?;
    for (listed, expected) in Device::all().iter().zip([SIZE as u64, 0]) {
        let used = listed.memory_usage().used;
        assert_eq!(
            used, expected,
            "1 MiB is used on the first device and nothing on the second"
        );
    }
    covers(MEMORY_USAGE, "ok");
    drop(buffer);

    devices.iter().for_each(runs_well);
    Ok(())
}
