//! Runs one kernel in step and alone.

use std::time::Duration;
use wasi_cuda_jit::fuzzing::device::{BASE, Ended, GRANULE, Request, run};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// Bytes that each thread leaves.
pub(crate) const RECORD: usize = 160;
/// Words of input.
pub(crate) const INPUT_WORDS: usize = 1024;

/// A kernel over `out`, a record for each thread, and `in`, some words; `n` is any number.
pub(crate) fn source(body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n\
         .visible .entry kernel(.param .u64 out, .param .u64 in, .param .u32 n)\n{{\n\
         .reg .pred %p<9>; .reg .b32 %r<240>; .reg .b64 %d<240>; .reg .f32 %f<9>; .reg .f64 %g<9>; .reg .b16 %h<9>; .reg .b8 %c<9>;\n\
         {}\n{body}\n}}\n",
        if body.contains("tile") {
            ".shared .align 4 .b8 tile[4096];"
        } else {
            ""
        }
    )
}

/// What became of a launch of blocks of these extents. In checked mode threads run alone.
pub(crate) fn launch(source: &str, block: [u32; 3], checked: bool) -> Ended {
    let threads = 2 * block.iter().product::<u32>() as usize;
    launch_for(source, block, checked, threads, None)
}

/// Whether blocks of these extents are stopped.
pub(crate) fn is_stopped(source: &str, block: [u32; 3]) -> bool {
    let patience = Some(Duration::from_secs(5));
    launch_for(source, block, false, 1, patience) == Ended::Stopped
}

/// A launch that finds room for the records of so many threads.
fn launch_for(
    source: &str,
    block: [u32; 3],
    checked: bool,
    threads: usize,
    stop: Option<Duration>,
) -> Ended {
    let options = CompileOptions {
        checked,
        ..CompileOptions::default()
    };
    let module =
        compile_ptx(source, &options).unwrap_or_else(|found| panic!("{found:?}\n{source}"));
    let kernel = module.kernel("kernel").unwrap();
    let out = vec![0; (threads * RECORD).next_multiple_of(GRANULE)];
    let words = (0..INPUT_WORDS as u32)
        .map(|index| index.wrapping_mul(0x9e37_79b9).rotate_left(index % 32));
    let input: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    let mut parameters = BASE.to_le_bytes().to_vec();
    parameters.extend((BASE + out.len() as u64).to_le_bytes());
    parameters.extend(5u32.to_le_bytes());
    let request = Request {
        grid: [2, 1, 1],
        block,
        dynamic_shared: 0,
        parameters,
        buffers: vec![out, input],
        variables: Vec::new(),
        stop,
    };
    run(&kernel, &request).unwrap_or_else(|misbehaviour| panic!("{misbehaviour}\n{source}"))
}

/// Runs it in both ways; says where they differ.
pub(crate) fn compare(body: &str, block: [u32; 3]) -> Result<(), String> {
    let source = source(body);
    let (in_step, alone) = (launch(&source, block, false), launch(&source, block, true));
    if in_step == alone {
        return Ok(());
    }
    let place = match (&in_step, &alone) {
        (Ended::Completed(left), Ended::Completed(right)) => {
            let mut bytes = left[0].iter().zip(&right[0]);
            let at = bytes.position(|(left, right)| left != right).unwrap_or(0);
            format!("thread {} leaves another byte {}", at / RECORD, at % RECORD)
        }
        (left, right) => format!("{left:?} in step, {right:?} alone"),
    };
    Err(format!("blocks of {block:?}: {place}\n{body}"))
}
