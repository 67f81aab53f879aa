//! Sets of integers: all between two ends that leave one remainder on division by a power of two.

/// Where ends without a bound stand.
const UNBOUNDED: i128 = 1 << 100;

/// Ends beyond this have no bound: it is far outside of any address, and far enough below [`UNBOUNDED`] that no sum comes back.
const FAR: i128 = 1 << 90;

/// The integers `low`, `low + 2^zeros`, and so on, up to `high`; none if `high` is less than `low`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) low: i128,
    pub(crate) high: i128,
    /// log2 of what all members are apart by a multiple of.
    pub(crate) zeros: u32,
}

/// Differences are known to be multiples of at most so many bits.
const MOST_ZEROS: u32 = 64;

impl Interval {
    pub(crate) const ANYTHING: Self = Self {
        low: -UNBOUNDED,
        high: UNBOUNDED,
        zeros: 0,
    };

    pub(crate) fn exactly(value: i128) -> Self {
        Self {
            low: value,
            high: value,
            zeros: MOST_ZEROS,
        }
    }

    pub(crate) fn between(low: i128, high: i128) -> Self {
        Self {
            low,
            high,
            zeros: 0,
        }
    }

    /// What so many bits hold.
    pub(crate) fn of_bits(bits: u32, signed: bool) -> Self {
        match (bits, signed) {
            // Nearly all: shifts of 128 bits take their time.
            (32, true) => Self::between(-(1 << 31), (1 << 31) - 1),
            (32, false) => Self::between(0, (1 << 32) - 1),
            (64, true) => Self::between(-(1 << 63), (1 << 63) - 1),
            (bits, true) => Self::between(
                -(1 << (bits.clamp(1, 64) - 1)),
                (1 << (bits.clamp(1, 64) - 1)) - 1,
            ),
            (bits, false) => Self::between(0, (1 << bits.clamp(1, 64)) - 1),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.low > self.high
    }

    pub(crate) fn is_single(&self) -> bool {
        self.low == self.high
    }

    pub(crate) fn is_bounded(&self) -> bool {
        self.low > -FAR && self.high < FAR
    }

    pub(crate) fn lies_in(&self, other: Self) -> bool {
        self.is_empty() || (self.low >= other.low && self.high <= other.high)
    }

    /// Whether every member is a multiple of a power of two.
    pub(crate) fn is_multiple_of(&self, power: u32) -> bool {
        let bits = power.trailing_zeros();
        self.is_empty()
            || ((self.is_single() || self.zeros >= bits) && self.low & (i128::from(power) - 1) == 0)
    }

    /// How many low bits are zero in every member.
    pub(crate) fn trailing_zeros(&self) -> u32 {
        let zeros = if self.is_single() {
            MOST_ZEROS
        } else {
            self.zeros
        };
        zeros.min(self.low.trailing_zeros())
    }

    /// Ends that may be without a bound. The lower one keeps what all members leave on division.
    fn known(low: i128, high: i128, zeros: u32) -> Self {
        let zeros = zeros.min(MOST_ZEROS);
        Self {
            low: if low < -FAR {
                -UNBOUNDED + (low & ((1 << zeros) - 1))
            } else {
                low.min(UNBOUNDED)
            },
            high: if high > FAR {
                UNBOUNDED
            } else {
                high.max(-UNBOUNDED)
            },
            zeros,
        }
    }

    /// The members between two ends.
    pub(crate) fn within(self, low: i128, high: i128) -> Self {
        if self.is_empty() {
            return self;
        }
        if self.zeros == 0 {
            return Self {
                low: self.low.max(low),
                high: self.high.min(high),
                zeros: 0,
            };
        }
        let mut cut = self;
        if low > cut.low {
            let up = low - cut.low;
            cut.low = low + (-up & self.step_mask());
        }
        if high < cut.high {
            cut.high = high;
        }
        if cut.low <= cut.high && cut.high < FAR {
            cut.high -= (cut.high - cut.low) & self.step_mask();
        }
        cut
    }

    /// The bits below what members are apart by.
    fn step_mask(&self) -> i128 {
        match self.zeros {
            64.. => (1 << 64) - 1,
            zeros => i128::from((1u64 << zeros) - 1),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::between(1, 0);
        }
        let low = self.low + other.low;
        let high = self.high + other.high;
        let zeros = self.zeros.min(other.zeros);
        if self.is_bounded() && other.is_bounded() {
            return Self::known(low, high, zeros);
        }
        // What has no bound has none after anything is added.
        let without_low = self.low.min(other.low) <= -FAR;
        let without_high = self.high.max(other.high) >= FAR;
        let residue = low & ((1 << zeros) - 1);
        let low = if without_low {
            -UNBOUNDED + residue
        } else {
            low
        };
        let high = if without_high { UNBOUNDED } else { high };
        Self::known(low, high, zeros)
    }

    pub(crate) fn times(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::between(1, 0);
        }
        let zeros = (self.zeros + other.trailing_zeros())
            .min(other.zeros + self.trailing_zeros())
            .min(self.zeros + other.zeros);
        if self.low >= 0 && other.low >= 0 {
            let low = product(self.low, other.low);
            let zeros = if low < UNBOUNDED { zeros } else { 0 };
            return Self::known(low, product(self.high, other.high), zeros);
        }
        let corners = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        let low = corners.iter().copied().fold(UNBOUNDED, i128::min);
        let high = corners.iter().copied().fold(-UNBOUNDED, i128::max);
        // The lower ends are members, so that their product tells what all products leave.
        match self.low.checked_mul(other.low) {
            Some(member) => Self::known(aligned_down(low, member, zeros), high, zeros),
            None => Self::known(low, high, 0),
        }
    }

