//! What instructions need: the lowest PTX version and target of each.
//!
//! Source: PTX ISA 9.1, "PTX ISA Notes" and "Target ISA Notes" of each instruction, and the table
//! "Arch-specific/Family-specific PTX Features Release History".
//! <https://docs.nvidia.com/cuda/parallel-thread-execution/>
//!
//! A row holds for every instruction whose spelling its pattern matches, and an instruction needs what all its rows
//! need. A pattern is words with blanks between them: the first is what the spelling begins with, each further one what
//! it holds somewhere, with `|` between what may stand there. Words match up to the end of a word of the spelling:
//! `.bf16` is not in `add.bf16x2`. What every target from `sm_50` on and PTX 4.3 have is left out.

use super::targets::{Kind, Target};

/// A lowest PTX version and a lowest target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// PTX version, as (major, minor).
    pub ptx: (u32, u32),
    /// The target.
    pub target: Target,
}

/// A row: a pattern, and what its instructions need. Where one of several is enough, as where a later version brought
/// them to another target, the lowest version comes first.
type Row = (&'static str, &'static [Need]);

const fn sm(ptx: (u32, u32), number: u32) -> Need {
    Need {
        ptx,
        target: Target {
            number,
            kind: Kind::Portable,
        },
    }
}

const fn family(ptx: (u32, u32), number: u32) -> Need {
    Need {
        ptx,
        target: Target {
            number,
            kind: Kind::Family,
        },
    }
}

const fn specific(ptx: (u32, u32), number: u32) -> Need {
    Need {
        ptx,
        target: Target {
            number,
            kind: Kind::Specific,
        },
    }
}

/// What Blackwell's architectures brought, none of them to those that come after it.
const BLACKWELL: &[Need] = &[
    specific((8, 6), 100),
    specific((8, 6), 101),
    // The notes say 8.6, which knows no such target.
    specific((8, 7), 120),
    family((8, 8), 100),
    family((8, 8), 101),
    family((8, 8), 120),
];

