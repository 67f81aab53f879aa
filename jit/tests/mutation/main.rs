//! Printed kernels are damaged in one place each: what the checker accepts all the same must be harmless.
//!
//! An oracle says what is harmless: the CPU device runs the accepted mutants without guards or masks, with hostile arguments, between pages
//! where nothing is. What became of all mutants is written to `mutants.txt` in the target folder's `tmp`.

mod guards;
mod guards_of;
mod kernels;
mod operators;
mod oracle;
#[path = "../fuzz/mutate.rs"]
#[allow(dead_code)]
mod random;
#[path = "../corpus/sources.rs"]
#[allow(dead_code)]
mod sources;
mod tally;

use kernels::{Kernel, joined};
use operators::{ALL, Operator, is_statement};
use random::Random;
use tally::Tally;

/// Mutants of one kernel.
const OF_A_KERNEL: usize = 6;

/// The kernels of checked mode that are mutated: one in so many.
const CHECKED_ONE_IN: usize = 8;

/// Mutants in all, at least.
const FEWEST: usize = 2500;

#[test]
fn no_damage_that_is_accepted_lets_a_kernel_escape() {
    let rounds = std::env::var("MUTATION_ROUNDS");
    let rounds: u64 = rounds.map_or(1, |rounds| rounds.parse().unwrap());
    let plain = kernels::all(false);
    let checked = kernels::all(true);
    for round in 0..rounds {
        damage(&plain, &checked, &mut Random::new(4 + round));
    }
}

fn damage(plain: &[Kernel], checked: &[Kernel], random: &mut Random) {
    let mut tally = Tally::default();
    for kernel in plain.iter().chain(checked.iter().step_by(CHECKED_ONE_IN)) {
        for _ in 0..OF_A_KERNEL {
            let operator = ALL[random.below(ALL.len())];
            mutate(kernel, operator, random, &mut tally);
        }
    }
    check_tally(&tally, "mutants", FEWEST);
}

/// Each operator is refused somewhere, and none of the accepted mutants, which nearly all are kernels, escapes.
fn check_tally(tally: &Tally, name: &str, fewest: usize) {
    tally.write(&format!("{name}.txt"));
    assert!(
        tally.mutants() >= fewest,
        "only {} mutants",
        tally.mutants()
    );
    for operator in ALL {
        assert!(
            tally.refused(operator) > 0,
            "no mutant of {operator:?} is refused"
        );
    }
    let verdict = oracle::judge(name, &tally.accepted_texts());
    if let Some((number, how)) = verdict.escape {
        panic!("{}: {how}", tally.description(number));
    }
    assert!(
        verdict.ran > 9 * verdict.no_kernels,
        "{} are no kernels, and {} are",
        verdict.no_kernels,
        verdict.ran
    );
}

fn mutate(kernel: &Kernel, operator: Operator, random: &mut Random, tally: &mut Tally) {
    let sites = operator.sites(&kernel.lines);
    if sites.is_empty() {
        return;
    }
    let at = sites[random.below(sites.len())];
    match operator.apply(&kernel.lines, at, random) {
        Some(lines) if lines != kernel.lines => {
            let text = joined(&lines);
            let is_refused = !kernel.is_proved(&text);
            tally.add(kernel, operator, at, &lines, is_refused);
        }
        _ => {}
    }
}

/// Mutants of one second variant, and of all of them, at least.
const OF_A_VARIANT: usize = 8;
const FEWEST_OF_VARIANTS: usize = 1500;

#[test]
fn no_damage_to_what_a_proof_does_not_claim_lets_a_second_variant_escape() {
    let mut random = Random::new(5);
    let mut tally = Tally::default();
    for kernel in kernels::variants() {
        for _ in 0..OF_A_VARIANT {
            let operator = ALL[random.below(ALL.len())];
            mutate(&kernel, operator, &mut random, &mut tally);
        }
    }
    check_tally(&tally, "mutants-of-variants", FEWEST_OF_VARIANTS);
}

/// The oracle would see it: kernels with a guard too few, which the checker refuses, do escape.
#[test]
fn kernels_with_a_guard_too_few_escape() {
    let mut random = Random::new(2);
    let kernels = kernels::all(false);
    let (mut tried, mut escaped) = (0, 0);
    for kernel in kernels.iter().step_by(kernels.len() / 24) {
        let sites = Operator::DeleteGuard.sites(&kernel.lines);
        let of_window = |at: &&usize| {
            let before = kernel.lines[..**at].iter().rev();
            let mut before = before.take_while(|line| is_statement(line));
            before.any(|line| line.ends_with("%window_mapped;"))
        };
        // The first of a kernel that it needs is reached by most arguments.
        let mut texts = sites.iter().filter(of_window).map(|at| {
            let lines = Operator::DeleteGuard.apply(&kernel.lines, *at, &mut random);
            joined(&lines.unwrap())
        });
        let Some(text) = texts.find(|text| !kernel.is_proved(text)) else {
            continue;
        };
        tried += 1;
        let verdict = oracle::judge(&format!("escape-{tried}"), &[text]);
        escaped += usize::from(verdict.escape.is_some());
    }
    assert!(
        tried > 10 && 2 * escaped > tried,
        "{escaped} of {tried} escape"
    );
}

/// Started by [`oracle::judge`].
#[test]
#[ignore = "the process that runs mutants; the other tests start it"]
fn the_process_that_runs_mutants() {
    let folder = std::env::var_os(oracle::FOLDER).expect("a folder of mutants");
    oracle::child::run_all(std::path::Path::new(&folder));
}
