//! Random structured programs, compiled and interpreted.

use super::device::Test;
use proptest::prelude::*;
use wasi_cuda_jit::cpu::Outcome;

/// How often a program may begin a round of any of its loops.
const FUEL: i32 = 40;
/// What a program gives that used up its fuel.
const EXHAUSTED: i32 = -1;
const THREADS: u32 = 8;

#[derive(Clone, Debug)]
enum Expression {
    Constant(i32),
    Local(usize),
    Add(Box<Expression>, Box<Expression>),
    Less(Box<Expression>, Box<Expression>),
    IsZero(Box<Expression>),
    Tee(usize, Box<Expression>),
    Choice(Box<[Expression; 3]>),
    Select(Box<[Expression; 3]>),
}

#[derive(Clone, Debug)]
enum Statement {
    Set(usize, Expression),
    If(Expression, Vec<Statement>, Vec<Statement>),
    Block(Vec<Statement>),
    Loop(Vec<Statement>),
    /// To the label at a depth, taken modulo how many there are; one more is a return.
    Branch(usize),
    BranchIf(usize, Expression),
    Table(Vec<usize>, Expression),
}

use Expression as E;
use Statement as S;

fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (-3..6i32).prop_map(E::Constant),
        (0..3usize).prop_map(E::Local)
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let three = || [inner.clone(), inner.clone(), inner.clone()].prop_map(Box::new);
        prop_oneof![
            (boxed(), boxed()).prop_map(|(a, b)| E::Add(a, b)),
            (boxed(), boxed()).prop_map(|(a, b)| E::Less(a, b)),
            boxed().prop_map(E::IsZero),
            (0..3usize, boxed()).prop_map(|(local, value)| E::Tee(local, value)),
            three().prop_map(E::Choice),
            three().prop_map(E::Select),
        ]
    })
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let set = (0..3usize, expressions()).prop_map(|(local, value)| S::Set(local, value));
    let leaf = prop_oneof![
        4 => set,
        1 => (0..4usize).prop_map(S::Branch),
        3 => (0..4usize, expressions()).prop_map(|(depth, value)| S::BranchIf(depth, value)),
        1 => (prop::collection::vec(0..4usize, 1..6), expressions())
            .prop_map(|(depths, value)| S::Table(depths, value)),
    ];
    let statement = leaf.prop_recursive(4, 40, 5, |inner| {
        let body = || prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            (expressions(), body(), body()).prop_map(|(c, then, other)| S::If(c, then, other)),
            body().prop_map(S::Block),
            body().prop_map(S::Loop),
        ]
    });
    prop::collection::vec(statement, 1..6)
}

impl Expression {
    fn text(&self) -> String {
        match self {
            E::Constant(value) => format!("(i32.const {value})"),
            E::Local(local) => format!("(local.get {local})"),
            E::Add(a, b) => format!("(i32.add {} {})", a.text(), b.text()),
            E::Less(a, b) => format!("(i32.lt_s {} {})", a.text(), b.text()),
            E::IsZero(a) => format!("(i32.eqz {})", a.text()),
            E::Tee(local, value) => format!("(local.tee {local} {})", value.text()),
            E::Choice(of) => {
                let [condition, a, b] = of.each_ref().map(Expression::text);
                format!("(if (result i32) {condition} (then {a}) (else {b}))")
            }
            E::Select(of) => {
                let [a, b, condition] = of.each_ref().map(Expression::text);
                format!("(select {a} {b} {condition})")
            }
        }
    }

    fn value(&self, locals: &mut [i32; 3]) -> i32 {
        match self {
            E::Constant(value) => *value,
            E::Local(local) => locals[*local],
            E::Add(a, b) => a.value(locals).wrapping_add(b.value(locals)),
            E::Less(a, b) => (a.value(locals) < b.value(locals)).into(),
            E::IsZero(a) => (a.value(locals) == 0).into(),
            E::Tee(local, value) => {
                locals[*local] = value.value(locals);
                locals[*local]
            }
            E::Choice(of) => match of[0].value(locals) {
                0 => of[2].value(locals),
                _ => of[1].value(locals),
            },
            E::Select(of) => {
                let [a, b, condition] = of.each_ref().map(|part| part.value(locals));
                if condition == 0 { b } else { a }
            }
        }
    }
}

/// What a program gives: a number that its locals decide.
const RESULT: &str = "(i32.add (local.get 0) (i32.mul (i32.const 31) (i32.add (local.get 1) (i32.mul (i32.const 31) (local.get 2)))))";

fn result([a, b, c]: [i32; 3]) -> i32 {
    let inner = b.wrapping_add(c.wrapping_mul(31));
    a.wrapping_add(inner.wrapping_mul(31))
}

