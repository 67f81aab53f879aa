//! The package's functions, as coverage lines name them: `<interface>#<function>`.

#![allow(missing_docs, reason = "each constant is documented by its value")]

pub const GET_DEVICES: &str = "device#get-devices";
pub const PROPERTIES: &str = "device#[method]device.properties";
pub const MEMORY_USAGE: &str = "device#[method]device.memory-usage";

pub const BUFFER: &str = "memory#[constructor]buffer";
pub const SIZE: &str = "memory#[method]buffer.size";
pub const SHARE: &str = "memory#[static]buffer.share";
pub const DEVICE_ADDRESS: &str = "memory#[method]buffer.device-address";

pub const LOAD: &str = "module#[static]module.load";
pub const FUNCTIONS: &str = "module#[method]module.functions";
pub const GET_FUNCTION: &str = "module#[method]module.get-function";
pub const DIAGNOSTICS: &str = "module#[method]module.diagnostics";
pub const INFO: &str = "module#[method]function.info";

pub const PREPARED_LAUNCH: &str = "execution#[constructor]prepared-launch";
pub const PREPARED_SET_ARGUMENT: &str = "execution#[method]prepared-launch.set-argument";

pub const STREAM: &str = "execution#[constructor]cuda-stream";
pub const LAUNCH: &str = "execution#[method]cuda-stream.launch";
pub const LAUNCH_PREPARED: &str = "execution#[method]cuda-stream.launch-prepared";
pub const WRITE: &str = "execution#[method]cuda-stream.write";
pub const READ: &str = "execution#[method]cuda-stream.read";
pub const WRITE_VIA_STREAM: &str = "execution#[method]cuda-stream.write-via-stream";
pub const READ_VIA_STREAM: &str = "execution#[method]cuda-stream.read-via-stream";
pub const COPY: &str = "execution#[method]cuda-stream.copy";
pub const FILL: &str = "execution#[method]cuda-stream.fill";
pub const RECORD_EVENT: &str = "execution#[method]cuda-stream.record-event";
pub const WAIT_EVENT: &str = "execution#[method]cuda-stream.wait-event";
pub const SYNCHRONIZE: &str = "execution#[method]cuda-stream.synchronize";
pub const SET_TIME_LIMIT: &str = "execution#[method]cuda-stream.set-time-limit";
pub const CANCEL: &str = "execution#[method]cuda-stream.cancel";
pub const BEGIN_CAPTURE: &str = "execution#[method]cuda-stream.begin-capture";
pub const END_CAPTURE: &str = "execution#[method]cuda-stream.end-capture";
pub const LAUNCH_GRAPH: &str = "execution#[method]cuda-stream.launch-graph";

pub const COMPLETION: &str = "execution#[method]cuda-event.completion";
pub const WAIT: &str = "execution#[method]cuda-event.wait";
pub const ELAPSED_SINCE: &str = "execution#[method]cuda-event.elapsed-since";

pub const GRAPH_SIZE: &str = "execution#[method]cuda-graph.size";
pub const GRAPH_SET_ARGUMENT: &str = "execution#[method]cuda-graph.set-argument";
pub const TIME_REMAINING: &str = "execution#time-remaining";

pub const SUBSCRIBE: &str = "polling#subscribe";
