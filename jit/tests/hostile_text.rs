//! No text makes the compiler panic, hang or fail without saying where.

use proptest::prelude::*;
use wasi_cuda_jit::{CompileOptions, Diagnostic, Severity, compile_ptx, sandboxed_ptx};

const KERNEL: &str = "\
.version 8.0
.target sm_80
.address_size 64

.visible .entry add(.param .u64 out, .param .u32 n) {
    .reg .pred %p<3>;
    .reg .b32 %r<6>;
    .reg .b64 %rd<5>;
    ld.param.u64 %rd1, [out];
    ld.param.u32 %r1, [n];
    mov.u32 %r2, %tid.x; /* one thread, one word */
    setp.ge.u32 %p1|%p2, %r2, %r1;
    @%p1 bra $done;
    mul.wide.u32 %rd2, %r2, 4;
    add.s64 %rd3, %rd1, %rd2;
    ld.global.v2.u32 {%r3, %r4}, [%rd3+8];
    add.u32 %r5, %r3, -0x10;
    st.global.u32 [%rd3], %r5;
$done:
    ret;
}
";

fn refusal(source: &str) -> Vec<Diagnostic> {
    match compile_ptx(source, &CompileOptions::default()) {
        Ok(_) => panic!("accepted:\n{:.2000}", source),
        Err(found) => {
            assert!(
                found
                    .iter()
                    .any(|diagnostic| diagnostic.severity == Severity::Error),
                "{found:?}"
            );
            found
        }
    }
}

fn replaced(from: &str, to: &str) -> String {
    assert!(KERNEL.contains(from), "{from}");
    KERNEL.replace(from, to)
}

#[test]
fn the_kernel_itself_is_accepted() {
    compile_ptx(KERNEL, &CompileOptions::default()).unwrap();
}

#[test]
fn a_text_cut_off_anywhere_is_refused_with_a_place() {
    // Behind the last `}` nothing is missing.
    for end in 0..KERNEL.rfind('}').unwrap() {
        let found = sandboxed_ptx(&KERNEL[..end], &CompileOptions::default());
        // A text may end behind a whole directive: then it has no kernel, and says so when it is compiled.
        if let Err(found) = found {
            let first = found
                .iter()
                .find(|diagnostic| diagnostic.severity == Severity::Error)
                .unwrap();
            assert!(
                first.span.line >= 1 && !first.message.is_empty(),
                "{first} at {end}"
            );
        } else {
            assert!(
                !KERNEL[..end].contains("entry"),
                "accepted when cut off at {end}"
            );
        }
    }
}

#[test]
fn a_megabyte_of_brackets_is_refused_at_its_first() {
    for bracket in ["(", "{", "[", "@", ".", "\"", "/*", "<"] {
        let found = refusal(&bracket.repeat(1 << 20));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].span.line, 1);
        assert!(found[0].span.column <= 8, "{}", found[0]);
    }
}

#[test]
fn a_refusal_is_short_however_long_the_word_it_is_about() {
    for piece in ["9", "x", "0x1", "%", "'"] {
        let found = refusal(&piece.repeat(1 << 20));
        assert!(
            found[0].message.len() < 200,
            "{piece}: {} bytes",
            found[0].message.len()
        );
    }
    let found = refusal(&format!("\"{}\"", "s".repeat(1 << 20)));
    assert!(found[0].message.len() < 200);
}

#[test]
fn declaring_billions_of_registers_costs_nothing() {
    let source = replaced("%r<6>", "%r<4294967295>");
    compile_ptx(&source, &CompileOptions::default()).unwrap();
}

#[test]
fn what_is_unknown_is_named_with_its_place() {
    let cases = [
        (
            "mul.wide.u32 %rd2",
            "frobnicate.u32 %rd2",
            (14, 5),
            "frobnicate.u32",
        ),
        ("mul.wide.u32", "mul.tall.u32", (14, 8), ".tall"),
        ("mul.wide.u32", "mul.wide", (14, 5), "missing"),
        ("%r5, %r3", "%r5, %r77", (17, 18), "%r77"),
        ("bra $done", "bra $nowhere", (13, 14), "$nowhere"),
        ("mov.u32 %r2", "mov.u64 %r2", (11, 5), ".u64"),
        ("[n]", "[m]", (10, 23), "`m`"),
        ("%tid.x", "%clack", (11, 18), "%clack"),
        ("[n]", "[n+4]", (10, 5), "parameter `n`"),
        ("ret;", "call foo;", (20, 10), "foo"),
        ("ret;", "bar.sync 1;", (20, 5), "bar.sync 0"),
        ("ret;", "\0", (20, 5), "NUL"),
        ("ret;", "é", (20, 5), "U+00E9"),
        (".address_size 64", ".address_size 32", (3, 15), "64"),
        (".version 8.0", ".version 99.0", (1, 1), "99.0"),
        (
            ".visible .entry",
            ".extern .func f(; .entry",
            (5, 17),
            ".param",
        ),
    ];
    for (from, to, (line, column), said) in cases {
        let found = refusal(&replaced(from, to));
        let first = &found[0];
        assert!(first.message.contains(said), "{to}: {first}");
        assert_eq!(
            (first.span.line, first.span.column),
            (line, column),
            "{to}: {first}"
        );
    }
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let source = replaced("add.s64", "ad.s64").replace("mul.wide", "mu.wide");
    assert_eq!(refusal(&source).len(), 2);
}

