//! Loading and unloading.

use super::*;
use crate::backend::cuda::driver::simulated::{INVALID_PTX, OUT_OF_MEMORY};

fn refusal(machine: &Machine, text: &str) -> String {
    let source = ModuleSource::Ptx(text.to_owned());
    match machine.device().backend().compile(&source, false, &NoClock) {
        Ok(_) => panic!("it was not refused"),
        Err(found) => found.iter().map(|it| it.text().into_owned()).collect(),
    }
}

#[tokio::test]
async fn a_module_is_unloaded_after_the_last_launch_of_it() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let gate = Gate::default();
    // The operation is all that has the kernel.
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    eventually(|| gate.is_reached());
    assert_eq!(machine.gpu.modules_loaded(), 1);
    gate.open();
    soon(stream.synchronize()).await.unwrap();
    eventually(|| machine.gpu.modules_loaded() == 0);
}

#[test]
fn what_the_drivers_compiler_says_is_told() {
    let machine = Machine::new();
    machine.gpu.fail(Call::Load, 1, INVALID_PTX);
    let told = refusal(&machine, SCRIPTED);
    assert!(told.contains("CUDA_ERROR_INVALID_PTX (218)"), "{told}");
    assert!(told.contains("ptxas error"), "{told}");
    machine.compile(SCRIPTED);
}

#[test]
fn a_module_whose_kernel_is_not_found_is_unloaded() {
    let machine = Machine::new();
    for call in [Call::Function, Call::Resources] {
        machine.gpu.fail(call, 1, OUT_OF_MEMORY);
        assert!(
            refusal(&machine, SCRIPTED).contains("OUT_OF_MEMORY"),
            "{call:?}"
        );
        eventually(|| machine.gpu.modules_loaded() == 0);
    }
}

#[test]
fn a_source_that_the_sandbox_refuses_never_comes_to_the_driver() {
    let machine = Machine::new();
    let before = machine.gpu.made(Call::Load);
    assert!(
        !refusal(
            &machine,
            &SCRIPTED.replace("st.global.u32", "st.nowhere.u32")
        )
        .is_empty()
    );
    assert_eq!(machine.gpu.made(Call::Load), before);
}

#[tokio::test]
async fn guests_that_load_one_source_share_it() {
    let machine = Machine::new();
    let load = || {
        let device = machine.device();
        let source = ModuleSource::Ptx(SCRIPTED.to_owned());
        device
            .compiler()
            .load(device.backend(), source, false, LONG)
    };
    let (first, second) = tokio::join!(load(), load());
    assert!(Arc::ptr_eq(
        &first.unwrap().program,
        &second.unwrap().program
    ));
    assert_eq!(machine.gpu.made(Call::Load), 1);
}

#[test]
fn code_is_loaded_once_nothing_runs_and_work_that_came_meanwhile_runs_after() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (held, other) = (stream(&guest), stream(&guest));
    let data = buffer(&guest, 4);
    let gate = Gate::default();
    let (waits, add) = (machine.gated(&gate), machine.adding());
    runtime.block_on(held.enqueue(waits)).unwrap();
    eventually(|| gate.is_reached());
    let loaded = machine.gpu.modules_loaded();
    thread::scope(|scope| {
        let load = scope.spawn(|| machine.compile(SCRIPTED));
        // Long past the time in which a load looks for a moment without work.
        thread::sleep(Duration::from_millis(100));
        assert_eq!(
            machine.gpu.modules_loaded(),
            loaded,
            "code was loaded beside a kernel"
        );
        for _ in 0..3 {
            let add = launch(&add, &sum(&data, 1));
            runtime.block_on(other.enqueue(add)).unwrap();
        }
        gate.open();
        load.join().unwrap();
    });
    runtime.block_on(async {
        soon(held.synchronize()).await.unwrap();
        assert_eq!(soon(words(&other, &data, 1)).await, [3]);
    });
}
