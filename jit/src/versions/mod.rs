//! What a device must have to take a module, held against what it has.
//!
//! A driver refuses PTX of a version or for a target that it does not know, with a text that says neither what is wrong
//! nor what to do. [`fit`] says both before the driver sees the module, and lowers the version where nothing in the
//! module needs it: a compiler writes its own version, whatever the kernel uses.
//!
//! Everything that is known is data: [`RELEASES`], [`TARGETS`] and [`NEEDS`]. Directives need nothing: of those before and in a kernel's
//! body a driver sees `.maxntid`, `.reqntid` and `.branchtargets` alone, which came no later than what uses them.

mod needs;
mod releases;
mod targets;

pub use needs::{Need, ROWS as NEEDS, needs};
pub use releases::{RELEASES, Release, highest_ptx, release_for};
pub use targets::{Kind, TARGETS, Target};

use crate::back::ptx::print_name;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{Instruction, Module, Operand, Terminator};
use std::collections::HashSet;

/// What a device takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceVersion {
    /// Highest PTX version, as (major, minor).
    pub ptx: (u32, u32),
    /// Compute capability, as (major, minor).
    pub compute_capability: (u32, u32),
    /// Branch of its driver, such as 535 of 535.54.03; none if it has none.
    pub driver: Option<u32>,
}

/// As what a module is given to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// PTX version, as (major, minor).
    pub version: (u32, u32),
    /// The target.
    pub target: Target,
    /// What was changed, and why.
    pub notes: Vec<Diagnostic>,
}

impl Fit {
    /// Makes a module what is given to the device, and hands out the notes.
    pub fn apply(self, module: &mut Module) -> Vec<Diagnostic> {
        module.version = self.version;
        module.target = self.target.number;
        module.target_name = self.target.to_string();
        self.notes
    }
}

/// Holds a module against a device.
///
/// # Errors
///
/// What the device lacks and what to do about it: when it is another one than the module's target is for, or when an
/// instruction needs a later target or a later PTX version than the device takes.
pub fn fit(module: &Module, device: &DeviceVersion) -> Result<Fit, Diagnostic> {
    let Some(target) = Target::parse(&module.target_name) else {
        let message = format!("`{}` is no target such as `sm_80`", module.target_name);
        return Err(Diagnostic::error(module.target_span, message));
    };
    if !target.runs_on(device.compute_capability) {
        return Err(other_device(module, target, device));
    }
    let mut body = Body {
        device,
        target,
        highest: Highest {
            ptx: target.lowest_ptx().unwrap_or_default(),
            span: module.target_span,
            what: format!("the target `{target}`"),
        },
        notes: Vec::new(),
    };
    for instruction in distinct_instructions(module) {
        body.require(&instruction)?;
    }
    body.fit(module.version)
}

/// A spelling with its first place.
struct Spelt {
    text: String,
    span: Span,
}

/// As what a choice among blocks is printed; it is no instruction of a block.
const BRANCH_BY_INDEX: &str = "brx.idx";

/// Each spelling of an instruction or a special register in a module, once.
fn distinct_instructions(module: &Module) -> Vec<Spelt> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    let mut add = |text: String, span: Span| {
        if !seen.contains(&text) {
            seen.insert(text.clone());
            found.push(Spelt { text, span });
        }
    };
    for function in &module.functions {
        for block in &function.blocks {
            for instruction in &block.instructions {
                add(spelling(instruction), instruction.span);
                for operand in &instruction.operands {
                    if let Operand::Special(special) = operand {
                        add(special.name().to_owned(), instruction.span);
                    }
                }
            }
            if let Terminator::Switch { .. } = block.terminator {
                add(BRANCH_BY_INDEX.to_owned(), function.span);
            }
        }
    }
    found
}

/// An instruction's name with its modifiers and types.
pub(crate) fn spelling(instruction: &Instruction) -> String {
    let mut text = String::new();
    print_name(&mut text, instruction);
    text
}

/// What needs the highest PTX version.
struct Highest {
    ptx: (u32, u32),
    span: Span,
    what: String,
}

/// What a module's instructions need, as far as they were looked at.
struct Body<'a> {
    device: &'a DeviceVersion,
    target: Target,
    highest: Highest,
    notes: Vec<Diagnostic>,
}

