//! Faults as guests read them.

use crate::backend::KernelFault;
use crate::bindings::wasi::cuda::types::{Dim3, Fault, FaultKind};
use crate::memory::Layout;
use wasi_cuda_jit::cpu;

/// Everything known of a fault. `layout` holds the guest's buffers, whose offsets count from `base`.
pub(crate) fn describe(fault: &KernelFault<'_>, base: u64, layout: Option<&Layout>) -> Fault {
    let kernel = fault.kernel.name.clone();
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
        detail: detail(found, base, layout),
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
        cpu::FaultKind::Misaligned => FaultKind::Misaligned,
        cpu::FaultKind::Trap => FaultKind::Trap,
        other => FaultKind::Other(other.to_string()),
    }
}

fn dim3([x, y, z]: [u32; 3]) -> Dim3 {
    Dim3 { x, y, z }
}

fn detail(fault: &cpu::Fault, base: u64, layout: Option<&Layout>) -> String {
    match fault.kind {
        cpu::FaultKind::GlobalOutOfBounds => {
            let place = nearest(fault.address, fault.size, base, layout);
            format!("{} bytes at {:#x}: {place}", fault.size, fault.address)
        }
        cpu::FaultKind::Misaligned => format!(
            "{:#x} is not a multiple of {}, the size of the access",
            fault.address, fault.size
        ),
        other => other.to_string(),
    }
}

/// Where an access lies, seen from the nearest buffer.
fn nearest(address: u64, size: u32, base: u64, layout: Option<&Layout>) -> String {
    let Some((layout, offset)) = layout.zip(address.checked_sub(base)) else {
        return "outside the guest's window".to_owned();
    };
    let [before, after] = layout.neighbours(offset);
    let past_end = before.map(|(start, length)| {
        let reach = (offset - start)
            .saturating_add(u64::from(size))
            .saturating_sub(length);
        (reach, buffer(base, start, length))
    });
    let before_start = after.map(|(start, length)| (start - offset, buffer(base, start, length)));
    match (past_end, before_start) {
        (Some((reach, buffer)), other)
            if other
                .as_ref()
                .is_none_or(|(distance, _)| reach <= *distance) =>
        {
            format!("{reach} bytes past the end of {buffer}")
        }
        (_, Some((distance, buffer))) => format!("{distance} bytes before the start of {buffer}"),
        _ => "the guest has no buffer".to_owned(),
    }
}

fn buffer(base: u64, start: u64, length: u64) -> String {
    format!("a {length}-byte buffer at {:#x}", base + start)
}
