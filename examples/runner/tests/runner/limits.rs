//! What the runner limits and how it checks kernels.

use crate::command::run_guest;

#[test]
fn the_guest_gets_no_more_device_memory_than_it_is_allowed() {
    run_guest(&["--cuda-memory", "8MiB"], "hoarder", &[])
        .well()
        .printing(&format!("limit: {}\n", 8 << 20))
        .printing("allocated: 8 MiB");
}

#[test]
fn a_kernel_that_does_not_end_is_stopped() {
    run_guest(&["--cuda-timeout", "200ms"], "endless", &[])
        .well()
        .printing("stopped");
}

/// The command would never end if it waited for the kernel.
#[test]
fn a_kernel_that_the_guest_leaves_behind_ends_with_it() {
    run_guest(&["--cuda-timeout", "24h"], "endless", &["leave"])
        .well()
        .printing("left");
}

#[test]
fn an_access_past_a_buffer_is_a_fault_by_default() {
    run_guest(&[], "overrun", &[])
        .well()
        .printing("fault: kernel `store_at` faulted at line ")
        .printing("4 bytes past the end of buffer 1 (240 bytes), the argument `buffer`, offset ")
        .printing("; block (0, 0, 0), thread (0, 0, 0)\n");
}

#[test]
fn without_checked_mode_only_leaving_the_guests_memory_is_one() {
    run_guest(&["--no-checked"], "overrun", &[])
        .well()
        .printing("not noticed");
}
