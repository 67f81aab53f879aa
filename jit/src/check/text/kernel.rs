//! The module's head, and kernels with their blocks.

use super::super::assumed::Assumptions;
use super::super::recorder;
use super::super::refusal::{Found, Reason};
use super::super::table;
use super::instruction::{Known, decode};
use super::line::{Cursor, Lines, malformed};
use super::operand::Names;
use super::{Block, End, Instruction, Kernel, Local, Parameter, Register, RegisterId};
use std::collections::HashMap;

const SHARED: &str = ".extern .shared .align 128 .b8 shared_memory[];";
/// Bytes of parameters that any device takes.
const MOST_PARAMETER_BYTES: u32 = 32764;

const RECORD: &str = ".param .align 8 .b8 %launch[64]";

/// Reads the whole text, and hands each kernel on as soon as it is read; second variants, which come behind all others, with what is
/// assumed of them.
pub(in super::super) fn kernels<'a, 's: 'a, E: From<(Option<u32>, u32, Reason)>>(
    text: &'a str,
    variants: &'s [Assumptions],
    mut each: impl FnMut(u32, &Kernel<'a>, Option<&'s Assumptions>) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::of(text);
    let outside = |(line, reason)| E::from((None, line, reason));
    head(&mut lines).map_err(outside)?;
    let has_shared = lines.peek() == Some(SHARED);
    if has_shared {
        lines.next().map_err(outside)?;
    }
    let mut known = Known::new();
    let mut index = 0;
    let mut variants = variants.iter().peekable();
    let mut is_behind = false;
    while let Some(blank) = lines.next().map_err(outside)? {
        if !blank.is_empty() {
            return Err(outside((lines.number() - 1, malformed(blank))));
        }
        let variant = variants.next_if(|variant| {
            let first = format!(".visible .entry {}(", variant.entry);
            lines.peek() == Some(first.as_str()) && is_name_of_variant(variant)
        });
        is_behind |= variant.is_some();
        let (number, name) = match variant {
            Some(variant) => (variant.kernel, variant.entry.clone()),
            None => (index, format!("kernel{index}")),
        };
        let inside = |(line, reason)| E::from((Some(number), line, reason));
        if is_behind && variant.is_none() {
            return Err(inside((
                lines.number(),
                malformed("a kernel behind second variants"),
            )));
        }
        let wanted = variant.map_or(&[][..], |variant| &variant.loops);
        let kernel =
            Reader::read(&mut lines, wanted, &name, has_shared, &mut known).map_err(inside)?;
        each(number, &kernel, variant)?;
        index += u32::from(variant.is_none());
    }
    match variants.next() {
        Some(missing) => Err(E::from((
            Some(missing.kernel),
            lines.number(),
            malformed("a second variant is missing"),
        ))),
        None => Ok(()),
    }
}

