//! What guards cost: kernels of the corpus as their compiler wrote them, beside what is printed of them with guards, and without those that
//! a proof stands in for.

mod measure;
mod works;

use crate::driver::Gpu;
use anyhow::{Context as _, Result, ensure};
use measure::Timed;
use std::path::PathBuf;

/// Times every kernel, prints a table and the same as JSON.
pub(crate) fn run(gpu: &Gpu, folders: &[PathBuf], only: Option<&str>) -> Result<bool> {
    let folder = folders.first().context("no folder")?;
    let mut rows: Vec<(&str, Timed)> = Vec::new();
    let mut wrong = 0;
    println!(
        "{:<28} {:>9} {:>9} {:>7} {:>9} {:>7} {:>9} {:>9}",
        "kernel", "plain ms", "guarded", "ratio", "proved", "ratio", "registers", "launches"
    );
    let works = works::WORKS.iter();
    for work in works.filter(|work| only.is_none_or(|word| work.name().contains(word))) {
        let timed = match measure::measure(gpu, work, folder) {
            Ok(timed) => timed,
            Err(error) => {
                println!("{:<28} WRONG: {error:#}", work.name());
                wrong += 1;
                continue;
            }
        };
        println!(
            "{:<28} {:>9.3} {:>9.3} {:>7.3} {:>9} {:>7.3} {:>4} {:>4} {:>9}",
            work.name(),
            timed.plain,
            timed.guarded,
            timed.ratio(),
            timed
                .proved
                .map_or("-".to_owned(), |time| format!("{time:.3}")),
            timed.chosen_ratio(),
            timed.registers[0],
            timed.registers[1],
            timed.launches
        );
        rows.push((work.name(), timed));
    }
    ensure!(!rows.is_empty(), "no kernel has that word in its name");
    for (what, ratio) in [
        ("guarded", Timed::ratio as fn(&Timed) -> f64),
        ("as a host would choose", Timed::chosen_ratio),
    ] {
        let ratios = rows.iter().map(|(_, timed)| ratio(timed));
        let mean = (ratios.clone().map(f64::ln).sum::<f64>() / rows.len() as f64).exp();
        let worst = ratios.fold(0.0, f64::max);
        println!(
            "{} kernels, {what}: geometric mean {mean:.3}, worst {worst:.3}",
            rows.len()
        );
    }
    println!("{}", json(&rows));
    Ok(wrong == 0)
}

fn json(rows: &[(&str, Timed)]) -> String {
    let rows = rows.iter().map(|(name, timed)| {
        format!(
            r#"{{"kernel":"{name}","plain_ms":{:.4},"guarded_ms":{:.4},"proved_ms":{},"launches":{}}}"#,
            timed.plain,
            timed.guarded,
            timed
                .proved
                .map_or("null".to_owned(), |time| format!("{time:.4}")),
            timed.launches
        )
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(","))
}
