//! What of the host a guest sees, and how its end becomes the command's.

use crate::command::{Scratch, crate_folder, end, run_guest, text, wasi_cuda};

#[test]
fn everything_after_the_guest_is_its_own() {
    run_guest(
        &[],
        "surroundings",
        &["--device", "none", "-v", "--", "x y"],
    )
    .well()
    .printing("arguments: --device|none|-v|--|x y\n");
}

#[test]
fn the_guest_sees_no_variable_that_it_was_not_given() {
    run_guest(&[], "surroundings", &[])
        .well()
        .printing("variables: \n");
}

#[test]
fn variables_are_set_or_passed_on() {
    let guests = crate_folder().join("tests/guests");
    let mut command = wasi_cuda(&["run", "--bin", "surroundings"]);
    command
        .args([
            "--env",
            "COLOUR=blue=green",
            "--env",
            "SHAPE",
            "--env",
            "NOT_SET_HERE",
        ])
        .arg(guests);
    command.env("SHAPE", "round").env_remove("NOT_SET_HERE");
    end(command)
        .well()
        .printing("variables: COLOUR=blue=green|SHAPE=round\n");
}

#[test]
fn the_guest_sees_no_folder_that_it_was_not_given() {
    let ended = run_guest(&[], "surroundings", &[]);
    let line = ended
        .well()
        .stdout
        .lines()
        .find(|line| line.starts_with("/data/greeting"))
        .expect("it tells");
    assert!(!line.contains("good morning"), "{line}");
}

#[test]
fn a_folder_has_the_name_that_it_is_given() {
    let scratch = Scratch::new();
    scratch.file("greeting", "good morning");
    let directory = format!("{}::/data", text(scratch.folder()));
    run_guest(&["--dir", &directory], "surroundings", &[])
        .well()
        .printing("/data/greeting: good morning\n");
}

#[test]
fn a_folder_that_does_not_exist_is_refused() {
    run_guest(&["--dir", "nowhere::/data"], "surroundings", &[])
        .refused()
        .saying("`nowhere`");
}

#[test]
fn a_guest_that_ends_well_ends_the_command_well() {
    run_guest(&[], "ending", &["now"])
        .well()
        .printing("ended well, argument Some(\"now\")");
}

#[test]
fn a_guest_that_fails_fails_the_command_without_a_word_of_the_runners() {
    let ended = run_guest(&[], "ending", &["fail"]);
    ended.with_code(1);
    assert!(!ended.stderr.contains("error"), "{ended:#?}");
}

#[test]
fn a_guest_that_traps_ends_as_an_aborted_process() {
    run_guest(&[], "ending", &["trap"])
        .with_code(134)
        .saying("unreachable");
}
