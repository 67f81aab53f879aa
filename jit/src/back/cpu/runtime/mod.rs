//! What compiled code calls.

mod approx;
mod atomic;
mod bits;
mod exact;
mod fault;
mod fused;
mod memory;
mod rounded;

pub(super) use atomic::encode as encode_atomic;
pub(super) use exact::{Direction, Format};
pub(super) use fault::OUTSIDE_WINDOW;
pub(super) use rounded::{Operation, conversion_code};

use cranelift_codegen::ir::{Type, types};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $function:path: ($($parameter:ident),*) $(-> $result:ident)?;)*) => {
        /// A function that compiled code calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Runtime { $($(#[$doc])* $name,)* }

        impl Runtime {
            /// All of them, in the order of their numbers.
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name by which it is linked.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Where it is.
            pub(super) fn address(self) -> *const u8 {
                match self { $(Self::$name => $function as *const u8,)* }
            }

            /// The types of what it takes.
            pub(super) fn parameters(self) -> &'static [Type] {
                match self { $(Self::$name => &[$(types::$parameter),*],)* }
            }

            /// The type of what it gives.
            pub(super) fn result(self) -> Option<Type> {
                match self { $(Self::$name => [$(types::$result)?].first().copied(),)* }
            }
        }
    };
}

functions! {
    RecordFault = "record_fault", fault::record_fault: (I64, I64, I32, I64, I32, I32, I32);
    Atomic = "atomic", atomic::atomic: (I32, I64, I64, I64) -> I64;
    Copy = "copy", memory::copy: (I64, I64, I32, I32);
    Zero = "zero", memory::zero: (I64, I64);
    Clock = "clock", memory::clock: () -> I64;
    Sin = "sin", approx::sin: (F32) -> F32;
    Cos = "cos", approx::cos: (F32) -> F32;
    Ex2 = "ex2", approx::ex2: (F32) -> F32;
    Lg2 = "lg2", approx::lg2: (F32) -> F32;
    Tanh = "tanh", approx::tanh: (F32) -> F32;
    Rsqrt = "rsqrt", approx::rsqrt: (F32) -> F32;
    Ex2Double = "ex2_f64", approx::ex2_f64: (F64) -> F64;
    TanhDouble = "tanh_f64", approx::tanh_f64: (F64) -> F64;
    RcpGross = "rcp_gross", approx::rcp_gross: (F64) -> F64;
    RsqrtGross = "rsqrt_gross", approx::rsqrt_gross: (F64) -> F64;
    RoundedF32 = "rounded_f32", rounded::rounded_f32: (I32, F32, F32, F32) -> F32;
    RoundedF64 = "rounded_f64", rounded::rounded_f64: (I32, F64, F64, F64) -> F64;
    RoundFloat = "round_float", rounded::round_float: (I32, F64) -> I64;
    RoundUnsigned = "round_unsigned", rounded::round_unsigned: (I32, I64) -> I64;
    RoundSigned = "round_signed", rounded::round_signed: (I32, I64) -> I64;
    FindNthSet = "find_nth_set", bits::find_nth_set: (I32, I32, I32) -> I32;
    /// For processors without the instruction.
    FusedF32 = "fmaf", fused::fmaf: (F32, F32, F32) -> F32;
    /// As above.
    FusedF64 = "fma", fused::fma: (F64, F64, F64) -> F64;
}