impl Body<'_> {
    fn require(&mut self, instruction: &Spelt) -> Result<(), Diagnostic> {
        for choices in needs(&instruction.text) {
            let need = self.choose(choices, instruction)?;
            if need.ptx > self.highest.ptx {
                self.highest = Highest {
                    ptx: need.ptx,
                    span: instruction.span,
                    what: format!("`{}`", instruction.text),
                };
            }
        }
        Ok(())
    }

    /// The choice that the target offers; else one for whose sake the target may be a later one.
    fn choose(&mut self, choices: &[Need], instruction: &Spelt) -> Result<Need, Diagnostic> {
        if let Some(need) = choices
            .iter()
            .find(|need| self.target.provides(need.target))
        {
            return Ok(*need);
        }
        let portable = |target: Target| target.kind == Kind::Portable;
        let later = choices.iter().find(|need| {
            portable(need.target) && need.target.runs_on(self.device.compute_capability)
        });
        match later {
            Some(need) if portable(self.target) => {
                self.raise(*need, instruction);
                Ok(*need)
            }
            _ => Err(self.lacks(choices, instruction)),
        }
    }

    fn raise(&mut self, need: Need, instruction: &Spelt) {
        let (old, new) = (self.target, need.target);
        let message = format!(
            "`{}` needs the target `{new}`; the module, written for `{old}`, is taken as one for `{new}`",
            instruction.text
        );
        self.notes.push(Diagnostic::note(instruction.span, message));
        self.target = new;
        if let Some(ptx) = new.lowest_ptx().filter(|ptx| *ptx > self.highest.ptx) {
            self.highest = Highest {
                ptx,
                span: instruction.span,
                what: format!("`{}`", instruction.text),
            };
        }
    }

    fn lacks(&self, choices: &[Need], instruction: &Spelt) -> Diagnostic {
        let (major, minor) = self.device.compute_capability;
        let targets: Vec<String> = choices
            .iter()
            .map(|need| format!("`{}`", need.target))
            .collect();
        let or_later = match choices {
            [need] if need.target.kind == Kind::Portable => " or a later one",
            _ => "",
        };
        let message = format!(
            "`{}` needs the target {}{or_later}; the module's is `{}`, and the device has compute capability \
             {major}.{minor}",
            instruction.text,
            targets.join(" or "),
            self.target
        );
        let fitting = choices
            .iter()
            .find(|need| need.target.runs_on(self.device.compute_capability));
        let help = match fitting {
            Some(need) => format!("compile the module for `{}`", need.target),
            None => "use another instruction, or a device that has it".to_owned(),
        };
        Diagnostic::error(instruction.span, message).with_help(help)
    }

    /// The version, once all instructions were looked at.
    fn fit(mut self, version: (u32, u32)) -> Result<Fit, Diagnostic> {
        let (needed, offered) = (self.highest.ptx, self.device.ptx);
        if needed > offered {
            return Err(self.too_old());
        }
        let (highest, what) = (Version(needed), &self.highest.what);
        let taken = if version > offered {
            let (written, taken) = (Version(version), Version(offered));
            let message = format!(
                "the module is of PTX {written}, the device takes {taken} at most; nothing in it needs more than \
                 {highest}, so it is taken as PTX {taken}"
            );
            self.notes.push(Diagnostic::note(Span::default(), message));
            offered
        } else if version < needed {
            let written = Version(version);
            let message = format!(
                "{what} needs PTX {highest}; the module, of PTX {written}, is taken as PTX {highest}"
            );
            self.notes
                .push(Diagnostic::note(self.highest.span, message));
            needed
        } else {
            version
        };
        Ok(Fit {
            version: taken,
            target: self.target,
            notes: self.notes,
        })
    }

    fn too_old(&self) -> Diagnostic {
        let Highest { ptx, span, what } = &self.highest;
        let (needed, offered) = (Version(*ptx), Version(self.device.ptx));
        let message = format!("{what} needs PTX {needed}; the device takes PTX {offered} at most");
        let installed = match self.device.driver {
            Some(driver) => format!(", the installed one is {driver}"),
            None => String::new(),
        };
        let help = match release_for(*ptx) {
            Some(release) => format!("PTX {needed} needs {release}{installed}"),
            None => format!("PTX {needed} needs a newer driver{installed}"),
        };
        Diagnostic::error(*span, message).with_help(help)
    }
}

/// A version for people.
struct Version((u32, u32));

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (major, minor) = self.0;
        write!(f, "{major}.{minor}")
    }
}

/// The module's target is for other devices.
fn other_device(module: &Module, target: Target, device: &DeviceVersion) -> Diagnostic {
    let (own, offered) = (
        Version(target.compute_capability()),
        Version(device.compute_capability),
    );
    let runs_on = match target.kind {
        Kind::Portable => format!("{own} or higher"),
        Kind::Family => format!("{own} or higher in the same family"),
        Kind::Specific => format!("{own} alone"),
    };
    let message = format!(
        "the module is for `{target}`, compute capability {runs_on}; the device has {offered}"
    );
    let highest = Target::of(device.compute_capability);
    let help = match target.kind {
        Kind::Portable => format!("compile it for `{highest}` or an earlier target"),
        Kind::Family | Kind::Specific => {
            let lowest = target.number.min(highest.number);
            format!("compile it for `sm_{lowest}`, which runs on later devices too")
        }
    };
    Diagnostic::error(module.target_span, message).with_help(help)
}
