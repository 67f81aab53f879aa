//! Faults as guests read them.

mod place;

use crate::backend::KernelFault;
use crate::bindings::wasi::cuda::types::{Dim3, Fault, FaultKind};
use crate::memory::Layout;
use place::{Surroundings, bytes};
use wasi_cuda_jit::cpu;

/// Everything known of a fault. `layout` holds the guest's buffers, whose offsets count from `base`.
pub(crate) fn describe(fault: &KernelFault<'_>, base: u64, layout: Option<&Layout>) -> Fault {
    let launch = fault.launch;
    let kernel = launch.kernel.signature.name.clone();
    let around = Surroundings {
        base,
        layout,
        launch,
    };
    let Some(found) = &fault.fault else {
        return unrecorded(kernel);
    };
    Fault {
        kind: kind(found.kind),
        kernel,
        line: found.span.line,
        column: found.span.column,
        address: found.address,
        size: found.size,
        block: dim3(found.block),
        thread: dim3(found.thread),
        detail: detail(found, &around),
    }
}

fn unrecorded(kernel: String) -> Fault {
    let nowhere = Dim3 { x: 0, y: 0, z: 0 };
    Fault {
        kind: FaultKind::Other("unrecorded".to_owned()),
        kernel,
        line: 0,
        column: 0,
        address: 0,
        size: 0,
        block: nowhere,
        thread: nowhere,
        detail: "the kernel faulted and left no record of it".to_owned(),
    }
}

fn kind(kind: cpu::FaultKind) -> FaultKind {
    match kind {
        cpu::FaultKind::GlobalOutOfBounds => FaultKind::GlobalOutOfBounds,
        cpu::FaultKind::SharedOutOfBounds => FaultKind::SharedOutOfBounds,
        cpu::FaultKind::LocalOutOfBounds => FaultKind::LocalOutOfBounds,
        cpu::FaultKind::Divergence => FaultKind::Divergence,
        cpu::FaultKind::Misaligned => FaultKind::Misaligned,
        cpu::FaultKind::Trap => FaultKind::Trap,
        cpu::FaultKind::DivideByZero => FaultKind::DivideByZero,
        cpu::FaultKind::IntegerOverflow => FaultKind::IntegerOverflow,
        other => FaultKind::Other(other.to_string()),
    }
}

fn dim3([x, y, z]: [u32; 3]) -> Dim3 {
    Dim3 { x, y, z }
}

/// One line about a fault for an embedder, who has not the guest's own words for it.
pub(crate) fn summary(fault: &Fault) -> String {
    let what = match &fault.kind {
        FaultKind::GlobalOutOfBounds => "global access out of bounds",
        FaultKind::SharedOutOfBounds => "shared access out of bounds",
        FaultKind::LocalOutOfBounds => "local access out of bounds",
        FaultKind::Misaligned => "misaligned access",
        FaultKind::ReadOnly => "write to read-only memory",
        FaultKind::Trap => "trap",
        FaultKind::Assertion(_) => "failed assertion",
        FaultKind::DivideByZero => "integer division by zero",
        FaultKind::IntegerOverflow => "integer overflow",
        FaultKind::Divergence => "divergence",
        FaultKind::Other(other) => other,
    };
    match fault.size {
        0 => format!("{what}: {}", fault.detail),
        size => format!(
            "{what}, {size} bytes at {:#x}: {}",
            fault.address, fault.detail
        ),
    }
}

fn detail(fault: &cpu::Fault, around: &Surroundings<'_>) -> String {
    match fault.kind {
        cpu::FaultKind::GlobalOutOfBounds => around.outside(fault.address, fault.size),
        cpu::FaultKind::Misaligned => {
            let wanted = format!(
                "the address is no multiple of {}, the size of the access",
                fault.size
            );
            match around.inside(fault.address) {
                Some(place) => format!("{wanted}; it is {place}"),
                None => wanted,
            }
        }
        cpu::FaultKind::SharedOutOfBounds => in_small("the block's shared memory", fault.address),
        cpu::FaultKind::LocalOutOfBounds => in_small("the thread's local memory", fault.address),
        cpu::FaultKind::Divergence => {
            "lanes of a warp wait in different places for each other; give each operation the mask of the lanes that come to it"
                .to_owned()
        }
        cpu::FaultKind::Trap => "the kernel stopped itself".to_owned(),
        other => other.to_string(),
    }
}

/// Addresses in the small spaces count from their start, and those before it wrap around in 32 or 64 bits.
fn in_small(what: &str, address: u64) -> String {
    const NEAR: u64 = 1 << 20;
    let before = match u32::try_from(address) {
        Ok(low) => u64::from(low.wrapping_neg()),
        Err(_) => address.wrapping_neg(),
    };
    if (1..=NEAR).contains(&before) {
        format!("{} before the start of {what}", bytes(before))
    } else {
        format!("offset {address:#x} of {what}")
    }
}
