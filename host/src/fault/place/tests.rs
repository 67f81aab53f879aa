//! Words that say which buffer an access missed.

use super::*;
use crate::WasiCudaCtx;
use crate::backend::Variables;
use crate::testing::{buffer, device, grant, guest, kernel, signature};
use std::sync::Arc;
use wasi_cuda_jit::cpu::Outcome;
use wasi_cuda_jit::signature::ParameterType::Pointer;

const BASE: u64 = 0x10_0000_0000;

/// A launch to which these buffers are passed, by the names of its parameters.
fn launch(arguments: &[(&str, &Arc<Allocation>)]) -> Launch {
    let parameters: Vec<_> = arguments
        .iter()
        .map(|(name, _)| (*name, Pointer, false))
        .collect();
    let mut launch = kernel(1, |_, _| Outcome::Faulted);
    if let Some(kernel) = Arc::get_mut(&mut launch.kernel) {
        kernel.signature = signature(&parameters);
    }
    let buffers = arguments.iter().map(|(_, buffer)| Some((*buffer).clone()));
    launch.buffers = buffers.collect();
    launch
}

fn outside(guest: &WasiCudaCtx, launch: &Launch, address: u64, size: u32) -> String {
    let layout = grant(guest).layout();
    let around = Surroundings {
        base: BASE,
        layout: layout.as_deref(),
        launch,
    };
    around.outside(address, size)
}

#[test]
fn an_access_is_told_from_the_buffer_it_missed_by_least() {
    let guest = guest(&device(1));
    let launch = launch(&[]);
    let (first, second) = (buffer(&guest, 4096), buffer(&guest, 16));
    let (end, start) = (first.address() + 4096, second.address());
    let cases = [
        (
            end,
            4,
            "4 bytes past the end of buffer 1 (4096 bytes), offset 0x1100 of the guest's memory",
        ),
        (
            end - 2,
            8,
            "6 bytes past the end of buffer 1 (4096 bytes), offset 0x10fe of the guest's memory",
        ),
        (
            end - 64,
            64,
            "4032 bytes into buffer 1 (4096 bytes) and past its end, offset 0x10c0 of the guest's memory",
        ),
        (
            start - 1,
            1,
            "1 byte before the start of buffer 2 (16 bytes), offset 0x11ff of the guest's memory",
        ),
        (
            BASE - 8,
            8,
            "264 bytes before the start of buffer 1 (4096 bytes), before all of the guest's memory",
        ),
        (
            start + 16 + (1 << 20),
            1,
            "no buffer is near, offset 0x101210 of the guest's memory",
        ),
        (
            u64::MAX,
            1,
            "no buffer is near, offset 0xffffffefffffffff of the guest's memory",
        ),
        (12, 4, "close to the null pointer"),
    ];
    for (address, size, expected) in cases {
        assert_eq!(outside(&guest, &launch, address, size), expected);
    }
    drop((first, second));
    assert_eq!(
        outside(&guest, &launch, BASE + 0x100, 4),
        "no buffer is near, offset 0x100 of the guest's memory"
    );
}

#[test]
fn a_large_buffer_is_near_as_far_as_it_is_long() {
    let guest = guest(&device(1));
    let large = buffer(&guest, 4 << 20);
    let end = large.address() + large.size();
    let told = |address| outside(&guest, &launch(&[]), address, 4);
    assert!(told(end + (4 << 20) - 4).starts_with("4194304 bytes past the end of buffer 1 "));
    assert!(told(end + (4 << 20)).starts_with("no buffer is near"));
}

#[test]
fn a_buffer_that_was_passed_is_told_by_its_parameter() {
    let guest = guest(&device(1));
    let (first, second) = (buffer(&guest, 8), buffer(&guest, 8));
    let launch = launch(&[("sum", &second), ("_Z3addPf_param_1", &first)]);
    let told = |buffer: &Allocation| outside(&guest, &launch, buffer.address() + 8, 1);
    assert_eq!(
        told(&second),
        "1 byte past the end of buffer 2 (8 bytes), the argument `sum`, offset 0x308 of the guest's memory"
    );
    assert_eq!(
        told(&first),
        "1 byte past the end of buffer 1 (8 bytes), argument 2, offset 0x108 of the guest's memory"
    );
}

#[test]
fn variables_are_no_buffers_and_not_counted_as_such() {
    let guest = guest(&device(1));
    let of_module = || {
        let variables = Variables::new(8, |_| vec![0; 8]);
        Allocation::of_variables(grant(&guest), &variables).unwrap()
    };
    let mut launch = launch(&[]);
    launch.variables = of_module();
    let (others, buffer) = (of_module().unwrap(), buffer(&guest, 8));
    let own = launch.variables.clone().unwrap();
    let told = |memory: &Allocation| outside(&guest, &launch, memory.address() + 8, 1);
    assert!(told(&own).starts_with("1 byte past the end of the module's variables (8 bytes),"));
    assert!(told(&others).starts_with("1 byte past the end of another module's variables"));
    assert!(told(&buffer).starts_with("1 byte past the end of buffer 1 (8 bytes),"));
}

#[test]
fn a_misaligned_address_is_told_by_the_buffer_that_it_is_in() {
    let guest = guest(&device(1));
    let data = buffer(&guest, 100);
    let launch = launch(&[("data", &data)]);
    let layout = grant(&guest).layout();
    let around = Surroundings {
        base: BASE,
        layout: layout.as_deref(),
        launch: &launch,
    };
    assert_eq!(
        around.inside(data.address() + 1).as_deref(),
        Some("1 byte into buffer 1 (100 bytes), the argument `data`")
    );
    assert_eq!(around.inside(data.address() + 100), None);
    assert_eq!(around.inside(0x40), None, "an offset in shared memory");
}
