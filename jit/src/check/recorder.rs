//! Where every fault ends: the one place that writes outside of the guest's memory, and so taken word for word.

use super::refusal::{Found, Reason};
use super::text::{Kernel, Lines};

/// What it begins with.
pub(super) const LABEL: &str = "$fault:";

/// The lines behind its label.
const TEXT: &[&str] = &[
    "\tld.param.u64 %fault, [%launch+0];",
    "\tadd.s64 %address, %address, %fault;",
    "\tld.param.u64 %fault, [%launch+24];",
    "\tatom.global.exch.b32 %state, [%fault], 1;",
    "\tsetp.ne.u32 %taken, %state, 0;",
    "\t@%taken bra $faulted;",
    "\tld.param.u64 %fault, [%launch+32];",
    "\tatom.global.cas.b32 %state, [%fault], 0, 1;",
    "\tsetp.ne.u32 %taken, %state, 0;",
    "\t@%taken bra $faulted;",
    "\tst.global.u32 [%fault+8], %site;",
    "\tst.global.u64 [%fault+16], %address;",
    "\tmov.u32 %index, %ctaid.x;",
    "\tst.global.u32 [%fault+24], %index;",
    "\tmov.u32 %index, %ctaid.y;",
    "\tst.global.u32 [%fault+28], %index;",
    "\tmov.u32 %index, %ctaid.z;",
    "\tst.global.u32 [%fault+32], %index;",
    "\tmov.u32 %index, %tid.x;",
    "\tst.global.u32 [%fault+36], %index;",
    "\tmov.u32 %index, %tid.y;",
    "\tst.global.u32 [%fault+40], %index;",
    "\tmov.u32 %index, %tid.z;",
    "\tst.global.u32 [%fault+44], %index;",
    "\tmembar.gl;",
    "\tst.global.u32 [%fault], 2;",
];

/// How it ends.
const END: &[&str] = &["$faulted:", "\tret;"];

/// Its registers, and their widths.
const REGISTERS: &[(&str, u32)] = &[
    ("%site", 32),
    ("%state", 32),
    ("%index", 32),
    ("%address", 64),
    ("%fault", 64),
    ("%taken", 1),
];

/// What it is handed: each way to it must have written these.
pub(super) const HANDED: [&str; 2] = ["%site", "%address"];

/// Takes the recorder's lines, which stand behind everything else in a kernel.
pub(super) fn expect(lines: &mut Lines<'_>, kernel: &Kernel<'_>) -> Found<()> {
    for (name, width) in REGISTERS {
        let register = kernel.names.get(name);
        let declared = register.and_then(|id| kernel.registers.get(*id as usize));
        if declared.is_none_or(|register| register.width != *width) {
            return Err((lines.number(), Reason::Recorder));
        }
    }
    take(lines, TEXT)?;
    take(lines, END)?;
    match lines.peek() {
        Some("}") => Ok(()),
        _ => Err((lines.number(), Reason::Recorder)),
    }
}

/// Takes lines that are these and no others.
fn take(lines: &mut Lines<'_>, expected: &[&str]) -> Found<()> {
    for expected in expected {
        let number = lines.number();
        if lines.expect()? != *expected {
            return Err((number, Reason::Recorder));
        }
    }
    Ok(())
}
