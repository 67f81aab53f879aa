//! The numbers that registers hold: bits to values, and results to bits.

use crate::ir::Type;
use half::{bf16, f16};

/// What a hardware product gives for every number that is none.
const NAN_F32: u32 = 0x7fff_ffff;
const NAN_F16: u16 = 0x7fff;

/// One of several values in a register.
pub(super) fn part(register: u64, ty: Type, place: usize) -> u64 {
    let bits = ty.element_bits();
    if bits >= 32 {
        return register;
    }
    register >> (place as u32 * bits) & ((1 << bits) - 1)
}

/// The number that a float's bits are. All but doubles are exact in a double.
pub(super) fn float(bits: u64, ty: Type) -> f64 {
    match ty {
        Type::F16 => f64::from(f16::from_bits(bits as u16).to_f32()),
        Type::Bf16 => f64::from(bf16::from_bits(bits as u16).to_f32()),
        // The upper 19 bits are the number.
        Type::Tf32 => f64::from(f32::from_bits(bits as u32 & !0x1fff)),
        Type::F64 => f64::from_bits(bits),
        Type::E4m3 => e4m3(bits as u8),
        // The upper half of an `.f16`.
        Type::E5m2 => f64::from(f16::from_bits((bits as u16) << 8).to_f32()),
        _ => f64::from(f32::from_bits(bits as u32)),
    }
}

/// PTX ISA, "Alternate Floating-Point Data Formats": no infinity, and one number that is none.
fn e4m3(bits: u8) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 3 & 15), f64::from(bits & 7));
    let magnitude = match (exponent, bits & 7) {
        (15, 7) => f64::NAN,
        (0, _) => mantissa / 512.0,
        _ => (1.0 + mantissa / 8.0) * f64::from(exponent - 7).exp2(),
    };
    if bits >> 7 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// The number that an integer's bits are.
pub(super) fn integer(bits: u64, ty: Type) -> i64 {
    match ty {
        Type::S8 => i64::from(bits as i8),
        Type::S4 => i64::from((bits as i8) << 4 >> 4),
        Type::S32 => i64::from(bits as i32),
        _ => bits as i64,
    }
}

/// The bits of the float nearest to a double.
pub(super) fn rounded(value: f64, ty: Type) -> u64 {
    match ty {
        Type::F64 if value.is_nan() => f64::NAN.abs().to_bits(),
        Type::F64 => value.to_bits(),
        Type::F16 if value.is_nan() => u64::from(NAN_F16),
        Type::F16 => u64::from(f16::from_f32(to_odd(value)).to_bits()),
        _ if value.is_nan() => u64::from(NAN_F32),
        _ => u64::from((value as f32).to_bits()),
    }
}

/// The float beside a double whose last bit is odd, unless it is the double: rounding it again is then the same as rounding once.
fn to_odd(value: f64) -> f32 {
    let nearest = value as f32;
    let exact = f64::from(nearest);
    if exact == value || nearest.to_bits() & 1 == 1 || nearest.is_infinite() {
        return nearest;
    }
    // Away from zero is up in the bits, as long as the sign stays.
    let is_too_near = exact.abs() < value.abs();
    if is_too_near {
        f32::from_bits(nearest.to_bits() + 1)
    } else if nearest == 0.0 {
        nearest
    } else {
        f32::from_bits(nearest.to_bits() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_read_as_the_isa_says() {
        assert_eq!(float(0x7e, Type::E4m3), 448.0);
        assert_eq!(float(0x81, Type::E4m3), -1.0 / 512.0);
        assert_eq!(float(0x38, Type::E4m3), 1.0);
        assert!(float(0xff, Type::E4m3).is_nan());
        assert_eq!(float(0x7b, Type::E5m2), 57344.0);
        assert_eq!(float(0xfc, Type::E5m2), f64::NEG_INFINITY);
        assert_eq!(float(0x01, Type::E5m2), f64::from(-16).exp2());
    }

    #[test]
    fn a_double_just_beyond_a_tie_of_halves_is_rounded_once() {
        let tie = 1.0 + f64::from(-11).exp2();
        assert_eq!(rounded(tie, Type::F16), 0x3c00);
        assert_eq!(rounded(tie + f64::from(-50).exp2(), Type::F16), 0x3c01);
        assert_eq!(rounded(-tie - f64::from(-50).exp2(), Type::F16), 0xbc01);
        assert_eq!(rounded(1e9, Type::F16), 0x7c00);
    }

    #[test]
    fn a_tf32_number_is_the_upper_19_bits() {
        assert_eq!(float(0x3f80_1fff, Type::Tf32), 1.0);
    }

    #[test]
    fn a_nibble_has_a_sign_only_if_its_type_has() {
        assert_eq!(integer(0xf, Type::S4), -1);
        assert_eq!(integer(0xf, Type::U4), 15);
    }
}
