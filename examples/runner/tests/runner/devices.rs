//! Which device a guest gets, and what is said of it.

use crate::command::{crate_folder, run, run_guest, text};

/// Whether this machine has an NVIDIA GPU with a driver.
fn has_gpu() -> bool {
    std::path::Path::new("/proc/driver/nvidia/version").exists()
}

#[test]
fn the_device_that_is_used_is_named() {
    run_guest(&[], "surroundings", &[])
        .well()
        .saying("wasi-cuda: device cpu (")
        .printing("devices: 1");
}

#[test]
fn a_device_that_is_named_twice_is_granted_twice() {
    run_guest(&["--device", "cpu", "--device", "cpu"], "surroundings", &[])
        .well()
        .printing("devices: 2");
}

#[test]
fn an_unknown_device_is_an_error_that_names_the_known_ones() {
    run_guest(&["--device", "gpu0"], "surroundings", &[])
        .refused()
        .saying("cannot open device `gpu0`")
        .saying("cpu");
}

#[test]
fn there_is_no_fallback_where_there_is_no_gpu() {
    if has_gpu() {
        eprintln!("did not run: this machine has a GPU");
        return;
    }
    let lesson = crate_folder().join("../01-vector-add");
    let ended = run(&["run", "--device", "cuda:0", text(&lesson)]);
    ended.refused().saying("cannot open device `cuda:0`");
    assert_eq!(ended.stdout, "", "the guest did not run");
}

#[test]
fn devices_are_listed_as_a_table() {
    let ended = run(&["devices"]);
    ended.well().printing("DEVICE").printing("WORKERS");
    let cpu = ended
        .stdout
        .lines()
        .find(|line| line.starts_with("cpu "))
        .expect("every machine has the CPU device");
    assert!(cpu.contains("available"), "{cpu}");
}

#[test]
fn devices_are_listed_as_json() {
    let ended = run(&["devices", "--format", "json"]);
    let list: Vec<serde_json::Value> =
        serde_json::from_str(&ended.well().stdout).expect("it is a JSON list");
    let cpu = list
        .iter()
        .find(|device| device["device"] == "cpu")
        .expect("every machine has the CPU device");
    assert_eq!(cpu["status"], "available");
    assert_eq!(cpu["backend"], "cpu");
    assert!(
        cpu["multiprocessors"]
            .as_u64()
            .is_some_and(|workers| workers > 0),
        "{cpu}"
    );
    assert!(
        cpu["memory"].as_u64().is_some_and(|bytes| bytes > 0),
        "{cpu}"
    );
}
