//! Whether a kernel's variables fit the memory that a block and a thread have.

use crate::diagnostics::Diagnostics;
use crate::ir::{Function, Space};
use crate::limits::{MAX_LOCAL_BYTES, MAX_SHARED_BYTES};

/// Most memory of each space, and what to do about too much.
const LIMITS: [(Space, u64, &str); 2] = [
    (
        Space::Shared,
        MAX_SHARED_BYTES,
        "use smaller tiles, or shared memory whose size the launch decides",
    ),
    (Space::Local, MAX_LOCAL_BYTES, "pass a buffer instead"),
];

pub(super) fn check(function: &Function, found: &mut Diagnostics) {
    for (space, most, instead) in LIMITS {
        let bytes = function.variable_bytes(space);
        if bytes > most {
            let message = format!(
                "the kernel `{}` has {bytes} bytes of {space} variables; at most {most} are accepted: {instead}",
                function.name
            );
            found.error(function.span, message);
        }
    }
}
