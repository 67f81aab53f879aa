//! A prepared launch runs with the arguments that it has when it is enqueued, on any stream of its device.

use wasi_cuda::{Argument, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, at, functions::*, ok, refused, runs_well};

const N: u32 = 1000;

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let first = stream.clone_htod(&[1u32; N as usize])?;
    let second = stream.clone_htod(&[100u32; N as usize])?;

    let config = LaunchConfig::for_num_elems(N);
    let launch = ok(
        PREPARED_LAUNCH,
        setup.affine.prepare(config, (&first, N, 2u32, 0u32)),
    );
    // Each of these is enqueued before the next change, and keeps what it was enqueued with.
    for offset in 1..=5u32 {
        ok(PREPARED_SET_ARGUMENT, launch.set_argument(3, offset));
        ok(LAUNCH_PREPARED, stream.launch_prepared(&launch));
    }
    ok(PREPARED_SET_ARGUMENT, launch.set_argument(0, &second));
    ok(PREPARED_SET_ARGUMENT, launch.set_argument(1, N / 2));
    ok(LAUNCH_PREPARED, stream.launch_prepared(&launch));

    let expected = (1..=5).fold(1, |x, offset| 2 * x + offset);
    assert_eq!(
        stream.clone_dtoh(&first)?,
        [expected; N as usize],
        "five launches with another argument each"
    );
    let content = stream.clone_dtoh(&second)?;
    let (changed, kept) = content.split_at(N as usize / 2);
    assert!(
        changed.iter().all(|&x| x == 205),
        "the launch should use its new buffer and length: {changed:?}"
    );
    assert!(
        kept.iter().all(|&x| x == 100),
        "the launch should end at its new length: {kept:?}"
    );

    // A refused argument changes nothing.
    let misfits = [
        (4, Argument::U32(0)),
        (u32::MAX, Argument::U32(0)),
        (0, Argument::U64(0)),
        (0, Argument::Pointer(at(first.raw(), u64::from(N) * 4 + 1))),
        (1, Argument::F32(0.0)),
        (2, Argument::U64(0)),
        (3, Argument::Bytes(&[0; 2])),
    ];
    for (index, argument) in misfits {
        refused(
            PREPARED_SET_ARGUMENT,
            "invalid-argument",
            launch.set_argument(index, argument),
        );
    }
    ok(
        LAUNCH_PREPARED,
        setup.device.stream()?.launch_prepared(&launch),
    );
    runs_well(&setup.device);
    Ok(())
}
