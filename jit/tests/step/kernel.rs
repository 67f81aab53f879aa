//! Kernels at random: what they compute ends in a record of each thread.

use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Write;

/// Registers that statements read and write, of 32 and of 64 bits.
const WORDS: usize = 6;
const LONGS: usize = 4;

/// Numbers at which widths end.
const NUMBERS: [i64; 22] = [
    0,
    1,
    2,
    3,
    4,
    5,
    8,
    12,
    16,
    31,
    32,
    63,
    100,
    255,
    0x7fff,
    0xffff,
    0x1_0000,
    0x4000_0000,
    0x7fff_ffff,
    -1,
    -4,
    -0x8000_0000,
];
const AMOUNTS: [u32; 12] = [0, 1, 2, 3, 8, 16, 24, 29, 30, 31, 32, 40];

fn word() -> impl Strategy<Value = String> + Clone {
    (0..WORDS).prop_map(|number| format!("$w{number}"))
}

fn long() -> impl Strategy<Value = String> + Clone {
    (0..LONGS).prop_map(|number| format!("$l{number}"))
}

fn number() -> impl Strategy<Value = String> + Clone {
    select(&NUMBERS[..]).prop_map(|number| number.to_string())
}

fn amount() -> impl Strategy<Value = String> + Clone {
    select(&AMOUNTS[..]).prop_map(|amount| amount.to_string())
}

fn one_of(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    select(choices)
}

/// Of a comparison or a predicate that comes before an instruction.
fn predicate() -> impl Strategy<Value = String> + Clone {
    let predicated = one_of(&["@%p0", "@!%p0", "@%p1"]);
    prop_oneof![4 => Just(String::new()), 1 => predicated.prop_map(str::to_owned)]
}

