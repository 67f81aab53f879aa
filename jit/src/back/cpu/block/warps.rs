//! Threads that wait at different places: each warp goes on by itself, and within it whoever's companions have all come.
//!
//! As on a GPU, an operation of a warp whose missing lanes wait in a barrier of the block goes on without them. Where they wait in
//! another operation of the warp neither can ever be done: a fault here, and a device that hangs there.

use super::super::collective::Wait;
use super::super::launch::Outcome;
use super::{Block, ENDED, Ended};
use crate::ir::FaultCause;

/// What a warp can do.
enum Step {
    /// These lanes have all come to this place.
    Ready { place: u32, lanes: u32 },
    /// These have come to this place, and the others they wait for are in a barrier of the block.
    Incomplete { place: u32, lanes: u32 },
    /// A lane waits at this place for one that waits for it elsewhere.
    Stuck { place: u32, lane: usize },
    /// All that are left wait for the block, or there are none.
    Resting,
}

impl Block<'_> {
    /// Lets every warp go on as far as it can.
    ///
    /// # Safety
    ///
    /// As [`Block::run`].
    pub(super) unsafe fn warps_go_on(&mut self) -> Result<(), Ended> {
        let mut moved = false;
        for first in (0..self.threads).step_by(32) {
            while let Step::Ready { place, lanes } = self.step(first) {
                // SAFETY: the caller promises what this asks for.
                unsafe { self.lanes_go_on(place, first, lanes)? };
                moved = true;
            }
        }
        if moved {
            return Ok(());
        }
        if self.all_wait_for_block() {
            // SAFETY: as above.
            return unsafe { self.block_goes_on() };
        }
        for first in (0..self.threads).step_by(32) {
            match self.step(first) {
                Step::Ready { place, lanes } | Step::Incomplete { place, lanes } => {
                    // SAFETY: as above.
                    return unsafe { self.lanes_go_on(place, first, lanes) };
                }
                Step::Stuck { place, lane } => {
                    return Err(self.fault(place, first + lane, FaultCause::Divergence));
                }
                Step::Resting => {}
            }
        }
        Err(Ended(Outcome::Stopped))
    }

    unsafe fn lanes_go_on(&mut self, place: u32, first: usize, lanes: u32) -> Result<(), Ended> {
        self.perform(place, first, lanes)?;
        let end = self.threads.min(first + 32);
        let chosen = move |thread: usize| lanes >> (thread - first) & 1 != 0;
        // SAFETY: the caller promises what this asks for.
        unsafe { self.go_on_of(place + 1, first..end, chosen) }
    }

    /// What the lanes of a warp can do, those that name the fewest places first.
    fn step(&mut self, first: usize) -> Step {
        let waits: Vec<u32> = self.arena.waits()[first..self.threads.min(first + 32)].to_vec();
        let lanes = |wanted: &dyn Fn(u32) -> bool| {
            let waiting = waits.iter().enumerate().filter(|(_, wait)| wanted(**wait));
            waiting.fold(0u32, |lanes, (lane, _)| lanes | 1 << lane)
        };
        let alive = lanes(&|wait| wait != ENDED);
        let for_block = lanes(&|wait| self.waits_for_block(wait));
        let mut incomplete = None;
        let mut stuck = None;
        for (lane, &place) in waits.iter().enumerate() {
            if place == ENDED || self.waits_for_block(place) {
                continue;
            }
            let here = lanes(&|wait| wait == place);
            let wanted = self.companions(place, first + lane, alive);
            let missing = wanted & !here;
            let taking_part = wanted & here | 1 << lane;
            let agree = (0..32)
                .filter(|other| taking_part >> other & 1 != 0)
                .all(|other| self.companions(place, first + other, alive) & here == taking_part);
            if !agree {
                stuck.get_or_insert(Step::Stuck { place, lane });
            } else if missing == 0 {
                return Step::Ready {
                    place,
                    lanes: taking_part,
                };
            } else if missing & !for_block == 0 {
                incomplete.get_or_insert(Step::Incomplete {
                    place,
                    lanes: taking_part,
                });
            } else {
                stuck.get_or_insert(Step::Stuck { place, lane });
            }
        }
        incomplete.or(stuck).unwrap_or(Step::Resting)
    }

    /// The lanes that a thread waits for, itself among them.
    fn companions(&mut self, place: u32, thread: usize, alive: u32) -> u32 {
        let itself = 1 << (thread % 32);
        match self.operation(place).map(|operation| operation.wait) {
            Some(Wait::Warp) => alive,
            Some(Wait::Mask(argument)) => {
                let slot = self.program.frames.argument(argument, 4);
                let mask = self.arena.frames().read(slot, thread) as u32;
                mask & alive | itself
            }
            // Whoever has come to the same place is active with it.
            Some(Wait::Nobody) => self.lanes_at(thread / 32 * 32, place),
            Some(Wait::Block) | None => itself,
        }
    }

    fn waits_for_block(&self, place: u32) -> bool {
        self.operation(place)
            .is_some_and(|operation| operation.wait == Wait::Block)
    }

    fn all_wait_for_block(&self) -> bool {
        let mut waits = self.arena.waits().iter();
        waits.all(|place| *place == ENDED || self.waits_for_block(*place))
    }

    /// All threads have come to barriers, though not to the same one in the text.
    unsafe fn block_goes_on(&mut self) -> Result<(), Ended> {
        let mut places: Vec<u32> = self.arena.waits().to_vec();
        let waited: Vec<u32> = places.clone();
        places.sort_unstable();
        places.dedup();
        for place in &places {
            self.perform_for_block(*place);
        }
        let threads = self.threads;
        for place in places.into_iter().filter(|place| *place != ENDED) {
            let chosen = |thread: usize| waited[thread] == place;
            // SAFETY: the caller promises what this asks for.
            unsafe { self.go_on_of(place + 1, 0..threads, chosen)? };
        }
        Ok(())
    }
}
