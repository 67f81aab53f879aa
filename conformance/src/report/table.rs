use super::Report;
use std::fmt::Write as _;

pub(super) fn write(report: &Report) -> String {
    let width = report
        .results
        .iter()
        .map(|result| result.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for result in &report.results {
        let label = result.outcome.label();
        let milliseconds = result.duration.as_millis();
        let _ = write!(
            text,
            "{:width$}  {label:11}  {milliseconds:>6} ms",
            result.name
        );
        for (number, line) in result.outcome.reason().unwrap_or("").lines().enumerate() {
            let _ = match number {
                0 => write!(text, "  {line}"),
                _ => write!(text, "\n{:width$}  {:11}  {:>9}  {line}", "", "", ""),
            };
        }
        text.push('\n');
    }
    let _ = write!(
        text,
        "device {}: {} cases, {} passed, {} failed, {} did not run",
        report.device,
        report.results.len(),
        report.passed(),
        report.failed(),
        report.did_not_run(),
    );
    text
}
