//! The one error type.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use crate::{Diagnostic, Fault, Quota, Severity, bindings::wasi::cuda::types::ErrorCode};

/// Why a call failed.
///
/// Nothing that the guest owns is lost by an error, except after [`Error::DeviceLost`].
///
/// `Debug` prints the same text as `Display`, because that is what `fn main() -> Result<(), Error>`
/// and `unwrap` show.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// An argument is outside its documented domain; the text says which and why.
    InvalidArgument(String),
    /// The call does not fit the object's state; the text says why.
    InvalidState(String),
    /// The result does not exist yet.
    NotReady,
    /// No such device, function or builtin; the text names it.
    NotFound(String),
    /// Well formed, but not supported by this device or this host; the text says what is.
    Unsupported(String),
    /// The module was refused; at least one diagnostic is an error.
    Rejected(Vec<Diagnostic>),
    /// The device has no memory left although the guest is within its quota.
    OutOfMemory,
    /// The call would exceed a limit that the host sets.
    QuotaExceeded(Quota),
    /// A kernel enqueued earlier on this stream did what its sandbox stopped.
    Fault(Box<Fault>),
    /// The work ran past its time limit and was stopped.
    DeadlineExceeded,
    /// The work was cancelled before it finished.
    Cancelled,
    /// The device stopped working; every object on it is gone.
    DeviceLost,
    /// A failure that has no case of its own.
    Other(Option<String>),
}

impl core::error::Error for Error {}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidArgument(text) => Self::InvalidArgument(text),
            ErrorCode::InvalidState(text) => Self::InvalidState(text),
            ErrorCode::NotReady => Self::NotReady,
            ErrorCode::NotFound(text) => Self::NotFound(text),
            ErrorCode::Unsupported(text) => Self::Unsupported(text),
            ErrorCode::Rejected(diagnostics) => Self::Rejected(diagnostics),
            ErrorCode::OutOfMemory => Self::OutOfMemory,
            ErrorCode::QuotaExceeded(quota) => Self::QuotaExceeded(quota),
            ErrorCode::Fault(fault) => Self::Fault(Box::new(fault)),
            ErrorCode::DeadlineExceeded => Self::DeadlineExceeded,
            ErrorCode::Cancelled => Self::Cancelled,
            ErrorCode::DeviceLost => Self::DeviceLost,
            ErrorCode::Other(text) => Self::Other(text),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidArgument(text) => write!(f, "invalid argument: {text}"),
            Self::InvalidState(text) => write!(f, "invalid state: {text}"),
            Self::NotReady => f.write_str("the result does not exist yet"),
            Self::NotFound(text) => write!(f, "not found: {text}"),
            Self::Unsupported(text) => write!(f, "unsupported: {text}"),
            Self::Rejected(diagnostics) => rejected(f, diagnostics),
            Self::OutOfMemory => f.write_str("the device has no memory left"),
            Self::QuotaExceeded(quota) => write!(f, "more than the host allows of {quota}"),
            Self::Fault(fault) => fault.fmt(f),
            Self::DeadlineExceeded => f.write_str("the work ran past its time limit"),
            Self::Cancelled => f.write_str("the work was cancelled"),
            Self::DeviceLost => f.write_str("the device stopped working"),
            Self::Other(Some(text)) => f.write_str(text),
            Self::Other(None) => f.write_str("an unknown failure"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One line for the refusal and one for each finding.
fn rejected(f: &mut fmt::Formatter<'_>, diagnostics: &[Diagnostic]) -> fmt::Result {
    f.write_str("the host refused the module")?;
    diagnostics
        .iter()
        .try_for_each(|diagnostic| write!(f, "\n  {diagnostic}"))
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => {}
            (line, 0) => write!(f, "line {line}: ")?,
            (line, column) => write!(f, "line {line}, column {column}: ")?,
        }
        write!(f, "{}: {}", self.severity, self.message)
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

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "device memory",
            Self::MappedMemory => "mapped memory",
            Self::LocalMemory => "local memory of threads",
            Self::Buffers => "buffers",
            Self::Modules => "modules",
            Self::Streams => "streams",
            Self::Events => "events",
            Self::Graphs => "graphs",
            Self::PendingWork => "pending work",
            Self::Blocks => "blocks in a launch",
            Self::DeviceTime => "device time",
            Self::SourceSize => "a module's source",
            Self::CompileTime => "time to compile a module",
            Self::Other(text) => text,
        })
    }
}
