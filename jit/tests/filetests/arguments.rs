//! A run's arguments: where they lie, the parameter block, and addresses as a case tells them.

use super::case::{Input, Run};
use super::values::Values;
use wasi_cuda_jit::cpu::Fault;
use wasi_cuda_jit::fuzzing::device;
use wasi_cuda_jit::signature::Signature;

/// How far from a buffer's end an address is still told by the buffer's name.
const NEAR: u64 = 1 << 32;

/// The arguments of a run, as they lie in a window.
pub(crate) struct Arguments<'a> {
    pub(crate) buffers: Vec<(&'a str, &'a Values)>,
    /// The buffers' addresses.
    addresses: Vec<u64>,
    /// Where the module's own variables begin, if it has any.
    variables: Option<u64>,
}

impl<'a> Arguments<'a> {
    /// Of a window that begins at this address, and a module that has variables of its own or none.
    pub(crate) fn of(run: &'a Run, base: u64, has_variables: bool) -> Self {
        let buffers = run.inputs.iter().filter_map(|(name, input)| match input {
            Input::Buffer(values) => Some((name.as_str(), values)),
            _ => None,
        });
        let mut arguments = Self {
            buffers: buffers.collect(),
            addresses: Vec::new(),
            variables: None,
        };
        let (places, end) = device::places(&arguments.contents());
        arguments.addresses = places.iter().map(|place| base + *place as u64).collect();
        arguments.variables = has_variables.then_some(base + end as u64);
        arguments
    }

    /// What the buffers hold at first.
    pub(crate) fn contents(&self) -> Vec<Vec<u8>> {
        let contents = self.buffers.iter().map(|(_, values)| values.to_bytes());
        contents.collect()
    }

    fn address(&self, name: &str) -> Result<u64, String> {
        let index = self.buffers.iter().position(|(its, _)| *its == name);
        let index = index.ok_or_else(|| format!("no `in:` gives a buffer `{name}`"))?;
        Ok(self.addresses[index])
    }

    /// The parameter block. Arguments are told apart by name, or by place if the text was printed and has other names.
    pub(crate) fn pack(&self, run: &Run, signature: &Signature) -> Result<Vec<u8>, String> {
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

    /// A fault, with its address told by the buffer.
    pub(crate) fn told(&self, fault: &Fault) -> String {
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
