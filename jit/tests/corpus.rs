//! What real compilers emit: everything in `corpus/ptx` is read, accepted, guarded, printed, assembled by the
//! vendor's own assembler where it can be had, and compiled for this processor.

#[path = "support/ptxas.rs"]
mod ptxas;

use std::path::{Path, PathBuf};
use wasi_cuda_jit::versions::{DeviceVersion, Target, fit};
use wasi_cuda_jit::{
    CompileOptions, Diagnostic, back, compile_ptx, front, ir, sandboxed_ptx, verify,
};

/// The targets that output is assembled for, where the source's own is not higher.
const TARGETS: [&str; 4] = ["sm_75", "sm_80", "sm_90", "sm_90a"];

struct Source {
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ptx")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ptx") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(
        sources.len() >= 20,
        "the corpus has only {} files",
        sources.len()
    );
    sources
}

fn text(found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(|diagnostic| format!("{diagnostic}\n"))
        .collect()
}

/// A module without what printing does not keep: names, places in the source and its size.
fn essence(mut module: ir::Module) -> ir::Module {
    module.source_bytes = 0;
    module.target_span = Default::default();
    for (index, function) in module.functions.iter_mut().enumerate() {
        function.name = format!("kernel{index}");
        function.span = Default::default();
        for (index, parameter) in function.parameters.iter_mut().enumerate() {
            parameter.name = format!("p{index}");
        }
        for block in &mut function.blocks {
            for instruction in &mut block.instructions {
                instruction.span = Default::default();
            }
            if let ir::Terminator::Trap(span) = &mut block.terminator {
                *span = Default::default();
            }
        }
    }
    module
}

#[test]
fn every_file_is_accepted_and_compiles_for_this_processor() {
    for source in sources() {
        for checked in [false, true] {
            let compiled = compile_ptx(
                &source.text,
                &CompileOptions {
                    checked,
                    ..CompileOptions::default()
                },
            );
            let module = compiled
                .unwrap_or_else(|found| panic!("{}:\n{}", source.path.display(), text(&found)));
            assert!(
                !module.kernels().is_empty(),
                "{} has no kernel",
                source.path.display()
            );
        }
    }
}

#[test]
fn every_file_prints_to_a_text_that_reads_as_the_same_module() {
    for source in sources() {
        let module = front::ptx::parse(&source.text).unwrap();
        verify::verify(&module).unwrap();
        let printed = back::ptx::print(&module);
        let again = front::ptx::parse(&printed).unwrap_or_else(|found| {
            panic!("{}:\n{}\n{printed}", source.path.display(), text(&found))
        });
        assert_eq!(essence(module), essence(again), "{}", source.path.display());
    }
}

/// What compilers emit needs no more than they say: what [`fit`] knows of instructions is not too strict.
#[test]
fn every_file_fits_the_oldest_device_that_it_says_it_is_for() {
    for source in sources() {
        let module = front::ptx::parse(&source.text).unwrap();
        let target = Target::parse(&module.target_name).unwrap();
        let device = DeviceVersion {
            ptx: module.version,
            compute_capability: target.compute_capability(),
            driver: None,
        };
        let fitted = fit(&module, &device);
        let fitted = fitted.unwrap_or_else(|error| panic!("{}: {error}", source.path.display()));
        assert_eq!(fitted.notes, [], "{}", source.path.display());
        assert_eq!(fitted.version, module.version);
    }
}

#[test]
fn the_vendors_assembler_takes_every_print_plain_and_guarded() {
    let Some(ptxas) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let folder = std::env::temp_dir().join(format!("wasi-cuda-jit-corpus-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut assembled = 0;
    for source in sources() {
        let module = front::ptx::parse(&source.text).unwrap();
        let plain = back::ptx::print(&module);
        let guarded = sandboxed_ptx(&source.text, &CompileOptions::default()).unwrap();
        let checked = sandboxed_ptx(
            &source.text,
            &CompileOptions {
                checked: true,
                ..CompileOptions::default()
            },
        )
        .unwrap();
        for target in TARGETS
            .iter()
            .filter(|target| target_number(target) >= module.target)
        {
            for (kind, printed) in [
                ("plain", &plain),
                ("guarded", &guarded),
                ("checked", &checked),
            ] {
                ptxas::assemble(&ptxas, &folder, target, printed).unwrap_or_else(|log| {
                    panic!(
                        "{} ({kind}, {target}):\n{log}\n{printed}",
                        source.path.display()
                    )
                });
                assembled += 1;
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    eprintln!("{} assembled {assembled} texts", ptxas.display());
}

fn target_number(target: &str) -> u32 {
    target
        .trim_start_matches("sm_")
        .trim_end_matches('a')
        .parse()
        .unwrap()
}
