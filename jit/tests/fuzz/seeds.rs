//! What fuzzing begins with: PTX of compilers, the cases of the file tests, and kernels in WebAssembly.

use std::path::Path;
use wasi_cuda_jit::{CompileOptions, sandboxed_ptx};

/// Texts longer than this would take most of the budget.
const LONGEST: u64 = 12 << 10;

/// The same for what is printed of them, guards and all.
const LONGEST_PRINT: usize = 40 << 10;

/// Every short PTX file of the repository's compiler, in the same order on every machine.
pub(crate) fn texts() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("corpus/ptx"), root.join("filetests")];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ptx") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let short = paths
        .iter()
        .filter(|path| path.metadata().unwrap().len() <= LONGEST);
    let texts: Vec<Vec<u8>> = short.map(|path| std::fs::read(path).unwrap()).collect();
    assert!(texts.len() > 100, "only {} seeds", texts.len());
    texts
}

/// What is printed of them for a driver.
pub(crate) fn prints() -> Vec<Vec<u8>> {
    let options = CompileOptions::default();
    let printed = texts().into_iter().filter_map(|text| {
        let text = String::from_utf8(text).ok()?;
        sandboxed_ptx(&text, &options).ok().map(String::into_bytes)
    });
    let printed: Vec<Vec<u8>> = printed.filter(|text| text.len() < LONGEST_PRINT).collect();
    assert!(printed.len() > 100, "only {} seeds", printed.len());
    printed
}

const KERNELS: [&str; 3] = [
    r#"(module
        (import "cuda" "memory" (memory i64 0))
        (import "cuda" "threadIdx.x" (func $thread (result i32)))
        (func (export "store") (param $out i64) (param $n i32) (local $i i32)
            (loop $next
                (i32.store (i64.add (local.get $out) (i64.shl (i64.extend_i32_u (local.get $i)) (i64.const 2))) (call $thread))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (local.get $n))))))"#,
    r#"(module
        (import "cuda" "memory" (memory i64 0))
        (func $f (param f32 f64 i64) (result f32)
            (f32.mul (local.get 0) (f32.demote_f64 (f64.sqrt (f64.add (local.get 1) (f64.convert_i64_s (local.get 2)))))))
        (func (export "k") (param i64 i32)
            (f32.store (local.get 0)
                (call $f (f32.load (local.get 0)) (f64.load offset=8 (local.get 0)) (i64.rotl (i64.load (local.get 0)) (i64.const 3))))
            (if (i32.eqz (local.get 1)) (then (unreachable)))))"#,
    r#"(module
        (import "cuda" "memory" (memory i64 0))
        (func (export "table") (param $p i64) (param $x i32)
            (block $a (block $b (block $c
                (br_table $a $b $c (local.get $x)))
                (i32.store (local.get $p) (i32.div_s (i32.const 100) (local.get $x))) (return))
                (i32.store8 (local.get $p) (i32.popcnt (local.get $x))))
            (i64.store (local.get $p) (select (i64.const 1) (i64.const -1) (local.get $x)))))"#,
];

/// Kernels in WebAssembly.
pub(crate) fn modules() -> Vec<Vec<u8>> {
    KERNELS.map(|text| wat::parse_str(text).unwrap()).to_vec()
}
