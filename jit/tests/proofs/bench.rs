//! Kernels that are timed on a GPU: which of their launches are proved.

#[path = "../../../host/benches/gpu_sandbox/cost/works.rs"]
#[allow(dead_code, reason = "the bench uses the rest")]
mod works;

use std::path::Path;
use wasi_cuda_jit::proof::{LaunchFacts, Memory, Scratch};
use wasi_cuda_jit::{CompileOptions, Source, compile_partly_proved, compile_proved};
use works::{Argument, Work};

/// The window's address.
const BASE: u64 = 1 << 40;

fn bytes(argument: &Argument) -> u64 {
    match argument {
        Argument::In(_, bytes)
        | Argument::Out(bytes)
        | Argument::InOut(_, bytes)
        | Argument::Bytes(bytes) => *bytes as u64,
        _ => 0,
    }
}

/// The parameter block of a launch, and the bytes of its buffers, one behind the other.
fn parameters(work: &Work) -> (Vec<u8>, u64) {
    let (mut block, mut end): (Vec<u8>, u64) = (Vec::new(), 0);
    for argument in work.arguments {
        let bytes = match argument {
            Argument::U32(value) => value.to_le_bytes().to_vec(),
            Argument::U64(value) => value.to_le_bytes().to_vec(),
            Argument::F32(value) => value.to_le_bytes().to_vec(),
            Argument::F64(value) => value.to_le_bytes().to_vec(),
            _ => {
                let place = BASE + end;
                end += bytes(argument).next_multiple_of(256);
                place.to_le_bytes().to_vec()
            }
        };
        block.resize(block.len().next_multiple_of(bytes.len()), 0);
        block.extend(bytes);
    }
    (block, end)
}

/// What is not proved of a launch, by line; none if a variant of the kernel may run.
fn unproved(work: &Work) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ptx");
    let text = std::fs::read_to_string(folder.join(work.file)).unwrap();
    let (parameters, buffers) = parameters(work);
    let mut told = format!("{} of {}:", work.kernel, work.file);
    for compile in [compile_proved, compile_partly_proved] {
        let (compiled, proofs) = compile(Source::Ptx(&text), &CompileOptions::default()).unwrap();
        let mut kernels = compiled.kernels().iter().zip(proofs);
        let (_, proof) = kernels.find(|(kernel, _)| kernel.signature().name == work.kernel)?;
        // The module's own variables lie behind the buffers.
        let mapped = buffers + compiled.variable_bytes().next_multiple_of(256);
        let facts = LaunchFacts {
            grid: work.grid,
            block: work.block,
            dynamic_shared: work.dynamic_shared,
            parameters: &parameters,
            memory: Memory::Window { base: BASE, mapped },
            variables: BASE + buffers,
        };
        if !proof.is_empty() && proof.holds(&facts, &mut Scratch::default()) {
            return None;
        }
        for part in proof.explain(&facts).iter().filter(|part| !part.holds) {
            let line = text.lines().nth(part.span.line as usize - 1);
            let line = line.unwrap_or_default().trim();
            told.push_str(&format!("\n    {}: {line}", part.span.line));
        }
    }
    Some(told)
}

#[test]
fn every_launch_that_is_timed_on_a_gpu_is_proved() {
    let unproved: Vec<String> = works::WORKS.iter().filter_map(unproved).collect();
    assert!(works::WORKS.len() >= 25);
    assert!(unproved.is_empty(), "{}", unproved.join("\n"));
}
