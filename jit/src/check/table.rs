//! The allow-list: what an instruction may be called, what words may follow, what operands it has and what it does.
//!
//! The vendor's assembler holds an instruction's types against its operands. What the checker must know is less: what is
//! written, what is read, and what else happens.

/// What an instruction does besides writing its destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Pure,
    /// Nothing that concerns memory safety: it orders, waits for what ends by itself, or advises.
    Order,
    /// It waits for other threads, or exchanges values with them.
    Collective,
    /// A barrier of the block, whose first operand that is read is its number.
    Barrier,
    /// It reads a parameter.
    Parameter,
    /// It reads or writes as many bytes as its last type and its vector have.
    Access,
    /// It writes the first address, and reads the second.
    CopyAsync,
    /// Rows of 16 bytes in shared memory.
    Rows,
    /// A matrix in rows, whose distance is the last operand.
    Matrix,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The name, and the words that always follow.
    pub(super) name: &'static str,
    /// Words that may follow, separated by spaces.
    words: &'static [&'static str],
    /// A letter for each operand; behind a `?` they may be left out. `d` is a register that is written, `D` one or several of
    /// those, `s` a value that is read, `S` one or several, `v` one that may also be a special register or an array's name, `m` an
    /// address, `i` a number, `r` a register that is read.
    pub(super) operands: &'static str,
    pub(super) kind: Kind,
}

impl Row {
    pub(super) fn allows(&self, word: &str) -> bool {
        self.words
            .iter()
            .any(|words| words.split(' ').any(|it| it == word))
    }
}

/// The row with the longest name that this one begins with.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    let begins = |row: &&Row| {
        let rest = name.strip_prefix(row.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    ROWS.iter().filter(begins).max_by_key(|row| row.name.len())
}

/// Bytes of an element of a type, if it is one that memory holds.
pub(super) fn type_bytes(word: &str) -> Option<u32> {
    Some(match word {
        "b8" | "u8" | "s8" => 1,
        "b16" | "u16" | "s16" | "f16" | "bf16" => 2,
        "b32" | "u32" | "s32" | "f32" | "f16x2" | "bf16x2" => 4,
        "b64" | "u64" | "s64" | "f64" => 8,
        _ => return None,
    })
}

/// Whether it is a special register that a kernel may read.
pub(super) fn is_special(name: &str) -> bool {
    SPECIAL
        .iter()
        .any(|names| names.split(' ').any(|it| it == name))
}

const SPECIAL: &[&str] = &[
    "%tid.x %tid.y %tid.z %ntid.x %ntid.y %ntid.z %ctaid.x %ctaid.y %ctaid.z %nctaid.x %nctaid.y %nctaid.z",
    "%laneid %warpid %nwarpid %smid %nsmid %gridid",
    "%lanemask_eq %lanemask_le %lanemask_lt %lanemask_ge %lanemask_gt",
    "%clock %clock_hi %clock64 %globaltimer %globaltimer_lo %globaltimer_hi %dynamic_smem_size %total_smem_size",
    "%clusterid.x %clusterid.y %clusterid.z %nclusterid.x %nclusterid.y %nclusterid.z",
    "%cluster_ctaid.x %cluster_ctaid.y %cluster_ctaid.z %cluster_nctaid.x %cluster_nctaid.y %cluster_nctaid.z",
    "%cluster_ctarank %cluster_nctarank %is_explicit_cluster",
];

const INTEGER: &str = "u16 u32 u64 s16 s32 s64 u16x2 s16x2";
const BYTE: &str = "u8 s8";
const BITS: &str = "b16 b32 b64";
const PRED: &str = "pred";
const FLOAT: &str = "f32 f64 f16 f16x2 bf16 bf16x2";
const ROUND: &str = "rn rz rm rp";
const FLAGS: &str = "ftz sat";
const COMPARE: &str =
    "eq ne lt le gt ge lo ls hi hs equ neu ltu leu gtu geu num nan and or xor ftz";
