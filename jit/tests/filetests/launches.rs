//! A case's runs, turned into launches, and their ends as a case spells them.

use super::annotation::{Annotation, Kind, Place};
use super::arguments::Arguments;
use super::case::Run;
use super::values::Values;
use std::time::Duration;
use wasi_cuda_jit::Span;
use wasi_cuda_jit::cpu::{Kernel, Module};
use wasi_cuda_jit::fuzzing::device::{self, BASE, Ended, Misbehaviour, Request};

/// What runs kernels.
pub(crate) type Device = fn(&Kernel, &Request) -> Result<Ended, Misbehaviour>;

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
    let arguments = Arguments::of(run, BASE, module.variable_bytes() > 0);
    let buffers = arguments.contents();
    let request = Request {
        grid: run.grid,
        block: run.block,
        dynamic_shared: run.shared,
        parameters: arguments.pack(run, kernel.signature())?,
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
