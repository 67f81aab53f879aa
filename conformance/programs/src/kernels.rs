//! The kernels that programs launch, as PTX text and one as a WebAssembly module.

/// `vector_add(a, b, c, n)` and `affine(data, n, factor, offset)`.
pub const BASIC: &str = include_str!("kernels/basic.ptx");

/// `endless(flag)`, which waits for a flag, and `count(result, rounds)`.
pub const ENDLESS: &str = include_str!("kernels/endless.ptx");

/// `read_4`, `write_4`, `write_1`, `write_16`: one access at a chosen address by a chosen thread.
pub const ACCESS: &str = include_str!("kernels/access.ptx");

/// `parameters(out, …)`, with a parameter of each type.
pub const PARAMETERS: &str = include_str!("kernels/parameters.ptx");

/// `indices(out)`, whose threads write where they are.
pub const INDICES: &str = include_str!("kernels/indices.ptx");

/// `divide(dividends, divisors, quotients, n)` for `i32`, as a WebAssembly module.
pub const DIVIDE: &[u8] = include_bytes!("kernels/divide.wasm");

/// `block_sum(data, n, sums)` and `reverse(data)`, whose threads work together in shared memory.
pub const BLOCK: &str = include_str!("kernels/block.ptx");

/// `next(out)`, which reads and changes its module's variables.
pub const VARIABLES: &str = include_str!("kernels/variables.ptx");

/// `histogram(data, n, bins)`, `draw(counter, takers)` and `add_numbers(sum)`, whose blocks meet in the same words.
pub const ATOMICS: &str = include_str!("kernels/atomics.ptx");

/// `write_shared`, `write_local`, one access at a chosen offset by a chosen thread, and `part(block, out)`, whose threads wait for
/// each other in two places.
pub const MISUSE: &str = include_str!("kernels/misuse.ptx");

/// `touch()`, whose module has a variable of 3 MiB.
pub const LARGE: &str = include_str!("kernels/large.ptx");
