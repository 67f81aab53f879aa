//! A core module becomes a component: its WASI 0.1 imports through the adapter, its exports lifted.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::types::EntityType;
use wasmparser::{FuncType, ValType};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Makes a component of a core module.
///
/// A module with `_start` becomes a WASI 0.2 command, any other a reactor. A module that was not
/// built from WIT, and so says nothing of its exports, gets those lifted that `--invoke` can call.
pub(super) fn to_component(module: &[u8]) -> Result<Vec<u8>> {
    let exports = Exports::of(module).context("the module is not valid")?;
    let mut module = module.to_vec();
    if !exports.described_by_wit
        && let Some(world) = exports.world()
    {
        describe(&mut module, &world)?;
    }
    let adapter = if exports.is_command {
        WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else {
        WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    };
    ComponentEncoder::default()
        .module(&module)?
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?
        .validate(true)
        .encode()
        .context("the core module cannot be made a component; it may import WASI 0.1 and what it was built from in WIT")
}

fn describe(module: &mut Vec<u8>, world: &str) -> Result<()> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("exports.wit", world)?;
    let world = resolve.select_world(&[package], None)?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
}

/// What a module exports, as far as it matters here.
struct Exports {
    is_command: bool,
    described_by_wit: bool,
    functions: Vec<(String, FuncType)>,
}

impl Exports {
    fn of(module: &[u8]) -> Result<Self> {
        let types = wasmparser::Validator::new().validate_all(module)?;
        let types = types.as_ref();
        let functions: Vec<_> = types
            .core_exports()
            .into_iter()
            .flatten()
            .filter_map(|(name, entity)| match entity {
                EntityType::Func(id) => Some((name.to_owned(), types[id].unwrap_func().clone())),
                _ => None,
            })
            .collect();
        Ok(Self {
            is_command: functions.iter().any(|(name, _)| name == "_start"),
            described_by_wit: has_component_type(module)?,
            functions,
        })
    }

    /// A world of the functions that numbers and a WIT name can describe; none when there are none.
    fn world(&self) -> Option<String> {
        let mut world = String::from("package module:exports;\nworld module {\n");
        let before = world.len();
        for (name, ty) in &self.functions {
            if let Some(signature) = wit_signature(ty)
                && is_kebab_case(name)
            {
                let _ = writeln!(world, "  export %{name}: {signature};");
            }
        }
        (world.len() > before).then(|| world + "}\n")
    }
}

fn has_component_type(module: &[u8]) -> Result<bool> {
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let wasmparser::Payload::CustomSection(section) = payload?
            && section.name().starts_with("component-type")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn wit_signature(ty: &FuncType) -> Option<String> {
    let parameters: Option<Vec<_>> = ty
        .params()
        .iter()
        .enumerate()
        .map(|(index, ty)| Some(format!("p{index}: {}", wit_number(*ty)?)))
        .collect();
    let result = match ty.results() {
        [] => String::new(),
        [ty] => format!(" -> {}", wit_number(*ty)?),
        _ => return None,
    };
    Some(format!("func({}){result}", parameters?.join(", ")))
}

fn wit_number(ty: ValType) -> Option<&'static str> {
    match ty {
        ValType::I32 => Some("s32"),
        ValType::I64 => Some("s64"),
        ValType::F32 => Some("f32"),
        ValType::F64 => Some("f64"),
        ValType::V128 | ValType::Ref(_) => None,
    }
}

/// Lower-case words, each beginning with a letter, joined by single dashes.
fn is_kebab_case(name: &str) -> bool {
    name.split('-').all(|word| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|other| other.is_ascii_lowercase() || other.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world_of(wat: &str) -> Option<String> {
        let module = wat::parse_str(wat).expect("the test's WAT is valid");
        Exports::of(&module)
            .expect("the test's module is valid")
            .world()
    }

    #[test]
    fn functions_of_numbers_are_lifted() {
        let world = world_of(
            r#"(module (func (export "scale-by") (param i32 f64) (result i64) unreachable)
                       (func (export "list")))"#,
        );
        let world = world.expect("two functions can be lifted");
        assert!(
            world.contains("export %scale-by: func(p0: s32, p1: f64) -> s64;"),
            "{world}"
        );
        assert!(world.contains("export %list: func();"), "{world}");
    }

    #[test]
    fn what_wit_cannot_describe_is_left_out() {
        let world = world_of(
            r#"(module (func (export "_start"))
                       (func (export "snake_case"))
                       (func (export "two") (result i32 i32) unreachable)
                       (func (export "vector") (param v128)))"#,
        );
        assert_eq!(world, None);
    }

    #[test]
    fn any_lifted_module_becomes_a_valid_component() {
        let module = wat::parse_str(
            r#"(module (func (export "interface") (param f32) (result f32) local.get 0))"#,
        )
        .expect("the test's WAT is valid");
        let component = to_component(&module).expect("it can be made a component");
        assert!(wasmparser::Parser::is_component(&component));
    }
}
