//! How each operation is handed to the driver.

use super::{CudaQueue, Replay, State, Step, Upload};
use crate::backend::Code;
use crate::backend::cuda::clock::Stamp;
use crate::backend::cuda::control::RECORDS;
use crate::backend::cuda::driver::{Driver, DriverError, Shape, StreamHandle};
use crate::backend::cuda::graph;
use crate::backend::cuda::issued::What;
use crate::backend::cuda::lane::Reserved;
use crate::backend::cuda::module::CudaKernel;
use crate::backend::cuda::staging::{BLOCK, Block};
use crate::backend::cuda::timing::{Timing, timed};
use crate::event::{Event, Reached};
use crate::launch::Launch;
use crate::operation::{Operation, Place};
use crate::recording::Recording;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use wasi_cuda_jit::back::ptx::LaunchRecord;

impl State {
    /// How many launches were issued, and how many until the last that may fail.
    fn counts(&self) -> [u32; 2] {
        [self.launches, self.until_unsure]
    }

    /// A launch is about to be issued.
    fn count_launch(&mut self, may_fail: bool) {
        self.launches = self.launches.wrapping_add(1);
        if may_fail {
            self.until_unsure = self.launches;
        }
    }

    /// A launch was refused: its record is free, and the stop word may still be set, which was to be reset.
    fn uncount(&mut self, before: [u32; 2], reset: Option<u64>) {
        [self.launches, self.until_unsure] = before;
        self.stopped |= reset.is_some();
    }
}

/// Blocks of a launch up to which they need not look at the stop word because of each other. Behind a fault each further block
/// would fault as well, and millions of threads that try to record theirs keep a GPU busy for minutes; and a loop-free kernel in
/// a large grid can be stopped by no other look.
const FEW_BLOCKS: u64 = 1 << 12;

impl CudaQueue {
    pub(super) fn launch(
        self: &Arc<Self>,
        state: &mut State,
        launch: Arc<Launch>,
        time_limit: Option<Duration>,
        counted: Option<u64>,
    ) -> Result<Step, Arc<Launch>> {
        let Code::Cuda(code) = &launch.kernel.code else {
            debug_assert!(false, "a kernel of another device");
            return Ok(self.over(counted));
        };
        let code = code.clone();
        if !self.may_launch(state) {
            return Err(launch);
        }
        let Some(lane) = self.lane(state) else {
            return Err(launch);
        };
        let entry = state.choices.entry(&self.memory, &launch, &code);
        let Some(function) = code.function(entry) else {
            debug_assert!(false, "a variant that is not loaded");
            return Ok(self.over(counted));
        };
        let record = state.launches;
        let look = self.may_be_skipped(state);
        let mut block = std::mem::take(&mut state.block);
        let address = self.control.record(record);
        let shape = self.describe(&launch, &code, address, look, &mut block);
        let timing = self.timing();
        let marks = timing.as_ref().map(Timing::marks);
        let what = What::Launch {
            launch,
            entry,
            record,
            time_limit,
            timing,
        };
        let may_fail = code.guarded.may_fail(entry);
        let step = self.kernels(state, lane, what, counted, may_fail, |driver, stream| {
            timed(driver, stream, marks, || {
                // SAFETY: the code is guarded: with this record it accesses its guest's window and these words alone, all of
                // which live as long as the queue.
                unsafe { driver.launch(function, &shape, stream, &block) }
            })
        });
        state.block = block;
        Ok(step)
    }

    /// Issues what runs kernels, with the stop word reset before it where that may be set, and counts it as a launch unless the
    /// driver refuses it.
    fn kernels(
        self: &Arc<Self>,
        state: &mut State,
        lane: Reserved,
        what: What,
        counted: Option<u64>,
        may_fail: bool,
        enqueue: impl FnOnce(&dyn Driver, StreamHandle) -> Result<(), DriverError>,
    ) -> Step {
        self.memory.will_be_written();
        let before = state.counts();
        state.count_launch(may_fail);
        let reset = std::mem::take(&mut state.stopped).then(|| self.control.stop());
        let mut taken = false;
        let step = self.issued(lane, what, counted, |driver, stream| {
            if let Some(stop) = reset {
                // SAFETY: the word is the queue's, which what is issued keeps.
                unsafe { driver.write_word(stream, stop, 0)? };
            }
            enqueue(driver, stream)?;
            taken = true;
            Ok(())
        });
        if !taken {
            state.uncount(before, reset);
        }
        step
    }

    /// What times a launch, where somebody asked for that.
    fn timing(&self) -> Option<Timing> {
        if !self.measures {
            return None;
        }
        let timing = Timing::new(&self.gpu().driver);
        timing
            .inspect_err(|error| tracing::warn!(%error, "a launch is not timed"))
            .ok()
    }

    /// Whether what is before the next launch may still end in a way that it must not run after.
    fn may_be_skipped(&self, state: &State) -> bool {
        let over = self.launches_over.load(SeqCst);
        state.until_unsure.wrapping_sub(over).cast_signed() > 0
    }

