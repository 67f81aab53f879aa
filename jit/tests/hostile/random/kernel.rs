//! Kernels at random: arithmetic that makes addresses, accesses of every width and space, conditions and loops that end.

use super::RECORD;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Write as _;

/// Bytes of a block's shared, and a thread's local memory.
pub(super) const TILE: u64 = 128;
pub(super) const STACK: u64 = 64;
/// Registers of 64 and of 32 bits that statements read and write.
pub(super) const LONGS: usize = 5;
pub(super) const WORDS: usize = 4;

/// Where an access is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Global,
    Shared,
    Local,
    Generic,
}

/// What two registers of 64 bits become.
#[derive(Clone, Copy, Debug)]
pub(super) enum Long {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Mul,
}

/// What two registers of 32 bits become.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    Add,
    Sub,
    Mul,
    And,
}

/// Where the address of an access comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    Long(usize),
    /// A register of 32 bits, in shared memory.
    Word(usize),
}

/// A load, or a store, of so many elements of so many bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) space: Space,
    pub(super) stores: bool,
    pub(super) element: u32,
    pub(super) count: u32,
    pub(super) base: Base,
    pub(super) offset: i32,
    /// The first register that is loaded or stored, of 64 bits.
    pub(super) value: usize,
}

impl Access {
    pub(super) fn size(&self) -> u32 {
        self.element * self.count
    }
}

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Long(Long, usize, usize, usize),
    LongBy(Long, usize, usize, u64),
    Shift(usize, usize, u32),
    Word(Word, usize, usize, usize),
    WordBy(Word, usize, usize, u32),
    /// A register of 32 bits, taken signed or not, times a constant.
    Widen(usize, usize, bool, u32),
    Narrow(usize, usize),
    Access(Access),
    /// Done where a register of 32 bits is less than a number.
    If(usize, u32, Vec<Statement>),
    /// Done as often as a register's lowest bits say, and once more.
    Repeat(usize, Vec<Statement>),
}

/// A kernel over `data`, `out`, `at` and `n`.
#[derive(Clone, Debug)]
pub(super) struct Kernel(pub(super) Vec<Statement>);

fn long() -> impl Strategy<Value = usize> + Clone {
    0..LONGS
}

fn word() -> impl Strategy<Value = usize> + Clone {
    0..WORDS
}

fn access() -> impl Strategy<Value = Access> {
    let spaces = vec![
        Space::Global,
        Space::Global,
        Space::Generic,
        Space::Shared,
        Space::Local,
    ];
    let shapes = vec![
        (1, 1),
        (2, 1),
        (4, 1),
        (8, 1),
        (1, 2),
        (1, 4),
        (2, 2),
        (2, 4),
        (4, 2),
        (4, 4),
        (8, 2),
    ];
    let offset = prop_oneof![
        4 => select(vec![0, 0, 8, 16, -8, 4, 1, 64, 128, 1016]),
        1 => -2048..2048i32,
        1 => select(vec![i32::MAX, i32::MIN, i32::MIN + 8]),
    ];
    (
        select(spaces),
        any::<bool>(),
        select(shapes),
        0..LONGS + WORDS,
        offset,
        long(),
    )
        .prop_map(
            |(space, stores, (element, count), base, offset, value)| Access {
                space,
                stores,
                element,
                count,
                base: match base.checked_sub(LONGS) {
                    Some(word) if space == Space::Shared => Base::Word(word),
                    _ => Base::Long(base % LONGS),
                },
                offset,
                value,
            },
        )
}

fn simple() -> impl Strategy<Value = Statement> {
    let longs = select(vec![
        Long::Add,
        Long::Sub,
        Long::And,
        Long::Or,
        Long::Xor,
        Long::Mul,
    ]);
    let words = select(vec![Word::Add, Word::Sub, Word::Mul, Word::And]);
    let constant = prop_oneof![
        4 => select(vec![0, 1, 4, 8, 16, 56, 120, 248, 1023, u64::MAX - 7, u64::MAX]),
        1 => any::<u64>(),
    ];
    let small = prop_oneof![4 => 0..64u32, 1 => any::<u32>()];
    prop_oneof![
        2 => (longs.clone(), long(), long(), long()).prop_map(|(op, d, a, b)| Statement::Long(op, d, a, b)),
        2 => (longs, long(), long(), constant).prop_map(|(op, d, a, b)| Statement::LongBy(op, d, a, b)),
        1 => (long(), long(), 0..64u32).prop_map(|(d, a, by)| Statement::Shift(d, a, by)),
        1 => (words.clone(), word(), word(), word()).prop_map(|(op, d, a, b)| Statement::Word(op, d, a, b)),
        1 => (words, word(), word(), small).prop_map(|(op, d, a, b)| Statement::WordBy(op, d, a, b)),
        2 => (long(), word(), any::<bool>(), select(vec![1, 4, 8, 16])).prop_map(|(d, a, signed, by)| Statement::Widen(d, a, signed, by)),
        1 => (word(), long()).prop_map(|(d, a)| Statement::Narrow(d, a)),
        2 => access().prop_map(Statement::Access),
    ]
}

