//! How large a module may be. Passing a limit is a diagnostic.

/// Bytes of memory that the compiler may use for each byte of source, beyond [`MEMORY_OF_ANY_SOURCE`]. What a source of the
/// largest size costs is then what a host can spare for a guest's compilation.
pub const MEMORY_OF_A_SOURCE_BYTE: usize = 64;

/// Bytes of memory that the compiler may use whatever the source's size: a small kernel has guards, tables and code, too.
pub const MEMORY_OF_ANY_SOURCE: usize = 16 << 20;

/// Bytes of source. The largest file that nvcc, clang or Triton wrote for a kernel we know of has 1.5 MB.
pub const MAX_SOURCE_BYTES: usize = 4 << 20;

/// Kernels in a module. Each is compiled when the module is loaded.
pub const MAX_FUNCTIONS: usize = 1024;

/// Instructions in a module. A register allocator's time grows faster than its input.
pub const MAX_INSTRUCTIONS: usize = 1 << 17;

/// Basic blocks in a module with one kernel, those of its guards included: some for each memory access and each
/// loop. The compiler's time grows with their square; so many take it some seconds.
pub const MAX_BLOCKS: usize = 1 << 12;

/// Bytes of stack that a compiled kernel takes. The host's threads have 2 MiB.
pub const MAX_FRAME_BYTES: u32 = 256 << 10;

/// Registers that pass between blocks times blocks, summed over a module's kernels: the cells of the table that turning registers into values
/// fills at worst. So many take seconds.
pub const MAX_LIVE_CELLS: usize = 1 << 21;

/// Registers that one kernel uses. The CPU back end keeps a few words for each.
pub const MAX_REGISTERS: usize = 1 << 16;

/// Nested `{ }` scopes in a kernel's body. Compilers write one for inline assembly.
pub const MAX_SCOPES: usize = 64;

/// Parameters of a kernel. CUDA's own limit of 4 KiB of parameters allows no more of four bytes.
pub const MAX_PARAMETERS: usize = 1024;

/// Bytes of parameters of a kernel (CUDA C++ programming guide, `__global__` function parameters).
pub const MAX_PARAMETER_BYTES: u32 = 4096;

/// Findings kept for one module: more than a person reads at a time.
pub const MAX_DIAGNOSTICS: usize = 64;

/// Bytes of a name. Mangled C++ names of a few hundred bytes are common.
pub const MAX_NAME_BYTES: usize = 4096;

/// Highest PTX version that is understood, as (major, minor).
pub const MAX_PTX_VERSION: (u32, u32) = (9, 5);

/// Threads in a block (CUDA C++ programming guide, technical specifications).
pub const MAX_THREADS_PER_BLOCK: u32 = 1024;
