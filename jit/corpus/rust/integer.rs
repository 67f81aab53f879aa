//! Integers of each width, wrapping and saturating.
#![no_std]
#![feature(abi_ptx)]

use corpus::index;

macro_rules! arithmetic {
    ($($name:ident: $integer:ty),*) => {$(
        /// # Safety
        /// `a` and `b` hold `n` elements, `out` sixteen times as many.
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name(a: *const $integer, b: *const $integer, out: *mut $integer, n: u32) {
            let i = index();
            if i >= n as usize {
                return;
            }
            // SAFETY: the index is below `n`.
            let (x, y) = unsafe { (*a.add(i), *b.add(i)) };
            let bits = (y & 7) as u32;
            let results = [
                x.wrapping_add(y),
                x.wrapping_sub(y),
                x.wrapping_mul(y),
                if y == 0 { x } else { x.wrapping_div(y) },
                if y == 0 { x } else { x.wrapping_rem(y) },
                x & y,
                x | y,
                x ^ y,
                !x,
                x.wrapping_shl(bits),
                x.wrapping_shr(bits),
                x.rotate_left(bits),
                x.min(y),
                x.max(y),
                x.saturating_add(y),
                x.wrapping_neg(),
            ];
            for (place, result) in results.into_iter().enumerate() {
                // SAFETY: `out` has sixteen elements for each index below `n`.
                unsafe { *out.add(i * results.len() + place) = result };
            }
        }
    )*};
}

arithmetic!(
    arithmetic_i8: i8,
    arithmetic_u8: u8,
    arithmetic_i16: i16,
    arithmetic_u16: u16,
    arithmetic_i32: i32,
    arithmetic_u32: u32,
    arithmetic_i64: i64,
    arithmetic_u64: u64
);
