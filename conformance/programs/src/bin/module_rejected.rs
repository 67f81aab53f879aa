//! PTX that is refused comes with the line, the column and the name of what was refused.

use wasi_cuda::{Diagnostic, Error, Severity};
use wasi_cuda_conformance_programs::{covers, default_device, functions::*, line_of, runs_well};

const UNKNOWN_INSTRUCTION: &str = "\
.version 7.0
.target sm_80
.address_size 64

.visible .entry wrong()
{
	.reg .b32 	%r<3>;
	mov.u32 	%r1, 1;
	frobnicate.u32 	%r2, %r1; // here
	ret;
}
";
const COLUMN: u32 = 2;

fn main() {
    let device = default_device();
    let Err(Error::Rejected(diagnostics)) = device.load_ptx(UNKNOWN_INSTRUCTION) else {
        panic!("a module with an unknown instruction should be refused");
    };
    let is_it =
        |it: &&Diagnostic| it.severity == Severity::Error && it.message.contains("frobnicate");
    let found = diagnostics.iter().find(is_it);
    let found = found
        .unwrap_or_else(|| panic!("an error should name the instruction, not {diagnostics:?}"));
    assert_eq!(
        found.line,
        line_of(UNKNOWN_INSTRUCTION, "here"),
        "the line of: {found}"
    );
    assert_eq!(
        found.column, COLUMN,
        "the column, after one tab, of: {found}"
    );
    covers(LOAD, "rejected");
    runs_well(&device);
}
