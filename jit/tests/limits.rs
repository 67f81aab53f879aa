//! Passing a limit of `wasi_cuda_jit::limits` is a diagnostic that tells the limit; what just keeps to it is accepted.

use wasi_cuda_jit::limits::*;
use wasi_cuda_jit::{CompileOptions, Diagnostic, compile_ptx, compile_wasm, front, verify};

/// A kernel with registers of each kind.
fn kernel(body: &str) -> String {
    with_head("k", ".param .u64 q", body)
}

fn with_head(name: &str, parameters: &str, body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n.entry {name}({parameters}) {{\n.reg .b32 %r<99999>, %a; .reg .b64 %d;\n\
         .reg .f32 %f; .reg .pred %p;\n{body}\nret; }}\n"
    )
}

/// Read and verified: most limits are about that.
fn check(source: &str) -> Result<(), Vec<Diagnostic>> {
    front::ptx::parse(source)
        .and_then(|module| verify::verify(&module))
        .map(drop)
}

fn compile(source: &str) -> Result<(), Vec<Diagnostic>> {
    compile_ptx(source, &CompileOptions::default()).map(drop)
}

/// Whether one message tells the limit.
fn assert_refused(result: Result<(), Vec<Diagnostic>>, limit: impl ToString) {
    let (found, limit) = (result.expect_err("it is accepted"), limit.to_string());
    let told = found.iter().any(|it| it.message.contains(&limit));
    assert!(told, "no message tells {limit}: {}", found[0]);
}

