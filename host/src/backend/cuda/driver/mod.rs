//! The driver's API, as far as the backend needs it.
//!
//! Everything behind [`Driver`] belongs to one GPU and one context. Handles are the driver's own, as numbers; whoever got
//! one gives it back once. No call here waits for the GPU, except those that say so.

pub(super) mod cudarc;
mod error;
#[cfg(test)]
pub(super) mod simulated;

pub(super) use error::DriverError;

use super::names::Uuid;
use std::ffi::CStr;

pub(super) type Result<T> = std::result::Result<T, DriverError>;

/// A queue of the driver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamHandle(pub(super) usize);

/// A point in a stream that another one can wait for, and that has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventHandle(pub(super) usize);

/// Machine code that is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ModuleHandle(pub(super) usize);

/// A kernel of loaded code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FunctionHandle(pub(super) usize);

/// Physical memory of the GPU, which has an address only where it is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PhysicalHandle(pub(super) u64);

/// Host memory that the GPU reads and writes at the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PinnedHandle(pub(super) usize);

/// Operations that are enqueued together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GraphHandle {
    /// What is enqueued.
    pub(super) executable: usize,
    /// What it was made of, whose nodes name the operations.
    pub(super) template: usize,
}

/// An operation of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeHandle(pub(super) usize);

/// What a GPU is.
#[derive(Clone, Debug)]
pub(super) struct GpuProperties {
    pub(super) name: String,
    /// None where the driver does not tell.
    pub(super) uuid: Option<Uuid>,
    pub(super) compute_capability: (u32, u32),
    /// The CUDA version that the driver implements, as (major, minor).
    pub(super) cuda: (u32, u32),
    pub(super) multiprocessors: u32,
    pub(super) warp_size: u32,
    pub(super) max_threads_per_block: u32,
    pub(super) max_block: [u32; 3],
    pub(super) max_grid: [u32; 3],
    pub(super) total_memory: u64,
    /// With opting in, which the backend does.
    pub(super) max_shared_memory_per_block: u32,
    /// In which physical memory comes.
    pub(super) granularity: u64,
}

/// The shape of a launch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) grid: [u32; 3],
    pub(super) block: [u32; 3],
    /// Bytes of dynamic shared memory.
    pub(super) shared: u32,
}

/// What a launch of a kernel takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct KernelResources {
    pub(super) registers: u32,
    /// Bytes a thread.
    pub(super) local_memory: u32,
    /// Threads in a block at most.
    pub(super) max_threads_per_block: u32,
}

/// One GPU's driver.
pub(super) trait Driver: Send + Sync {
    /// What the GPU is.
    fn properties(&self) -> &GpuProperties;

    /// Makes the context current on the calling thread, as every other call needs it.
    fn bind(&self) -> Result<()>;

    /// From now on nothing is given back, although whoever gives it hears that it was: something runs on that may use it, and
    /// will not end.
    fn abandon(&self);

    /// Reserves addresses; `cuMemAddressReserve`.
    fn reserve(&self, bytes: u64) -> Result<u64>;

    /// Gives addresses back; nothing is mapped there any more.
    fn unreserve(&self, address: u64, bytes: u64) -> Result<()>;

    /// Takes physical memory, whose contents are unspecified, and maps it for kernels to read and write; `cuMemCreate`,
    /// `cuMemMap`, `cuMemSetAccess`. When one of them fails nothing is taken.
    fn map(&self, address: u64, bytes: u64) -> Result<PhysicalHandle>;

    /// Gives physical memory back that is mapped there and that nothing accesses any more.
    fn unmap(&self, address: u64, bytes: u64, memory: PhysicalHandle) -> Result<()>;

    /// Allocates device memory of the host's own, zeroed. Waits for the GPU.
    fn allocate(&self, bytes: u64) -> Result<u64>;

    /// Gives it back.
    fn free(&self, address: u64) -> Result<()>;

    /// Allocates zeroed host memory that the GPU can access; `cuMemHostAlloc`.
    fn allocate_pinned(&self, bytes: usize) -> Result<PinnedHandle>;

    /// Gives it back.
    fn free_pinned(&self, memory: PinnedHandle) -> Result<()>;

