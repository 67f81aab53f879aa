//! That the simulator finds what it is there to find.

use super::*;
use kernels::Gate;
use std::time::Instant;

/// A simulated GPU that is current here.
fn simulated() -> Arc<Simulated> {
    let simulated = Simulated::new(usual());
    simulated.bind().unwrap();
    simulated
}

fn eventually(condition: impl FnMut() -> bool) {
    crate::testing::eventually(condition);
}

fn only_violation(simulated: &Simulated) -> String {
    let violations = simulated.violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations[0].clone()
}

/// Device memory with something in it, and pinned memory.
fn two_ranges(simulated: &Simulated) -> (u64, u64) {
    let here = simulated.allocate(256).unwrap();
    let there = simulated.allocate_pinned(256).unwrap();
    (here, there.0 as u64)
}

fn copy(simulated: &Simulated, stream: StreamHandle, from: u64, to: u64) -> Result<()> {
    // SAFETY: that the ranges live is what the simulator looks after.
    unsafe { simulated.copy(stream, from, to, 64) }
}

#[test]
fn memory_that_a_copy_in_flight_uses_cannot_be_given_back_unnoticed() {
    let simulated = simulated();
    let (here, there) = two_ranges(&simulated);
    let stream = simulated.create_stream(0).unwrap();
    let holding = simulated.hold(Hold::Stream(stream));
    copy(&simulated, stream, here, there).unwrap();
    simulated.free(here).unwrap();
    assert!(only_violation(&simulated).contains("which a Copy in flight uses"));
    drop(holding);
}

#[test]
fn an_access_to_memory_that_is_gone_is_noticed() {
    let simulated = simulated();
    let (here, there) = two_ranges(&simulated);
    let stream = simulated.create_stream(0).unwrap();
    simulated.free(here).unwrap();
    assert!(copy(&simulated, stream, here, there).is_err());
    assert!(only_violation(&simulated).contains("nothing is at"));
}

#[test]
fn a_range_may_lie_in_two_mappings_side_by_side_and_not_past_them() {
    let simulated = simulated();
    let granularity = simulated.properties().granularity;
    let window = simulated.reserve(4 * granularity).unwrap();
    let first = simulated.map(window, granularity).unwrap();
    let second = simulated.map(window + granularity, granularity).unwrap();
    let stream = simulated.create_stream(0).unwrap();
    let both = window + granularity - 32;
    copy(&simulated, stream, both, window).unwrap();
    eventually(|| simulated.is_done(stream).unwrap());
    assert!(simulated.violations().is_empty());
    assert!(copy(&simulated, stream, window + 2 * granularity - 32, window).is_err());
    only_violation(&simulated);
    simulated
        .unmap(window + granularity, granularity, second)
        .unwrap();
    simulated.unmap(window, granularity, first).unwrap();
    simulated.unreserve(window, 4 * granularity).unwrap();
    simulated.destroy_stream(stream).unwrap();
    assert_eq!(simulated.left(), [""; 0]);
}

#[test]
fn calls_need_the_context_on_their_thread() {
    let simulated = simulated();
    let other = simulated.clone();
    std::thread::spawn(move || other.create_event().unwrap())
        .join()
        .unwrap();
    assert!(only_violation(&simulated).contains("CreateEvent on a thread"));
    let second = Simulated::new(usual());
    assert!(second.violations().is_empty());
    second.create_event().unwrap();
    only_violation(&second);
}

#[test]
fn what_is_not_given_back_is_listed() {
    let simulated = simulated();
    simulated.create_event().unwrap();
    simulated.allocate_pinned(16).unwrap();
    assert_eq!(simulated.left(), ["1 pinned allocations", "1 events"]);
}

#[test]
fn calls_fail_when_they_are_told_to_and_all_of_them_in_a_broken_context() {
    let simulated = simulated();
    simulated.create_event().unwrap();
    simulated.fail(Call::CreateEvent, 2, OUT_OF_MEMORY);
    simulated.create_event().unwrap();
    let error = simulated.create_event().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cuEventCreate: CUDA_ERROR_OUT_OF_MEMORY (2)"
    );
    assert!(!error.is_fatal());
    simulated.create_event().unwrap();
    simulated.break_with(ILLEGAL_ADDRESS);
    assert!(simulated.create_event().unwrap_err().is_fatal());
    assert!(simulated.bind().unwrap_err().is_fatal());
}

#[test]
fn a_stream_waits_for_an_event_and_times_count_between_two() {
    let simulated = simulated();
    let [first, second] = [0, -1].map(|priority| simulated.create_stream(priority).unwrap());
    assert_eq!(simulated.priority(second), Some(-1));
    let [before, after] = [(); 2].map(|()| simulated.create_event().unwrap());
    let holding = simulated.hold(Hold::Stream(first));
    simulated.record(before, first).unwrap();
    simulated.wait_for(second, before).unwrap();
    simulated.record(after, second).unwrap();
    assert_eq!(
        simulated.elapsed(before, after).unwrap_err().code,
        NOT_READY
    );
    assert!(!simulated.is_done(second).unwrap());
    drop(holding);
    eventually(|| simulated.is_done(second).unwrap());
    assert!(simulated.elapsed(before, after).unwrap() >= 0);
}

#[test]
fn a_destroyed_stream_still_does_its_work() {
    let simulated = simulated();
    let (here, there) = two_ranges(&simulated);
    simulated.shared.memory.write(here, &[7; 64]).unwrap();
    let stream = simulated.create_stream(0).unwrap();
    let holding = simulated.hold(Hold::Kind(Kind::Copy));
    copy(&simulated, stream, here, there).unwrap();
    simulated.destroy_stream(stream).unwrap();
    drop(holding);
    let mut bytes = [0; 64];
    eventually(|| {
        simulated.shared.memory.read(there, &mut bytes).unwrap();
        bytes == [7; 64]
    });
}

#[test]
fn a_waiting_kernel_ends_with_its_gpu() {
    let simulated = simulated();
    let gate = Gate::default();
    let ended = Arc::new(AtomicBool::new(false));
    let (door, end) = (gate.clone(), ended.clone());
    simulated.script_next_module(vec![Arc::new(move |run: &Run<'_>| {
        door.pass(run);
        end.store(true, SeqCst);
    })]);
    // SAFETY: text that ends with a zero.
    let module = unsafe { simulated.load(b"\0") }.unwrap();
    let function = simulated.function(module, c"kernel0").unwrap();
    let stream = simulated.create_stream(0).unwrap();
    let (words, _) = two_ranges(&simulated);
    let launched = Launched {
        body: crate::lock(&simulated.modules).body(function).unwrap().1,
        module: module.0,
        shape: Shape {
            grid: [1; 3],
            block: [1; 3],
            shared: 0,
        },
        parameters: Vec::new(),
        record: wasi_cuda_jit::back::ptx::LaunchRecord {
            stop: words,
            fault: words + 64,
            ..Default::default()
        },
    };
    simulated
        .enqueue(Call::Launch, stream, Work::Launch(Box::new(launched)))
        .unwrap();
    eventually(|| gate.is_reached());
    simulated.unload(module).unwrap();
    assert!(only_violation(&simulated).contains("in flight"));
    let begun = Instant::now();
    drop(simulated);
    eventually(|| ended.load(SeqCst));
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
}
