//! Pollables of several events: each is ready when its event is reached, and waiting takes any of them.

use wasi_cuda::{LaunchConfig, Result, poll};
use wasi_cuda_conformance_programs::{Setup, covers, functions::*, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    if setup.device.properties().multiprocessors == 1 {
        println!(
            "not run: the endless kernel would hold up a device that runs one block at a time"
        );
        return Ok(());
    }
    let (stuck, quick, third) = (
        setup.device.stream()?,
        &setup.stream,
        setup.device.stream()?,
    );
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let result = setup.device.alloc_zeros::<u64>(1)?;
    let once = LaunchConfig::new(1, 1);

    stuck.launch(&setup.endless, once, (&flag,))?;
    let never = stuck.record_event()?;
    quick.launch(&setup.count, once, (&result, 10_000_000u64))?;
    let soon = quick.record_event()?;
    third.wait(&soon)?;
    let after = third.record_event()?;

    let pollables = [
        never.subscribe(),
        soon.subscribe(),
        after.subscribe(),
        soon.subscribe(),
    ];
    assert!(
        !pollables[0].ready(),
        "an event behind an endless kernel should not be ready"
    );
    let ready = poll(&[&pollables[0], &pollables[1]]);
    assert_eq!(ready, [1], "only the second of these events can be reached");
    soon.wait()?;
    pollables[2].block();
    pollables[3].block();
    let ready = poll(&[&pollables[2], &pollables[0], &pollables[3]]);
    assert_eq!(
        ready,
        [0, 2],
        "all but the event behind the endless kernel should be ready"
    );
    assert!(!pollables[0].ready(), "the endless kernel should still run");

    // A failure makes an event ready as well; what failed is told by `wait`.
    stuck.cancel()?;
    assert_eq!(
        poll(&[&pollables[0]]),
        [0],
        "a cancelled event should be ready"
    );
    assert!(pollables[0].ready(), "a pollable should stay ready");
    covers(SUBSCRIBE, "ok");
    refused(WAIT, "cancelled", never.wait());
    refused(SYNCHRONIZE, "cancelled", stuck.synchronize());

    // A pollable outlives its event and its stream.
    let event = third.record_event()?;
    let pollable = event.subscribe();
    drop((event, third));
    pollable.block();
    runs_well(&setup.device);
    Ok(())
}
