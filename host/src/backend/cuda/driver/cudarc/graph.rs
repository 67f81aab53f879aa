//! Graphs of the driver's: captured from a stream, and instantiated at once.

use super::{GraphHandle, NodeHandle, Result, Shape, check, parameter_block};
use cudarc::driver::sys;
use std::ptr;

fn executable(handle: GraphHandle) -> sys::CUgraphExec {
    ptr::with_exposed_provenance_mut(handle.executable)
}

pub(super) fn begin(stream: sys::CUstream) -> Result<()> {
    // What other threads, or this one on other streams, do meanwhile is none of the capture's business.
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
    // SAFETY: the stream is there.
    let result = unsafe { sys::cuStreamBeginCapture_v2(stream, mode) };
    check(result, "cuStreamBeginCapture")
}

/// The node on which the next one would depend, which in a capture of one stream is the last one.
pub(super) fn last_node(stream: sys::CUstream) -> Result<NodeHandle> {
    let mut status = sys::CUstreamCaptureStatus::CU_STREAM_CAPTURE_STATUS_NONE;
    let (mut nodes, mut count) = (ptr::null(), 0);
    // SAFETY: the stream is there; writes to the variables that it is passed.
    let result = unsafe {
        sys::cuStreamGetCaptureInfo_v2(
            stream,
            &raw mut status,
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut nodes,
            &raw mut count,
        )
    };
    check(result, "cuStreamGetCaptureInfo")?;
    if count == 0 || nodes.is_null() {
        return check(
            sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
            "cuStreamGetCaptureInfo",
        )
        .map(|()| NodeHandle(0));
    }
    // SAFETY: the driver has so many nodes there until the next call that concerns the stream.
    let node = unsafe { *nodes.add(count - 1) };
    Ok(NodeHandle(node.expose_provenance()))
}

pub(super) fn end(stream: sys::CUstream) -> Result<GraphHandle> {
    let mut template = ptr::null_mut();
    // SAFETY: the stream is there; writes to `template`.
    let result = unsafe { sys::cuStreamEndCapture(stream, &raw mut template) };
    check(result, "cuStreamEndCapture")?;
    let mut executable = ptr::null_mut();
    // SAFETY: the template was just made; writes to `executable`.
    let result = unsafe { sys::cuGraphInstantiateWithFlags(&raw mut executable, template, 0) };
    if let Err(error) = check(result, "cuGraphInstantiateWithFlags") {
        destroy_template(template)?;
        return Err(error);
    }
    Ok(GraphHandle {
        executable: executable.expose_provenance(),
        template: template.expose_provenance(),
    })
}

fn destroy_template(template: sys::CUgraph) -> Result<()> {
    // SAFETY: made by a capture, and destroyed once.
    check(unsafe { sys::cuGraphDestroy(template) }, "cuGraphDestroy")
}

/// Enqueues a graph.
///
/// # Safety
///
/// As the driver's trait says.
pub(super) unsafe fn launch(handle: GraphHandle, stream: sys::CUstream) -> Result<()> {
    // SAFETY: both are there; the caller answers for what the operations do.
    let result = unsafe { sys::cuGraphLaunch(executable(handle), stream) };
    check(result, "cuGraphLaunch")
}

/// Replaces a launch.
///
/// # Safety
///
/// As the driver's trait says.
pub(super) unsafe fn set_launch(
    handle: GraphHandle,
    node: NodeHandle,
    kernel: sys::CUfunction,
    shape: &Shape,
    parameters: &[u8],
) -> Result<()> {
    let mut size = parameters.len();
    let mut extra = parameter_block(parameters, &mut size);
    let (grid, block) = (shape.grid, shape.block);
    let told = sys::CUDA_KERNEL_NODE_PARAMS {
        func: kernel,
        gridDimX: grid[0],
        gridDimY: grid[1],
        gridDimZ: grid[2],
        blockDimX: block[0],
        blockDimY: block[1],
        blockDimZ: block[2],
        sharedMemBytes: shape.shared,
        kernelParams: ptr::null_mut(),
        extra: extra.as_mut_ptr(),
        kern: ptr::null_mut(),
        ctx: ptr::null_mut(),
    };
    let node = ptr::with_exposed_provenance_mut(node.0);
    // SAFETY: the graph and the function are there and the caller answers for the node; the driver copies the parameters.
    let result = unsafe {
        sys::cuGraphExecKernelNodeSetParams_v2(executable(handle), node, &raw const told)
    };
    check(result, "cuGraphExecKernelNodeSetParams")
}

pub(super) fn destroy(handle: GraphHandle) -> Result<()> {
    // SAFETY: made by `end`, and destroyed once.
    let result = unsafe { sys::cuGraphExecDestroy(executable(handle)) };
    let template = destroy_template(ptr::with_exposed_provenance_mut(handle.template));
    check(result, "cuGraphExecDestroy").and(template)
}
