//! Kernels written as WebAssembly run as others do, fault as that language says, and are refused with reasons.

use wasi_cuda::{
    Device, Error, Fault, FaultKind, Function, LaunchConfig, Result, Severity, Stream,
};
use wasi_cuda_conformance_programs::{covers, default_device, functions::*, kernels, runs_well};

/// The opcodes of `i32.div_s` and of the `i32.store` that follows it.
const DIVISION: [u8; 2] = [0x6d, 0x36];
/// The thread whose division faults.
const FAULTY: i32 = 33;
const N: i32 = 100;

fn main() -> Result<()> {
    let device = default_device();
    let module = match device.load_wasm(kernels::DIVIDE) {
        // Which languages a host compiles is its own choice.
        Err(Error::Unsupported(_)) => return Ok(()),
        module => module?,
    };
    covers(LOAD, "ok");
    let kernel = module.function("divide")?;
    let parameters = kernel.info().parameters;
    let names: Vec<&str> = parameters.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["dividends", "divisors", "quotients", "n"]);
    let stream = device.stream()?;

    let quotients = divide(&stream, &kernel, |i| i - 50, |_| -7)?;
    let expected: Vec<i32> = (0..N).map(|i| (i - 50) / -7).collect();
    assert_eq!(quotients, expected, "the quotients");

    let by_zero = divide(&stream, &kernel, |i| i, |i| i - FAULTY);
    assert_fault(by_zero, FaultKind::DivideByZero);
    let one = |i| if i == FAULTY { -1 } else { 1 };
    let too_large = divide(&stream, &kernel, |_| i32::MIN, one);
    assert_fault(too_large, FaultKind::IntegerOverflow);
    covers(SYNCHRONIZE, "fault");

    assert_refused(&device);
    runs_well(&device);
    Ok(())
}

fn divide(
    stream: &Stream,
    kernel: &Function,
    dividend: fn(i32) -> i32,
    divisor: fn(i32) -> i32,
) -> Result<Vec<i32>> {
    let dividends: Vec<i32> = (0..N).map(dividend).collect();
    let divisors: Vec<i32> = (0..N).map(divisor).collect();
    let dividends = stream.clone_htod(&dividends)?;
    let divisors = stream.clone_htod(&divisors)?;
    let mut quotients = stream.alloc_zeros::<i32>(N as usize)?;
    stream.launch(
        kernel,
        LaunchConfig::new(1, N as u32),
        (&dividends, &divisors, &mut quotients, N),
    )?;
    stream.synchronize()?;
    stream.clone_dtoh(&quotients)
}

/// The fault of one thread, at the division.
fn assert_fault(result: Result<Vec<i32>>, kind: FaultKind) {
    let Err(Error::Fault(fault)) = result else {
        panic!("the division should be a fault, {kind:?}, but gave {result:?}");
    };
    let Fault {
        line,
        column,
        address,
        size,
        thread,
        ..
    } = &*fault;
    assert_eq!(fault.kind, kind, "the kind of: {fault}");
    assert_eq!((*address, *size), (0, 0), "a division has none: {fault}");
    assert_eq!(thread.x, FAULTY as u32, "the thread of: {fault}");
    let mut pairs = kernels::DIVIDE.windows(DIVISION.len());
    let offset = pairs.position(|pair| pair == DIVISION);
    let offset = offset.expect("the kernel divides") as u32;
    let at = (*line, *column);
    assert_eq!(at, (1, offset + 1), "the position of: {fault}");
}

/// Device addresses have 64 bits, so a memory of 32-bit addresses is none.
fn assert_refused(device: &Device) {
    let memory = b"memory\x02\x04";
    let place = kernels::DIVIDE
        .windows(memory.len())
        .position(|bytes| bytes == memory);
    let flags = place.expect("the kernel imports a memory") + memory.len() - 1;
    let mut narrow = kernels::DIVIDE.to_vec();
    narrow[flags] = 0;
    let Err(Error::Rejected(found)) = device.load_wasm(&narrow) else {
        panic!("a kernel with a 32-bit memory should be refused");
    };
    let told = found
        .iter()
        .any(|it| it.severity == Severity::Error && it.message.contains("64"));
    assert!(
        told,
        "an error should ask for a 64-bit memory, not {found:?}"
    );
    covers(LOAD, "rejected");
}