/// Makes a register an address in `data`, or one of the small spaces, whatever it holds.
fn tamed() -> impl Strategy<Value = Vec<Statement>> {
    let likely = select(vec![
        Space::Global,
        Space::Generic,
        Space::Shared,
        Space::Local,
    ]);
    let astray = prop::bool::weighted(0.1);
    (long(), likely, access(), astray).prop_map(|(register, space, access, astray)| {
        let mask = if space == Space::Local { STACK } else { TILE } - 16;
        let mut statements = vec![Statement::LongBy(Long::And, register, register, mask)];
        if matches!(space, Space::Global | Space::Generic) && register != 0 {
            statements.push(Statement::Long(Long::Add, register, register, 0));
        }
        statements.push(Statement::Access(Access {
            space,
            base: Base::Long(register),
            offset: if astray { access.offset } else { 0 },
            ..access
        }));
        statements
    })
}

fn statement() -> impl Strategy<Value = Vec<Statement>> {
    let leaf = prop_oneof![
        2 => simple().prop_map(|statement| vec![statement]),
        3 => tamed(),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        let body = prop::collection::vec(inner, 1..4).prop_map(|bodies| bodies.concat());
        prop_oneof![
            (word(), 0..8u32, body.clone())
                .prop_map(|(r, below, body)| vec![Statement::If(r, below, body)]),
            (word(), body).prop_map(|(r, body)| vec![Statement::Repeat(r, body)]),
        ]
    })
}

pub(super) fn kernel() -> impl Strategy<Value = Kernel> {
    prop::collection::vec(statement(), 1..7).prop_map(|statements| Kernel(statements.concat()))
}

impl Kernel {
    /// Whether it stores where other threads could see it: in the window, or in shared memory.
    pub(super) fn writes_global(&self) -> bool {
        fn writes(statement: &Statement) -> bool {
            match statement {
                Statement::Access(access) => access.stores && access.space != Space::Local,
                Statement::If(_, _, body) | Statement::Repeat(_, body) => body.iter().any(writes),
                _ => false,
            }
        }
        self.0.iter().any(writes)
    }

    /// As PTX. The generic addresses of both arrays lie in local memory at first; every register ends in the thread's record.
    pub(super) fn text(&self) -> String {
        let mut printer = Printer::default();
        for statement in &self.0 {
            printer.statement(statement);
        }
        let mut end = String::new();
        for number in 0..LONGS {
            let _ = writeln!(end, "st.global.u64 [%record+{}], %d{number};", 8 * number);
        }
        for number in 0..WORDS {
            let _ = writeln!(
                end,
                "st.global.u32 [%record+{}], %r{number};",
                8 * LONGS + 4 * number
            );
        }
        format!(
            ".version 8.0\n.target sm_80\n.address_size 64\n\
             .visible .entry kernel(.param .u64 data, .param .u64 out, .param .u64 at, .param .u32 n)\n{{\n\
             .reg .pred %p<{predicates}>;\n.reg .b32 %r<{WORDS}>, %count<{counters}>, %thread, %w<4>;\n\
             .reg .b64 %d<{LONGS}>, %record, %at;\n.reg .b16 %h<4>;\n\
             .shared .align 16 .b8 tile[{TILE}];\n.local .align 16 .b8 stack[{STACK}];\n\
             mov.u32 %thread, %tid.x;\nld.param.u64 %record, [out];\nmul.wide.u32 %at, %thread, {RECORD};\n\
             add.u64 %record, %record, %at;\nld.param.u64 %d0, [data];\nld.param.u64 %d1, [at];\n\
             mul.wide.u32 %at, %thread, 8;\nadd.u64 %at, %at, %d0;\nld.global.u64 %d2, [%at];\n\
             ld.param.u32 %r1, [n];\nmov.u32 %r0, %thread;\n\
             cvta.shared.u64 %at, tile;\nst.local.u64 [stack+8], %at;\n\
             cvta.local.u64 %at, stack;\nst.local.u64 [stack+16], %at;\n\
             {body}{end}ret;\n}}\n",
            predicates = printer.predicates + 1,
            counters = printer.counters + 1,
            body = printer.text,
        )
    }
}