fn numbered(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

#[test]
fn a_source_has_a_largest_size() {
    let text = kernel("");
    let padded = |bytes: usize| text.clone() + &" ".repeat(bytes - text.len());
    check(&padded(MAX_SOURCE_BYTES)).unwrap();
    assert_refused(check(&padded(MAX_SOURCE_BYTES + 1)), MAX_SOURCE_BYTES);
    let module = |bytes| compile_wasm(&vec![0; bytes], &CompileOptions::default()).map(drop);
    assert_refused(module(MAX_SOURCE_BYTES + 1), MAX_SOURCE_BYTES);
}

#[test]
fn a_module_has_so_many_kernels() {
    let module = |count| {
        let kernels = numbered(count, |index| format!(".entry k{index}() {{ ret; }}\n"));
        format!(".version 8.0\n.target sm_80\n{kernels}")
    };
    check(&module(MAX_FUNCTIONS)).unwrap();
    assert_refused(check(&module(MAX_FUNCTIONS + 1)), MAX_FUNCTIONS);
}

#[test]
fn a_module_has_so_many_instructions() {
    // Declarations and the last `ret` are statements, too.
    let module = |count: usize| kernel(&"add.u32 %a, %a, 1;\n".repeat(count));
    check(&module(MAX_INSTRUCTIONS - 10)).unwrap();
    assert_refused(check(&module(MAX_INSTRUCTIONS)), MAX_INSTRUCTIONS);
}

#[test]
fn a_kernel_has_so_many_blocks_guards_included() {
    let module =
        |count: usize| kernel(&"@%p bra END;\n".repeat(count)).replace("ret;", "END: ret;");
    check(&module(MAX_BLOCKS - 2)).unwrap();
    assert_refused(check(&module(MAX_BLOCKS + 1)), MAX_BLOCKS);
    assert_refused(
        check(&kernel(&"st.u32 [%d], %a;\n".repeat(MAX_BLOCKS / 4 + 1))),
        MAX_BLOCKS,
    );
}

/// So many registers, changed in so many blocks.
fn web(registers: usize, blocks: usize) -> String {
    let labels = numbered(blocks, |block| {
        let register = block % registers;
        format!("@%p bra L{block};\nadd.u32 %r{register}, %r{register}, 1;\nL{block}:\n")
    });
    let used = numbered(registers, |register| {
        format!("add.u32 %a, %a, %r{register};\n")
    });
    kernel(&(labels + &used))
}

#[test]
fn so_many_registers_pass_between_blocks() {
    let blocks = 1500;
    assert_refused(check(&web(MAX_LIVE_CELLS / blocks, blocks)), MAX_LIVE_CELLS);
}

#[test]
fn so_many_values_pass_between_blocks() {
    check(&web(30, 300)).unwrap();
    let large = web(300, 900);
    let most = max_operations(
        large.len(),
        front::ptx::parse(&large).unwrap().instruction_count(),
    );
    assert_refused(check(&large), most);
}

#[test]
fn a_kernel_becomes_so_many_operations() {
    compile(&kernel(&"dp4a.s32.s32 %a, %a, %a, %a;\n".repeat(500))).unwrap();
    let found = compile(&kernel(&"dp4a.s32.s32 %a, %a, %a, %a;\n".repeat(5000))).unwrap_err();
    assert!(found[0].message.contains("operations"), "{}", found[0]);
}

#[test]
fn a_compiled_kernel_takes_so_much_stack() {
    // Each value outlives all calls.
    let module = |count| {
        let load = |index| format!("add.u32 %r{index}, %a, {index};\n");
        let keep = |index| format!("mad.lo.u32 %a, %a, 3, %r{index};\n");
        let call = "sin.approx.f32 %f, %f;\nst.f32 [%d], %f;\n";
        kernel(&(numbered(count, load) + call + &numbered(count, keep) + "st.u32 [%d], %a;\n"))
    };
    compile(&module(1000)).unwrap();
    assert_refused(compile(&module(40_000)), MAX_FRAME_BYTES);
}

#[test]
fn a_kernel_uses_so_many_registers() {
    let module = |count| kernel(&numbered(count, |index| format!("mov.u32 %r{index}, 1;\n")));
    check(&module(MAX_REGISTERS)).unwrap();
    assert_refused(check(&module(MAX_REGISTERS + 1)), MAX_REGISTERS);
}

#[test]
fn scopes_nest_so_deep() {
    let module = |depth| kernel(&("{".repeat(depth) + &"}".repeat(depth)));
    check(&module(MAX_SCOPES)).unwrap();
    assert_refused(check(&module(MAX_SCOPES + 1)), MAX_SCOPES);
}

#[test]
fn a_kernel_has_so_many_parameters() {
    let module = |count| {
        let parameters: Vec<String> = (0..count)
            .map(|index| format!(".param .u8 p{index}"))
            .collect();
        with_head("k", &parameters.join(", "), "")
    };
    check(&module(MAX_PARAMETERS)).unwrap();
    assert_refused(check(&module(MAX_PARAMETERS + 1)), MAX_PARAMETERS);
}

#[test]
fn parameters_have_so_many_bytes() {
    let module = |bytes: u32| with_head("k", &format!(".param .b8 p[{bytes}]"), "");
    check(&module(MAX_PARAMETER_BYTES)).unwrap();
    assert_refused(check(&module(MAX_PARAMETER_BYTES + 1)), MAX_PARAMETER_BYTES);
}

#[test]
fn so_many_findings_are_kept() {
    let found = check(&kernel(&"unknown;\n".repeat(3 * MAX_DIAGNOSTICS))).unwrap_err();
    assert_eq!(found.len(), MAX_DIAGNOSTICS);
}

#[test]
fn a_name_has_so_many_bytes() {
    let module = |bytes| with_head(&"k".repeat(bytes), "", "");
    check(&module(MAX_NAME_BYTES)).unwrap();
    assert_refused(check(&module(MAX_NAME_BYTES + 1)), MAX_NAME_BYTES);
}

#[test]
fn a_version_is_understood_up_to_the_highest() {
    let module = |major, minor| kernel("").replace("8.0", &format!("{major}.{minor}"));
    let (major, minor) = MAX_PTX_VERSION;
    check(&module(major, minor)).unwrap();
    assert_refused(check(&module(major, minor + 1)), format!("{major}.{minor}"));
}

#[test]
fn a_block_has_so_many_threads_whatever_its_kernel_says() {
    let source = kernel("").replace(".u64 q)", ".u64 q) .maxntid 4096, 1, 1");
    let module = compile_ptx(&source, &CompileOptions::default()).unwrap();
    let most = module.kernels()[0].signature().max_threads_per_block;
    assert_eq!(most, MAX_THREADS_PER_BLOCK);
}

#[test]
fn webassembly_becomes_so_many_instructions() {
    let sums = "(drop (i64.rotl (local.get 0) (local.get 0)))".repeat(20_000);
    let bytes = wat::parse_str(format!(
        r#"(module (func (export "k") (param i64) {sums}))"#
    ))
    .unwrap();
    let compiled = compile_wasm(&bytes, &CompileOptions::default()).map(drop);
    assert_refused(compiled, max_lowered_instructions(bytes.len()));
}

fn module(variables: &str, body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n{variables}\n.entry k(.param .u64 q) {{\n.reg .b32 %r<9999>, %a; .reg .b64 %d;\n\
         {body}\nret; }}\n"
    )
}

#[test]
fn a_module_has_so_many_variables() {
    let declared = |count| {
        module(
            &numbered(count, |index| format!(".global .u8 v{index};\n")),
            "",
        )
    };
    check(&declared(MAX_VARIABLES)).unwrap();
    assert_refused(check(&declared(MAX_VARIABLES + 1)), MAX_VARIABLES);
}

