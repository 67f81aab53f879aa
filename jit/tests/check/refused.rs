//! A text with one thing changed is refused, at the line and for the reason that is expected.

use super::texts::{LOOP, MATRIX, SHARED, SHARED_FAR, STORE, STORE_IN_BUFFER, TABLE, module};
use wasi_cuda_jit::{Assumptions, check, check_variants};

/// What is found of a text.
fn found(text: &str) -> String {
    found_of(text, &[])
}

/// What is found of a text with second variants, of which this is assumed.
pub(crate) fn found_of(text: &str, assumed: &[Assumptions]) -> String {
    match check_variants(text, assumed) {
        Ok(_) => "accepted".to_owned(),
        Err(refusal) => {
            let line = text.lines().nth(refusal.line as usize - 1);
            format!("{} at `{}`", refusal.reason, line.unwrap_or("").trim())
        }
    }
}

/// A body is refused for this reason once `from`, where it first stands, is `to`.
#[track_caller]
fn is_refused(body: &str, from: &str, to: &str, expected: &str) {
    let text = module(body);
    assert_eq!(found(&text), "accepted", "{body}");
    assert!(text.contains(from), "no `{from}` in\n{text}");
    assert_eq!(
        found(&text.replacen(from, to, 1)),
        expected,
        "`{from}` changed to `{to}`"
    );
}

#[test]
fn guards_of_the_window_must_hold() {
    let outside = "4 bytes may lie outside of the window at `st.global.u32 [%rd3], %r0;`";
    for (from, to) in [
        ("setp.ge.u64", "setp.ge.s64"),
        ("setp.ge.u64", "setp.gt.u64"),
        ("setp.ge.u64", "setp.lt.u64"),
        (
            "setp.ge.u64 %p1, %rd2, %window_mapped",
            "setp.ge.u64 %p1, %rd2, %window_base",
        ),
        (
            "setp.ge.u64 %p1, %rd2, %window_mapped",
            "setp.ge.u64 %p1, %rd1, %window_mapped",
        ),
        ("%window_mapped, [%launch+8]", "%window_mapped, [%launch+0]"),
        ("%window_base, [%launch+0]", "%window_base, [%launch+40]"),
        ("@%p1 bra", "@!%p1 bra"),
        ("@%p1 bra", "@%p0 bra"),
        ("\t@%p1 bra $B9;\n", ""),
        ("\t@%p1 bra $B9;\n", "\t@%p1 bra $B2;\n"),
        ("$B2:\n", "$B2:\n\tadd.u64 %rd3, %rd3, 4;\n"),
        ("$B2:\n", "$B2:\n\tmov.u64 %rd3, %rd0;\n"),
        (
            "add.u64 %rd3, %rd2, %window_base",
            "add.u64 %rd3, %rd1, %window_base",
        ),
        (
            "add.u64 %rd3, %rd2, %window_base",
            "@%p1 add.u64 %rd3, %rd2, %window_base",
        ),
    ] {
        // A predicate has to be something before it can be tested.
        let body = STORE.replacen(
            "\tmul",
            "\tsetp.ne.u32 %p1, %r0, 9;\n\tmov.u64 %rd3, %rd0;\n\tmul",
            1,
        );
        is_refused(&body, from, to, outside);
    }
    is_refused(
        STORE,
        "[%rd3], %r0",
        "[%rd3+4], %r0",
        "4 bytes may lie outside of the window at `st.global.u32 [%rd3+4], %r0;`",
    );
    is_refused(
        STORE,
        "st.global.u32 [%rd3], %r0",
        "st.global.v2.u32 [%rd3], {%r0, %r0}",
        "8 bytes may lie outside of the window at `st.global.v2.u32 [%rd3], {%r0, %r0};`",
    );
}

