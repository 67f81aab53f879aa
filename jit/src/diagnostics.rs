//! What the compiler finds in a module's source.

mod render;

use crate::limits::MAX_DIAGNOSTICS;
use std::borrow::Cow;
use std::fmt;

pub use render::render;

/// A position in a module's source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Line, counted from 1; 0 when it is the whole module.
    pub line: u32,
    /// Column in bytes, counted from 1; 0 when unknown.
    pub column: u32,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The module is refused because of it.
    Error,
    /// The module is accepted, but probably does not do what was meant.
    Warning,
    /// Needs no action.
    Note,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Where it is.
    pub span: Span,
    /// What was found, and what to do about it where `help` does not say so.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What was printed of the module, where that could not be proved to be safe: for a report of the compiler's mistake.
    pub printed: Option<String>,
}

impl Diagnostic {
    /// A finding that refuses the module.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, span, message)
    }

    /// A finding that does not refuse the module.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, span, message)
    }

    /// A finding that needs no action.
    pub fn note(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, span, message)
    }

    fn new(severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity,
            span,
            message: message.into(),
            help: None,
            printed: None,
        }
    }

    /// The same finding, with what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Message and help as one text, for whoever has one place for both.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.help {
            Some(help) => Cow::Owned(format!("{}; {help}", self.message)),
            None => Cow::Borrowed(&self.message),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.span, self.severity, self.text())
    }
}

/// The findings of one step, in the order they were made.
///
/// Holds at most [`MAX_DIAGNOSTICS`]; errors past that are counted as errors but not kept.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    failed: bool,
    full: bool,
}

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.failed |= diagnostic.severity == Severity::Error;
        if self.found.len() < MAX_DIAGNOSTICS {
            self.found.push(diagnostic);
        }
    }

    /// Adds an error behind which looking on helps nobody.
    pub(crate) fn fill(&mut self, diagnostic: Diagnostic) {
        self.found.truncate(MAX_DIAGNOSTICS - 1);
        self.push(diagnostic);
        self.full = true;
    }

    /// Adds an error.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(span, message));
    }

    /// Whether any finding refuses the module.
    pub fn has_errors(&self) -> bool {
        self.failed
    }

    /// Whether so much was found that looking on helps nobody.
    pub fn is_full(&self) -> bool {
        self.full || self.found.len() >= MAX_DIAGNOSTICS
    }

    /// The findings.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.found
    }
}
