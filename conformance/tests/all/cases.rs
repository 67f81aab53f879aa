//! Every case passes on the CPU device.

use crate::support::on_cpu::result_of;
use wasi_cuda_conformance::{cases, programs};

macro_rules! passes {
    ($name:ident) => {
        #[test]
        fn $name() {
            let result = result_of(stringify!($name));
            if let Some(reason) = result.outcome.reason() {
                panic!("{}: {reason}", result.outcome.label());
            }
        }
    };
}

wasi_cuda_conformance::foreach_device!(passes);
wasi_cuda_conformance::foreach_memory!(passes);
wasi_cuda_conformance::foreach_module!(passes);
wasi_cuda_conformance::foreach_execution!(passes);
wasi_cuda_conformance::foreach_polling!(passes);
wasi_cuda_conformance::foreach_input!(passes);
wasi_cuda_conformance::foreach_types!(passes);

#[test]
fn every_suite_has_cases() {
    let cases = cases();
    for suite in programs::SUITES {
        assert!(
            cases.iter().any(|case| case.suite() == suite),
            "{suite} is empty"
        );
    }
}

#[test]
fn cases_are_named_after_their_programs_and_unique() {
    let mut names: Vec<_> = cases().iter().map(|case| case.name()).collect();
    let total = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), total);
}
