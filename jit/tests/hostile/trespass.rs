//! The house notices what it is there for: else its silence would mean nothing.

use super::house::while_watched;
use wasi_cuda_jit::fuzzing::device::{Ended, Misbehaviour, Place};

const WINDOW: usize = 1 << 16;

/// What comes of a guest that writes one byte, so far from its window's start.
fn write_at(offset: isize) -> Result<Ended, Misbehaviour> {
    while_watched(WINDOW, |place: &Place| {
        // SAFETY: the byte is the window's or a neighbour's, which can be written.
        unsafe { place.window.offset(offset).write(0x77) };
        Ok(Ended::Completed(Vec::new()))
    })
}

#[test]
fn a_byte_before_the_window_or_behind_it_is_noticed() {
    let behind = WINDOW as isize;
    for inside in [0, behind - 1] {
        assert_eq!(write_at(inside), Ok(Ended::Completed(Vec::new())));
    }
    for outside in [-1, behind, behind + 60_000, -60_000] {
        assert_eq!(
            write_at(outside),
            Err(Misbehaviour::Trespassed(outside as i64))
        );
    }
}