fn broken_kernel() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6);
    edits.prop_map(|edits| {
        let mut text = KERNEL.as_bytes().to_vec();
        for (index, byte, kind) in edits {
            let at = index.index(text.len());
            match kind {
                0 => text[at] = byte & 0x7f,
                1 => text.insert(at, byte & 0x7f),
                2 => drop(text.remove(at)),
                _ => {
                    let piece = text[at..(at + usize::from(byte)).min(text.len())].to_vec();
                    text.extend(piece);
                }
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_damaged_kernel_is_accepted_or_refused_but_never_panics(text in broken_kernel()) {
        let text = String::from_utf8_lossy(&text);
        if let Err(found) = compile_ptx(&text, &CompileOptions { checked: true, ..CompileOptions::default() }) {
            prop_assert!(found.iter().any(|diagnostic| diagnostic.severity == Severity::Error));
        }
    }

    #[test]
    fn any_text_is_accepted_or_refused_but_never_panics(text in "\\PC{0,200}") {
        let _ = compile_ptx(&text, &CompileOptions::default());
    }
}

/// Each takes a compiler's time that grows faster than the text; none may take long.
#[test]
fn a_kernel_too_large_to_compile_soon_is_refused() {
    let stores: String = (0..5000)
        .map(|index| format!("st.global.u32 [%rd1+{}], %r1;\n", 4 * index))
        .collect();
    let adds = |label: usize| -> String {
        (0..8)
            .map(|index| 8 * label + index)
            .map(|index| format!("add.u32 %r{index}, %r{index}, 1;\n"))
            .collect()
    };
    let labels: String = (0..400)
        .map(|label| adds(label) + &format!("L{label}:\n"))
        .collect();
    let jumps: String = (0..400)
        .map(|label| format!("@%p1 bra L{};\n", 399 - label))
        .collect();
    let loops: String = (0..13_000)
        .map(|index| format!("A{index}: @%p1 bra A{index};\n"))
        .collect();
    let large = [
        (stores, "basic blocks"),
        (labels + &jumps, "registers"),
        (loops, "basic blocks"),
    ];
    for (body, said) in large {
        let source = replaced("ret;", &body).replace("%r<6>", "%r<5000>");
        let found = refusal(&source);
        assert!(found[0].message.contains(said), "{}", found[0]);
        assert_eq!(found[0].span.line, 5);
    }
}

#[test]
fn a_large_kernel_compiles() {
    let stores: String = (0..900)
        .map(|index| format!("st.global.u32 [%rd1+{}], %r1;\n", 4 * index))
        .collect();
    compile_ptx(
        &replaced("ret;", &(stores + "ret;")),
        &CompileOptions::default(),
    )
    .unwrap();
}

#[test]
fn a_long_chain_of_moves_backwards_compiles() {
    let mut chain: String = (0..60_000)
        .map(|index| format!("mov.u64 %x{index}, %x{};\n", index + 1))
        .collect();
    chain += "ld.param.u64 %x60000, [out];\n";
    let source = replaced("ld.param.u64 %rd1, [out];", &chain)
        .replace(
            ".reg .b64 %rd<5>;",
            ".reg .b64 %rd<5>; .reg .b64 %x<60001>;",
        )
        .replace("add.s64 %rd3, %rd1, %rd2;", "add.s64 %rd3, %x0, %rd2;");
    let module = compile_ptx(&source, &CompileOptions::default()).unwrap();
    assert_eq!(
        module.kernels()[0].signature().parameters[0].ty.to_string(),
        "pointer"
    );
}

/// Branches alone, nested so that every block has many dominators.
#[test]
fn a_web_of_branches_is_refused_or_compiled_soon() {
    for steps in [200, 4000] {
        let mut body = format!("@%p1 bra Z{}; @%p1 bra X0;\n", steps - 1);
        for side in ["W", "X"] {
            for index in 0..steps {
                let next = if index + 1 < steps {
                    format!("@%p2 bra {side}{};", index + 1)
                } else {
                    String::new()
                };
                body +=
                    &format!("{side}{index}: {next}\nF{side}{index}: @%p1 bra Y{index}; bra Z0;\n");
            }
        }
        for index in 0..steps {
            body += &format!("Y{index}: bra Z0;\n");
        }
        for index in 0..steps {
            let back = if index > 0 {
                format!("@%p1 bra Z{};", index - 1)
            } else {
                String::new()
            };
            body += &format!("Z{index}: {back}\n");
        }
        let compiled = compile_ptx(
            &replaced("ret;", &(body + "ret;")),
            &CompileOptions::default(),
        );
        assert_eq!(compiled.is_ok(), steps == 200);
    }
}
