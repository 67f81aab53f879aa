//! A case: a PTX file whose comments say what to do with it and what comes of it.

use super::annotation::{self, Annotation};
use super::values::Values;
use std::collections::BTreeMap;
use std::path::Path;

/// What begins the expected text of a print, and each of its lines.
pub(crate) const PRINT_HEAD: &str = "//= ";
pub(crate) const PRINT_LINE: &str = "//|";
/// What begins the expected contents of a buffer.
pub(crate) const OUT: &str = "// out:";

/// A case, read.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) intent: Intent,
    pub(crate) runs: Vec<Run>,
    pub(crate) prints: Vec<Print>,
    pub(crate) expected: Expected,
}

/// What shall become of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    Accept,
    Refuse,
    /// It can be printed for a driver, but the CPU device does not take it.
    RefuseOnCpu,
}

/// One way of printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Print {
    Plain,
    Guarded,
    Checked,
    /// The second variants alone.
    Proved,
}

impl Print {
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("plain", Self::Plain),
        ("guarded", Self::Guarded),
        ("checked", Self::Checked),
        ("proved", Self::Proved),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find_map(|(its, print)| (its == name).then_some(print))
    }
}

/// A launch.
#[derive(Debug)]
pub(crate) struct Run {
    /// Where it is asked for.
    pub(crate) line: usize,
    pub(crate) kernel: String,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    /// Dynamic shared memory, in bytes.
    pub(crate) shared: u32,
    /// Which modes it is done in; checked mode finds more faults.
    pub(crate) plain: bool,
    pub(crate) checked: bool,
    /// With the guards that a driver gets it faults: lanes are missing that a GPU might wait for in another place.
    pub(crate) driver_diverges: bool,
    /// It is told to stop after so many milliseconds, and would not end otherwise.
    pub(crate) stop: Option<u32>,
    pub(crate) inputs: Vec<(String, Input)>,
}

/// An argument.
#[derive(Debug)]
pub(crate) enum Input {
    /// A buffer of these contents; its address is passed.
    Buffer(Values),
    /// These bytes are passed.
    Value(Values),
    /// An address in, or behind, the buffer of another argument.
    Inside { name: String, offset: i64 },
}

/// What a case says comes of it.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) annotations: Vec<Annotation>,
    /// For each run the buffers that it names.
    pub(crate) outputs: Vec<Vec<(String, Values)>>,
    pub(crate) prints: BTreeMap<Print, String>,
}

/// A mistake in a case, with its line.
type Mistake = (usize, String);

impl Case {
    pub(crate) fn read(path: &Path, text: String) -> Result<Self, String> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader
                .line(index + 1, line)
                .map_err(|(line, what)| format!("{}:{line}: {what}", path.display()))?;
        }
        reader
            .case(text)
            .map_err(|what| format!("{}: {what}", path.display()))
    }
}

#[derive(Default)]
struct Reader {
    intent: Option<Intent>,
    runs: Vec<Run>,
    prints: Vec<Print>,
    expected: Expected,
    /// The print whose expected lines come next.
    printing: Option<Print>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Mistake> {
        let at = |what: String| (number, what);
        if let Some(text) = line.strip_prefix(PRINT_LINE) {
            let print = self
                .printing
                .ok_or_else(|| at(format!("no `{PRINT_HEAD}` before")))?;
            let printed = self.expected.prints.entry(print).or_default();
            printed.push_str(text.strip_prefix(' ').unwrap_or(text));
            printed.push('\n');
            return Ok(());
        }
        if let Some(name) = line.strip_prefix(PRINT_HEAD) {
            self.printing = Some(print_named(name).map_err(at)?);
            return Ok(());
        }
        let found = annotation::read_line(line, number as u32).map_err(at)?;
        self.expected.annotations.extend(found);
        match command(annotation::stripped(line)) {
            Some((name, rest)) => self
                .command(number, name, rest)
                .map_err(|what| (number, what)),
            None => Ok(()),
        }
    }

