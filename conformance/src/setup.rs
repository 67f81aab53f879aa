use std::time::Duration;

/// One binary mebibyte.
pub(crate) const MIB: u64 = 1 << 20;

/// What a case asks of the host that runs it.
///
/// A host that cannot give all of it answers [`NotRun`](crate::NotRun).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// How many devices the guest is granted.
    pub devices: usize,
    /// Memory of each device, in bytes, where the host can choose it.
    pub device_memory: u64,
    /// Whether kernels fault outside the guest's buffers although inside its memory.
    pub checked: bool,
    /// What the guest may use.
    pub limits: Limits,
    /// The longest time that the device may spend on one launch.
    pub time_limit: Option<Duration>,
    /// Whether the guest imports what lies behind the package's unstable features.
    pub unstable: bool,
    /// Whether some of that are async functions and streams, of the feature `cuda-async`.
    pub asynchronous: bool,
    /// Whether the guest's devices are [declared lost](crate::Host::lose_devices) once it prints the line
    /// `lose the device`.
    pub lose_devices: bool,
    /// Environment variables of the guest.
    pub environment: Vec<(String, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            devices: 1,
            device_memory: 256 * MIB,
            checked: true,
            limits: Limits::default(),
            time_limit: Some(Duration::from_secs(2)),
            unstable: false,
            asynchronous: false,
            lose_devices: false,
            environment: Vec::new(),
        }
    }
}

/// What a guest may use, in the words of the `quota` variant of `wasi:cuda/types`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of device memory.
    pub memory: u64,
    /// Bytes of its own memory that it shares with devices.
    pub mapped_memory: u64,
    /// Live buffers.
    pub buffers: u32,
    /// Live modules.
    pub modules: u32,
    /// Live streams.
    pub streams: u32,
    /// Live events.
    pub events: u32,
    /// Live graphs.
    pub graphs: u32,
    /// Operations that are enqueued or captured.
    pub pending_operations: u32,
    /// Bytes that enqueued operations hold.
    pub pending_bytes: u64,
    /// Blocks in one launch.
    pub blocks: u64,
    /// Bytes of a module's source.
    pub source_size: u64,
    /// Time to compile a module; the host's own limit when none.
    pub compile_time: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 64 * MIB,
            mapped_memory: 16 * MIB,
            buffers: 64,
            modules: 16,
            streams: 8,
            events: 64,
            graphs: 8,
            pending_operations: 1024,
            pending_bytes: 16 * MIB,
            blocks: 1 << 24,
            source_size: 4 * MIB,
            compile_time: None,
        }
    }
}
