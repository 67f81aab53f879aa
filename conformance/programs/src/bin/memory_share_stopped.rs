//! A kernel that works in the guest's own memory and does not end is stopped while its call waits, and harms nothing.
//!
//! The host's time limit stops it, and the end of the guest would.

use wasi_cuda::{Error, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, covers, functions::*, ok, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let mut shared = match setup.device.share_zeros::<u32>(1 << 20) {
        Err(Error::Unsupported(_)) => {
            covers(SHARE, "unsupported");
            return Ok(());
        }
        shared => ok(SHARE, shared),
    };
    shared[1].set(7);
    println!("the next call runs a kernel that does not end");
    let config = LaunchConfig::new(64, 256);
    ok(
        LAUNCH,
        setup.stream.launch(&setup.endless, config, (&shared,)),
    );
    println!("the call is over");
    refused(SYNCHRONIZE, "deadline-exceeded", setup.stream.synchronize());

    assert_eq!(shared[1].get(), 7, "the kernel should have written nothing");
    let config = LaunchConfig::for_num_elems(1 << 20);
    let arguments = (&mut shared, 1u32 << 20, 2u32, 1u32);
    setup.stream.launch(&setup.affine, config, arguments)?;
    assert_eq!(
        [
            shared[0].get(),
            shared[1].get(),
            shared[(1 << 20) - 1].get()
        ],
        [1, 15, 1],
        "the memory should be shared as before"
    );
    runs_well(&setup.device);
    Ok(())
}
