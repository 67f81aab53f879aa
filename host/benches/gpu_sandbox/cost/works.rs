//! The kernels that are timed: from which file, with what, and in which shape. Each runs for some tenths of a millisecond or longer on all
//! of a large GPU.

use Argument::{Bytes, F32, F64, In, InOut, Out, U32, U64};
use Content::{Floats, Halves, Integers, Steps};

/// A kernel of the corpus, and a launch of it.
#[derive(Debug)]
pub(super) struct Work {
    /// The file below the folder of the corpus.
    pub(super) file: &'static str,
    pub(super) kernel: &'static str,
    pub(super) grid: [u32; 3],
    pub(super) block: [u32; 3],
    pub(super) dynamic_shared: u32,
    pub(super) arguments: &'static [Argument],
}

impl Work {
    pub(super) fn name(&self) -> &'static str {
        self.kernel
    }
}

/// What a kernel is passed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// A buffer that it reads, of so many bytes.
    In(Content, usize),
    /// One that it writes.
    Out(usize),
    /// One that it reads and writes.
    InOut(Content, usize),
    /// One that it adds to, which is zero at first.
    Bytes(usize),
    U32(u32),
    U64(u64),
    F32(f32),
    F64(f64),
}

/// What is in a buffer at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Floats between a half and one and a half.
    Floats,
    /// Halves between a half and one.
    Halves,
    /// Any bytes.
    Integers,
    /// Small numbers of 32 bits.
    Steps,
}

const MI: usize = 1 << 20;
const GI: usize = 1 << 30;

/// A matrix of floats with that many rows and columns, in bytes.
const fn floats(rows: usize, columns: usize) -> usize {
    4 * rows * columns
}

macro_rules! works {
    ($($file:literal $kernel:ident $grid:expr, $block:expr, $shared:expr; [$($argument:expr),* $(,)?])*) => {
        pub(super) const WORKS: &[Work] = &[$(Work {
            file: concat!("nvrtc-13.5/sm_80/", $file, ".ptx"),
            kernel: stringify!($kernel),
            grid: $grid,
            block: $block,
            dynamic_shared: $shared,
            arguments: &[$($argument),*],
        },)*];
    };
}