    /// What the driver is told of a launch: its shape, and in `block` its parameters.
    pub(in crate::backend::cuda) fn describe(
        &self,
        launch: &Launch,
        code: &CudaKernel,
        record: u64,
        look: bool,
        block: &mut Vec<u8>,
    ) -> Shape {
        let shared_bytes = code.guarded.shared_bytes(launch.dynamic_shared);
        let variables = launch.variables.as_ref();
        let mut told = LaunchRecord {
            stop: self.control.stop(),
            fault: record,
            variables: variables.map_or(0, |variables| variables.address()),
            shared_bytes,
            look: look || launch.blocks() > FEW_BLOCKS,
            ..LaunchRecord::default()
        };
        self.memory.describe(&mut told);
        let own = launch.parameters.bytes();
        code.guarded.write_parameters(own, &told, block);
        Shape {
            grid: launch.grid,
            block: launch.block,
            shared: u32::try_from(shared_bytes).unwrap_or(u32::MAX),
        }
    }

    /// Replays a recording, with one call where there is a graph of it.
    pub(super) fn graph(
        self: &Arc<Self>,
        state: &mut State,
        recording: Arc<Recording>,
        time_limit: Option<Duration>,
        counted: Option<u64>,
    ) -> Result<Step, Arc<Recording>> {
        // One call is not timed launch by launch.
        let graph = match self.measures {
            true => None,
            false => graph::of(self, &recording, time_limit),
        };
        let Some(graph) = graph else {
            state.replay = Some(Replay {
                recording,
                next: 0,
                time_limit,
                counted,
            });
            return Ok(Step::Issued);
        };
        if !self.may_launch(state) {
            return Err(recording);
        }
        let Some(lane) = self.lane(state) else {
            return Err(recording);
        };
        if let Err(error) = graph.update(self, &recording) {
            self.refused(&error);
            drop((graph, recording));
            return Ok(self.over(counted));
        }
        let handle = graph.handle();
        let what = What::Replay {
            graph: graph.begin(),
            recording,
            time_limit,
        };
        Ok(
            self.kernels(state, lane, what, counted, true, |driver, stream| {
                // SAFETY: what was promised of its operations holds as long as what is issued keeps their memory.
                unsafe { driver.launch_graph(handle, stream) }
            }),
        )
    }

    /// Whether there is a record for another launch, and no earlier stop would end it.
    fn may_launch(&self, state: &State) -> bool {
        let over = self.launches_over.load(SeqCst);
        state.launches.wrapping_sub(over) < RECORDS && self.may_start(state)
    }

    /// Whether no earlier stop is still on its way, which would end the next launch.
    fn may_start(&self, state: &State) -> bool {
        !state.stopped || (state.stop.is_none() && self.in_flight.load(SeqCst) == 0)
    }

    pub(super) fn upload(self: &Arc<Self>, state: &mut State, mut upload: Upload) -> Step {
        let rest = &upload.data[upload.issued..];
        let piece = &rest[..rest.len().min(BLOCK)];
        if piece.is_empty() {
            return self.over(upload.counted);
        }
        let at = upload.to.in_window() + upload.issued as u64;
        let size = piece.len() as u64;
        let Some(to) = self.memory.range(at, size) else {
            debug_assert!(false, "the range of an upload is not backed");
            return self.over(upload.counted);
        };
        let Some(lane) = self.lane(state) else {
            state.upload = Some(upload);
            return Step::Full;
        };
        let staged = match self.gpu().staging.take(piece) {
            Ok(Some(staged)) => staged,
            Ok(None) => {
                state.upload = Some(upload);
                return Step::Full;
            }
            Err(error) => {
                self.refused(&error);
                return self.over(upload.counted);
            }
        };
        self.memory.will_be_written();
        let from = staged.address();
        upload.issued += piece.len();
        let is_last = upload.issued == upload.data.len();
        let (what, counted) = if is_last {
            let Upload {
                to, data, counted, ..
            } = upload;
            let operation = Operation::Write { to, data };
            (What::Transfer(operation, Some(staged)), counted)
        } else {
            state.upload = Some(upload);
            (What::Piece(staged), None)
        };
        self.issued(lane, what, counted, |driver, stream| {
            // SAFETY: both ranges are kept by what is issued.
            unsafe { driver.copy(stream, from, to, size) }
        })
    }

