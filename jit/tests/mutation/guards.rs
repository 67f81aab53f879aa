//! A kernel without one of its guards is refused, unless another guard shows the same, or the access is proved with no guard at all. Which
//! of these it is is found out for each, and written to `guards.txt` beside `mutants.txt`.

use crate::guards_of::Ways;
use crate::kernels::{self, Kernel, joined, registers_written};
use crate::operators::Operator;
use crate::oracle;
use crate::random::Random;
use std::fmt::Write as _;
use std::path::Path;

/// Guards of one kernel that are deleted.
const OF_A_KERNEL: usize = 8;

/// What shows that a guard is not needed.
enum Redundant {
    /// The guard in this line shows the same: without both the kernel is refused.
    ShownBy(usize),
    /// With all guards of other accesses gone it is proved still: it lies at a constant place, or how it is computed aligns it.
    NeedsNone,
}

#[test]
fn guards_that_can_be_deleted_are_shown_by_others() {
    let mut random = Random::new(3);
    let (mut refused, mut shown, mut needless) = (0, 0, 0);
    let (mut texts, mut names, mut list) = (Vec::new(), Vec::new(), String::new());
    for kernel in kernels::all(false) {
        let sites = Operator::DeleteGuard.sites(&kernel.lines);
        for _ in 0..OF_A_KERNEL.min(sites.len()) {
            let at = sites[random.below(sites.len())];
            let text = joined(&without(&kernel, at));
            if !kernel.is_proved(&text) {
                refused += 1;
                continue;
            }
            let name = format!(
                "{}, line {}: `{}`",
                kernel.name,
                at + 1,
                kernel.lines[at - 1].trim()
            );
            let why = match why_redundant(&kernel, &sites, at) {
                Redundant::ShownBy(other) => {
                    shown += 1;
                    format!(
                        "is shown by line {}: `{}`",
                        other + 1,
                        kernel.lines[other - 1].trim()
                    )
                }
                Redundant::NeedsNone => {
                    needless += 1;
                    "is not needed".to_owned()
                }
            };
            let _ = writeln!(list, "{name} {why}");
            texts.push(text);
            names.push(name);
        }
    }
    let all = refused + shown + needless;
    let head = format!(
        "{all} guards deleted: {refused} refused, {shown} shown by another, {needless} not needed\n"
    );
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guards.txt");
    std::fs::write(path, head.clone() + &list).unwrap();
    assert!(all > 1000, "{head}");
    // The passes add guards that a kernel could do without: they do not know what a guard before has shown, or which addresses are
    // aligned whatever the registers hold. They may become fewer, and not more.
    assert!(
        100 * refused >= 95 * all && 100 * needless <= 8 * all,
        "{head}"
    );
    let verdict = oracle::judge("guards", &texts);
    if let Some((number, how)) = verdict.escape {
        panic!("{}: {how}", names.get(number).map_or("?", String::as_str));
    }
    assert_eq!(verdict.ran, texts.len());
}

fn without(kernel: &Kernel, deleted: usize) -> Vec<String> {
    let mut lines = kernel.lines.clone();
    lines.remove(deleted);
    lines
}

/// Takes away more and more of the other guards together with what they guard, the nearest before it first, until the access behind
/// this one is refused.
fn why_redundant(kernel: &Kernel, sites: &[usize], at: usize) -> Redundant {
    let ways = Ways::of(&kernel.lines);
    let accesses = |guard: usize| ways.accesses_behind(&kernel.lines, guard);
    let own = accesses(at);
    let is_other = |site: &&usize| accesses(**site).first() != own.first();
    let before = sites
        .iter()
        .rev()
        .filter(|site| **site < at)
        .filter(is_other);
    // The order of blocks is not that of time.
    let behind = sites.iter().filter(|site| **site > at).filter(is_other);
    let others: Vec<usize> = before.chain(behind).copied().collect();
    let is_refused =
        |count: usize| !kernel.is_proved(&joined(&reduced(kernel, &ways, at, &others[..count])));
    if !is_refused(others.len()) {
        return Redundant::NeedsNone;
    }
    let (mut enough, mut few) = (others.len(), 0);
    while enough - few > 1 {
        let middle = few + (enough - few) / 2;
        if is_refused(middle) {
            enough = middle;
        } else {
            few = middle;
        }
    }
    Redundant::ShownBy(others[enough - 1])
}

/// The kernel without some guards; of `others` without their accesses, too.
fn reduced(kernel: &Kernel, ways: &Ways, at: usize, others: &[usize]) -> Vec<String> {
    let lines = &kernel.lines;
    let accesses: Vec<usize> = others
        .iter()
        .flat_map(|it| ways.accesses_behind(lines, *it))
        .collect();
    let mut kept = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        if accesses.contains(&place) {
            kept.extend(
                registers_written(line).map(|register| format!("\tmov.u32 {register}, %clock;")),
            );
        } else if place != at && !others.contains(&place) {
            kept.push(line.clone());
        }
    }
    kept
}
