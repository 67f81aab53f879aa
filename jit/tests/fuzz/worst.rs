//! Texts that cost as much memory for each of their bytes as we know how to make them.

use super::call;
use wasi_cuda_jit::fuzzing;

fn kernel(body: &str) -> Vec<u8> {
    format!(
        ".version 8.0\n.target sm_80\n.entry k(.param .u64 q){{.reg .b32 %r<70000>,a;.reg .b16 h;.reg .f32 f;.reg .b64 d;\
         .reg .pred p;.reg .f64 e;{body}}}"
    )
    .into_bytes()
}

/// Nearly as many statements as a module may have.
const STATEMENTS: usize = 131_000;

#[test]
fn statements_of_few_characters_cost_little_to_parse() {
    let statements = [
        "a;",
        "a b;",
        "a{b};",
        "a b,c;",
        "a{b},{b};",
        "a[b];",
        "a.b;",
        "{}",
        "@p a{b};",
        "ret;",
        "@p ret;",
        "@p bra L;",
        "mov.b16 h,h;",
        "bfi.b64 d,d,d,a,a;",
        "mov.b64 {a,a},d;",
        "setp.eq.u16 p,h,h;",
    ];
    for statement in statements {
        call(
            "print_reads_back",
            fuzzing::print_reads_back,
            &kernel(&statement.repeat(STATEMENTS)),
        );
    }
    let labels: String = (0..STATEMENTS).map(|index| format!("L{index}:")).collect();
    call(
        "print_reads_back",
        fuzzing::print_reads_back,
        &kernel(&labels),
    );
    let suffixes = format!("a{};", ".a".repeat(1_000_000));
    call("parse", fuzzing::parse, &kernel(&suffixes));
}

#[test]
fn instructions_that_become_many_operations_cost_little_to_compile() {
    let instructions = [
        "bfe.s64 d,d,a,a;",
        "prmt.b32 a,a,a,a;",
        "dp4a.s32.s32 a,a,a,a;",
        "fma.rn.ftz.sat.f32 f,f,f,f;",
        "fma.rn.f32 f,f,f,f;",
        "sin.approx.f32 f,f;",
        "div.s64 d,d,d;",
        "cvt.rni.sat.s8.f64 a,e;cvt.rn.f64.s32 e,a;",
        "add.sat.s32 a,a,a;",
        "min.f32 f,f,f;",
        "add.u64 d,d,d;",
    ];
    for instruction in instructions {
        for count in [500, 1000, 2500, 10_000, 50_000] {
            let body = instruction.repeat(count) + "st.u32 [d],a;st.u64 [d],d;st.f32 [d],f;";
            call("compile", fuzzing::compile, &kernel(&body));
        }
    }
}

#[test]
fn values_that_fit_no_register_cost_little_to_compile() {
    for count in [500, 1500, 3000, 20_000] {
        let computed: String = (0..count)
            .map(|index| format!("add.u32 %r{index},a,{index};"))
            .collect();
        let used: String = (0..count)
            .map(|index| format!("mad.lo.u32 a,a,a,%r{index};"))
            .collect();
        call(
            "compile",
            fuzzing::compile,
            &kernel(&(computed + &used + "st.u32 [d],a;")),
        );
    }
}

#[test]
fn values_that_pass_between_blocks_cost_little_to_compile() {
    for (registers, blocks) in [(20, 1300), (60, 400), (100, 1300), (300, 300), (1000, 1300)] {
        for used_behind in [false, true] {
            let text = kernel(&web(registers, blocks, used_behind));
            call("compile", fuzzing::compile, &text);
            call("print_reads_back", fuzzing::print_reads_back, &text);
        }
    }
}

/// So many registers changed in a loop of so many blocks.
fn web(registers: usize, blocks: usize, used_behind: bool) -> String {
    let add = |index: usize| format!("add.u32 %r{index},%r{index},{index};");
    let mut body = "L:".to_owned();
    body.extend((0..registers).map(add));
    for block in 0..blocks {
        body += &format!(
            "@p bra L{};L{block}:{}",
            (block + 1) % blocks,
            add(block % registers)
        );
    }
    body += "@p bra L;";
    if used_behind {
        body.extend((0..registers).map(|index| format!("add.u32 a,a,%r{index};")));
    }
    body + "st.u32 [d],a;"
}

#[test]
fn accesses_and_loops_cost_little_to_guard() {
    let bodies = [
        "st.u32 [d],a;".repeat(900),
        "ld.v4.u32 {a,a,a,a},[d];".repeat(900),
        (0..1000)
            .map(|index| format!("L{index}:@p bra L{index};"))
            .collect(),
        "L:".to_owned() + &"@p add.u32 a,a,a;@p bra L;".repeat(1300),
    ];
    for body in bodies {
        call("compile", fuzzing::compile, &kernel(&body));
        call(
            "print_reads_back",
            fuzzing::print_reads_back,
            &kernel(&body),
        );
    }
}

#[test]
fn small_kernels_in_great_number_cost_little() {
    let kernels: String = (0..1000)
        .map(|index| format!(".entry k{index}(){{ret;}}"))
        .collect();
    let text = format!(".version 8.0\n.target sm_80\n{kernels}");
    call("compile", fuzzing::compile, text.as_bytes());
    let parameters: Vec<String> = (0..1000)
        .map(|index| format!(".param .u32 q{index}"))
        .collect();
    let text = format!(
        ".version 8.0\n.target sm_80\n.entry k({}){{ret;}}",
        parameters.join(",")
    );
    call("compile", fuzzing::compile, text.as_bytes());
}

fn module(functions: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (import "cuda" "memory" (memory i64 0)) {functions})"#
    ))
    .unwrap()
}

#[test]
fn webassembly_of_few_bytes_costs_little() {
    let repeated = |instructions: &str, count: usize| {
        module(&format!(
            r#"(func (export "k") (param $p i64) (local $d f64) (i32.const 7) {} (i32.store (i64.const 0)))"#,
            instructions.repeat(count)
        )
        .replace("(i32.store (i64.const 0))", "(local.set 2) (i32.store (local.get $p) (local.get 2))")
        .replace("(local $d f64)", "(local i64 i32)"))
    };
    for count in [500, 5000, 20_000, 60_000] {
        for instructions in [
            "i32.eqz ",
            "i32.clz ",
            "i32.extend8_s ",
            "f32.convert_i32_s i32.trunc_sat_f32_s ",
            "i32.const 3 i32.rotl ",
        ] {
            call("wasm", fuzzing::wasm, &repeated(instructions, count));
        }
    }
}

#[test]
fn calls_that_multiply_cost_little() {
    for levels in [6, 9, 12, 20] {
        let mut functions =
            "(func $f0 (param i32) (result i32) (i32.mul (local.get 0) (i32.clz (local.get 0))))"
                .to_owned();
        for level in 1..levels {
            functions += &format!(
                "(func $f{level} (param i32) (result i32) (call $f{0} (call $f{0} (local.get 0))))",
                level - 1
            );
        }
        functions += &format!(
            r#"(func (export "k") (param $p i64) (i32.store (local.get $p) (call $f{} (i32.const 5))))"#,
            levels - 1
        );
        call("wasm", fuzzing::wasm, &module(&functions));
    }
}
