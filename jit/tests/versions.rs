//! Versions and targets are held against the device before anything is compiled for it.

use wasi_cuda_jit::versions::{
    DeviceVersion, NEEDS, RELEASES, Target, fit, highest_ptx, release_for,
};
use wasi_cuda_jit::{
    CompileOptions, Diagnostic, Severity, compile_ptx, front, limits, sandboxed_ptx, sandboxed_wasm,
};

fn source(version: &str, target: &str, instruction: &str) -> String {
    format!(
        ".version {version}\n.target {target}\n.address_size 64\n.visible .entry kernel(.param .u64 out)\n{{\n\
         .reg .b32 %r<9>;\n.reg .f32 %f<9>;\n{instruction}\nret;\n}}\n"
    )
}

const TANH: &str = "tanh.approx.f32 %f1, %f2;";

fn device(ptx: (u32, u32), compute_capability: (u32, u32)) -> DeviceVersion {
    DeviceVersion {
        ptx,
        compute_capability,
        driver: None,
    }
}

fn fitted(source: &str, device: &DeviceVersion) -> Result<((u32, u32), String, usize), Diagnostic> {
    let module = front::ptx::parse(source).unwrap();
    fit(&module, device).map(|fit| (fit.version, fit.target.to_string(), fit.notes.len()))
}

#[track_caller]
fn taken(source: &str, device: &DeviceVersion, version: (u32, u32), target: &str, notes: usize) {
    let fitted = fitted(source, device);
    assert_eq!(fitted, Ok((version, target.to_owned(), notes)));
}

#[track_caller]
fn refused(source: &str, device: &DeviceVersion, said: &[&str]) {
    let error = fitted(source, device).unwrap_err();
    assert_eq!(error.severity, Severity::Error);
    for words in said {
        assert!(error.text().contains(words), "no `{words}` in {error}");
    }
}

#[test]
fn a_module_that_fits_is_taken_as_it_is() {
    taken(
        &source("7.0", "sm_80", TANH),
        &device((8, 2), (9, 0)),
        (7, 0),
        "sm_80",
        0,
    );
}

#[test]
fn a_target_above_the_device_is_refused_with_both_named() {
    let said = [
        "`sm_90`",
        "9.0 or higher",
        "the device has 8.6",
        "`sm_86` or an earlier",
    ];
    refused(&source("8.0", "sm_90", ""), &device((8, 8), (8, 6)), &said);
}

#[test]
fn a_target_for_one_architecture_runs_on_no_other() {
    let module = source("8.0", "sm_90a", "");
    taken(&module, &device((8, 8), (9, 0)), (8, 0), "sm_90a", 0);
    let said = ["`sm_90a`", "9.0 alone", "the device has 10.0", "`sm_90`"];
    refused(&module, &device((8, 8), (10, 0)), &said);
    refused(&module, &device((8, 8), (8, 9)), &["`sm_89`"]);
}

#[test]
fn a_target_for_a_family_runs_on_its_later_members() {
    let module = source("8.8", "sm_100f", "");
    taken(&module, &device((8, 8), (10, 3)), (8, 8), "sm_100f", 0);
    refused(&module, &device((8, 8), (12, 0)), &["same family", "12.0"]);
}

#[test]
fn a_branch_by_an_index_needs_the_version_that_brought_it() {
    let branch = "brx.idx %r1, targets; $a: ret; $b: ret; targets: .branchtargets $a, $b;";
    let module = source("5.0", "sm_61", branch);
    taken(&module, &device((8, 2), (9, 0)), (6, 0), "sm_61", 1);
    let said = ["`brx.idx` needs PTX 6.0", "takes PTX 5.0 at most"];
    refused(&module, &device((5, 0), (6, 1)), &said);
}

#[test]
fn a_version_above_the_devices_is_lowered_where_nothing_needs_it() {
    taken(
        &source("8.7", "sm_80", TANH),
        &device((7, 4), (8, 0)),
        (7, 4),
        "sm_80",
        1,
    );
    let module = front::ptx::parse(&source("8.7", "sm_80", TANH)).unwrap();
    let note = &fit(&module, &device((7, 4), (8, 0))).unwrap().notes[0];
    assert_eq!(note.severity, Severity::Note);
    for words in ["PTX 8.7", "takes 7.4", "more than 7.0", "taken as PTX 7.4"] {
        assert!(note.message.contains(words), "{note}");
    }
}

