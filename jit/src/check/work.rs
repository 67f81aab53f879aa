//! How many steps a text may cost, so that a hostile one ends the check and not the process.

use super::refusal::Reason;

/// Steps for each byte of text; a printed corpus file needs a hundredth of that.
const STEPS_A_BYTE: u64 = 400;

/// Bytes of the longest text that is read: several times what the largest source is printed as. Values are told apart by 28 bits.
const LONGEST: usize = 32 << 20;

/// Steps that something kept until the end counts for: no text makes more of it than some times its own bytes.
pub(super) const KEPT: usize = 64;

/// Steps whatever the size.
const STEPS_OF_ANY_TEXT: u64 = 1 << 20;

/// What is left of them.
pub(super) struct Work(u64);

impl Work {
    /// As much as a text may cost; nothing for one that is too long.
    pub(super) fn for_text(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self(0);
        }
        let steps = (text.len() as u64).saturating_mul(STEPS_A_BYTE);
        Self(steps.saturating_add(STEPS_OF_ANY_TEXT))
    }

    /// Does so many steps.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Reason> {
        match self.0.checked_sub(steps as u64) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(Reason::TooMuchWork),
        }
    }
}
