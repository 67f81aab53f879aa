//! Lines, and a cursor within one.

use super::super::refusal::{Found, Reason};

/// The text's lines, with their numbers.
pub(in super::super) struct Lines<'a> {
    rest: &'a str,
    next: u32,
}

impl<'a> Lines<'a> {
    pub(in super::super) fn of(text: &'a str) -> Self {
        Self {
            rest: text,
            next: 1,
        }
    }

    /// The number of the line that comes next.
    pub(in super::super) fn number(&self) -> u32 {
        self.next
    }

    /// The next line, without taking it.
    pub(in super::super) fn peek(&self) -> Option<&'a str> {
        let (line, _) = self.rest.split_once('\n')?;
        Some(line)
    }

    /// The next line, which ends in a line feed and holds printable ASCII and tabs alone.
    pub(in super::super) fn next(&mut self) -> Found<Option<&'a str>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let number = self.next;
        let Some((line, rest)) = self.rest.split_once('\n') else {
            return Err((number, malformed("a line without an end")));
        };
        let plain = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        if !line.bytes().all(plain) {
            return Err((number, malformed("a character that is never printed")));
        }
        self.rest = rest;
        self.next = number.saturating_add(1);
        Ok(Some(line))
    }

    /// The next line, which there must be.
    pub(in super::super) fn expect(&mut self) -> Found<&'a str> {
        let number = self.next;
        self.next()?
            .ok_or_else(|| (number, malformed("the text ends too early")))
    }
}

/// A statement that is not as it is printed.
pub(in super::super) fn malformed(what: &str) -> Reason {
    // A line may be as long as the text.
    let shown: String = what.chars().take(80).collect();
    Reason::Malformed(shown)
}

/// What is left of a line.
#[derive(Clone, Copy)]
pub(in super::super) struct Cursor<'a>(pub(in super::super) &'a str);

impl<'a> Cursor<'a> {
    pub(in super::super) fn is_at(&self, text: &str) -> bool {
        self.0.starts_with(text)
    }

    /// Takes the text if it is next.
    pub(in super::super) fn take(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes as many bytes as fit, all of them ASCII.
    pub(in super::super) fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let length = self.0.bytes().take_while(|byte| fits(*byte)).count();
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// A name: letters, digits, `_`, `%`, `$`, and with `dotted` also dots and colons.
    pub(in super::super) fn name(&mut self, dotted: bool) -> &'a str {
        self.take_while(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'%' | b'$')
                || (dotted && matches!(byte, b'.' | b':'))
        })
    }

    /// A decimal number without leading zeros, which would make it octal.
    pub(in super::super) fn number(&mut self) -> Option<u64> {
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        digits.parse().ok()
    }
}