#[test]
fn a_variable_has_so_many_initial_values() {
    let initial = |count: usize| {
        let values = "0,".repeat(count - 1);
        module(&format!(".global .b8 v[{count}] = {{{values}0}};"), "")
    };
    check(&initial(MAX_INITIAL_ELEMENTS)).unwrap();
    assert_refused(
        check(&initial(MAX_INITIAL_ELEMENTS + 1)),
        MAX_INITIAL_ELEMENTS,
    );
}

#[test]
fn a_modules_variables_have_so_many_bytes() {
    let sized = |bytes| module(&format!(".global .align 1 .b8 v[{bytes}];"), "");
    // What may be lost between variables counts as well.
    check(&sized(MAX_VARIABLE_BYTES - 1)).unwrap();
    assert_refused(check(&sized(MAX_VARIABLE_BYTES + 1)), MAX_VARIABLE_BYTES);
}

#[test]
fn shared_and_local_variables_have_so_many_bytes() {
    for (space, most) in [("shared", MAX_SHARED_BYTES), ("local", MAX_LOCAL_BYTES)] {
        let sized = |bytes| {
            let declared = format!(".{space} .align 4 .b8 v[{bytes}];");
            module(
                "",
                &format!("{declared} mov.u64 %d, v; st.{space}.u32 [%d], %a;"),
            )
        };
        check(&sized(most)).unwrap();
        assert_refused(check(&sized(most + 4)), most);
    }
}

#[test]
fn calls_nest_so_deep() {
    let nested = |depth: usize| {
        let functions = numbered(depth, |index| {
            let inner = index.checked_sub(1).map(|inner| format!("call f{inner};"));
            format!(
                ".func f{index}() {{ {} ret; }}\n",
                inner.unwrap_or_default()
            )
        });
        module(&functions, &format!("call f{};", depth - 1))
    };
    check(&nested(MAX_CALL_DEPTH)).unwrap();
    assert_refused(check(&nested(MAX_CALL_DEPTH + 1)), MAX_CALL_DEPTH);
}

#[test]
fn threads_that_wait_keep_so_many_bytes() {
    let kept = |count| {
        let load = |index| format!("ld.global.u32 %r{index}, [%d+{}];\n", 4 * index);
        let store = |index| format!("st.global.u32 [%d+{}], %r{index};\n", 4 * index);
        let used = numbered(count, |index| format!("add.u32 %a, %a, %r{index};\n"));
        let (first, last) = (numbered(1, load), numbered(1, store));
        let computed = numbered(count, |index| {
            format!("mad.lo.u32 %r{index}, %r0, {index}, %a;\n")
        });
        module(
            "",
            &format!("{first}{computed}bar.sync 0;\n{used}{last}st.global.u32 [%d], %a;"),
        )
    };
    compile(&kept(1000)).unwrap();
    assert_refused(compile(&kept(9000)), MAX_FRAMES_BYTES);
}

#[test]
fn threads_that_wait_have_so_many_bytes_of_local_memory() {
    let local = |bytes| {
        let body = ".local .align 4 .b8 v[SIZE]; mov.u64 %d, v; st.local.u32 [%d], %a; bar.sync 0; ld.local.u32 %a, [%d];";
        module("", &body.replace("SIZE", &u64::to_string(&bytes)))
    };
    let most = MAX_BLOCK_LOCAL_BYTES / u64::from(MAX_THREADS_PER_BLOCK);
    compile(&local(most)).unwrap();
    assert_refused(compile(&local(most + 4)), MAX_BLOCK_LOCAL_BYTES);
}

#[test]
fn what_lies_between_barriers_has_so_many_blocks_in_all() {
    // Behind each barrier comes everything that is left, so that it is compiled as often.
    let barriers = |count: usize| {
        let parts = numbered(count, |index| {
            format!("@%p bra L{index};\nbar.sync 0;\nL{index}:\n")
        });
        kernel(&parts)
    };
    compile(&barriers(50)).unwrap();
    assert_refused(compile(&barriers(300)), MAX_SEGMENT_BLOCKS);
}

/// `MEMORY_OF_A_SOURCE_BYTE` and `MEMORY_OF_ANY_SOURCE` are what the tests in `fuzz` hold every input to.
#[test]
fn every_limit_has_a_test() {
    let texts = [include_str!("limits.rs"), include_str!("fuzz/main.rs")].concat();
    let declared = include_str!("../src/limits.rs").lines().filter_map(|line| {
        let rest = line
            .strip_prefix("pub const ")
            .or_else(|| line.strip_prefix("pub fn "))?;
        rest.split([':', '(']).next()
    });
    let mut count = 0;
    for limit in declared {
        count += 1;
        assert!(texts.contains(limit), "no test passes {limit}");
    }
    assert!(count > 10);
}
