//! The `name` custom section, as far as it names parameters.

use crate::limits::{MAX_NAME_BYTES, MAX_PARAMETERS};
use std::collections::HashMap;
use wasmparser::{Name, NameSectionReader};

/// The names of parameters, by function and parameter.
#[derive(Default)]
pub(super) struct Names<'a>(HashMap<(u32, u32), &'a str>);

impl<'a> Names<'a> {
    /// Reads the section. What is wrong in it ends the reading but no more: names have no meaning to a kernel.
    pub(super) fn read(&mut self, section: NameSectionReader<'a>) {
        for names in section {
            let Ok(names) = names else { return };
            let Name::Local(functions) = names else {
                continue;
            };
            for function in functions {
                let Ok(function) = function else { return };
                for local in function.names {
                    let Ok(local) = local else { return };
                    if (local.index as usize) < MAX_PARAMETERS {
                        self.0.insert((function.index, local.index), local.name);
                    }
                }
            }
        }
    }

    /// The name of a parameter.
    pub(super) fn parameter(&self, function: u32, parameter: u32) -> String {
        match self.0.get(&(function, parameter)) {
            Some(name) if !name.is_empty() && name.len() <= MAX_NAME_BYTES => (*name).to_owned(),
            _ => format!("p{parameter}"),
        }
    }
}
