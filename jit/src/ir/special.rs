//! Special registers (PTX ISA, "Special Registers").

use super::types::Type;

macro_rules! special_registers {
    ($($name:ident = $text:literal: $ty:ident,)*) => {
        /// A special register.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the PTX ISA documents each under its name")]
        pub enum SpecialRegister { $($name,)* }

        impl SpecialRegister {
            /// The register that PTX spells so.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// As PTX spells it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The type that it has.
            pub fn ty(self) -> Type {
                match self { $(Self::$name => Type::$ty,)* }
            }
        }
    };
}

special_registers! {
    TidX = "%tid.x": U32, TidY = "%tid.y": U32, TidZ = "%tid.z": U32,
    NtidX = "%ntid.x": U32, NtidY = "%ntid.y": U32, NtidZ = "%ntid.z": U32,
    CtaidX = "%ctaid.x": U32, CtaidY = "%ctaid.y": U32, CtaidZ = "%ctaid.z": U32,
    NctaidX = "%nctaid.x": U32, NctaidY = "%nctaid.y": U32, NctaidZ = "%nctaid.z": U32,
    LaneId = "%laneid": U32, WarpId = "%warpid": U32, NwarpId = "%nwarpid": U32,
    SmId = "%smid": U32, NsmId = "%nsmid": U32, GridId = "%gridid": U64,
    LanemaskEq = "%lanemask_eq": U32, LanemaskLe = "%lanemask_le": U32, LanemaskLt = "%lanemask_lt": U32,
    LanemaskGe = "%lanemask_ge": U32, LanemaskGt = "%lanemask_gt": U32,
    Clock = "%clock": U32, ClockHi = "%clock_hi": U32, Clock64 = "%clock64": U64,
    GlobalTimer = "%globaltimer": U64, GlobalTimerLo = "%globaltimer_lo": U32, GlobalTimerHi = "%globaltimer_hi": U32,
    DynamicSmemSize = "%dynamic_smem_size": U32, TotalSmemSize = "%total_smem_size": U32,
    ClusterIdX = "%clusterid.x": U32, ClusterIdY = "%clusterid.y": U32, ClusterIdZ = "%clusterid.z": U32,
    NclusterIdX = "%nclusterid.x": U32, NclusterIdY = "%nclusterid.y": U32, NclusterIdZ = "%nclusterid.z": U32,
    ClusterCtaidX = "%cluster_ctaid.x": U32, ClusterCtaidY = "%cluster_ctaid.y": U32, ClusterCtaidZ = "%cluster_ctaid.z": U32,
    ClusterNctaidX = "%cluster_nctaid.x": U32, ClusterNctaidY = "%cluster_nctaid.y": U32, ClusterNctaidZ = "%cluster_nctaid.z": U32,
    ClusterCtarank = "%cluster_ctarank": U32, ClusterNctarank = "%cluster_nctarank": U32,
    IsExplicitCluster = "%is_explicit_cluster": Pred,
}
