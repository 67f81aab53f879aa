//! Words, and two or four small numbers in a word, each in its own place (PTX ISA, "Video Instructions").
//!
//! Which part of a word an operand is, as `a.b2` says, is no part of a form: the parts are taken and put by other instructions.

use super::{NONE, Row, row};
use crate::ir::opcode::Opcode::*;
use crate::ir::types::Type::{self, *};

const WORD: &[Type] = &[U32, S32];

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row(VideoAdd,      "vadd.T.U(.u32|.s32){.sat} d:T, a:U, b:b32", WORD).u(WORD),
    row(VideoAdd,      "vadd.T.U(.u32|.s32){.sat}(.add|.min|.max) d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoSub,      "vsub.T.U(.u32|.s32){.sat} d:T, a:U, b:b32", WORD).u(WORD),
    row(VideoSub,      "vsub.T.U(.u32|.s32){.sat}(.add|.min|.max) d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoDistance, "vabsdiff.T.U(.u32|.s32){.sat} d:T, a:U, b:b32", WORD).u(WORD),
    row(VideoDistance, "vabsdiff.T.U(.u32|.s32){.sat}(.add|.min|.max) d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoMin,      "vmin.T.U(.u32|.s32){.sat} d:T, a:U, b:b32", WORD).u(WORD),
    row(VideoMin,      "vmin.T.U(.u32|.s32){.sat}(.add|.min|.max) d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoMax,      "vmax.T.U(.u32|.s32){.sat} d:T, a:U, b:b32", WORD).u(WORD),
    row(VideoMax,      "vmax.T.U(.u32|.s32){.sat}(.add|.min|.max) d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoShl,      "vshl.T.U.u32{.sat}(.clamp|.wrap) d:T, a:U, b:u32", WORD).u(WORD),
    row(VideoShl,      "vshl.T.U.u32{.sat}(.clamp|.wrap)(.add|.min|.max) d:T, a:U, b:u32, c:T", WORD).u(WORD),
    row(VideoShr,      "vshr.T.U.u32{.sat}(.clamp|.wrap) d:T, a:U, b:u32", WORD).u(WORD),
    row(VideoShr,      "vshr.T.U.u32{.sat}(.clamp|.wrap)(.add|.min|.max) d:T, a:U, b:u32, c:T", WORD).u(WORD),
    row(VideoSet,      "vset.U(.u32|.s32)(.eq|.ne|.lt|.le|.gt|.ge) d:u32, a:U, b:b32", NONE).u(WORD),
    row(VideoSet,      "vset.U(.u32|.s32)(.eq|.ne|.lt|.le|.gt|.ge)(.add|.min|.max) d:u32, a:U, b:b32, c:u32", NONE).u(WORD),
    row(VideoAdd,      "vadd2.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoSub,      "vsub2.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoAverage,  "vavrg2.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoDistance, "vabsdiff2.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoMin,      "vmin2.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoMax,      "vmax2.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoSet,      "vset2.U(.u32|.s32)(.eq|.ne|.lt|.le|.gt|.ge){.add} d:u32, a:U, b:b32, c:u32", NONE).u(WORD),
    row(VideoAdd,      "vadd4.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoSub,      "vsub4.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoAverage,  "vavrg4.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoDistance, "vabsdiff4.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoMin,      "vmin4.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoMax,      "vmax4.T.U(.u32|.s32){.sat|.add} d:T, a:U, b:b32, c:T", WORD).u(WORD),
    row(VideoSet,      "vset4.U(.u32|.s32)(.eq|.ne|.lt|.le|.gt|.ge){.add} d:u32, a:U, b:b32, c:u32", NONE).u(WORD),
];
