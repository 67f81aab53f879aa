//! Graphs: what was enqueued on a stream while it was captured, to be enqueued again and again.

use super::streams::Work;
use super::{GraphHandle, NodeHandle, StreamHandle};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Operations in the order of their stream.
type Operations = Vec<Arc<Work>>;

/// Streams that are captured, and graphs that were made.
#[derive(Default)]
pub(super) struct Graphs {
    captures: BTreeMap<usize, Operations>,
    made: BTreeMap<usize, Operations>,
}

impl Graphs {
    /// Begins to capture a stream; false when somebody does.
    pub(super) fn begin(&mut self, stream: StreamHandle) -> bool {
        self.captures.insert(stream.0, Vec::new()).is_none()
    }

    /// Takes an operation of a stream that is captured; gives it back when that is none.
    pub(super) fn capture(&mut self, stream: StreamHandle, work: Work) -> Option<Work> {
        match self.captures.get_mut(&stream.0) {
            Some(operations) => {
                operations.push(Arc::new(work));
                None
            }
            None => Some(work),
        }
    }

    /// The last operation that a capture took.
    pub(super) fn last(&self, stream: StreamHandle) -> Option<NodeHandle> {
        let taken = self.captures.get(&stream.0)?.len();
        taken.checked_sub(1).map(NodeHandle)
    }

    /// What a capture took, which is over.
    pub(super) fn end(&mut self, stream: StreamHandle) -> Option<Operations> {
        self.captures.remove(&stream.0)
    }

    /// Makes a graph, with this number.
    pub(super) fn make(&mut self, number: usize, operations: Operations) -> GraphHandle {
        self.made.insert(number, operations);
        GraphHandle {
            executable: number,
            template: number,
        }
    }

    /// What a graph consists of.
    pub(super) fn operations(&self, graph: GraphHandle) -> Option<Operations> {
        self.made.get(&graph.executable).cloned()
    }

    /// Replaces a launch; false where there is none. Those that are enqueued stay.
    pub(super) fn replace(&mut self, graph: GraphHandle, node: NodeHandle, by: Work) -> bool {
        let operations = self.made.get_mut(&graph.executable);
        let operation = operations.and_then(|operations| operations.get_mut(node.0));
        let launch = operation.filter(|operation| matches!(***operation, Work::Launch(_)));
        let is_launch = launch.is_some();
        if let Some(launch) = launch {
            *launch = Arc::new(by);
        }
        is_launch
    }

    /// Takes a graph back; none when it is none, else whether a stream still has some of it.
    pub(super) fn destroy(&mut self, graph: GraphHandle) -> Option<bool> {
        let operations = self.made.remove(&graph.executable)?;
        Some(
            operations
                .iter()
                .any(|operation| Arc::strong_count(operation) > 1),
        )
    }

    /// Graphs that are there.
    pub(super) fn count(&self) -> usize {
        self.made.len()
    }
}
