//! What is told about an accepted module.

use wasi_cuda_jit::report::{Accesses, Direction, Guard, Space};
use wasi_cuda_jit::{CompileOptions, Source, cpu_assembly, report};

const SAXPY: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 x, .param .f32 factor)
.maxntid 256, 1, 1
{
    .reg .b32 %r<5>;
    .reg .b64 %rd<5>;
    .reg .f32 %f<4>;
    ld.param.u64 %rd1, [x];
    ld.param.f32 %f1, [factor];
    cvta.to.global.u64 %rd4, %rd1;
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %ntid.x;
    mov.u32 %r3, %tid.x;
    mad.lo.s32 %r4, %r1, %r2, %r3;
    mul.wide.s32 %rd2, %r4, 4;
    add.s64 %rd3, %rd4, %rd2;
    ld.global.f32 %f2, [%rd3];
    mul.f32 %f3, %f1, %f2;
    st.global.f32 [%rd3], %f3;
    ld.f32 %f2, [%rd3];
    ret;
}";

fn options(checked: bool) -> CompileOptions {
    CompileOptions {
        checked,
        ..CompileOptions::default()
    }
}

#[test]
fn a_kernels_accesses_are_counted_by_kind() {
    let report = report(Source::Ptx(SAXPY), &options(false)).unwrap();
    assert_eq!((report.version, report.target.as_str()), ((7, 0), "sm_80"));
    let kernel = &report.kernels[0];
    assert_eq!(kernel.signature.name, "scale");
    assert_eq!(kernel.signature.max_threads_per_block, 256);
    assert_eq!(kernel.instructions, 13);
    assert!(kernel.guarded_instructions > 20);
    let accesses = |space, direction, guard, count| Accesses {
        space,
        direction,
        guard,
        count,
    };
    let expected = [
        accesses(Space::Parameter, Direction::Load, Guard::Declared, 2),
        accesses(Space::Global, Direction::Load, Guard::Checked, 1),
        accesses(Space::Global, Direction::Store, Guard::Checked, 1),
        accesses(Space::Generic, Direction::Load, Guard::Checked, 1),
    ];
    assert_eq!(kernel.accesses, expected);
}

#[test]
fn accesses_along_a_row_are_counted_where_the_guards_allow_it() {
    let of = |checked| {
        report(Source::Ptx(SAXPY), &options(checked))
            .unwrap()
            .kernels[0]
            .checked_by_row
    };
    assert!(of(false) > 0);
    assert_eq!(of(true), 0);
}

#[test]
fn a_module_that_is_refused_has_no_report() {
    let found = report(Source::Ptx("hello"), &options(false)).unwrap_err();
    assert!(!found.is_empty());
    assert!(report(Source::Wasm(b"hello"), &options(false)).is_err());
}

#[test]
fn machine_code_is_listed_a_kernel_at_a_time() {
    let listed = cpu_assembly(Source::Ptx(SAXPY), &options(false)).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].kernel, "scale");
    assert!(listed[0].text.lines().count() > 20, "{}", listed[0].text);
    assert!(listed[0].text.contains("block0:"), "{}", listed[0].text);
    let wasm = wat::parse_str(r#"(module (func (export "nothing")))"#).unwrap();
    let listed = cpu_assembly(Source::Wasm(&wasm), &options(true)).unwrap();
    assert_eq!(listed[0].kernel, "nothing");
}
