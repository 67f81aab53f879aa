//! The WIT package is documented, gated, copied faithfully and usable by any guest.

use crate::nested_cargo::{TARGET, build_guests};
use crate::support::{assert_none, repository, wit};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use wasi_cuda_conformance::Entry;
use wit_component::DecodedWasm;
use wit_parser::{
    Docs, Function, Interface, Resolve, Stability, Type, TypeDef, TypeDefKind, TypeOwner, WorldItem,
};

#[test]
fn every_item_of_the_wit_is_documented() {
    let resolve = wit::resolve(true);
    let undocumented = items(&resolve)
        .into_iter()
        .filter(|item| {
            item.docs
                .contents
                .as_deref()
                .unwrap_or("")
                .trim()
                .is_empty()
        })
        .map(|item| item.name);
    assert_none("these items have no doc comment", undocumented);
}

#[test]
fn every_item_of_the_wit_is_gated() {
    let resolve = wit::resolve(true);
    let ungated = items(&resolve)
        .into_iter()
        .filter(|item| matches!(item.stability, Some(Stability::Unknown)))
        .map(|item| item.name);
    assert_none("these items have neither @since nor @unstable", ungated);
}

#[test]
fn the_copies_of_the_wit_in_the_crates_are_the_same_text() {
    let source = files(&repository().join("wit"));
    assert!(source.contains_key(Path::new("world.wit")), "{source:?}");
    for copy in ["host/wit", "guest-bindings/wit"] {
        let copied = files(&repository().join(copy));
        let differing = source
            .keys()
            .chain(copied.keys())
            .filter(|path| source.get(*path) != copied.get(*path))
            .map(|path| path.display().to_string());
        assert_none(&format!("{copy} differs from wit"), differing);
    }
}

#[test]
fn without_unstable_features_the_wit_has_no_async_function_stream_or_future() {
    let resolve = wit::resolve(false);
    let asynchronous = wit::functions(&resolve)
        .filter(|(_, function)| wit::is_async(function))
        .map(|(name, _)| name);
    assert_none("a plain `fn main` traps when it calls these", asynchronous);

    let streaming = wit::functions(&resolve)
        .filter(|(_, function)| moves_streams(&resolve, function))
        .map(|(name, _)| name);
    assert_none(
        "a plain `fn main` cannot use the streams or futures of these",
        streaming,
    );
}

#[test]
fn the_unstable_features_add_async_functions_and_streams() {
    let resolve = wit::resolve(true);
    let functions: BTreeMap<_, _> = wit::functions(&resolve).collect();
    let completion = functions["execution#[method]cuda-event.completion"];
    assert!(wit::is_async(completion));

    let download = functions["execution#[method]cuda-stream.read-via-stream"];
    let result = download.result.expect("a result");
    assert!(wit::has_stream_or_future(&resolve, &result));
}

#[test]
fn conformance_programs_with_a_plain_main_import_no_async_function() {
    let cases = wasi_cuda_conformance::cases();
    for case in cases.iter().filter(|case| case.entry == Entry::Main) {
        assert_none(
            case.name(),
            async_imports(case.name(), case.program.component),
        );
    }
}

#[test]
fn cases_whose_programs_import_async_functions_ask_for_them() {
    for case in wasi_cuda_conformance::cases() {
        let imports = async_imports(case.name(), case.program.component);
        let asked = case.setup.asynchronous && case.setup.unstable;
        assert_eq!(
            asked,
            !imports.is_empty(),
            "{} imports {imports:?}",
            case.name()
        );
    }
}

#[test]
fn the_first_lesson_imports_no_async_function() {
    let guests = PathBuf::from(wasi_cuda_conformance::programs::GUESTS);
    let lesson = repository().join("examples/01-vector-add");
    build_guests(env!("CARGO"), &lesson, &guests).unwrap_or_else(|error| panic!("{error}"));
    let binary = guests.join(TARGET).join("release/vector-add.wasm");
    let component =
        fs::read(&binary).unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
    assert_none("01-vector-add", async_imports("01-vector-add", &component));
}

/// Something with a name in the package; its parts have no gate of their own.
struct Item<'a> {
    name: String,
    docs: &'a Docs,
    stability: Option<&'a Stability>,
}

fn items(resolve: &Resolve) -> Vec<Item<'_>> {
    let mut items = world_items(resolve);
    for (name, interface) in wit::interfaces(resolve) {
        items.push(Item {
            name: name.to_owned(),
            docs: &interface.docs,
            stability: Some(&interface.stability),
        });
        items.extend(type_items(resolve, name, interface));
    }
    items.extend(wit::functions(resolve).map(|(name, function)| Item {
        name,
        docs: &function.docs,
        stability: Some(&function.stability),
    }));
    assert!(items.len() > 100, "the package has {} items", items.len());
    items
}

