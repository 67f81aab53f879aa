//! Where memories lie in the oracle's reservation: each on pages of its own, with nothing around it.

/// Bytes that are reserved. Whatever address a kernel computes lands somewhere in them, and nearly everywhere is nothing.
pub(crate) const RESERVED: u64 = 1 << 44;

const APART: u64 = 1 << 40;
const PAGE: u64 = 4096;

pub(crate) const WINDOW: u64 = APART;
pub(crate) const MAPPED: u64 = 4 * PAGE;
/// The module's variables are in the window.
pub(crate) const VARIABLES: u64 = WINDOW + 2 * PAGE;
pub(crate) const SHARED: u64 = 2 * APART;
pub(crate) const SHARED_BYTES: u64 = 16 * PAGE;
/// The page behind which nothing is; local memory ends there.
const LOCAL_END: u64 = 3 * APART;
pub(crate) const STOP: u64 = 4 * APART;
const GRANULES_END: u64 = 5 * APART;
pub(crate) const GRANULES: u64 = GRANULES_END - MAPPED / 256 * 2;
/// The fault record has 48 bytes.
pub(crate) const FAULT: u64 = 6 * APART - 48;
/// Where it is written that an access was misaligned, and where it is written that it was not.
pub(crate) const MISALIGNED: u64 = 7 * APART;
pub(crate) const ALIGNED: u64 = MISALIGNED + 8;

/// Where local memory of so many bytes begins.
pub(crate) fn local(bytes: u64, align: u64) -> u64 {
    (LOCAL_END - bytes) & !(align - 1)
}

/// What is given by an offset in the launch record.
pub(crate) fn field(offset: u64) -> Option<u64> {
    Some(match offset {
        0 => WINDOW,
        8 => MAPPED,
        16 => GRANULES,
        24 => STOP,
        32 => FAULT,
        40 => VARIABLES,
        48 => SHARED_BYTES,
        // No launch before this one may fail.
        56 => 0,
        _ => return None,
    })
}

/// The pages that there are, and whether kernels may write them; local memory for so many bytes.
pub(crate) fn pages(local_bytes: u64) -> Vec<(u64, u64, bool)> {
    let local = local_bytes.next_multiple_of(PAGE);
    vec![
        (WINDOW, MAPPED, true),
        (SHARED, SHARED_BYTES, true),
        (LOCAL_END - local, local, true),
        (STOP, PAGE, false),
        (GRANULES_END - PAGE, PAGE, false),
        (6 * APART - PAGE, PAGE, true),
        (MISALIGNED, PAGE, true),
    ]
}
