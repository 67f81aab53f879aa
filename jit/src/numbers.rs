//! Number formats that Rust has no type for.

/// The bits of the nearest `.f16`.
pub(crate) fn f16_bits(value: f64) -> u16 {
    half::f16::from_f32(rounded_to_odd(value)).to_bits()
}

/// The bits of the nearest `.bf16`.
pub(crate) fn bf16_bits(value: f64) -> u16 {
    half::bf16::from_f32(rounded_to_odd(value)).to_bits()
}

/// The number, if it is one of `.f32`, or else the one beside it whose last bit is set: rounded again, to fewer bits, it gives
/// what the number itself would, where a number that was rounded to nearest may not.
fn rounded_to_odd(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) == value || value.is_nan() {
        return nearest;
    }
    let is_too_large = f64::from(nearest).abs() > value.abs();
    f32::from_bits((nearest.to_bits() - u32::from(is_too_large)) | 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_once() {
        let (tie, above) = (1.0 + 2f64.powi(-11), 2f64.powi(-30));
        assert_eq!(
            [tie - above, tie, tie + above].map(f16_bits),
            [0x3c00, 0x3c00, 0x3c01]
        );
        let tie = 1.0 + 2f64.powi(-8);
        assert_eq!(
            [tie - above, tie, tie + above].map(bf16_bits),
            [0x3f80, 0x3f80, 0x3f81]
        );
        assert_eq!(f16_bits(65520.0 - above), 0x7bff);
        assert_eq!(
            [65520.0, f64::INFINITY, -1e300].map(f16_bits),
            [0x7c00, 0x7c00, 0xfc00]
        );
        assert_eq!(bf16_bits(f64::MAX), 0x7f80);
    }
}