#[test]
fn addresses_must_be_aligned() {
    // Without alignment an access that begins inside may end outside.
    let outside = "4 bytes may lie outside of the window at `st.global.u32 [%rd3], %r0;`";
    is_refused(
        STORE,
        "and.b64 %rd4, %rd2, 3",
        "and.b64 %rd4, %rd2, 1",
        outside,
    );
    is_refused(
        STORE,
        "and.b64 %rd4, %rd2, 3",
        "and.b64 %rd4, %rd2, 6",
        outside,
    );
    is_refused(
        STORE,
        "and.b64 %rd4, %rd2, 3",
        "and.b64 %rd4, %rd1, 3",
        outside,
    );
    is_refused(STORE, "setp.ne.u64", "setp.eq.u64", outside);
    let misaligned = "an access to the block's shared memory may not be at a multiple of 4 bytes at \
                      `st.shared.u32 [%rd3], %r0;`";
    is_refused(
        SHARED,
        "and.b64 %rd4, %rd1, 3",
        "and.b64 %rd4, %rd1, 2",
        misaligned,
    );
    is_refused(
        SHARED,
        "setp.ne.u64 %p0, %rd4, 0",
        "setp.ne.u64 %p0, %rd4, 2",
        misaligned,
    );
}

#[test]
fn guards_of_shared_memory_must_hold() {
    let outside =
        "4 bytes may lie outside of the block's shared memory at `st.shared.u32 [%rd3], %r0;`";
    for body in [SHARED, SHARED_FAR] {
        is_refused(
            body,
            "add.u64 %rd2, %rd2, 4",
            "add.u64 %rd2, %rd2, 3",
            outside,
        );
        is_refused(body, "setp.gt.u64", "setp.gt.s64", outside);
        is_refused(
            body,
            "%shared_size, [%launch+48]",
            "%shared_size, [%launch+8]",
            outside,
        );
    }
    // A sum that may wrap around.
    let whole = "min.u64 %rd2, %rd1, 4294967296";
    is_refused(SHARED_FAR, whole, "mov.u64 %rd2, %rd1", outside);
    is_refused(SHARED_FAR, whole, "min.u64 %rd2, %rd1, 65536", outside);
    is_refused(SHARED_FAR, whole, "and.b64 %rd2, %rd1, 4294967295", outside);
}

#[test]
fn loops_must_look_at_the_stop_word() {
    for (from, to) in [
        ("add.u32 %r1, %r1, 4294967295", "add.u32 %r1, %r1, 1"),
        ("add.u32 %r1, %r1, 4294967295", "add.u32 %r1, %r1, 0"),
        (
            "add.u32 %r1, %r1, 4294967295",
            "add.u32 %r1, %r0, 4294967295",
        ),
        (
            "add.u32 %r1, %r1, 4294967295",
            "@%p0 add.u32 %r1, %r1, 4294967295",
        ),
        ("\tadd.u32 %r1, %r1, 4294967295;\n", ""),
        ("setp.le.s32 %p1, %r1, 0", "setp.le.s32 %p1, %r1, 7"),
        ("setp.le.s32 %p1, %r1, 0", "setp.le.u32 %p1, %r1, 0"),
        ("setp.le.s32 %p1, %r1, 0", "setp.gt.s32 %p1, %r1, 0"),
        ("setp.le.s32 %p1, %r1, 0", "setp.le.s32 %p1, %r0, 0"),
        ("setp.ne.u32 %p1, %r2, 0", "setp.ne.u32 %p1, %r2, 1"),
        ("setp.ne.u32 %p1, %r2, 0", "setp.ne.u32 %p1, %r1, 0"),
        ("mov.u32 %r1, 1024;\n\tsetp", "setp"),
        ("mov.u32 %r1, 1024;\n\tsetp", "mov.u32 %r1, 65537;\n\tsetp"),
        ("mov.u32 %r1, 1024;\n$B1", "mov.u32 %r1, %r0;\n$B1"),
        ("$B1:\n", "$B1:\n\tmov.u32 %r1, 1024;\n"),
        ("@%p1 bra $B2", "@%p1 bra $B1"),
        ("@%p1 bra $B3", "@!%p1 bra $B3"),
        ("@%p1 bra $B3", "@%p1 bra $B1"),
        ("@%p0 bra $B4", "@%p0 bra $B1"),
    ] {
        let text = module(LOOP);
        assert_eq!(found(&text), "accepted");
        assert!(text.contains(from), "no `{from}` in\n{text}");
        let found = found(&text.replacen(from, to, 1));
        let endless = "a loop can go on without a look at the stop word at ";
        assert!(found.starts_with(endless), "`{from}` to `{to}`: {found}");
    }
    // A look at something else is no look.
    let outside = "4 bytes may lie outside of the window at ";
    for (from, to) in [
        ("mov.u64 %rd1, %stop", "mov.u64 %rd1, %rd0"),
        ("ld.volatile", "ld"),
    ] {
        let found = found(&module(LOOP).replacen(from, to, 1));
        assert!(found.starts_with(outside), "`{from}` to `{to}`: {found}");
    }
}

