//! Values of flags: sizes, durations, directories, variables and targets.

use std::time::Duration;

use wasi_cuda_jit::versions::{TARGETS, Target};

/// A directory of the host and the guest's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) host: String,
    pub(crate) guest: String,
}

/// An environment variable; without a value it takes the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

const SIZE_UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

const DURATION_UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Bytes: `4096`, `64MiB`, `1GB`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    const EXAMPLE: &str = "a size is a whole number and a unit: 4096, 64MiB, 1GB";
    let bytes = parse_with_unit(text, &SIZE_UNITS, EXAMPLE)?;
    if bytes == 0 {
        return Err(format!("no guest can work with 0 bytes; {EXAMPLE}"));
    }
    Ok(bytes)
}

/// Time: `500ms`, `2s`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    const EXAMPLE: &str = "a duration is a whole number and a unit: 250us, 500ms, 2s, 1m";
    let nanoseconds = parse_with_unit(text, &DURATION_UNITS, EXAMPLE)?;
    if nanoseconds == 0 {
        return Err(format!("no launch can finish in no time; {EXAMPLE}"));
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn parse_with_unit(text: &str, units: &[(&str, u64)], example: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        let names: Vec<_> = units
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| !name.is_empty())
            .collect();
        return Err(format!(
            "no unit `{unit}`, there are {}; {example}",
            names.join(", ")
        ));
    };
    let number: u64 = number.parse().map_err(|_| example.to_owned())?;
    number
        .checked_mul(*scale)
        .ok_or_else(|| format!("more than 64 bits can hold; {example}"))
}

/// `HOST_DIR` or `HOST_DIR::GUEST_DIR`.
pub(crate) fn parse_directory(text: &str) -> Result<Directory, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("a directory is HOST_DIR or HOST_DIR::GUEST_DIR, neither of them empty".into());
    }
    Ok(Directory {
        host: host.into(),
        guest: guest.into(),
    })
}

/// `NAME` or `NAME=VALUE`.
pub(crate) fn parse_variable(text: &str) -> Result<Variable, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("a variable is NAME or NAME=VALUE".into());
    }
    Ok(Variable {
        name: name.into(),
        value,
    })
}

/// `sm_90`, `sm_90a`.
pub(crate) fn parse_target(text: &str) -> Result<Target, String> {
    let target = Target::parse(text).filter(|target| target.lowest_ptx().is_some());
    target.ok_or_else(|| {
        let names = TARGETS.iter().flat_map(|(_, names)| *names);
        let known: Vec<_> = names.copied().collect();
        format!("no such target; known are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in [
            ("4096", 4096),
            ("64MiB", 64 << 20),
            ("1GB", 1_000_000_000),
            ("2 kib", 2048),
            ("7b", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("2s"), Ok(Duration::from_secs(2)));
        assert!(
            parse_duration("2")
                .unwrap_err()
                .contains("there are ns, us, ms, s, m, h")
        );
    }

    #[test]
    fn numbers_that_are_none_are_refused_with_an_example() {
        for text in [
            "",
            "MiB",
            "-1",
            "1.5GB",
            "0",
            "0KiB",
            "64XB",
            "20000000TiB",
            "99999999999999999999",
        ] {
            assert!(
                parse_size(text).unwrap_err().contains("64MiB, 1GB"),
                "{text}"
            );
        }
        for text in ["", "s", "-1s", "0s", "3 weeks", "99999999999h"] {
            assert!(
                parse_duration(text).unwrap_err().contains("500ms, 2s"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_directory_keeps_its_name_unless_it_gets_another() {
        let same = parse_directory("data").unwrap();
        assert_eq!((same.host.as_str(), same.guest.as_str()), ("data", "data"));
        let other = parse_directory("/srv/data::/data").unwrap();
        assert_eq!(
            (other.host.as_str(), other.guest.as_str()),
            ("/srv/data", "/data")
        );
        assert!(parse_directory("::/data").is_err());
    }

    #[test]
    fn a_variable_may_have_an_empty_value_or_none() {
        assert_eq!(
            parse_variable("A=b=c").unwrap().value.as_deref(),
            Some("b=c")
        );
        assert_eq!(parse_variable("A=").unwrap().value.as_deref(), Some(""));
        assert_eq!(parse_variable("A").unwrap().value, None);
        assert!(parse_variable("=b").is_err());
    }

    #[test]
    fn a_target_that_is_unknown_is_refused_with_those_that_are_known() {
        assert_eq!(parse_target("sm_90a").unwrap().to_string(), "sm_90a");
        for text in ["", "90", "sm_91", "compute_90", "SM_90"] {
            assert!(
                parse_target(text).unwrap_err().contains("sm_90, "),
                "{text}"
            );
        }
    }
}
