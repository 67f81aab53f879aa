//! What is enqueued on one stream runs in order, whatever kinds of work it is.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, functions::*, ok};

const N: u32 = 10_000;

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = ok(STREAM, setup.device.stream());
    let config = LaunchConfig::for_num_elems(N);
    let mut data = stream.alloc_zeros::<u32>(N as usize)?;
    let mut copy = stream.alloc_zeros::<u32>(N as usize)?;
    let ones = vec![1; N as usize];

    let mut expected = 0u32;
    for round in 0..50u32 {
        stream.memcpy_htod(&ones, &mut data)?;
        ok(
            LAUNCH,
            stream.launch(&setup.affine, config, (&mut data, N, 3u32, round)),
        );
        stream.memcpy_dtod(&data, &mut copy)?;
        stream.fill(&mut data, round)?;
        ok(
            LAUNCH,
            stream.launch(&setup.affine, config, (&mut copy, N, 5u32, round)),
        );
        stream.memcpy_dtod(&copy, &mut data)?;
        expected = (3 + round) * 5 + round;
        if round % 10 == 0 {
            let seen = stream.clone_dtoh(&data)?;
            assert_eq!(
                seen,
                vec![expected; N as usize],
                "work should run in order in round {round}"
            );
        }
    }
    ok(SYNCHRONIZE, stream.synchronize());
    assert_eq!(
        stream.clone_dtoh(&copy)?,
        vec![expected; N as usize],
        "work should run in order to the end"
    );
    Ok(())
}
