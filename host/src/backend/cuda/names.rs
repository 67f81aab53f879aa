//! The names of GPUs: by number, and by UUID as `nvidia-smi -L` prints it.
//!
//! A number is the driver's own, which `CUDA_VISIBLE_DEVICES` and `CUDA_DEVICE_ORDER` decide; a UUID stays with its GPU. A slice
//! of a GPU (MIG) has a UUID of its own, by which the driver knows it where `CUDA_VISIBLE_DEVICES` names it.

use crate::device::DeviceError;
use std::fmt::{self, Write as _};

/// What all names of GPUs begin with.
const PREFIX: &str = "cuda:";

/// What a UUID is of.
const KINDS: [&str; 2] = ["GPU-", "MIG-"];

/// The bytes that are written together, with hyphens between them.
const GROUPS: [usize; 5] = [4, 2, 2, 2, 6];

/// A GPU's UUID, or that of a slice of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uuid {
    bytes: [u8; 16],
    is_slice: bool,
}

impl Uuid {
    /// The driver tells the bytes. Whether they are a slice's shows in the name that it has for people.
    pub(super) fn new(bytes: [u8; 16], name: &str) -> Self {
        Self {
            bytes,
            is_slice: name.contains(" MIG "),
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KINDS[usize::from(self.is_slice)])?;
        let mut bytes = self.bytes.iter();
        for (group, size) in GROUPS.into_iter().enumerate() {
            if group > 0 {
                f.write_char('-')?;
            }
            for byte in bytes.by_ref().take(size) {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// A GPU that the driver lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) ordinal: u32,
    /// None where the driver does not tell.
    pub(super) uuid: Option<Uuid>,
}

/// How a name says which GPU is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    Ordinal(u32),
    /// The beginning of a UUID at least, with `GPU-` or `MIG-`.
    Uuid(&'a str),
}

impl<'a> Wanted<'a> {
    /// What a name says; none when no GPU can have it.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        // `parse` would take a sign as well.
        if !rest.is_empty() && rest.bytes().all(|letter| letter.is_ascii_digit()) {
            return rest.parse().ok().map(Self::Ordinal);
        }
        let digits = KINDS.iter().find_map(|kind| rest.strip_prefix(kind))?;
        let is_digit = |letter: u8| letter.is_ascii_hexdigit() || letter == b'-';
        (!digits.is_empty() && digits.bytes().all(is_digit)).then_some(Self::Uuid(rest))
    }

    fn matches(&self, gpu: &Listed) -> bool {
        match self {
            Self::Ordinal(ordinal) => gpu.ordinal == *ordinal,
            Self::Uuid(beginning) => gpu.uuid.is_some_and(|uuid| {
                let uuid = uuid.to_string();
                let start = uuid.get(..beginning.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(beginning))
            }),
        }
    }
}

/// The name of the GPU with this number.
pub(crate) fn name(ordinal: u32) -> String {
    format!("{PREFIX}{ordinal}")
}

/// The GPU that a name means, and the name in full: with the number, or with the whole UUID.
pub(super) fn find(name: &str, gpus: &[Listed]) -> Result<(Listed, String), DeviceError> {
    let not_found = || DeviceError::NotFound {
        name: name.to_owned(),
        known: known(gpus),
    };
    let wanted = Wanted::parse(name).ok_or_else(not_found)?;
    let found: Vec<&Listed> = gpus.iter().filter(|gpu| wanted.matches(gpu)).collect();
    match (found.as_slice(), wanted) {
        ([], _) => Err(not_found()),
        ([gpu], Wanted::Ordinal(_)) => Ok((**gpu, self::name(gpu.ordinal))),
        ([gpu], Wanted::Uuid(_)) => Ok((**gpu, by_uuid(gpu))),
        (several, _) => Err(DeviceError::Ambiguous {
            name: name.to_owned(),
            matching: listed(several.iter().map(|gpu| by_uuid(gpu))),
        }),
    }
}

/// What may be opened, for people.
fn known(gpus: &[Listed]) -> String {
    let names = gpus.iter().map(|gpu| match gpu.uuid {
        Some(_) => format!("{}` or `{}", name(gpu.ordinal), by_uuid(gpu)),
        None => name(gpu.ordinal),
    });
    listed(std::iter::once("cpu".to_owned()).chain(names))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn by_uuid(gpu: &Listed) -> String {
    gpu.uuid
        .map_or_else(|| name(gpu.ordinal), |uuid| format!("{PREFIX}{uuid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: [u8; 16] = [
        0x8f, 0x5c, 0x12, 0x34, 0xab, 0xcd, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
        0x09,
    ];

    /// Two GPUs whose UUIDs differ in the second byte, a slice, and one that tells no UUID.
    fn gpus() -> [Listed; 4] {
        let mut second = FIRST;
        second[1] = 0x5d;
        let mut third = FIRST;
        third[0] = 0x77;
        let uuids = [
            Some(Uuid::new(FIRST, "NVIDIA H100 80GB HBM3")),
            Some(Uuid::new(second, "NVIDIA H100 80GB HBM3")),
            Some(Uuid::new(third, "NVIDIA H100 80GB HBM3 MIG 1g.10gb")),
            None,
        ];
        let mut ordinal = 0;
        uuids.map(|uuid| {
            ordinal += 1;
            Listed {
                ordinal: ordinal - 1,
                uuid,
            }
        })
    }

    fn found(name: &str) -> Result<(u32, String), String> {
        let found = find(name, &gpus());
        let found = found.map(|(gpu, name)| (gpu.ordinal, name));
        found.map_err(|error| error.to_string())
    }

    #[test]
    fn a_uuid_is_written_as_nvidia_smi_writes_it() {
        let uuids = gpus().map(|gpu| gpu.uuid.map(|uuid| uuid.to_string()));
        let written = uuids.each_ref().map(|uuid| uuid.as_deref());
        assert_eq!(written[0], Some("GPU-8f5c1234-abcd-0001-0203-040506070809"));
        assert_eq!(written[2], Some("MIG-775c1234-abcd-0001-0203-040506070809"));
    }

    #[test]
    fn a_gpu_is_found_by_its_number_its_uuid_or_the_beginning_of_that() {
        let first = "cuda:GPU-8f5c1234-abcd-0001-0203-040506070809";
        let second = "cuda:GPU-8f5d1234-abcd-0001-0203-040506070809";
        let slice = "cuda:MIG-775c1234-abcd-0001-0203-040506070809";
        let cases = [
            ("cuda:0", 0, "cuda:0"),
            ("cuda:3", 3, "cuda:3"),
            ("cuda:01", 1, "cuda:1"),
            (first, 0, first),
            ("cuda:GPU-8f5c", 0, first),
            ("cuda:GPU-8F5D1234-ABCD", 1, second),
            ("cuda:GPU-8f5d1234-", 1, second),
            ("cuda:MIG-7", 2, slice),
        ];
        for (name, ordinal, full) in cases {
            assert_eq!(found(name), Ok((ordinal, full.to_owned())), "{name}");
        }
    }

    #[test]
    fn a_beginning_of_two_uuids_is_refused_with_both() {
        let said = found("cuda:GPU-8f5").unwrap_err();
        let both = "`cuda:GPU-8f5c1234-abcd-0001-0203-040506070809`, \
                    `cuda:GPU-8f5d1234-abcd-0001-0203-040506070809`";
        assert_eq!(
            said,
            format!("the name `cuda:GPU-8f5` begins those of several devices: {both}")
        );
    }

    #[test]
    fn a_name_that_no_gpu_has_is_refused_with_those_that_there_are() {
        let wrong = [
            "cuda:4",
            "cuda:+1",
            "cuda:-1",
            "cuda:",
            "cuda:x",
            "cuda:99999999999",
            "cuda:GPU-",
            "cuda:GPU-9",
            // A GPU's UUID is no slice's, nor the other way round.
            "cuda:MIG-8f5c",
            "cuda:GPU-77",
            // How slices were named by older drivers, which only `CUDA_VISIBLE_DEVICES` knows.
            "cuda:MIG-GPU-8f5c1234-abcd-0001-0203-040506070809/1/0",
            "cuda:8f5c",
            "cuda:GPU-8f5c1234-abcd-0001-0203-0405060708090",
            "cuda:GPU-8f5c1234abcd",
            "cuda:GPU-é",
        ];
        let known = "known are `cpu`, \
             `cuda:0` or `cuda:GPU-8f5c1234-abcd-0001-0203-040506070809`, \
             `cuda:1` or `cuda:GPU-8f5d1234-abcd-0001-0203-040506070809`, \
             `cuda:2` or `cuda:MIG-775c1234-abcd-0001-0203-040506070809`, `cuda:3`";
        for name in wrong {
            let said = found(name).unwrap_err();
            assert_eq!(said, format!("there is no device `{name}`; {known}"));
        }
    }
}
