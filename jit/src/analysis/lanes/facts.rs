//! What is known of values, and what that makes of their sums and products.

use super::Lanes;
use crate::ir::{Opcode, Type};

/// What is known of a value, at all of its definitions so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    /// None as long as no definition was seen.
    pub(super) lanes: Option<Lanes>,
    /// The first thread's value is a multiple of two to this.
    pub(super) zeros: u32,
    /// No thread's value is larger, read as unsigned.
    pub(super) most: u64,
}

pub(super) const NOTHING: Fact = Fact {
    lanes: None,
    zeros: 64,
    most: 0,
};

pub(super) fn constant(value: u64) -> Fact {
    Fact {
        lanes: Some(Lanes::Uniform),
        zeros: value.trailing_zeros(),
        most: value,
    }
}

/// A value of which only the class is known.
pub(super) fn plain(lanes: Lanes) -> Fact {
    Fact {
        lanes: Some(lanes),
        zeros: 0,
        most: u64::MAX,
    }
}

pub(super) fn mask(ty: Type) -> u64 {
    match ty.bits() {
        64.. => u64::MAX,
        bits => (1 << bits) - 1,
    }
}

/// A class as a register of this type can have it: steps are of its width, and only integers are added to.
pub(super) fn fit(lanes: Lanes, ty: Type) -> Lanes {
    let Lanes::Even(step) = lanes else {
        return lanes;
    };
    let unused = 64 - ty.bits().min(64);
    match step << unused >> unused {
        0 => Lanes::Uniform,
        _ if ty.is_float() => Lanes::Varying,
        step => Lanes::Even(step),
    }
}

pub(super) fn logic_zeros(opcode: Opcode, a: Fact, b: Fact) -> u32 {
    match opcode {
        Opcode::And => a.zeros.max(b.zeros),
        _ => a.zeros.min(b.zeros),
    }
}

pub(super) fn logic_most(opcode: Opcode, a: Fact, b: Fact) -> u64 {
    match opcode {
        Opcode::And => a.most.min(b.most),
        _ => u64::MAX >> (a.most | b.most).leading_zeros().min(63),
    }
}

pub(super) fn add(a: Fact, b: Fact, subtracts: bool) -> Fact {
    let lanes = match (a.lanes, b.lanes) {
        (None, _) | (_, None) => None,
        (Some(Lanes::Uniform), Some(Lanes::Uniform)) => Some(Lanes::Uniform),
        (Some(Lanes::Even(step)), Some(Lanes::Uniform)) => Some(Lanes::Even(step)),
        (Some(Lanes::Uniform), Some(Lanes::Even(step))) => Some(Lanes::Even(if subtracts {
            step.wrapping_neg()
        } else {
            step
        })),
        (Some(Lanes::Even(left)), Some(Lanes::Even(right))) => {
            let right = if subtracts {
                right.wrapping_neg()
            } else {
                right
            };
            Some(left.checked_add(right).map_or(Lanes::Varying, Lanes::Even))
        }
        _ => Some(Lanes::Varying),
    };
    let most = match subtracts {
        // What is taken away is not known to be smaller.
        true if b.most == 0 => a.most,
        true => u64::MAX,
        false => a.most.saturating_add(b.most),
    };
    Fact {
        lanes,
        zeros: a.zeros.min(b.zeros),
        most,
    }
}

/// A product; each factor comes with its value if it is a constant.
pub(super) fn multiply((a, left): (Fact, Option<i64>), (b, right): (Fact, Option<i64>)) -> Fact {
    let lanes = match (a.lanes, b.lanes) {
        (None, _) | (_, None) => None,
        (Some(Lanes::Uniform), Some(Lanes::Uniform)) => Some(Lanes::Uniform),
        (even @ Some(Lanes::Even(_)), Some(Lanes::Uniform)) => {
            right.map_or(Some(Lanes::Varying), |factor| scaled(even, factor))
        }
        (Some(Lanes::Uniform), even @ Some(Lanes::Even(_))) => {
            left.map_or(Some(Lanes::Varying), |factor| scaled(even, factor))
        }
        _ => Some(Lanes::Varying),
    };
    Fact {
        lanes,
        zeros: (a.zeros + b.zeros).min(64),
        most: a.most.saturating_mul(b.most),
    }
}

pub(super) fn scaled(lanes: Option<Lanes>, factor: i64) -> Option<Lanes> {
    match lanes {
        Some(Lanes::Even(step)) => {
            Some(step.checked_mul(factor).map_or(Lanes::Varying, Lanes::Even))
        }
        lanes => lanes,
    }
}
