//! Recorded work, and what it takes of the host's memory.

use crate::bindings::wasi::cuda::types::Quota;
use crate::error::{CudaError, CudaResult};
use crate::launch::Launch;
use crate::operation::{Moves, Operation};
use crate::pending::Pending;
use crate::quota::{ByteCounter, BytePermit};
use std::any::Any;
use std::sync::{Arc, Mutex};

/// Operations that were recorded. Everything they take is counted as long as anyone holds them: their
/// graph, or a replay that is enqueued.
pub(crate) struct Recording {
    operations: Vec<Operation>,
    moves: Moves,
    own: BytePermit,
    /// Data of recorded writes, which copies of the recording share.
    data: Arc<BytePermit>,
    /// What a backend made of them, which copies share as well.
    native: Mutex<Option<Native>>,
}

/// What a backend makes of a recording.
pub(crate) type Native = Arc<dyn Any + Send + Sync>;

impl Recording {
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Bytes that a replay moves.
    pub(crate) fn moves(&self) -> Moves {
        self.moves
    }

    /// What a backend made of the recording, or of an earlier state of it with other launches in the same places.
    pub(crate) fn native(&self) -> Option<Native> {
        crate::lock(&self.native).clone()
    }

    pub(crate) fn set_native(&self, native: Native) {
        let earlier = crate::lock(&self.native).replace(native);
        drop(earlier);
    }

    /// Replaces a launch for later replays; those that are enqueued keep theirs.
    ///
    /// # Errors
    ///
    /// `other` when replays are enqueued and the guest's graphs may not take what a copy for them does.
    pub(crate) fn replace(
        this: &mut Arc<Self>,
        index: usize,
        launch: Arc<Launch>,
    ) -> CudaResult<()> {
        if Arc::get_mut(this).is_none() {
            *this = Arc::new(this.copy()?);
        }
        let operations = Arc::get_mut(this).map(|recording| &mut recording.operations);
        if let Some(recorded) = operations.and_then(|operations| operations.get_mut(index)) {
            *recorded = Operation::Launch(launch);
        }
        Ok(())
    }

    /// The same operations in a list of their own. Its launches count again, since each may be replaced.
    fn copy(&self) -> CudaResult<Self> {
        let own = self.own.again().ok_or_else(|| {
            CudaError::other(
                "replays of the graph are pending, and the guest's graphs may take no more memory \
                 for a copy with another argument; wait for the replays first",
            )
        })?;
        Ok(Self {
            operations: self.operations.clone(),
            moves: self.moves,
            own,
            data: self.data.clone(),
            native: Mutex::new(self.native()),
        })
    }
}

/// What a stream records; nothing is left once more was recorded than may be.
pub(crate) struct Capture(Option<Draft>);

struct Draft {
    operations: Vec<Operation>,
    /// Bytes of data in the operations.
    bytes: u64,
    own: BytePermit,
    data: BytePermit,
}

impl Capture {
    pub(crate) fn new(counter: &Arc<ByteCounter>) -> Self {
        Self(Some(Draft {
            operations: Vec::new(),
            bytes: 0,
            own: counter.permit(),
            data: counter.permit(),
        }))
    }

    /// Appends an operation, or drops everything when that is too much.
    pub(crate) fn record(&mut self, operation: Operation, pending: &Pending) {
        self.0 = self
            .0
            .take()
            .and_then(|draft| draft.with(operation, pending));
    }

    /// What was recorded.
    ///
    /// # Errors
    ///
    /// `quota-exceeded` with `pending-work` when it was too much.
    pub(crate) fn end(self) -> CudaResult<Recording> {
        let mut draft = self.0.ok_or(Quota::PendingWork)?;
        draft.operations.shrink_to_fit();
        Ok(Recording {
            moves: draft.operations.iter().map(Operation::moves).sum(),
            operations: draft.operations,
            own: draft.own,
            data: Arc::new(draft.data),
            native: Mutex::default(),
        })
    }
}

impl Draft {
    fn with(mut self, operation: Operation, pending: &Pending) -> Option<Self> {
        let held = operation.held_bytes();
        self.bytes = self.bytes.checked_add(held)?;
        let fits = pending.may_capture(self.operations.len() + 1, self.bytes)
            && self.own.extend(operation.own_bytes())
            && self.data.extend(held);
        fits.then(|| {
            self.operations.push(operation);
            self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::quota::Counters;
    use crate::testing::call;

    fn launch() -> Arc<Launch> {
        let Operation::Launch(launch) = call(|| ()) else {
            unreachable!("a call is a launch");
        };
        launch
    }

    fn one() -> u64 {
        call(|| ()).own_bytes()
    }

    /// A counter for so many launches.
    fn counter(launches: u64) -> Arc<ByteCounter> {
        let limits = Limits {
            graph_bytes: launches * one(),
            ..Limits::default()
        };
        Counters::new(&limits).graph_bytes
    }

    fn captured(counter: &Arc<ByteCounter>, launches: u64) -> CudaResult<Recording> {
        let mut capture = Capture::new(counter);
        let pending = Pending::new(u32::MAX, u64::MAX);
        (0..launches).for_each(|_| capture.record(call(|| ()), &pending));
        capture.end()
    }

    #[test]
    fn graphs_share_what_a_guest_may_record_and_give_it_back() {
        let counter = counter(5);
        let first = captured(&counter, 3).unwrap();
        assert!(captured(&counter, 3).is_err(), "two launches are left");
        let second = captured(&counter, 2).unwrap();
        assert!(captured(&counter, 1).is_err());
        drop((first, second));
        assert_eq!(captured(&counter, 5).unwrap().operations().len(), 5);
    }

    #[test]
    fn an_overflowing_capture_gives_back_at_once_and_records_no_more() {
        let counter = counter(2);
        let pending = Pending::new(u32::MAX, u64::MAX);
        let mut capture = Capture::new(&counter);
        (0..3).for_each(|_| capture.record(call(|| ()), &pending));
        assert!(captured(&counter, 2).is_ok());
        capture.record(call(|| ()), &pending);
        assert!(capture.end().is_err());
    }

    #[test]
    fn a_replacement_under_a_pending_replay_counts_until_the_replay_is_over() {
        let counter = counter(5);
        let mut graph = Arc::new(captured(&counter, 2).unwrap());
        let replay = graph.clone();
        Recording::replace(&mut graph, 0, launch()).unwrap();
        let second_replay = graph.clone();
        assert!(
            Recording::replace(&mut graph, 1, launch()).is_err(),
            "a third list of two launches was not refused"
        );
        drop(replay);
        Recording::replace(&mut graph, 1, launch()).unwrap();
        drop(second_replay);
        Recording::replace(&mut graph, 0, launch()).unwrap();
        assert!(captured(&counter, 3).is_ok(), "one list of two is left");
    }
}
