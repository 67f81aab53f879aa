//! Operations of a warp (PTX ISA, "Parallel Synchronization and Communication Instructions").

use super::{NONE, Row, row};
use crate::ir::opcode::Effect::Collective;
use crate::ir::opcode::Opcode::*;
use crate::ir::types::Type::*;

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row(BarWarp,  "bar.warp.sync m:u32", NONE).effect(Collective),
    row(Shfl,     "shfl.sync(.up|.down|.bfly|.idx).b32 d:b32{|q:pred}, a:b32, b:u32, c:u32, m:u32", NONE).effect(Collective),
    row(Vote,     "vote.sync(.all|.any|.uni).pred d:pred, a:pred!, m:u32", NONE).effect(Collective),
    row(Vote,     "vote.sync.ballot.b32 d:b32, a:pred!, m:u32", NONE).effect(Collective),
    row(Match,    "match.any.sync.T d:b32, a:T, m:u32", &[B32, B64]).effect(Collective),
    row(Match,    "match.all.sync.T d:b32{|q:pred}, a:T, m:u32", &[B32, B64]).effect(Collective),
    row(ActiveMask, "activemask.b32 d:b32", NONE).effect(Collective),
    row(Redux,    "redux.sync(.add|.min|.max).T d:T, a:T, m:u32", &[U32, S32]).effect(Collective),
    row(Redux,    "redux.sync(.and|.or|.xor).b32 d:b32, a:b32, m:u32", NONE).effect(Collective),
    row(Elect,    "elect.sync d:b32|q:pred, m:u32", NONE).effect(Collective),
];