/// A kernel's name with a word behind it: no guarded kernel's.
fn is_name_of_variant(variant: &Assumptions) -> bool {
    let kernel = format!("kernel{}_", variant.kernel);
    let word = variant.entry.strip_prefix(&kernel).unwrap_or("");
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn head(lines: &mut Lines<'_>) -> Found<()> {
    let is_number = |text: &str| {
        let mut cursor = Cursor(text);
        cursor.number().is_some() && cursor.0.is_empty()
    };
    let is_version = |text: &str| {
        let parts = text.split_once('.');
        parts.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    };
    let is_target = |text: &str| {
        let suffix = text
            .strip_prefix("sm_")
            .map(|it| it.trim_end_matches(['a', 'f']));
        suffix.is_some_and(is_number)
    };
    expect(lines, ".version ", is_version)?;
    expect(lines, ".target ", is_target)?;
    expect(lines, ".address_size ", |text| text == "64")
}

/// Takes a line that begins so, if the rest of it fits.
fn expect(lines: &mut Lines<'_>, prefix: &str, fits: impl Fn(&str) -> bool) -> Found<()> {
    let number = lines.number();
    let line = lines.expect()?;
    match line.strip_prefix(prefix) {
        Some(rest) if fits(rest) => Ok(()),
        _ => Err((number, malformed(line))),
    }
}

/// A kernel while it is read.
struct Reader<'a> {
    kernel: Kernel<'a>,
    has_shared: bool,
    /// Labels, and the blocks that they begin.
    labels: HashMap<&'a str, u32>,
    /// Ends whose labels may not be known yet: the block and its labels.
    ends: Vec<(usize, Vec<&'a str>)>,
    /// Jump tables by name.
    tables: HashMap<&'a str, Vec<&'a str>>,
    /// The block that is read; none behind a jump.
    open: Option<Vec<Instruction<'a>>>,
    has_recorder: bool,
    /// Lines of labels that have to be found again.
    wanted: &'a [u32],
}

impl<'a> Reader<'a> {
    fn read(
        lines: &mut Lines<'a>,
        wanted: &'a [u32],
        name: &str,
        has_shared: bool,
        known: &mut Known<'a>,
    ) -> Found<Kernel<'a>> {
        let mut reader = Self {
            kernel: Kernel {
                line: lines.number(),
                parameters: Vec::new(),
                registers: Vec::new(),
                names: HashMap::new(),
                local: None,
                blocks: Vec::new(),
                labelled: HashMap::new(),
            },
            has_shared,
            labels: HashMap::new(),
            ends: Vec::new(),
            tables: HashMap::new(),
            open: Some(Vec::new()),
            has_recorder: false,
            wanted,
        };
        reader.signature(lines, name)?;
        loop {
            let number = lines.number();
            let line = lines.expect()?;
            if line == "}" {
                break;
            }
            if line == recorder::LABEL {
                recorder::expect(lines, &reader.kernel)?;
                reader.has_recorder = true;
                continue;
            }
            reader.statement(line, number, known)?;
        }
        reader.finish(lines.number() - 1)
    }

    fn signature(&mut self, lines: &mut Lines<'a>, name: &str) -> Found<()> {
        let number = lines.number();
        let line = lines.expect()?;
        if line != format!(".visible .entry {name}(") {
            return Err((number, malformed(line)));
        }
        loop {
            let number = lines.number();
            let line = lines.expect()?;
            let statement = line.strip_prefix('\t').unwrap_or("");
            if statement == RECORD {
                break;
            }
            let before = &self.kernel.parameters;
            let parameter = statement
                .strip_suffix(',')
                .and_then(|it| parameter(it, before));
            self.kernel
                .parameters
                .push(parameter.ok_or_else(|| (number, malformed(line)))?);
        }
        let number = lines.number();
        if lines.expect()? != ")" {
            return Err((number, malformed("a parameter behind the launch record")));
        }
        let says_blocks =
            |line: &str| line.starts_with(".maxntid ") || line.starts_with(".reqntid ");
        if lines.peek().is_some_and(says_blocks) {
            let number = lines.number();
            let line = lines.expect()?;
            if !is_of_blocks(line) {
                return Err((number, malformed(line)));
            }
        }
        let number = lines.number();
        match lines.expect()? {
            "{" => Ok(()),
            line => Err((number, malformed(line))),
        }
    }

    fn statement(&mut self, line: &'a str, number: u32, known: &mut Known<'a>) -> Found<()> {
        let fail = |reason| Err((number, reason));
        if line.starts_with('$') {
            return match self.label(line, number) {
                Some(()) => Ok(()),
                None => fail(malformed(line)),
            };
        }
        let Some(statement) = line.strip_prefix('\t') else {
            return fail(malformed(line));
        };
        if statement.starts_with('.') {
            return match self.declaration(statement) {
                Some(()) => Ok(()),
                None => fail(malformed(line)),
            };
        }
        if self.open.is_none() {
            return fail(malformed(
                "a statement that no label and no branch leads to",
            ));
        }
        if let Some((end, labels)) = self.end(statement) {
            self.close(end, labels, number);
            return Ok(());
        }
        let names = Names {
            registers: &self.kernel.names,
            parameters: self.kernel.parameters.len(),
            has_local: self.kernel.local.is_some(),
            has_shared: self.has_shared,
        };
        let instruction = decode(statement, number, &names, known)?;
        self.open.get_or_insert_default().push(instruction);
        Ok(())
    }

    /// A label, or a jump table.
    fn label(&mut self, line: &'a str, number: u32) -> Option<()> {
        let (name, rest) = line.split_once(':')?;
        if let Some(list) = rest.strip_prefix(" .branchtargets ") {
            let targets: Vec<&str> = list.strip_suffix(';')?.split(", ").collect();
            let is_new = self.tables.insert(name, targets).is_none();
            return (numbered(name, "$T") && is_new).then_some(());
        }
        if !rest.is_empty() || !numbered(name, "$B") {
            return None;
        }
        let next = self.kernel.blocks.len() as u32;
        let here = match &self.open {
            Some(open) if !open.is_empty() => {
                self.close(End::Jump(next + 1), Vec::new(), number);
                next + 1
            }
            _ => next,
        };
        self.open = Some(Vec::new());
        if self.wanted.contains(&number) {
            self.kernel.labelled.insert(number, here);
        }
        self.labels.insert(name, here).is_none().then_some(())
    }

    fn declaration(&mut self, statement: &'a str) -> Option<()> {
        let statement = statement.strip_suffix(';')?;
        if let Some(array) = statement.strip_prefix(".local .align ") {
            let mut cursor = Cursor(array);
            let align = u32::try_from(cursor.number()?).ok()?;
            let bytes = cursor
                .take(" .b8 local_memory[")
                .then(|| cursor.number())??;
            let is_new = self.kernel.local.is_none();
            self.kernel.local = Some(Local { align, bytes });
            let fits = align.is_power_of_two() && cursor.0 == "]" && is_new;
            return fits.then_some(());
        }
        let (ty, names) = statement.strip_prefix(".reg .")?.split_once(' ')?;
        let width = match ty {
            "pred" => 1,
            _ => 8 * table::type_bytes(ty)?,
        };
        names.split(", ").try_for_each(|name| {
            let id = self.kernel.registers.len() as RegisterId;
            self.kernel.registers.push(Register { name, width });
            let is_new = self.kernel.names.insert(name, id).is_none();
            (is_register(name) && is_new).then_some(())
        })
    }

    /// What ends a block, with the labels that it names.
    fn end(&mut self, statement: &'a str) -> Option<(End, Vec<&'a str>)> {
        let next = self.kernel.blocks.len() as u32 + 1;
        let statement = statement.strip_suffix(';')?;
        if statement == "ret" {
            return Some((End::Leave, Vec::new()));
        }
        if let Some(target) = statement.strip_prefix("bra ") {
            return Some(match target {
                "$fault" => (End::Fault, Vec::new()),
                label => (End::Jump(0), vec![label]),
            });
        }
        if let Some(rest) = statement.strip_prefix("brx.idx ") {
            let (register, table) = rest.split_once(", ")?;
            let register = *self.kernel.names.get(register)?;
            // Each has its own, so that there are no more edges than text.
            let targets = self.tables.remove(table)?;
            return Some((End::Switch(register, vec![0; targets.len()]), targets));
        }
        let (guard, label) = statement.strip_prefix('@')?.split_once(" bra ")?;
        let negated = guard.starts_with('!');
        let register = *self
            .kernel
            .names
            .get(guard.strip_prefix('!').unwrap_or(guard))?;
        let end = End::Branch {
            register,
            negated,
            then: 0,
            otherwise: next,
        };
        Some((end, vec![label]))
    }

    fn close(&mut self, end: End, labels: Vec<&'a str>, line: u32) {
        let falls_through = matches!(end, End::Branch { .. });
        let instructions = self.open.take().unwrap_or_default();
        if !labels.is_empty() {
            self.ends.push((self.kernel.blocks.len(), labels));
        }
        self.kernel.blocks.push(Block {
            instructions,
            end,
            line,
        });
        self.open = falls_through.then(Vec::new);
    }

    fn finish(mut self, line: u32) -> Found<Kernel<'a>> {
        // `open` is empty behind the last jump, or else the kernel would run into what lies behind it.
        if self.open.is_some() {
            return Err((line, malformed("a kernel without an end")));
        }
        let faults = |block: &&Block<'_>| matches!(block.end, End::Fault);
        if let (false, Some(block)) = (self.has_recorder, self.kernel.blocks.iter().find(faults)) {
            return Err((block.line, Reason::Recorder));
        }
        for (block, names) in self.ends {
            let block = &mut self.kernel.blocks[block];
            let targets: Option<Vec<u32>> = names
                .iter()
                .map(|name| self.labels.get(name).copied())
                .collect();
            let Some(targets) = targets else {
                return Err((block.line, malformed("a jump to nowhere")));
            };
            match (&mut block.end, targets.as_slice()) {
                (End::Jump(to) | End::Branch { then: to, .. }, [target]) => *to = *target,
                (End::Switch(_, to), _) => *to = targets,
                _ => return Err((block.line, malformed("a jump to nowhere"))),
            }
        }
        Ok(self.kernel)
    }
}

