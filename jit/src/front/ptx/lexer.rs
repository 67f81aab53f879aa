//! PTX text to tokens (PTX ISA, "Lexical Elements").

use crate::diagnostics::{Diagnostic, Span};
use crate::limits::MAX_NAME_BYTES;

/// Bytes of a number: 64 binary digits, and their prefix and suffix.
const MAX_NUMBER_BYTES: usize = 80;

/// A token with its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// A name, with its `%`, `$` or `_`.
    Word(&'a str),
    /// A name behind a dot, without the dot; `::` parts come along.
    Dot(&'a str),
    /// An integer constant.
    Integer(u64),
    /// A floating-point constant, as a double.
    Double(f64),
    /// A `0f` constant: the bits of a float.
    FloatBits(u32),
    /// A string, without its quotes.
    Text(&'a str),
    /// A character that stands for itself.
    Punctuation(char),
    /// The end of the text.
    End,
}

impl std::fmt::Display for TokenKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Dot(word) => write!(f, "`.{word}`"),
            Self::Integer(value) => write!(f, "`{value}`"),
            Self::Double(value) => write!(f, "`{value}`"),
            Self::FloatBits(bits) => write!(f, "`0f{bits:08X}`"),
            Self::Text(_) => f.write_str("a string"),
            Self::Punctuation(character) => write!(f, "`{character}`"),
            Self::End => f.write_str("the end of the source"),
        }
    }
}

/// Reads tokens one at a time, so that a long source costs no memory before it is parsed.
pub(super) struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            at: 0,
            line: 1,
            line_start: 0,
        }
    }

    /// Bytes of the source.
    pub(super) fn source_bytes(&self) -> usize {
        self.source.len()
    }

    /// The next token; after the last one [`TokenKind::End`], again and again.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Diagnostic> {
        self.skip_blanks()?;
        let span = self.span();
        let Some(first) = self.peek(0) else {
            return Ok(Token {
                kind: TokenKind::End,
                span,
            });
        };
        let kind = match first {
            // `.2d` is a word that begins with a digit.
            b'.' if self.peek(1).is_some_and(starts_word)
                || (self.peek(1).is_some_and(|byte| byte.is_ascii_digit())
                    && self.peek(2) == Some(b'd')) =>
            {
                self.at += 1;
                TokenKind::Dot(self.dotted_word(span)?)
            }
            b'"' => self.text(span)?,
            b'0'..=b'9' => self.number(span)?,
            _ if starts_word(first) => TokenKind::Word(self.word(span)?),
            _ if first.is_ascii_graphic() => {
                self.at += 1;
                TokenKind::Punctuation(char::from(first))
            }
            _ => return Err(Diagnostic::error(span, self.unexpected_character())),
        };
        Ok(Token { kind, span })
    }

    /// Reads a token; says where it ends, in bytes, or nothing where there is none.
    pub(super) fn token_end(&mut self) -> Option<usize> {
        self.next().ok().map(|_| self.at)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + ahead).copied()
    }

    fn span(&self) -> Span {
        let column = self.at - self.line_start + 1;
        Span {
            line: self.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    fn unexpected_character(&self) -> String {
        match self
            .source
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            Some('\0') => "a NUL byte is no part of PTX; remove it".into(),
            Some(character) => {
                format!(
                    "the character U+{:04X} is no part of PTX; names and operators are ASCII",
                    u32::from(character)
                )
            }
            None => "the source ends inside a character".into(),
        }
    }

    fn newline(&mut self) {
        self.line = self.line.saturating_add(1);
        self.line_start = self.at;
    }

    fn skip_blanks(&mut self) -> Result<(), Diagnostic> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'\n'), _) => {
                    self.at += 1;
                    self.newline();
                }
                (Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c), _) => self.at += 1,
                (Some(b'/'), Some(b'/')) => self.skip_while(|byte| byte != b'\n'),
                (Some(b'/'), Some(b'*')) => self.skip_block_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_block_comment(&mut self) -> Result<(), Diagnostic> {
        let opened = self.span();
        self.at += 2;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'*'), Some(b'/')) => {
                    self.at += 2;
                    return Ok(());
                }
                (Some(b'\n'), _) => {
                    self.at += 1;
                    self.newline();
                }
                (Some(_), _) => self.at += 1,
                (None, _) => {
                    return Err(Diagnostic::error(
                        opened,
                        "the comment that begins here has no `*/`",
                    ));
                }
            }
        }
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    /// Text between two positions that both lie next to ASCII characters.
    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.source.get(start..end).unwrap_or_default()
    }

    fn word(&mut self, span: Span) -> Result<&'a str, Diagnostic> {
        let start = self.at;
        // The first byte may be a `%`, which no later one is.
        self.at += 1;
        self.skip_while(continues_word);
        self.checked_name(start, span)
    }

    fn dotted_word(&mut self, span: Span) -> Result<&'a str, Diagnostic> {
        let start = self.at;
        self.at += 1;
        self.skip_while(continues_word);
        while self.peek(0) == Some(b':')
            && self.peek(1) == Some(b':')
            && self.peek(2).is_some_and(continues_word)
        {
            self.at += 2;
            self.skip_while(continues_word);
        }
        self.checked_name(start, span)
    }

    fn checked_name(&self, start: usize, span: Span) -> Result<&'a str, Diagnostic> {
        if self.at - start > MAX_NAME_BYTES {
            return Err(Diagnostic::error(
                span,
                format!("a name is longer than {MAX_NAME_BYTES} bytes"),
            ));
        }
        Ok(self.slice(start, self.at))
    }

    fn text(&mut self, span: Span) -> Result<TokenKind<'a>, Diagnostic> {
        self.at += 1;
        let start = self.at;
        self.skip_while(|byte| byte != b'"' && byte != b'\n');
        let text = self.slice(start, self.at);
        if self.peek(0) != Some(b'"') {
            return Err(Diagnostic::error(
                span,
                "the string that begins here does not end on its line",
            ));
        }
        self.at += 1;
        Ok(TokenKind::Text(text))
    }

    /// PTX ISA, "Constants".
    fn number(&mut self, span: Span) -> Result<TokenKind<'a>, Diagnostic> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_alphanumeric());
        let is_fraction =
            self.peek(0) == Some(b'.') && self.peek(1).is_some_and(|byte| byte.is_ascii_digit());
        if is_fraction {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_alphanumeric());
        }
        let word = self.slice(start, self.at);
        let is_decimal = !word.starts_with("0x") && !word.starts_with("0X");
        if is_decimal && word.ends_with(['e', 'E']) && matches!(self.peek(0), Some(b'-' | b'+')) {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        let word = self.slice(start, self.at);
        if word.len() > MAX_NUMBER_BYTES {
            let message = format!("a number is longer than {MAX_NUMBER_BYTES} bytes");
            return Err(Diagnostic::error(span, message));
        }
        read_number(word)
            .ok_or_else(|| Diagnostic::error(span, format!("`{word}` is no number that PTX knows")))
    }
}

