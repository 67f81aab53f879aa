//! What was measured, as lines for people and as JSON.

use crate::support::median;
use std::fmt::Write as _;

/// One comparison.
pub(crate) struct Row {
    pub(crate) work: &'static str,
    pub(crate) engine: &'static str,
    pub(crate) unit: &'static str,
    /// What a guest has.
    pub(crate) guest: f64,
    /// What it is compared to: the driver, or a bound.
    pub(crate) reference: f64,
    /// The largest ratio that is aimed for.
    pub(crate) aim: f64,
}

impl Row {
    /// Compares medians of nanoseconds.
    pub(crate) fn of_medians(
        work: &'static str,
        engine: &'static str,
        (guest, reference): (&[f64], &[f64]),
        aim: f64,
    ) -> Self {
        Self {
            work,
            engine,
            unit: "us",
            guest: median(guest) / 1e3,
            reference: median(reference) / 1e3,
            aim,
        }
    }

    fn ratio(&self) -> f64 {
        self.guest / self.reference
    }
}

/// The value that so many of a hundred are not above.
pub(crate) fn percentile(values: &[f64], hundredths: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or(0.0)
}

/// One line a row.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<46} {:<12} {:>11} {:>11} {:>7} {:>6}\n",
        "work", "engine", "guest", "reference", "ratio", "aim"
    );
    for row in rows {
        let met = if row.ratio() <= row.aim {
            ""
        } else {
            "  MISSED"
        };
        let _ = writeln!(
            text,
            "{:<46} {:<12} {:>8.2} {:<2} {:>8.2} {:<2} {:>7.2} {:>6.2}{met}",
            row.work,
            row.engine,
            row.guest,
            row.unit,
            row.reference,
            row.unit,
            row.ratio(),
            row.aim
        );
    }
    text
}

/// The same as JSON.
pub(crate) fn json(gpu: &str, rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| {
        format!(
            "{{\"work\":\"{}\",\"engine\":\"{}\",\"unit\":\"{}\",\"guest\":{},\"reference\":{},\"aim\":{}}}",
            row.work, row.engine, row.unit, row.guest, row.reference, row.aim
        )
    });
    let rows = rows.collect::<Vec<_>>().join(",\n  ");
    format!("{{\"gpu\":\"{gpu}\",\"rows\":[\n  {rows}\n]}}\n")
}
