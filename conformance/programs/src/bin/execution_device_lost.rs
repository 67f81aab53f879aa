//! When a device is lost, work that runs on it ends, and every call that can fail tells so.
//!
//! The host declares the device lost once this program has printed that it is ready, and gives it no time
//! limit.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, at, functions::*, kernels, refused};

const LOST: &str = "device-lost";

fn main() -> Result<()> {
    let setup = Setup::new();
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let (stuck, capturing) = (setup.device.stream()?, setup.device.stream()?);
    let buffer = stream.alloc_zeros::<u32>(1)?;
    let module = setup.device.load_ptx(kernels::BASIC)?;
    let arguments = (&buffer, 1u32, 1u32, 1u32);
    let prepared = setup.affine.prepare(once, arguments)?;
    stream.begin_capture()?;
    stream.launch_prepared(&prepared)?;
    let graph = stream.end_capture()?;
    let (first, second) = (stream.record_event()?, stream.record_event()?);
    second.wait()?;
    capturing.begin_capture()?;
    stuck.launch(&setup.endless, once, (&buffer,))?;
    let pending = stuck.record_event()?;

    println!("lose the device");
    // The endless kernel ends with the device, whatever else happens.
    refused(WAIT, LOST, pending.wait());
    refused(SYNCHRONIZE, LOST, stuck.synchronize());
    refused(SYNCHRONIZE, LOST, stream.synchronize());
    refused(SYNCHRONIZE, LOST, stream.synchronize());

    refused(BUFFER, LOST, Buffer::new(setup.device.raw(), 4));
    refused(LOAD, LOST, setup.device.load_ptx(kernels::BASIC));
    refused(GET_FUNCTION, LOST, module.function("affine"));
    refused(STREAM, LOST, setup.device.stream());
    refused(PREPARED_LAUNCH, LOST, setup.affine.prepare(once, arguments));
    refused(PREPARED_SET_ARGUMENT, LOST, prepared.set_argument(1, 1u32));

    let raw = stream.raw();
    refused(LAUNCH, LOST, stream.launch(&setup.affine, once, arguments));
    refused(LAUNCH_PREPARED, LOST, stream.launch_prepared(&prepared));
    refused(WRITE, LOST, raw.write(at(buffer.raw(), 0), &[0; 4]));
    refused(READ, LOST, raw.read(at(buffer.raw(), 0), 4));
    refused(
        COPY,
        LOST,
        raw.copy(at(buffer.raw(), 0), at(buffer.raw(), 0), 4),
    );
    refused(FILL, LOST, raw.fill(at(buffer.raw(), 0), 4, 0));
    refused(RECORD_EVENT, LOST, stream.record_event());
    refused(WAIT_EVENT, LOST, stream.wait(&first));
    refused(SET_TIME_LIMIT, LOST, stream.set_time_limit(None));
    refused(CANCEL, LOST, stream.cancel());
    refused(BEGIN_CAPTURE, LOST, stream.begin_capture());
    refused(END_CAPTURE, LOST, capturing.end_capture());
    refused(LAUNCH_GRAPH, LOST, stream.launch_graph(&graph));
    refused(ELAPSED_SINCE, LOST, second.elapsed_since(&first));
    refused(GRAPH_SET_ARGUMENT, LOST, graph.set_argument(0, 1, 1u32));

    // Pollables of a lost device are ready: nothing is left to wait for.
    pending.subscribe().block();
    // Dropping everything is no call that could fail.
    Ok(())
}
