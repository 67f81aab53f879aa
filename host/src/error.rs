//! Errors that guests see.

use crate::bindings::wasi::cuda::types::{ErrorCode, Fault, Quota};
use crate::fault;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::ResourceTableError;

/// Why a host function failed: an error for the guest, or a broken invariant of the host's, which traps.
#[derive(Debug)]
pub(crate) enum CudaError {
    /// The guest gets this. Boxed, since results that are mostly fine travel through many functions.
    Code(Box<ErrorCode>),
    /// The guest's instance is torn down with this.
    Trap(wasmtime::Error),
}

/// What host functions return.
pub(crate) type CudaResult<T> = Result<T, CudaError>;

impl CudaError {
    /// Splits an error into what the guest gets and what traps.
    pub(crate) fn into_code(self) -> wasmtime::Result<ErrorCode> {
        match self {
            Self::Code(code) => Ok(*code),
            Self::Trap(error) => Err(error),
        }
    }

    /// Whether a source was refused with findings.
    pub(crate) fn is_rejection(&self) -> bool {
        matches!(self, Self::Code(code) if matches!(**code, ErrorCode::Rejected(_)))
    }

    pub(crate) fn invalid_argument(text: impl Into<String>) -> Self {
        ErrorCode::InvalidArgument(text.into()).into()
    }

    pub(crate) fn invalid_state(text: impl Into<String>) -> Self {
        ErrorCode::InvalidState(text.into()).into()
    }

    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        ErrorCode::Unsupported(text.into()).into()
    }

    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        ErrorCode::NotFound(text.into()).into()
    }

    pub(crate) fn other(text: impl Into<String>) -> Self {
        ErrorCode::Other(Some(text.into())).into()
    }
}

/// For whoever watches the host: guests get the code itself.
impl fmt::Display for CudaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trap(error) => write!(f, "trap: {error:#}"),
            Self::Code(code) => match &**code {
                ErrorCode::InvalidArgument(text) => write!(f, "invalid-argument: {text}"),
                ErrorCode::InvalidState(text) => write!(f, "invalid-state: {text}"),
                ErrorCode::NotReady => f.write_str("not-ready"),
                ErrorCode::NotFound(text) => write!(f, "not-found: {text}"),
                ErrorCode::Unsupported(text) => write!(f, "unsupported: {text}"),
                ErrorCode::Rejected(found) => write!(f, "rejected: {} findings", found.len()),
                ErrorCode::OutOfMemory => f.write_str("out-of-memory"),
                ErrorCode::QuotaExceeded(quota) => write!(f, "quota-exceeded: {quota:?}"),
                ErrorCode::Fault(fault) => {
                    let (kernel, summary) = (&fault.kernel, fault::summary(fault));
                    write!(f, "fault: `{kernel}` in line {}: {summary}", fault.line)
                }
                ErrorCode::DeadlineExceeded => f.write_str("deadline-exceeded"),
                ErrorCode::Cancelled => f.write_str("cancelled"),
                ErrorCode::DeviceLost => f.write_str("device-lost"),
                ErrorCode::Other(None) => f.write_str("other"),
                ErrorCode::Other(Some(text)) => write!(f, "other: {text}"),
            },
        }
    }
}

impl From<ErrorCode> for CudaError {
    fn from(code: ErrorCode) -> Self {
        Self::Code(Box::new(code))
    }
}

impl From<Quota> for CudaError {
    fn from(quota: Quota) -> Self {
        ErrorCode::QuotaExceeded(quota).into()
    }
}

impl From<ResourceTableError> for CudaError {
    fn from(error: ResourceTableError) -> Self {
        match error {
            // How many handles a store holds is the embedder's limit, which a guest may run into.
            ResourceTableError::Full => Quota::Other("handles".into()).into(),
            other => Self::Trap(other.into()),
        }
    }
}

/// Why a stream's work failed.
#[derive(Clone, Debug)]
pub(crate) enum StreamError {
    Fault(Arc<Fault>),
    DeadlineExceeded,
    Cancelled,
    DeviceLost,
    /// The driver did not take the work, and why.
    Refused(Arc<str>),
}

impl From<StreamError> for CudaError {
    fn from(error: StreamError) -> Self {
        let code = match error {
            StreamError::Fault(fault) => ErrorCode::Fault((*fault).clone()),
            StreamError::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            StreamError::Cancelled => ErrorCode::Cancelled,
            StreamError::DeviceLost => ErrorCode::DeviceLost,
            StreamError::Refused(text) => ErrorCode::Other(Some(text.to_string())),
        };
        code.into()
    }
}