/// One or a few instructions that any thread may run.
fn simple() -> BoxedStrategy<String> {
    let small = prop_oneof![word().boxed(), number().boxed()];
    let large = prop_oneof![long().boxed(), number().boxed()];
    let words = (
        one_of(&[
            "add.u32",
            "sub.s32",
            "mul.lo.u32",
            "mul.lo.s32",
            "and.b32",
            "or.b32",
            "xor.b32",
            "min.u32",
            "max.s32",
            "mul24.lo.u32",
        ]),
        word(),
        word(),
        small.clone(),
    );
    let longs = (
        one_of(&[
            "add.u64",
            "sub.s64",
            "mul.lo.u64",
            "and.b64",
            "or.b64",
            "xor.b64",
            "min.u64",
        ]),
        long(),
        long(),
        large,
    );
    let turned = (
        one_of(&["sub.u32", "add.u32"]),
        word(),
        small.clone(),
        word(),
    );
    let shifts = (
        one_of(&["shl.b32", "shr.u32", "shr.s32"]),
        word(),
        word(),
        amount(),
    );
    let long_shifts = (
        one_of(&["shl.b64", "shr.u64", "shr.s64"]),
        long(),
        long(),
        amount(),
    );
    let wide = (
        one_of(&["mul.wide.u32", "mul.wide.s32"]),
        long(),
        word(),
        small.clone(),
    );
    let binary =
        |(opcode, d, a, b): (&str, String, String, String)| format!("{opcode} ={d}, {a}, {b};");
    let mad = (
        one_of(&["mad.lo.u32", "mad.lo.s32"]),
        word(),
        word(),
        small.clone(),
        word(),
    );
    let wide_mad = (
        one_of(&["mad.wide.u32", "mad.wide.s32"]),
        long(),
        word(),
        small.clone(),
        long(),
    );
    let ternary = |(opcode, d, a, b, c): (&str, String, String, String, String)| {
        format!("{opcode} ={d}, {a}, {b}, {c};")
    };
    let widening = (
        one_of(&["cvt.u64.u32", "cvt.s64.s32", "cvt.u64.u16", "cvt.s64.s16"]),
        long(),
        word(),
    );
    let narrowing = (
        one_of(&["cvt.u32.u64", "cvt.s32.s64", "cvt.u16.u64", "cvt.s8.s64"]),
        word(),
        long(),
    );
    let in_words = (
        one_of(&[
            "cvt.u16.u32",
            "cvt.s16.s32",
            "cvt.s8.s32",
            "cvt.u32.u16",
            "mov.b32",
            "not.b32",
            "neg.s32",
            "abs.s32",
            "popc.b32",
        ]),
        word(),
        word(),
    );
    let in_longs = (
        one_of(&[
            "cvt.u32.u64",
            "cvt.s32.s64",
            "cvt.u64.u32",
            "cvt.s64.s32",
            "cvt.u32.u32",
            "mov.b64",
        ]),
        long(),
        long(),
    );
    let unary = |(opcode, d, a): (&str, String, String)| format!("{opcode} ={d}, {a};");
    let special = (
        one_of(&[
            "%tid.x",
            "%laneid",
            "%tid.y",
            "%ntid.x",
            "%warpid",
            "%lanemask_lt",
            "%ctaid.x",
            "%tid.z",
        ]),
        word(),
    );
    let special = special.prop_map(|(special, d)| format!("mov.u32 ={d}, {special};"));
    let constant = (word(), number()).prop_map(|(d, number)| format!("mov.b32 ={d}, {number};"));
    let compare = (
        0..2,
        one_of(&["eq", "ne", "lt", "ge"]),
        one_of(&["u32", "s32"]),
        word(),
        small.clone(),
    );
    let compare = compare
        .prop_map(|(p, condition, ty, a, b)| format!("setp.{condition}.{ty} %p{p}, {a}, {b};"));
    let compare_long = (
        0..2,
        one_of(&["eq", "lt", "gt"]),
        one_of(&["u64", "s64"]),
        long(),
        long(),
    );
    let compare_long = compare_long
        .prop_map(|(p, condition, ty, a, b)| format!("setp.{condition}.{ty} %p{p}, {a}, {b};"));
    let choice = (word(), word(), small, 0..2)
        .prop_map(|(d, a, b, p)| format!("selp.b32 ={d}, {a}, {b}, %p{p};"));
    let floats = (word(), word(), 0..4).prop_map(|(d, a, kind)| match kind {
        0 => format!("mov.b32 %f0, {a}; mov.b32 ={d}, %f0;"),
        1 => format!("cvt.rn.f32.s32 %f1, {a}; add.f32 %f1, %f1, 0f3f800000; mov.b32 ={d}, %f1;"),
        2 => format!("cvt.rn.f64.u32 %g1, {a}; cvt.rzi.u32.f64 ={d}, %g1;"),
        _ => format!("mov.b32 %f0, {a}; selp.f32 %f0, %f0, %f1, %p0; mov.b32 ={d}, %f0;"),
    });
    let halves = (word(), word(), number()).prop_map(|(d, a, number)| {
        let number = number.parse::<i64>().unwrap_or(0) as i16;
        format!("cvt.u16.u32 %h0, {a}; mul.lo.u16 %h1, %h0, {number}; add.u16 %h2, %h2, %h1; cvt.s32.s16 ={d}, %h2;")
    });
    let carry = (word(), word(), word(), word())
        .prop_map(|(a, b, c, d)| format!("add.cc.u32 ={a}, {b}, {c}; addc.u32 ={d}, {d}, 0;"));
    let load = (word(), word(), one_of(&["u32", "s32", "u16", "s8"])).prop_map(|(d, a, ty)| {
        format!("and.b32 %r20, {a}, 252; cvt.u64.u32 %d20, %r20; add.u64 %d20, %d11, %d20; ld.global.{ty} ={d}, [%d20+4];")
    });
    let computed = prop_oneof![
        words.prop_map(binary),
        turned.prop_map(binary),
        shifts.prop_map(binary),
        wide.prop_map(binary),
        longs.prop_map(binary),
        long_shifts.prop_map(binary),
        mad.prop_map(ternary),
        wide_mad.prop_map(ternary),
        widening.prop_map(unary),
        narrowing.prop_map(unary),
        in_words.prop_map(unary),
        in_longs.prop_map(unary),
        constant,
        special,
    ];
    let computed =
        (predicate(), computed).prop_map(|(predicate, text)| format!("{predicate} {text}"));
    prop_oneof![8 => computed, 1 => compare, 1 => compare_long, 1 => choice, 1 => floats, 1 => halves, 1 => carry, 1 => load].boxed()
}

