//! What is done to a printed kernel, one thing a mutant.

use crate::guards_of::Ways;
use crate::random::Random;

/// A way of damaging a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operator {
    /// A branch to a fault is deleted.
    DeleteGuard,
    /// A branch to a fault is taken when it is not to be.
    InvertGuard,
    /// A comparison of a guard becomes weaker, signed, or another one.
    WeakenComparison,
    /// A guard adds less than the access's size, or lets a limit be larger.
    WeakenSize,
    /// A guard looks at fewer low bits of an address, or at others.
    WeakenAlignment,
    /// An access is done before the guard before it.
    MoveAccess,
    /// An access is done at another distance from its register.
    ShiftAccess,
    /// An access touches more.
    WidenAccess,
    /// An access uses another register.
    SwapAddress,
    /// A guard looks at another register.
    SwapGuarded,
    /// Fuel no longer falls, or is no longer tested or filled up as it must be.
    SpoilFuel,
    /// The stop word is not read, not tested, or not obeyed.
    SpoilStop,
    /// A register is no longer zeroed, or not computed, before it is read.
    DeleteWrite,
    /// Another place is taken for the window's, an array's or the stop word's.
    SwapGiven,
    /// A branch goes elsewhere.
    Retarget,
    /// Two statements change places.
    SwapLines,
    /// A number of a guard is another one.
    ChangeNumber,
    /// The fault recorder does something else.
    SpoilRecorder,
}

pub(crate) const ALL: [Operator; 18] = [
    Operator::DeleteGuard,
    Operator::InvertGuard,
    Operator::WeakenComparison,
    Operator::WeakenSize,
    Operator::WeakenAlignment,
    Operator::MoveAccess,
    Operator::ShiftAccess,
    Operator::WidenAccess,
    Operator::SwapAddress,
    Operator::SwapGuarded,
    Operator::SpoilFuel,
    Operator::SpoilStop,
    Operator::DeleteWrite,
    Operator::SwapGiven,
    Operator::Retarget,
    Operator::SwapLines,
    Operator::ChangeNumber,
    Operator::SpoilRecorder,
];

impl Operator {
    /// The lines at which it can be applied.
    pub(crate) fn sites(self, lines: &[String]) -> Vec<usize> {
        let end = lines.iter().position(|line| line == "$fault:");
        let end = end.unwrap_or(lines.len());
        if self == Self::SpoilRecorder {
            return (end..lines.len())
                .filter(|at| lines[*at].starts_with('\t'))
                .collect();
        }
        let ways = Ways::of(lines);
        let here = |at: &usize| self.fits(lines, &ways, *at);
        (0..end).filter(here).collect()
    }

    fn fits(self, lines: &[String], ways: &Ways, at: usize) -> bool {
        let line = lines[at].as_str();
        match self {
            Self::DeleteGuard | Self::InvertGuard => ways.is_guard(lines, at),
            Self::WeakenComparison => {
                let decides = line.starts_with("\tsetp.") || line.starts_with("\tor.pred");
                decides && guard_ahead(lines, ways, at)
            }
            Self::SwapGuarded => line.starts_with("\tsetp.") && guard_ahead(lines, ways, at),
            Self::WeakenSize => {
                let is_sum = is_own_sum(line) && !line.contains("_base");
                let is_limit = line.starts_with("\tsetp.gt.u64") && !line.contains("%shared_size");
                is_sum || (is_limit && last_number(line).is_some())
            }
            Self::WeakenAlignment => line.starts_with("\tand.b64"),
            Self::MoveAccess => is_access(line) && guard_before(lines, ways, at).is_some(),
            Self::ShiftAccess | Self::WidenAccess | Self::SwapAddress => is_access(line),
            Self::SpoilFuel => is_fuel(lines, at),
            Self::SpoilStop => is_look(lines, at),
            Self::DeleteWrite => line.starts_with("\tmov.") && line.ends_with(", 0;"),
            Self::SwapGiven => {
                GIVEN.iter().any(|name| line.contains(name)) && !line.contains(".reg")
            }
            Self::Retarget => line.contains("bra $B"),
            Self::SwapLines => {
                let is_statement = |at| {
                    lines
                        .get(at)
                        .is_some_and(|line: &String| is_statement(line))
                };
                is_statement(at) && is_statement(at + 1)
            }
            Self::ChangeNumber => {
                let is_own =
                    line.starts_with("\tand.b64") || line.starts_with("\tmin.") || is_own_sum(line);
                is_own && last_number(line).is_some()
            }
            Self::SpoilRecorder => false,
        }
    }

