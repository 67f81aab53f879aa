//! The opcode table: one row a form that is understood.
//!
//! A row's syntax is spelt as the PTX ISA spells it:
//!
//! * `.T` and `.U` stand for a type of the row's lists, `{.a|.b}` for at most one of the words, `(.a|.b)` for
//!   exactly one, `.word` for itself.
//! * Operands are `role:type`, destinations with role `d`; the type is `T`, `U`, `W` (twice as wide as `T`) or a
//!   type's name. `[a]` is an address; `v` before a type lets `.v2` and `.v4` ask for a vector,
//!   `t` is a tuple of two or four that share the type's bits; `!` after it lets a
//!   predicate be negated; `>` after it lets registers be wider than the type.
//! * `{|q:pred}` and `{, c:pred}` are operands that may be left out.

use super::opcode::Opcode::{self, *};
use super::types::Type::{self, *};

/// One form of an instruction.
#[derive(Debug)]
pub struct Row {
    /// What it does.
    pub opcode: Opcode,
    /// How it is spelt.
    pub syntax: &'static str,
    /// What `T` may be.
    pub t: &'static [Type],
    /// What `U` may be.
    pub u: &'static [Type],
}

const NONE: &[Type] = &[];
const INT: &[Type] = &[U16, U32, U64, S16, S32, S64];
const SIGNED: &[Type] = &[S16, S32, S64];
const NARROW: &[Type] = &[U16, U32, S16, S32];
const BITS: &[Type] = &[B16, B32, B64];
const LOGIC: &[Type] = &[Pred, B16, B32, B64];
const SHIFT: &[Type] = &[B16, B32, B64, U16, U32, U64, S16, S32, S64];
const COUNT: &[Type] = &[B32, B64];
const FIELD: &[Type] = &[U32, U64, S32, S64];
const VALUE: &[Type] = &[B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64];
const MOVED: &[Type] = &[Pred, B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64];
const MEMORY: &[Type] = &[
    B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F32, F64,
];
const CONVERTED: &[Type] = &[U8, U16, U32, U64, S8, S16, S32, S64, F32, F64];
const BYTES: &[Type] = &[U32, S32];
const ADDRESS: &[Type] = &[U64];
const FLAG: &[Type] = &[U32, S32, F32];

const fn row(opcode: Opcode, syntax: &'static str, t: &'static [Type]) -> Row {
    Row {
        opcode,
        syntax,
        t,
        u: NONE,
    }
}

