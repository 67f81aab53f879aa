//! The list of instructions in the documentation is the opcode table.
//!
//! `UPDATE_GOLDEN=1 cargo test -p wasi-cuda-jit --test instructions` writes it anew.

use std::fmt::Write as _;
use std::path::Path;
use wasi_cuda_jit::ir::{Type, rows};

const HEAD: &str = "\
# Instructions

What a kernel in PTX may use today, generated from the compiler's opcode table (`jit/src/ir/table/`). Everything else is
refused with its line, column and name.

`T` and `U` stand for one of the types listed, `{.a|.b}` for at most one of the words, `(.a|.b)` for exactly one. Operands are
`role:type`; `W` is twice as wide as `T`, `v` marks what `.v2` and `.v4` make a vector, `t` a tuple of registers that share the
type's bits, `!` a predicate that may be negated, `>` registers that may be wider. Behind an operand of `vadd`, `vsub`, `vabsdiff`, `vmin`,
`vmax`, `vshl`, `vshr` and `vset` may stand which part of the word it is, `.b0` to `.b3`, `.h0` or `.h1`; behind `d` where no `.add`, `.min` or `.max`
does, with a last operand `c` that the part is put into. Behind operands of those with `2` or `4` may stand numbers of both words, as in `a.h31`
or `b.b7310`, and behind `d` the results that are left, as in `.h0` or `.b20`.

| form | `T` | `U` |
| --- | --- | --- |
";

fn types(types: &[Type]) -> String {
    types
        .iter()
        .map(|ty| ty.name())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_documentation_lists_every_form() {
    let mut text = HEAD.to_owned();
    for row in rows().filter(|row| !row.syntax.contains(".sandbox")) {
        let syntax = row.syntax.replace('|', "\\|");
        let _ = writeln!(text, "| `{syntax}` | {} | {} |", types(row.t), types(row.u));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/instructions.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/instructions.md is not the table: run this test with UPDATE_GOLDEN=1"
    );
}
