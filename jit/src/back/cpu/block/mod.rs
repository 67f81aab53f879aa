//! Running a block whose threads wait for each other.
//!
//! ```text
//!  segment 0 ──▶ all wait at one place? ── yes ──▶ do the operation, run its segment for all ──▶ …
//!                        │ no
//!                        ▼
//!              warp by warp: whoever's companions have all come goes on
//! ```

mod warps;

use super::arena::Arena;
use super::collective::{BlockFrames, Operation, Wait, Warp};
use super::fault::RawFault;
use super::kernel::{Entry, Program};
use super::launch::{BlockContext, Launch, Outcome};
use crate::ir::FaultCause;
use std::ops::Range;

/// Where a thread waits that has ended.
pub(super) const ENDED: u32 = u32::MAX;

/// What a thread runs that shall not run.
pub(super) const NOTHING: u32 = u32::MAX;

/// A block while it runs.
pub(super) struct Block<'a> {
    pub(super) program: &'a Program,
    entries: &'a [Entry],
    /// Threads that run in step; 1 if each runs alone.
    group: usize,
    pub(super) launch: &'a Launch,
    pub(super) arena: &'a mut Arena,
    pub(super) context: BlockContext,
    threads: usize,
}

/// Where the threads of a block are.
enum Gathering {
    /// All have ended.
    Over,
    /// Every single one waits at this place.
    Everyone(u32),
    /// All wait at this place but those that have ended.
    WhoIsLeft(u32),
    /// They wait at different places.
    Apart,
}

/// Why a block did not run to its end.
pub(super) struct Ended(pub(super) Outcome);

impl<'a> Block<'a> {
    pub(super) fn new(
        program: &'a Program,
        launch: &'a Launch,
        arena: &'a mut Arena,
        index: [u32; 3],
    ) -> Self {
        let (entries, group) = program.code(launch.block);
        let threads = arena.waits().len();
        arena.parted().fill(0);
        let context = arena.begin_block(index);
        Self {
            program,
            entries,
            group: group as usize,
            launch,
            arena,
            context,
            threads,
        }
    }

    /// Runs the block to its end.
    ///
    /// # Safety
    ///
    /// As [`super::kernel::Kernel::run_blocks`].
    pub(super) unsafe fn run(mut self) -> Outcome {
        let threads = self.threads;
        self.arena.run().fill(0);
        // SAFETY: the caller promises what this asks for.
        let mut result = unsafe { self.run_entry(0, 0..threads) };
        while result.is_ok() {
            // SAFETY: as above.
            result = unsafe {
                match self.gathering() {
                    Gathering::Over => return Outcome::Completed,
                    Gathering::Everyone(place) => self.all_go_on(place, true),
                    Gathering::WhoIsLeft(place) => self.all_go_on(place, false),
                    Gathering::Apart => self.warps_go_on(),
                }
            };
        }
        match result {
            Err(Ended(outcome)) => outcome,
            Ok(()) => Outcome::Completed,
        }
    }

    fn gathering(&self) -> Gathering {
        let waits = self.arena.waits();
        // The usual case is seen in vectors.
        let differs = |place: u32| waits.iter().fold(0, |differ, wait| differ | (wait ^ place));
        match waits.first() {
            Some(&ENDED) | None => {}
            Some(&place) if differs(place) == 0 => return Gathering::Everyone(place),
            Some(_) => {}
        }
        let mut alive = waits.iter().filter(|place| **place != ENDED);
        match alive.next() {
            None => Gathering::Over,
            Some(&place) if alive.all(|other| *other == place) => Gathering::WhoIsLeft(place),
            Some(_) => Gathering::Apart,
        }
    }

