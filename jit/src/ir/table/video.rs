//! Two or four small numbers in a word (PTX ISA, "Video Instructions"), each in its own place.

use super::{NONE, Row, row};
use crate::ir::opcode::Opcode::*;
use crate::ir::types::Type::{self, *};

const WORD: &[Type] = &[U32, S32];

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
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
