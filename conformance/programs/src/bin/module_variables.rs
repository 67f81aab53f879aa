//! A module's variables begin with the values of its source, last as long as whoever may use them, and are not shared between two
//! modules of the same source.

use wasi_cuda::{Device, Function, LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::{Gate, Setup, kernels, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let (device, stream) = (&setup.device, &setup.stream);
    let first = next(device)?;
    assert_eq!(call(stream, &first)?, after(0), "the initial values");
    assert_eq!(call(stream, &first)?, after(1), "what a launch left behind");

    let second = next(device)?;
    assert_eq!(
        call(stream, &second)?,
        after(0),
        "another module's own values"
    );
    assert_eq!(call(stream, &first)?, after(2), "the first module's again");

    enqueued_launches_keep_them(&setup)?;
    they_are_memory_in_use(&setup.device, [first, second])?;
    runs_well(&setup.device);
    Ok(())
}

fn next(device: &Device) -> Result<Function> {
    device.load_ptx(kernels::VARIABLES)?.function("next")
}

fn call(stream: &Stream, next: &Function) -> Result<Vec<u32>> {
    let mut out = stream.alloc_zeros::<u32>(6)?;
    stream.launch(next, LaunchConfig::new(1, 1), (&mut out,))?;
    stream.clone_dtoh(&out)
}

/// What `next` tells when it has run `times` times before.
fn after(times: u32) -> Vec<u32> {
    vec![5 + times, 10, 20, 30, 40, 3 * times]
}

/// The module and its kernel are dropped while their launches wait, and others take memory and fill it.
fn enqueued_launches_keep_them(setup: &Setup) -> Result<()> {
    let stream = &setup.stream;
    let mut out = stream.alloc_zeros::<u32>(6)?;
    let next = next(&setup.device)?;
    let gate = Gate::close(setup, stream)?;
    for _ in 0..2 {
        stream.launch(&next, LaunchConfig::new(1, 1), (&mut out,))?;
    }
    drop(next);
    let other = setup.device.stream()?;
    let fillers: Result<Vec<_>> = (0..8).map(|_| other.clone_htod(&[0xffu8; 64])).collect();
    other.synchronize()?;
    gate.open()?;
    assert_eq!(
        stream.clone_dtoh(&out)?,
        after(1),
        "enqueued launches should keep their module's variables"
    );
    drop(fillers?);
    Ok(())
}

fn they_are_memory_in_use(device: &Device, functions: [Function; 2]) -> Result<()> {
    let both = device.memory_usage().used;
    assert!(both > 0, "the variables of two modules are memory in use");
    let [first, second] = functions;
    drop(first);
    let one = device.memory_usage().used;
    assert!(
        one < both,
        "dropping a module should give its variables back"
    );
    drop(second);
    assert_eq!(
        device.memory_usage().used,
        0,
        "nothing should be in use once every module is dropped"
    );
    Ok(())
}
