//! `--invoke`: calls one exported function, as `wasmtime run` does.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::wasm_wave::wasm::{DisplayFuncResults, WasmFunc};
use wasmtime::component::wit_parser::ItemName;
use wasmtime::component::{Component, ComponentExportIndex, Linker, Val};
use wasmtime::error::Context;
use wasmtime::{Result, Store, bail};

use crate::host::Host;

/// Calls the function that `call` names, and prints what it returns in WAVE notation.
///
/// `arguments` are those after the guest's file: the function's where `call` is a bare name.
pub(crate) async fn invoke(
    store: &mut Store<Host>,
    linker: &Linker<Host>,
    component: &Component,
    call: &str,
    arguments: &[String],
) -> Result<()> {
    let text = call_text(call, arguments)?;
    let call = UntypedFuncCall::parse(&text).with_context(|| {
        format!("cannot read `--invoke {text}`; a call looks like `add(1, 2)` or `greet(\"you\")`")
    })?;
    let name = call
        .item_name()
        .map_err(wasmtime::Error::from_anyhow)
        .with_context(|| format!("`{}` is no name of an export", call.name()))?;
    let (export, ty) = find(store, component, &name)?;
    let parameters: Vec<_> = WasmFunc::params(&ty).collect();
    let parameters = call
        .to_wasm_params::<Val>(&parameters)
        .with_context(|| format!("the arguments of `{text}` do not fit its parameters"))?;
    let mut results = vec![Val::Bool(false); ty.results().len()];
    let instance = linker.instantiate_async(&mut *store, component).await?;
    let function = instance
        .get_func(&mut *store, export)
        .context("the instance lacks an export of its component")?;
    function
        .call_async(&mut *store, &parameters, &mut results)
        .await?;
    println!("{}", DisplayFuncResults(&results));
    Ok(())
}

/// `add(1, 2)` as it is; `add` with the arguments `1 2` becomes the same.
fn call_text(call: &str, arguments: &[String]) -> Result<String> {
    match (call.contains('('), arguments) {
        (true, []) => Ok(call.to_owned()),
        (true, _) => {
            bail!("`--invoke {call}` has its arguments already, so none may follow the file")
        }
        (false, _) => Ok(format!("{call}({})", arguments.join(", "))),
    }
}

/// An export by its full name, or a function of any exported interface by its own name alone.
fn find(
    store: &Store<Host>,
    component: &Component,
    name: &ItemName,
) -> Result<(ComponentExportIndex, ComponentFunc)> {
    if let Some((ComponentItem::ComponentFunc(ty), index)) = component.get_export(None, name) {
        return Ok((index, ty));
    }
    let mut found = Vec::new();
    if name.interface.is_none() && name.package.is_none() {
        found = in_interfaces(store, component, &name.to_string());
    }
    match found.len() {
        0 => bail!("the guest exports no function `{name}`"),
        1 => Ok(found.remove(0).1),
        _ => {
            let interfaces: Vec<_> = found.into_iter().map(|(interface, _)| interface).collect();
            bail!(
                "several interfaces export a function `{name}`, name one of them: {}",
                interfaces.join(", ")
            )
        }
    }
}

type Found = (String, (ComponentExportIndex, ComponentFunc));

fn in_interfaces(store: &Store<Host>, component: &Component, function: &str) -> Vec<Found> {
    let ty = component.component_type();
    ty.exports(store.engine())
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)))
        .filter_map(|(interface, _)| {
            let (_, instance) = component.get_export(None, interface)?;
            match component.get_export(Some(&instance), function)? {
                (ComponentItem::ComponentFunc(ty), index) => {
                    Some((interface.to_owned(), (index, ty)))
                }
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_takes_the_arguments_after_the_file() {
        assert_eq!(
            call_text("add", &["1".into(), "2".into()]).unwrap(),
            "add(1, 2)"
        );
        assert_eq!(call_text("run", &[]).unwrap(), "run()");
    }

    #[test]
    fn a_call_with_arguments_takes_no_others() {
        assert_eq!(call_text("add(1, 2)", &[]).unwrap(), "add(1, 2)");
        assert!(call_text("add(1, 2)", &["3".into()]).is_err());
    }
}
