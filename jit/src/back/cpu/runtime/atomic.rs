//! Atomic operations (PTX ISA, `atom`). All are sequentially consistent, which every order that PTX has allows.

use crate::ir::{Instruction, Modifier, Type};
use half::{bf16, f16};
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

/// What is done to the value in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Action {
    Add,
    And,
    Cas,
    Dec,
    Exchange,
    Inc,
    Max,
    Min,
    Or,
    Xor,
}

const ACTIONS: [(Modifier, Action); 10] = [
    (Modifier::Add, Action::Add),
    (Modifier::And, Action::And),
    (Modifier::Cas, Action::Cas),
    (Modifier::Dec, Action::Dec),
    (Modifier::Exch, Action::Exchange),
    (Modifier::Inc, Action::Inc),
    (Modifier::Max, Action::Max),
    (Modifier::Min, Action::Min),
    (Modifier::Or, Action::Or),
    (Modifier::Xor, Action::Xor),
];

/// The types that an action is done in. Bits are unsigned.
const TYPES: [Type; 12] = [
    Type::U32,
    Type::S32,
    Type::U64,
    Type::S64,
    Type::F32,
    Type::F64,
    Type::F16,
    Type::F16x2,
    Type::Bf16,
    Type::Bf16x2,
    Type::U16,
    Type::B16,
];

/// What compiled code passes to [`atomic`] for an instruction; none if there is no such operation.
pub(in crate::back::cpu) fn encode(instruction: &Instruction) -> Option<u32> {
    let action = ACTIONS
        .iter()
        .position(|(word, _)| instruction.has(*word))?;
    let ty = match instruction.t? {
        Type::B32 => Type::U32,
        Type::B64 => Type::U64,
        Type::B16 => Type::U16,
        ty => ty,
    };
    let ty = TYPES.iter().position(|known| *known == ty)?;
    Some((action as u32) << 8 | ty as u32)
}

/// Does what `code` says to the value at `place`, and gives the value that was there.
///
/// # Safety
///
/// `place` points to a value of the code's type, at a multiple of its size, that others change atomically alone.
pub(super) unsafe extern "C" fn atomic(code: u32, place: *mut u8, b: u64, c: u64) -> u64 {
    let action = ACTIONS
        .get((code >> 8) as usize)
        .map_or(Action::Or, |(_, action)| *action);
    let ty = TYPES
        .get((code & 0xff) as usize)
        .copied()
        .unwrap_or(Type::U32);
    let update = |old: u64| Some(updated(action, ty, old, b, c));
    match ty.bits() {
        64 => {
            // SAFETY: the caller vouches for the place.
            let cell = unsafe { AtomicU64::from_ptr(place.cast()) };
            match cell.fetch_update(SeqCst, SeqCst, update) {
                Ok(old) | Err(old) => old,
            }
        }
        32 => {
            // SAFETY: as above.
            let cell = unsafe { AtomicU32::from_ptr(place.cast()) };
            let update = |old: u32| update(u64::from(old)).map(|new| new as u32);
            match cell.fetch_update(SeqCst, SeqCst, update) {
                Ok(old) | Err(old) => u64::from(old),
            }
        }
        _ => {
            // SAFETY: as above.
            let cell = unsafe { AtomicU16::from_ptr(place.cast()) };
            let update = |old: u16| update(u64::from(old)).map(|new| new as u16);
            match cell.fetch_update(SeqCst, SeqCst, update) {
                Ok(old) | Err(old) => u64::from(old),
            }
        }
    }
}

/// The new value; operands and result are bits in the type's width.
fn updated(action: Action, ty: Type, old: u64, b: u64, c: u64) -> u64 {
    let mask = u64::MAX >> (64 - ty.bits());
    let b = b & mask;
    match action {
        Action::And => old & b,
        Action::Or => old | b,
        Action::Xor => old ^ b,
        Action::Exchange => b,
        Action::Cas if old == b => c & mask,
        Action::Cas => old,
        Action::Inc if old >= b => 0,
        Action::Inc => old + 1,
        Action::Dec if old == 0 || old > b => b,
        Action::Dec => old - 1,
        Action::Add | Action::Max | Action::Min => arithmetic(action, ty, old, b) & mask,
    }
}

fn arithmetic(action: Action, ty: Type, old: u64, b: u64) -> u64 {
    match ty {
        Type::S32 => integer(action, i64::from(old as i32), i64::from(b as i32)) as u64,
        Type::S64 => integer(action, old as i64, b as i64) as u64,
        Type::F32 => {
            let sum = f32::from_bits(old as u32) + f32::from_bits(b as u32);
            u64::from(sum.to_bits())
        }
        Type::F64 => (f64::from_bits(old) + f64::from_bits(b)).to_bits(),
        Type::F16 => u64::from(half_pair(action, old as u16, b as u16)),
        Type::Bf16 => u64::from(bfloat_pair(action, old as u16, b as u16)),
        Type::F16x2 => each_half(old, b, |old, b| half_pair(action, old, b)),
        Type::Bf16x2 => each_half(old, b, |old, b| bfloat_pair(action, old, b)),
        _ => match action {
            Action::Max => old.max(b),
            Action::Min => old.min(b),
            _ => old.wrapping_add(b),
        },
    }
}

fn integer(action: Action, old: i64, b: i64) -> i64 {
    match action {
        Action::Max => old.max(b),
        Action::Min => old.min(b),
        _ => old.wrapping_add(b),
    }
}

fn each_half(old: u64, b: u64, of: impl Fn(u16, u16) -> u16) -> u64 {
    let low = of(old as u16, b as u16);
    let high = of((old >> 16) as u16, (b >> 16) as u16);
    u64::from(high) << 16 | u64::from(low)
}

fn half_pair(action: Action, old: u16, b: u16) -> u16 {
    let (x, y) = (f16::from_bits(old).to_f32(), f16::from_bits(b).to_f32());
    f16::from_f32(float(action, x, y)).to_bits()
}

fn bfloat_pair(action: Action, old: u16, b: u16) -> u16 {
    let (x, y) = (bf16::from_bits(old).to_f32(), bf16::from_bits(b).to_f32());
    bf16::from_f32(float(action, x, y)).to_bits()
}

/// Sums of two halves are exact enough in a float that rounding twice is rounding once.
fn float(action: Action, x: f32, y: f32) -> f32 {
    match action {
        Action::Max => x.max(y),
        Action::Min => x.min(y),
        _ => x + y,
    }
}
