//! What a kernel expects from whoever launches it.

use std::fmt;

/// The type of a parameter, as far as its declaration and uses tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterType {
    /// A signed integer of 8 bits.
    S8,
    /// A signed integer of 16 bits.
    S16,
    /// A signed integer of 32 bits.
    S32,
    /// A signed integer of 64 bits.
    S64,
    /// An unsigned integer of 8 bits.
    U8,
    /// An unsigned integer of 16 bits.
    U16,
    /// An unsigned integer of 32 bits.
    U32,
    /// An unsigned integer of 64 bits.
    U64,
    /// An IEEE 754 number of 16 bits.
    F16,
    /// A bfloat16 number.
    Bf16,
    /// An IEEE 754 number of 32 bits.
    F32,
    /// An IEEE 754 number of 64 bits.
    F64,
    /// A device address.
    Pointer,
    /// Opaque bytes, so many.
    Bytes(u32),
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S8 => "s8",
            Self::S16 => "s16",
            Self::S32 => "s32",
            Self::S64 => "s64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Pointer => "pointer",
            Self::Bytes(size) => return write!(f, "bytes({size})"),
        })
    }
}

/// One parameter of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the source.
    pub name: String,
    /// Its type.
    pub ty: ParameterType,
    /// Whether it was declared as bits (`.b32`) and so takes integers and floats alike.
    pub untyped: bool,
    /// Where it begins in the parameter block, in bytes.
    pub offset: u32,
    /// Its size in bytes.
    pub size: u32,
    /// Its alignment in bytes.
    pub align: u32,
}

/// What a kernel expects from a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name in the source.
    pub name: String,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// Size of the parameter block in bytes.
    pub parameter_bytes: u32,
    /// Highest number of threads in a block.
    pub max_threads_per_block: u32,
    /// The only extents that a block may have, x first, where the source says so (`.reqntid`).
    pub required_block: Option<[u32; 3]>,
    /// Static shared memory per block, in bytes.
    pub shared_memory: u32,
    /// Local memory per thread, in bytes.
    pub local_memory: u32,
    /// Virtual registers per thread.
    pub registers: u32,
}
