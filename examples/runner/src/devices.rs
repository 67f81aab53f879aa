//! `wasi-cuda devices`.

use anyhow::Result;
use serde::Serialize;
use wasmtime_wasi_cuda::{Device, DeviceListing};

use crate::args::{DevicesArgs, Format};

/// One device, in the words of the JSON list. What is unknown of an unavailable device is left out.
#[derive(Serialize)]
struct Row {
    /// What `--device` calls it.
    device: String,
    /// By which `--device` knows it as well, behind `cuda:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    status: String,
    #[serde(flatten)]
    known: Option<Known>,
}

#[derive(Serialize)]
struct Known {
    name: String,
    backend: String,
    compute_capability: String,
    memory: u64,
    multiprocessors: u32,
}

/// Prints every device that this host knows of, also those that cannot be used, with the reason.
pub(crate) fn devices(arguments: &DevicesArgs) -> Result<()> {
    let rows: Vec<_> = Device::list().into_iter().map(Row::from).collect();
    match arguments.format {
        Format::Table => print!("{}", table(&rows)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&rows)?),
    }
    Ok(())
}

impl From<DeviceListing> for Row {
    fn from(listing: DeviceListing) -> Self {
        let (status, known) = match listing.properties {
            Ok(properties) => {
                let (major, minor) = properties.compute_capability;
                let known = Known {
                    name: properties.name,
                    backend: properties.backend.to_string(),
                    compute_capability: format!("{major}.{minor}"),
                    memory: properties.total_memory,
                    multiprocessors: properties.multiprocessors,
                };
                ("available".to_owned(), Some(known))
            }
            Err(reason) => (format!("unavailable: {reason}"), None),
        };
        Self {
            device: listing.name,
            uuid: listing.uuid,
            status,
            known,
        }
    }
}

const HEADER: [&str; 8] = [
    "DEVICE",
    "NAME",
    "BACKEND",
    "CAPABILITY",
    "MEMORY",
    "WORKERS",
    "UUID",
    "STATUS",
];

fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADER.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<_> = (0..HEADER.len())
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<_> = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row) -> [String; 8] {
    let of = |show: fn(&Known) -> String| row.known.as_ref().map_or_else(|| "-".to_owned(), show);
    [
        row.device.clone(),
        of(|known| known.name.clone()),
        of(|known| known.backend.clone()),
        of(|known| known.compute_capability.clone()),
        of(|known| format!("{:.1} GiB", known.memory as f64 / f64::from(1 << 30))),
        of(|known| known.multiprocessors.to_string()),
        row.uuid.clone().unwrap_or_else(|| "-".to_owned()),
        row.status.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let known = Known {
            name: "A Very Long Processor Name".into(),
            backend: "cpu".into(),
            compute_capability: "8.0".into(),
            memory: 3 << 29,
            multiprocessors: 4,
        };
        let rows = [
            Row {
                device: "cpu".into(),
                uuid: None,
                status: "available".into(),
                known: Some(known),
            },
            Row {
                device: "cuda:0".into(),
                uuid: Some("GPU-8f5c1234-abcd-0001-0203-040506070809".into()),
                status: "unavailable: no driver".into(),
                known: None,
            },
        ];
        let text = table(&rows);
        let lines: Vec<_> = text.lines().collect();
        let column = lines[0].find("BACKEND").expect("the header names it");
        assert!(lines[1][column..].starts_with("cpu  "), "{text}");
        assert!(lines[1].contains("1.5 GiB"), "{text}");
        let end = "GPU-8f5c1234-abcd-0001-0203-040506070809  unavailable: no driver";
        assert!(lines[2].ends_with(end), "{text}");
        assert!(lines[2][column..].starts_with("-"), "{text}");
    }
}
