//! The words that follow an instruction's name.

macro_rules! modifiers {
    ($($name:ident = $text:literal,)*) => {
        /// A modifier, such as `.rn` or `.global`; named as PTX spells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the PTX ISA documents each under its name")]
        pub enum Modifier { $($name,)* }

        impl Modifier {
            /// The modifier that PTX spells so, without the dot.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// Those whose names are `before`, a number, and `after`.
            pub(crate) fn family(before: &str, after: &str) -> Vec<Self> {
                let all = [$((Self::$name, $text),)*];
                let is_member = |name: &str| {
                    let number = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
                };
                all.into_iter().filter(|(_, name)| is_member(name)).map(|(member, _)| member).collect()
            }

            /// As PTX spells it, without the dot.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

modifiers! {
    Approx = "approx", Full = "full",
    Rn = "rn", Rz = "rz", Rm = "rm", Rp = "rp", Rna = "rna",
    Rni = "rni", Rzi = "rzi", Rmi = "rmi", Rpi = "rpi",
    Ftz = "ftz", Sat = "sat", SatFinite = "satfinite", NaN = "NaN", Relu = "relu", Oob = "oob",
    XorSign = "xorsign", AbsOfOperands = "abs", Noftz = "noftz",
    Lo = "lo", Hi = "hi", Wide = "wide",
    Eq = "eq", Ne = "ne", Lt = "lt", Le = "le", Gt = "gt", Ge = "ge",
    Ls = "ls", Hs = "hs",
    Equ = "equ", Neu = "neu", Ltu = "ltu", Leu = "leu", Gtu = "gtu", Geu = "geu",
    Num = "num", Nan = "nan",
    And = "and", Or = "or", Xor = "xor",
    // Spaces.
    To = "to", Global = "global", Param = "param", Shared = "shared", Local = "local", Const = "const",
    SharedCta = "shared::cta", SharedCluster = "shared::cluster", ParamEntry = "param::entry", ParamFunc = "param::func",
    // Order and scope.
    Weak = "weak", Volatile = "volatile", Relaxed = "relaxed", Acquire = "acquire", Release = "release",
    AcqRel = "acq_rel", Sc = "sc", Mmio = "mmio",
    Cta = "cta", Cluster = "cluster", Gpu = "gpu", Sys = "sys", Gl = "gl",
    // Caches.
    Ca = "ca", Cg = "cg", Cs = "cs", Lu = "lu", Cv = "cv", Wb = "wb", Wt = "wt", Nc = "nc",
    L1 = "L1", L2 = "L2",
    L1EvictNormal = "L1::evict_normal", L1EvictUnchanged = "L1::evict_unchanged", L1EvictFirst = "L1::evict_first",
    L1EvictLast = "L1::evict_last", L1NoAllocate = "L1::no_allocate",
    L2EvictLast = "L2::evict_last", L2EvictNormal = "L2::evict_normal", L2EvictFirst = "L2::evict_first",
    L2EvictUnchanged = "L2::evict_unchanged",
    L2CacheHint = "L2::cache_hint", L2Bytes64 = "L2::64B", L2Bytes128 = "L2::128B", L2Bytes256 = "L2::256B",
    Fractional = "fractional",
    V2 = "v2", V4 = "v4",
    // Shifts, bytes and fields.
    L = "l", R = "r", Wrap = "wrap", Clamp = "clamp", ShiftAmt = "shiftamt",
    F4e = "f4e", B4e = "b4e", Rc8 = "rc8", Ecl = "ecl", Ecr = "ecr", Rc16 = "rc16",
    Finite = "finite", Infinite = "infinite", Number = "number",
    NotANumber = "notanumber", Normal = "normal", Subnormal = "subnormal",
    Uni = "uni", Cc = "cc",
    // Atomic and collective operations.
    Add = "add", Min = "min", Max = "max", Inc = "inc", Dec = "dec", Exch = "exch", Cas = "cas", Popc = "popc",
    Sync = "sync", Arrive = "arrive", Red = "red", Aligned = "aligned", Warp = "warp", Wait = "wait",
    Up = "up", Down = "down", Bfly = "bfly", Idx = "idx",
    All = "all", Any = "any", Ballot = "ballot",
    Async = "async", CommitGroup = "commit_group", WaitGroup = "wait_group", WaitAll = "wait_all",
    // Matrices.
    A = "a", B = "b", C = "c", D = "d", Load = "load", Store = "store", Mma = "mma",
    Row = "row", Col = "col", X1 = "x1", X2 = "x2", X4 = "x4", Trans = "trans",
    M8n8 = "m8n8", M16n8 = "m16n8",
    M8n8k4 = "m8n8k4", M8n8k16 = "m8n8k16", M8n8k32 = "m8n8k32", M8n8k128 = "m8n8k128",
    M16n8k4 = "m16n8k4", M16n8k8 = "m16n8k8", M16n8k16 = "m16n8k16", M16n8k32 = "m16n8k32", M16n8k64 = "m16n8k64",
    M16n8k128 = "m16n8k128", M16n8k256 = "m16n8k256",
    M16n16k16 = "m16n16k16", M32n8k16 = "m32n8k16", M8n32k16 = "m8n32k16", M16n16k8 = "m16n16k8",
    // Hopper.
    Fence = "fence", MbarrierInit = "mbarrier_init", Alias = "alias", Proxy = "proxy",
    Init = "init", Inval = "inval", ArriveDrop = "arrive_drop", TestWait = "test_wait", TryWait = "try_wait",
    PendingCount = "pending_count", ExpectTx = "expect_tx", CompleteTx = "complete_tx", NoComplete = "noComplete",
    NoInc = "noinc", Parity = "parity", Bulk = "bulk", Tensor = "tensor", Tile = "tile", Im2col = "im2col",
    Dim1 = "1d", Dim2 = "2d", Dim3 = "3d", Dim4 = "4d", Dim5 = "5d", Read = "read", BulkGroup = "bulk_group",
    MbarrierCompleteTx = "mbarrier::complete_tx::bytes", Mbarrier = "mbarrier", Prefetch = "prefetch",
    MulticastCluster = "multicast::cluster", LaunchDependents = "launch_dependents", Tensormap = "tensormap", TensormapGeneric = "tensormap::generic",
    Replace = "replace", CpFenceproxy = "cp_fenceproxy", GlobalAddress = "global_address", Rank = "rank", BoxDim = "box_dim",
    GlobalDim = "global_dim", GlobalStride = "global_stride", ElementStride = "element_stride", Elemtype = "elemtype",
    InterleaveLayout = "interleave_layout", SwizzleMode = "swizzle_mode",
    FillMode = "fill_mode", B1024 = "b1024",
    MmaAsync = "mma_async", Pack = "pack",
    WordF16 = "f16", WordF32 = "f32", WordE4m3 = "e4m3", WordE5m2 = "e5m2", WordS8 = "s8", WordU8 = "u8", WordS32 = "s32", WordU32 = "u32",
    M64n8k8 = "m64n8k8", M64n16k8 = "m64n16k8", M64n24k8 = "m64n24k8", M64n32k8 = "m64n32k8", M64n40k8 = "m64n40k8", M64n48k8 = "m64n48k8",
    M64n56k8 = "m64n56k8", M64n64k8 = "m64n64k8", M64n72k8 = "m64n72k8", M64n80k8 = "m64n80k8", M64n88k8 = "m64n88k8", M64n96k8 = "m64n96k8",
    M64n104k8 = "m64n104k8", M64n112k8 = "m64n112k8", M64n120k8 = "m64n120k8", M64n128k8 = "m64n128k8", M64n136k8 = "m64n136k8", M64n144k8 = "m64n144k8",
    M64n152k8 = "m64n152k8", M64n160k8 = "m64n160k8", M64n168k8 = "m64n168k8", M64n176k8 = "m64n176k8", M64n184k8 = "m64n184k8", M64n192k8 = "m64n192k8",
    M64n200k8 = "m64n200k8", M64n208k8 = "m64n208k8", M64n216k8 = "m64n216k8", M64n224k8 = "m64n224k8", M64n232k8 = "m64n232k8", M64n240k8 = "m64n240k8",
    M64n248k8 = "m64n248k8", M64n256k8 = "m64n256k8",
    M64n8k16 = "m64n8k16", M64n16k16 = "m64n16k16", M64n24k16 = "m64n24k16", M64n32k16 = "m64n32k16", M64n40k16 = "m64n40k16", M64n48k16 = "m64n48k16",
    M64n56k16 = "m64n56k16", M64n64k16 = "m64n64k16", M64n72k16 = "m64n72k16", M64n80k16 = "m64n80k16", M64n88k16 = "m64n88k16", M64n96k16 = "m64n96k16",
    M64n104k16 = "m64n104k16", M64n112k16 = "m64n112k16", M64n120k16 = "m64n120k16", M64n128k16 = "m64n128k16", M64n136k16 = "m64n136k16", M64n144k16 = "m64n144k16",
    M64n152k16 = "m64n152k16", M64n160k16 = "m64n160k16", M64n168k16 = "m64n168k16", M64n176k16 = "m64n176k16", M64n184k16 = "m64n184k16", M64n192k16 = "m64n192k16",
    M64n200k16 = "m64n200k16", M64n208k16 = "m64n208k16", M64n216k16 = "m64n216k16", M64n224k16 = "m64n224k16", M64n232k16 = "m64n232k16", M64n240k16 = "m64n240k16",
    M64n248k16 = "m64n248k16", M64n256k16 = "m64n256k16",
    M64n8k32 = "m64n8k32", M64n16k32 = "m64n16k32", M64n24k32 = "m64n24k32", M64n32k32 = "m64n32k32", M64n40k32 = "m64n40k32", M64n48k32 = "m64n48k32",
    M64n56k32 = "m64n56k32", M64n64k32 = "m64n64k32", M64n72k32 = "m64n72k32", M64n80k32 = "m64n80k32", M64n88k32 = "m64n88k32", M64n96k32 = "m64n96k32",
    M64n104k32 = "m64n104k32", M64n112k32 = "m64n112k32", M64n120k32 = "m64n120k32", M64n128k32 = "m64n128k32", M64n136k32 = "m64n136k32", M64n144k32 = "m64n144k32",
    M64n152k32 = "m64n152k32", M64n160k32 = "m64n160k32", M64n168k32 = "m64n168k32", M64n176k32 = "m64n176k32", M64n184k32 = "m64n184k32", M64n192k32 = "m64n192k32",
    M64n200k32 = "m64n200k32", M64n208k32 = "m64n208k32", M64n216k32 = "m64n216k32", M64n224k32 = "m64n224k32", M64n232k32 = "m64n232k32", M64n240k32 = "m64n240k32",
    M64n248k32 = "m64n248k32", M64n256k32 = "m64n256k32",
}
