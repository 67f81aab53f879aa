//! Targets: what PTX is compiled for.

use std::fmt;

/// For which devices a target's code is (PTX ISA, "PTX Module Directives: .target").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// For the architecture and every later one: `sm_90`.
    Portable,
    /// For the architecture and later ones of its family: `sm_100f`.
    Family,
    /// For this architecture alone: `sm_90a`.
    Specific,
}

/// A target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Ten times the compute capability's major number plus the minor: 90 of `sm_90a`.
    pub number: u32,
    /// For which devices its code is.
    pub kind: Kind,
}

impl Target {
    /// The target of a compute capability, for it and all later ones.
    pub const fn of((major, minor): (u32, u32)) -> Self {
        Self {
            number: major.saturating_mul(10).saturating_add(minor),
            kind: Kind::Portable,
        }
    }

    /// Reads `sm_90`, `sm_90a` or `sm_100f`; none for anything else.
    pub fn parse(name: &str) -> Option<Self> {
        let number = name.strip_prefix("sm_")?;
        let (digits, kind) = match number.as_bytes().last()? {
            b'a' => (&number[..number.len() - 1], Kind::Specific),
            b'f' => (&number[..number.len() - 1], Kind::Family),
            _ => (number, Kind::Portable),
        };
        let is_number = digits.len() >= 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number)?;
        Some(Self { number, kind })
    }

    /// As (major, minor).
    pub fn compute_capability(self) -> (u32, u32) {
        let number = self.canonical();
        (number / 10, number % 10)
    }

    /// Whether a device of this compute capability runs its code.
    pub fn runs_on(self, device: (u32, u32)) -> bool {
        let device = Self::of(device).canonical();
        let number = self.canonical();
        match self.kind {
            Kind::Portable => number <= device,
            Kind::Family => number <= device && number / 10 == device / 10,
            Kind::Specific => number == device,
        }
    }

    /// Whether code for it may use what `needed` brought.
    pub fn provides(self, needed: Self) -> bool {
        let (own, other) = (self.canonical(), needed.canonical());
        match needed.kind {
            Kind::Portable => own >= other,
            Kind::Family => self.kind != Kind::Portable && own / 10 == other / 10 && own >= other,
            Kind::Specific => self.kind == Kind::Specific && own == other,
        }
    }

    /// The first PTX version that knows it; none if it is no target that is known.
    pub fn lowest_ptx(self) -> Option<(u32, u32)> {
        let name = self.to_string();
        let row = TARGETS
            .iter()
            .find(|(_, names)| names.contains(&name.as_str()));
        row.map(|(ptx, _)| *ptx)
    }

    /// PTX 9.0 renamed `sm_101` to `sm_110`: it is one architecture.
    fn canonical(self) -> u32 {
        if self.number == 101 { 110 } else { self.number }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = match self.kind {
            Kind::Portable => "",
            Kind::Family => "f",
            Kind::Specific => "a",
        };
        write!(f, "sm_{}{suffix}", self.number)
    }
}

/// PTX versions with the targets that they brought (PTX ISA 9.4, "Release Notes", table "PTX Release History").
pub static TARGETS: &[((u32, u32), &[&str])] = &[
    ((2, 0), &["sm_20"]),
    ((3, 0), &["sm_30"]),
    ((3, 1), &["sm_35"]),
    ((4, 0), &["sm_32", "sm_50"]),
    ((4, 1), &["sm_37", "sm_52"]),
    ((4, 2), &["sm_53"]),
    ((5, 0), &["sm_60", "sm_61", "sm_62"]),
    ((6, 0), &["sm_70"]),
    ((6, 1), &["sm_72"]),
    ((6, 3), &["sm_75"]),
    ((7, 0), &["sm_80"]),
    ((7, 1), &["sm_86"]),
    ((7, 4), &["sm_87"]),
    ((7, 8), &["sm_89", "sm_90"]),
    ((8, 0), &["sm_90a"]),
    ((8, 6), &["sm_100", "sm_100a", "sm_101", "sm_101a"]),
    ((8, 7), &["sm_120", "sm_120a"]),
    (
        (8, 8),
        &[
            "sm_100f", "sm_101f", "sm_103", "sm_103a", "sm_103f", "sm_120f", "sm_121", "sm_121a",
            "sm_121f",
        ],
    ),
    ((9, 0), &["sm_88", "sm_110", "sm_110a", "sm_110f"]),
    ((9, 4), &["sm_107", "sm_107a", "sm_107f"]),
];
