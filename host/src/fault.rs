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

fn detail(fault: &cpu::Fault, base: u64, layout: Option<&Layout>) -> String {
    match fault.kind {
        cpu::FaultKind::GlobalOutOfBounds => nearest(fault.address, fault.size, base, layout),
        cpu::FaultKind::Misaligned => {
            format!(
                "the address is not a multiple of {}, the size of the access",
                fault.size
            )
        }
        cpu::FaultKind::SharedOutOfBounds => in_small("the block's shared memory", fault),
        cpu::FaultKind::LocalOutOfBounds => in_small("the thread's local memory", fault),
        cpu::FaultKind::Divergence => {
            "lanes of a warp wait in different places for each other; give each operation the mask of the lanes that come to it"
                .to_owned()
        }
        cpu::FaultKind::Trap => "the kernel stopped itself".to_owned(),
        other => other.to_string(),
    }
}

/// Addresses in the small spaces count from their start.
fn in_small(what: &str, fault: &cpu::Fault) -> String {
    format!(
        "{} bytes at offset {:#x} of {what}",
        fault.size, fault.address
    )
}

/// Addresses below are taken for an index added to a null pointer.
const NEAR_NULL: u64 = 1 << 16;

/// Where an access lies, seen from the nearest buffer.
fn nearest(address: u64, size: u32, base: u64, layout: Option<&Layout>) -> String {
    if address < NEAR_NULL {
        return "close to the null pointer".to_owned();
    }
    let Some((layout, offset)) = layout.zip(address.checked_sub(base)) else {
        return "below all of the guest's memory".to_owned();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{buffer, device, grant, guest};

    const BASE: u64 = 0x10_0000_0000;

    #[test]
    fn an_access_is_told_from_the_buffer_it_missed_by_least() {
        let guest = guest(&device(1));
        let told = |address, size| {
            let layout = grant(&guest).layout();
            nearest(address, size, BASE, layout.as_deref())
        };
        assert_eq!(told(BASE + 0x100, 4), "below all of the guest's memory");
        let (first, second) = (buffer(&guest, 1024), buffer(&guest, 16));
        let (end, start) = (first.address() + 1024, second.address());
        assert_eq!(
            told(end, 4),
            "4 bytes past the end of a 1024-byte buffer at 0x1000000100"
        );
        assert_eq!(
            told(end - 2, 8),
            "6 bytes past the end of a 1024-byte buffer at 0x1000000100"
        );
        assert_eq!(
            told(start - 4, 4),
            "4 bytes before the start of a 16-byte buffer at 0x1000000600"
        );
        assert_eq!(
            told(BASE, 1),
            "256 bytes before the start of a 1024-byte buffer at 0x1000000100"
        );
        assert_eq!(
            told(u64::MAX, 8),
            "18446744004990073335 bytes past the end of a 16-byte buffer at 0x1000000600"
        );
        assert_eq!(told(BASE - 1, 1), "below all of the guest's memory");
        assert_eq!(told(12, 4), "close to the null pointer");
        drop((first, second));
        assert_eq!(told(BASE + 0x100, 4), "the guest has no buffer");
    }
}