/// The other way to test fuel: for more than none, within the loop's own condition.
#[test]
fn loops_must_burn_fuel_until_there_is_no_more() {
    let body = "\tmov.u32 %r1, 1024;
$B1:
\tadd.u32 %r0, %r0, 1;
\tsetp.ne.u32 %p0, %r0, 77;
\tadd.u32 %r1, %r1, 4294967293;
\tsetp.gt.and.s32 %p1, %r1, 0, %p0;
\t@%p1 bra $B1;
$B4:
\t@%p0 bra $B3;
$B2:
\tret;
$B3:
\tld.volatile.global.u32 %r2, [%stop];
\tmov.u32 %r1, 1023;
\tsetp.ne.u32 %p1, %r2, 0;
\t@%p1 bra $B2;
\tbra $B1;
";
    let body = body.replace("1024", "1023");
    assert_eq!(found(&module(&body)), "accepted");
    for (from, to) in [
        ("4294967293", "3"),
        ("setp.gt.and.s32", "setp.gt.or.s32"),
        ("setp.gt.and.s32", "setp.gt.and.u32"),
        ("setp.gt.and.s32", "setp.ge.and.s32"),
        ("@%p1 bra $B1", "@!%p1 bra $B1"),
        ("%r1, 0, %p0", "%r0, 0, %p0"),
        ("1023;\n\tsetp", "2147483647;\n\tsetp"),
    ] {
        assert!(body.contains(from), "no `{from}`");
        let found = found(&module(&body.replacen(from, to, 1)));
        let endless = "a loop can go on without a look at the stop word at ";
        assert!(found.starts_with(endless), "`{from}` to `{to}`: {found}");
    }
    // One register tested in both ways: what is less than none is not none.
    let other = "$B5:\n\tadd.u32 %r1, %r1, 4294967293;\n\tsetp.eq.u32 %p1, %r1, 0;\n\t@%p1 bra $B3;\n\tbra $B5;\n";
    let both = body.replacen(
        "$B2:\n\tret;\n",
        &format!("\tbra $B5;\n{other}$B2:\n\tret;\n"),
        1,
    );
    let endless = "a loop can go on without a look at the stop word at ";
    assert!(found(&module(&both)).starts_with(endless));
    let for_more = both.replacen("setp.eq.u32 %p1, %r1, 0", "setp.le.s32 %p1, %r1, 0", 1);
    assert_eq!(found(&module(&for_more)), "accepted");
}

/// Behind a guard that a constant address never passes, anything may stand.
#[test]
fn what_nothing_gets_to_is_not_refused() {
    for place in [0, 4096, 1u64 << 31, 1 << 63, u64::MAX - 3] {
        let far = SHARED_FAR.replacen(
            "sub.u64 %rd1, %rd0, %shared_base",
            &format!("mov.u64 %rd1, {place}"),
            1,
        );
        assert_eq!(found(&module(&far)), "accepted", "{place}");
    }
    let apart = MATRIX
        .replace("%r0, 16;", "3, 16;")
        .replace("%r0, 240;", "3, 240;")
        .replace("[%rd3], %r0", "[%rd3], 3");
    assert_eq!(found(&module(&apart)), "accepted");
    let inside = MATRIX
        .replace("%r0, 16;", "8, 16;")
        .replace("%r0, 240;", "8, 240;")
        .replace("[%rd3], %r0", "[%rd3], 8");
    assert_eq!(found(&module(&inside)), "accepted");
    let outside = "32 bytes may lie outside of the window at `wmma";
    let less = inside.replace("8, 240;", "7, 240;");
    assert!(found(&module(&less)).starts_with(outside));
}

/// One branch for several guards.
#[test]
fn guards_that_are_joined_must_all_be_tested() {
    let body = STORE
        .replacen("\t@%p0 bra $B9;\n\tbra $B1;\n$B1:\n", "", 1)
        .replacen(
            "\t@%p1 bra $B9;\n",
            "\tor.pred %p1, %p0, %p1;\n\t@%p1 bra $B9;\n",
            1,
        );
    let outside = "4 bytes may lie outside of the window at `st.global.u32 [%rd3], %r0;`";
    for (from, to) in [
        ("or.pred %p1, %p0, %p1", "and.pred %p1, %p0, %p1"),
        ("or.pred %p1, %p0, %p1", "xor.pred %p1, %p0, %p1"),
        ("or.pred %p1, %p0, %p1", "or.pred %p1, %p0, %p0"),
        ("or.pred %p1, %p0, %p1", "not.pred %p1, %p1"),
    ] {
        is_refused(&body, from, to, outside);
    }
}

