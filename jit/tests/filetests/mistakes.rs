//! Mistakes in a case are told with their place.

use super::case::Case;
use super::{compare, observe};
use std::path::Path;
use wasi_cuda_jit::fuzzing::device;

const HEAD: &str = "// test: accept\n// run: copy block=2\n";
const KERNEL: &str = "\
.version 8.0
.target sm_80
.address_size 64
.visible .entry copy(.param .u64 data) {
    .reg .b64 %rd<2>;
    ld.param.u64 %rd1, [data];
    st.global.u32 [%rd1], 7;
    ret;
}
";

fn mistake(text: &str) -> String {
    Case::read(Path::new("case.ptx"), text.to_owned()).expect_err("the case is read")
}

#[test]
fn a_mistake_in_a_comment_is_told_with_its_line() {
    let cases = [
        ("// tset: accept\n", "case.ptx:1: unknown command `tset:`"),
        ("// test: maybe\n", "case.ptx:1: `maybe` is none of"),
        ("// test: accept\n// test: accept\n", "case.ptx:2: a second"),
        ("\n// in: a = u32[1]\n", "case.ptx:2: `in:` belongs behind"),
        ("// run: k size=4\n", "case.ptx:1: unknown key `size`"),
        ("// run: k block=0\n", "case.ptx:1: an extent is at least 1"),
        (
            "// run: k\n// in: a = i32[1]\n",
            "case.ptx:2: `i32` is no type",
        ),
        (
            "// run: k\n// in: a = u8[256]\n",
            "case.ptx:2: 256 does not fit u8",
        ),
        (
            "// run: k\n// in: a = u8[4..2]\n",
            "case.ptx:2: `4..2` is no range",
        ),
        ("// run: k\n// in: a = 7\n", "case.ptx:2: `7` is none of"),
        ("ret; //~ eror at 5: x\n", "case.ptx:1: `//~ eror at 5: x`"),
        ("ret; //~ error: x\n", "case.ptx:1: `//~ error: x`"),
        ("//| text\n", "case.ptx:1: no `//= `"),
        ("// print: pretty\n", "case.ptx:1: `pretty` is none of"),
    ];
    for (text, expected) in cases {
        let given = mistake(text);
        assert!(given.starts_with(expected), "{text:?}: {given}");
    }
}

#[test]
fn a_case_that_expects_nothing_is_refused() {
    assert!(mistake(KERNEL).contains("no `// test: accept`"));
    let idle = format!("// test: accept\n{KERNEL}");
    assert!(mistake(&idle).contains("nothing is expected of it"));
    let case = Case::read(
        Path::new("case.ptx"),
        format!("{HEAD}// in: data = u32[0]\n{KERNEL}"),
    )
    .unwrap();
    let differences = compare::differences(&case, &observe::observe(&case, device::run).unwrap());
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(differences[0].starts_with("line 2: nothing is expected of the run"));
}

#[test]
fn a_wrong_expectation_is_told_with_what_came() {
    let text = format!("{HEAD}// in: data = u32[0, 1]\n// out: data = u32[8, 1]\n{KERNEL}");
    let text = text.replace(
        "ret;",
        "ret; //~ fault at 5: trap, block 0,0,0 thread 0,0,0",
    );
    let case = Case::read(Path::new("case.ptx"), text).unwrap();
    let differences = compare::differences(&case, &observe::observe(&case, device::run).unwrap());
    let expected = [
        "did not come: line 12: //~ fault at 5: trap, block 0,0,0 thread 0,0,0",
        "line 2: data is u32[7, 1]\n    not the expected u32[8, 1]",
    ];
    assert_eq!(differences, expected);
}

#[test]
fn what_a_case_intends_is_no_expectation_that_could_be_rewritten() {
    let case = Case::read(Path::new("case.ptx"), format!("// test: refuse\n{KERNEL}")).unwrap();
    assert!(
        observe::observe(&case, device::run)
            .err()
            .unwrap()
            .contains("shall be refused")
    );
}