    /// The lines with the change made; none if there is nothing to change after all.
    pub(crate) fn apply(
        self,
        lines: &[String],
        at: usize,
        random: &mut Random,
    ) -> Option<Vec<String>> {
        let mut lines = lines.to_vec();
        let line = lines[at].clone();
        match self {
            Self::DeleteGuard | Self::DeleteWrite => drop(lines.remove(at)),
            Self::InvertGuard => lines[at] = inverted(&line),
            Self::WeakenComparison if line.starts_with("\tor.pred") => {
                lines[at] = line.replacen("or.pred", ["and.pred", "xor.pred"][random.below(2)], 1);
            }
            Self::WeakenComparison => lines[at] = other_comparison(&line, random)?,
            Self::WeakenSize => {
                let number = last_number(&line)?;
                let is_limit = line.starts_with("\tsetp");
                let delta = [1, 2, 4, 256, 1 << 20][random.below(5)];
                let changed = if is_limit {
                    number.wrapping_add(delta)
                } else {
                    number.saturating_sub(delta)
                };
                lines[at] = with_last_number(&line, changed)?;
            }
            Self::WeakenAlignment => {
                let number = last_number(&line)?;
                let changed =
                    [number >> 1, number << 1, 0, number.wrapping_add(1)][random.below(4)];
                lines[at] = with_last_number(&line, changed)?;
            }
            Self::MoveAccess => {
                let guard = guard_before(&lines, &Ways::of(&lines), at)?;
                let access = lines.remove(at);
                lines.insert(guard, access);
            }
            Self::ShiftAccess => {
                let delta = [1, 2, 4, 8, 16, 256, 4096, -1, -4, -256][random.below(10)];
                lines[at] = line.replacen(']', &format!("+{delta}]"), 1);
            }
            Self::WidenAccess => lines[at] = wider(&line)?,
            Self::SwapAddress => {
                let start = line.find("[%rd")?;
                let length = line[start..].find([']', '+'])?;
                let other = register(&lines, "%rd", random)?;
                lines[at].replace_range(start + 1..start + length, &other);
            }
            Self::SwapGuarded => {
                let start = line.find(", %rd")? + 2;
                let length = line[start..].find(',')?;
                let other = register(&lines, "%rd", random)?;
                lines[at].replace_range(start..start + length, &other);
            }
            Self::SpoilFuel | Self::SpoilStop => match random.below(3) {
                0 => drop(lines.remove(at)),
                1 if line.contains("bra $B") => lines[at] = inverted(&line),
                _ => {
                    lines[at] = with_last_number(
                        &line,
                        last_number(&line)?.wrapping_add(1 + random.below(3) as u64),
                    )?
                }
            },
            Self::SwapGiven => {
                let from = GIVEN.iter().find(|name| line.contains(**name))?;
                let others: Vec<&&str> = GIVEN
                    .iter()
                    .filter(|name| *name != from && declares(&lines, name))
                    .collect();
                let to = others.get(random.below(others.len()))?;
                let place = line.rfind(from)?;
                lines[at].replace_range(place..place + from.len(), to);
            }
            Self::Retarget => {
                let labels: Vec<&String> =
                    lines.iter().filter(|line| line.starts_with("$B")).collect();
                let label = labels[random.below(labels.len())]
                    .trim_end_matches(':')
                    .to_owned();
                let place = line.find("bra $B")?;
                lines[at].replace_range(place.., &format!("bra {label};"));
            }
            Self::SwapLines => lines.swap(at, at + 1),
            Self::SpoilRecorder => match random.below(2) {
                0 => drop(lines.remove(at)),
                _ => lines.swap(at, at - 1),
            },
            Self::ChangeNumber => {
                let number = last_number(&line)?;
                let changed = [
                    number.wrapping_add(1),
                    number.saturating_sub(1),
                    number << 1,
                    number >> 1,
                    1 << 33,
                ][random.below(5)];
                lines[at] = with_last_number(&line, changed)?;
            }
        }
        Some(lines)
    }
}

/// The registers that hold what a launch gives.
const GIVEN: [&str; 8] = [
    "%window_base",
    "%window_mapped",
    "%granules",
    "%stop",
    "%variables",
    "%shared_size",
    "%shared_base",
    "%local_base",
];

fn declares(lines: &[String], name: &str) -> bool {
    let declaration = format!("\t.reg .b64 {name};");
    lines.contains(&declaration)
}

