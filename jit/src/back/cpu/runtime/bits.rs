//! Searches in words.

/// `fns`: the position of the set bit that is so many set bits away from `base`, itself counted (PTX ISA, "fns").
pub(super) extern "C" fn find_nth_set(mask: u32, base: u32, offset: i32) -> u32 {
    const NONE: u32 = u32::MAX;
    let is_set = |position: &u32| mask >> position & 1 == 1;
    if base > 31 {
        return NONE;
    }
    let further = (offset.unsigned_abs() as usize).saturating_sub(1);
    let found = match offset.signum() {
        0 => Some(base).filter(is_set),
        1 => (base..32).filter(is_set).nth(further),
        _ => (0..=base).rev().filter(is_set).nth(further),
    };
    found.unwrap_or(NONE)
}
