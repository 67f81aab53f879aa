//! Checks of results, and the lines that tell that they held.

use wasi_cuda::{Error, Quota};

/// Tells the suite that `function` was seen to end with `case`: an error's name in the WIT, or `ok`.
///
/// Call it right after the assertion that it tells about.
pub fn covers(function: &str, case: &str) {
    println!("covers {function} {case}");
}

/// The value of a call that has to succeed.
#[track_caller]
pub fn ok<T, E: Into<Error>>(function: &str, result: Result<T, E>) -> T {
    match result.map_err(Into::into) {
        Ok(value) => {
            covers(function, "ok");
            value
        }
        Err(error) => panic!(
            "{function} should have succeeded, but failed with {}: {error}",
            name(&error)
        ),
    }
}

/// The error of a call that has to fail with the case that the WIT calls `case`.
#[track_caller]
pub fn refused<T, E: Into<Error>>(function: &str, case: &str, result: Result<T, E>) -> Error {
    match result.map_err(Into::into) {
        Ok(_) => panic!("{function} should have failed with {case}, but succeeded"),
        Err(error) if name(&error) == case => {
            covers(function, case);
            error
        }
        Err(error) => panic!(
            "{function} should have failed with {case}, but did with {}: {error}",
            name(&error)
        ),
    }
}

/// As [`refused`]; the text has to contain each of `words`.
#[track_caller]
pub fn refused_saying<T, E: Into<Error>>(
    function: &str,
    case: &str,
    words: &[&str],
    result: Result<T, E>,
) {
    let text = refused(function, case, result).to_string();
    for word in words {
        assert!(
            text.contains(word),
            "the {case} of {function} should say `{word}`, but says: {text}"
        );
    }
}

/// The call has to fail because of this quota.
#[track_caller]
pub fn refused_with<T, E: Into<Error>>(function: &str, quota: Quota, result: Result<T, E>) {
    match result.map_err(Into::into) {
        Err(Error::QuotaExceeded(seen)) if seen == quota => covers(function, "quota-exceeded"),
        Err(error) => {
            panic!("{function} should have exceeded the quota of {quota}, but failed with: {error}")
        }
        Ok(_) => panic!("{function} should have exceeded the quota of {quota}, but succeeded"),
    }
}

/// What the WIT calls an error.
fn name(error: &Error) -> &'static str {
    match error {
        Error::InvalidArgument(_) => "invalid-argument",
        Error::InvalidState(_) => "invalid-state",
        Error::NotReady => "not-ready",
        Error::NotFound(_) => "not-found",
        Error::Unsupported(_) => "unsupported",
        Error::Rejected(_) => "rejected",
        Error::OutOfMemory => "out-of-memory",
        Error::QuotaExceeded(_) => "quota-exceeded",
        Error::Fault(_) => "fault",
        Error::DeadlineExceeded => "deadline-exceeded",
        Error::Cancelled => "cancelled",
        Error::DeviceLost => "device-lost",
        _ => "other",
    }
}
