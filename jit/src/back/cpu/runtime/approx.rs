//! The functions of PTX's `.approx` instructions, computed in double precision and rounded once, so that the error is below
//! one unit in the last place: less than the PTX ISA allows.
//!
//! Those of half precision round what double precision gives themselves.

macro_rules! functions {
    ($($name:ident => $body:expr;)*) => {$(
        pub(super) extern "C" fn $name(x: f32) -> f32 {
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

pub(super) extern "C" fn ex2_f64(x: f64) -> f64 {
    x.exp2()
}

pub(super) extern "C" fn tanh_f64(x: f64) -> f64 {
    x.tanh()
}

/// `rcp.approx.ftz.f64`: neither the operand nor the result has more than the upper 32 bits.
pub(super) extern "C" fn rcp_gross(x: f64) -> f64 {
    gross(1.0 / upper_word(flushed(x)))
}

/// `rsqrt.approx.ftz.f64`, as above.
pub(super) extern "C" fn rsqrt_gross(x: f64) -> f64 {
    let x = upper_word(flushed(x));
    // The root of the negative zero is the negative zero.
    gross(1.0 / x.sqrt())
}

fn flushed(x: f64) -> f64 {
    if x.is_subnormal() {
        0f64.copysign(x)
    } else {
        x
    }
}

fn upper_word(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    f64::from_bits(x.to_bits() >> 32 << 32)
}

/// Cut to the upper 32 bits.
fn gross(x: f64) -> f64 {
    flushed(upper_word(x))
}
