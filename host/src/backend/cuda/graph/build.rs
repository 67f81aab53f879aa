//! Making a graph of a recording.

use super::records::Records;
use super::{NativeGraph, Node, TOGETHER, Told, Watch, launches};
use crate::backend::Code;
use crate::backend::cuda::choice::Choices;
use crate::backend::cuda::driver::{Driver, Result, StreamHandle};
use crate::backend::cuda::queue::CudaQueue;
use crate::backend::cuda::stream::Stream;
use crate::launch::Launch;
use crate::operation::{Operation, Place};
use crate::recording::Recording;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use wasi_cuda_jit::back::ptx::LaunchRecord;

/// Operations of a graph at most: some milliseconds to make it.
const MOST_OPERATIONS: usize = 2048;

/// Bytes of all its writes at most. More takes its time to copy, so that a call for each operation does not matter.
const MOST_DATA: usize = 16 << 10;

/// A graph of the recording for this queue, whose context is bound; none when it is not fit for one.
pub(super) fn build(queue: &Arc<CudaQueue>, recording: &Recording) -> Result<Option<NativeGraph>> {
    if !is_fit(recording) {
        return Ok(None);
    }
    let gpu = &queue.memory.gpu;
    let mut stream = crate::lock(&gpu.capturing);
    let stream = match &mut *stream {
        Some(stream) => stream,
        none => none.insert(Stream::new(&gpu.driver, 0)?),
    };
    let mut draft = Draft {
        queue,
        driver: &*gpu.driver,
        stream: stream.handle(),
        records: Records::new(&gpu.controls, launches(recording).count())?,
        nodes: Vec::new(),
        look: true,
        choices: Choices::default(),
        block: Vec::new(),
    };
    gpu.driver.begin_capture(draft.stream)?;
    let drawn = draft.draw(recording);
    // Ended whatever became of it: the stream captures others later.
    let handle = gpu.driver.end_capture(draft.stream);
    drawn?;
    let mut memory = LaunchRecord::default();
    queue.memory.describe(&mut memory);
    Ok(Some(NativeGraph {
        gpu: gpu.clone(),
        queue: Arc::downgrade(queue),
        handle: handle?,
        records: draft.records,
        in_flight: AtomicU32::new(0),
        told: Mutex::new(Told {
            memory,
            entries: draft.nodes.iter().map(|node| node.entry).collect(),
            launches: draft.nodes,
        }),
        watch: Mutex::new(Watch {
            done: 0,
            since: Instant::now(),
        }),
    }))
}

/// Whether a graph is worth making, and needs no memory besides what it keeps.
fn is_fit(recording: &Recording) -> bool {
    let operations = recording.operations();
    let fits = |operation: &Operation| match operation {
        Operation::Copy { from, to, length } => {
            let apart = from.in_window().abs_diff(to.in_window());
            apart == 0 || apart >= *length
        }
        Operation::Launch(_) | Operation::Write { .. } | Operation::Fill { .. } => true,
        Operation::Record(_) | Operation::Wait(_) | Operation::Graph(_) => false,
    };
    let data: u64 = operations.iter().map(Operation::held_bytes).sum();
    (2..=MOST_OPERATIONS).contains(&operations.len())
        && data <= MOST_DATA as u64
        && operations.iter().all(fits)
}

/// A graph that is being made.
struct Draft<'a> {
    queue: &'a CudaQueue,
    driver: &'a dyn Driver,
    stream: StreamHandle,
    records: Records,
    nodes: Vec<Node>,
    /// Whether the next launch looks at the stop word first.
    look: bool,
    choices: Choices,
    block: Vec<u8>,
}

