//! What compiled code calls.

use super::fault::RawFault;
use super::launch::Launch;

/// Records a fault; called from a kernel's cold blocks. The offset is that of the address in the window.
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
    block: *const [u32; 3],
    site: u32,
    offset: u64,
    thread_x: u32,
    thread_y: u32,
    thread_z: u32,
) {
    // SAFETY: the caller vouches for `launch`, and `run_blocks` asks that its fault slot be valid.
    let (slot, window) = unsafe { (&*(*launch).fault, (*launch).window_base) };
    let address = window.wrapping_add(offset);
    // SAFETY: the caller vouches for `block`.
    let block = unsafe { *block };
    let thread = [thread_x, thread_y, thread_z];
    slot.record(RawFault {
        site,
        address,
        block,
        thread,
    });
}

/// The functions of PTX's `.approx` instructions, computed in double precision and rounded once, so that the error is below
/// one unit in the last place: less than the PTX ISA allows.
pub(super) mod approx {
    macro_rules! functions {
        ($($name:ident => $body:expr;)*) => {$(
            pub(in super::super) extern "C" fn $name(x: f32) -> f32 {
                let function: fn(f64) -> f64 = $body;
                function(f64::from(x)) as f32
            }
        )*};
    }

    functions! {
        sin => f64::sin;
        cos => f64::cos;
        ex2 => f64::exp2;
        lg2 => f64::log2;
        tanh => f64::tanh;
        rsqrt => |x| 1.0 / x.sqrt();
    }
}

/// `fma` for processors without the instruction.
pub(super) mod libcall {
    pub(in super::super) extern "C" fn fmaf(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    pub(in super::super) extern "C" fn fma(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}