/// Every row.
#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // Integer arithmetic.
    ("add .u16x2|.s16x2", &[sm((8, 0), 90)]),
    ("min .u16x2|.s16x2|.relu.s32", &[sm((8, 0), 90)]),
    ("max .u16x2|.s16x2|.relu.s32", &[sm((8, 0), 90)]),
    ("fns", &[sm((6, 0), 30)]),
    ("szext", &[sm((7, 6), 70)]),
    ("bmsk", &[sm((7, 6), 70)]),
    ("dp4a", &[sm((5, 0), 61)]),
    ("dp2a", &[sm((5, 0), 61)]),
    ("lop3 .and|.or", &[sm((8, 2), 70)]),
    // Floating point: single precision and packed.
    ("add .f32x2", &[sm((8, 6), 100)]),
    ("sub .f32x2", &[sm((8, 6), 100)]),
    ("mul .f32x2", &[sm((8, 6), 100)]),
    ("fma .f32x2", &[sm((8, 6), 100)]),
    ("add .f32.f16|.f32.bf16", &[sm((8, 6), 100)]),
    ("sub .f32.f16|.f32.bf16", &[sm((8, 6), 100)]),
    ("fma .f32.f16|.f32.bf16", &[sm((8, 6), 100)]),
    ("min .NaN", &[sm((7, 0), 80)]),
    ("max .NaN", &[sm((7, 0), 80)]),
    ("min .xorsign.abs", &[sm((7, 2), 86)]),
    ("max .xorsign.abs", &[sm((7, 2), 86)]),
    ("tanh", &[sm((7, 0), 75)]),
    // Floating point: half precision.
    ("add .f16|.f16x2", &[sm((4, 2), 53)]),
    ("sub .f16|.f16x2", &[sm((4, 2), 53)]),
    ("mul .f16|.f16x2", &[sm((4, 2), 53)]),
    ("fma .f16|.f16x2", &[sm((4, 2), 53)]),
    ("add .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("sub .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("mul .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("fma .bf16|.bf16x2|.relu", &[sm((7, 0), 80)]),
    ("fma .oob", &[sm((8, 1), 90)]),
    ("neg .f16|.f16x2", &[sm((6, 0), 53)]),
    ("neg .bf16|.bf16x2", &[sm((7, 0), 80)]),
    ("abs .f16|.f16x2", &[sm((6, 5), 53)]),
    ("abs .bf16|.bf16x2", &[sm((7, 0), 80)]),
    ("min .f16|.f16x2|.bf16|.bf16x2", &[sm((7, 0), 80)]),
    ("max .f16|.f16x2|.bf16|.bf16x2", &[sm((7, 0), 80)]),
    ("tanh .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("ex2 .f16|.f16x2", &[sm((7, 0), 75)]),
    ("ex2 .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("set .f16|.f16x2", &[sm((4, 2), 53)]),
    ("set .u16.f16|.u32.f16|.s16.f16|.s32.f16|.u32.f16x2|.s32.f16x2", &[sm((6, 5), 53)]),
    ("set .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("setp .f16|.f16x2", &[sm((4, 2), 53)]),
    ("setp .bf16|.bf16x2", &[sm((7, 8), 90)]),
    // Conversions.
    ("cvt .relu|.f16x2|.bf16|.bf16x2|.tf32", &[sm((7, 0), 80)]),
    ("cvt .f32.bf16", &[sm((7, 1), 80)]),
    ("cvt .ftz.f32.bf16", &[sm((7, 8), 90)]),
    ("cvt .bf16.u8|.bf16.s8|.bf16.u16|.bf16.s16|.bf16.u32|.bf16.s32|.bf16.u64|.bf16.s64|.bf16.f16|.bf16.f64|.bf16.bf16", &[sm((7, 8), 90)]),
    ("cvt .u8.bf16|.s8.bf16|.u16.bf16|.s16.bf16|.u32.bf16|.s32.bf16|.u64.bf16|.s64.bf16|.f16.bf16|.f64.bf16", &[sm((7, 8), 90)]),
    ("cvt .rn.tf32.f32|.rz.tf32.f32|.rn.relu.tf32.f32|.rz.relu.tf32.f32", &[sm((7, 8), 90)]),
    ("cvt .rn.satfinite.tf32.f32|.rz.satfinite.tf32.f32", &[sm((8, 6), 100)]),
    ("cvt .satfinite .f16.f32|.bf16.f32|.f16x2.f32|.bf16x2.f32|.tf32.f32", &[sm((8, 1), 80)]),
    ("cvt .e4m3x2|.e5m2x2", &[sm((7, 8), 90), sm((8, 1), 89)]),
    ("cvt .e2m1x2|.e2m3x2|.e3m2x2|.ue8m0x2", BLACKWELL),
    ("cvt .rs", &[specific((8, 7), 100), specific((8, 8), 103)]),
    ("cvt.pack", &[sm((6, 5), 72)]),
    ("cvt.pack .u4|.s4|.u2|.s2", &[sm((6, 5), 75)]),
    ("cvta .param|.param::entry", &[sm((7, 7), 70)]),
    ("isspacep .param|.param::entry", &[sm((7, 7), 70)]),
    // Memory. `::` begins no word of its own, so these match `.shared::cluster` and its like.
    ("ld ::cluster", &[sm((7, 8), 90)]),
    ("st ::cluster", &[sm((7, 8), 90)]),
    ("atom ::cluster|.cluster", &[sm((7, 8), 90)]),
    ("red ::cluster|.cluster", &[sm((7, 8), 90)]),
    ("ld ::cta", &[sm((7, 8), 30)]),
    ("st ::cta", &[sm((7, 8), 30)]),
    ("atom ::cta", &[sm((7, 8), 30)]),
    ("red ::cta", &[sm((7, 8), 30)]),
    ("ld .weak|.relaxed|.acquire", &[sm((6, 0), 70)]),
    ("st .weak|.relaxed|.release", &[sm((6, 0), 70)]),
    ("ld .mmio", &[sm((8, 2), 70)]),
    ("st .mmio", &[sm((8, 2), 70)]),
    ("ld .b128", &[sm((8, 3), 70)]),
    ("st .b128", &[sm((8, 3), 70)]),
    ("mov .b128", &[sm((8, 3), 70)]),
    ("ld .v8|.v4.b64|.v4.u64|.v4.s64|.v4.f64", &[sm((8, 8), 100)]),
    ("st .v8|.v4.b64|.v4.u64|.v4.s64|.v4.f64", &[sm((8, 8), 100)]),
    ("ld .unified", &[sm((8, 0), 90)]),
    ("ld .L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate", &[sm((7, 4), 70)]),
    ("st .L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate", &[sm((7, 4), 70)]),
    ("ld .L2::evict_normal|.L2::evict_first|.L2::evict_last", &[sm((8, 8), 100)]),
    ("st .L2::evict_normal|.L2::evict_first|.L2::evict_last", &[sm((8, 8), 100)]),
    ("ld .L2::64B|.L2::128B", &[sm((7, 4), 75)]),
    ("ld .L2::256B|.L2::cache_hint", &[sm((7, 4), 80)]),
    ("st .L2::cache_hint", &[sm((7, 4), 80)]),
    ("atom .L2::cache_hint", &[sm((7, 4), 80)]),
    ("red .L2::cache_hint", &[sm((7, 4), 80)]),
    ("prefetch .L2::evict_last|.L2::evict_normal", &[sm((7, 4), 80)]),
    ("prefetch .tensormap", &[sm((8, 0), 90)]),
    ("applypriority", &[sm((7, 4), 80)]),
    ("discard", &[sm((7, 4), 80)]),
    ("createpolicy", &[sm((7, 4), 80)]),
    ("cp.async", &[sm((7, 0), 80)]),
    ("cp.async ::cta", &[sm((7, 8), 80)]),
    ("cp.async .L2::64B|.L2::128B|.L2::256B|.L2::cache_hint", &[sm((7, 4), 80)]),
    ("cp.async.mbarrier.arrive", &[sm((7, 0), 80)]),
    ("cp.async.bulk", &[sm((8, 0), 90)]),
    ("cp.reduce.async.bulk", &[sm((8, 0), 90)]),
    ("st.async", &[sm((8, 1), 90)]),
    ("st.bulk", &[sm((8, 6), 100)]),
    ("red.async", &[sm((8, 1), 90)]),
    ("multimem", &[sm((8, 1), 90)]),
    ("mapa", &[sm((7, 8), 90)]),
    ("getctarank", &[sm((7, 8), 90)]),
    // Atomics.
    ("atom .cta|.gpu|.sys", &[sm((5, 0), 60)]),
    ("red .cta|.gpu|.sys", &[sm((5, 0), 60)]),
    ("atom .relaxed|.acquire|.release|.acq_rel", &[sm((6, 0), 70)]),
    ("red .relaxed|.release", &[sm((6, 0), 70)]),
    ("atom .add .f64", &[sm((5, 0), 60)]),
    ("red .add .f64", &[sm((5, 0), 60)]),
    ("atom .noftz .f16x2", &[sm((6, 2), 60)]),
    ("red .noftz .f16x2", &[sm((6, 2), 60)]),
    ("atom .noftz .f16", &[sm((6, 3), 70)]),
    ("red .noftz .f16", &[sm((6, 3), 70)]),
    ("atom .cas .b16", &[sm((6, 3), 70)]),
    ("atom .noftz .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("red .noftz .bf16|.bf16x2", &[sm((7, 8), 90)]),
    ("atom .b128", &[sm((8, 3), 90)]),
    ("atom .v2|.v4|.v8", &[sm((8, 1), 90)]),
    ("red .v2|.v4|.v8", &[sm((8, 1), 90)]),
    // Barriers, fences and the threads of a warp.
    ("bar.cta", &[sm((7, 8), 30)]),
    ("bar.warp.sync", &[sm((6, 0), 30)]),
    ("barrier", &[sm((6, 0), 30)]),
    ("barrier.cta", &[sm((7, 8), 30)]),
    ("barrier.cluster", &[sm((7, 8), 90)]),
    ("barrier.cluster .acquire|.release|.relaxed", &[sm((8, 0), 90)]),
    ("fence", &[sm((6, 0), 70)]),
    ("fence .cluster", &[sm((7, 8), 90)]),
    ("fence.acquire", &[sm((8, 6), 90)]),
    ("fence.release", &[sm((8, 6), 90)]),
    ("fence.mbarrier_init", &[sm((8, 0), 90)]),
    ("fence.proxy", &[sm((7, 5), 70)]),
    ("fence.proxy.async", &[sm((8, 0), 90)]),
    ("fence.proxy.tensormap", &[sm((8, 3), 90)]),
    ("membar.proxy", &[sm((7, 5), 60)]),
    ("shfl.sync", &[sm((6, 0), 30)]),
    ("vote.sync", &[sm((6, 0), 30)]),
    ("match", &[sm((6, 0), 70)]),
    ("activemask", &[sm((6, 2), 30)]),
    ("redux", &[sm((7, 0), 80)]),
    ("redux .f32|.abs|.NaN", &[specific((8, 6), 100), family((8, 8), 100)]),
    ("elect", &[sm((8, 0), 90)]),
    ("griddepcontrol", &[sm((7, 8), 90)]),
    ("mbarrier", &[sm((7, 0), 80)]),
    ("mbarrier ::cta", &[sm((7, 8), 80)]),
    ("mbarrier ::cluster", &[sm((8, 0), 90)]),
    ("mbarrier.test_wait.parity", &[sm((7, 1), 80)]),
    ("mbarrier.try_wait", &[sm((7, 8), 90)]),
    ("mbarrier.expect_tx", &[sm((8, 0), 90)]),
    ("mbarrier.complete_tx", &[sm((8, 0), 90)]),
    ("mbarrier .expect_tx", &[sm((8, 0), 90)]),
    ("clusterlaunchcontrol", &[sm((8, 6), 100)]),
    ("nanosleep", &[sm((6, 3), 70)]),
    ("brx.idx", &[sm((6, 0), 30)]),
    ("alloca", &[sm((7, 3), 52)]),
    ("stacksave", &[sm((7, 3), 52)]),
    ("stackrestore", &[sm((7, 3), 52)]),
    // Matrices.
    ("wmma", &[sm((6, 0), 70)]),
    ("wmma .m8n32k16|.m32n8k16", &[sm((6, 1), 70)]),
    ("wmma .s8|.u8", &[sm((6, 3), 72)]),
    ("wmma .s4|.u4|.b1", &[sm((6, 3), 75)]),
    ("wmma .f64|.bf16|.tf32|.m8n8k4|.m16n16k8", &[sm((7, 0), 80)]),
    ("wmma ::cta", &[sm((7, 8), 70)]),
    ("mma", &[sm((6, 4), 70)]),
    ("mma .m16n8k8", &[sm((6, 5), 75)]),
    ("mma .m8n8k16|.m8n8k32", &[sm((6, 5), 75)]),
    ("mma .m16n8k16|.m16n8k4|.m16n8k32|.m16n8k64|.m8n8k128|.m16n8k128|.m16n8k256|.f64|.bf16|.tf32", &[sm((7, 0), 80)]),
    ("mma .b1 .and", &[sm((7, 1), 80)]),
    ("mma .f64 .m16n8k4|.m16n8k8|.m16n8k16", &[sm((7, 8), 90)]),
    ("mma .e4m3|.e5m2", &[sm((8, 4), 89)]),
    ("mma .m16n8k16 .e4m3|.e5m2", &[sm((8, 7), 89)]),
    ("mma .f16.e4m3|.f16.e5m2", &[sm((8, 7), 89)]),
    ("mma .e3m2|.e2m3|.e2m1", &[specific((8, 7), 120), family((8, 8), 120)]),
    ("mma.sp", &[sm((7, 1), 80)]),
    ("mma.sp::ordered_metadata", &[sm((8, 5), 80)]),
    ("ldmatrix", &[sm((6, 5), 75)]),
    ("ldmatrix ::cta", &[sm((7, 8), 75)]),
    ("ldmatrix .m16n16|.m8n16|.b8", BLACKWELL),
    ("stmatrix", &[sm((7, 8), 90)]),
    ("stmatrix .m16n8|.b8", BLACKWELL),
    ("movmatrix", &[sm((7, 8), 75)]),
    ("wgmma", &[specific((8, 0), 90)]),
    ("setmaxnreg", &[specific((8, 0), 90), specific((8, 6), 100), specific((8, 6), 101), specific((8, 7), 120), family((8, 8), 100), family((8, 8), 101), family((8, 8), 120)]),
    ("tcgen05", &[specific((8, 6), 100), specific((8, 6), 101), family((8, 8), 100), family((8, 8), 101)]),
    // Special registers, which stand in an operand's place.
    ("%clock_hi", &[sm((5, 0), 20)]),
    ("%total_smem_size", &[sm((4, 1), 20)]),
    ("%aggr_smem_size", &[sm((8, 1), 90)]),
    ("%current_graph_exec", &[sm((8, 0), 50)]),
    ("%clusterid", &[sm((7, 8), 90)]),
    ("%nclusterid", &[sm((7, 8), 90)]),
    ("%cluster_ctaid", &[sm((7, 8), 90)]),
    ("%cluster_nctaid", &[sm((7, 8), 90)]),
    ("%cluster_ctarank", &[sm((7, 8), 90)]),
    ("%cluster_nctarank", &[sm((7, 8), 90)]),
    ("%is_explicit_cluster", &[sm((7, 8), 90)]),
];

/// What an instruction of this spelling needs, one list of choices for each row that matches.
pub fn needs(spelling: &str) -> impl Iterator<Item = &'static [Need]> + use<'_> {
    let rows = ROWS
        .iter()
        .filter(|(pattern, _)| matches(pattern, spelling));
    rows.map(|(_, needs)| *needs)
}

fn matches(pattern: &str, spelling: &str) -> bool {
    let mut words = pattern.split(' ');
    let start = words.next().unwrap_or_default();
    let begins = spelling.strip_prefix(start).is_some_and(ends_word);
    begins && words.all(|choices| choices.split('|').any(|run| holds(spelling, run)))
}

/// Whether a run of words stands in a spelling.
fn holds(spelling: &str, run: &str) -> bool {
    let found = spelling.match_indices(run);
    found
        .map(|(at, _)| &spelling[at + run.len()..])
        .any(ends_word)
}

/// Whether a word ends before the rest of a spelling.
fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highest(spelling: &str) -> Option<((u32, u32), u32)> {
        let needed = needs(spelling).map(|choices| (choices[0].ptx, choices[0].target.number));
        needed.reduce(|(ptx, number), (other, another)| (ptx.max(other), number.max(another)))
    }

    #[test]
    fn a_spelling_needs_what_all_its_rows_need() {
        for (spelling, ptx, number) in [
            ("shfl.sync.bfly.b32", (6, 0), 30),
            ("redux.sync.add.s32", (7, 0), 80),
            ("cp.async.ca.shared.global", (7, 0), 80),
            ("cp.async.bulk.commit_group", (8, 0), 90),
            ("tanh.approx.f32", (7, 0), 75),
            ("tanh.approx.bf16x2", (7, 8), 90),
            ("fma.rn.f16", (4, 2), 53),
            ("fma.rn.relu.f16", (7, 0), 80),
            ("fma.rn.bf16x2", (7, 0), 80),
            ("add.rn.bf16", (7, 8), 90),
            ("add.f32.bf16", (8, 6), 100),
            ("max.NaN.f32", (7, 0), 80),
            ("max.NaN.xorsign.abs.f16x2", (7, 2), 86),
            ("cvt.f32.bf16", (7, 1), 80),
            ("cvt.rn.satfinite.e4m3x2.f32", (7, 8), 90),
            ("ldmatrix.sync.aligned.m8n8.x4.shared.b16", (6, 5), 75),
            (
                "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32",
                (6, 5),
                75,
            ),
            (
                "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
                (7, 0),
                80,
            ),
            ("atom.global.add.f64", (5, 0), 60),
            ("atom.relaxed.gpu.global.add.noftz.bf16x2", (7, 8), 90),
            ("ld.relaxed.gpu.global.u32", (6, 0), 70),
            ("st.shared::cluster.u32", (7, 8), 90),
            ("%clusterid.x", (7, 8), 90),
        ] {
            assert_eq!(highest(spelling), Some((ptx, number)), "{spelling}");
        }
    }

    #[test]
    fn what_every_device_has_needs_nothing() {
        for spelling in [
            "add.f32",
            "min.s32",
            "cvt.rn.f32.s32",
            "ld.global.nc.v4.f32",
            "mov.b64",
            "fma.rn.f32",
            "bar.sync",
            "%tid.x",
            "matchmaker",
        ] {
            assert_eq!(highest(spelling), None, "{spelling}");
        }
    }

    #[test]
    fn rows_are_well_formed() {
        for (pattern, needs) in ROWS {
            let mut words = pattern.split(' ');
            assert!(
                words.next().is_some_and(|start| !start.starts_with('.')),
                "{pattern}"
            );
            let runs = words.flat_map(|choices| choices.split('|'));
            for run in runs {
                assert!(
                    run.starts_with('.') || run.starts_with("::"),
                    "{pattern}: {run}"
                );
            }
            assert!(needs.is_sorted_by_key(|need| need.ptx), "{pattern}");
            for need in *needs {
                let lowest = need.target.lowest_ptx();
                let known = lowest.is_some_and(|lowest| lowest <= need.ptx);
                assert!(known, "{pattern}: {} in PTX {:?}", need.target, need.ptx);
            }
        }
    }
}