/// Names of registers that the printer takes from no list: a prefix for the type, and a number.
const PREFIXES: &[&str] = &["%p", "%r", "%rd", "%rs", "%rb", "%f", "%fd"];

/// Those of the sandbox's own.
const OWN: &[&str] = &[
    "%window_base",
    "%window_mapped",
    "%granules",
    "%stop",
    "%look",
    "%variables",
    "%shared_size",
    "%shared_base",
    "%local_base",
    "%site",
    "%state",
    "%index",
    "%address",
    "%fault",
    "%taken",
];

/// Whether a register may be called so; no special register is.
fn is_register(name: &str) -> bool {
    OWN.contains(&name) || PREFIXES.iter().any(|prefix| numbered(name, prefix))
}

fn numbered(name: &str, prefix: &str) -> bool {
    let digits = name.strip_prefix(prefix).unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `.param .align 4 .b8 p1[12]` without the comma behind it.
fn parameter(text: &str, before: &[Parameter]) -> Option<Parameter> {
    let mut cursor = Cursor(text.strip_prefix(".param ")?);
    let mut align = None;
    if cursor.take(".align ") {
        let number = u32::try_from(cursor.number()?).ok()?;
        align = Some(number).filter(|number| number.is_power_of_two() && *number <= 128);
        if align.is_none() || !cursor.take(" ") {
            return None;
        }
    }
    let ty = cursor.take(".").then(|| cursor.name(false))?;
    let element = table::type_bytes(ty)?;
    cursor.take(" .ptr");
    if !cursor.take(&format!(" p{}", before.len())) {
        return None;
    }
    let mut count = 1;
    if cursor.take("[") {
        count = u32::try_from(cursor.number()?).ok()?;
        if !cursor.take("]") {
            return None;
        }
    }
    let end = before.last().map_or(0, |last| last.offset + last.bytes);
    let offset = end.checked_next_multiple_of(align.unwrap_or(element).max(element))?;
    let bytes = element.checked_mul(count)?;
    let fits = offset
        .checked_add(bytes)
        .is_some_and(|end| end <= MOST_PARAMETER_BYTES);
    (cursor.0.is_empty() && fits).then_some(Parameter { offset, bytes })
}

/// `.maxntid 256, 1, 1`, or `.reqntid 16, 16, 1`
fn is_of_blocks(line: &str) -> bool {
    let mut cursor = Cursor(line);
    let has_word = cursor.take(".maxntid ") || cursor.take(".reqntid ");
    let has_extents = cursor.number().is_some()
        && cursor.take(", ")
        && cursor.number().is_some()
        && cursor.take(", ")
        && cursor.number().is_some();
    has_word && has_extents && cursor.0.is_empty()
}
