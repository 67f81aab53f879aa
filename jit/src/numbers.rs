//! Number formats that Rust has no type for.

/// The bits of the nearest `.f16`.
pub(crate) fn f16_bits(value: f64) -> u16 {
    half::f16::from_f64(value).to_bits()
}

/// The bits of the nearest `.bf16`.
pub(crate) fn bf16_bits(value: f64) -> u16 {
    half::bf16::from_f64(value).to_bits()
}
