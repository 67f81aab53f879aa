//! What a stream can be told to do.

use crate::event::Event;
use crate::hooks::Direction;
use crate::launch::Launch;
use crate::memory::Allocation;
use crate::recording::Recording;
use std::sync::Arc;
use std::time::Duration;

/// A position in a buffer.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) buffer: Arc<Allocation>,
    /// Bytes from the buffer's start.
    pub(crate) offset: u64,
}

impl Place {
    /// Bytes from the window's start.
    pub(crate) fn in_window(&self) -> u64 {
        self.buffer.offset() + self.offset
    }
}

/// One operation. Ranges were checked against their buffers, arguments against their kernel.
#[derive(Clone)]
pub(crate) enum Operation {
    Launch(Arc<Launch>),
    Write {
        to: Place,
        data: Arc<Vec<u8>>,
    },
    Copy {
        from: Place,
        to: Place,
        length: u64,
    },
    Fill {
        to: Place,
        length: u64,
        pattern: u32,
    },
    Record(Arc<Event>),
    Wait(Arc<Event>),
    Graph(Arc<Recording>),
}

impl Operation {
    /// Whether it may access linear memory that its guest shares: kernels reach all of the window that such memory is in.
    pub(crate) fn may_access_shared(&self) -> bool {
        match self {
            Self::Launch(_) => true,
            Self::Copy { from, to, .. } => from.buffer.is_shared() || to.buffer.is_shared(),
            Self::Write { to, .. } | Self::Fill { to, .. } => to.buffer.is_shared(),
            Self::Graph(recording) => recording.operations().iter().any(Self::may_access_shared),
            Self::Record(_) | Self::Wait(_) => false,
        }
    }

    /// Bytes of data that it holds in the host's memory.
    pub(crate) fn held_bytes(&self) -> u64 {
        match self {
            Self::Write { data, .. } => data.len() as u64,
            _ => 0,
        }
    }

    /// Bytes that it moves.
    pub(crate) fn moves(&self) -> Moves {
        match self {
            Self::Write { data, .. } => Moves {
                to_device: data.len() as u64,
                between: 0,
            },
            Self::Copy { length, .. } => Moves {
                to_device: 0,
                between: *length,
            },
            Self::Graph(recording) => recording.moves(),
            _ => Moves::default(),
        }
    }

    /// Bytes that it takes in the host's memory besides that data.
    pub(crate) fn own_bytes(&self) -> u64 {
        let launch = match self {
            Self::Launch(launch) => launch.held_bytes(),
            _ => 0,
        };
        size_of::<Self>() as u64 + launch
    }
}

/// Bytes that were moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) direction: Direction,
    pub(crate) bytes: u64,
}

/// Bytes that operations move, by direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    to_device: u64,
    between: u64,
}

impl Moves {
    /// What is not nothing.
    pub(crate) fn each(self) -> impl Iterator<Item = Moved> {
        let directions = [
            (Direction::HostToDevice, self.to_device),
            (Direction::DeviceToDevice, self.between),
        ];
        let moved = directions.map(|(direction, bytes)| Moved { direction, bytes });
        moved.into_iter().filter(|moved| moved.bytes > 0)
    }
}

impl std::iter::Sum for Moves {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, moves| Self {
            to_device: sum.to_device.saturating_add(moves.to_device),
            between: sum.between.saturating_add(moves.between),
        })
    }
}

/// An operation on its way to a queue.
pub(crate) struct Submission {
    pub(crate) operation: Operation,
    /// How long each launch in it may run.
    pub(crate) time_limit: Option<Duration>,
}
