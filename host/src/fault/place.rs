//! Where an access lies, in words: seen from what the guest has in its window.

use crate::launch::Launch;
use crate::memory::{Allocation, Held, Holder, Layout};

/// Addresses below are taken for an index added to a null pointer.
const NEAR_NULL: u64 = 1 << 16;

/// So far from a buffer, or as far as the buffer is long, an address is told by that buffer.
const NEAR: u64 = 1 << 20;

/// What a launch could have meant to access.
pub(super) struct Surroundings<'a> {
    /// The address of the window's first byte.
    pub(super) base: u64,
    /// The guest's memory in the window, if it has any.
    pub(super) layout: Option<&'a Layout>,
    pub(super) launch: &'a Launch,
}

/// How far an access is from what it missed.
enum Miss {
    /// It begins so many bytes into it, and ends behind its end.
    Within(u64),
    /// It ends so many bytes behind its end.
    Past(u64),
    /// It begins so many bytes before its start.
    Before(u64),
}

impl Miss {
    fn distance(&self) -> u64 {
        match self {
            Self::Within(_) => 0,
            Self::Past(distance) | Self::Before(distance) => *distance,
        }
    }
}

impl Surroundings<'_> {
    /// An access that leaves the guest's memory.
    pub(super) fn outside(&self, address: u64, size: u32) -> String {
        if address < NEAR_NULL {
            return "close to the null pointer".to_owned();
        }
        let offset = i128::from(address) - i128::from(self.base);
        let window = match u64::try_from(offset) {
            Ok(offset) => format!("offset {offset:#x} of the guest's memory"),
            Err(_) => "before all of the guest's memory".to_owned(),
        };
        match self.nearest(offset, size) {
            Some((miss, held)) => format!("{}, {window}", self.told(&miss, &held)),
            None => format!("no buffer is near, {window}"),
        }
    }

    /// The place of an address in a buffer, if it lies in one.
    pub(super) fn inside(&self, address: u64) -> Option<String> {
        let offset = address.checked_sub(self.base)?;
        let [before, _] = self.layout?.neighbours(offset);
        let held = before.filter(|held| offset - held.offset < held.size)?;
        Some(format!(
            "{} into {}",
            bytes(offset - held.offset),
            self.name(&held)
        ))
    }

    /// What is missed by least, and by how much; none if nothing is near.
    fn nearest(&self, offset: i128, size: u32) -> Option<(Miss, Held)> {
        let [before, after] = self.layout?.neighbours(u64::try_from(offset).unwrap_or(0));
        let past = before.map(|held| {
            let begin = (offset - i128::from(held.offset)) as u64;
            let reach = begin
                .saturating_add(u64::from(size))
                .saturating_sub(held.size);
            // Of a matrix only one row's size is told: it may seem to end inside.
            let miss = if reach == 0 {
                Miss::Within(begin)
            } else {
                Miss::Past(reach)
            };
            (miss, held)
        });
        let ahead = after.map(|held| {
            let distance = i128::from(held.offset) - offset;
            (
                Miss::Before(u64::try_from(distance).unwrap_or(u64::MAX)),
                held,
            )
        });
        [past, ahead]
            .into_iter()
            .flatten()
            .min_by_key(|(miss, _)| miss.distance())
            .filter(|(miss, held)| miss.distance() <= NEAR.max(held.size))
    }

    fn told(&self, miss: &Miss, held: &Held) -> String {
        let name = self.name(held);
        match miss {
            Miss::Within(begin) => format!("{} into {name} and past its end", bytes(*begin)),
            Miss::Past(reach) => format!("{} past the end of {name}", bytes(*reach)),
            Miss::Before(distance) => format!("{} before the start of {name}", bytes(*distance)),
        }
    }

    /// What the guest knows it by: which of its buffers, and which argument of the launch.
    fn name(&self, held: &Held) -> String {
        let size = bytes(held.size);
        let is_it = |allocation: &Allocation| allocation.offset() == held.offset;
        match held.holder {
            Holder::Buffer(number) => {
                let mut arguments = self.launch.buffers.iter();
                let argument = arguments.position(|buffer| buffer.as_deref().is_some_and(is_it));
                let passed = argument.map(|index| format!(", {}", self.argument(index)));
                format!("buffer {number} ({size}){}", passed.unwrap_or_default())
            }
            Holder::Variables if self.launch.variables.as_deref().is_some_and(is_it) => {
                format!("the module's variables ({size})")
            }
            Holder::Variables => format!("another module's variables ({size})"),
        }
    }

    /// An argument by its parameter's name, unless a compiler gave it that.
    fn argument(&self, index: usize) -> String {
        let parameter = self.launch.kernel.signature.parameters.get(index);
        let name = parameter.map(|parameter| parameter.name.as_str());
        match name.filter(|name| !name.ends_with(&format!("_param_{index}"))) {
            Some(name) => format!("the argument `{name}`"),
            None => format!("argument {}", index + 1),
        }
    }
}

/// So many bytes.
pub(super) fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests;