const MEMORY: &str = "b8 b16 b32 b64 u8 u16 u32 u64 s8 s16 s32 s64 f32 f64 v2 v4";
const ORDER: &str = "weak volatile relaxed acquire release acq_rel cta gpu sys";
const SPACE: &str = "global shared shared::cta local";
const CACHE: &str = "ca cg cs lu cv nc wb wt L1::evict_normal L1::evict_unchanged L1::evict_first L1::evict_last \
    L1::no_allocate L2::64B L2::128B L2::256B";
const ATOMIC: &str = "and or xor exch cas inc dec add min max noftz b16 b32 b64 u32 s32 u64 s64 f16 f16x2 bf16 bf16x2 f32 f64";
const SHAPES: &str = "m8n8k4 m8n8k16 m8n8k32 m8n8k128 m16n8k4 m16n8k8 m16n8k16 m16n8k32 m16n8k64 m16n8k128 m16n8k256 \
    m16n16k16 m32n8k16 m8n32k16 m16n16k8";
const MATRIX: &str = "sync aligned row col f16 bf16 tf32 f32 f64 s32 u8 s8 u4 s4 b1 e4m3 e5m2 satfinite xor and popc";
const ROWS_OF_16: &str = "sync aligned m8n8 x1 x2 x4 trans b16 shared shared::cta";
const VIDEO: &str = "u32 s32 sat add eq ne lt le gt ge";
const VIDEO_WORD: &str = "u32 s32 sat add min max";

const fn row(
    name: &'static str,
    words: &'static [&'static str],
    operands: &'static str,
    kind: Kind,
) -> Row {
    Row {
        name,
        words,
        operands,
        kind,
    }
}

