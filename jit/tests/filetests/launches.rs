//! A case's runs, turned into launches, and their ends as a case spells them.

use super::annotation::{Annotation, Kind, Place};
use super::case::{Input, Run};
use super::values::Values;
use std::time::Duration;
use wasi_cuda_jit::Span;
use wasi_cuda_jit::cpu::{Fault, Kernel, Module};
use wasi_cuda_jit::fuzzing::device::{self, BASE, Ended, Misbehaviour, Request};

/// What runs kernels.
pub(crate) type Device = fn(&Kernel, &Request) -> Result<Ended, Misbehaviour>;

/// How far from a buffer's end an address is still told by the buffer's name.
const NEAR: u64 = 1 << 32;

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// The buffers' contents by the arguments' names.
    Completed(Vec<(String, Values)>),
    /// What happened, and where in the text that was compiled.
    Faulted(String, Span),
    Stopped,
}

impl End {
    /// Whether two back ends did the same. Where in the text a fault is may differ: one may have read another text.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Completed(left), Self::Completed(right)) => {
                let same = |((left_name, left), (right_name, right)): (
                    &(String, Values),
                    &(String, Values),
                )| { left_name == right_name && left.agree(right) };
                left.len() == right.len() && left.iter().zip(right).all(same)
            }
            (Self::Faulted(left, _), Self::Faulted(right, _)) => left == right,
            (Self::Stopped, Self::Stopped) => true,
            _ => false,
        }
    }

    /// As a sentence.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Completed(contents) => {
                let contents = contents
                    .iter()
                    .map(|(name, values)| format!("{name} = {}", values.spelt()));
                format!("it ends with {}", contents.collect::<Vec<_>>().join("; "))
            }
            Self::Faulted(what, span) => format!("it faults at {span}: {what}"),
            Self::Stopped => "it is stopped".into(),
        }
    }

    /// What is noted at the line of a fault.
    pub(crate) fn annotation(&self, run: usize, lines: usize) -> Option<Annotation> {
        match self {
            Self::Faulted(text, span) => Some(Annotation {
                place: Place::of(*span, lines),
                kind: Kind::Fault(run),
                text: text.clone(),
            }),
            _ => None,
        }
    }
}

/// Does a run of a kernel.
pub(crate) fn launch(
    run: &Run,
    module: &Module,
    kernel: &Kernel,
    device: Device,
) -> Result<End, String> {
    let arguments = Arguments::of(run, module);
    let buffers = arguments.contents();
    let request = Request {
        grid: run.grid,
        block: run.block,
        dynamic_shared: run.shared,
        parameters: arguments.pack(run, kernel)?,
        variables: module.initial_variables(device::variables_address(&buffers)),
        buffers,
        stop: run.stop.map(|time| Duration::from_millis(time.into())),
    };
    let threads = run
        .block
        .iter()
        .fold(1u32, |product, extent| product.saturating_mul(*extent));
    let most = kernel.signature().max_threads_per_block;
    if threads > most {
        return Err(format!("a block has at most {most} threads, not {threads}"));
    }
    Ok(
        match device(kernel, &request).map_err(|error| error.to_string())? {
            Ended::Stopped => End::Stopped,
            Ended::Faulted(fault) => End::Faulted(arguments.told(&fault), fault.span),
            Ended::Completed(contents) => {
                let named = arguments.buffers.iter().zip(contents);
                let named = named.map(|((name, values), bytes)| {
                    (
                        (*name).to_owned(),
                        Values::from_bytes(values.element, &bytes),
                    )
                });
                End::Completed(named.collect())
            }
        },
    )
}

struct Arguments<'a> {
    buffers: Vec<(&'a str, &'a Values)>,
    /// The buffers' addresses.
    addresses: Vec<u64>,
    /// Where the module's own variables begin, if it has any.
    variables: Option<u64>,
}

impl<'a> Arguments<'a> {
    fn of(run: &'a Run, module: &Module) -> Self {
        let buffers = run.inputs.iter().filter_map(|(name, input)| match input {
            Input::Buffer(values) => Some((name.as_str(), values)),
            _ => None,
        });
        let mut arguments = Self {
            buffers: buffers.collect(),
            addresses: Vec::new(),
            variables: None,
        };
        let (places, _) = device::places(&arguments.contents());
        arguments.addresses = places.iter().map(|place| BASE + *place as u64).collect();
        arguments.variables =
            (module.variable_bytes() > 0).then(|| device::variables_address(&arguments.contents()));
        arguments
    }

    /// What the buffers hold at first.
    fn contents(&self) -> Vec<Vec<u8>> {
        let contents = self.buffers.iter().map(|(_, values)| values.to_bytes());
        contents.collect()
    }

    fn address(&self, name: &str) -> Result<u64, String> {
        let index = self.buffers.iter().position(|(its, _)| *its == name);
        let index = index.ok_or_else(|| format!("no `in:` gives a buffer `{name}`"))?;
        Ok(self.addresses[index])
    }

    /// The parameter block. Arguments are told apart by name, or by place if the text was printed and has other names.
    fn pack(&self, run: &Run, kernel: &Kernel) -> Result<Vec<u8>, String> {
        let signature = kernel.signature();
        if run.inputs.len() != signature.parameters.len() {
            let names: Vec<&str> = signature
                .parameters
                .iter()
                .map(|it| it.name.as_str())
                .collect();
            return Err(format!(
                "the kernel's parameters are: {}; give each an `in:`",
                names.join(" ")
            ));
        }
        let mut block = vec![0; signature.parameter_bytes as usize];
        for (parameter, (name, input)) in signature.parameters.iter().zip(&run.inputs) {
            let bytes = match input {
                Input::Value(values) => values.to_bytes(),
                Input::Buffer(_) => self.address(name)?.to_le_bytes().to_vec(),
                Input::Inside { name, offset } => self
                    .address(name)?
                    .wrapping_add_signed(*offset)
                    .to_le_bytes()
                    .to_vec(),
            };
            if bytes.len() != parameter.size as usize {
                return Err(format!(
                    "`{name}` has {} bytes, but the parameter `{}` has {}",
                    bytes.len(),
                    parameter.name,
                    parameter.size
                ));
            }
            block[parameter.offset as usize..][..bytes.len()].copy_from_slice(&bytes);
        }
        Ok(block)
    }

    fn told(&self, fault: &Fault) -> String {
        let access = match fault.size {
            0 => String::new(),
            size => format!(", {size} bytes at {}", self.place(fault.address)),
        };
        let at = |index: [u32; 3]| index.map(|index| index.to_string()).join(",");
        format!(
            "{}{access}, block {} thread {}",
            fault.kind,
            at(fault.block),
            at(fault.thread)
        )
    }

    /// An address by the last buffer that begins before it, if that is not far.
    fn place(&self, address: u64) -> String {
        if let Some(offset) = self.variables.and_then(|start| address.checked_sub(start))
            && offset < NEAR
        {
            return format!("variables+{offset}");
        }
        let nearest = self
            .addresses
            .iter()
            .rposition(|start| *start <= address)
            .unwrap_or(0);
        let offset = self
            .addresses
            .get(nearest)
            .map(|start| address.wrapping_sub(*start) as i64);
        match offset {
            Some(offset) if offset.unsigned_abs() < NEAR => {
                format!("{}{offset:+}", self.buffers[nearest].0)
            }
            _ => format!("{address:#x}"),
        }
    }
}