fn world_items(resolve: &Resolve) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for (_, package) in &resolve.packages {
        if package.name.name != "cuda" {
            continue;
        }
        items.push(Item {
            name: package.name.to_string(),
            docs: &package.docs,
            stability: None,
        });
        for (name, id) in &package.worlds {
            let world = &resolve.worlds[*id];
            items.push(Item {
                name: format!("world {name}"),
                docs: &world.docs,
                stability: Some(&world.stability),
            });
            for (key, item) in &world.imports {
                let WorldItem::Interface {
                    docs,
                    stability,
                    id,
                    ..
                } = item
                else {
                    panic!("the world imports something that is no interface: {item:?}");
                };
                if resolve.interfaces[*id].package == world.package {
                    items.push(Item {
                        name: format!("world {name}: {}", resolve.name_world_key(key)),
                        docs,
                        stability: Some(stability),
                    });
                }
            }
        }
    }
    items
}

fn type_items<'a>(resolve: &'a Resolve, name: &str, interface: &'a Interface) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for (type_name, id) in &interface.types {
        let ty = &resolve.types[*id];
        if is_used_from_elsewhere(resolve, ty) {
            continue;
        }
        let type_name = format!("{name}.{type_name}");
        items.extend(parts(ty).into_iter().map(|(part, docs)| Item {
            name: format!("{type_name}.{part}"),
            docs,
            stability: None,
        }));
        items.push(Item {
            name: type_name,
            docs: &ty.docs,
            stability: Some(&ty.stability),
        });
    }
    items
}

/// Whether the type is here by `use`: documented where it comes from.
fn is_used_from_elsewhere(resolve: &Resolve, ty: &TypeDef) -> bool {
    let TypeDefKind::Type(Type::Id(target)) = ty.kind else {
        return false;
    };
    matches!(resolve.types[target].owner, TypeOwner::Interface(_))
        && resolve.types[target].owner != ty.owner
}

/// The fields or cases of a type.
fn parts(ty: &TypeDef) -> Vec<(&str, &Docs)> {
    match &ty.kind {
        TypeDefKind::Record(record) => record
            .fields
            .iter()
            .map(|field| (field.name.as_str(), &field.docs))
            .collect(),
        TypeDefKind::Variant(variant) => variant
            .cases
            .iter()
            .map(|case| (case.name.as_str(), &case.docs))
            .collect(),
        TypeDefKind::Enum(enumeration) => enumeration
            .cases
            .iter()
            .map(|case| (case.name.as_str(), &case.docs))
            .collect(),
        TypeDefKind::Flags(flags) => flags
            .flags
            .iter()
            .map(|flag| (flag.name.as_str(), &flag.docs))
            .collect(),
        _ => Vec::new(),
    }
}

/// Every file below a folder, by its path in there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{next:?}: {error}")) {
            let path = entry.expect("an entry of a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("a path below its folder");
                let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
                found.insert(name.to_owned(), bytes);
            }
        }
    }
    found
}

/// The async functions that a component imports.
/// The imports that only an async task can use.
fn async_imports(name: &str, component: &[u8]) -> Vec<String> {
    let decoded = wit_component::decode(component)
        .unwrap_or_else(|error| panic!("{name} is no component: {error:?}"));
    let DecodedWasm::Component(resolve, world) = decoded else {
        panic!("{name} is a WIT package");
    };
    let mut functions = Vec::new();
    for (key, item) in &resolve.worlds[world].imports {
        let key = resolve.name_world_key(key);
        match item {
            WorldItem::Interface { id, .. } => {
                let interface = &resolve.interfaces[*id];
                functions.extend(interface.functions.values().map(|it| (key.clone(), it)));
            }
            WorldItem::Function(function) => functions.push((key, function)),
            WorldItem::Type { .. } => {}
        }
    }
    assert!(!functions.is_empty(), "{name} imports nothing");
    functions
        .into_iter()
        .filter(|(_, function)| wit::is_async(function) || moves_streams(&resolve, function))
        .map(|(key, function)| format!("{key}#{}", function.name))
        .collect()
}

fn moves_streams(resolve: &Resolve, function: &Function) -> bool {
    let parameters = function.params.iter().map(|parameter| &parameter.ty);
    let mut types = parameters.chain(&function.result);
    types.any(|ty| wit::has_stream_or_future(resolve, ty))
}