    /// The same, if its ends are not so far away.
    pub(crate) fn near(self, limit: i128) -> Option<Self> {
        (self.low > -limit && self.high < limit).then_some(self)
    }

    /// As [`Self::plus`], of what is known to stay near.
    pub(crate) fn plus_near(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
            zeros: self.zeros.min(other.zeros),
        }
    }

    /// As [`Self::times`] a constant, likewise.
    pub(crate) fn scaled_near(self, factor: i128) -> Self {
        let (low, high) = (self.low * factor, self.high * factor);
        let zeros = (self.zeros + factor.trailing_zeros()).min(MOST_ZEROS);
        Self {
            low: if high < low {
                aligned_down(high, low, zeros)
            } else {
                low
            },
            high: high.max(low),
            zeros,
        }
    }

    /// As [`Self::times`], likewise; neither is empty.
    pub(crate) fn times_near(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::between(1, 0);
        }
        if self.is_single() || other.is_single() {
            let (single, of) = if self.is_single() {
                (self, other)
            } else {
                (other, self)
            };
            return of.scaled_near(single.low);
        }
        self.times(other)
    }

    /// The members of either.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let apart = self.low.wrapping_sub(other.low).trailing_zeros();
        let zeros = |it: &Self| if it.is_single() { MOST_ZEROS } else { it.zeros };
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            zeros: zeros(&self).min(zeros(&other)).min(apart),
        }
    }

    /// The members of both, of which the one that is known with the larger steps keeps them.
    pub(crate) fn and(self, other: Self) -> Self {
        let (fine, coarse) = if self.zeros > other.zeros {
            (other, self)
        } else {
            (self, other)
        };
        if fine.is_empty() {
            return fine;
        }
        coarse.within(fine.low, fine.high)
    }

    /// The same numbers modulo `2^bits`, as they are read from a register of so many bits: exact where all lie in one period, else
    /// whatever the bits can hold.
    pub(crate) fn read_as(self, bits: u32, signed: bool) -> Self {
        let range = Self::of_bits(bits, signed);
        if self.lies_in(range) {
            return self;
        }
        if self.is_bounded() {
            let periods = (self.low - range.low) >> bits;
            let moved = Self {
                low: self.low - (periods << bits),
                high: self.high - (periods << bits),
                ..self
            };
            if moved.lies_in(range) {
                return moved;
            }
        }
        let zeros = self.trailing_zeros().min(bits);
        Self { zeros, ..range }.within(range.low, range.high)
    }

    /// The bits that are one in some member, if none is negative.
    pub(crate) fn ones(&self) -> Option<u64> {
        if self.is_empty() || self.low < 0 || self.high > i128::from(u64::MAX) {
            return None;
        }
        if self.is_single() {
            return Some(self.low as u64);
        }
        let below = |bits: u32| 1u64.checked_shl(bits).map_or(u64::MAX, |bit| bit - 1);
        let width = 128 - self.high.leading_zeros();
        let fixed = below(self.zeros);
        Some((below(width) & !fixed) | (self.low as u64 & fixed))
    }
}

