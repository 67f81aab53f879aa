//! Calls that fail, each kind and each time it is made: whatever becomes of the work, nothing hangs, nothing is kept, and
//! nothing is given back that is in use.

use super::*;
use crate::backend::cuda::clock::Stamp;
use crate::backend::cuda::driver::simulated::{ILLEGAL_ADDRESS, OUT_OF_MEMORY};
use crate::testing::{grant, recording};

/// Calls by which something is taken or done.
const WORKING: [Call; 17] = [
    Call::Bind,
    Call::Reserve,
    Call::Map,
    Call::Allocate,
    Call::AllocatePinned,
    Call::CreateStream,
    Call::IsDone,
    Call::CreateEvent,
    Call::Record,
    Call::WaitFor,
    Call::Elapsed,
    Call::Launch,
    Call::WriteWord,
    Call::Fill,
    Call::Copy,
    Call::Load,
    Call::Function,
];

/// Calls that never fail on a device that is well.
const TELLING: [Call; 4] = [Call::Bind, Call::IsDone, Call::WriteWord, Call::Elapsed];

/// Later failures of one kind are like earlier ones.
const MOST: u64 = 12;

fn told(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

/// A bit of everything that a guest does, and why not all of it worked.
async fn everything(machine: &Machine) -> Result<(), String> {
    let heard = Arc::new(Heard::default());
    let guest = guest_heard(machine.device(), &heard);
    let worked = soon(everything_of(machine, &guest)).await;
    assert!(heard.losses.load(SeqCst) <= 1);
    worked
}

async fn everything_of(machine: &Machine, guest: &WasiCudaCtx) -> Result<(), String> {
    let (first, second) = (
        Stream::new(grant(guest)).map_err(told)?,
        Stream::new(grant(guest)).map_err(told)?,
    );
    let size = (1 << 20) + 4096;
    let data = Allocation::new(grant(guest), size).map_err(told)?;
    let source = ModuleSource::Ptx(SCRIPTED.to_owned());
    let script: Script = Arc::new(|run| {
        let sum = run.read(run.u64(0), 1)[0].wrapping_add(run.u64(24) as u32);
        run.write(run.u64(0), &[sum]);
    });
    machine.gpu.script_next_module(vec![script]);
    let program = machine
        .device()
        .backend()
        .compile(&source, false, &NoClock)
        .map_err(told)?;
    let add = &program.kernels[0];
    let bytes = vec![1; size as usize];
    first.write(at(&data, 0), &bytes).await.map_err(told)?;
    // So that the other stream waits for an event that the GPU has yet to reach.
    let holding = machine.gpu.hold(Hold::Kind(Kind::Launch));
    first
        .enqueue(launch(add, &sum(&data, 1)))
        .await
        .map_err(told)?;
    first.write(at(&data, 8), &bytes[8..]).await.map_err(told)?;
    let event = first.record_event().await.map_err(told)?;
    eventually(|| event.native::<Stamp>().is_some() || first.check().is_err());
    second
        .enqueue(Operation::Wait(event.clone()))
        .await
        .map_err(told)?;
    drop(holding);
    let graph = recording([
        launch(add, &sum(&data, 1)),
        Operation::Copy {
            from: at(&data, 0),
            to: at(&data, 4),
            length: size - 4,
        },
        Operation::Fill {
            to: at(&data, 0),
            length: 4,
            pattern: 7,
        },
    ]);
    second
        .enqueue(Operation::Graph(graph))
        .await
        .map_err(told)?;
    let late = second.record_event().await.map_err(told)?;
    soon(event.wait()).await;
    soon(late.wait()).await;
    soon(first.synchronize()).await.map_err(told)?;
    let read = soon(second.read(at(&data, 0), 12)).await.map_err(told)?;
    // Where everything was done it was done right.
    assert_eq!(read, [7, 0, 0, 0, 3, 1, 1, 1, 1, 1, 1, 1]);
    soon(second.synchronize()).await.map_err(told)
}

/// How often each call is made where none fails.
async fn made() -> Vec<(Call, u64)> {
    let machine = Machine::new();
    let before = WORKING.map(|call| machine.gpu.made(call));
    everything(&machine).await.unwrap();
    let made = WORKING.iter().zip(before);
    made.map(|(call, before)| (*call, machine.gpu.made(*call) - before))
        .collect()
}

#[tokio::test]
async fn no_call_that_fails_once_costs_more_than_its_guests_work() {
    for (call, times) in made().await {
        // How often the reactor looks is a matter of time.
        assert!(
            times > 0 || TELLING.contains(&call),
            "{call:?} is not tried"
        );
        for nth in 1..=times.min(MOST) {
            eprintln!("{call:?} fails at its {nth}. time");
            let machine = Machine::new();
            machine.gpu.fail(call, nth, OUT_OF_MEMORY);
            let _ = everything(&machine).await;
            machine.gpu.fail_no_more();
            if !TELLING.contains(&call) {
                let others = everything(&machine).await;
                assert_eq!(others, Ok(()), "after the {nth}. {call:?} failed");
                assert_eq!(machine.device().lost(), None, "for the {nth}. {call:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_call_after_which_the_context_is_dead_hangs_anyone() {
    for (call, times) in made().await {
        for nth in 1..=times.min(MOST) {
            eprintln!("the context dies with the {nth}. {call:?}");
            let machine = Machine::new();
            machine.gpu.die_at(call, nth, ILLEGAL_ADDRESS);
            let _ = everything(&machine).await;
        }
    }
}
