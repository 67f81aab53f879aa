//! Findings are shown with their line, a mark and what to do, whatever the source holds.

use proptest::prelude::*;
use wasi_cuda_jit::{CompileOptions, Diagnostic, Span, compile_ptx, render};

fn at(line: u32, column: u32) -> Span {
    Span { line, column }
}

/// The error "wrong" at a place, shown.
fn shown(source: &str, line: u32, column: u32) -> String {
    let found = [Diagnostic::error(at(line, column), "wrong")];
    render(&found, "kernel.ptx", Some(source))
}

/// The lines with the source and the mark.
fn marked(source: &str, line: u32, column: u32) -> (String, String) {
    let text = shown(source, line, column);
    let lines: Vec<_> = text.lines().collect();
    let part = |index: usize| {
        let (_, part) = lines[index].split_once("| ").unwrap_or_default();
        part.to_owned()
    };
    (part(3), part(4))
}

#[test]
fn an_unknown_instruction_is_shown_as_a_compiler_shows_it() {
    let source = "\
.version 7.0
.target sm_80
.address_size 64
.visible .entry add(.param .u64 out)
{
    .reg .b32 %r<4>;
    add.q32 %r1, %r2, %r3;
    ret;
}
";
    let found = compile_ptx(source, &CompileOptions::default()).unwrap_err();
    let expected = "\
error: unknown instruction `add.q32`: `.q32` is not supported there
 --> vector_add.ptx:7:8
  |
7 |     add.q32 %r1, %r2, %r3;
  |        ^^^^
  = help: docs/instructions.md lists the instructions that are supported
";
    assert_eq!(render(&found, "vector_add.ptx", Some(source)), expected);
}

#[test]
fn findings_follow_each_other_with_a_blank_line_between() {
    let found = [
        Diagnostic::warning(at(0, 0), "empty"),
        Diagnostic::note(at(10, 0), "here").with_help("go there"),
    ];
    let source = "x\n".repeat(10);
    let expected = "\
warning: empty
--> a.ptx

note: here
  --> a.ptx:10
   |
10 | x
   = help: go there
";
    assert_eq!(render(&found, "a.ptx", Some(&source)), expected);
}

#[test]
fn without_a_source_or_behind_its_end_there_is_no_snippet() {
    let found = [Diagnostic::error(at(1, 77), "wrong")];
    assert_eq!(
        render(&found, "k.wasm", None),
        "error: wrong\n--> k.wasm:1:77\n"
    );
    assert_eq!(
        shown("one line", 7, 1),
        "error: wrong\n--> kernel.ptx:7:1\n"
    );
}

#[test]
fn the_mark_is_as_long_as_the_token() {
    for (column, mark) in [
        (1, "^^"),
        (3, "  ^^^^^^^"),
        (11, "          ^^^"),
        (14, "             ^"),
        (16, "               ^^^^^^^^^^"),
        (26, "                         ^"),
        (99, "                          ^"),
    ] {
        let (line, found) = marked("ld.global %r1, 0f3F800000;", 1, column);
        assert_eq!(line, "ld.global %r1, 0f3F800000;");
        assert_eq!(found, mark, "column {column}");
    }
}

#[test]
fn tabs_and_wide_characters_move_the_mark_along() {
    assert_eq!(
        marked("\tadd\t%r1;", 1, 6),
        ("    add    %r1;".into(), "           ^^^".into())
    );
    let (line, mark) = marked("/* 漢字 é */ add", 1, "/* 漢字 é */ ".len() as u32 + 1);
    assert_eq!(
        (line.as_str(), mark.as_str()),
        ("/* 漢字 é */ add", "             ^^^")
    );
}

#[test]
fn a_line_may_end_as_on_windows() {
    assert_eq!(marked("one\r\ntwo\r\n", 2, 1), ("two".into(), "^^^".into()));
}

#[test]
fn a_place_inside_of_a_character_marks_the_character() {
    assert_eq!(marked("a漢b", 1, 3), ("a漢b".into(), " ^^".into()));
}

#[test]
fn a_long_line_is_cut_around_the_mark() {
    let line = format!("{}wrong{}", "a ".repeat(100_000), " b".repeat(100_000));
    let (line, mark) = marked(&line, 1, 200_001);
    assert!(line.starts_with("...") && line.ends_with("..."), "{line}");
    assert!(line.len() <= 110, "{line}");
    assert_eq!(line.find("wrong"), mark.find('^'));
    assert_eq!(mark.trim(), "^^^^^");
}

#[test]
fn nothing_in_a_source_or_a_name_reaches_the_terminal_as_a_command() {
    let found = [Diagnostic::error(at(1, 1), "bad \x1b[31m").with_help("\u{202e}")];
    let text = render(&found, "\x07.ptx", Some("\x1b]0;title\x07 \u{9b}2J"));
    let harmful = |character: char| character.is_control() && character != '\n';
    assert!(
        !text.contains(harmful) && !text.contains('\u{202e}'),
        "{text:?}"
    );
}

proptest! {
    #[test]
    fn any_source_and_any_place_can_be_shown(
        source in r#"([ -~]|\PC|\t|\r|\n|\r\n|/\*|"|0x|é|漢){0,80}"#,
        line in 0u32..12,
        column in prop_oneof![0u32..120, Just(u32::MAX)],
        help in proptest::option::of(".{0,10}"),
    ) {
        let mut finding = Diagnostic::error(at(line, column), "wrong");
        finding.help = help;
        let text = render(&[finding], "a.ptx", Some(&source));
        prop_assert!(text.starts_with("error: wrong\n"));
        let is_mark = |line: &&str| line.contains('^') && line.trim_start().starts_with('|');
        for mark in text.lines().filter(is_mark) {
            prop_assert!(mark.len() < 250);
        }
    }

    #[test]
    fn a_long_line_is_never_shown_whole(
        piece in prop_oneof!["[a-z]{1,9} ", "é", "漢", "\t", "\u{301}", "\"[a-z]{300}\" "],
        column in 0u32..3000,
    ) {
        let source = piece.repeat(3000 / piece.len() + 1);
        let text = render(&[Diagnostic::error(at(1, column), "wrong")], "a.ptx", Some(&source));
        for line in text.lines() {
            prop_assert!(line.chars().count() < 430, "{line}");
        }
    }
}