fn text(statements: &[Statement], labels: usize) -> String {
    let branch = |depth: usize| match depth % (labels + 1) {
        depth if depth == labels => format!("(return {RESULT})"),
        depth => format!("(br {depth})"),
    };
    let one = |statement: &Statement| match statement {
        S::Set(local, value) => format!("(local.set {local} {})", value.text()),
        S::If(condition, then, otherwise) => format!(
            "(if {} (then {}) (else {}))",
            condition.text(),
            text(then, labels + 1),
            text(otherwise, labels + 1)
        ),
        S::Block(body) => format!("(block {})", text(body, labels + 1)),
        S::Loop(body) => format!(
            "(loop (if (i32.eqz (local.get 3)) (then (return (i32.const {EXHAUSTED}))))
                (local.set 3 (i32.sub (local.get 3) (i32.const 1))) {})",
            text(body, labels + 1)
        ),
        S::Branch(depth) => branch(*depth),
        S::BranchIf(depth, value) => match depth % (labels + 1) {
            depth if depth == labels => format!("(if {} (then {}))", value.text(), branch(depth)),
            depth => format!("(br_if {depth} {})", value.text()),
        },
        S::Table(..) if labels == 0 => String::new(),
        S::Table(depths, value) => {
            let depths: Vec<String> = depths.iter().map(|at| (at % labels).to_string()).collect();
            format!("(br_table {} {})", depths.join(" "), value.text())
        }
    };
    statements.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// How statements end.
enum Flow {
    Next,
    Branch(usize),
    Return(i32),
}

struct Machine {
    locals: [i32; 3],
    fuel: i32,
}

impl Machine {
    fn run(&mut self, statements: &[Statement], labels: usize) -> Flow {
        for statement in statements {
            match self.step(statement, labels) {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    }

    fn step(&mut self, statement: &Statement, labels: usize) -> Flow {
        match statement {
            S::Set(local, value) => {
                self.locals[*local] = value.value(&mut self.locals);
                Flow::Next
            }
            S::If(condition, then, otherwise) => {
                let taken = condition.value(&mut self.locals) != 0;
                let body = if taken { then } else { otherwise };
                leave(self.run(body, labels + 1))
            }
            S::Block(body) => leave(self.run(body, labels + 1)),
            S::Loop(body) => loop {
                if self.fuel == 0 {
                    return Flow::Return(EXHAUSTED);
                }
                self.fuel -= 1;
                match self.run(body, labels + 1) {
                    Flow::Branch(0) => {}
                    other => return leave(other),
                }
            },
            S::Branch(depth) => self.branch(depth % (labels + 1), labels),
            S::BranchIf(depth, value) => match value.value(&mut self.locals) {
                0 => Flow::Next,
                _ => self.branch(depth % (labels + 1), labels),
            },
            S::Table(..) if labels == 0 => Flow::Next,
            S::Table(depths, value) => {
                let index = value.value(&mut self.locals).cast_unsigned() as usize;
                let depth = depths[index.min(depths.len() - 1)];
                Flow::Branch(depth % labels)
            }
        }
    }

    fn branch(&self, depth: usize, labels: usize) -> Flow {
        match depth {
            depth if depth == labels => Flow::Return(result(self.locals)),
            depth => Flow::Branch(depth),
        }
    }
}

/// What the end of a block's body is outside of the block.
fn leave(flow: Flow) -> Flow {
    match flow {
        Flow::Branch(0) => Flow::Next,
        Flow::Branch(depth) => Flow::Branch(depth - 1),
        other => other,
    }
}

fn interpreted(program: &[Statement], thread: u32) -> i32 {
    let mut machine = Machine {
        locals: [thread as i32, 7 - thread as i32, 3],
        fuel: FUEL,
    };
    match machine.run(program, 0) {
        Flow::Return(value) => value,
        _ => result(machine.locals),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn programs_do_what_they_say(program in statements()) {
        let source = format!(
            r#"(func $f (param i32 i32 i32) (result i32) (local i32)
                (local.set 3 (i32.const {FUEL}))
                {} {RESULT})
            (func (export "k") (param $out i64)
                (i32.store
                    (i64.add (local.get $out) (i64.extend_i32_u (i32.mul (call $thread) (i32.const 4))))
                    (call $f (call $thread) (i32.sub (i32.const 7) (call $thread)) (i32.const 3))))"#,
            text(&program, 0)
        );
        let ended = Test::new(&source).threads(1, THREADS).run();
        prop_assert_eq!(ended.outcome, Outcome::Completed);
        for thread in 0..THREADS {
            let given = ended.word(thread as usize) as i32;
            prop_assert_eq!(given, interpreted(&program, thread), "thread {} of\n{}", thread, source);
        }
    }
}
