//! What calls leave behind for whoever collects spans.

use crate::bindings::wasi::cuda::device::{Device, Host as _, HostDevice as _};
use crate::bindings::wasi::cuda::execution::{
    Argument, BufferOffset, HostCudaEvent, HostCudaGraph, HostCudaStream, HostPreparedLaunch,
    LaunchConfig,
};
use crate::bindings::wasi::cuda::memory::HostBuffer;
use crate::bindings::wasi::cuda::module::{HostFunction as _, HostModule as _, Source};
use crate::bindings::wasi::cuda::polling::Host as _;
use crate::bindings::wasi::cuda::types::Dim3;
use crate::testing::spans::Spans;
use crate::testing::{code, device, guest};
use crate::{WasiCudaCtx, WasiCudaCtxView};
use tracing::Level;
use tracing::subscriber::set_default;
use wasmtime::component::{Resource, ResourceTable};

const SOURCE: &str = ".version 8.0\n.target sm_80\n.address_size 64\n\
    .visible .entry mark(.param .u64 at) { .reg .b64 %rd<2>; ld.param.u64 %rd1, [at]; \
    st.global.u32 [%rd1], 7; ret; }";

/// Another handle of the same thing.
fn again<T: 'static>(thing: &Resource<T>) -> Resource<T> {
    Resource::new_own(thing.rep())
}

fn view<'a>(guest: &'a WasiCudaCtx, table: &'a mut ResourceTable) -> WasiCudaCtxView<'a> {
    WasiCudaCtxView { ctx: guest, table }
}

fn first_device(view: &mut WasiCudaCtxView<'_>) -> Resource<Device> {
    view.get_devices().unwrap().remove(0)
}

fn config() -> LaunchConfig {
    let one = Dim3 { x: 1, y: 1, z: 1 };
    LaunchConfig {
        grid: one,
        block: one,
        shared_memory: 0,
        cluster: None,
    }
}

