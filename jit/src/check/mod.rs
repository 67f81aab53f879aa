//! The checker: a second opinion on what a driver gets to see, and the security boundary.
//!
//! [`check`] reads the *printed* text of a sandboxed module through a parser of its own, and proves of each kernel by an abstract
//! interpretation:
//!
//! * each access to global memory, generic ones included, lies in the guest's window, those to shared and local memory in what the
//!   launch and the kernel give, those to parameters in what is declared, each at a multiple of its size;
//! * nothing else of the sandbox's is touched: the stop word and the table of granules are read, and the recorder's own lines, which
//!   are known word for word, write the fault record and the stop word;
//! * each way back in a loop looks at the stop word now and then, and a set stop word leaves the kernel;
//! * no register is read before it is written; jump tables are not left; barriers are the block's one barrier; every instruction is
//!   on the checker's own list.
//!
//! Of a kernel's second variant [`check_variants`] proves the same, but for what it is told to assume: accesses by their lines, which must be of
//! the memory and size that a claim of the launch's proof speaks of, and loops by the lines of their first blocks. That those claims are
//! about these addresses is what it takes the analysis's word for.
//!
//! It shares no code with the passes, the analyses, the printer or the front end, so that a mistake there is not made here as well. What it cannot
//! prove it refuses: guards of a new shape have to be understood here before they can be used. It ends after a number of steps that the size of the
//! text bounds, and never panics.
//!
//! What it takes for granted is what a launch gives: window base and mapped size are multiples of 256, and the window's end is an address below
//! 2^63; the table of granules has two bytes for each 256 of the mapped size; shared memory begins at the given base and is
//! as large as the launch record says, less than 2^31; the stop word can be read; the fault record has 48 bytes; the module's variables
//! begin at a multiple of 256, and each kernel gets as much as [`Checked`] says it needs. Nor does it prove what needs knowledge of
//! other threads: that a warp's lanes come together where they must.

mod assumed;
mod graph;
mod proof;
mod recorder;
mod refusal;
mod table;
mod text;
mod work;

pub use assumed::{Assumed, Assumptions};
pub use refusal::{Memory, Reason, Refusal};

use work::Work;

/// A module that was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Bytes that the module's variables must have in the window, for accesses at constant places to lie there.
    pub variable_bytes: u64,
    /// Its kernels, in the order of the text.
    pub kernels: Vec<CheckedKernel>,
    /// The second variants that were proved, in the order of the text.
    pub variants: Vec<CheckedKernel>,
}

/// A kernel that was proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckedKernel {
    /// Bytes of shared memory that each launch must give, for accesses at constant places to lie there.
    pub shared_bytes: u64,
    /// Accesses that a guard keeps in their memory.
    pub guarded: usize,
    /// Accesses at a constant place of what the launch gives.
    pub constant: usize,
    /// Accesses that were assumed to be safe.
    pub assumed: usize,
}

/// Proves the printed text of a sandboxed module.
///
/// ```
/// use wasi_cuda_jit::{CompileOptions, check, sandboxed_ptx};
/// let ptx = "
/// .version 7.0
/// .target sm_80
/// .address_size 64
/// .visible .entry answer(.param .u64 out) {
///     .reg .b64 %rd<2>;
///     ld.param.u64 %rd1, [out];
///     st.global.u32 [%rd1], 42;
///     ret;
/// }";
/// let printed = sandboxed_ptx(ptx, &CompileOptions::default()).unwrap();
/// assert_eq!(check(&printed).unwrap().kernels[0].guarded, 1);
/// // Without the comparison with the window's size.
/// let mutated = printed.replace("setp.ge.u64", "setp.ge.s64");
/// let refusal = check(&mutated).unwrap_err();
/// assert_eq!(refusal.reason.to_string(), "4 bytes may lie outside of the window");
/// ```
///
/// # Errors
///
/// The first thing that could not be proved.
pub fn check(text: &str) -> Result<Checked, Refusal> {
    check_variants(text, &[])
}

/// As [`check`], of a text with second variants of kernels behind these: what a launch's proof stands in for is assumed there, and nothing
/// else.
///
/// # Errors
///
/// The first thing that could not be proved.
pub fn check_variants(text: &str, variants: &[Assumptions]) -> Result<Checked, Refusal> {
    let mut work = Work::for_text(text);
    let mut checked = Checked::default();
    text::kernels(text, variants, |index, kernel, assumptions| {
        let nothing = Assumptions::default();
        let findings = proof::prove(kernel, assumptions.unwrap_or(&nothing), &mut work)
            .map_err(|(line, reason)| Refusal::from((Some(index), line, reason)))?;
        checked.variable_bytes = findings.variable_bytes.max(checked.variable_bytes);
        let kernels = match assumptions {
            Some(_) => &mut checked.variants,
            None => &mut checked.kernels,
        };
        kernels.push(CheckedKernel {
            shared_bytes: findings.shared_bytes,
            guarded: findings.guarded,
            constant: findings.constant,
            assumed: findings.assumed,
        });
        Ok::<(), Refusal>(())
    })?;
    Ok(checked)
}

impl From<(Option<u32>, u32, Reason)> for Refusal {
    fn from((kernel, line, reason): (Option<u32>, u32, Reason)) -> Self {
        Self {
            kernel,
            line,
            reason,
        }
    }
}