fn read_number(word: &str) -> Option<TokenKind<'static>> {
    let bytes = word.as_bytes();
    let digits = |from: usize| word.get(from..).filter(|rest| !rest.is_empty());
    match (bytes.first()?, bytes.get(1)) {
        (b'0', Some(b'f' | b'F')) if word.len() == 10 => u32::from_str_radix(digits(2)?, 16)
            .ok()
            .map(TokenKind::FloatBits),
        (b'0', Some(b'd' | b'D')) if word.len() == 18 => u64::from_str_radix(digits(2)?, 16)
            .ok()
            .map(|bits| TokenKind::Double(f64::from_bits(bits))),
        (b'0', Some(b'x' | b'X')) => read_integer(digits(2)?, 16),
        (b'0', Some(b'b' | b'B')) => read_integer(digits(2)?, 2),
        (b'0', Some(b'0'..=b'9')) if !word.contains(['.', 'e', 'E']) => read_integer(digits(1)?, 8),
        _ if word.contains(['.', 'e', 'E']) => word.parse().ok().map(TokenKind::Double),
        _ => read_integer(word, 10),
    }
}

fn read_integer(digits: &str, radix: u32) -> Option<TokenKind<'static>> {
    let digits = digits.strip_suffix('U').unwrap_or(digits);
    u64::from_str_radix(digits, radix)
        .ok()
        .map(TokenKind::Integer)
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | b'%')
}

fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<TokenKind<'_>> {
        let mut lexer = Lexer::new(source);
        let mut kinds = Vec::new();
        loop {
            match lexer.next().unwrap().kind {
                TokenKind::End => return kinds,
                kind => kinds.push(kind),
            }
        }
    }

    #[test]
    fn an_instruction_falls_into_words_and_suffixes() {
        use TokenKind::{Dot, Punctuation, Word};
        let expected = [
            Word("ld"),
            Dot("global"),
            Dot("L2::128B"),
            Word("%r1"),
            Punctuation(','),
        ];
        assert_eq!(kinds("ld.global.L2::128B /* x */ %r1, // end"), expected);
    }

    #[test]
    fn numbers_are_read_in_every_spelling() {
        use TokenKind::{Double, FloatBits, Integer};
        let expected = [
            Integer(31),
            Integer(31),
            Integer(31),
            Integer(5),
            FloatBits(0x3f80_0000),
            Double(1.0),
            Double(2.5),
        ];
        assert_eq!(
            kinds("31 0x1FU 037 0b101 0f3F800000 0d3FF0000000000000 2.5"),
            expected
        );
    }

    #[test]
    fn a_nul_is_refused_where_it_stands() {
        let mut lexer = Lexer::new("\n  \0");
        let error = lexer.next().unwrap_err();
        assert_eq!((error.span.line, error.span.column), (2, 3));
        assert!(error.message.contains("NUL"), "{error}");
    }
}
