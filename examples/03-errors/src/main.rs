//! Lesson 3: what goes wrong, how it is told, and how the guest goes on.
//!
//! Run it with `--device cpu`, where accesses outside a buffer are checked one by one; a GPU does so only
//! when its host asks for checked mode.

use wasi_cuda::{Device, Error, LaunchConfig};

const N: u32 = 1000;

fn main() -> Result<(), Error> {
    let device = Device::get(0)?;
    let stream = device.stream()?;
    let config = LaunchConfig::for_num_elems(N);

    // PTX that the host does not accept is an error with lines and columns, before anything runs.
    let misspelt = include_str!("off_by_one.ptx").replace("add.f32", "plus.f32");
    match device.load_ptx(&misspelt) {
        Err(error @ Error::Rejected(_)) => println!("1. {error}"),
        other => panic!("an instruction that does not exist was not refused: {other:?}"),
    }

    // So is the name of a kernel that does not exist; the text tells what there is.
    let module = device.load_ptx(include_str!("off_by_one.ptx"))?;
    match module.function("off_by_won") {
        Err(error @ Error::NotFound(_)) => println!("2. {error}"),
        other => panic!("a misspelt kernel was found: {other:?}"),
    }

    // And so are arguments that do not fit: an `f32` where the kernel takes a `u32`.
    let off_by_one = module.function("off_by_one")?;
    let mut data = stream.clone_htod(&vec![1.0f32; N as usize])?;
    match stream.launch(&off_by_one, config, (&mut data, N as f32)) {
        Err(error @ Error::InvalidArgument(_)) => println!("3. {error}"),
        other => panic!("a mistyped argument was taken: {other:?}"),
    }

    // This kernel writes one element too many. Launching it succeeds: it has not run yet. The stream
    // reports the fault when it is synchronized, with the line in the PTX and the guilty thread.
    stream.launch(&off_by_one, config, (&mut data, N))?;
    match stream.synchronize() {
        Err(error @ Error::Fault(_)) => println!("4. {error}"),
        other => panic!("a write outside the buffer was not noticed: {other:?}"),
    }

    // A fault that was reported is over. With a right argument the same kernel runs on the same stream.
    stream.memcpy_htod(&vec![1.0f32; N as usize], &mut data)?;
    stream.launch(&off_by_one, config, (&mut data, N - 1))?;
    assert!(
        stream.clone_dtoh(&data)?.iter().all(|&x| x == 2.0),
        "the stream did not recover"
    );
    println!("5. the same stream works again: {N} results, all right");
    Ok(())
}