    pub(super) fn copy(
        self: &Arc<Self>,
        state: &mut State,
        from: Place,
        to: Place,
        length: u64,
        counted: Option<u64>,
    ) -> Result<Step, Operation> {
        let [source, target] =
            [&from, &to].map(|place| self.memory.range(place.in_window(), length));
        let (Some(source), Some(target)) = (source, target) else {
            debug_assert!(false, "the range of a copy is not backed");
            return Ok(self.over(counted));
        };
        if length == 0 || source == target {
            drop((from, to));
            return Ok(self.over(counted));
        }
        let overlap = source.abs_diff(target) < length;
        let staged = match overlap {
            true => self.gpu().staging.take(&[]),
            false => Ok(None),
        };
        let staged = match staged {
            Ok(staged) => staged,
            Err(error) => {
                self.refused(&error);
                drop((from, to));
                return Ok(self.over(counted));
            }
        };
        let Some(lane) = self.lane(state) else {
            return Err(Operation::Copy { from, to, length });
        };
        if overlap && staged.is_none() {
            return Err(Operation::Copy { from, to, length });
        }
        self.memory.will_be_written();
        let through = staged.as_ref().map(Block::address);
        let what = What::Transfer(Operation::Copy { from, to, length }, staged);
        let mut refused = None;
        let step = self.issued(lane, what, counted, |driver, stream| {
            let Some(through) = through else {
                // SAFETY: both ranges are backed and kept by what is issued.
                return unsafe { driver.copy(stream, source, target, length) };
            };
            let mut begun = false;
            for (begin, size) in pieces(length, target > source) {
                let steps = [(source + begin, through), (through, target + begin)];
                for (from, to) in steps {
                    // SAFETY: as above; the stream copies one piece after the other, each out of what none before has
                    // written.
                    match unsafe { driver.copy(stream, from, to, size) } {
                        Ok(()) => begun = true,
                        Err(error) if begun => {
                            // What was taken uses the memory until it is over.
                            refused = Some(error);
                            return Ok(());
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Ok(())
        });
        if let Some(error) = refused {
            self.refused(&error);
        }
        Ok(step)
    }

    pub(super) fn fill(
        self: &Arc<Self>,
        state: &mut State,
        to: Place,
        length: u64,
        pattern: u32,
        counted: Option<u64>,
    ) -> Result<Step, Operation> {
        let Some(target) = self.memory.range(to.in_window(), length) else {
            debug_assert!(false, "the range of a fill is not backed");
            return Ok(self.over(counted));
        };
        let operation = Operation::Fill {
            to,
            length,
            pattern,
        };
        if length == 0 {
            drop(operation);
            return Ok(self.over(counted));
        }
        let Some(lane) = self.lane(state) else {
            return Err(operation);
        };
        self.memory.will_be_written();
        let what = What::Transfer(operation, None);
        Ok(self.issued(lane, what, counted, |driver, stream| {
            // SAFETY: the range is backed and kept by what is issued.
            unsafe { driver.fill(stream, target, pattern, length) }
        }))
    }

    pub(super) fn record(
        self: &Arc<Self>,
        state: &mut State,
        event: Arc<Event>,
        counted: Option<u64>,
    ) -> Result<Step, Arc<Event>> {
        let Some(lane) = self.lane(state) else {
            return Err(event);
        };
        let stamp = match lane.stamp(&self.gpu().clock) {
            Ok(stamp) => stamp,
            Err(error) => {
                self.refused(&error);
                event.complete(Reached {
                    at: 0,
                    error: self.progress.error(),
                });
                return Ok(self.over(counted));
            }
        };
        event.set_native(stamp);
        Ok(self.issued(lane, What::Record(event), counted, |_, _| Ok(())))
    }

    /// Waits on the GPU for an event that it knows, and else until the event is reached.
    pub(super) fn wait(
        self: &Arc<Self>,
        state: &mut State,
        event: Arc<Event>,
        counted: Option<u64>,
    ) -> Result<Step, Arc<Event>> {
        if event.reached().is_some() {
            return Ok(self.over(counted));
        }
        let here = |stamp: &&Stamp| stamp.is_of(&self.gpu().driver);
        if let Some(mark) = event.native::<Stamp>().filter(here).map(Stamp::event) {
            let Some(lane) = self.lane(state) else {
                return Err(event);
            };
            let what = What::Wait(event);
            return Ok(self.issued(lane, what, counted, |driver, stream| {
                driver.wait_for(stream, mark)
            }));
        }
        state.blocked = Some(event.clone());
        if event.resume_later(self.clone()) {
            return Ok(Step::Blocked);
        }
        state.blocked = None;
        Ok(self.over(counted))
    }

    pub(super) fn replay(
        self: &Arc<Self>,
        state: &mut State,
        mut replay: Replay,
        failed: bool,
    ) -> Step {
        let operation = replay.recording.operations().get(replay.next).cloned();
        let Some(operation) = operation.filter(|_| !failed) else {
            let Some(lane) = self.lane(state) else {
                state.replay = Some(replay);
                return Step::Full;
            };
            let counted = replay.counted;
            return self.issued(lane, What::End(replay.recording), counted, |_, _| Ok(()));
        };
        let issued = self.operation(state, operation, replay.time_limit, None, false);
        if issued.is_ok() {
            replay.next += 1;
        }
        state.replay = Some(replay);
        issued.unwrap_or(Step::Full)
    }
}

/// The pieces of an overlapping copy: from the end when it moves up.
fn pieces(length: u64, from_the_end: bool) -> impl Iterator<Item = (u64, u64)> {
    let count = length.div_ceil(BLOCK as u64);
    (0..count).map(move |index| {
        let index = if from_the_end {
            count - 1 - index
        } else {
            index
        };
        let begin = index * BLOCK as u64;
        (begin, (length - begin).min(BLOCK as u64))
    })
}