    /// Makes a stream that waits for no other one; a lower number goes first.
    fn create_stream(&self, priority: i32) -> Result<StreamHandle>;

    /// Gives it back; what is enqueued still runs.
    fn destroy_stream(&self, stream: StreamHandle) -> Result<()>;

    /// Whether everything enqueued is done; an error when the context is lost.
    fn is_done(&self, stream: StreamHandle) -> Result<bool>;

    /// Makes an event.
    fn create_event(&self) -> Result<EventHandle>;

    /// Gives it back.
    fn destroy_event(&self, event: EventHandle) -> Result<()>;

    /// Marks a point of a stream.
    fn record(&self, event: EventHandle, stream: StreamHandle) -> Result<()>;

    /// Makes a stream wait for a point that was marked.
    fn wait_for(&self, stream: StreamHandle, event: EventHandle) -> Result<()>;

    /// Nanoseconds between two points that were reached, negative when the second one came first.
    fn elapsed(&self, from: EventHandle, to: EventHandle) -> Result<i64>;

    /// Enqueues a launch; the parameter block is copied in the call.
    ///
    /// # Safety
    ///
    /// The function is loaded, its parameters are laid out like that, and its code accesses only memory that it may.
    unsafe fn launch(
        &self,
        function: FunctionHandle,
        shape: &Shape,
        stream: StreamHandle,
        parameters: &[u8],
    ) -> Result<()>;

    /// Enqueues a write of one word, after everything before is done and visible.
    ///
    /// # Safety
    ///
    /// The word is device memory or pinned memory and lives until it was written.
    unsafe fn write_word(&self, stream: StreamHandle, address: u64, value: u32) -> Result<()>;

    /// Enqueues a fill with a 32-bit pattern; address and length are multiples of 4.
    ///
    /// # Safety
    ///
    /// The range is device memory and lives until it was filled.
    unsafe fn fill(&self, stream: StreamHandle, to: u64, pattern: u32, bytes: u64) -> Result<()>;

    /// Enqueues a copy between any two of device memory and pinned memory, which do not overlap.
    ///
    /// # Safety
    ///
    /// Both ranges live until the copy is done.
    unsafe fn copy(&self, stream: StreamHandle, from: u64, to: u64, bytes: u64) -> Result<()>;

    /// From now on what is enqueued on the stream is not carried out, but becomes part of a graph.
    fn begin_capture(&self, stream: StreamHandle) -> Result<()>;

    /// What became of the operation that was enqueued last on a stream that is captured.
    fn captured(&self, stream: StreamHandle) -> Result<NodeHandle>;

    /// Makes a graph of what was enqueued; the stream is an ordinary one again, also when this fails.
    fn end_capture(&self, stream: StreamHandle) -> Result<GraphHandle>;

    /// Enqueues all operations of a graph. One that is still enqueued finishes first.
    ///
    /// # Safety
    ///
    /// What was promised of each of them holds.
    unsafe fn launch_graph(&self, graph: GraphHandle, stream: StreamHandle) -> Result<()>;

    /// Replaces a launch of a graph for the times that it is enqueued from now on; the parameter block is copied.
    ///
    /// # Safety
    ///
    /// As [`Driver::launch`]; the node is one of the graph's, and a launch.
    unsafe fn set_launch(
        &self,
        graph: GraphHandle,
        node: NodeHandle,
        function: FunctionHandle,
        shape: &Shape,
        parameters: &[u8],
    ) -> Result<()>;

    /// Gives it back.
    fn destroy_graph(&self, graph: GraphHandle) -> Result<()>;

    /// Loads machine code, or PTX, which the driver then compiles on the calling thread; the log is the compiler's.
    ///
    /// # Safety
    ///
    /// The image is machine code that the driver's compiler made, whole, or text that ends with a zero byte.
    unsafe fn load(&self, image: &[u8])
    -> std::result::Result<ModuleHandle, (DriverError, String)>;

    /// Gives it back; none of its kernels runs any more.
    fn unload(&self, module: ModuleHandle) -> Result<()>;

    /// A kernel by its name, which may use as much shared memory as the GPU has.
    fn function(&self, module: ModuleHandle, name: &CStr) -> Result<FunctionHandle>;

    /// What a kernel takes.
    fn resources(&self, function: FunctionHandle) -> Result<KernelResources>;
}
