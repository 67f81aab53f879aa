//! A stream copies from another device's buffer, ordered by events on both sides.

use wasi_cuda::{Device, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, at, functions::*, ok, refused, runs_well};

/// Four mebibytes and some: more than a host copies at a time.
const N: u32 = (1 << 20) + 321;

fn main() -> Result<()> {
    let mut devices = Device::all().into_iter();
    let mut next = || {
        Setup::on(
            devices
                .next()
                .expect("the host grants this program two devices"),
        )
    };
    let (here, there) = (next()?, next()?);
    let config = LaunchConfig::for_num_elems(N);
    let mut source = there.stream.clone_htod(&vec![1u32; N as usize])?;
    let mut target = here.stream.alloc_zeros::<u32>(N as usize)?;

    there
        .stream
        .launch(&there.affine, config, (&mut source, N, 3u32, 4u32))?;
    here.stream.wait(&there.stream.record_event()?)?;
    ok(COPY, here.stream.memcpy_dtod(&source, &mut target));
    there.stream.wait(&here.stream.record_event()?)?;
    there.stream.memset_zeros(&mut source)?;
    here.stream
        .launch(&here.affine, config, (&mut target, N, 2u32, 1u32))?;
    assert!(
        here.stream.clone_dtoh(&target)? == vec![15; N as usize],
        "what was written before the copy should be copied before the kernel behind it"
    );
    assert!(
        there.stream.clone_dtoh(&source)? == vec![0; N as usize],
        "the source should be what it was made behind the copy"
    );

    let raw = here.stream.raw();
    let (from, to) = (
        |offset| at(source.raw(), offset),
        |offset| at(target.raw(), offset),
    );
    ok(COPY, raw.copy(from(3), to(7), 5));
    ok(COPY, raw.copy(from(0), to(0), 0));
    here.stream.synchronize()?;
    let bytes = raw.read(to(4), 12)?;
    assert_eq!(bytes, [15, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0]);

    let end = u64::from(N) * 4;
    refused(COPY, "invalid-argument", raw.copy(from(end), to(0), 1));
    refused(COPY, "invalid-argument", raw.copy(from(0), to(end), 1));
    refused(COPY, "invalid-argument", raw.copy(to(0), from(0), 1));
    here.stream.begin_capture()?;
    refused(COPY, "unsupported", raw.copy(from(0), to(0), 4));
    assert_eq!(here.stream.end_capture()?.size(), 0, "nothing was recorded");

    here.stream.launch(
        &here.endless,
        LaunchConfig::new(1, 1),
        (&here.stream.alloc_zeros::<u32>(1)?,),
    )?;
    ok(COPY, raw.copy(from(0), to(0), end));
    here.stream.cancel()?;
    assert!(here.stream.synchronize().is_err());
    let after = here.stream.clone_dtoh(&target)?;
    assert_eq!(
        after[3], 15,
        "a copy that was cancelled before its turn should not be made"
    );
    runs_well(&here.device);
    runs_well(&there.device);
    Ok(())
}
