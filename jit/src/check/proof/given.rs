//! What the checker takes for granted of a launch, and where the launch record holds it.

use super::value::Given;

/// A field of the launch record, or the place of an array: what it is, the largest number that it may be, and how many of its low
/// bits are zero.
struct Promise {
    given: Given,
    /// Where it lies in the launch record.
    offset: Option<i64>,
    most: u64,
    zeros: u32,
}

/// The fault record's address, at 32, is not among them: the recorder alone reads it.
#[rustfmt::skip]
static PROMISES: &[Promise] = &[
    // The window's end is an address, so that no sum with it wraps around.
    Promise { given: Given::WindowBase, offset: Some(0),  most: 1 << 62,  zeros: 8 },
    Promise { given: Given::Mapped,     offset: Some(8),  most: 1 << 62,  zeros: 8 },
    // Two bytes for each 256 of the mapped size.
    Promise { given: Given::Granules,   offset: Some(16), most: 1 << 62,  zeros: 1 },
    Promise { given: Given::Stop,       offset: Some(24), most: 1 << 62,  zeros: 2 },
    // How many bytes there are at a multiple of what is an obligation of its own.
    Promise { given: Given::Variables,  offset: Some(40), most: 1 << 62,  zeros: 8 },
    Promise { given: Given::SharedSize, offset: Some(48), most: 1 << 31,  zeros: 0 },
    // A flag, of which nothing is known.
    Promise { given: Given::Look,       offset: Some(56), most: u64::MAX, zeros: 0 },
    // `.align 128`, as the printer declares it.
    Promise { given: Given::SharedBase, offset: None,     most: 1 << 62,  zeros: 7 },
    Promise { given: Given::LocalBase,  offset: None,     most: 1 << 62,  zeros: 0 },
];

fn promise(given: Given) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.given == given)
}

/// The largest number that it may be.
pub(super) fn most(given: Given) -> u64 {
    promise(given).map_or(u64::MAX, |promise| promise.most)
}

/// Its low bits that are zero.
pub(super) fn zeros(given: Given) -> u32 {
    promise(given).map_or(0, |promise| promise.zeros)
}

/// What the launch record holds at an offset.
pub(super) fn at(offset: i64) -> Option<Given> {
    let found = PROMISES
        .iter()
        .find(|promise| promise.offset == Some(offset));
    found.map(|promise| promise.given)
}
