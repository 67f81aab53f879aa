//! The kernels that are mutated: each of the corpus, printed for a driver, as a module of its own, and their second variants.

use super::sources;
use std::collections::BTreeSet;
use wasi_cuda_jit::{
    Assumptions, Checked, CompileOptions, Source, check_variants, sandboxed_ptx, sandboxed_variants,
};

/// A printed module of one kernel, as lines.
pub(crate) struct Kernel {
    /// The file that it is from, and its place there.
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    /// What a launch's proof shows of a second variant.
    assumed: Option<Assumptions>,
    /// What the proof asks of a launch.
    needs: Checked,
}

impl Kernel {
    fn new(name: String, lines: Vec<String>, assumed: Option<Assumptions>) -> Self {
        let needs = check_variants(&joined(&lines), assumed.as_slice());
        Self {
            needs: needs.unwrap_or_else(|refusal| panic!("{name}: {refusal}")),
            name,
            lines,
            assumed,
        }
    }

    /// Whether a damaged one is proved, and asks no more of a launch than this one does.
    pub(crate) fn is_proved(&self, text: &str) -> bool {
        let lines: Vec<&str> = text.lines().collect();
        let assumed = self.assumed_of(&lines);
        check_variants(text, assumed.as_slice()).is_ok_and(|found| {
            let all =
                |checked: &Checked| [checked.kernels.clone(), checked.variants.clone()].concat();
            let kernels = all(&found).into_iter().zip(all(&self.needs));
            found.variable_bytes <= self.needs.variable_bytes
                && kernels
                    .into_iter()
                    .all(|(found, needs)| found.shared_bytes <= needs.shared_bytes)
        })
    }

    /// What is assumed of a damaged one: the same of the same lines, wherever they are now.
    fn assumed_of(&self, lines: &[&str]) -> Option<Assumptions> {
        let mut assumed = self.assumed.clone()?;
        let pairs = || lines.iter().zip(&self.lines);
        let before = pairs().take_while(|(new, old)| *new == old).count();
        let backwards = lines.iter().rev().zip(self.lines.iter().rev());
        let behind = backwards.take_while(|(new, old)| *new == old).count();
        let moved = |line: u32| {
            let place = line as usize - 1;
            if place < before {
                return Some(line);
            }
            let from_end = self.lines.len() - place;
            (from_end <= behind).then(|| (lines.len() - from_end + 1) as u32)
        };
        assumed.accesses.retain_mut(|access| {
            let now = moved(access.line);
            access.line = now.unwrap_or(0);
            now.is_some()
        });
        assumed.loops = assumed
            .loops
            .iter()
            .filter_map(|line| moved(*line))
            .collect();
        Some(assumed)
    }

    /// A damaged one for the oracle, which runs second variants without what is assumed of them: launches of which the proof does not
    /// hold would escape there, or never end. None if that cannot be left out.
    pub(crate) fn for_oracle(&self, lines: &[String]) -> Option<String> {
        let given: Vec<&str> = lines.iter().map(String::as_str).collect();
        let Some(assumed) = self.assumed_of(&given) else {
            return Some(joined(lines));
        };
        if !assumed.loops.is_empty() {
            return None;
        }
        let mut kept = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            let is_assumed = |at: &wasi_cuda_jit::check::Assumed| at.line as usize == place + 1;
            if assumed.accesses.iter().any(is_assumed) {
                for register in registers_written(line) {
                    kept.push(written_otherwise(register)?);
                }
            } else {
                kept.push(line.replace("kernel0_proved(", "kernel0("));
            }
        }
        Some(joined(&kept))
    }
}

/// Something else that writes a register: no number that is in anything's bounds.
fn written_otherwise(register: &str) -> Option<String> {
    let prefix = register.trim_end_matches(|it: char| it.is_ascii_digit());
    let (bits, number) = match prefix {
        "%r" | "%f" => (32, 0x7fff_fff1u64),
        "%rd" | "%fd" => (64, 0x7fff_ffff_ffff_fff1),
        "%rs" => (16, 0x7ff1),
        _ => return None,
    };
    Some(format!("\tmov.b{bits} {register}, {number};"))
}

/// The registers before an access's address.
pub(crate) fn registers_written(line: &str) -> impl Iterator<Item = &str> {
    let before = line.split('[').next().unwrap_or("");
    let words = before.split([' ', ',', '{', '}', '|']);
    words.filter(|word| word.starts_with('%'))
}

pub(crate) fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// Lines that a kernel may have: checking thousands of mutants of longer ones would take most of the time.
const LONGEST: usize = 2500;

/// Every kernel of the corpus that is not too long, those that differ in no line taken once.
pub(crate) fn all(checked: bool) -> Vec<Kernel> {
    let options = CompileOptions {
        checked,
        ..CompileOptions::default()
    };
    let mut seen = BTreeSet::new();
    let mut kernels = Vec::new();
    for source in sources::accepted() {
        let printed = sandboxed_ptx(&source.text, &options).unwrap();
        let mut parts = printed.split("\n\n");
        let head = parts.next().unwrap();
        for (number, body) in parts.enumerate() {
            let body = body.replacen(&format!("kernel{number}("), "kernel0(", 1);
            let is_new = seen.insert(body.clone());
            let lines: Vec<String> = head
                .lines()
                .chain([""])
                .chain(body.lines())
                .map(str::to_owned)
                .collect();
            if is_new && lines.len() <= LONGEST {
                let name = format!("{} kernel {number}", source.name());
                kernels.push(Kernel::new(name, lines, None));
            }
        }
    }
    kernels
}

/// The second variant of every kernel of the corpus that has one, likewise.
pub(crate) fn variants() -> Vec<Kernel> {
    let mut seen = BTreeSet::new();
    let mut kernels = Vec::new();
    for source in sources::accepted() {
        let options = CompileOptions::default();
        let printed = sandboxed_variants(Source::Ptx(&source.text), &options).unwrap();
        let lines: Vec<&str> = printed.text.lines().collect();
        let head = lines.iter().position(|line| line.is_empty()).unwrap();
        for assumed in &printed.assumed {
            let first = format!(".visible .entry {}(", assumed.entry);
            let start = lines.iter().position(|line| *line == first).unwrap();
            let end = lines[start..].iter().position(|line| *line == "}").unwrap();
            let body = [".visible .entry kernel0_proved("]
                .into_iter()
                .chain(lines[start + 1..=start + end].iter().copied());
            let own: Vec<String> = lines[..=head]
                .iter()
                .copied()
                .chain(body)
                .map(str::to_owned)
                .collect();
            let moved = |line: u32| line - start as u32 + head as u32 + 1;
            let mut assumed = assumed.clone();
            (assumed.kernel, assumed.entry) = (0, "kernel0_proved".to_owned());
            for access in &mut assumed.accesses {
                access.line = moved(access.line);
            }
            for line in &mut assumed.loops {
                *line = moved(*line);
            }
            if own.len() <= LONGEST && seen.insert(own[head..].join("\n")) {
                kernels.push(Kernel::new(
                    format!("{} {first}", source.name()),
                    own,
                    Some(assumed),
                ));
            }
        }
    }
    kernels
}
