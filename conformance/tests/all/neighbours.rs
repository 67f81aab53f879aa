//! Bad input leaves other guests of the same device untouched, during and after.

use crate::support::on_cpu::case;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
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
    let runner = Runner::new(ReferenceHost::sharing(device.clone()));
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
    assert_eq!(memory_left_behind(&device), 0, "bytes, after {bad}");
}

/// Bytes that stay in use although every guest has ended. What a guest leaves running is stopped first, which
/// takes a moment.
fn memory_left_behind(device: &Device) -> u64 {
    let begin = Instant::now();
    while device.memory_used() > 0 && begin.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(1));
    }
    device.memory_used()
}