use Kind::{Access, Barrier, Collective, CopyAsync, Matrix, Order, Parameter, Pure, Rows};

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row("add",      &[INTEGER, FLOAT, ROUND, FLAGS, "cc"], "dss", Pure),
    row("addc",     &[INTEGER, "cc"], "dss", Pure),
    row("sub",      &[INTEGER, FLOAT, ROUND, FLAGS, "cc"], "dss", Pure),
    row("subc",     &[INTEGER, "cc"], "dss", Pure),
    row("mul",      &[INTEGER, FLOAT, ROUND, FLAGS, "lo hi wide"], "dss", Pure),
    row("mul24",    &["lo hi u32 s32"], "dss", Pure),
    row("mad",      &[INTEGER, FLOAT, ROUND, FLAGS, "lo hi wide cc"], "dsss", Pure),
    row("madc",     &[INTEGER, "lo hi cc"], "dsss", Pure),
    row("mad24",    &["lo hi sat u32 s32"], "dsss", Pure),
    row("sad",      &[INTEGER], "dsss", Pure),
    row("div",      &[INTEGER, FLOAT, ROUND, FLAGS, "full approx"], "dss", Pure),
    row("rem",      &[INTEGER], "dss", Pure),
    row("abs",      &[INTEGER, FLOAT, FLAGS], "ds", Pure),
    row("neg",      &[INTEGER, FLOAT, FLAGS], "ds", Pure),
    row("min",      &[INTEGER, FLOAT, FLAGS, "NaN xorsign abs relu"], "dss", Pure),
    row("max",      &[INTEGER, FLOAT, FLAGS, "NaN xorsign abs relu"], "dss", Pure),
    row("popc",     &[BITS], "ds", Pure),
    row("clz",      &[BITS], "ds", Pure),
    row("brev",     &[BITS], "ds", Pure),
    row("bfind",    &[INTEGER, "shiftamt"], "ds", Pure),
    row("fns",      &[BITS], "dsss", Pure),
    row("bfe",      &[INTEGER], "dsss", Pure),
    row("bfi",      &[BITS], "dssss", Pure),
    row("szext",    &["clamp wrap u32 s32"], "dss", Pure),
    row("bmsk",     &["clamp wrap b32"], "dss", Pure),
    row("prmt",     &["b32 f4e b4e rc8 ecl ecr rc16"], "dsss", Pure),
    row("dp4a",     &["u32 s32"], "dsss", Pure),
    row("dp2a",     &["lo hi u32 s32"], "dsss", Pure),
    row("and",      &[BITS, PRED], "dss", Pure),
    row("or",       &[BITS, PRED], "dss", Pure),
    row("xor",      &[BITS, PRED], "dss", Pure),
    row("not",      &[BITS, PRED], "ds", Pure),
    row("cnot",     &[BITS], "ds", Pure),
    row("lop3",     &["or and b32"], "Dsssi?s", Pure),
    row("shl",      &[BITS], "dss", Pure),
    row("shr",      &[BITS, INTEGER], "dss", Pure),
    row("shf",      &["l r wrap clamp b32"], "dsss", Pure),
    row("setp",     &[COMPARE, INTEGER, BITS, FLOAT], "Dss?s", Pure),
    row("set",      &[COMPARE, INTEGER, BITS, FLOAT], "dss?s", Pure),
    row("selp",     &[INTEGER, BITS, FLOAT], "dsss", Pure),
    row("slct",     &[INTEGER, BITS, FLOAT, "ftz"], "dsss", Pure),
    row("mov",      &[INTEGER, BITS, FLOAT, PRED], "Dv", Pure),
    row("cvt",      &[INTEGER, BYTE, FLOAT, ROUND, FLAGS, BITS, "rna rni rzi rmi rpi relu satfinite tf32 e4m3x2 e5m2x2 pack"], "ds?ss", Pure),
    row("cvta",     &["to global shared shared::cta local const param param::entry u64"], "ds", Pure),
    row("isspacep", &["global shared shared::cta local const param param::entry"], "ds", Pure),
    row("fma",      &[FLOAT, ROUND, FLAGS, "relu"], "dsss", Pure),
    row("rcp",      &["f32 f64 approx", ROUND, FLAGS], "ds", Pure),
    row("sqrt",     &["f32 f64 approx", ROUND, FLAGS], "ds", Pure),
    row("rsqrt",    &["f32 f64 approx", FLAGS], "ds", Pure),
    row("sin",      &["f32 approx ftz"], "ds", Pure),
    row("cos",      &["f32 approx ftz"], "ds", Pure),
    row("ex2",      &[FLOAT, "approx ftz"], "ds", Pure),
    row("lg2",      &["f32 approx ftz"], "ds", Pure),
    row("tanh",     &[FLOAT, "approx"], "ds", Pure),
    row("copysign", &["f32 f64"], "dss", Pure),
    row("testp",    &["f32 f64 finite infinite number notanumber normal subnormal"], "ds", Pure),
    row("vadd2",    &[VIDEO], "dsss", Pure), row("vadd4",     &[VIDEO], "dsss", Pure),
    row("vsub2",    &[VIDEO], "dsss", Pure), row("vsub4",     &[VIDEO], "dsss", Pure),
    row("vavrg2",   &[VIDEO], "dsss", Pure), row("vavrg4",    &[VIDEO], "dsss", Pure),
    row("vabsdiff2", &[VIDEO], "dsss", Pure), row("vabsdiff4", &[VIDEO], "dsss", Pure),
    row("vmin2",    &[VIDEO], "dsss", Pure), row("vmin4",     &[VIDEO], "dsss", Pure),
    row("vmax2",    &[VIDEO], "dsss", Pure), row("vmax4",     &[VIDEO], "dsss", Pure),
    row("vset2",    &[VIDEO], "dsss", Pure), row("vset4",     &[VIDEO], "dsss", Pure),
    row("vadd",     &[VIDEO_WORD], "dss?s", Pure), row("vsub",  &[VIDEO_WORD], "dss?s", Pure),
    row("vmin",     &[VIDEO_WORD], "dss?s", Pure), row("vmax",  &[VIDEO_WORD], "dss?s", Pure),
    row("vabsdiff", &[VIDEO_WORD], "dss?s", Pure), row("vset",  &[VIDEO_WORD, "eq ne lt le gt ge"], "dss?s", Pure),
    row("vshl",     &[VIDEO_WORD, "clamp wrap"], "dss?s", Pure),
    row("vshr",     &[VIDEO_WORD, "clamp wrap"], "dss?s", Pure),
    row("createpolicy.fractional", &["L2::evict_last L2::evict_normal L2::evict_first L2::evict_unchanged b64"], "d?s", Pure),
    // What orders, waits for what ends by itself, or advises.
    row("membar",   &["cta gl sys"], "", Order),
    row("fence",    &["sc acq_rel acquire release cta gpu sys"], "", Order),
    row("nanosleep.u32", &[], "s", Order),
    row("pmevent",  &[], "i", Order),
    row("griddepcontrol", &["launch_dependents wait"], "", Order),
    row("cp.async.commit_group", &[], "", Order),
    row("cp.async.wait_group", &[], "i", Order),
    row("cp.async.wait_all", &[], "", Order),
    // What a warp or a block does together.
    row("bar.sync", &[], "i", Barrier),
    row("bar.cta.sync", &[], "i", Barrier),
    row("barrier.sync", &["aligned"], "i", Barrier),
    row("barrier.cta.sync", &["aligned"], "i", Barrier),
    row("bar.red",  &["popc and or u32 pred"], "dis", Barrier),
    row("bar.cta.red", &["popc and or u32 pred"], "dis", Barrier),
    row("barrier.red", &["popc and or aligned u32 pred"], "dis", Barrier),
    row("barrier.cta.red", &["popc and or aligned u32 pred"], "dis", Barrier),
    row("bar.warp.sync", &[], "s", Collective),
    row("shfl.sync", &["up down bfly idx b32"], "Dssss", Collective),
    row("vote.sync", &["all any uni ballot pred b32"], "dss", Collective),
    row("match.any.sync", &["b32 b64"], "dss", Collective),
    row("match.all.sync", &["b32 b64"], "Dss", Collective),
    row("activemask.b32", &[], "d", Collective),
    row("redux.sync", &["add min max and or xor u32 s32 b32"], "dss", Collective),
    row("elect.sync", &[], "Ds", Collective),
    row("movmatrix.sync.aligned.m8n8.trans.b16", &[], "ds", Collective),
    row("mma",      &[MATRIX, SHAPES, ROUND], "DSSS", Collective),
    row("wmma.mma", &[MATRIX, SHAPES, ROUND], "DSSS", Collective),
    // Memory.
    row("ld.param", &[MEMORY], "Dm", Parameter),
    row("ld.param::entry", &[MEMORY], "Dm", Parameter),
    row("ld",       &[ORDER, SPACE, CACHE, MEMORY, "mmio"], "Dm", Access),
    row("ldu",      &["global", MEMORY], "Dm", Access),
    row("st",       &[ORDER, SPACE, CACHE, MEMORY, "mmio"], "mS", Access),
    row("atom",     &[ORDER, SPACE, ATOMIC], "dms?s", Access),
    row("red",      &[ORDER, SPACE, ATOMIC], "ms", Access),
    row("cp.async", &["ca cg shared shared::cta global", CACHE], "mmi?s", CopyAsync),
    row("ldmatrix", &[ROWS_OF_16], "Dm", Rows),
    row("stmatrix", &[ROWS_OF_16], "mS", Rows),
    row("wmma.load.a", &[MATRIX, SHAPES, SPACE], "Dm?s", Matrix),
    row("wmma.load.b", &[MATRIX, SHAPES, SPACE], "Dm?s", Matrix),
    row("wmma.load.c", &[MATRIX, SHAPES, SPACE], "Dm?s", Matrix),
    row("wmma.store.d", &[MATRIX, SHAPES, SPACE], "mS?s", Matrix),
];