#[test]
fn the_sandboxs_own_memory_is_out_of_reach() {
    let own = "the sandbox's own memory is used in a way that is not the sandbox's";
    let read = "ld.param.u64 %window_base, [%launch+0];";
    for field in [32, 4, 64] {
        let changed = format!("ld.param.u64 %window_base, [%launch+{field}];");
        is_refused(STORE, read, &changed, &format!("{own} at `{changed}`"));
    }
    for statement in [
        "st.global.u32 [%stop], %r0;",
        "ld.global.u32 %r0, [%stop];",
        "st.global.u32 [%granules], %r0;",
    ] {
        let to = format!("$B2:\n\t{statement}\n");
        let expected = format!("4 bytes may lie outside of the window at `{statement}`");
        is_refused(STORE, "$B2:\n", &to, &expected);
    }
    let recorder = "the fault recorder is not as the printer prints it";
    for (from, to) in [
        (
            "atom.global.cas.b32 %state, [%fault], 0, 1;",
            "mov.u32 %state, 0;",
        ),
        (
            "st.global.u32 [%fault+8], %site;",
            "st.global.u32 [%fault+800], %site;",
        ),
        ("membar.gl;", "bra $B9;"),
        ("$faulted:", "st.volatile.global.u32 [%fault], 1;"),
    ] {
        is_refused(STORE, from, to, &format!("{recorder} at `{to}`"));
    }
    is_refused(
        STORE,
        ", %index;\n\t.reg",
        ";\n\t.reg",
        &format!("{recorder} at `ld.param.u64 %fault, [%launch+0];`"),
    );
    let unwritten = "`%site` may be read before it is written at `bra $fault;`";
    is_refused(STORE, "\tmov.u32 %site, 0;\n", "", unwritten);
}

#[test]
fn statements_that_are_on_no_list_are_refused() {
    for (statement, reason) in [
        ("trap;", "`trap` is not allowed"),
        ("brkpt;", "`brkpt` is not allowed"),
        ("bar.sync 1;", "`bar.sync` is no barrier of the whole block"),
        ("bar.sync 0, 64;", "`bar.sync` has other operands"),
        ("bar.arrive 0, 64;", "`bar.arrive` is not allowed"),
        ("ld.const.u32 %r1, [%rd0];", "`ld.const.u32` is not allowed"),
        (
            "ld.global.u99 %r1, [%rd0];",
            "`ld.global.u99` is not allowed",
        ),
        (
            "ld.global.u32.u64 %r1, [%rd3];",
            "`ld.global.u32.u64` is not allowed",
        ),
        (
            "ld.global.shared.u32 %r1, [%rd3];",
            "`ld.global.shared.u32` is not allowed",
        ),
        (
            "ld.global.u32 %r1, [p0];",
            "`ld.global.u32` names a memory where the sandbox has nothing",
        ),
        (
            "ld.global.u32 %r1, [%r0];",
            "`ld.global.u32` names a memory where the sandbox has nothing",
        ),
        (
            "ld.global.u32 %r1, [4096];",
            "not as the printer prints it: ld.global.u32 %r1, [4096];",
        ),
        ("st.param.u32 [p0], %r1;", "`st.param.u32` is not allowed"),
        (
            "prefetch.global.L2 [%rd0];",
            "`prefetch.global.L2` is not allowed",
        ),
        (
            "mov.u32 %r1, %envreg0;",
            "not as the printer prints it: mov.u32 %r1, %envreg0;",
        ),
        (
            "mov.u32 %r1, 010;",
            "not as the printer prints it: mov.u32 %r1, 010;",
        ),
        (
            "mov.u32 %r1, 0x10;",
            "not as the printer prints it: mov.u32 %r1, 0x10;",
        ),
        (
            "add.u32 %r1, %r0, 1; ret;",
            "not as the printer prints it: add.u32 %r1, %r0, 1; ret;",
        ),
        (
            "add.u32 %r1, %r0, 1; // a comment",
            "not as the printer prints it: add.u32 %r1, %r0, 1; // a comment",
        ),
        ("call f;", "`call` is not allowed"),
        (
            "mov.u64 %rd0, kernel0;",
            "not as the printer prints it: mov.u64 %rd0, kernel0;",
        ),
        (
            ".pragma \"nounroll\";",
            "not as the printer prints it: \t.pragma \"nounroll\";",
        ),
        (
            ".reg .b32 %r0;",
            "not as the printer prints it: \t.reg .b32 %r0;",
        ),
        (
            ".reg .b32 %tid.x;",
            "not as the printer prints it: \t.reg .b32 %tid.x;",
        ),
        (
            ".shared .b8 mine[64];",
            "not as the printer prints it: \t.shared .b8 mine[64];",
        ),
        (
            "@%p0 bra $B77;",
            "not as the printer prints it: a jump to nowhere",
        ),
        (
            "@%p0 bra $fault;",
            "not as the printer prints it: a jump to nowhere",
        ),
        (
            "ret;",
            "not as the printer prints it: a statement that no label and no branch leads to",
        ),
    ] {
        let body = STORE.replace("\tret;\n", &format!("\t{statement}\n\tret;\n"));
        assert_eq!(found(&module(&body)), format!("{reason} at `{statement}`"));
    }
}

