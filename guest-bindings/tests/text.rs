//! Errors are lines that a person can read.

use wasi_cuda::{Diagnostic, Dim3, Error, Fault, FaultKind, Quota, Severity};

fn fault() -> Fault {
    Fault {
        kind: FaultKind::GlobalOutOfBounds,
        kernel: "off_by_one".into(),
        line: 31,
        column: 2,
        address: 0x10_0000_0fa0,
        size: 4,
        block: Dim3 { x: 3, y: 0, z: 0 },
        thread: Dim3 { x: 232, y: 0, z: 0 },
        detail: "4 bytes past the end of buffer 2 (4000 bytes), the argument `out`".into(),
    }
}

#[test]
fn a_fault_is_one_line() {
    assert_eq!(
        Error::Fault(Box::new(fault())).to_string(),
        "kernel `off_by_one` faulted at line 31, column 2: global memory access out of bounds, \
         4 bytes at 0x1000000fa0: 4 bytes past the end of buffer 2 (4000 bytes), the argument `out`; \
         block (3, 0, 0), thread (232, 0, 0)"
    );
}

#[test]
fn a_fault_leaves_out_what_is_unknown() {
    let fault = Fault {
        kind: FaultKind::Trap,
        line: 0,
        column: 0,
        address: 0,
        size: 0,
        detail: String::new(),
        ..fault()
    };
    assert_eq!(
        fault.to_string(),
        "kernel `off_by_one` faulted: trap; block (3, 0, 0), thread (232, 0, 0)"
    );
}

#[test]
fn a_refusal_lists_its_findings() {
    let finding = |line, column, message: &str| Diagnostic {
        severity: if line == 0 {
            Severity::Note
        } else {
            Severity::Error
        },
        line,
        column,
        message: message.into(),
    };
    let error = Error::Rejected(vec![
        finding(7, 5, "unknown instruction `frobnicate`"),
        finding(0, 0, "the module has PTX version 7.0"),
    ]);
    assert_eq!(
        error.to_string(),
        "the host refused the module\
         \n  line 7, column 5: error: unknown instruction `frobnicate`\
         \n  note: the module has PTX version 7.0"
    );
}

#[test]
fn an_error_that_main_returns_is_shown_as_its_text() {
    let error = Error::QuotaExceeded(Quota::Memory);
    assert_eq!(
        format!("{error:?}"),
        "more than the host allows of device memory"
    );
}
