//! Faults, from compiled code.

use crate::back::cpu::fault::RawFault;
use crate::back::cpu::launch::{BlockContext, Launch};

/// Set in a site's number where the address is one in a small space, not in the window.
pub(in crate::back::cpu) const OUTSIDE_WINDOW: u32 = 1 << 31;

/// Records a fault; called from a kernel's cold blocks. The offset is that of the address in its space.
///
/// # Safety
///
/// `launch` and `block` are what the calling code was entered with.
#[allow(
    clippy::too_many_arguments,
    reason = "compiled code passes scalars only"
)]
pub(super) unsafe extern "C" fn record_fault(
    launch: *const Launch,
    block: *const BlockContext,
    site: u32,
    offset: u64,
    thread_x: u32,
    thread_y: u32,
    thread_z: u32,
) {
    // SAFETY: the caller vouches for `launch`, and `run_blocks` asks that its fault slot be valid.
    let (slot, window) = unsafe { (&*(*launch).fault, (*launch).window_base) };
    let address = if site & OUTSIDE_WINDOW == 0 {
        window.wrapping_add(offset)
    } else {
        offset
    };
    // SAFETY: the caller vouches for `block`.
    let block = unsafe { (*block).index };
    slot.record(RawFault {
        site: site & !OUTSIDE_WINDOW,
        address,
        block,
        thread: [thread_x, thread_y, thread_z],
    });
}
