//! What holds for every input, as functions that take bytes: fuzzers call them, and so does `cargo test`.
//!
//! Each returns if the compiler did what it promises, whatever that was, and panics otherwise. `jit/fuzz` has a target
//! of cargo-fuzz for each; `jit/tests/fuzz` calls them for a fixed number of inputs.

pub mod device;
mod kernel;
mod source;
#[cfg(feature = "unguarded")]
pub mod unguarded;

use crate::diagnostics::{Diagnostic, Severity};
use crate::limits::{MAX_DIAGNOSTICS, MAX_INSTRUCTIONS, MAX_NAME_BYTES, MAX_SOURCE_BYTES};
use crate::{
    CompileOptions, back, compile_ptx, compile_wasm, front, sandboxed_ptx, sandboxed_wasm, verify,
};
use device::{Ended, Request};
use source::Source;

/// A message quotes a name or two, and says little else.
const LONGEST_MESSAGE: usize = 2 * MAX_NAME_BYTES + 1000;

/// Compiles for this processor what a driver would get, with the guards that only a GPU needs.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile_a_drivers(
    source: &str,
    options: &CompileOptions,
) -> Result<crate::cpu::Module, Vec<Diagnostic>> {
    crate::compile::compile_a_drivers(source, options)
}

const PLAIN: CompileOptions = CompileOptions {
    checked: false,
    device: None,
};
const CHECKED: CompileOptions = CompileOptions {
    checked: true,
    device: None,
};

/// Reads and verifies PTX.
///
/// # Panics
///
/// If a refusal names no error, or a place that the text does not have.
pub fn parse(data: &[u8]) {
    let text = text(data);
    if let Err(found) = front::ptx::parse(text).and_then(|module| verify::verify(&module)) {
        check_refusal(&found, text.lines().count());
    }
}

/// Compiles PTX for this processor, in both modes.
///
/// # Panics
///
/// As [`parse`], or if the processor's compiler rejects what it was given.
pub fn compile(data: &[u8]) {
    let text = text(data);
    let refused = [PLAIN, CHECKED].map(|options| compile_ptx(text, &options).err());
    for found in refused.iter().flatten() {
        check_refusal(found, text.lines().count());
        let broken = |it: &Diagnostic| it.message.contains("could not be compiled");
        assert!(!found.iter().any(broken), "{found:?}");
    }
}

/// Prints PTX, plain and guarded, and reads the plain print.
///
/// # Panics
///
/// If the print of an accepted module is refused, or reads as another module.
pub fn print_reads_back(data: &[u8]) {
    let text = text(data);
    // Only one module exists at a time: what is held at most is measured.
    let is_accepted = |module| verify::verify(&module).is_ok();
    let Ok(accepted) = front::ptx::parse(text).map(is_accepted) else {
        return;
    };
    for options in [PLAIN, CHECKED] {
        assert_eq!(sandboxed_ptx(text, &options).is_ok(), accepted);
    }
    if !accepted {
        return;
    }
    let Ok(once) = front::ptx::parse(text).map(|module| back::ptx::print(&module)) else {
        panic!("what was read is not read again");
    };
    // Labels and declarations are written out, so that a module near a limit may pass it when it is printed.
    if once.len() > MAX_SOURCE_BYTES || once.lines().count() > MAX_INSTRUCTIONS {
        return;
    }
    let again = front::ptx::parse(&once).unwrap_or_else(|found| panic!("{found:?}\n{once:.4000}"));
    let twice = back::ptx::print(&again);
    assert!(once == twice, "{once:.4000}\nis read as\n{twice:.4000}");
}

/// Hands text to the checker, as if it had been printed.
///
/// # Panics
///
/// If a refusal names a place that the text does not have.
pub fn check(data: &[u8]) {
    let text = text(data);
    if let Err(refusal) = crate::check(text) {
        // A text that is cut off is refused behind its last line.
        let lines = text.lines().count();
        assert!(
            (1..=lines + 1).contains(&(refusal.line as usize)),
            "{refusal}"
        );
    }
}

/// Compiles, and prints, a kernel in WebAssembly.
///
/// # Panics
///
/// If a refusal names no error, or if the processor's compiler rejects what it was given.
pub fn wasm(data: &[u8]) {
    if let Err(found) = compile_wasm(data, &PLAIN) {
        check_refusal(&found, usize::MAX);
        let broken = |it: &Diagnostic| it.message.contains("could not be compiled");
        assert!(!found.iter().any(broken), "{found:?}");
    }
    if let Err(found) = sandboxed_wasm(data, &PLAIN) {
        check_refusal(&found, usize::MAX);
    }
}

/// Makes a kernel of the bytes that the verifier accepts, and runs it in plain mode, in checked mode, and printed and read
/// again.
///
/// # Panics
///
/// If the kernel is refused, writes where it must not, does not end, or does not do the same each time.
pub fn run(data: &[u8]) {
    let kernel = kernel::Kernel::from_source(&mut Source::new(data));
    let module = front::ptx::parse(&kernel.text)
        .unwrap_or_else(|found| panic!("{found:?}\n{}", kernel.text));
    let printed = back::ptx::print(&module);
    let ways = [
        (&kernel.text, PLAIN),
        (&kernel.text, CHECKED),
        (&printed, PLAIN),
    ];
    let ends = ways.map(|(text, options)| run_once(text, &options, &kernel.memory));
    if kernel.deterministic {
        let [plain, checked, printed] = ends;
        assert!(
            same(&plain, &checked),
            "modes: {plain:?}\n{checked:?}\n{}",
            kernel.text
        );
        assert!(
            same(&plain, &printed),
            "prints: {plain:?}\n{printed:?}\n{}",
            kernel.text
        );
    }
}

fn run_once(text: &str, options: &CompileOptions, memory: &[u8]) -> Ended {
    let module = compile_ptx(text, options).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    let request = Request {
        grid: [2, 1, 1],
        block: [kernel::THREADS, 1, 1],
        dynamic_shared: 0,
        parameters: device::BASE.to_le_bytes().to_vec(),
        buffers: vec![memory.to_vec()],
        variables: Vec::new(),
        stop: None,
    };
    device::run(&module.kernels()[0], &request).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Whether two ends are the same but for the place in the text.
fn same(left: &Ended, right: &Ended) -> bool {
    match (left, right) {
        (Ended::Faulted(left), Ended::Faulted(right)) => {
            let essence =
                |fault: &crate::cpu::Fault| (fault.kind, fault.address, fault.block, fault.thread);
            essence(left) == essence(right)
        }
        _ => left == right,
    }
}

fn check_refusal(found: &[Diagnostic], lines: usize) {
    assert!(found.len() <= MAX_DIAGNOSTICS);
    assert!(
        found.iter().any(|it| it.severity == Severity::Error),
        "{found:?}"
    );
    for diagnostic in found {
        // A text may end behind its last line.
        assert!(
            diagnostic.span.line as usize <= lines.saturating_add(1),
            "{diagnostic}"
        );
        let length = diagnostic.message.len();
        assert!(
            (1..=LONGEST_MESSAGE).contains(&length),
            "a message of {length} bytes"
        );
    }
}

/// The bytes as far as they are text.
fn text(data: &[u8]) -> &str {
    match std::str::from_utf8(data) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&data[..error.valid_up_to()]).unwrap_or_default(),
    }
}
