//! A launch chooses how much dynamic shared memory its blocks have; what lies past it is not theirs.

use wasi_cuda::{FaultKind, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{
    covers, default_device, functions::*, kernels, line_of, refused, runs_well,
};

const BLOCKS: u32 = 5;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let reverse = device.load_ptx(kernels::BLOCK)?.function("reverse")?;
    for threads in [1, 7, 32, 100, 1024] {
        let numbers: Vec<u32> = (0..BLOCKS * threads).collect();
        let mut data = stream.clone_htod(&numbers)?;
        let config = LaunchConfig::new(BLOCKS, threads).with_shared_memory(4 * threads);
        stream.launch(&reverse, config, (&mut data,))?;
        let parts = numbers.chunks(threads as usize);
        let expected: Vec<u32> = parts.flat_map(|part| part.iter().rev().copied()).collect();
        assert_eq!(
            stream.clone_dtoh(&data)?,
            expected,
            "each block of {threads} threads should turn its part around"
        );
    }

    let mut data = stream.alloc_zeros::<u32>(64)?;
    let too_little = LaunchConfig::new(1, 64).with_shared_memory(4 * 40);
    stream.launch(&reverse, too_little, (&mut data,))?;
    match stream.synchronize() {
        Err(wasi_cuda::Error::Fault(fault)) => {
            covers(SYNCHRONIZE, "fault");
            assert_eq!(fault.kind, FaultKind::SharedOutOfBounds, "{fault}");
            assert_eq!(fault.line, line_of(kernels::BLOCK, "reverse"), "{fault}");
            assert!(
                fault.thread.x >= 40,
                "40 threads have room for their element: {fault}"
            );
        }
        other => panic!("24 threads had no room for their element, but came {other:?}"),
    }

    let most = device.properties().max_shared_memory_per_block;
    let too_much = LaunchConfig::new(1, 64).with_shared_memory(most + 1);
    let launched = stream.launch(&reverse, too_much, (&mut data,));
    refused(LAUNCH, "invalid-argument", launched);
    runs_well(&device);
    Ok(())
}
