//! A host that grants no device looks like a machine without one.

use wasi_cuda::{Device, Error, time_remaining};
use wasi_cuda_conformance_programs::{covers, functions::*};

fn main() {
    assert!(
        Device::all().is_empty(),
        "the host grants this program no device"
    );
    covers(GET_DEVICES, "ok");
    match Device::get(0) {
        Err(Error::NotFound(_)) => {}
        other => panic!("device 0 should not be found, but came {other:?}"),
    }
    time_remaining();
}
