//! The command line.

use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::time::Duration;

/// What is asked for.
pub(crate) struct Arguments {
    pub(crate) device: String,
    pub(crate) time: Duration,
    pub(crate) guests: u32,
    pub(crate) seed: u64,
    pub(crate) guest: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn read() -> Result<Self> {
        let mut arguments = Self {
            device: "cpu".to_owned(),
            time: Duration::from_secs(10),
            guests: 64,
            seed: 1,
            guest: None,
        };
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            let mut value = || {
                given
                    .next()
                    .with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                // Cargo's own.
                "--bench" => {}
                "--device" => arguments.device = value()?,
                "--seconds" => arguments.time = Duration::from_secs(number(&value()?)?),
                "--guests" => arguments.guests = number(&value()?)?,
                "--seed" => arguments.seed = number(&value()?)?,
                "--guest" => arguments.guest = Some(value()?.into()),
                other => bail!(
                    "unknown argument `{other}`; there are --device NAME, --seconds N, --guests N, --seed N and --guest FILE"
                ),
            }
        }
        Ok(arguments)
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N>
where
    N::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse()
        .with_context(|| format!("`{text}` is no number"))
}