/// What may be in a kernel; `#` stands for a number of its own.
fn statement(shares: bool) -> BoxedStrategy<String> {
    let texts = prop::collection::vec(simple(), 1..4).prop_map(|texts| texts.join("\n"));
    let branch = (word(), number(), texts.clone(), texts.clone()).prop_map(|(a, b, then, otherwise)| {
        format!("setp.lt.s32 %p2, {a}, {b}; @%p2 bra T#;\n{otherwise}\nbra.uni E#;\nT#:\n{then}\nE#:")
    });
    let counts = one_of(&["%r9", "3", "%r10", "%r8"]);
    let count = (counts, texts.clone()).prop_map(|(count, body)| {
        format!("and.b32 %r21, %r8, 3; mov.b32 %r22, {count}; and.b32 %r22, %r22, 7;\nL#:\n{body}\nsub.s32 %r22, %r22, 1; setp.ge.s32 %p3, %r22, 0; @%p3 bra L#;")
    });
    let exchange = (word(), word(), 0..9u32).prop_map(|(d, a, far)| {
        format!(
            "bar.sync 0; mul.lo.u32 %r23, %r12, 4; mov.u32 %r24, tile; add.u32 %r23, %r23, %r24; st.shared.u32 [%r23], {a}; bar.sync 0;\n\
             xor.b32 %r25, %r12, {far}; min.u32 %r25, %r25, %r13; mul.lo.u32 %r25, %r25, 4; add.u32 %r25, %r25, %r24; ld.shared.u32 ={d}, [%r25];"
        )
    });
    let shuffle = (
        one_of(&["bfly", "up", "down", "idx"]),
        word(),
        word(),
        0..32u32,
    )
        .prop_map(|(mode, d, a, lane)| {
            let bound = if mode == "up" { 0 } else { 31 };
            format!("shfl.sync.{mode}.b32 ={d}|%p1, {a}, {lane}, {bound}, -1;")
        });
    let vote = (word(), one_of(&["ballot.b32", "any.pred"])).prop_map(|(d, vote)| match vote {
        "any.pred" => "vote.sync.any.pred %p1, %p0, -1;".to_owned(),
        _ => format!("vote.sync.ballot.b32 ={d}, %p0, -1;"),
    });
    let reduce = word().prop_map(|d| format!("bar.red.popc.u32 ={d}, 0, %p1;"));
    let exit =
        (word(), number()).prop_map(|(a, b)| format!("setp.eq.s32 %p2, {a}, {b}; @%p2 ret;"));
    let lonely = prop_oneof![6 => simple(), 1 => row(), 2 => branch, 2 => count, 1 => exit];
    if !shares {
        return lonely.boxed();
    }
    prop_oneof![12 => lonely, 1 => exchange, 1 => shuffle, 1 => vote, 1 => reduce].boxed()
}

/// Neighbouring threads read neighbouring words.
fn row() -> impl Strategy<Value = String> {
    (word(), 0..9u32, any::<bool>()).prop_map(|(d, far, four)| match four {
        true => format!(
            "ld.global.v4.u32 {{%r33, %r34, %r35, %r36}}, [%d14+{}]; sub.u32 %r33, %r33, %r35; xor.b32 ={d}, %r33, %r36;",
            16 * far
        ),
        false => format!("ld.global.u32 ={d}, [%d13+{}];", 4 * far),
    })
}

/// A load that may lie outside, but never oddly: in step, an access of all threads is held against its alignment first.
fn stray() -> impl Strategy<Value = String> {
    let place = (
        word(),
        one_of(&["mul.wide.u32", "mul.wide.s32"]),
        one_of(&["4", "64", "4096"]),
    );
    let text = place.prop_map(|(a, multiply, step)| {
        format!("{multiply} %d21, {a}, {step}; add.u64 %d21, %d11, %d21; ld.global.u32 %r26, [%d21]; add.u32 =$w0, $w0, %r26;")
    });
    let row = (0..3u32).prop_map(|far| {
        format!(
            "ld.global.u32 %r26, [%d13+{}]; add.u32 =$w0, $w0, %r26;",
            4000 + 60 * far
        )
    });
    prop_oneof![5 => Just(String::new()), 1 => text, 1 => row]
}

/// The register that a variable is held in at a place: a new one after each write that all threads do, so that each has one
/// definition, else the one it had.
struct Names {
    held: Vec<(String, String)>,
    next: usize,
}

impl Names {
    fn new() -> Self {
        let words = (0..WORDS).map(|number| (format!("$w{number}"), format!("%r{number}")));
        let longs = (0..LONGS).map(|number| (format!("$l{number}"), format!("%d{number}")));
        Self {
            held: words.chain(longs).collect(),
            next: 40,
        }
    }