#[test]
fn jump_tables_registers_and_parameters_are_kept_to() {
    let past = "an index may be past the 2 targets of a jump table at `brx.idx %r1, $T2;`";
    is_refused(TABLE, "%r1, %r0, 1;", "%r1, %r0, 2;", past);
    is_refused(TABLE, "min.u32 %r1, %r0, 1;", "min.s32 %r1, %r0, 1;", past);
    let read = "\tld.param.u32 %r0, [p1];\n";
    let unwritten = "`%r0` may be read before it is written at `mul.wide.u32 %rd1, %r0, 4;`";
    is_refused(STORE, read, "", unwritten);
    is_refused(
        STORE,
        "\tld.param.u32 %r0",
        "\tsetp.ne.u32 %p1, 1, 2;\n\t@%p1 ld.param.u32 %r0",
        unwritten,
    );
    let outside = "4 bytes may lie outside of the parameters at `ld.param.u32 %r0, [p1+4];`";
    is_refused(STORE, read, "\tld.param.u32 %r0, [p1+4];\n", outside);
}

#[test]
fn a_register_written_on_one_of_two_ways_is_not_written() {
    let body = "\tsetp.ne.u32 %p0, %r0, 0;
\t@%p0 bra $B1;
\tbra $B2;
$B1:
\tmov.u32 %r1, 5;
$B2:
\tadd.u32 %r2, %r1, 1;
\tret;
";
    let unwritten = "`%r1` may be read before it is written at `add.u32 %r2, %r1, 1;`";
    assert_eq!(found(&module(body)), unwritten);
    let both = body.replace("bra $B2;\n", "mov.u32 %r1, 6;\n\tbra $B2;\n");
    assert_eq!(found(&module(&both)), "accepted");
}

/// A fact about a register of one round of a loop says nothing about the next round.
#[test]
fn what_held_in_one_round_of_a_loop_does_not_hold_in_the_next() {
    let guarded = STORE.replace("\tret;\n", "");
    let round = LOOP.replace("\tadd.u32 %r0, %r0, 1;\n", "");
    let body = guarded
        + &round
            .replace("$B4", "$B8")
            .replace("$B3", "$B7")
            .replace("$B2", "$B6")
            .replace("$B1", "$B5");
    let inside = body.replace("$B5:\n", "$B5:\n\tst.global.u32 [%rd3], %r0;\n");
    assert_eq!(found(&module(&inside)), "accepted");
    let moved = inside.replace(
        "setp.ne.u32 %p0, %r0, 77",
        "add.u64 %rd3, %rd3, 4;\n\tsetp.ne.u32 %p0, %r0, 77",
    );
    let outside = "4 bytes may lie outside of the window at `st.global.u32 [%rd3], %r0;`";
    assert_eq!(found(&module(&moved)), outside);
}

