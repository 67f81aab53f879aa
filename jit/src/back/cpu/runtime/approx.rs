//! The functions of PTX's `.approx` instructions, computed in double precision and rounded once, so that the error is below
//! one unit in the last place: less than the PTX ISA allows.

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