    /// Every thread that has not ended waits at one place, and `everyone` if none has.
    ///
    /// # Safety
    ///
    /// As [`Block::run`].
    unsafe fn all_go_on(&mut self, place: u32, everyone: bool) -> Result<(), Ended> {
        let Some(suspension) = self.program.suspensions.get(place as usize) else {
            return Err(Ended(Outcome::Stopped));
        };
        let threads = match everyone {
            true => 0..self.threads,
            false => self.waiting_warps(place),
        };
        match suspension.operation.wait {
            Wait::Block => self.perform_for_block(place),
            Wait::Warp | Wait::Nobody => {
                for first in threads.clone().step_by(32) {
                    let lanes = self.lanes_at(first, place);
                    self.perform(place, first, lanes)?;
                }
            }
            Wait::Mask(argument) => {
                for first in threads.clone().step_by(32) {
                    let lanes = self.lanes_of(first, place, everyone);
                    if !self.has_one_mask(first, lanes, argument) {
                        // SAFETY: the caller promises what this asks for.
                        return unsafe { self.warps_go_on() };
                    }
                }
                for first in threads.clone().step_by(32) {
                    let lanes = self.lanes_of(first, place, everyone);
                    self.perform(place, first, lanes)?;
                }
            }
        }
        if everyone {
            self.arena.run().fill(place + 1);
            // SAFETY: as above.
            return unsafe { self.run_entry(place + 1, threads) };
        }
        // SAFETY: as above.
        unsafe { self.go_on(place + 1, threads, |wait| wait == place) }
    }

    /// The threads of all warps from the first to the last of which one waits at a place.
    fn waiting_warps(&self, place: u32) -> Range<usize> {
        let waits = self.arena.waits();
        let first = waits.iter().position(|wait| *wait == place).unwrap_or(0);
        let last = waits.iter().rposition(|wait| *wait == place).unwrap_or(0);
        first / 32 * 32..(last + 1).next_multiple_of(32).min(self.threads)
    }

    /// Whether all lanes that take part name each other.
    fn has_one_mask(&mut self, first: usize, lanes: u32, argument: usize) -> bool {
        let slot = self.program.frames.argument(argument, 4);
        let frames = self.arena.frames();
        if let (u32::MAX, Some(masks)) = (lanes, frames.read_warp(slot, first)) {
            return masks.iter().fold(u32::MAX, |all, mask| all & mask) == u32::MAX;
        }
        let mut taking_part = (0..32).filter(|lane| lanes >> lane & 1 != 0);
        taking_part.all(|lane| frames.read(slot, first + lane) as u32 & lanes == lanes)
    }

    /// The lanes of a warp that wait at a place: all that there are, if everyone waits there.
    fn lanes_of(&self, first: usize, place: u32, everyone: bool) -> u32 {
        if everyone && self.threads - first >= 32 {
            return u32::MAX;
        }
        self.lanes_at(first, place)
    }

    /// The lanes of a warp that wait at a place.
    pub(super) fn lanes_at(&self, first: usize, place: u32) -> u32 {
        let waits = self.arena.waits();
        let lanes = waits[first..self.threads.min(first + 32)]
            .iter()
            .enumerate();
        lanes
            .filter(|(_, wait)| **wait == place)
            .fold(0, |lanes, (lane, _)| lanes | 1 << lane)
    }

