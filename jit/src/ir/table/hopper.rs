//! What Hopper added, and clusters: it parses and prints, and untrusted kernels may not use it until it can be bounded.

use super::{NONE, Row, row};
use crate::ir::opcode::Effect::Collective;
use crate::ir::opcode::Opcode::Unbounded;

const MBARRIER: &str = "an arrival too many at an `mbarrier` is an error of the device that ends every guest's work; use `bar.sync 0`";
const BULK: &str =
    "what a bulk copy touches cannot be bounded yet; use `cp.async` or loads and stores";
const WGMMA: &str = "what a matrix descriptor points to cannot be bounded yet; use `mma.sync`";
const CLUSTER: &str = "clusters of blocks are not supported; launch without them";
const REGISTERS: &str =
    "a wait for registers can hang the device; compile without warp specialisation";

const fn refused(syntax: &'static str, why: &'static str) -> Row {
    row(Unbounded, syntax, NONE).effect(Collective).refused(why)
}

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    refused("mbarrier.init{.shared|.shared::cta}.b64 [a], b:u32", MBARRIER),
    refused("mbarrier.inval{.shared|.shared::cta}.b64 [a]", MBARRIER),
    refused("mbarrier.arrive{.release|.relaxed}{.cta|.cluster}{.shared|.shared::cta}.b64 d:b64, [a]{, b:u32}", MBARRIER),
    refused("mbarrier.arrive{.release|.relaxed}{.cta|.cluster}.shared::cluster.b64 d:b64, [a]{, b:u32}", MBARRIER),
    refused("mbarrier.arrive.noComplete{.release}{.cta}{.shared|.shared::cta}.b64 d:b64, [a], b:u32", MBARRIER),
    refused("mbarrier.arrive.expect_tx{.release|.relaxed}{.cta|.cluster}{.shared|.shared::cta|.shared::cluster}.b64 d:b64, [a], b:u32", MBARRIER),
    refused("mbarrier.arrive_drop{.release|.relaxed}{.cta|.cluster}{.shared|.shared::cta|.shared::cluster}.b64 d:b64, [a]{, b:u32}", MBARRIER),
    refused("mbarrier.expect_tx{.relaxed}{.cta|.cluster}{.shared|.shared::cta|.shared::cluster}.b64 [a], b:u32", MBARRIER),
    refused("mbarrier.complete_tx{.relaxed}{.cta|.cluster}{.shared|.shared::cta|.shared::cluster}.b64 [a], b:u32", MBARRIER),
    refused("mbarrier.test_wait{.acquire|.relaxed}{.cta|.cluster}{.shared|.shared::cta}.b64 d:pred, [a], b:b64", MBARRIER),
    refused("mbarrier.test_wait.parity{.acquire|.relaxed}{.cta|.cluster}{.shared|.shared::cta}.b64 d:pred, [a], b:u32", MBARRIER),
    refused("mbarrier.try_wait{.acquire|.relaxed}{.cta|.cluster}{.shared|.shared::cta}.b64 d:pred, [a], b:b64{, c:u32}", MBARRIER),
    refused("mbarrier.try_wait.parity{.acquire|.relaxed}{.cta|.cluster}{.shared|.shared::cta}.b64 d:pred, [a], b:u32{, c:u32}", MBARRIER),
    refused("mbarrier.pending_count.b64 d:u32, a:b64", MBARRIER),
    refused("cp.async.mbarrier.arrive{.noinc}{.shared|.shared::cta}.b64 [a]", MBARRIER),
    refused("fence.mbarrier_init.release.cluster", MBARRIER),
    refused("fence.proxy.async{.global|.shared::cta|.shared::cluster}", BULK),
    refused("fence.proxy.alias", BULK),
    refused("cp.async.bulk(.shared::cluster|.shared::cta).global.mbarrier::complete_tx::bytes{.L2::cache_hint} [d], [a], n:u32, [m]{, p:b64}", BULK),
    refused("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster{.L2::cache_hint} [d], [a], n:u32, [m], c:b16{, p:b64}", BULK),
    refused("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [d], [a], n:u32, [m]", BULK),
    refused("cp.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint} [d], [a], n:u32{, p:b64}", BULK),
    refused("cp.async.bulk.tensor(.1d|.2d|.3d|.4d|.5d)(.shared::cluster|.shared::cta).global{.tile|.im2col}.mbarrier::complete_tx::bytes{.L2::cache_hint} [d], [a], [m]{, p:b64}", BULK),
    refused("cp.async.bulk.tensor(.1d|.2d|.3d|.4d|.5d).shared::cluster.global{.tile|.im2col}.mbarrier::complete_tx::bytes.multicast::cluster{.L2::cache_hint} [d], [a], [m], c:b16{, p:b64}", BULK),
    refused("cp.async.bulk.tensor(.1d|.2d|.3d|.4d|.5d).global.shared::cta{.tile|.im2col}.bulk_group{.L2::cache_hint} [d], [a]{, p:b64}", BULK),
    refused("cp.async.bulk.prefetch.L2.global{.L2::cache_hint} [a], n:u32{, p:b64}", BULK),
    refused("cp.async.bulk.prefetch.tensor(.1d|.2d|.3d|.4d|.5d).L2.global{.tile|.im2col}{.L2::cache_hint} [a]{, p:b64}", BULK),
    refused("cp.async.bulk.commit_group", BULK),
    refused("cp.async.bulk.wait_group{.read} n:u32#", BULK),
    refused("prefetch{.param|.const}.tensormap [a]", BULK),
    refused("tensormap.replace.tile.global_address{.global|.shared::cta}.b1024.b64 [a], b:b64", BULK),
    refused("tensormap.replace.tile.rank{.global|.shared::cta}.b1024.b32 [a], b:b32", BULK),
    refused("tensormap.replace.tile(.box_dim|.global_dim|.element_stride){.global|.shared::cta}.b1024.b32 [a], i:b32#, b:b32", BULK),
    refused("tensormap.replace.tile.global_stride{.global|.shared::cta}.b1024.b64 [a], i:b32#, b:b64", BULK),
    refused("tensormap.replace.tile(.elemtype|.interleave_layout|.swizzle_mode|.fill_mode){.global|.shared::cta}.b1024.b32 [a], b:b32#", BULK),
    refused("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release(.cta|.cluster|.gpu|.sys).sync.aligned [d], [a], n:b32#", BULK),
    refused("fence.proxy.tensormap::generic.release(.cta|.cluster|.gpu|.sys)", BULK),
    refused("fence.proxy.tensormap::generic.acquire(.cta|.cluster|.gpu|.sys) [a], n:b32#", BULK),
    refused("wgmma.fence.sync.aligned", WGMMA),
    refused("wgmma.commit_group.sync.aligned", WGMMA),
    refused("wgmma.wait_group.sync.aligned n:u32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k16)(.f32|.f16).f16.f16 d:*b32, a:u64, b:u64, p:pred, e:s32#, f:s32#, g:s32#, h:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k16)(.f32|.f16).f16.f16 d:*b32, a:4b32, b:u64, p:pred, e:s32#, f:s32#, g:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k16).f32.bf16.bf16 d:*f32, a:u64, b:u64, p:pred, e:s32#, f:s32#, g:s32#, h:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k16).f32.bf16.bf16 d:*f32, a:4b32, b:u64, p:pred, e:s32#, f:s32#, g:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k8).f32.tf32.tf32 d:*f32, a:u64, b:u64, p:pred, e:s32#, f:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k8).f32.tf32.tf32 d:*f32, a:4b32, b:u64, p:pred, e:s32#, f:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k32)(.f32|.f16)(.e4m3|.e5m2)(.e4m3|.e5m2) d:*b32, a:u64, b:u64, p:pred, e:s32#, f:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n*k32)(.f32|.f16)(.e4m3|.e5m2)(.e4m3|.e5m2) d:*b32, a:4b32, b:u64, p:pred, e:s32#, f:s32#", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n8k32|.m64n16k32|.m64n24k32|.m64n32k32|.m64n48k32|.m64n64k32|.m64n80k32|.m64n96k32|.m64n112k32|.m64n128k32|.m64n144k32|.m64n160k32|.m64n176k32|.m64n192k32|.m64n208k32|.m64n224k32|.m64n240k32|.m64n256k32){.satfinite}.s32(.s8|.u8)(.s8|.u8) d:*s32, a:u64, b:u64, p:pred", WGMMA),
    refused("wgmma.mma_async.sync.aligned(.m64n8k32|.m64n16k32|.m64n24k32|.m64n32k32|.m64n48k32|.m64n64k32|.m64n80k32|.m64n96k32|.m64n112k32|.m64n128k32|.m64n144k32|.m64n160k32|.m64n176k32|.m64n192k32|.m64n208k32|.m64n224k32|.m64n240k32|.m64n256k32){.satfinite}.s32(.s8|.u8)(.s8|.u8) d:*s32, a:4b32, b:u64, p:pred", WGMMA),
    refused("barrier.cluster.arrive{.release|.relaxed}{.aligned}", CLUSTER),
    refused("barrier.cluster.wait{.acquire}{.aligned}", CLUSTER),
    refused("mapa{.shared::cluster}.u32 d:u32, a:u32, b:u32", CLUSTER),
    refused("mapa{.shared::cluster}.u64 d:u64, a:u64, b:u32", CLUSTER),
    refused("getctarank{.shared::cluster}.u32 d:u32, a:u32", CLUSTER),
    refused("getctarank{.shared::cluster}.u64 d:u32, a:u64", CLUSTER),
    refused("ld{.weak|.relaxed|.acquire}{.cluster}.shared::cluster{.v2|.v4}.u32 d:vu32, [a]", CLUSTER),
    refused("st{.weak|.relaxed|.release}{.cluster}.shared::cluster{.v2|.v4}.u32 [a], b:vu32", CLUSTER),
    refused("setmaxnreg(.inc|.dec).sync.aligned.u32 a:u32#", REGISTERS),
];
