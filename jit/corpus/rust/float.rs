//! Floating-point numbers of both widths.
#![no_std]
#![feature(abi_ptx, core_float_math)]

use corpus::index;

macro_rules! arithmetic {
    ($($name:ident: $float:ident),*) => {$(
        /// # Safety
        /// `a` and `b` hold `n` elements, `out` ten times as many.
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name(a: *const $float, b: *const $float, out: *mut $float, n: u32) {
            let i = index();
            if i >= n as usize {
                return;
            }
            // SAFETY: the index is below `n`.
            let (x, y) = unsafe { (*a.add(i), *b.add(i)) };
            let results = [
                x + y,
                x - y,
                x * y,
                x / y,
                core::$float::math::sqrt(x),
                core::$float::math::mul_add(x, y, x),
                -x,
                x.abs(),
                x.copysign(y),
                x * 0.25 - 1.5,
            ];
            for (place, result) in results.into_iter().enumerate() {
                // SAFETY: `out` has ten elements for each index below `n`.
                unsafe { *out.add(i * results.len() + place) = result };
            }
        }
    )*};
}

arithmetic!(arithmetic_f32: f32, arithmetic_f64: f64);