#[derive(Default)]
struct Printer {
    text: String,
    predicates: usize,
    counters: usize,
}

impl Printer {
    fn line(&mut self, line: String) {
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Long(op, d, a, b) => {
                self.line(format!("{} %d{d}, %d{a}, %d{b};", op.name()))
            }
            Statement::LongBy(op, d, a, b) => {
                self.line(format!("{} %d{d}, %d{a}, {};", op.name(), *b as i64))
            }
            Statement::Shift(d, a, by) => self.line(format!("shl.b64 %d{d}, %d{a}, {by};")),
            Statement::Word(op, d, a, b) => {
                self.line(format!("{} %r{d}, %r{a}, %r{b};", op.name()))
            }
            Statement::WordBy(op, d, a, b) => {
                self.line(format!("{} %r{d}, %r{a}, {};", op.name(), *b as i32))
            }
            Statement::Widen(d, a, signed, by) => {
                let ty = if *signed { "s32" } else { "u32" };
                self.line(format!("mul.wide.{ty} %d{d}, %r{a}, {by};"));
            }
            Statement::Narrow(d, a) => self.line(format!("cvt.u32.u64 %r{d}, %d{a};")),
            Statement::Access(access) => self.access(access),
            Statement::If(r, below, body) => {
                let number = self.predicates;
                self.predicates += 1;
                self.line(format!(
                    "setp.ge.u32 %p{number}, %r{r}, {below};\n@%p{number} bra SKIP{number};"
                ));
                body.iter().for_each(|statement| self.statement(statement));
                self.line(format!("SKIP{number}:"));
            }
            Statement::Repeat(r, body) => {
                let (number, counter) = (self.predicates, self.counters);
                self.predicates += 1;
                self.counters += 1;
                self.line(format!("and.b32 %count{counter}, %r{r}, 3;\nNEXT{number}:"));
                body.iter().for_each(|statement| self.statement(statement));
                self.line(format!(
                    "sub.u32 %count{counter}, %count{counter}, 1;\nsetp.ge.s32 %p{number}, %count{counter}, 0;\n@%p{number} bra NEXT{number};"
                ));
            }
        }
    }

    /// Elements narrower than 64 bits go through registers of their own.
    fn access(&mut self, access: &Access) {
        let space = match access.space {
            Space::Global => ".global",
            Space::Shared => ".shared",
            Space::Local => ".local",
            Space::Generic => "",
        };
        let base = match access.base {
            Base::Long(number) => format!("%d{number}"),
            Base::Word(number) => format!("%r{number}"),
        };
        let (ty, kind) = match access.element {
            1 => ("u8", "w"),
            2 => ("u16", "h"),
            4 => ("u32", "w"),
            _ => ("u64", "d"),
        };
        let long = |index: u32| (access.value + index as usize) % LONGS;
        let register = |index: u32| match kind {
            "d" => format!("%d{}", long(index)),
            kind => format!("%{kind}{index}"),
        };
        let registers: Vec<String> = (0..access.count).map(register).collect();
        let (vector, operand) = match access.count {
            1 => (String::new(), registers.concat()),
            count => (
                format!(".v{count}"),
                format!("{{{}}}", registers.join(", ")),
            ),
        };
        let convert = match kind {
            "h" => "cvt.u16.u64",
            _ => "cvt.u32.u64",
        };
        let address = format!("[{base}+{}]", access.offset);
        if access.stores {
            if kind != "d" {
                for (index, register) in (0..access.count).zip(&registers) {
                    self.line(format!("{convert} {register}, %d{};", long(index)));
                }
            }
            return self.line(format!("st{space}{vector}.{ty} {address}, {operand};"));
        }
        self.line(format!("ld{space}{vector}.{ty} {operand}, {address};"));
        if kind != "d" {
            let widen = if kind == "h" {
                "cvt.u64.u16"
            } else {
                "cvt.u64.u32"
            };
            for (index, register) in (0..access.count).zip(&registers) {
                self.line(format!("{widen} %d{}, {register};", long(index)));
            }
        }
    }
}

impl Long {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add.u64",
            Self::Sub => "sub.u64",
            Self::And => "and.b64",
            Self::Or => "or.b64",
            Self::Xor => "xor.b64",
            Self::Mul => "mul.lo.u64",
        }
    }
}

impl Word {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add.u32",
            Self::Sub => "sub.u32",
            Self::Mul => "mul.lo.u32",
            Self::And => "and.b32",
        }
    }
}
