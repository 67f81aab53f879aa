//! What real compilers emit: everything in `corpus/ptx` is read, accepted, guarded, printed, assembled by the
//! vendor's own assembler where it can be had, and compiled for this processor; everything in `corpus/ptx-refused` is read, printed
//! and refused.

mod assembled;
mod essence;
#[path = "../support/ptxas.rs"]
mod ptxas;
mod sources;

use essence::{essence, first_difference};
use sources::{accepted, listed, refused};
use wasi_cuda_jit::versions::{DeviceVersion, Target, fit};
use wasi_cuda_jit::{CompileOptions, back, compile_ptx, front, verify};

#[test]
fn every_file_is_accepted_and_compiles_for_this_processor() {
    for source in accepted() {
        for checked in [false, true] {
            let compiled = compile_ptx(
                &source.text,
                &CompileOptions {
                    checked,
                    ..CompileOptions::default()
                },
            );
            let module =
                compiled.unwrap_or_else(|found| panic!("{}:\n{}", source.name(), listed(&found)));
            assert!(
                !module.kernels().is_empty(),
                "{} has no kernel",
                source.name()
            );
        }
    }
}

#[test]
fn every_file_prints_to_a_text_that_reads_as_the_same_module() {
    for source in accepted() {
        let module = front::ptx::parse(&source.text).unwrap();
        verify::verify(&module).unwrap();
        let printed = back::ptx::print(&module);
        let again = front::ptx::parse(&printed)
            .unwrap_or_else(|found| panic!("{}:\n{}\n{printed}", source.name(), listed(&found)));
        let (module, again) = (essence(module), essence(again));
        assert!(
            module == again,
            "{}:\n{}",
            source.name(),
            first_difference(&module, &again)
        );
    }
}

/// What no guard can hold is read and printed all the same, so that it can be admitted as soon as one can.
#[test]
fn every_file_that_cannot_be_guarded_is_read_and_refused() {
    for source in refused() {
        let module = front::ptx::parse(&source.text)
            .unwrap_or_else(|found| panic!("{}:\n{}", source.name(), listed(&found)));
        let found = verify::verify(&module).expect_err(&source.name());
        let told = found
            .iter()
            .all(|finding| finding.message.contains("not for untrusted kernels: "));
        assert!(told, "{}:\n{}", source.name(), listed(&found));
        let again = front::ptx::parse(&back::ptx::print(&module)).unwrap();
        assert!(essence(module) == essence(again), "{}", source.name());
    }
}

/// What compilers emit needs no more than they say: what [`fit`] knows of instructions is not too strict.
#[test]
fn every_file_fits_the_oldest_device_that_it_says_it_is_for() {
    for source in accepted() {
        let module = front::ptx::parse(&source.text).unwrap();
        let target = Target::parse(&module.target_name).unwrap();
        let device = DeviceVersion {
            ptx: module.version,
            compute_capability: target.compute_capability(),
            driver: None,
        };
        let fitted = fit(&module, &device);
        let fitted = fitted.unwrap_or_else(|error| panic!("{}: {error}", source.name()));
        assert_eq!(fitted.notes, [], "{}", source.name());
        assert_eq!(fitted.version, module.version);
    }
}
