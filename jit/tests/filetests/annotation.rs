//! What a case expects at its lines: `//~ error at 5: message`.

use std::fmt;
use wasi_cuda_jit::{Diagnostic, Severity, Span};

/// What begins an annotation.
pub(crate) const MARK: &str = "//~";

/// Something that is reported about a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Annotation {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

/// Where it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    At { line: u32, column: u32 },
    End,
    Module,
}

/// What is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Error,
    Warning,
    Note,
    /// What ends the run with this number, counted from 1.
    Fault(usize),
}

impl Place {
    /// The place of a span in a text of so many lines.
    pub(crate) fn of(span: Span, lines: usize) -> Self {
        match span.line {
            0 => Self::Module,
            line if line as usize > lines => Self::End,
            line => Self::At {
                line,
                column: span.column,
            },
        }
    }

    /// The line it is written beside, if it is not written behind the last one.
    pub(crate) fn line(self) -> Option<u32> {
        match self {
            Self::At { line, .. } => Some(line),
            Self::End | Self::Module => None,
        }
    }
}

impl Annotation {
    pub(crate) fn of(found: &Diagnostic, lines: usize) -> Self {
        let kind = match found.severity {
            Severity::Error => Kind::Error,
            Severity::Warning => Kind::Warning,
            Severity::Note => Kind::Note,
        };
        Self {
            place: Place::of(found.span, lines),
            kind,
            text: found.message.clone(),
        }
    }

    /// Reads what stands behind one mark in this line.
    fn read(text: &str, line: u32) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{MARK}{text}` is none of: {MARK} error at COLUMN: MESSAGE; `at the end` or `of the module` for the place; \
                 `warning`, `note`, `fault` or `fault of run N` for the kind"
            )
        };
        let (head, message) = text.split_once(':').ok_or_else(wrong)?;
        let head = head.trim();
        let (head, place) = if let Some(head) = head.strip_suffix(" at the end") {
            (head, Place::End)
        } else if let Some(head) = head.strip_suffix(" of the module") {
            (head, Place::Module)
        } else {
            let (head, column) = head.rsplit_once(" at ").ok_or_else(wrong)?;
            let column = column.parse().map_err(|_| wrong())?;
            (head, Place::At { line, column })
        };
        let kind = match head {
            "error" => Kind::Error,
            "warning" => Kind::Warning,
            "note" => Kind::Note,
            "fault" => Kind::Fault(1),
            _ => {
                let run = head.strip_prefix("fault of run ").ok_or_else(wrong)?;
                Kind::Fault(run.parse().map_err(|_| wrong())?)
            }
        };
        Ok(Self {
            place,
            kind,
            text: message.trim().to_owned(),
        })
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK} ")?;
        match self.kind {
            Kind::Error => f.write_str("error")?,
            Kind::Warning => f.write_str("warning")?,
            Kind::Note => f.write_str("note")?,
            Kind::Fault(1) => f.write_str("fault")?,
            Kind::Fault(run) => write!(f, "fault of run {run}")?,
        }
        match self.place {
            Place::At { column, .. } => write!(f, " at {column}")?,
            Place::End => f.write_str(" at the end")?,
            Place::Module => f.write_str(" of the module")?,
        }
        write!(f, ": {}", self.text)
    }
}

/// A line without its annotations.
pub(crate) fn stripped(line: &str) -> &str {
    match line.split_once(MARK) {
        Some((code, _)) => code.trim_end(),
        None => line,
    }
}

/// The annotations of a line.
pub(crate) fn read_line(text: &str, line: u32) -> Result<Vec<Annotation>, String> {
    text.split(MARK)
        .skip(1)
        .map(|annotation| Annotation::read(annotation, line))
        .collect()
}
