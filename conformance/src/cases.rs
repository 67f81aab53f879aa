//! The case of every program: the setup that it asks for and how it ends.

use crate::programs::Program;
use crate::setup::MIB;
use crate::{Case, Entry, Expectation, programs};
use std::time::Duration;

/// Cases with the default setup whose programs exit with 0.
macro_rules! plain {
    ($($name:ident),* $(,)?) => {
        $(pub(crate) fn $name() -> Case {
            Case::of(programs::$name())
        })*
    };
}

plain! {
    device_granted,
    execution_atomics,
    execution_block_sum,
    execution_cancel,
    execution_capture_state,
    execution_dynamic_shared_memory,
    execution_error_cancelled,
    execution_error_deadline,
    execution_error_fault,
    execution_event,
    execution_graph,
    execution_graph_failure,
    execution_graph_keeps_buffers,
    execution_graph_replayed,
    execution_large_transfer,
    execution_launch_invalid,
    execution_pending_quota,
    execution_prepared,
    execution_quota,
    execution_skips_after_fault,
    execution_stream_dropped,
    execution_stream_order,
    execution_transfers,
    execution_two_streams,
    input_arguments,
    input_divergence,
    input_kernel_name,
    input_local_out_of_bounds,
    input_misaligned,
    input_out_of_bounds,
    input_ptx_cut_off,
    input_ptx_empty,
    input_ptx_hostile,
    input_ranges,
    input_shapes,
    input_shared_out_of_bounds,
    memory_buffer,
    memory_drop_in_flight,
    memory_invalid_size,
    memory_quota,
    memory_typed_buffers,
    memory_usage,
    memory_zeroed_again,
    module_kept_loaded,
    module_load,
    module_not_found,
    module_quota,
    module_rejected,
    module_unsupported,
    module_variables,
    module_wasm_kernel,
    polling_fault,
    polling_subscribe,
    types_arguments,
    types_dim3,
    types_error_is_kept_apart,
    types_fault,
}

pub(crate) fn device_none() -> Case {
    Case::of(programs::device_none()).with(|setup| setup.devices = 0)
}

pub(crate) fn device_two() -> Case {
    Case::of(programs::device_two()).with(|setup| setup.devices = 2)
}

pub(crate) fn execution_async() -> Case {
    asynchronous(programs::execution_async())
}

pub(crate) fn execution_copy_between_devices() -> Case {
    Case::of(programs::execution_copy_between_devices()).with(|setup| setup.devices = 2)
}

pub(crate) fn execution_device_lost() -> Case {
    Case::of(programs::execution_device_lost()).with(|setup| {
        setup.lose_devices = true;
        setup.time_limit = None;
    })
}

pub(crate) fn execution_host_time_limit() -> Case {
    let limit = Duration::from_millis(100);
    Case::of(programs::execution_host_time_limit()).with(|setup| setup.time_limit = Some(limit))
}

pub(crate) fn execution_other_device() -> Case {
    Case::of(programs::execution_other_device()).with(|setup| setup.devices = 2)
}

pub(crate) fn execution_stream_both() -> Case {
    asynchronous(programs::execution_stream_both())
}

pub(crate) fn execution_stream_download() -> Case {
    asynchronous(programs::execution_stream_download())
}

pub(crate) fn execution_stream_lost() -> Case {
    asynchronous(programs::execution_stream_lost()).with(|setup| setup.lose_devices = true)
}

pub(crate) fn execution_stream_upload() -> Case {
    asynchronous(programs::execution_stream_upload()).with(|setup| {
        setup.limits.memory = 128 * MIB;
        setup.limits.pending_bytes = 4 * MIB;
    })
}

pub(crate) fn execution_stream_upload_ends() -> Case {
    asynchronous(programs::execution_stream_upload_ends())
}

pub(crate) fn execution_time_limit() -> Case {
    Case::of(programs::execution_time_limit()).with(|setup| setup.time_limit = None)
}

pub(crate) fn input_handle_dropped() -> Case {
    Case::of(programs::input_handle_dropped()).expecting(trap("unknown handle index"))
}

pub(crate) fn input_ptx_utf8() -> Case {
    Case::of(programs::input_ptx_utf8()).expecting(trap("invalid utf-8"))
}

pub(crate) fn memory_out_of_memory() -> Case {
    Case::of(programs::memory_out_of_memory()).with(|setup| setup.device_memory = 16 * MIB)
}

pub(crate) fn memory_share() -> Case {
    Case::of(programs::memory_share()).with(|setup| setup.unstable = true)
}

pub(crate) fn memory_share_alone() -> Case {
    Case::of(programs::memory_share_alone()).with(|setup| setup.unstable = true)
}

pub(crate) fn memory_share_quota() -> Case {
    Case::of(programs::memory_share_quota()).with(|setup| setup.unstable = true)
}

pub(crate) fn memory_share_stopped() -> Case {
    let limit = Duration::from_millis(100);
    Case::of(programs::memory_share_stopped()).with(|setup| {
        setup.unstable = true;
        setup.time_limit = Some(limit);
    })
}

pub(crate) fn module_compile_time() -> Case {
    // Some twenty times what the kernels take that must compile, and a fraction of what the other takes.
    let limit = Duration::from_millis(250);
    Case::of(programs::module_compile_time()).with(|setup| setup.limits.compile_time = Some(limit))
}

/// The case of a program that calls async functions.
fn asynchronous(program: Program) -> Case {
    Case::of(program).through(Entry::AsyncCheck).with(|setup| {
        setup.unstable = true;
        setup.asynchronous = true;
    })
}

/// The end of programs that use what the component model guards.
fn trap(text: &'static str) -> Expectation {
    Expectation::Traps {
        last_line: "the next call traps",
        trap: text,
    }
}
