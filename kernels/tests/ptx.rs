//! The checked-in PTX is what the library says of it.

use wasi_cuda_kernels::{
    Block, KernelSignature, Number, Parameter, ParameterType, builtin, builtins, signatures,
};

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

/// `.reqntid 16, 16, 1` before a kernel's body, as its block.
fn required_block(ptx: &str, kernel: &str) -> Block {
    let entry = format!(".visible .entry {kernel}(");
    let (_, rest) = ptx.split_once(&entry).expect("the kernel has an entry");
    let (head, _) = rest.split_once('{').expect("the kernel has a body");
    let Some((_, extents)) = head.split_once(".reqntid ") else {
        return Block::Any;
    };
    let extents: Vec<u32> = extents
        .split(',')
        .map(|extent| extent.trim().parse().expect("extents are numbers"))
        .collect();
    assert_eq!(extents[2], 1, "{kernel}");
    Block::Threads {
        x: extents[0],
        y: extents[1],
    }
}

#[test]
fn kernels_require_the_documented_blocks() {
    for (_, ptx, kernels) in each_module() {
        for kernel in kernels {
            assert_eq!(required_block(ptx, kernel.name), kernel.block, "{kernel}");
        }
    }
}

#[test]
fn kernels_end_with_their_counts_and_write_one_array() {
    for (_, _, kernels) in each_module() {
        for kernel in kernels {
            let is_count = |parameter: &&Parameter| parameter.ty == ParameterType::Count;
            let counts = kernel.parameters.iter().filter(is_count).count();
            let at_the_end = kernel.parameters.iter().rev().take_while(is_count).count();
            assert!(counts > 0 && counts == at_the_end, "{kernel}");
            let written = kernel
                .parameters
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
        for refused in ["call", "trap", ".extern", ".func", ".local"] {
            assert!(
                !ptx.contains(refused),
                "module {module} contains `{refused}`"
            );
        }
    }
}

#[test]
fn threads_work_together_only_where_the_block_is_told() {
    for (_, ptx, kernels) in each_module() {
        let bodies = ptx.split(".visible .entry ").skip(1);
        for (kernel, body) in kernels.iter().zip(bodies) {
            let together = [".shared", "bar.", "barrier", "shfl"]
                .iter()
                .any(|word| body.contains(word));
            assert_eq!(together, kernel.block != Block::Any, "{kernel}");
        }
    }
}

#[test]
fn lengths_are_told_by_counts_that_the_kernel_takes() {
    for (_, _, kernels) in each_module() {
        for kernel in kernels {
            let count = |name: &str| {
                let mut parameters = kernel.parameters.iter();
                parameters
                    .any(|parameter| parameter.name == name && parameter.ty == ParameterType::Count)
                    .then_some(3)
            };
            for parameter in kernel.parameters {
                if let ParameterType::Array { length, .. } = parameter.ty {
                    assert!(
                        length.elements(count).is_some(),
                        "{} of {kernel}",
                        parameter.name
                    );
                }
            }
        }
    }
}

#[test]
fn an_unknown_module_has_neither_ptx_nor_signatures() {
    assert_eq!(builtin("no-such-module"), None);
    assert_eq!(signatures("no-such-module"), None);
}