impl Draft<'_> {
    fn draw(&mut self, recording: &Recording) -> Result<()> {
        let all = launches(recording).count();
        self.tell_progress(0, all)?;
        for (index, operation) in recording.operations().iter().enumerate() {
            match operation {
                Operation::Launch(launch) => {
                    self.launch(index, launch)?;
                    self.tell_progress(self.nodes.len(), all)?;
                }
                Operation::Write { to, data } => self.write(to, data)?,
                Operation::Copy { from, to, length } => self.copy(from, to, *length)?,
                Operation::Fill {
                    to,
                    length,
                    pattern,
                } => self.fill(to, *length, *pattern)?,
                Operation::Record(_) | Operation::Wait(_) | Operation::Graph(_) => {}
            }
        }
        Ok(())
    }

    /// After so many launches and before others: says so, where a look at time limits is due.
    fn tell_progress(&self, done: usize, all: usize) -> Result<()> {
        if all <= TOGETHER || done == all || !done.is_multiple_of(TOGETHER) {
            return Ok(());
        }
        // SAFETY: the word is the graph's, which outlives its replays.
        unsafe {
            let word = self.records.progress();
            self.driver.write_word(self.stream, word, done as u32)
        }
    }

    fn launch(&mut self, operation: usize, launch: &Arc<Launch>) -> Result<()> {
        let Code::Cuda(code) = &launch.kernel.code else {
            debug_assert!(false, "a kernel of another device");
            return Ok(());
        };
        let record = self.records.of_launch(self.nodes.len());
        let memory = &self.queue.memory;
        let entry = self.choices.entry(memory, launch, code);
        let Some(function) = code.function(entry) else {
            debug_assert!(false, "a variant that is not loaded");
            return Ok(());
        };
        let look = self.look;
        let shape = self
            .queue
            .describe(launch, code, record, look, &mut self.block);
        // SAFETY: the code is guarded: with this record it accesses its guest's window and these words alone, all of which
        // live as long as the queue or the graph, and a replay keeps both.
        unsafe {
            self.driver
                .launch(function, &shape, self.stream, &self.block)?;
        }
        let node = Node {
            operation,
            handle: self.driver.captured(self.stream)?,
            entry,
            look,
            launch: Arc::downgrade(launch),
            code: code.clone(),
        };
        self.look = node.makes_others_look(self.nodes.len(), look);
        self.nodes.push(node);
        Ok(())
    }

    fn write(&mut self, to: &Place, data: &[u8]) -> Result<()> {
        let Some(mut target) = self.queue.memory.range(to.in_window(), data.len() as u64) else {
            debug_assert!(false, "the range of a write is not backed");
            return Ok(());
        };
        let mut rest = data;
        while !rest.is_empty() {
            let piece = self.records.keep(&self.queue.memory.gpu.controls, rest)?;
            let bytes = piece.bytes as u64;
            // SAFETY: the data are the graph's; the recording, which a replay keeps, keeps the buffer.
            unsafe {
                self.driver
                    .copy(self.stream, piece.address, target, bytes)?;
            }
            target += bytes;
            rest = &rest[piece.bytes..];
        }
        Ok(())
    }

    fn copy(&self, from: &Place, to: &Place, length: u64) -> Result<()> {
        let range = |place: &Place| self.queue.memory.range(place.in_window(), length);
        let (Some(source), Some(target)) = (range(from), range(to)) else {
            debug_assert!(false, "the range of a copy is not backed");
            return Ok(());
        };
        if length == 0 || source == target {
            return Ok(());
        }
        // SAFETY: they do not overlap, and the recording keeps both buffers.
        unsafe { self.driver.copy(self.stream, source, target, length) }
    }

    fn fill(&self, to: &Place, length: u64, pattern: u32) -> Result<()> {
        let Some(target) = self.queue.memory.range(to.in_window(), length) else {
            debug_assert!(false, "the range of a fill is not backed");
            return Ok(());
        };
        if length == 0 {
            return Ok(());
        }
        // SAFETY: the recording keeps the buffer.
        unsafe { self.driver.fill(self.stream, target, pattern, length) }
    }
}
