//! Second variants: what is assumed of them, and nothing more, need not be proved.

use super::refused::found_of;
use wasi_cuda_jit::check::{Assumptions, Memory};
use wasi_cuda_jit::{CompileOptions, Source, check, sandboxed_variants};

/// Adds up what lies at addresses that were loaded, and at others in a loop that a launch bounds.
const GATHER: &str = "
.version 8.0
.target sm_80
.address_size 64
.visible .entry gather(.param .u64 to, .param .u64 from, .param .u32 n)
{
    .reg .pred %p<3>; .reg .b32 %r<8>; .reg .b64 %rd<8>;
    .shared .align 4 .b8 tile[128];
    ld.param.u64 %rd1, [to];
    ld.param.u64 %rd2, [from];
    ld.param.u32 %r1, [n];
    mov.u32 %r2, %tid.x;
    setp.ge.u32 %p1, %r2, %r1;
    @%p1 bra END;
    mov.u32 %r3, 0;
LOOP:
    mul.wide.u32 %rd3, %r2, 4;
    add.s64 %rd4, %rd2, %rd3;
    ld.global.u32 %r4, [%rd4];
    mul.wide.u32 %rd5, %r4, 4;
    add.s64 %rd6, %rd2, %rd5;
    ld.global.u32 %r5, [%rd6];
    add.u32 %r3, %r3, %r5;
    add.u32 %r2, %r2, 32;
    setp.lt.u32 %p2, %r2, %r1;
    @%p2 bra LOOP;
    st.global.u32 [%rd1], %r3;
END:
    ret;
}";

/// The print with its second variant alone, and what is assumed of that.
fn printed() -> (String, Assumptions) {
    let printed = sandboxed_variants(Source::Ptx(GATHER), &CompileOptions::default()).unwrap();
    let third = printed.text.find("\n.visible .entry kernel0_partly");
    let text = &printed.text[..third.unwrap()];
    (text.to_owned(), printed.assumed[0].clone())
}

fn line(text: &str, number: u32) -> &str {
    text.lines().nth(number as usize - 1).unwrap_or("").trim()
}

#[test]
fn a_second_variant_is_proved_with_what_its_proof_claims() {
    let (text, assumed) = printed();
    let found = found_of(&text, std::slice::from_ref(&assumed));
    assert_eq!(found, "accepted");
    let accesses: Vec<&str> = assumed
        .accesses
        .iter()
        .map(|it| line(&text, it.line))
        .collect();
    assert_eq!(
        accesses,
        ["ld.global.u32 %r8, [%rd7];", "st.global.u32 [%rd0], %r5;"]
    );
    assert_eq!(assumed.loops.len(), 1);
    assert!(line(&text, assumed.loops[0]).starts_with("$B"));
}

#[test]
fn a_second_variant_is_no_guarded_kernel() {
    let (text, _) = printed();
    let refusal = check(&text).unwrap_err();
    assert_eq!(line(&text, refusal.line), ".visible .entry kernel0_proved(");
}

/// Refused once this is done to what is assumed.
#[track_caller]
fn is_refused(change: impl FnOnce(&mut Assumptions), expected: &str) {
    let (text, mut assumed) = printed();
    change(&mut assumed);
    assert_eq!(found_of(&text, &[assumed]), expected);
}

#[test]
fn what_is_not_assumed_must_be_proved() {
    let outside = "4 bytes may lie outside of the window at `ld.global.u32 %r8, [%rd7];`";
    is_refused(|it| it.accesses.truncate(0), outside);
    is_refused(|it| it.accesses[0].line += 1, outside);
    is_refused(|it| it.accesses[0].memory = Memory::Shared, outside);
    is_refused(|it| it.accesses[0].bytes = 8, outside);
    is_refused(|it| it.accesses[0].align = 2, outside);
    is_refused(|it| it.accesses[0].rows_align = Some(4), outside);
}

#[test]
fn loops_that_are_not_assumed_to_end_must_look_at_the_stop_word() {
    let (text, assumed) = printed();
    let header = assumed.loops[0];
    for loops in [vec![], vec![header + 1], vec![1]] {
        let assumed = Assumptions {
            loops,
            ..assumed.clone()
        };
        let found = found_of(&text, &[assumed]);
        assert!(
            found.starts_with("a loop can go on without a look"),
            "{found}"
        );
    }
}

#[test]
fn a_guard_that_a_second_variant_has_must_hold() {
    let (text, assumed) = printed();
    let start = text.find("kernel0_proved").unwrap();
    let (first, second) = text.split_at(start);
    let changed = second.replacen("setp.ge.u64", "setp.ge.s64", 1);
    assert_ne!(changed, second);
    let found = found_of(&format!("{first}{changed}"), &[assumed]);
    assert_eq!(
        found,
        "4 bytes may lie outside of the window at `ld.global.u32 %r11, [%rd10];`"
    );
}

#[test]
fn second_variants_stand_behind_the_kernels_and_none_is_missing() {
    let (text, assumed) = printed();
    let start = text.find("\n.visible .entry kernel0_proved").unwrap();
    let missing = found_of(&text[..start], std::slice::from_ref(&assumed));
    assert!(missing.contains("a second variant is missing"), "{missing}");
    let head = text.find("\n.visible").unwrap();
    let behind = format!("{}{}", text, &text[head..start]);
    let behind = found_of(
        &behind.replace("entry kernel0(", "entry kernel1("),
        &[assumed],
    );
    assert!(!behind.starts_with("accepted"), "{behind}");
}
