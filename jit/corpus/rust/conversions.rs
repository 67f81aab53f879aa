//! `as` between numbers: saturating from floats, where a NaN is zero.
#![no_std]
#![feature(abi_ptx)]

use corpus::index;

macro_rules! convert {
    ($($name:ident: $from:ty => $to:ty),* $(,)?) => {$(
        /// # Safety
        /// Each array holds `n` elements.
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name(from: *const $from, to: *mut $to, n: u32) {
            let i = index();
            if i < n as usize {
                // SAFETY: the index is below `n`.
                unsafe { *to.add(i) = *from.add(i) as $to };
            }
        }
    )*};
}

convert!(
    i8_to_i32: i8 => i32,
    u8_to_u64: u8 => u64,
    i16_to_i64: i16 => i64,
    i64_to_u16: i64 => u16,
    u32_to_i8: u32 => i8,
    i32_to_f32: i32 => f32,
    u64_to_f32: u64 => f32,
    i64_to_f64: i64 => f64,
    u8_to_f32: u8 => f32,
    f32_to_i32: f32 => i32,
    f32_to_u8: f32 => u8,
    f64_to_i64: f64 => i64,
    f64_to_u32: f64 => u32,
    f32_to_f64: f32 => f64,
    f64_to_f32: f64 => f32,
);