    pub(super) fn operation(&self, place: u32) -> Option<&'a Operation> {
        let suspension = self.program.suspensions.get(place as usize)?;
        Some(&suspension.operation)
    }

    /// Does a warp's operation for these lanes.
    pub(super) fn perform(&mut self, place: u32, first: usize, lanes: u32) -> Result<(), Ended> {
        let Some(operation) = self.operation(place).filter(|_| lanes != 0) else {
            return Ok(());
        };
        let mut frames = self.arena.frames();
        let mut memory = self.arena.memory(self.launch);
        let mut warp = Warp {
            operation,
            frames: &mut frames,
            layout: &self.program.frames,
            first,
            lanes,
            memory: &mut memory,
        };
        let performed = operation.perform(&mut warp);
        let lane = lanes.trailing_zeros() as usize;
        performed.map_err(|cause| self.fault(place, first + lane, cause))
    }

    /// Does a block's operation for all threads that wait at a place.
    pub(super) fn perform_for_block(&mut self, place: u32) {
        let Some(operation) = self.operation(place) else {
            return;
        };
        let waits = self.arena.waits().iter().enumerate();
        let threads: Vec<usize> = if operation.results() == 0 {
            return;
        } else {
            let waiting = waits.filter(|(_, wait)| **wait == place);
            waiting.map(|(thread, _)| thread).collect()
        };
        let mut frames = self.arena.frames();
        operation.perform_for_block(&mut BlockFrames {
            operation,
            frames: &mut frames,
            layout: &self.program.frames,
            threads: &threads,
        });
    }

    /// Runs a segment for those of a range of threads that wait where `chosen` says.
    ///
    /// # Safety
    ///
    /// As [`Block::run`].
    pub(super) unsafe fn go_on(
        &mut self,
        entry: u32,
        threads: Range<usize>,
        chosen: impl Fn(u32) -> bool,
    ) -> Result<(), Ended> {
        let (first, waits) = (threads.start, self.arena.waits()[threads.clone()].to_vec());
        // SAFETY: the caller promises what this asks for.
        unsafe { self.go_on_of(entry, threads, |thread| chosen(waits[thread - first])) }
    }

    /// Runs a segment for those of a range of threads that are chosen.
    ///
    /// # Safety
    ///
    /// As [`Block::run`].
    pub(super) unsafe fn go_on_of(
        &mut self,
        entry: u32,
        threads: Range<usize>,
        chosen: impl Fn(usize) -> bool,
    ) -> Result<(), Ended> {
        for thread in threads.clone() {
            self.arena.run()[thread] = if chosen(thread) { entry } else { NOTHING };
        }
        self.part_incomplete_groups(threads.clone(), &chosen);
        // SAFETY: the caller promises what this asks for.
        unsafe { self.run_entry(entry, threads) }
    }

    /// Runs a segment for those of a range of threads of which it is said that they run it.
    ///
    /// # Safety
    ///
    /// As [`Block::run`].
    unsafe fn run_entry(&mut self, entry: u32, threads: Range<usize>) -> Result<(), Ended> {
        let Some(code) = self.entries.get(entry as usize).copied() else {
            return Err(Ended(Outcome::Stopped));
        };
        self.context.first = threads.start as u32;
        self.context.last = threads.end as u32;
        self.arena.place_threads(&mut self.context);
        // SAFETY: the entry was compiled with this signature; the context points to the arena, which outlives the call, and
        // the caller vouches for the launch.
        match unsafe { code(self.launch, &raw mut self.context) } {
            0 => Ok(()),
            1 => Err(Ended(Outcome::Faulted)),
            _ => Err(Ended(Outcome::Stopped)),
        }
    }

    /// Groups of which only some threads go on run alone from now on.
    fn part_incomplete_groups(&mut self, threads: Range<usize>, chosen: &impl Fn(usize) -> bool) {
        if self.group == 1 {
            return;
        }
        for group in threads.start / self.group..threads.end.div_ceil(self.group) {
            let first = group * self.group;
            let count = (first..first + self.group)
                .filter(|thread| chosen(*thread))
                .count();
            if count != 0 && count != self.group {
                self.arena.parted()[group] = 1;
            }
        }
    }

    /// Records a fault of a thread that waits.
    pub(super) fn fault(&self, place: u32, thread: usize, _cause: FaultCause) -> Ended {
        let site = self
            .program
            .suspensions
            .get(place as usize)
            .map_or(0, |suspension| suspension.site);
        let [width, height, _] = self.launch.block.map(|extent| extent.max(1) as usize);
        // SAFETY: `run_blocks` asks that the slot be valid until it returns.
        let slot = unsafe { &*self.launch.fault };
        slot.record(RawFault {
            site,
            address: 0,
            block: self.context.index,
            thread: [
                (thread % width) as u32,
                (thread / width % height) as u32,
                (thread / width / height) as u32,
            ],
        });
        Ended(Outcome::Faulted)
    }
}