    fn command(&mut self, number: usize, name: &str, rest: &str) -> Result<(), String> {
        match name {
            "test" if self.intent.is_some() => return Err("a second `test:`".into()),
            "test" => {
                self.intent = Some(match rest {
                    "accept" => Intent::Accept,
                    "refuse" => Intent::Refuse,
                    "refuse cpu" => Intent::RefuseOnCpu,
                    _ => {
                        return Err(format!(
                            "`{rest}` is none of `accept`, `refuse`, `refuse cpu`"
                        ));
                    }
                });
            }
            "print" => {
                for name in rest.split_whitespace() {
                    self.prints.push(print_named(name)?);
                }
            }
            "run" => {
                self.runs.push(read_run(number, rest)?);
                self.expected.outputs.push(Vec::new());
            }
            "in" => {
                let run = self
                    .runs
                    .last_mut()
                    .ok_or("`in:` belongs behind a `run:`")?;
                let (name, value) = named(rest)?;
                run.inputs.push((name.to_owned(), read_input(value)?));
            }
            "out" => {
                let outputs = self
                    .expected
                    .outputs
                    .last_mut()
                    .ok_or("`out:` belongs behind a `run:`")?;
                let (name, value) = named(rest)?;
                let values = Values::read(value, ['[', ']'])
                    .ok_or("contents are spelt `TYPE[VALUES]`")??;
                outputs.push((name.to_owned(), values));
            }
            _ => {
                return Err(format!(
                    "unknown command `{name}:`; there are test, run, in, out and print"
                ));
            }
        }
        Ok(())
    }

    fn case(self, text: String) -> Result<Case, String> {
        let intent = self
            .intent
            .ok_or("no `// test: accept` or `// test: refuse`")?;
        if !text.ends_with('\n') {
            return Err("the last line does not end".into());
        }
        let idle = self.runs.is_empty() && self.prints.is_empty();
        match intent {
            Intent::Accept if idle => {
                return Err("nothing is expected of it: add a `// run:` or a `// print:`".into());
            }
            Intent::Refuse if !idle => {
                return Err("a module that is refused can be neither run nor printed".into());
            }
            Intent::RefuseOnCpu if !self.runs.is_empty() => {
                return Err("a module that the CPU device refuses cannot be run".into());
            }
            _ => {}
        }
        Ok(Case {
            text,
            intent,
            runs: self.runs,
            prints: self.prints,
            expected: self.expected,
        })
    }
}

/// `// name: rest` at a line's beginning. Prose begins otherwise.
fn command(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("// ")?.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    is_name.then(|| (name, rest.trim()))
}

fn print_named(name: &str) -> Result<Print, String> {
    Print::from_name(name.trim())
        .ok_or_else(|| format!("`{name}` is none of `plain`, `guarded`, `checked`"))
}

fn named(text: &str) -> Result<(&str, &str), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is no `NAME = VALUE`"))?;
    Ok((name.trim(), value.trim()))
}

fn read_run(line: usize, text: &str) -> Result<Run, String> {
    let mut words = text.split_whitespace();
    let kernel = words.next().ok_or("`run:` names a kernel")?.to_owned();
    let mut run = Run {
        line,
        kernel,
        grid: [1; 3],
        block: [1; 3],
        shared: 0,
        plain: true,
        checked: true,
        driver_diverges: false,
        stop: None,
        inputs: Vec::new(),
    };
    for word in words {
        let (key, value) = named(word)?;
        match key {
            "grid" => run.grid = extents(value)?,
            "block" => run.block = extents(value)?,
            "shared" => run.shared = number(value)?,
            "stop" => run.stop = Some(number(value)?),
            "driver" if value == "diverges" => run.driver_diverges = true,
            "mode" => match value {
                "plain" => run.checked = false,
                "checked" => run.plain = false,
                _ => return Err(format!("`{value}` is none of the modes `plain`, `checked`")),
            },
            _ => {
                return Err(format!(
                    "unknown key `{key}`; there are grid, block, shared, stop, mode and driver=diverges"
                ));
            }
        }
    }
    Ok(run)
}

fn read_input(text: &str) -> Result<Input, String> {
    if let Some(values) = Values::read(text, ['[', ']']) {
        return values.map(Input::Buffer);
    }
    if let Some(values) = Values::read(text, ['(', ')']) {
        return values.map(Input::Value);
    }
    let place = text.strip_prefix('&').ok_or_else(|| {
        format!(
            "`{text}` is none of `TYPE[VALUES]`, a buffer; `TYPE(VALUE)`; and `&NAME+OFFSET`, a place in a buffer"
        )
    })?;
    let at = place.find(['+', '-']).unwrap_or(place.len());
    let (name, offset) = place.split_at(at);
    let offset = if offset.is_empty() {
        0
    } else {
        offset
            .parse()
            .map_err(|_| format!("`{offset}` is no offset"))?
    };
    Ok(Input::Inside {
        name: name.trim().to_owned(),
        offset,
    })
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn extents(text: &str) -> Result<[u32; 3], String> {
    let mut extents = [1; 3];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > 3 {
        return Err(format!("`{text}` has more than three dimensions"));
    }
    for (extent, part) in extents.iter_mut().zip(parts) {
        *extent = number(part)?;
        if *extent == 0 {
            return Err("an extent is at least 1".into());
        }
    }
    Ok(extents)
}
