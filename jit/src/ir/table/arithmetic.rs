//! Integers, bits, comparison, selection and control (PTX ISA, "Integer Arithmetic Instructions" and those behind it).

use super::{NONE, Row, row};
use crate::ir::opcode::Effect::Control;
use crate::ir::opcode::Opcode::*;
use crate::ir::types::Type::{self, *};

const INT: &[Type] = &[U16, U32, U64, S16, S32, S64];
const UNSIGNED: &[Type] = &[U16, U32, U64];
const SIGNED: &[Type] = &[S16, S32, S64];
const NARROW: &[Type] = &[U16, U32, S16, S32];
const PAIRS: &[Type] = &[U16x2, S16x2];
const BITS: &[Type] = &[B16, B32, B64];
const LOGIC: &[Type] = &[Pred, B16, B32, B64];
const SHIFT: &[Type] = &[B16, B32, B64, U16, U32, U64, S16, S32, S64];
const COUNT: &[Type] = &[B32, B64];
const FIELD: &[Type] = &[U32, U64, S32, S64];
const VALUE: &[Type] = &[B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64];
const MOVED: &[Type] = &[Pred, B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64];
const CONVERTED: &[Type] = &[U8, U16, U32, U64, S8, S16, S32, S64, F16, Bf16, F32, F64];
const BYTES: &[Type] = &[U32, S32];
const CARRIED: &[Type] = &[U32, S32, U64, S64];
const ADDRESS: &[Type] = &[U64];
const FLAG: &[Type] = &[U32, S32, F32];

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    // Integer arithmetic.
    row(Add,      "add.T d:T, a:T, b:T", INT),
    row(Add,      "add.T d:T, a:T, b:T", PAIRS),
    row(Add,      "add.sat.s32 d:s32, a:s32, b:s32", NONE),
    row(Sub,      "sub.T d:T, a:T, b:T", INT),
    row(Sub,      "sub.sat.s32 d:s32, a:s32, b:s32", NONE),
    row(Mul,      "mul(.lo|.hi).T d:T, a:T, b:T", INT),
    row(MulWide,  "mul.wide.T d:W, a:T, b:T", NARROW),
    row(Mad,      "mad(.lo|.hi).T d:T, a:T, b:T, c:T", INT),
    row(Mad,      "mad.hi.sat.s32 d:s32, a:s32, b:s32, c:s32", NONE),
    row(MadWide,  "mad.wide.T d:W, a:T, b:T, c:W", NARROW),
    row(Mul24,    "mul24(.lo|.hi).T d:T, a:T, b:T", BYTES),
    row(Mad24,    "mad24(.lo|.hi).T d:T, a:T, b:T, c:T", BYTES),
    row(Mad24,    "mad24.hi.sat.s32 d:s32, a:s32, b:s32, c:s32", NONE),
    row(AddCarry, "add.cc.T d:T, a:T, b:T, ^o:pred", CARRIED),
    row(AddCarry, "addc.T d:T, a:T, b:T, ^k:pred", CARRIED),
    row(AddCarry, "addc.cc.T d:T, a:T, b:T, ^o:pred, ^k:pred", CARRIED),
    row(SubCarry, "sub.cc.T d:T, a:T, b:T, ^o:pred", CARRIED),
    row(SubCarry, "subc.T d:T, a:T, b:T, ^k:pred", CARRIED),
    row(SubCarry, "subc.cc.T d:T, a:T, b:T, ^o:pred, ^k:pred", CARRIED),
    row(MadCarry, "mad(.lo|.hi).cc.T d:T, a:T, b:T, c:T, ^o:pred", CARRIED),
    row(MadCarry, "madc(.lo|.hi).T d:T, a:T, b:T, c:T, ^k:pred", CARRIED),
    row(MadCarry, "madc(.lo|.hi).cc.T d:T, a:T, b:T, c:T, ^o:pred, ^k:pred", CARRIED),
    row(Sad,      "sad.T d:T, a:T, b:T, c:T", INT),
    row(Div,      "div.T d:T, a:T, b:T", INT),
    row(Rem,      "rem.T d:T, a:T, b:T", INT),
    row(Abs,      "abs.T d:T, a:T", SIGNED),
    row(Neg,      "neg.T d:T, a:T", SIGNED),
    row(Min,      "min.T d:T, a:T, b:T", INT),
    row(Min,      "min.T d:T, a:T, b:T", PAIRS),
    row(Min,      "min.relu.s16x2 d:s16x2, a:s16x2, b:s16x2", NONE),
    row(Min,      "min.relu.s32 d:s32, a:s32, b:s32", NONE),
    row(Max,      "max.T d:T, a:T, b:T", INT),
    row(Max,      "max.T d:T, a:T, b:T", PAIRS),
    row(Max,      "max.relu.s16x2 d:s16x2, a:s16x2, b:s16x2", NONE),
    row(Max,      "max.relu.s32 d:s32, a:s32, b:s32", NONE),
    row(Popc,     "popc.T d:u32, a:T", COUNT),
    row(Clz,      "clz.T d:u32, a:T", COUNT),
    row(Bfind,    "bfind{.shiftamt}.T d:u32, a:T", FIELD),
    row(Fns,      "fns.b32 d:b32, a:b32, b:b32, c:s32", NONE),
    row(Brev,     "brev.T d:T, a:T", COUNT),
    row(Bfe,      "bfe.T d:T, a:T, b:u32, c:u32", FIELD),
    row(Bfi,      "bfi.T d:T, a:T, b:T, c:u32, e:u32", COUNT),
    row(Szext,    "szext(.clamp|.wrap).T d:T, a:T, b:u32", BYTES),
    row(Bmsk,     "bmsk(.clamp|.wrap).b32 d:b32, a:u32, b:u32", NONE),
    row(Prmt,     "prmt.b32{.f4e|.b4e|.rc8|.ecl|.ecr|.rc16} d:b32, a:b32, b:b32, c:b32", NONE),
    row(Dp4a,     "dp4a.T.U d:u32, a:b32, b:b32, c:u32", BYTES).u(BYTES),
    row(Dp2a,     "dp2a(.lo|.hi).T.U d:u32, a:b32, b:b32, c:u32", BYTES).u(BYTES),
    // Logic and shifts.
    row(And,      "and.T d:T, a:T, b:T", LOGIC),
    row(Or,       "or.T d:T, a:T, b:T", LOGIC),
    row(Xor,      "xor.T d:T, a:T, b:T", LOGIC),
    row(Not,      "not.T d:T, a:T", LOGIC),
    row(Cnot,     "cnot.T d:T, a:T", BITS),
    row(Lop3,     "lop3.b32 d:b32, a:b32, b:b32, c:b32, i:u32#", NONE),
    row(Lop3,     "lop3(.or|.and).b32 d:b32|q:pred, a:b32, b:b32, c:b32, i:u32#, p:pred!", NONE),
    row(Shl,      "shl.T d:T, a:T, b:u32", BITS),
    row(Shr,      "shr.T d:T, a:T, b:u32", SHIFT),
    row(Shf,      "shf(.l|.r)(.wrap|.clamp).b32 d:b32, a:b32, b:b32, c:u32", NONE),
    // Comparison and selection.
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.lo|.ls|.hi|.hs){.and|.or|.xor}.T d:pred{|q:pred}, a:T, b:T{, c:pred!}", UNSIGNED),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge){.and|.or|.xor}.T d:pred{|q:pred}, a:T, b:T{, c:pred!}", SIGNED),
    row(Setp,     "setp(.eq|.ne){.and|.or|.xor}.T d:pred{|q:pred}, a:T, b:T{, c:pred!}", BITS),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.f32 d:pred{|q:pred}, a:f32, b:f32{, c:pred!}", NONE),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}.f64 d:pred{|q:pred}, a:f64, b:f64{, c:pred!}", NONE),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.f16 d:pred, a:f16, b:f16{, c:pred!}", NONE),
    row(Setp,     "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}.bf16 d:pred, a:bf16, b:bf16{, c:pred!}", NONE),
    row(SetpPair, "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.f16x2 d:pred|q:pred, a:f16x2, b:f16x2{, c:pred!}", NONE),
    row(SetpPair, "setp(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}.bf16x2 d:pred|q:pred, a:bf16x2, b:bf16x2{, c:pred!}", NONE),
    row(Set,      "set(.eq|.ne|.lt|.le|.gt|.ge|.lo|.ls|.hi|.hs){.and|.or|.xor}.T.U d:T, a:U, b:U{, c:pred!}", FLAG).u(UNSIGNED),
    row(Set,      "set(.eq|.ne|.lt|.le|.gt|.ge){.and|.or|.xor}.T.U d:T, a:U, b:U{, c:pred!}", FLAG).u(SIGNED),
    row(Set,      "set(.eq|.ne){.and|.or|.xor}.T.U d:T, a:U, b:U{, c:pred!}", FLAG).u(BITS),
    row(Set,      "set(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.T.U d:T, a:U, b:U{, c:pred!}", FLAG).u(&[F32, F64]),
    row(Set,      "set(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.T.U d:T, a:U, b:U{, c:pred!}", &[F16, U16, S16, U32, S32]).u(&[F16]),
    row(Set,      "set(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}.T.U d:T, a:U, b:U{, c:pred!}", &[Bf16, U16, S16, U32, S32]).u(&[Bf16]),
    row(SetPair,  "set(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}{.ftz}.T.U d:T, a:U, b:U{, c:pred!}", &[F16x2]).u(&[F16x2]),
    row(SetPair,  "set(.eq|.ne|.lt|.le|.gt|.ge|.equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan){.and|.or|.xor}.T.U d:T, a:U, b:U{, c:pred!}", &[Bf16x2]).u(&[Bf16x2]),
    row(Selp,     "selp.T d:T, a:T, b:T, c:pred", VALUE),
    row(Slct,     "slct.T.U d:T, a:T, b:T, c:U", VALUE).u(&[S32]),
    row(Slct,     "slct{.ftz}.T.U d:T, a:T, b:T, c:U", VALUE).u(&[F32]),
    // Moving and converting.
    row(Pack,     "mov.T d:T, a:tT", &[B16, B32, B64]),
    row(Unpack,   "mov.T d:tT, a:T", &[B16, B32, B64]),
    row(Mov,      "mov.T d:T, a:T", MOVED),
    row(Cvt,      "cvt{.rni|.rzi|.rmi|.rpi|.rn|.rz|.rm|.rp}{.ftz}{.sat}.T.U d:T>, a:U>", CONVERTED).u(CONVERTED),
    row(Cvt,      "cvt(.rn|.rz){.relu}.T.f32 d:T, a:f32", &[F16, Bf16]),
    row(CvtTf32,  "cvt.rna.tf32.f32 d:b32, a:f32", NONE),
    row(CvtTf32,  "cvt(.rn|.rz){.relu}.tf32.f32 d:b32, a:f32", NONE),
    row(CvtPair,  "cvt(.rn|.rz){.relu}.T.f32 d:T, a:f32, b:f32", &[F16x2, Bf16x2]),
    row(CvtPair,  "cvt.rn.satfinite{.relu}.T.f32 d:b16, a:f32, b:f32", &[E4m3x2, E5m2x2]),
    row(CvtPair,  "cvt.rn.satfinite{.relu}.T.f16x2 d:b16, a:f16x2", &[E4m3x2, E5m2x2]),
    row(CvtPair,  "cvt.rn{.relu}.f16x2.U d:f16x2, a:b16", NONE).u(&[E4m3x2, E5m2x2]),
    row(CvtPack,  "cvt.pack.sat.T.s32 d:b32, a:s32, b:s32", &[U16, S16]),
    row(CvtPack,  "cvt.pack.sat.T.s32.b32 d:b32, a:s32, b:s32, c:b32", &[U8, S8]),
    row(Cvta,     "cvta.to(.global|.shared|.local|.const|.param|.shared::cta|.param::entry).T d:T, a:T", ADDRESS),
    row(Cvta,     "cvta(.global|.shared|.local|.const|.param|.shared::cta|.param::entry).T d:T, a:T", ADDRESS),
    row(IsSpace,  "isspacep(.global|.shared|.local|.const|.param|.shared::cta|.param::entry) d:pred, a:u64", NONE),
    // Control flow.
    row(Bra,      "bra{.uni} a:label", NONE).effect(Control),
    row(Brx,      "brx.idx{.uni} a:u32, b:label", NONE).effect(Control),
    row(Call,     "call{.uni} a:label", NONE).effect(Control),
    row(Ret,      "ret{.uni}", NONE).effect(Control),
    row(Exit,     "exit", NONE).effect(Control),
    row(Trap,     "trap", NONE).effect(Control),
    row(Brkpt,    "brkpt", NONE).effect(Control),
];
