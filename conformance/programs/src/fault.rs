//! Checks of faults.

use wasi_cuda::{Dim3, Error, Fault, FaultKind};

/// What a fault has to tell.
#[derive(Debug)]
pub struct Expected<'a> {
    /// What happened.
    pub kind: FaultKind,
    /// The entry point.
    pub kernel: &'a str,
    /// The line in the source, counted from 1.
    pub line: u32,
    /// The faulting address.
    pub address: u64,
    /// The size of the access in bytes.
    pub size: u32,
    /// The block's x; y and z are 0.
    pub block: u32,
    /// The thread's x; y and z are 0.
    pub thread: u32,
}

/// The result has to be the fault that is expected.
///
/// # Panics
///
/// With what is different.
#[track_caller]
pub fn faulted<T>(result: wasi_cuda::Result<T>, expected: &Expected<'_>) {
    let Err(Error::Fault(fault)) = result else {
        let came = result
            .err()
            .map_or("success".into(), |error| error.to_string());
        panic!("there should have been a fault, {expected:?}, but came {came}");
    };
    let Fault {
        kind,
        kernel,
        line,
        column,
        address,
        size,
        block,
        thread,
        detail,
    } = &*fault;
    assert_eq!(*kind, expected.kind, "the kind of: {fault}");
    assert_eq!(kernel, expected.kernel, "the kernel of: {fault}");
    assert_eq!(*line, expected.line, "the line of: {fault}");
    assert!(*column >= 1, "the column should be known in: {fault}");
    assert_eq!(*address, expected.address, "the address of: {fault}");
    assert_eq!(*size, expected.size, "the size of: {fault}");
    assert_eq!(
        *block,
        Dim3 {
            x: expected.block,
            y: 0,
            z: 0
        },
        "the block of: {fault}"
    );
    assert_eq!(
        *thread,
        Dim3 {
            x: expected.thread,
            y: 0,
            z: 0
        },
        "the thread of: {fault}"
    );
    assert!(
        !detail.is_empty(),
        "the detail should tell people more in: {fault}"
    );
}

/// The number, from 1, of the only line of `source` that ends with the comment `// name`.
///
/// # Panics
///
/// When there is no such line.
pub fn line_of(source: &str, name: &str) -> u32 {
    let comment = format!("// {name}");
    let index = source.lines().position(|line| line.ends_with(&comment));
    1 + index.unwrap_or_else(|| panic!("no line of the kernels ends with `{comment}`")) as u32
}
