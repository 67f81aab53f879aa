//! Findings as a compiler shows them: with the line, and a mark below what is meant.

use super::{Diagnostic, Span};
use crate::front::ptx::token_length;
use std::fmt::Write as _;

/// Columns of source that are shown of a line.
const WIDTH: usize = 100;

/// Columns that are left for what stands before the mark in a line that is cut on both sides.
const BEFORE: usize = 60;

/// Columns that a tab takes.
const TAB: usize = 4;

/// What stands for a part of a line that is cut off.
const CUT: &str = "...";

/// Prints findings about a source that is called `name`, a blank line between them.
///
/// ```text
/// error: unknown instruction `add.q32`: `.q32` is not supported there
///   --> vector_add.ptx:12:8
///    |
/// 12 |     add.q32 %r1, %r2, %r3;
///    |        ^^^^
///    = help: docs/instructions.md lists the instructions that are supported
/// ```
///
/// Without a source, as for a binary module, and for a finding without a line the snippet is left out. The line does
/// no harm to a terminal: control characters are replaced, tabs expanded, and of a long line the part around the mark
/// is shown.
pub fn render(found: &[Diagnostic], name: &str, source: Option<&str>) -> String {
    let mut text = String::new();
    for diagnostic in found {
        if !text.is_empty() {
            text.push('\n');
        }
        render_one(&mut text, diagnostic, name, source);
    }
    text
}

fn render_one(text: &mut String, diagnostic: &Diagnostic, name: &str, source: Option<&str>) {
    let Diagnostic {
        severity,
        span,
        message,
        help,
        ..
    } = diagnostic;
    let snippet = source.and_then(|source| Snippet::of(source, *span));
    let number = match &snippet {
        Some(_) => span.line.to_string(),
        None => String::new(),
    };
    let indent = " ".repeat(number.len());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{severity}: {}", harmless(message));
    let _ = writeln!(text, "{indent}--> {}{}", harmless(name), place(*span));
    if let Some(Snippet { line, mark }) = snippet {
        let _ = writeln!(text, "{indent} |\n{number} | {}", line.trim_end());
        if !mark.is_empty() {
            let _ = writeln!(text, "{indent} | {mark}");
        }
    }
    if let Some(help) = help {
        let _ = writeln!(text, "{indent} = help: {}", harmless(help));
    }
}

/// What follows a source's name.
fn place(span: Span) -> String {
    match (span.line, span.column) {
        (0, _) => String::new(),
        (line, 0) => format!(":{line}"),
        (line, column) => format!(":{line}:{column}"),
    }
}

/// A line as it is shown, and what is shown below it.
struct Snippet {
    line: String,
    mark: String,
}

impl Snippet {
    /// None if the source has no such line.
    fn of(source: &str, span: Span) -> Option<Self> {
        let index = usize::try_from(span.line).ok()?.checked_sub(1)?;
        let line = source.split('\n').nth(index)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let at = floor_char_boundary(line, (span.column as usize).saturating_sub(1));
        let (before, rest) = line.split_at(at);
        let (left, right) = shares(before, rest);
        let (mut shown, left_cut) = take(before.chars().rev(), left);
        shown.reverse();
        let (after, right_cut) = take(rest.chars(), right);
        let (start, end) = (cut(left_cut), cut(right_cut));
        let mark = match span.column {
            0 => String::new(),
            _ => {
                let blank = " ".repeat(start.len() + columns(&shown));
                let marked = token_length(rest);
                let marked = rest.get(..marked).unwrap_or_default();
                let length: usize = marked.chars().map(width).sum();
                blank + &"^".repeat(length.clamp(1, columns(&after).max(1)))
            }
        };
        let cells = shown.iter().chain(&after);
        let text: String = cells.map(|&character| cell(character)).collect();
        Some(Self {
            line: format!("{start}{text}{end}"),
            mark,
        })
    }
}

fn cut(is_cut: bool) -> &'static str {
    if is_cut { CUT } else { "" }
}

/// How many columns the parts before and after the mark get.
fn shares(before: &str, rest: &str) -> (usize, usize) {
    // No more is looked at of either part than could be shown.
    let length = |taken: (Vec<char>, bool)| {
        if taken.1 {
            WIDTH + 1
        } else {
            columns(&taken.0)
        }
    };
    let before = length(take(before.chars().rev(), WIDTH));
    let rest = length(take(rest.chars(), WIDTH));
    if before + rest <= WIDTH {
        (WIDTH, WIDTH)
    } else if rest <= WIDTH - BEFORE {
        (WIDTH - rest, rest)
    } else if before <= BEFORE {
        (before, WIDTH - before)
    } else {
        (BEFORE, WIDTH - BEFORE)
    }
}

/// As many characters as fit, and whether there are more.
fn take(mut characters: impl Iterator<Item = char>, limit: usize) -> (Vec<char>, bool) {
    let (mut taken, mut columns) = (Vec::new(), 0);
    // Marks that take no column of their own could go on forever.
    while taken.len() < 2 * WIDTH {
        let Some(character) = characters.next() else {
            return (taken, false);
        };
        columns += width(character);
        if columns > limit {
            return (taken, true);
        }
        taken.push(character);
    }
    (taken, characters.next().is_some())
}

fn columns(characters: &[char]) -> usize {
    characters.iter().copied().map(width).sum()
}

/// A character as it is shown.
fn cell(character: char) -> String {
    match character {
        '\t' => " ".repeat(TAB),
        _ => shown(character).to_string(),
    }
}

/// A text without characters that move a terminal's cursor or turn its text around.
fn harmless(text: &str) -> String {
    let keep = |character| match character {
        '\n' => '\n',
        _ => shown(character),
    };
    text.chars().map(keep).collect()
}

/// The character, or what stands for it where it is no good in a terminal.
fn shown(character: char) -> char {
    match character {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(' '),
        '\x7f' => '\u{2421}',
        // Control characters of the second kind, and those that change the direction of a text.
        '\u{80}'..='\u{9f}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => character,
    }
}

/// Columns that a character takes in a terminal, for scripts that comments are written in (Unicode Standard Annex #11).
fn width(character: char) -> usize {
    match u32::from(character) {
        0x09 => TAB,
        // Combining marks, joiners, variation selectors.
        0x300..=0x36f | 0x200b..=0x200d | 0x2060 | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xfeff => 0,
        // Hangul, kana, ideographs, full-width forms, emoji.
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The last boundary of a character that is not behind `index`.
fn floor_char_boundary(text: &str, index: usize) -> usize {
    let index = index.min(text.len());
    (0..=index)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}
