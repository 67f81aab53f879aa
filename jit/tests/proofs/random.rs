//! Kernels of random arithmetic, branches and loops: what is proved of them never faults.

use crate::launches::{Count, Pair, compare, request};
use proptest::prelude::*;
use std::fmt::Write as _;

const HEAD: &str = ".version 8.0\n.target sm_80\n.address_size 64\n\
    .visible .entry k(.param .u64 data, .param .u32 n, .param .u32 m, .param .u64 wide)\n{\n\
    .reg .pred %p<40>;\n.reg .b16 %h<2>;\n.reg .b32 %v<10>, %i<8>, %s, %t;\n.reg .b64 %w<4>, %base, %a;\n\
    .shared .align 16 .b8 tile[4096];\n\
    ld.param.u64 %base, [data];\nld.param.u32 %v3, [n];\nld.param.u32 %v4, [m];\nld.param.u64 %w1, [wide];\n\
    mov.u32 %v0, %tid.x;\nmov.u32 %v1, %ctaid.x;\nmov.u32 %v2, %ntid.x;\nmov.u32 %v5, %tid.y;\n\
    ld.global.u8 %v6, [%base];\nmad.lo.s32 %v7, %v1, %v2, %v0;\nmov.u32 %v8, %laneid;\n\
    cvt.s64.s32 %w0, %v7;\nmul.wide.u32 %w2, %v0, 4;\n";

/// Statements of a kernel, and in each other, at most.
const MOST_STATEMENTS: usize = 14;
const MOST_DEPTH: usize = 3;

const CONSTANTS: [i64; 18] = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    31,
    32,
    64,
    100,
    1023,
    -1,
    0x7fff_ffff,
    0x4000_0000,
    0x3fff_fff0,
    -0x8000_0000,
];
const FACTORS: [&str; 6] = ["1", "2", "4", "8", "12", "64"];
const RELATIONS: [&str; 6] = ["lt", "le", "gt", "ge", "eq", "ne"];
const TYPES: [&str; 2] = ["s32", "u32"];
const OPERATIONS: [&str; 9] = [
    "add", "sub", "mul.lo", "min", "max", "div", "rem", "add", "mul.hi",
];

/// Bytes that choose; zeros behind their end.
struct Writer<'a> {
    choices: std::slice::Iter<'a, u8>,
    text: String,
    statements: usize,
    labels: usize,
    depth: usize,
}