#[test]
fn a_version_that_an_instruction_needs_is_refused_with_the_driver_that_has_it() {
    let module = source("8.7", "sm_75", TANH);
    let installed = DeviceVersion {
        driver: Some(440),
        ..device((6, 5), (7, 5))
    };
    let said = [
        "`tanh.approx.f32` needs PTX 7.0",
        "takes PTX 6.5 at most",
        "CUDA 11.0",
        "450",
        "installed one is 440",
    ];
    refused(&module, &installed, &said);
    let module = front::ptx::parse(&module).unwrap();
    let error = fit(&module, &installed).unwrap_err();
    assert_eq!((error.span.line, error.span.column), (8, 1));
}

#[test]
fn a_target_needs_a_version_too() {
    let said = ["target `sm_89` needs PTX 7.8", "CUDA 11.8", "520"];
    refused(&source("7.8", "sm_89", ""), &device((7, 4), (8, 9)), &said);
}

#[test]
fn a_module_that_says_less_than_it_needs_is_taken_for_what_it_is() {
    taken(
        &source("6.3", "sm_75", TANH),
        &device((8, 2), (9, 0)),
        (7, 0),
        "sm_75",
        1,
    );
    taken(
        &source("6.3", "sm_60", TANH),
        &device((8, 2), (9, 0)),
        (7, 0),
        "sm_75",
        2,
    );
}

#[test]
fn an_instruction_that_the_device_lacks_is_refused() {
    let said = [
        "`tanh.approx.f32`",
        "`sm_75` or a later one",
        "`sm_60`",
        "7.0",
    ];
    refused(
        &source("7.0", "sm_60", TANH),
        &device((8, 2), (7, 0)),
        &said,
    );
}

#[test]
fn what_is_printed_is_what_the_device_takes() {
    let options = CompileOptions {
        device: Some(device((7, 4), (8, 0))),
        ..CompileOptions::default()
    };
    let text = sandboxed_ptx(&source("8.7", "sm_80", TANH), &options).unwrap();
    assert!(text.starts_with(".version 7.4\n.target sm_80\n"), "{text}");
    let wasm = wat::parse_str(r#"(module (func (export "nothing")))"#).unwrap();
    let text = sandboxed_wasm(&wasm, &options).unwrap();
    assert!(text.starts_with(".version 7.4\n.target sm_80\n"), "{text}");
}

#[test]
fn notes_are_the_compiled_modules_and_errors_end_the_compilation() {
    let options = |compute_capability| CompileOptions {
        device: Some(device((7, 4), compute_capability)),
        ..CompileOptions::default()
    };
    let text = source("8.7", "sm_80", TANH);
    let module = compile_ptx(&text, &options((8, 0))).unwrap();
    assert_eq!(module.diagnostics().len(), 1);
    let found = compile_ptx(&text, &options((7, 5))).unwrap_err();
    assert!(found[0].message.contains("`sm_80`"), "{}", found[0]);
    assert_eq!((found[0].span.line, found[0].span.column), (2, 9));
}

#[test]
fn without_a_device_nothing_is_lacking() {
    compile_ptx(&source("8.8", "sm_121a", TANH), &CompileOptions::default()).unwrap();
}

#[test]
fn later_versions_need_later_drivers() {
    for pair in RELEASES.windows(2) {
        assert!(pair[0].ptx < pair[1].ptx, "{pair:?}");
        assert!(pair[0].cuda < pair[1].cuda, "{pair:?}");
        assert!(pair[0].driver < pair[1].driver, "{pair:?}");
    }
    let newest = RELEASES.last().map(|release| release.ptx);
    assert_eq!(newest, Some(limits::MAX_PTX_VERSION));
}

#[test]
fn a_driver_is_found_for_a_version_and_a_version_for_a_driver() {
    assert_eq!(release_for((8, 0)).map(|release| release.driver), Some(525));
    assert_eq!(release_for((99, 0)), None);
    // A driver of CUDA 12.6 takes what 12.5 brought.
    assert_eq!(highest_ptx((12, 6)), Some((8, 5)));
    assert_eq!(highest_ptx((13, 99)), Some(limits::MAX_PTX_VERSION));
    assert_eq!(highest_ptx((1, 0)), None);
}

#[test]
fn every_need_is_one_that_some_driver_meets() {
    for (pattern, needs) in NEEDS {
        let known = needs.iter().all(|need| release_for(need.ptx).is_some());
        assert!(known && !needs.is_empty(), "{pattern}");
    }
}

#[test]
fn targets_are_read_as_they_are_spelt() {
    for name in ["sm_50", "sm_90", "sm_90a", "sm_100f", "sm_121a"] {
        assert_eq!(
            Target::parse(name)
                .map(|target| target.to_string())
                .as_deref(),
            Some(name)
        );
    }
    for name in [
        "",
        "sm_",
        "sm_a",
        "sm_9",
        "sm_9x",
        "sm_90af",
        "compute_90",
        "sm_99999999999",
        "sm_é",
    ] {
        assert_eq!(Target::parse(name), None, "{name}");
    }
}
