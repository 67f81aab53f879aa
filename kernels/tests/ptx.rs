//! The checked-in PTX is what the library says of it.

use wasi_cuda_kernels::{KernelSignature, Number, ParameterType, builtin, builtins, signatures};

/// Each entry of a module with the types of its parameters, in the order of the text.
fn entries(ptx: &str) -> Vec<(&str, Vec<&str>)> {
    let heads = ptx.split(".visible .entry ").skip(1);
    heads
        .map(|head| {
            let (name, rest) = head.split_once('(').expect("an entry has parameters");
            let (parameters, _) = rest.split_once(')').expect("the parameters end");
            (
                name,
                parameters.lines().filter_map(parameter_type).collect(),
            )
        })
        .collect()
}

/// `.u64 .ptr` of `.param .u64 .ptr .align 1 saxpy_param_1,`
fn parameter_type(line: &str) -> Option<&str> {
    let declared = line.trim().strip_prefix(".param ")?;
    let name_at = declared.rfind(' ')?;
    Some(declared[..name_at].trim_end_matches(" .align 1"))
}

/// What the PTX has to say of a parameter.
fn expected_type(ty: ParameterType) -> &'static str {
    match ty {
        ParameterType::Scalar(Number::U32) => ".u32",
        ParameterType::Scalar(Number::F32) => ".f32",
        ParameterType::Scalar(Number::F64) => ".f64",
        ParameterType::Array { .. } => ".u64 .ptr",
        ParameterType::Count => ".u64",
    }
}

fn each_module() -> impl Iterator<Item = (&'static str, &'static str, &'static [KernelSignature])> {
    builtins().iter().map(|name| {
        let ptx = builtin(name).expect("a listed module has PTX");
        (
            *name,
            ptx,
            signatures(name).expect("a listed module has signatures"),
        )
    })
}

#[test]
fn entries_are_the_documented_kernels_with_the_documented_parameters() {
    for (module, ptx, kernels) in each_module() {
        let documented: Vec<_> = kernels
            .iter()
            .map(|kernel| {
                (
                    kernel.name,
                    kernel
                        .parameters
                        .iter()
                        .map(|parameter| expected_type(parameter.ty))
                        .collect(),
                )
            })
            .collect();
        assert_eq!(entries(ptx), documented, "module {module}");
    }
}

#[test]
fn kernels_end_with_their_count_and_write_one_array() {
    for (_, _, kernels) in each_module() {
        for kernel in kernels {
            let (last, others) = kernel
                .parameters
                .split_last()
                .expect("a kernel has parameters");
            assert_eq!(last.ty, ParameterType::Count, "{kernel}");
            let written = others
                .iter()
                .filter(|parameter| parameter.ty.to_string().starts_with("*mut"));
            assert_eq!(written.count(), 1, "{kernel}");
            assert!(!kernel.summary.is_empty(), "{kernel}");
        }
    }
}

#[test]
fn kernels_neither_call_nor_trap_nor_need_other_memory() {
    for (module, ptx, _) in each_module() {
        for refused in [
            "call", "trap", ".extern", ".func", ".local", ".shared", "bar.",
        ] {
            assert!(
                !ptx.contains(refused),
                "module {module} contains `{refused}`"
            );
        }
    }
}

#[test]
fn an_unknown_module_has_neither_ptx_nor_signatures() {
    assert_eq!(builtin("no-such-module"), None);
    assert_eq!(signatures("no-such-module"), None);
}