impl Writer<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.choices.next().copied().unwrap_or(0)) % count
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn value(&mut self) -> String {
        match self.below(8) {
            0 if self.depth > 0 => format!("%i{}", self.below(self.depth)),
            1 => self.pick(&CONSTANTS).to_string(),
            _ => format!("%v{}", self.below(9)),
        }
    }

    fn register(&mut self) -> String {
        match self.below(4) {
            0 | 1 if self.depth > 0 => format!("%i{}", self.below(self.depth)),
            _ => format!("%v{}", self.pick(&[7, 0, 1, 3, 5, 6, 8])),
        }
    }

    fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels
    }

    fn statements(&mut self, count: usize) {
        for _ in 0..count {
            if self.statements < MOST_STATEMENTS {
                self.statements += 1;
                self.statement();
            }
        }
    }

    fn statement(&mut self) {
        match self.below(15) {
            0 | 1 => {
                let (operation, ty, a, b) = (
                    self.pick(&OPERATIONS),
                    self.pick(&TYPES),
                    self.register(),
                    self.value(),
                );
                let d = self.below(9);
                self.line(&format!("{operation}.{ty} %v{d}, {a}, {b};"));
            }
            2 => {
                let operation = self.pick(&[
                    "shl.b32", "shr.u32", "shr.s32", "and.b32", "or.b32", "xor.b32",
                ]);
                let (d, a, b) = (self.below(9), self.register(), self.pick(&CONSTANTS) & 31);
                self.line(&format!("{operation} %v{d}, {a}, {b};"));
            }
            3 => self.wide(),
            4 => self.shared(),
            5 => self.branch(),
            6 | 7 => self.round(),
            8 => self.selected(),
            9 => self.wide_access(),
            12 => self.divided(),
            13 => self.cut(),
            14 => self.signs_access(),
            _ => self.compared_access(),
        }
    }

    /// A quotient by a constant and what is left, as compilers write them.
    fn divided(&mut self) {
        let (a, d, e) = (self.register(), self.below(9), self.below(9));
        let (inverse, shift, divisor) = self.pick(&[
            (0x6666_6667u32, 3, 20),
            (0x5555_5556, 0, 3),
            (0x2aaa_aaab, 1, 12),
            // Almost an inverse.
            (0x6666_0000, 3, 20),
        ]);
        self.line(&format!("mul.hi.s32 %s, {a}, {inverse};"));
        self.line("shr.u32 %t, %s, 31;");
        self.line(&format!("shr.s32 %s, %s, {shift};\nadd.s32 %t, %s, %t;"));
        self.line(&format!(
            "mul.lo.s32 %s, %t, {divisor};\nsub.s32 %s, {a}, %s;"
        ));
        self.line(&format!("mov.b32 %v{d}, %t;\nmov.b32 %v{e}, %s;"));
    }

    /// A value without its lowest bits, and those.
    fn cut(&mut self) {
        let (a, d, e) = (self.register(), self.below(9), self.below(9));
        let mask = self.pick(&[-2, -4, -16, -64, 0x0fff_fffe, 0x70, 0x7fff_fff8]);
        self.line(&format!("and.b32 %s, {a}, {mask};\nsub.s32 %t, {a}, %s;"));
        self.line(&format!("mov.b32 %v{d}, %s;\nmov.b32 %v{e}, %t;"));
    }

    /// An access whose index and another value are not negative, and whose index was compared.
    fn signs_access(&mut self) {
        let (a, b) = (self.register(), self.register());
        let (p, q, label) = (self.label() % 40, self.label() % 40, self.label());
        let bound = self.pick(&["%v3", "%v4", "64", "1000"]);
        self.line(&format!("or.b32 %s, {a}, {b};\nsetp.lt.s32 %p{p}, %s, 0;"));
        self.line(&format!("setp.ge.s32 %p{q}, {a}, {bound};"));
        self.line(&format!(
            "or.pred %p{p}, %p{p}, %p{q};\n@%p{p} bra L{label};"
        ));
        self.global(&a);
        self.line(&format!("L{label}:"));
    }

    fn wide(&mut self) {
        let (d, a) = (self.below(4), self.register());
        let line = match self.below(5) {
            0 => format!("mul.wide.s32 %w{d}, {a}, {};", self.pick(&FACTORS)),
            1 => format!("mul.wide.u32 %w{d}, {a}, {};", self.pick(&FACTORS)),
            2 => format!("cvt.s64.s32 %w{d}, {a};"),
            3 => format!("add.s64 %w{d}, %w{}, %w{};", self.below(4), self.below(4)),
            _ => format!("cvt.u32.u64 %v{}, %w{d};", self.below(9)),
        };
        self.line(&line);
    }

    fn global(&mut self, index: &str) {
        let (ty, scale, value) = self.pick(&[
            ("u32", 4, "%v0"),
            ("u32", 4, "%v0"),
            ("u8", 1, "%v0"),
            ("u16", 2, "%h0"),
            ("v2.u32", 8, "{%v0, %v1}"),
        ]);
        let signed = self.pick(&TYPES);
        self.line(&format!(
            "mul.wide.{signed} %a, {index}, {scale};\nadd.s64 %a, %base, %a;"
        ));
        let offset = self.pick(&[0, 0, 0, 4, -4, 8, 64]);
        self.line(&format!("st.global.{ty} [%a{offset:+}], {value};"));
    }

    fn wide_access(&mut self) {
        let index = self.below(4);
        self.line(&format!(
            "add.s64 %a, %base, %w{index};\nst.global.u8 [%a], %v0;"
        ));
    }

    fn shared(&mut self) {
        let index = self.register();
        let mask = self.pick(&[255, 511, 1023, 2047]);
        if self.below(2) == 0 {
            self.line(&format!("and.b32 %s, {index}, {mask};\nshl.b32 %s, %s, 2;"));
        } else {
            self.line(&format!("shl.b32 %s, {index}, 2;"));
        }
        self.line("mov.u32 %v9, tile;\nadd.s32 %s, %s, %v9;\nst.shared.u32 [%s], %v0;");
    }

    fn test(&mut self) -> (usize, String) {
        let (p, relation, ty) = (self.label() % 40, self.pick(&RELATIONS), self.pick(&TYPES));
        let (a, b) = (self.register(), self.value());
        (p, format!("setp.{relation}.{ty} %p{p}, {a}, {b};"))
    }

    fn branch(&mut self) {
        let (p, test) = self.test();
        let label = self.label();
        self.line(&format!("{test}\n@%p{p} bra L{label};"));
        let count = 1 + self.below(3);
        self.statements(count);
        self.line(&format!("L{label}:"));
    }

    fn selected(&mut self) {
        let (p, test) = self.test();
        let (d, a, b) = (self.below(9), self.value(), self.register());
        let line = if self.below(2) == 0 {
            format!("{test}\nselp.b32 %v{d}, {a}, {b}, %p{p};")
        } else {
            format!("{test}\n@%p{p} mov.b32 %v{d}, {b};")
        };
        self.line(&line);
    }

    /// An access whose index was compared.
    fn compared_access(&mut self) {
        let index = self.register();
        let (p, label) = (self.label() % 40, self.label());
        let bound = match self.below(4) {
            0 => "%v3".to_owned(),
            1 => "%v4".to_owned(),
            _ => self.pick(&[16, 64, 128, 1000]).to_string(),
        };
        let (relation, ty) = (self.pick(&["ge", "ge", "gt"]), self.pick(&TYPES));
        self.line(&format!(
            "setp.{relation}.{ty} %p{p}, {index}, {bound};\n@%p{p} bra L{label};"
        ));
        self.global(&index);
        self.line(&format!("L{label}:"));
    }

    /// A loop, tested where it begins or where it ends.
    fn round(&mut self) {
        if self.depth >= MOST_DEPTH {
            return;
        }
        let (depth, label, p) = (self.depth, self.label(), self.label() % 40);
        let first = self.value();
        let bound = match self.below(3) {
            0 => self.value(),
            _ => self.pick(&[4, 8, 10, 16, 64]).to_string(),
        };
        let (relation, ty) = (
            self.pick(&["lt", "lt", "le", "ne", "gt"]),
            self.pick(&TYPES),
        );
        let change = match self.below(6) {
            0 => format!("sub.s32 %i{depth}, %i{depth}, 1;"),
            1 => format!("shr.u32 %i{depth}, %i{depth}, 1;"),
            2 => format!("shl.b32 %i{depth}, %i{depth}, 1;"),
            3 => format!("add.s32 %i{depth}, %i{depth}, %v{};", self.below(9)),
            _ => format!(
                "add.s32 %i{depth}, %i{depth}, {};",
                self.pick(&[1, 1, 2, 3, 4, 0x2000_0000, 0x4000_0000])
            ),
        };
        let test = format!("setp.{relation}.{ty} %p{p}, %i{depth}, {bound};");
        self.line(&format!("mov.u32 %i{depth}, {first};\nL{label}:"));
        let at_start = self.below(2) == 0;
        if at_start {
            self.line(&format!("{test}\n@!%p{p} bra E{label};"));
        }
        self.depth += 1;
        let moves = self.below(2) == 0;
        if moves {
            self.line("add.s64 %w0, %w0, 4;");
        }
        let count = 1 + self.below(3);
        self.statements(count);
        self.depth -= 1;
        self.line(&change);
        if at_start {
            self.line(&format!("bra L{label};\nE{label}:"));
        } else {
            self.line(&format!("{test}\n@%p{p} bra L{label};"));
        }
    }
}

