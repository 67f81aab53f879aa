//! Bad input leaves other guests of the same device untouched, during and after.

use crate::support::on_cpu::case;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use wasi_cuda_conformance::reference::ReferenceHost;
use wasi_cuda_conformance::{Outcome, Runner};
use wasmtime_wasi_cuda::{CpuOptions, Device};

/// A program that computes and checks.
const HEALTHY: &str = "execution_two_streams";

macro_rules! leaves_others_untouched {
    ($name:ident) => {
        #[test]
        fn $name() {
            bad_input_leaves_a_neighbour_untouched(stringify!($name));
        }
    };
}

wasi_cuda_conformance::foreach_input!(leaves_others_untouched);

fn bad_input_leaves_a_neighbour_untouched(bad: &str) {
    let options = CpuOptions {
        total_memory: Some(case(bad).setup.device_memory),
        ..CpuOptions::default()
    };
    let device = Device::cpu(options).unwrap_or_else(|error| panic!("{error}"));
    let runner = Runner::new(ReferenceHost::sharing(device));
    let healthy = || runner.run_case(case(HEALTHY)).outcome;

    let done = AtomicBool::new(false);
    let during = thread::scope(|scope| {
        let neighbour = scope.spawn(|| {
            let mut outcomes = vec![healthy()];
            while !done.load(Ordering::Relaxed) {
                outcomes.push(healthy());
            }
            outcomes
        });
        let result = runner.run_case(case(bad));
        done.store(true, Ordering::Relaxed);
        assert_eq!(result.outcome, Outcome::Passed, "{bad}");
        neighbour.join().expect("the neighbour's thread")
    });
    assert!(
        during.iter().all(|outcome| *outcome == Outcome::Passed),
        "{during:?}"
    );
    assert_eq!(healthy(), Outcome::Passed, "after {bad}");
}