works! {
    "vector_add" vector_add [1 << 18, 1, 1], [256, 1, 1], 0;
        [In(Floats, 256 * MI), In(Floats, 256 * MI), Out(256 * MI), U32(64 << 20)]
    "saxpy" saxpy [1 << 18, 1, 1], [256, 1, 1], 0;
        [U32(64 << 20), F32(0.5), In(Floats, 256 * MI), InOut(Floats, 256 * MI)]
    "grid_stride" scale_all [1056, 1, 1], [256, 1, 1], 0;
        [InOut(Floats, 256 * MI), F32(1.0), U32(64 << 20)]
    "reduction" reduce_shuffle [1056, 1, 1], [256, 1, 1], 0;
        [In(Floats, 512 * MI), Out(4 * 1056), U32(128 << 20)]
    "reduction" reduce_tree [1 << 18, 1, 1], [256, 1, 1], 1024;
        [In(Floats, 256 * MI), Out(4 << 18), U32(64 << 20)]
    "softmax" softmax_warp [8192, 1, 1], [256, 1, 1], 0;
        [In(Floats, 256 * MI), Out(256 * MI), U32(65536), U32(1024)]
    "softmax" softmax_block [65536, 1, 1], [128, 1, 1], 4096;
        [In(Floats, 256 * MI), Out(256 * MI), U32(1024)]
    "layer_norm" layer_norm [65536, 1, 1], [256, 1, 1], 0;
        [In(Floats, 256 * MI), In(Floats, 4096), In(Floats, 4096), Out(256 * MI), U32(1024), F32(1e-5)]
    "matmul" matmul_tiled [128, 128, 1], [16, 16, 1], 0;
        [In(Floats, floats(2048, 2048)), In(Floats, floats(2048, 2048)), Out(floats(2048, 2048)),
         U32(2048), U32(2048), U32(2048)]
    "matmul_registers" matmul_registers [64, 64, 1], [256, 1, 1], 0;
        [In(Floats, floats(4096, 4096)), In(Floats, floats(4096, 4096)), Out(floats(4096, 4096)),
         U32(4096), U32(4096), U32(4096)]
    "matmul_async" matmul_async [64, 64, 1], [256, 1, 1], 0;
        [In(Floats, floats(4096, 4096)), In(Floats, floats(4096, 4096)), Out(floats(4096, 4096)),
         U32(4096), U32(4096), U32(4096)]
    "matmul_tensor_f16" matmul_tensor_f16 [128, 128, 1], [128, 1, 1], 0;
        [In(Halves, 2 * 4096 * 4096), In(Halves, 2 * 4096 * 4096), Out(floats(4096, 4096)),
         U32(4096), U32(4096), U32(4096)]
    "matmul_wmma" wmma_f16 [128, 128, 1], [32, 1, 1], 0;
        [In(Halves, 2 * 2048 * 2048), In(Halves, 2 * 2048 * 2048), Out(floats(2048, 2048)), U32(2048), U32(2048)]
    "conv2d" conv2d_blur [512, 512, 1], [16, 16, 1], 0;
        [In(Floats, floats(8192, 8192)), Out(floats(8192, 8192)), U32(8192), U32(8192)]
    "conv2d" conv2d_channels [4, 16, 64], [32, 8, 1], 0;
        [In(Floats, floats(64, 130 * 130)), In(Floats, floats(64 * 64, 9)), In(Floats, 256), Out(floats(64, 128 * 128)),
         U32(64), U32(130), U32(130), U32(3), U32(1)]
    "histogram" histogram_shared [1056, 1, 1], [256, 1, 1], 0;
        [In(Integers, 512 * MI), Bytes(1024), U32(512 << 20)]
    "mandelbrot" mandelbrot_colours [128, 512, 1], [32, 8, 1], 0;
        [Out(floats(4096, 4096)), U32(4096), U32(4096), F64(-2.0), F64(-1.5), F64(3.0 / 4096.0), U32(256)]
    "transpose" transpose_f32 [256, 256, 1], [32, 8, 1], 0;
        [In(Floats, floats(8192, 8192)), Out(floats(8192, 8192)), U32(8192), U32(8192)]
    "stencil" heat_2d [512, 512, 1], [16, 16, 1], 0;
        [In(Floats, floats(8192, 8192)), Out(floats(8192, 8192)), U32(8192), U32(8192), F32(0.1)]
    "stencil" stencil_3d [16, 64, 1], [32, 8, 1], 0;
        [In(Floats, GI / 4), Out(GI / 4), U32(512), U32(512), U32(256), F32(0.4), F32(0.1)]
    "nbody" nbody_accelerations [512, 1, 1], [128, 1, 1], 0;
        [In(Floats, MI), Out(MI), U32(65536), F32(0.01)]
    "attention" attention_forward [32, 64, 1], [64, 1, 1], 0;
        [In(Floats, 32 * MI), In(Floats, 32 * MI), In(Floats, 32 * MI), Out(32 * MI), U32(2048), F32(0.125), U32(0)]
    "scan" scan_shuffle [1 << 18, 1, 1], [256, 1, 1], 0;
        [In(Steps, 256 * MI), Out(256 * MI), Out(4 << 18), U32(64 << 20)]
    "scan" scan_tree [1 << 16, 1, 1], [256, 1, 1], 0;
        [InOut(Steps, 256 * MI)]
    "grid_stride" scale_all_wide [1056, 1, 1], [256, 1, 1], 0;
        [InOut(Steps, 512 * MI), F64(1.0), U64(64 << 20)]
}
