//! Cases run on the CPU device, each once however many tests ask for its result.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};
use wasi_cuda_conformance::reference::ReferenceHost;
use wasi_cuda_conformance::{Case, CaseResult, Runner, cases};

struct Entry {
    case: Case,
    result: OnceLock<CaseResult>,
}

static ENTRIES: LazyLock<BTreeMap<&str, Entry>> = LazyLock::new(|| {
    let entry = |case: Case| {
        let result = OnceLock::new();
        (case.name(), Entry { case, result })
    };
    cases().into_iter().map(entry).collect()
});

static RUNNER: LazyLock<Runner<ReferenceHost>> = LazyLock::new(|| {
    Runner::new(ReferenceHost::open("cpu").unwrap_or_else(|error| panic!("{error}")))
});

/// A case by its name.
pub(crate) fn case(name: &str) -> &'static Case {
    let entry = ENTRIES
        .get(name)
        .unwrap_or_else(|| panic!("there is no case {name}"));
    &entry.case
}

/// What a case showed.
pub(crate) fn result_of(name: &str) -> &'static CaseResult {
    let case = case(name);
    ENTRIES[name].result.get_or_init(|| RUNNER.run_case(case))
}
