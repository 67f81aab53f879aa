//! Shared memory never changes beside the guest's own code: work that may reach it is over when its call returns.

use std::time::Duration;

use wasi_cuda::{Device, Error, LaunchConfig, Result, SharedBuffer};
use wasi_cuda_conformance_programs::{Setup, covers, functions::*, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let limit = Duration::from_millis(30);
    setup.stream.set_time_limit(Some(limit))?;

    // What runs already is waited for: it could reach the range, too.
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let once = LaunchConfig::new(1, 1);
    setup.stream.launch(&setup.endless, once, (&flag,))?;
    let Some(mut shared) = share(&setup.device, 1000)? else {
        return Ok(());
    };
    refused(SYNCHRONIZE, "deadline-exceeded", setup.stream.synchronize());

    // A launch is over with its call, of whatever buffer it is, and its failure comes later.
    let other = setup.device.stream()?;
    other.set_time_limit(Some(limit))?;
    for flag in [
        &shared,
        &share(&setup.device, 1)?.expect("shared once more"),
    ] {
        other.launch(&setup.endless, once, (flag,))?;
        refused(SYNCHRONIZE, "deadline-exceeded", other.synchronize());
    }
    other.launch(&setup.affine, once, (&mut shared, 1u32, 1u32, 5u32))?;
    assert_eq!(shared[0].get(), 5, "a launch should be over with its call");
    setup.stream.memset_zeros(&mut shared)?;
    assert_eq!(shared[0].get(), 0, "a fill should be over with its call");

    // The guest's memory grows, and the range stays where it is.
    shared[999].set(1);
    let grown = vec![1u8; 64 << 20];
    let config = LaunchConfig::for_num_elems(1000);
    other.launch(&setup.affine, config, (&mut shared, 1000u32, 3u32, 1u32))?;
    assert_eq!(
        shared.iter().map(|cell| cell.get()).sum::<u32>(),
        999 + 4,
        "a kernel should find the range after the guest's memory has grown"
    );
    assert!(grown.iter().all(|byte| *byte == 1), "nothing else changes");

    // Dropped, the range is the guest's alone, whatever still names the buffer.
    let prepared = setup
        .affine
        .prepare(once, (&mut shared, 1u32, 1u32, 1u32))?;
    drop(shared);
    let again = vec![0u8; 256 << 10];
    other.launch_prepared(&prepared)?;
    other.synchronize()?;
    assert!(
        again.iter().all(|byte| *byte == 0),
        "a launch should not write to memory that is no longer shared"
    );
    runs_well(&setup.device);
    Ok(())
}

/// A shared buffer; none where the host has none, which it says.
fn share(device: &Device, len: usize) -> Result<Option<SharedBuffer<u32>>> {
    match device.share_zeros(len) {
        Ok(buffer) => Ok(Some(buffer)),
        Err(Error::Unsupported(_)) => {
            covers(SHARE, "unsupported");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
