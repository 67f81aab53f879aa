//! What one guest may use.

use std::time::Duration;

/// Device memory of a guest on each of its devices: enough for real work, little enough that a dozen
/// guests share a small machine.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// Live buffers. Each costs the host some 300 bytes and the window one 256-byte granule besides its own size.
pub const DEFAULT_BUFFERS: u32 = 1 << 16;

/// Bytes of the guest's own linear memory that it shares with devices, counted in pages: as much as its uploads may hold, which
/// it spares.
pub const DEFAULT_MAPPED_MEMORY: u64 = DEFAULT_PENDING_BYTES;

/// Ranges of its linear memory that a guest shares. Each takes two of the mappings that the system lets a process have, of which
/// there are 65,530 on Linux (`vm.max_map_count`).
pub const DEFAULT_MAPPED_RANGES: u32 = 64;

/// Live modules. Compiled code of a large module is a few megabytes.
pub const DEFAULT_MODULES: u32 = 256;

/// Live streams. Programs written for CUDA use a handful, one a thread at most.
pub const DEFAULT_STREAMS: u32 = 256;

/// Live events. One marks each of the operations that may be pending.
pub const DEFAULT_EVENTS: u32 = 1 << 14;

/// Live graphs. What they hold together is limited besides.
pub const DEFAULT_GRAPHS: u32 = 64;

/// Bytes that captures and graphs take in the host's memory together: one graph may record as much data
/// as may be pending, and many graphs of launches, each with a few hundred bytes, fit as well.
pub const DEFAULT_GRAPH_BYTES: u64 = 256 << 20;

/// Live prepared launches. Each holds up to 4 KiB of parameters and references to its buffers.
pub const DEFAULT_PREPARED_LAUNCHES: u32 = 1 << 12;

/// Operations that are enqueued and not finished: some milliseconds of the smallest kernels, so that a
/// guest never starves a device although its calls wait while the queue is full.
pub const DEFAULT_PENDING_OPERATIONS: u32 = 1 << 14;

/// Bytes that enqueued uploads hold in the host's memory; also the largest single upload.
pub const DEFAULT_PENDING_BYTES: u64 = 256 << 20;

/// Blocks in one launch: 2^31 - 1, what CUDA allows in a grid's first dimension.
pub const DEFAULT_BLOCKS: u64 = (1 << 31) - 1;

/// Bytes of a module's source; the compiler's own limit.
pub const DEFAULT_SOURCE_SIZE: u64 = wasi_cuda_jit::limits::MAX_SOURCE_BYTES as u64;

/// Time to compile one module. Kernels of ten thousand lines take about a second.
pub const DEFAULT_COMPILE_TIME: Duration = Duration::from_secs(30);

/// Time that one launch may run, from its first block on. Longer work is rare and its embedder knows it.
pub const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// What one guest may use. What counts objects counts over all devices of the guest.
///
/// ```
/// use wasmtime_wasi_cuda::Limits;
///
/// let limits = Limits { streams: 4, ..Limits::default() };
/// assert_eq!(limits.memory, 1 << 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of device memory on each device. A buffer counts with its size rounded up to 256 bytes.
    pub memory: u64,
    /// Live buffers, those that only enqueued work still uses included.
    pub buffers: u32,
    /// Bytes of its linear memory that it shares with devices, in whole pages.
    pub mapped_memory: u64,
    /// Ranges of its linear memory that it shares; each is a buffer besides. All guests together may share 8,192 at a time.
    pub mapped_ranges: u32,
    /// Live modules, those that only functions or launches still use included.
    pub modules: u32,
    /// Live streams.
    pub streams: u32,
    /// Live events.
    pub events: u32,
    /// Live graphs.
    pub graphs: u32,
    /// Bytes that all captures and graphs take in the host's memory, those included that only enqueued
    /// replays still use: recorded data, parameters and the operations themselves.
    pub graph_bytes: u64,
    /// Live prepared launches.
    pub prepared_launches: u32,
    /// Operations that are enqueued and not finished, or captured in one graph. When so many are
    /// pending, the next call waits.
    pub pending_operations: u32,
    /// Bytes held by enqueued uploads, or captured in one graph. A single larger upload is refused.
    pub pending_bytes: u64,
    /// Blocks in one launch.
    pub blocks: u64,
    /// Bytes of a module's source.
    pub source_size: u64,
    /// Time to compile one module, counted from when its compilation starts.
    pub compile_time: Duration,
    /// Time that one launch may run at most, counted from its first block, whatever the guest asks for; none for no limit.
    pub time: Option<Duration>,
    /// Time that a launch may run for which the guest asks for none; none where that is the most it may.
    pub default_time: Option<Duration>,
}

impl Limits {
    /// How long a launch may run for which the guest asks for this limit, or for none.
    pub(crate) fn launch_time(&self, asked: Option<Duration>) -> Option<Duration> {
        let wanted = asked.or(self.default_time);
        [self.time, wanted].into_iter().flatten().min()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: DEFAULT_MEMORY,
            buffers: DEFAULT_BUFFERS,
            mapped_memory: DEFAULT_MAPPED_MEMORY,
            mapped_ranges: DEFAULT_MAPPED_RANGES,
            modules: DEFAULT_MODULES,
            streams: DEFAULT_STREAMS,
            events: DEFAULT_EVENTS,
            graphs: DEFAULT_GRAPHS,
            graph_bytes: DEFAULT_GRAPH_BYTES,
            prepared_launches: DEFAULT_PREPARED_LAUNCHES,
            pending_operations: DEFAULT_PENDING_OPERATIONS,
            pending_bytes: DEFAULT_PENDING_BYTES,
            blocks: DEFAULT_BLOCKS,
            source_size: DEFAULT_SOURCE_SIZE,
            compile_time: DEFAULT_COMPILE_TIME,
            time: Some(DEFAULT_TIME),
            default_time: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_gets_the_default_time_and_may_ask_for_less_or_up_to_the_most() {
        let seconds = |count| Some(Duration::from_secs(count));
        // (most, default, asked for, given)
        let cases = [
            (seconds(30), None, None, seconds(30)),
            (seconds(30), None, seconds(5), seconds(5)),
            (seconds(30), None, seconds(60), seconds(30)),
            (seconds(30), seconds(2), None, seconds(2)),
            (seconds(30), seconds(2), seconds(1), seconds(1)),
            (seconds(30), seconds(2), seconds(20), seconds(20)),
            (seconds(30), seconds(2), seconds(60), seconds(30)),
            (seconds(30), seconds(60), None, seconds(30)),
            (None, seconds(2), None, seconds(2)),
            (None, seconds(2), seconds(60), seconds(60)),
            (None, None, None, None),
        ];
        for (time, default_time, asked, given) in cases {
            let limits = Limits {
                time,
                default_time,
                ..Limits::default()
            };
            assert_eq!(
                limits.launch_time(asked),
                given,
                "{time:?}, {default_time:?}, {asked:?}"
            );
        }
    }
}