fn kernel(choices: &[u8]) -> String {
    let mut writer = Writer {
        choices: choices.iter(),
        text: HEAD.to_owned(),
        statements: 0,
        labels: 0,
        depth: 0,
    };
    writer.statements(MOST_STATEMENTS);
    writer.text.push_str("ret;\n}\n");
    writer.text
}

fn cases() -> u32 {
    let asked = std::env::var("PROOF_KERNELS")
        .ok()
        .and_then(|text| text.parse().ok());
    asked.unwrap_or(60)
}

#[test]
fn what_is_proved_of_random_kernels_never_faults() {
    let count = std::cell::RefCell::new(Count::default());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases())
    });
    let signature = Pair::of(&kernel(&[])).guarded.kernels()[0]
        .signature()
        .clone();
    let requests = prop::collection::vec(request(&signature), 4);
    let outcome = runner.run(
        &(prop::collection::vec(any::<u8>(), 20..160), requests),
        |(choices, requests)| {
            let text = kernel(&choices);
            let pair = Pair::of(&text);
            for request in &requests {
                compare(&pair, 0, request, &mut count.borrow_mut())
                    .map_err(|message| TestCaseError::fail(format!("{message}\n{text}")))?;
            }
            Ok(())
        },
    );
    eprintln!("{:?}", count.borrow());
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