/// What a loop's end has shown is not known when its first block is entered from the start.
#[test]
fn what_a_loop_shows_of_its_end_is_not_known_at_its_start() {
    let (head, rest) = module(STORE)
        .split_once("\t.reg .b64 %window_base;")
        .map_or_else(
            || panic!("another head"),
            |(head, rest)| (head.to_owned(), rest.to_owned()),
        );
    let (_, recorder) = rest.split_once("$B9:").unwrap();
    let own = "\t.reg .b64 %window_base, %window_mapped, %stop;
\t.reg .b32 %site, %state, %index;
\t.reg .b64 %address, %fault;
\t.reg .pred %taken;
";
    let body = "$B0:
\tld.param.u64 %window_base, [%launch+0];
\tld.param.u64 %window_mapped, [%launch+8];
\tld.param.u64 %stop, [%launch+24];
\tld.param.u64 %rd0, [p0];
\tsub.u64 %rd2, %rd0, %window_base;
\tadd.u64 %rd3, %rd2, %window_base;
\tst.global.u8 [%rd3], 1;
\tld.volatile.global.u32 %r2, [%stop];
\tsetp.ne.u32 %p1, %r2, 0;
\t@%p1 bra $B2;
$B1:
\tsetp.ge.u64 %p0, %rd2, %window_mapped;
\t@!%p0 bra $B0;
$B2:
\tret;
";
    let text = format!("{head}{own}{body}$B9:{recorder}");
    let outside = "1 bytes may lie outside of the window at `st.global.u8 [%rd3], 1;`";
    assert_eq!(found(&text), outside);
}

#[test]
fn matrices_are_held_by_their_last_row() {
    let line = "wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r1, %r1, %r1, %r1, %r1, %r1, %r1, %r1}, [%rd3], %r0;";
    let outside = format!("32 bytes may lie outside of the window at `{line}`");
    for (from, to) in [
        ("mul.wide.u32 %rd4, %r0, 240", "mul.wide.s32 %rd4, %r0, 240"),
        ("mul.wide.u32 %rd4, %r0, 240", "mul.wide.u32 %rd4, %r0, 224"),
        ("shr.u64 %rd4, %rd4, 3", "shr.u64 %rd4, %rd4, 4"),
        ("add.u64 %rd1, %rd2, 32", "add.u64 %rd1, %rd2, 31"),
        ("setp.ge.u64", "setp.ge.s64"),
        ("setp.gt.u64", "setp.gt.s64"),
    ] {
        is_refused(MATRIX, from, to, &outside);
    }
    let apart = format!("an access to the window may not be at a multiple of 16 bytes at `{line}`");
    is_refused(MATRIX, "127", "63", &apart);
    let misaligned =
        format!("an access to the window may not be at a multiple of 32 bytes at `{line}`");
    is_refused(MATRIX, "%rd2, 31", "%rd2, 15", &misaligned);
}

#[test]
fn the_table_of_granules_is_read_behind_the_windows_guard_alone() {
    let outside = "2 bytes may lie outside of the window at `ld.global.u16 %rd4, [%rd1];`";
    for (from, to) in [
        ("setp.ge.u64", "setp.ge.s64"),
        ("shr.u64 %rd1, %rd2, 8", "shr.u64 %rd1, %rd2, 7"),
        ("shl.b64 %rd1, %rd1, 1", "shl.b64 %rd1, %rd1, 2"),
        ("%rd1, %rd1, %granules", "%rd1, %rd1, %stop"),
    ] {
        is_refused(STORE_IN_BUFFER, from, to, outside);
    }
}

#[test]
fn text_that_is_not_a_print_is_refused() {
    let head = ".version 8.0\n.target sm_80\n.address_size 64\n";
    assert!(check(head).is_ok());
    for text in [
        "",
        "\n",
        "\0",
        ".version 8.0\n",
        &head.replace("64", "32"),
        &format!("{head}\n.func f()\n"),
    ] {
        assert!(check(text).is_err(), "{text:?}");
    }
    let text = module(STORE);
    // Only behind the last kernel does a print end.
    let ends = text.match_indices('\n').map(|(end, _)| end + 1);
    for end in ends.filter(|end| *end > 120 && *end < text.len()) {
        assert!(check(&text[..end]).is_err(), "{}", &text[..end]);
    }
    for what in ["\r", "\0", "é", "\u{b}"] {
        assert!(check(&text.replacen(';', what, 1)).is_err(), "{what:?}");
    }
}