#[tokio::test]
async fn every_call_is_a_span_with_its_device_its_kernel_and_its_bytes() {
    let (guest, mut table) = (guest(&device(1)), ResourceTable::new());
    let mut view = view(&guest, &mut table);
    let spans = Spans::up_to(Level::TRACE);
    let _collecting = set_default(spans.clone());
    let said = |expected: &[&str]| assert_eq!(spans.take(), expected);

    let device = first_device(&mut view);
    view.properties(again(&device)).unwrap();
    view.memory_usage(again(&device)).unwrap();
    said(&[
        "get-devices",
        "device.properties device=\"cpu\"",
        "device.memory-usage device=\"cpu\"",
    ]);

    let size = SOURCE.len();
    let source = Source::Ptx(SOURCE.into());
    let module = code(view.load(again(&device), source).await).unwrap();
    view.functions(again(&module)).unwrap();
    view.diagnostics(again(&module)).unwrap();
    let function = code(view.get_function(again(&module), "mark".into())).unwrap();
    view.info(again(&function)).unwrap();
    said(&[
        &format!("module.load device=\"cpu\" bytes={size}"),
        "module.functions device=\"cpu\"",
        "module.diagnostics device=\"cpu\"",
        "module.get-function device=\"cpu\" kernel=\"mark\"",
        "function.info device=\"cpu\" kernel=\"mark\"",
    ]);

    let buffer = code(HostBuffer::new(&mut view, again(&device), 64)).unwrap();
    HostBuffer::size(&mut view, again(&buffer)).unwrap();
    view.device_address(again(&buffer)).unwrap();
    let stream = code(HostCudaStream::new(&mut view, again(&device))).unwrap();
    said(&[
        "buffer.new device=\"cpu\" bytes=64",
        "buffer.size device=\"cpu\"",
        "buffer.device-address device=\"cpu\"",
        "cuda-stream.new device=\"cpu\"",
    ]);

    let place = || BufferOffset {
        buffer: again(&buffer),
        offset: 0,
    };
    let arguments = || vec![Argument::Pointer(place())];
    let launched = view.launch(again(&stream), again(&function), config(), arguments());
    code(launched.await).unwrap();
    let prepared = HostPreparedLaunch::new(&mut view, again(&function), config(), arguments());
    let prepared = code(prepared).unwrap();
    let changed = HostPreparedLaunch::set_argument(
        &mut view,
        again(&prepared),
        0,
        Argument::Pointer(place()),
    );
    code(changed).unwrap();
    code(view.launch_prepared(again(&stream), again(&prepared)).await).unwrap();
    said(&[
        "cuda-stream.launch device=\"cpu\" kernel=\"mark\"",
        "prepared-launch.new device=\"cpu\" kernel=\"mark\"",
        "prepared-launch.set-argument device=\"cpu\" kernel=\"mark\" index=0",
        "cuda-stream.launch-prepared device=\"cpu\" kernel=\"mark\"",
    ]);

    code(view.fill(again(&stream), place(), 8, 0).await).unwrap();
    let to = BufferOffset {
        buffer: again(&buffer),
        offset: 32,
    };
    code(view.copy(again(&stream), place(), to, 8).await).unwrap();
    code(view.read(again(&stream), place(), 4).await).unwrap();
    let event = code(view.record_event(again(&stream)).await).unwrap();
    code(view.wait_event(again(&stream), again(&event)).await).unwrap();
    code(HostCudaEvent::wait(&mut view, again(&event)).await).unwrap();
    code(view.elapsed_since(again(&event), again(&event))).unwrap();
    view.subscribe(again(&event)).unwrap();
    code(view.synchronize(again(&stream)).await).unwrap();
    code(view.set_time_limit(again(&stream), Some(1_000_000_000))).unwrap();
    said(&[
        "cuda-stream.fill device=\"cpu\" bytes=8",
        "cuda-stream.copy device=\"cpu\" bytes=8",
        "cuda-stream.read device=\"cpu\" bytes=4",
        "cuda-stream.record-event device=\"cpu\"",
        "cuda-stream.wait-event device=\"cpu\"",
        "cuda-event.wait device=\"cpu\"",
        "cuda-event.elapsed-since device=\"cpu\"",
        "subscribe device=\"cpu\"",
        "cuda-stream.synchronize device=\"cpu\"",
        "cuda-stream.set-time-limit device=\"cpu\" nanoseconds=1000000000",
    ]);

    code(view.begin_capture(again(&stream))).unwrap();
    code(view.launch_prepared(again(&stream), again(&prepared)).await).unwrap();
    let graph = code(view.end_capture(again(&stream))).unwrap();
    HostCudaGraph::size(&mut view, again(&graph)).unwrap();
    let null = Argument::Null;
    code(HostCudaGraph::set_argument(
        &mut view,
        again(&graph),
        0,
        0,
        null,
    ))
    .unwrap();
    code(view.launch_graph(again(&stream), again(&graph)).await).unwrap();
    code(HostCudaStream::cancel(&mut view, again(&stream))).unwrap();
    said(&[
        "cuda-stream.begin-capture device=\"cpu\"",
        "cuda-stream.launch-prepared device=\"cpu\" kernel=\"mark\"",
        "cuda-stream.end-capture device=\"cpu\"",
        "cuda-graph.size device=\"cpu\"",
        "cuda-graph.set-argument device=\"cpu\" operation=0 index=0",
        "cuda-stream.launch-graph device=\"cpu\"",
        "cuda-stream.cancel device=\"cpu\"",
    ]);
}

/// What is collected up to a level of two calls of which the first one fails.
async fn a_failure_and_a_success(most: Level) -> Vec<String> {
    let (guest, mut table) = (guest(&device(1)), ResourceTable::new());
    let mut view = view(&guest, &mut table);
    let device = first_device(&mut view);
    let stream = code(HostCudaStream::new(&mut view, again(&device))).unwrap();
    let spans = Spans::up_to(most);
    let _collecting = set_default(spans.clone());
    code(HostBuffer::new(&mut view, device, 0)).unwrap_err();
    code(view.synchronize(again(&stream)).await).unwrap();
    spans.take()
}

#[tokio::test]
async fn an_error_is_an_event_in_the_span_of_its_call() {
    let why = "error=invalid-argument: the size of a buffer is 0; it must be at least 1";
    assert_eq!(
        a_failure_and_a_success(Level::TRACE).await,
        [
            format!("buffer.new: {why}"),
            "buffer.new device=\"cpu\" bytes=0".to_owned(),
            "cuda-stream.synchronize device=\"cpu\"".to_owned(),
        ]
    );
    let without_spans = a_failure_and_a_success(Level::DEBUG).await;
    assert_eq!(without_spans, [format!(": {why}")]);
    assert_eq!(a_failure_and_a_success(Level::INFO).await, [""; 0]);
}