    fn place(&mut self, text: &str) -> String {
        let is_straight = !text.contains(':');
        text.split_inclusive(';')
            .map(|instruction| self.place_one(instruction, is_straight))
            .collect()
    }

    fn place_one(&mut self, instruction: &str, is_straight: bool) -> String {
        let mut text = instruction.to_owned();
        let renames = is_straight && !text.contains('@');
        for (variable, held) in &mut self.held {
            let written = format!("={variable}");
            let is_written = text.contains(&written);
            text = text.replace(&written, "=").replace(variable.as_str(), held);
            if is_written {
                if renames {
                    *held = format!("{}{}", &held[..2], self.next);
                    self.next += 1;
                }
                text = text.replace('=', held);
            }
        }
        text
    }
}

/// A kernel's body.
///
/// If they share nothing, threads never wait for each other, and some kernels have so little to do in step that they run by rows.
pub(crate) fn body(shares: bool) -> impl Strategy<Value = String> {
    let filled = prop_oneof![Just(shares), Just(true)];
    let parts = (
        prop::collection::vec(statement(shares), 6..24),
        stray(),
        filled,
    );
    parts.prop_map(|(statements, stray, filled)| {
        let mut body = String::from(BEGIN);
        let mut names = Names::new();
        for (number, statement) in statements.into_iter().chain([stray]).enumerate() {
            let _ = writeln!(
                body,
                "{}",
                names.place(&statement.replace('#', &number.to_string()))
            );
        }
        // Enough that differs between threads and has 32 bits: else they would not run in step.
        for _ in 0..if filled { 40 } else { 0 } {
            body.push_str("xor.b32 %r30, %r30, %r8; add.u32 %r30, %r30, %r8;\n");
        }
        for number in 0..WORDS {
            let store = format!("st.global.u32 [%d12+{}], $w{number};", 8 + 4 * number);
            let _ = writeln!(body, "{}", names.place(&store));
        }
        for number in 0..LONGS {
            let store = format!("st.global.u64 [%d12+{}], $l{number};", 40 + 8 * number);
            let _ = writeln!(body, "{}", names.place(&store));
        }
        body.push_str(END);
        body
    })
}

/// The thread's number in `%r12`, the last one's of its block in `%r13`, `%r8` differs anyhow, `%r9` is the same, `%r10` steps.
const BEGIN: &str = "ld.param.u64 %d10, [out]; ld.param.u64 %d11, [in]; ld.param.u32 %r9, [n];
mov.u32 %r10, %tid.x; mov.u32 %r14, %tid.y; mov.u32 %r15, %ntid.x; mov.u32 %r16, %ntid.y; mov.u32 %r17, %tid.z; mov.u32 %r19, %ntid.z;
mad.lo.u32 %r12, %r17, %r16, %r14; mad.lo.u32 %r12, %r12, %r15, %r10;
mul.lo.u32 %r13, %r15, %r16; mul.lo.u32 %r13, %r13, %r19; mov.u32 %r18, %ctaid.x; mad.lo.u32 %r18, %r18, %r13, %r12; sub.u32 %r13, %r13, 1;
mul.wide.u32 %d12, %r18, 160; add.u64 %d12, %d12, %d10;
and.b32 %r20, %r12, 63; mul.wide.u32 %d20, %r20, 4; add.u64 %d20, %d20, %d11; ld.global.u32 %r8, [%d20];
mov.b32 %r30, %r8; mov.b32 %r0, %r10; mov.b32 %r1, %r12; mov.b32 %r2, %r8; mov.b32 %r3, %r9; mov.u32 %r4, %laneid; mov.b32 %r5, %r18;
cvt.u64.u32 %d0, %r10; cvt.s64.s32 %d1, %r8; cvt.u64.u32 %d2, %r12; mov.b64 %d3, 7;
mul.wide.u32 %d13, %r10, 4; add.u64 %d13, %d13, %d11; mul.wide.u32 %d14, %r10, 16; add.u64 %d14, %d14, %d11;
setp.lt.u32 %p0, %r8, %r10; setp.eq.u32 %p1, %r9, 5;
";

const END: &str = "st.global.u32 [%d12], %r30; selp.u32 %r31, 1, 0, %p0; selp.u32 %r32, 2, 0, %p1; or.b32 %r31, %r31, %r32;
st.global.u32 [%d12+4], %r31; st.global.b16 [%d12+80], %h2; st.global.f32 [%d12+84], %f0; st.global.f64 [%d12+88], %g1; ret;";