/// Every form. Those of one name are tried in this order.
#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // Integer arithmetic.
    row(Add,      "add.T d:T, a:T, b:T", INT),
    row(Add,      "add.sat.s32 d:s32, a:s32, b:s32", NONE),
    row(Sub,      "sub.T d:T, a:T, b:T", INT),
    row(Sub,      "sub.sat.s32 d:s32, a:s32, b:s32", NONE),
    row(Mul,      "mul(.lo|.hi).T d:T, a:T, b:T", INT),
    row(MulWide,  "mul.wide.T d:W, a:T, b:T", NARROW),
    row(Mad,      "mad(.lo|.hi).T d:T, a:T, b:T, c:T", INT),
    row(MadWide,  "mad.wide.T d:W, a:T, b:T, c:W", NARROW),
    row(Div,      "div.T d:T, a:T, b:T", INT),
    row(Rem,      "rem.T d:T, a:T, b:T", INT),
    row(Abs,      "abs.T d:T, a:T", SIGNED),
    row(Neg,      "neg.T d:T, a:T", SIGNED),
    row(Min,      "min.T d:T, a:T, b:T", INT),
    row(Max,      "max.T d:T, a:T, b:T", INT),
    row(Popc,     "popc.T d:u32, a:T", COUNT),
    row(Clz,      "clz.T d:u32, a:T", COUNT),
    row(Brev,     "brev.T d:T, a:T", COUNT),
    row(Bfe,      "bfe.T d:T, a:T, b:u32, c:u32", FIELD),
    row(Bfi,      "bfi.T d:T, a:T, b:T, c:u32, e:u32", COUNT),
    row(Prmt,     "prmt.b32 d:b32, a:b32, b:b32, c:b32", NONE),
    Row { opcode: Dp4a, syntax: "dp4a.T.U d:u32, a:b32, b:b32, c:u32", t: BYTES, u: BYTES },
    // Logic and shifts.
    row(And,      "and.T d:T, a:T, b:T", LOGIC),
    row(Or,       "or.T d:T, a:T, b:T", LOGIC),
    row(Xor,      "xor.T d:T, a:T, b:T", LOGIC),
    row(Not,      "not.T d:T, a:T", LOGIC),
    row(Cnot,     "cnot.T d:T, a:T", BITS),
    row(Shl,      "shl.T d:T, a:T, b:u32", BITS),
    row(Shr,      "shr.T d:T, a:T, b:u32", SHIFT),
    row(Shf,      "shf(.l|.r)(.wrap|.clamp).b32 d:b32, a:b32, b:b32, c:u32", NONE),
    // Floating point.
    row(Add,      "add{.rn}{.ftz}{.sat}.f32 d:f32, a:f32, b:f32", NONE),
    row(Add,      "add{.rn}.f64 d:f64, a:f64, b:f64", NONE),
    row(Sub,      "sub{.rn}{.ftz}{.sat}.f32 d:f32, a:f32, b:f32", NONE),
    row(Sub,      "sub{.rn}.f64 d:f64, a:f64, b:f64", NONE),
    row(Mul,      "mul{.rn}{.ftz}{.sat}.f32 d:f32, a:f32, b:f32", NONE),
    row(Mul,      "mul{.rn}.f64 d:f64, a:f64, b:f64", NONE),
    row(Fma,      "fma.rn{.ftz}{.sat}.f32 d:f32, a:f32, b:f32, c:f32", NONE),
    row(Fma,      "fma.rn.f64 d:f64, a:f64, b:f64, c:f64", NONE),
    row(Fma,      "mad.rn{.ftz}{.sat}.f32 d:f32, a:f32, b:f32, c:f32", NONE),
    row(Fma,      "mad.rn.f64 d:f64, a:f64, b:f64, c:f64", NONE),
    row(Div,      "div(.rn|.full|.approx){.ftz}.f32 d:f32, a:f32, b:f32", NONE),
    row(Div,      "div.rn.f64 d:f64, a:f64, b:f64", NONE),
    row(Abs,      "abs{.ftz}.f32 d:f32, a:f32", NONE),
    row(Abs,      "abs.f64 d:f64, a:f64", NONE),
    row(Neg,      "neg{.ftz}.f32 d:f32, a:f32", NONE),
    row(Neg,      "neg.f64 d:f64, a:f64", NONE),
    row(Min,      "min{.ftz}{.NaN}.f32 d:f32, a:f32, b:f32", NONE),
    row(Min,      "min.f64 d:f64, a:f64, b:f64", NONE),
    row(Max,      "max{.ftz}{.NaN}.f32 d:f32, a:f32, b:f32", NONE),
    row(Max,      "max.f64 d:f64, a:f64, b:f64", NONE),
    row(Rcp,      "rcp(.rn|.approx){.ftz}.f32 d:f32, a:f32", NONE),
    row(Rcp,      "rcp.rn.f64 d:f64, a:f64", NONE),
    row(Sqrt,     "sqrt(.rn|.approx){.ftz}.f32 d:f32, a:f32", NONE),
    row(Sqrt,     "sqrt.rn.f64 d:f64, a:f64", NONE),
    row(Rsqrt,    "rsqrt.approx{.ftz}.f32 d:f32, a:f32", NONE),
    row(Sin,      "sin.approx{.ftz}.f32 d:f32, a:f32", NONE),
    row(Cos,      "cos.approx{.ftz}.f32 d:f32, a:f32", NONE),
    row(Ex2,      "ex2.approx{.ftz}.f32 d:f32, a:f32", NONE),
    row(Lg2,      "lg2.approx{.ftz}.f32 d:f32, a:f32", NONE),
    row(Tanh,     "tanh.approx.f32 d:f32, a:f32", NONE),
    row(CopySign, "copysign.f32 d:f32, a:f32, b:f32", NONE),
    row(CopySign, "copysign.f64 d:f64, a:f64, b:f64", NONE),
    row(Testp,    "testp(.finite|.infinite|.number|.notanumber|.normal|.subnormal).T d:pred, a:T", &[F32, F64]),
    // Comparison and selection.
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.lo|.ls|.hi|.hs){.and|.or|.xor}.T d:pred{|q:pred}, a:T, b:T{, c:pred!}", SHIFT),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.f32 d:pred{|q:pred}, a:f32, b:f32{, c:pred!}", NONE),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}.f64 d:pred{|q:pred}, a:f64, b:f64{, c:pred!}", NONE),
    Row { opcode: Set, syntax: "set(.eq|.ne|.lt|.le|.gt|.ge|.lo|.ls|.hi|.hs).T.U d:T, a:U, b:U", t: FLAG, u: SHIFT },
    Row { opcode: Set, syntax: "set(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.ftz}.T.U d:T, a:U, b:U", t: FLAG, u: &[F32, F64] },
    row(Selp,     "selp.T d:T, a:T, b:T, c:pred", VALUE),
    // Moving and converting.
    row(Pack,     "mov.T d:T, a:tT", COUNT),
    row(Unpack,   "mov.T d:tT, a:T", COUNT),
    row(Mov,      "mov.T d:T, a:T", MOVED),
    Row { opcode: Cvt, syntax: "cvt{.rni|.rzi|.rmi|.rpi|.rn}{.ftz}{.sat}.T.U d:T>, a:U>", t: CONVERTED, u: CONVERTED },
    row(Cvta,     "cvta.to.global.T d:T, a:T", ADDRESS),
    row(Cvta,     "cvta.global.T d:T, a:T", ADDRESS),
    // Memory.
    row(LdParam,  "ld.param{.v2|.v4}.T d:vT>, [a]", MEMORY),
    row(Ld,       "ld{.weak|.volatile}{.global}{.ca|.cg|.cs|.lu|.cv}{.nc}{.v2|.v4}.T d:vT>, [a]", MEMORY),
    row(St,       "st{.weak|.volatile}{.global}{.wb|.cg|.cs|.wt}{.v2|.v4}.T [a], b:vT>", MEMORY),
    row(LdSandbox, "ld.sandbox.T d:T>, [a]", MEMORY),
    // Control flow.
    row(Bra,      "bra{.uni} a:label", NONE),
    row(Ret,      "ret{.uni}", NONE),
    row(Exit,     "exit", NONE),
    row(Trap,     "trap", NONE),
    row(Brkpt,    "brkpt", NONE),
];
