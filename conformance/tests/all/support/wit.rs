//! The WIT package, parsed.

use super::repository;
use wit_parser::{Function, FunctionKind, Handle, Interface, Resolve, Type, TypeDefKind};

/// `wit/` with all of its unstable items, or with none.
pub(crate) fn resolve(unstable: bool) -> Resolve {
    let mut resolve = Resolve {
        all_features: unstable,
        ..Resolve::default()
    };
    resolve
        .push_dir(repository().join("wit"))
        .unwrap_or_else(|error| panic!("wit/ does not resolve: {error:?}"));
    resolve
}

/// The interfaces of `wasi:cuda` by name.
pub(crate) fn interfaces(resolve: &Resolve) -> impl Iterator<Item = (&str, &Interface)> {
    resolve
        .packages
        .iter()
        .filter(|(_, package)| package.name.namespace == "wasi" && package.name.name == "cuda")
        .flat_map(|(_, package)| &package.interfaces)
        .map(|(name, id)| (name.as_str(), &resolve.interfaces[*id]))
}

/// The functions of `wasi:cuda` as `<interface>#<function>`.
pub(crate) fn functions(resolve: &Resolve) -> impl Iterator<Item = (String, &Function)> {
    interfaces(resolve).flat_map(|(interface, found)| {
        found
            .functions
            .iter()
            .map(move |(name, function)| (format!("{interface}#{name}"), function))
    })
}

/// Whether a guest with a plain `fn main` traps when it calls the function.
pub(crate) fn is_async(function: &Function) -> bool {
    matches!(
        function.kind,
        FunctionKind::AsyncFreestanding
            | FunctionKind::AsyncMethod(_)
            | FunctionKind::AsyncStatic(_)
    )
}

/// Whether a value of the type holds a stream or a future.
pub(crate) fn has_stream_or_future(resolve: &Resolve, ty: &Type) -> bool {
    let Type::Id(id) = ty else {
        return false;
    };
    match &resolve.types[*id].kind {
        TypeDefKind::Stream(_) | TypeDefKind::Future(_) => true,
        TypeDefKind::Record(record) => {
            any_has_stream_or_future(resolve, record.fields.iter().map(|field| &field.ty))
        }
        TypeDefKind::Tuple(tuple) => any_has_stream_or_future(resolve, tuple.types.iter()),
        TypeDefKind::Variant(variant) => any_has_stream_or_future(
            resolve,
            variant.cases.iter().filter_map(|it| it.ty.as_ref()),
        ),
        TypeDefKind::Result(result) => {
            any_has_stream_or_future(resolve, result.ok.iter().chain(&result.err))
        }
        TypeDefKind::Map(key, value) => any_has_stream_or_future(resolve, [key, value].into_iter()),
        TypeDefKind::Option(ty)
        | TypeDefKind::List(ty)
        | TypeDefKind::FixedLengthList(ty, _)
        | TypeDefKind::Type(ty) => has_stream_or_future(resolve, ty),
        TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_))
        | TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Unknown => false,
    }
}

fn any_has_stream_or_future<'a>(
    resolve: &Resolve,
    mut types: impl Iterator<Item = &'a Type>,
) -> bool {
    types.any(|ty| has_stream_or_future(resolve, ty))
}