/// Whether a line is an instruction that goes on with the next one.
pub(crate) fn is_statement(line: &str) -> bool {
    line.starts_with('\t') && !line.starts_with("\t.") && !line.contains("bra ")
}

/// Whether a line accesses memory at a register's address.
pub(crate) fn is_access(line: &str) -> bool {
    let names = [
        "\tld.",
        "\tst.",
        "\tatom.",
        "\tred.",
        "\tcp.async.c",
        "\tldmatrix.",
        "\tstmatrix.",
        "\twmma.load",
        "\twmma.store",
    ];
    line.contains("[%rd") && names.iter().any(|name| line.starts_with(name))
}

/// A sum of an address or an offset with a number, or with where a memory begins.
fn is_own_sum(line: &str) -> bool {
    line.starts_with("\tadd.u64 %rd")
}

/// Whether nothing but statements stands between a line and the next guard.
fn guard_ahead(lines: &[String], ways: &Ways, at: usize) -> bool {
    let behind = (at + 1..lines.len()).find(|at| !is_statement(&lines[*at]));
    behind.is_some_and(|at| ways.is_guard(lines, at))
}

/// The guard before an access, if it is not far.
fn guard_before(lines: &[String], ways: &Ways, at: usize) -> Option<usize> {
    (at.saturating_sub(24)..at)
        .rev()
        .find(|at| ways.is_guard(lines, *at))
}

/// Whether a line is about fuel: it falls, is tested, or is filled up.
fn is_fuel(lines: &[String], at: usize) -> bool {
    let falls = |at: usize| {
        lines.get(at).is_some_and(|line| {
            line.starts_with("\tadd.u32") && last_number(line).is_some_and(|it| it > 1 << 31)
        }) && lines
            .get(at + 1)
            .is_some_and(|line| line.starts_with("\tsetp.eq.u32"))
    };
    falls(at)
        || (at > 0 && falls(at - 1))
        || (at > 1 && falls(at - 2))
        || (lines[at].starts_with("\tmov.u32") && lines[at].ends_with(", 1024;"))
}

/// Whether a line is about the stop word.
fn is_look(lines: &[String], at: usize) -> bool {
    let near = lines[at.saturating_sub(3)..at + 1].iter();
    let reads = |line: &String| line.starts_with("\tld.volatile.global.u32");
    near.into_iter().any(reads) && lines[at].starts_with('\t') || lines[at].ends_with("%stop;")
}

fn inverted(line: &str) -> String {
    match line.strip_prefix("\t@!") {
        Some(rest) => format!("\t@{rest}"),
        None => line.replacen("\t@", "\t@!", 1),
    }
}

fn other_comparison(line: &str, random: &mut Random) -> Option<String> {
    let (name, rest) = line.trim_start().split_once(' ')?;
    let words: Vec<&str> = name.split('.').collect();
    let [_, how, ty] = words.as_slice() else {
        return None;
    };
    let weaker = ["lt", "le", "gt", "ge", "eq", "ne"][random.below(6)];
    let signed = ty.replace('u', "s");
    let (how, ty) = match random.below(3) {
        0 => (*how, signed.as_str()),
        _ => (weaker, *ty),
    };
    Some(format!("\tsetp.{how}.{ty} {rest}"))
}

/// The same access of twice as many bytes.
fn wider(line: &str) -> Option<String> {
    let pairs = [("8 ", "16 "), ("16 ", "32 "), ("32 ", "64 ")];
    let (name, rest) = line.split_once(' ')?;
    let name = format!("{name} ");
    let (from, to) = pairs.iter().find(|(from, _)| {
        let before = name.strip_suffix(from);
        before.is_some_and(|before| before.ends_with(['u', 's', 'b', 'f']))
    })?;
    Some(format!("{}{to}{rest}", name.strip_suffix(from)?))
}

/// A register of a kind that the kernel has.
fn register(lines: &[String], kind: &str, random: &mut Random) -> Option<String> {
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("\t.reg .b64 ")?.strip_suffix(';'))
        .filter(|name| name.starts_with(kind))
        .collect();
    names
        .get(random.below(names.len()))
        .map(|name| (*name).to_owned())
}

fn last_number(line: &str) -> Option<u64> {
    line.strip_suffix(';')?.rsplit_once(", ")?.1.parse().ok()
}

fn with_last_number(line: &str, number: u64) -> Option<String> {
    let (before, _) = line.rsplit_once(", ")?;
    Some(format!("{before}, {number};"))
}
