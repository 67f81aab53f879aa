//! Texts in the printer's form that cost the checker as much for each of their bytes as we know how to make them.

use super::call;
use std::fmt::Write as _;
use wasi_cuda_jit::fuzzing;

/// A kernel with so many registers of 32 bits, of 64 bits and predicates.
fn print(registers: usize, body: &str) -> String {
    let mut text = ".version 8.0\n.target sm_80\n.address_size 64\n\n.visible .entry kernel0(\n\t.param .u32 p0,\n\
                    \t.param .align 8 .b8 %launch[64]\n)\n{\n"
        .to_owned();
    for index in 0..registers {
        let _ = writeln!(text, "\t.reg .b32 %r{index};");
    }
    text += "\t.reg .b64 %rd0, %rd1, %window_base, %window_mapped;\n\t.reg .pred %p0;\n";
    text +=
        "\tld.param.u64 %window_base, [%launch+0];\n\tld.param.u64 %window_mapped, [%launch+8];\n";
    text += "\tld.param.u32 %r0, [p0];\n\tsetp.ne.u32 %p0, %r0, 0;\n\tcvt.u64.u32 %rd0, %r0;\n\tmov.u64 %rd1, %rd0;\n";
    text + body + "\tret;\n}\n"
}

fn check(text: &str) {
    call("check", fuzzing::check, text.as_bytes());
}

/// So many copies, each told its number.
fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn registers_that_many_ways_write_cost_little_to_prove() {
    for (registers, blocks) in [(20, 20_000), (300, 3000), (3000, 300), (20_000, 20)] {
        let mut body = repeated(registers - 1, |index| {
            format!("\tmov.u32 %r{}, {index};\n", index + 1)
        });
        body += &repeated(blocks, |block| {
            let other = (block * 7919 + 1) % blocks;
            let register = block % registers;
            format!("$B{block}:\n\tadd.u32 %r{register}, %r{register}, 1;\n\t@%p0 bra $B{other};\n")
        });
        body += &repeated(registers, |index| {
            format!("\tadd.u32 %r0, %r0, %r{index};\n")
        });
        check(&print(registers, &body));
    }
}

#[test]
fn ways_that_meet_everywhere_cost_little_to_prove() {
    let blocks = 20_000;
    // All lead forwards to the last half; all lead backwards; each leads to the next but one.
    let targets: [fn(usize, usize) -> usize; 3] = [
        |block, blocks| blocks / 2 + block / 2,
        |block, _| block / 2,
        |block, blocks| (block + 2).min(blocks - 1),
    ];
    for target in targets {
        let body = repeated(blocks, |block| {
            let target = target(block, blocks);
            format!("$B{block}:\n\tadd.u32 %r0, %r0, 1;\n\t@%p0 bra $B{target};\n")
        });
        check(&print(1, &body));
    }
    let table = repeated(200, |index| {
        let targets: Vec<String> = (0..200).map(|target| format!("$B{target}")).collect();
        format!(
            "$B{index}:\n\tmin.u32 %r1, %r0, 199;\n$T{index}: .branchtargets {};\n\tbrx.idx %r1, $T{index};\n",
            targets.join(", ")
        )
    });
    check(&print(2, &(table + "$B200:\n")));
}

#[test]
fn long_statements_cost_little_to_read() {
    let list = "%r0, ".repeat(400_000) + "%r0";
    for statement in [
        format!("mov.b64 %rd0, {{{list}}};"),
        format!("add.u32 {list};"),
        format!("add{};", ".u32".repeat(400_000)),
        format!("bra $B{};", "0".repeat(1_000_000)),
        format!("mov.u32 %r0, {};", "9".repeat(1_000_000)),
        format!("{} %r0;", "{".repeat(1_000_000)),
    ] {
        check(&print(1, &format!("\t{statement}\n")));
    }
    check(&print(
        1,
        &repeated(40_000, |index| format!("\tadd.u{index} %r0, %r0, 1;\n")),
    ));
}

#[test]
fn values_and_guards_in_great_number_cost_little_to_prove() {
    let sums = repeated(60_000, |index| {
        format!("\tadd.u64 %rd{}, %rd0, %rd1;\n", index % 2)
    });
    check(&print(1, &sums));
    let masks = repeated(60_000, |index| {
        format!(
            "\tand.b64 %rd{}, %rd{}, {};\n",
            index % 2,
            1 - index % 2,
            index
        )
    });
    check(&print(1, &masks));
    let guards = repeated(30_000, |index| {
        format!(
            "\tsetp.ge.u64 %p0, %rd0, %window_mapped;\n\t@%p0 bra $B{index};\n$B{index}:\n\tadd.u64 %rd0, %rd0, 4;\n"
        )
    });
    check(&print(1, &guards));
    let nested = repeated(20_000, |index| {
        format!("\tsetp.ge.u64 %p0, %rd0, {index};\n\t@%p0 bra $B0;\n")
    });
    check(&print(1, &(nested + "$B0:\n")));
}