/// The largest number up to this one that is apart from a member by a multiple of a power of two.
fn aligned_down(number: i128, member: i128, zeros: u32) -> i128 {
    // The lowest bits of a difference are right even where it wraps around.
    number - (number.wrapping_sub(member) & ((1 << zeros) - 1))
}

/// A product that is capped, not wrapped around.
fn product(a: i128, b: i128) -> i128 {
    if let (Ok(a), Ok(b)) = (i64::try_from(a), i64::try_from(b)) {
        return i128::from(a) * i128::from(b);
    }
    let capped = if (a < 0) == (b < 0) {
        UNBOUNDED
    } else {
        -UNBOUNDED
    };
    a.checked_mul(b).unwrap_or(capped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stepped(low: i128, high: i128, zeros: u32) -> Interval {
        Interval { low, high, zeros }
    }

    #[test]
    fn a_product_keeps_its_ends_and_its_alignment() {
        let row = stepped(0, 48, 4);
        assert_eq!(row.times(Interval::exactly(-2)), stepped(-96, 0, 5));
        assert!(row.plus(Interval::exactly(32)).is_multiple_of(16));
        assert!(!row.plus(Interval::exactly(8)).is_multiple_of(16));
    }

    #[test]
    fn members_between_two_ends_keep_their_steps() {
        assert_eq!(stepped(3, 43, 3).within(4, 40), stepped(11, 35, 3));
        assert!(stepped(0, 64, 6).within(1, 63).is_empty());
    }

    #[test]
    fn bits_are_read_exactly_in_one_period_and_not_across_two() {
        let all = Interval::exactly(-1).read_as(32, false);
        assert_eq!(all.low, 0xffff_ffff);
        let across = Interval::between(-4, 4).read_as(32, false);
        assert_eq!((across.low, across.high), (0, 0xffff_ffff));
        let far = Interval::between((1 << 32) + 5, (1 << 32) + 9).read_as(32, true);
        assert_eq!((far.low, far.high), (5, 9));
    }

    #[test]
    fn what_is_unbounded_stays_so() {
        let all = Interval::ANYTHING;
        assert!(!all.times(all).is_bounded());
        assert!(!all.plus(Interval::exactly(1)).is_bounded());
        assert!(!all.times(Interval::exactly(4)).is_bounded());
        assert!(all.times(Interval::exactly(4)).is_multiple_of(4));
    }

    #[test]
    fn what_all_members_leave_is_kept_without_a_bound() {
        let odd = Interval::ANYTHING
            .times(Interval::exactly(4))
            .plus(Interval::exactly(1));
        let negative = odd.times(Interval::exactly(-1));
        assert_eq!((negative.zeros, negative.low & 3), (2, 3));
        let read = negative.read_as(8, false);
        assert_eq!(read.trailing_zeros(), 0);
        let near = stepped(1, 10, 2).scaled_near(-1);
        assert_eq!((near.zeros, near.low & 3, near.high), (2, 3, -1));
    }

    #[test]
    fn bits_that_may_be_one_are_told() {
        assert_eq!(stepped(0, 0x70, 4).ones(), Some(0x70));
        assert_eq!(stepped(1, 0x71, 4).ones(), Some(0x71));
        assert_eq!(Interval::between(-1, 1).ones(), None);
    }
}
