//! What the kernels beside this file share.
#![no_std]
#![feature(asm_experimental_arch, stdarch_nvptx)]

use core::arch::asm;
use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x};

/// The index of this thread in a one-dimensional grid.
#[inline(always)]
pub fn index() -> usize {
    // SAFETY: these read special registers, which every thread of a kernel has.
    unsafe { _block_idx_x() as usize * _block_dim_x() as usize + _thread_idx_x() as usize }
}

/// The number of threads of a one-dimensional grid.
#[inline(always)]
pub fn threads() -> usize {
    // SAFETY: as above.
    unsafe { _grid_dim_x() as usize * _block_dim_x() as usize }
}

/// Declares so many numbers of shared memory, which Rust has no word for, and gives their address. Each use is memory of
/// its own, so it belongs in a kernel's body.
#[macro_export]
macro_rules! shared {
    ($name:literal, $count:literal) => {{
        let address: u32;
        // SAFETY: this declares memory and reads its address.
        unsafe {
            core::arch::asm!(
                concat!(".shared .align 16 .b32 ", $name, "[", $count, "];"),
                concat!("mov.u32 {}, ", $name, ";"),
                out(reg32) address,
                options(nomem, nostack),
            )
        };
        $crate::Shared(address)
    }};
}

/// Numbers in shared memory.
#[derive(Clone, Copy)]
pub struct Shared(pub u32);

impl Shared {
    /// # Safety
    /// The index is within what was declared, and no thread writes this number at the same time.
    #[inline(always)]
    pub unsafe fn load(self, index: u32) -> f32 {
        let value: f32;
        // SAFETY: the caller keeps within what was declared.
        unsafe {
            asm!("ld.shared.f32 {}, [{}];", out(reg32) value, in(reg32) self.0 + index * 4, options(nostack))
        };
        value
    }

    /// # Safety
    /// The index is within what was declared, and no other thread uses this number at the same time.
    #[inline(always)]
    pub unsafe fn store(self, index: u32, value: f32) {
        // SAFETY: the caller keeps within what was declared.
        unsafe {
            asm!("st.shared.f32 [{}], {};", in(reg32) self.0 + index * 4, in(reg32) value, options(nostack))
        };
    }
}
