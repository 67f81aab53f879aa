//! Memory (PTX ISA, "Data Movement and Conversion Instructions", "Parallel Synchronization and Communication Instructions").

use super::{NONE, Row, row};
use crate::ir::opcode::Effect::{Atomic, Collective, Copy, Fence, Hint, Load, Store};
use crate::ir::opcode::Opcode::*;
use crate::ir::types::Type::{self, *};

const MEMORY: &[Type] = &[
    B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F32, F64,
];
const BIT: &[Type] = &[B32, B64];
const SUM: &[Type] = &[U32, S32, U64, F32, F64];
const LEAST: &[Type] = &[U32, U64, S32, S64];
const HALVES: &[Type] = &[F16, F16x2, Bf16, Bf16x2];
const SWAP: &[Type] = &[B16, B32, B64];

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row(LdParam,  "ld(.param|.param::entry|.param::func){.v2|.v4}.T d:vT>, [a]", MEMORY),
    row(StParam,  "st(.param|.param::func){.v2|.v4}.T [a], b:vT>", MEMORY).effect(Store),
    row(Ld,       "ld{.weak|.volatile|.mmio}{.relaxed|.acquire}{.cta|.cluster|.gpu|.sys}{.global|.shared|.local|.const|.shared::cta}{.ca|.cg|.cs|.lu|.cv}{.nc}{.L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate}{.L2::64B|.L2::128B|.L2::256B}{.v2|.v4}.T d:vT>, [a]", MEMORY).effect(Load),
    row(Ld,       "ld{.weak|.volatile}{.relaxed|.acquire}{.cta|.cluster|.gpu|.sys}{.global}{.ca|.cg|.cs|.lu|.cv}{.nc}{.L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate}.L2::cache_hint{.L2::64B|.L2::128B|.L2::256B}{.v2|.v4}.T d:vT>, [a], p:b64", MEMORY).effect(Load),
    row(Ldu,      "ldu{.global}{.v2|.v4}.T d:vT>, [a]", MEMORY).effect(Load),
    row(St,       "st{.weak|.volatile|.mmio}{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global|.shared|.local|.shared::cta}{.wb|.cg|.cs|.wt}{.L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate}{.v2|.v4}.T [a], b:vT>", MEMORY).effect(Store),
    row(St,       "st{.weak|.volatile}{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global}{.wb|.cg|.cs|.wt}{.L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate}.L2::cache_hint{.v2|.v4}.T [a], b:vT>, p:b64", MEMORY).effect(Store),
    row(LdSandbox, "ld.sandbox.T d:T>, [a]", MEMORY).effect(Load),
    row(Prefetch, "prefetch{.global|.local|.const|.param}(.L1|.L2|.L2::evict_last|.L2::evict_normal) [a]", NONE).effect(Hint),
    row(Prefetch, "prefetchu.L1 [a]", NONE).effect(Hint),
    row(CreatePolicy, "createpolicy.fractional(.L2::evict_last|.L2::evict_normal|.L2::evict_first|.L2::evict_unchanged){.L2::evict_first|.L2::evict_unchanged}.b64 d:b64{, a:f32#}", NONE),
    // Atomic.
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}(.and|.or|.xor).T d:T, [a], b:T", BIT).effect(Atomic),
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}.exch.T d:T, [a], b:T", BIT).effect(Atomic),
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}.cas.T d:T, [a], b:T, c:T", SWAP).effect(Atomic),
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}(.inc|.dec).u32 d:u32, [a], b:u32", NONE).effect(Atomic),
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}.add.T d:T, [a], b:T", SUM).effect(Atomic),
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}.add.noftz.T d:T, [a], b:T", HALVES).effect(Atomic),
    row(Atom,     "atom{.relaxed|.acquire|.release|.acq_rel}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}(.min|.max).T d:T, [a], b:T", LEAST).effect(Atomic),
    row(Red,      "red{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}(.and|.or|.xor).T [a], b:T", BIT).effect(Atomic),
    row(Red,      "red{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}(.inc|.dec).u32 [a], b:u32", NONE).effect(Atomic),
    row(Red,      "red{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}.add.T [a], b:T", SUM).effect(Atomic),
    row(Red,      "red{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}.add.noftz.T [a], b:T", HALVES).effect(Atomic),
    row(Red,      "red{.relaxed|.release}{.cta|.cluster|.gpu|.sys}{.global|.shared|.shared::cta}(.min|.max).T [a], b:T", LEAST).effect(Atomic),
    row(Membar,   "membar(.cta|.gl|.sys)", NONE).effect(Fence),
    row(Membar,   "fence{.sc|.acq_rel|.acquire|.release}(.cta|.cluster|.gpu|.sys)", NONE).effect(Fence),
    // Copies that need not be waited for.
    row(CpAsync,  "cp.async(.ca|.cg)(.shared|.shared::cta).global{.L2::64B|.L2::128B|.L2::256B} [d], [a], n:u32#{, s:u32}", NONE).effect(Copy),
    row(CpAsync,  "cp.async(.ca|.cg)(.shared|.shared::cta).global.L2::cache_hint{.L2::64B|.L2::128B|.L2::256B} [d], [a], n:u32#, p:b64", NONE).effect(Copy),
    row(CpAsync,  "cp.async(.ca|.cg)(.shared|.shared::cta).global.L2::cache_hint{.L2::64B|.L2::128B|.L2::256B} [d], [a], n:u32#, s:u32, p:b64", NONE).effect(Copy),
    row(CpAsyncGroup, "cp.async.commit_group", NONE).effect(Fence),
    row(CpAsyncGroup, "cp.async.wait_group n:u32#", NONE).effect(Fence),
    row(CpAsyncGroup, "cp.async.wait_all", NONE).effect(Fence),
    // Others.
    row(Nanosleep, "nanosleep.u32 a:u32", NONE).effect(Fence),
    row(Pmevent,  "pmevent a:u32#", NONE).effect(Fence),
    row(GridDepControl, "griddepcontrol(.launch_dependents|.wait)", NONE).effect(Fence),
    // Barriers.
    row(Bar,      "bar{.cta}.sync a:u32", NONE).effect(Collective),
    row(Bar,      "bar{.cta}.sync a:u32, b:u32", NONE).effect(Collective).refused(NAMED),
    row(Bar,      "barrier{.cta}.sync{.aligned} a:u32", NONE).effect(Collective),
    row(Bar,      "barrier{.cta}.sync{.aligned} a:u32, b:u32", NONE).effect(Collective).refused(NAMED),
    row(BarArrive, "bar{.cta}.arrive a:u32, b:u32", NONE).effect(Collective).refused(NAMED),
    row(BarArrive, "barrier{.cta}.arrive{.aligned} a:u32, b:u32", NONE).effect(Collective).refused(NAMED),
    row(BarRed,   "bar{.cta}.red.popc.u32 d:u32, a:u32, c:pred!", NONE).effect(Collective),
    row(BarRed,   "bar{.cta}.red(.and|.or).pred d:pred, a:u32, c:pred!", NONE).effect(Collective),
    row(BarRed,   "barrier{.cta}.red.popc{.aligned}.u32 d:u32, a:u32, c:pred!", NONE).effect(Collective),
    row(BarRed,   "barrier{.cta}.red(.and|.or){.aligned}.pred d:pred, a:u32, c:pred!", NONE).effect(Collective),
    row(BarRed,   "bar{.cta}.red.popc.u32 d:u32, a:u32, b:u32, c:pred!", NONE).effect(Collective).refused(NAMED),
    row(BarRed,   "bar{.cta}.red(.and|.or).pred d:pred, a:u32, b:u32, c:pred!", NONE).effect(Collective).refused(NAMED),
];

/// Arrivals that are counted can differ from warp to warp, and then the block waits for ever where nothing can stop it.
pub(crate) const NAMED: &str =
    "barriers with a count can hang the device; use `bar.sync 0`, which the whole block passes";
