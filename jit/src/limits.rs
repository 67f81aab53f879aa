//! How large a module may be. Passing a limit is a diagnostic.

/// Bytes of memory that the compiler may use for each byte of source, beyond [`MEMORY_OF_ANY_SOURCE`]. What a source of the
/// largest size costs is then what a host can spare for a guest's compilation.
pub const MEMORY_OF_A_SOURCE_BYTE: usize = 64;

/// Bytes of memory that the compiler may use whatever the source's size: a small kernel has guards, tables and code, too.
pub const MEMORY_OF_ANY_SOURCE: usize = 16 << 20;

/// Bytes of source. The largest file that nvcc, clang or Triton wrote for a kernel we know of has 1.5 MB.
pub const MAX_SOURCE_BYTES: usize = 4 << 20;

/// Bytes of memory that an instruction takes before it is compiled, while the list that it is in grows to twice its size.
const INSTRUCTION_BYTES: usize = 650;

/// Bytes of memory that the compiler for this processor holds for an operation of its own, with the quick register
/// allocator: measured, and rounded up.
const OPERATION_BYTES: usize = 430;

/// The same with the thorough one, which splits what does not fit registers again and again.
const THOROUGH_OPERATION_BYTES: usize = 2800;

/// Instructions that a module in WebAssembly may become: one of its bytes may be an instruction, and a call is what it calls.
pub fn max_lowered_instructions(source_bytes: usize) -> usize {
    MAX_INSTRUCTIONS.min(memory(source_bytes) / INSTRUCTION_BYTES)
}

/// Operations that one kernel may become for this processor, its guards, both of its variants and the values that blocks
/// hand on included: as many as there is memory for beside the module's instructions.
pub fn max_operations(source_bytes: usize, instructions: usize) -> usize {
    memory_beside(source_bytes, instructions) / OPERATION_BYTES
}

/// Operations up to which registers are allocated thoroughly.
pub(crate) fn max_thorough_operations(source_bytes: usize, instructions: usize) -> usize {
    memory_beside(source_bytes, instructions) / THOROUGH_OPERATION_BYTES
}

fn memory(source_bytes: usize) -> usize {
    MEMORY_OF_ANY_SOURCE.saturating_add(source_bytes.saturating_mul(MEMORY_OF_A_SOURCE_BYTE))
}

fn memory_beside(source_bytes: usize, instructions: usize) -> usize {
    memory(source_bytes).saturating_sub(instructions.saturating_mul(INSTRUCTION_BYTES))
}

/// Kernels in a module. Each is compiled when the module is loaded.
pub const MAX_FUNCTIONS: usize = 1024;

/// Variables that are declared outside of kernels.
pub const MAX_VARIABLES: usize = 4096;

/// Values that one variable is initialised with: the largest table that a compiler writes out. Each takes some bytes of source.
pub const MAX_INITIAL_ELEMENTS: usize = 1 << 20;

/// Bytes of a module's own variables. They are filled when the module is loaded.
pub const MAX_VARIABLE_BYTES: u64 = 16 << 20;

/// Bytes of a kernel's static shared memory: what the largest block of any GPU may have.
pub const MAX_SHARED_BYTES: u64 = 227 << 10;

/// Bytes of one thread's local memory (CUDA C++ programming guide, technical specifications).
pub const MAX_LOCAL_BYTES: u64 = 512 << 10;

/// Calls inside of calls. Each call is replaced by what it calls, so that recursion has no end.
pub const MAX_CALL_DEPTH: usize = 64;

/// Instructions in a module. A register allocator's time grows faster than its input.
pub const MAX_INSTRUCTIONS: usize = 1 << 17;

/// Basic blocks in a module with one kernel, those of its guards included: some for each memory access and each
/// loop. The compiler's time grows with their square; so many take it some seconds.
pub const MAX_BLOCKS: usize = 1 << 12;

/// Bytes of stack that a compiled kernel takes. The host's threads have 2 MiB.
pub const MAX_FRAME_BYTES: u32 = 256 << 10;

/// Bytes that the threads of a block keep in all while they wait for each other: some thousand values each. Every worker of the CPU
/// device keeps room for one block.
pub const MAX_FRAMES_BYTES: u32 = 32 << 20;

/// Bytes of local memory that all threads of a block have together on the CPU device, if they wait for each other.
pub const MAX_BLOCK_LOCAL_BYTES: u64 = 64 << 20;

/// Basic blocks that the segments of a kernel have in all: what lies between two barriers is compiled apart, and what may come behind
/// several of them more than once.
pub const MAX_SEGMENT_BLOCKS: usize = 1 << 14;

/// Registers that pass between blocks times blocks, summed over a module's kernels: the cells of the table that turning registers into values
/// fills at worst. So many take seconds. Those that hold a value which is used later are limited by [`max_operations`].
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
