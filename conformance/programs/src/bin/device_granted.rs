//! The granted devices come in the same order each time and tell what they are.

use wasi_cuda::bindings::wasi::cuda::device::get_devices;
use wasi_cuda::{Backend, Device};
use wasi_cuda_conformance_programs::{covers, default_device, functions::*, runs_well};

fn main() {
    let devices = get_devices();
    assert_eq!(devices.len(), 1, "the host grants this program one device");
    assert_eq!(
        get_devices().len(),
        1,
        "asking again gives the device again"
    );
    covers(GET_DEVICES, "ok");

    let properties = default_device().properties();
    assert_eq!(
        properties,
        devices[0].properties(),
        "two handles of a device are the same device"
    );
    assert!(!properties.name.is_empty(), "a device has a name");
    assert_ne!(
        properties.backend,
        Backend::Other(String::new()),
        "a backend has a name"
    );
    assert!(
        properties.multiprocessors >= 1,
        "a device makes progress with at least one block"
    );
    assert!(
        properties.warp_size.is_power_of_two(),
        "a warp has {} threads",
        properties.warp_size
    );
    assert!(properties.total_memory > 0, "a device has memory");
    assert!(
        properties.ptx_version >= (7, 0),
        "lesson 1 needs PTX 7.0, not {:?}",
        properties.ptx_version
    );

    let (block, grid) = (properties.max_block, properties.max_grid);
    assert!(
        block.x >= 1 && block.y >= 1 && block.z >= 1,
        "a block may have {block} threads"
    );
    assert!(
        grid.x >= 1 && grid.y >= 1 && grid.z >= 1,
        "a grid may have {grid} blocks"
    );
    assert!(
        properties.max_threads_per_block >= 256 && block.x <= properties.max_threads_per_block,
        "a block may have {} threads, up to {block}",
        properties.max_threads_per_block
    );
    covers(PROPERTIES, "ok");

    // A handle may be dropped while another of the same device is used.
    drop(devices);
    runs_well(&default_device());
    assert_eq!(Device::all().len(), 1, "the device is still there");
}
