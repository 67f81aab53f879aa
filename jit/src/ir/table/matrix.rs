//! Matrices held by a warp (PTX ISA, "Warp Level Matrix Multiply-Accumulate Instructions"). A fragment's registers are counted in the
//! row; which element lies where follows from the shape.

use super::{NONE, Row, row};
use crate::ir::opcode::Effect::Collective;
use crate::ir::opcode::Opcode::*;
use crate::ir::types::Type::{self, *};

const BYTE: &[Type] = &[U8, S8];
const NIBBLE: &[Type] = &[U4, S4];
const QUARTER: &[Type] = &[E4m3, E5m2];

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    // mma.sync
    row(Mma, "mma.sync.aligned.m8n8k4(.row|.col)(.row|.col).f16.f16.f16.f16 d:4b32, a:2b32, b:2b32, c:4b32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m8n8k4(.row|.col)(.row|.col).f32.f16.f16.f16 d:8f32, a:2b32, b:2b32, c:4b32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m8n8k4(.row|.col)(.row|.col).f32.f16.f16.f32 d:8f32, a:2b32, b:2b32, c:8f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 d:2b32, a:2b32, b:1b32, c:2b32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 d:4f32, a:2b32, b:1b32, c:4f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 d:4f32, a:2b32, b:1b32, c:4f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 d:2b32, a:4b32, b:2b32, c:2b32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 d:4f32, a:4b32, b:2b32, c:4f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 d:4f32, a:4b32, b:2b32, c:4f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 d:4f32, a:2b32, b:1b32, c:4f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 d:4f32, a:4b32, b:2b32, c:4f32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m8n8k4.row.col{.rn|.rz|.rm|.rp}.f64.f64.f64.f64 d:2f64, a:1f64, b:1f64, c:2f64", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k4.row.col{.rn|.rz|.rm|.rp}.f64.f64.f64.f64 d:4f64, a:2f64, b:1f64, c:4f64", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k8.row.col{.rn|.rz|.rm|.rp}.f64.f64.f64.f64 d:4f64, a:4f64, b:2f64, c:4f64", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col{.rn|.rz|.rm|.rp}.f64.f64.f64.f64 d:4f64, a:8f64, b:4f64, c:4f64", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m8n8k16.row.col{.satfinite}.s32.T.U.s32 d:2s32, a:1b32, b:1b32, c:2s32", BYTE).u(BYTE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col{.satfinite}.s32.T.U.s32 d:4s32, a:2b32, b:1b32, c:4s32", BYTE).u(BYTE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k32.row.col{.satfinite}.s32.T.U.s32 d:4s32, a:4b32, b:2b32, c:4s32", BYTE).u(BYTE).effect(Collective),
    row(Mma, "mma.sync.aligned.m8n8k32.row.col{.satfinite}.s32.T.U.s32 d:2s32, a:1b32, b:1b32, c:2s32", NIBBLE).u(NIBBLE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k32.row.col{.satfinite}.s32.T.U.s32 d:4s32, a:2b32, b:1b32, c:4s32", NIBBLE).u(NIBBLE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k64.row.col{.satfinite}.s32.T.U.s32 d:4s32, a:4b32, b:2b32, c:4s32", NIBBLE).u(NIBBLE).effect(Collective),
    row(Mma, "mma.sync.aligned.m8n8k128.row.col.s32.b1.b1.s32(.xor|.and).popc d:2s32, a:1b32, b:1b32, c:2s32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k128.row.col.s32.b1.b1.s32(.xor|.and).popc d:4s32, a:2b32, b:1b32, c:4s32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32(.xor|.and).popc d:4s32, a:4b32, b:2b32, c:4s32", NONE).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col.f32.T.U.f32 d:4f32, a:2b32, b:1b32, c:4f32", QUARTER).u(QUARTER).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k16.row.col.f16.T.U.f16 d:2b32, a:2b32, b:1b32, c:2b32", QUARTER).u(QUARTER).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k32.row.col.f32.T.U.f32 d:4f32, a:4b32, b:2b32, c:4f32", QUARTER).u(QUARTER).effect(Collective),
    row(Mma, "mma.sync.aligned.m16n8k32.row.col.f16.T.U.f16 d:2b32, a:4b32, b:2b32, c:2b32", QUARTER).u(QUARTER).effect(Collective),
    // Rows of 16 bytes between shared memory and registers. CUTLASS writes the shape last.
    row(LdMatrix, "ldmatrix.sync.aligned.m8n8(.x1|.x2|.x4){.trans}{.shared|.shared::cta}.b16 d:xb32, [a]", NONE).effect(Collective),
    row(LdMatrix, "ldmatrix.sync.aligned(.x1|.x2|.x4){.trans}.m8n8{.shared|.shared::cta}.b16 d:xb32, [a]", NONE).effect(Collective),
    row(StMatrix, "stmatrix.sync.aligned.m8n8(.x1|.x2|.x4){.trans}{.shared|.shared::cta}.b16 [a], b:xb32", NONE).effect(Collective),
    row(StMatrix, "stmatrix.sync.aligned(.x1|.x2|.x4){.trans}.m8n8{.shared|.shared::cta}.b16 [a], b:xb32", NONE).effect(Collective),
    row(MovMatrix, "movmatrix.sync.aligned.m8n8.trans.b16 d:b32, a:b32", NONE).effect(Collective),
    // wmma: loads
    row(WmmaLoad, "wmma.load(.a|.b).sync.aligned(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16){.global|.shared|.shared::cta}.f16 d:8b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.c.sync.aligned(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16){.global|.shared|.shared::cta}.f16 d:4b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.c.sync.aligned(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16){.global|.shared|.shared::cta}.T d:8T, [a]{, s:u32}", &[F32, S32]).effect(Collective),
    row(WmmaLoad, "wmma.load(.a|.b).sync.aligned(.row|.col).m16n16k16{.global|.shared|.shared::cta}.bf16 d:4b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.a.sync.aligned(.row|.col).m8n32k16{.global|.shared|.shared::cta}.bf16 d:2b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.b.sync.aligned(.row|.col).m8n32k16{.global|.shared|.shared::cta}.bf16 d:8b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.a.sync.aligned(.row|.col).m32n8k16{.global|.shared|.shared::cta}.bf16 d:8b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.b.sync.aligned(.row|.col).m32n8k16{.global|.shared|.shared::cta}.bf16 d:2b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load(.a|.b).sync.aligned(.row|.col).m16n16k16{.global|.shared|.shared::cta}.T d:2b32, [a]{, s:u32}", BYTE).effect(Collective),
    row(WmmaLoad, "wmma.load.a.sync.aligned(.row|.col).m32n8k16{.global|.shared|.shared::cta}.T d:4b32, [a]{, s:u32}", BYTE).effect(Collective),
    row(WmmaLoad, "wmma.load.b.sync.aligned(.row|.col).m32n8k16{.global|.shared|.shared::cta}.T d:1b32, [a]{, s:u32}", BYTE).effect(Collective),
    row(WmmaLoad, "wmma.load.a.sync.aligned(.row|.col).m8n32k16{.global|.shared|.shared::cta}.T d:1b32, [a]{, s:u32}", BYTE).effect(Collective),
    row(WmmaLoad, "wmma.load.b.sync.aligned(.row|.col).m8n32k16{.global|.shared|.shared::cta}.T d:4b32, [a]{, s:u32}", BYTE).effect(Collective),
    row(WmmaLoad, "wmma.load(.a|.b).sync.aligned(.row|.col).m16n16k8{.global|.shared|.shared::cta}.tf32 d:4b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.c.sync.aligned(.row|.col).m16n16k8{.global|.shared|.shared::cta}.f32 d:8f32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load(.a|.b).sync.aligned(.row|.col).m8n8k4{.global|.shared|.shared::cta}.f64 d:1f64, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.c.sync.aligned(.row|.col).m8n8k4{.global|.shared|.shared::cta}.f64 d:2f64, [a]{, s:u32}", NONE).effect(Collective),
    // wmma: stores
    row(WmmaStore, "wmma.store.d.sync.aligned(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16){.global|.shared|.shared::cta}.f16 [a], b:4b32{, s:u32}", NONE).effect(Collective),
    row(WmmaStore, "wmma.store.d.sync.aligned(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16){.global|.shared|.shared::cta}.T [a], b:8T{, s:u32}", &[F32, S32]).effect(Collective),
    row(WmmaStore, "wmma.store.d.sync.aligned(.row|.col).m16n16k8{.global|.shared|.shared::cta}.f32 [a], b:8f32{, s:u32}", NONE).effect(Collective),
    row(WmmaStore, "wmma.store.d.sync.aligned(.row|.col).m8n8k4{.global|.shared|.shared::cta}.f64 [a], b:2f64{, s:u32}", NONE).effect(Collective),
    // wmma: products
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16).f16.f16 d:4b32, a:8b32, b:8b32, c:4b32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16).f32.f16 d:8f32, a:8b32, b:8b32, c:4b32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16).f16.f32 d:4b32, a:8b32, b:8b32, c:8f32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col)(.m16n16k16|.m32n8k16|.m8n32k16).f32.f32 d:8f32, a:8b32, b:8b32, c:8f32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m16n16k16.f32.bf16.bf16.f32 d:8f32, a:4b32, b:4b32, c:8f32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m8n32k16.f32.bf16.bf16.f32 d:8f32, a:2b32, b:8b32, c:8f32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m32n8k16.f32.bf16.bf16.f32 d:8f32, a:8b32, b:2b32, c:8f32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m16n16k8.f32.tf32.tf32.f32 d:8f32, a:4b32, b:4b32, c:8f32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m8n8k4{.rn|.rz|.rm|.rp}.f64.f64.f64.f64 d:2f64, a:1f64, b:1f64, c:2f64", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m16n16k16.s32.u8.u8.s32{.satfinite} d:8s32, a:2b32, b:2b32, c:8s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m16n16k16.s32.s8.s8.s32{.satfinite} d:8s32, a:2b32, b:2b32, c:8s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m32n8k16.s32.u8.u8.s32{.satfinite} d:8s32, a:4b32, b:1b32, c:8s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m32n8k16.s32.s8.s8.s32{.satfinite} d:8s32, a:4b32, b:1b32, c:8s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m8n32k16.s32.u8.u8.s32{.satfinite} d:8s32, a:1b32, b:4b32, c:8s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned(.row|.col)(.row|.col).m8n32k16.s32.s8.s8.s32{.satfinite} d:8s32, a:1b32, b:4b32, c:8s32", NONE).effect(Collective),
    // wmma: elements of less than a byte
    row(WmmaLoad, "wmma.load.a.sync.aligned.row.m8n8k32{.global|.shared|.shared::cta}.T d:1b32, [a]{, s:u32}", NIBBLE).effect(Collective),
    row(WmmaLoad, "wmma.load.b.sync.aligned.col.m8n8k32{.global|.shared|.shared::cta}.T d:1b32, [a]{, s:u32}", NIBBLE).effect(Collective),
    row(WmmaLoad, "wmma.load.a.sync.aligned.row.m8n8k128{.global|.shared|.shared::cta}.b1 d:1b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.b.sync.aligned.col.m8n8k128{.global|.shared|.shared::cta}.b1 d:1b32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaLoad, "wmma.load.c.sync.aligned(.row|.col)(.m8n8k32|.m8n8k128){.global|.shared|.shared::cta}.s32 d:2s32, [a]{, s:u32}", NONE).effect(Collective),
    row(WmmaStore, "wmma.store.d.sync.aligned(.row|.col)(.m8n8k32|.m8n8k128){.global|.shared|.shared::cta}.s32 [a], b:2s32{, s:u32}", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned.row.col.m8n8k32.s32.u4.u4.s32{.satfinite} d:2s32, a:1b32, b:1b32, c:2s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma.sync.aligned.row.col.m8n8k32.s32.s4.s4.s32{.satfinite} d:2s32, a:1b32, b:1b32, c:2s32", NONE).effect(Collective),
    row(WmmaMma, "wmma.mma(.xor|.and).popc.sync.aligned.row.col.m8n8k128.s32.b1.b1.s32 d:2s32, a:1b32, b:1b32, c:2s32", NONE).effect(Collective),
];
