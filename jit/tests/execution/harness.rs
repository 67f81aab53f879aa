//! What the other tests rely on finds what is wrong; and small kernels for mistakes that the corpus has shown.

use crate::corpus::Subject;
use crate::launch::Launch;
use wasi_cuda_jit::cpu::FaultKind;

/// A kernel `k` of this body, which finds its two pointers in `%from` and `%to`.
fn subject(parameters: &str, functions: &str, body: &str) -> Subject {
    Subject::of_text(
        "k",
        &format!(
            ".version 8.0\n.target sm_80\n.address_size 64\n{functions}\n\
             .visible .entry k(.param .u64 from, .param .u64 to{parameters})\n{{\n\
             .reg .b64 %from;\n.reg .b64 %to;\n.reg .b64 %a<8>;\n.reg .b32 %r<8>;\n.reg .b16 %h<4>;\n\
             ld.param.u64 %from, [from];\ncvta.to.global.u64 %from, %from;\n\
             ld.param.u64 %to, [to];\ncvta.to.global.u64 %to, %to;\n{body}\nret;\n}}\n"
        ),
    )
}

#[test]
fn a_wrong_result_is_found() {
    let subject = subject(
        "",
        "",
        "ld.global.u32 %r1, [%from];\nst.global.u32 [%to], %r1;",
    );
    subject.check(Launch::line(1, 1).input(&[7u32]).output(&[7u32]));
    assert_eq!(subject.failures(), [] as [String; 0]);
    subject.check(Launch::line(1, 1).input(&[7u32]).output(&[8u32]));
    let failures = subject.failures();
    assert_eq!(failures.len(), 2, "in both modes: {failures:?}");
    assert!(
        failures[0].contains("element 0 is Integer(7) instead of Integer(8)"),
        "{failures:?}"
    );
}

#[test]
fn a_write_to_what_is_only_read_is_found() {
    let subject = subject("", "", "st.global.u32 [%from], 1;");
    subject.check(Launch::line(1, 1).input(&[7u32]).input(&[7u32]));
    assert_eq!(subject.failures().len(), 2);
}

#[test]
fn a_write_beside_a_buffer_is_found() {
    let subject = subject("", "", "st.global.u32 [%to+4], 1;");
    subject.check(Launch::line(1, 1).input(&[7u32]).input(&[7u32]));
    let failures = subject.failures();
    assert!(
        failures[0].contains("where no buffer lies"),
        "unchecked, the canaries tell: {failures:?}"
    );
    assert!(
        failures[1].contains("GlobalOutOfBounds"),
        "checked, the kernel faults: {failures:?}"
    );
}

#[test]
fn a_fault_is_asked_for_by_its_kind() {
    let subject = subject("", "", "trap;");
    subject.faults(Launch::line(1, 1).null().null(), FaultKind::Trap);
    assert_eq!(subject.failures(), [] as [String; 0]);
    subject.faults(Launch::line(1, 1).null().null(), FaultKind::Misaligned);
    assert_eq!(subject.failures().len(), 2);
}

/// A copy of sixteen bytes that reads `%r1` of them, the third parameter.
fn copy_of(read: &str) -> Subject {
    subject(
        ", .param .u32 size",
        ".shared .align 16 .b8 tile[16];",
        &format!(
            "ld.param.u32 %r1, [size];\nmov.u32 %r2, tile;\n\
             st.shared.v4.u32 [tile], {{%r1, %r1, %r1, %r1}};\n\
             cp.async.ca.shared.global [%r2], [%from], 8, {read};\ncp.async.wait_all;\n\
             ld.shared.u64 %a1, [tile];\nst.global.u64 [%to], %a1;"
        ),
    )
}

#[test]
fn a_copy_may_end_with_its_buffer() {
    for (size, result) in [(4u32, 0x1122_3344u64), (1, 0x44), (0, 0)] {
        let subject = copy_of("%r1");
        let launch = Launch::line(1, 1)
            .input(&[0x1122_3344u32])
            .output(&[result]);
        subject.check(launch.value(size));
        assert_eq!(subject.failures(), [] as [String; 0]);
    }
}

#[test]
fn a_copy_of_no_bytes_may_name_any_address() {
    for read in ["%r1", "0"] {
        let subject = copy_of(read);
        subject.check(Launch::line(1, 1).null().output(&[0u64]).value(0u32));
        assert_eq!(subject.failures(), [] as [String; 0]);
    }
}

#[test]
fn a_copy_that_reads_beyond_its_buffer_faults_in_checked_mode() {
    let subject = copy_of("%r1");
    let launch = Launch::line(1, 1)
        .input(&[0x1122_3344u32])
        .checked(&[0u64], |_| None);
    subject.faults(launch.value(5u32), FaultKind::GlobalOutOfBounds);
    let failures = subject.failures();
    assert_eq!(
        failures.len(),
        1,
        "unchecked, the window is all: {failures:?}"
    );
    assert!(failures[0].contains("unchecked"), "{failures:?}");
}

#[test]
fn a_narrow_parameter_of_a_call_keeps_its_sign() {
    let function = ".func (.param .b32 out) widen(.param .b32 value)\n{\n.reg .b32 %x;\n.reg .b16 %y;\n.reg .b32 %z;\n\
                    ld.param.s16 %x, [value];\nld.param.s8 %y, [value];\ncvt.s32.s16 %z, %y;\nadd.s32 %x, %x, %z;\n\
                    st.param.b32 [out], %x;\nret;\n}\n";
    let call = "ld.global.u32 %r1, [%from];\n{\n.param .b32 given;\nst.param.b32 [given], %r1;\n.param .b32 got;\n\
                call.uni (got), widen, (given);\nld.param.b32 %r2, [got];\n}\nst.global.u32 [%to], %r2;";
    let subject = subject("", function, call);
    for value in [0x1234_8001u32, 0xffff_ff7f, 0x80ff, 0x7f] {
        let widened = i32::from(value as i16) + i32::from(value as i8);
        subject.check(Launch::line(1, 1).input(&[value]).output(&[widened]));
    }
    assert_eq!(subject.failures(), [] as [String; 0]);
}
