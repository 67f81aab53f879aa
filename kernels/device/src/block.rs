//! How the threads of a block work together: shared memory, barriers and shuffles.

use core::arch::asm;
use core::arch::nvptx::{_syncthreads, _thread_idx_x};

/// The threads of a block, in all kernels whose blocks are one-dimensional and work together.
pub const THREADS: u32 = 256;

/// A number of 32 bits.
pub trait Word: Copy {
    /// Its bits.
    fn bits(self) -> u32;
    /// The number with these bits.
    fn of(bits: u32) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn bits(self) -> u32 {
        self
    }

    #[inline(always)]
    fn of(bits: u32) -> Self {
        bits
    }
}

impl Word for f32 {
    #[inline(always)]
    fn bits(self) -> u32 {
        self.to_bits()
    }

    #[inline(always)]
    fn of(bits: u32) -> Self {
        Self::from_bits(bits)
    }
}

/// Declares so many words of shared memory, which Rust has no word for, and gives their address. Each use is memory of
/// its own and its name must be the only one of its kernel, so it belongs in a kernel's body.
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

/// The address of words in shared memory.
#[derive(Clone, Copy)]
pub struct Shared(pub u32);

impl Shared {
    /// # Safety
    /// The index is within what was declared, and no thread writes this word at the same time.
    #[inline(always)]
    pub unsafe fn load<T: Word>(self, index: u32) -> T {
        let bits: u32;
        // SAFETY: the caller keeps within what was declared.
        unsafe {
            asm!("ld.shared.b32 {}, [{}];", out(reg32) bits, in(reg32) self.0 + index * 4, options(nostack))
        };
        T::of(bits)
    }

    /// # Safety
    /// The index is within what was declared, and no other thread uses this word at the same time.
    #[inline(always)]
    pub unsafe fn store<T: Word>(self, index: u32, value: T) {
        // SAFETY: the caller keeps within what was declared.
        unsafe {
            asm!("st.shared.b32 [{}], {};", in(reg32) self.0 + index * 4, in(reg32) value.bits(), options(nostack))
        };
    }
}

/// The index of this thread in its one-dimensional block.
#[inline(always)]
pub fn thread() -> u32 {
    // SAFETY: this reads a special register.
    unsafe { _thread_idx_x() as u32 }
}

/// Waits for all threads of the block.
///
/// # Safety
/// All of them come here.
#[inline(always)]
pub unsafe fn barrier() {
    // SAFETY: as promised by the caller.
    unsafe { _syncthreads() };
}

/// The value of the lane so many before this one; the lane's own where there is none.
///
/// # Safety
/// All lanes of the warp come here.
#[inline(always)]
pub unsafe fn from_lane_before<T: Word>(value: T, by: u32) -> T {
    let other: u32;
    // SAFETY: all lanes of the warp come here.
    unsafe {
        asm!(
            "shfl.sync.up.b32 {}, {}, {}, 0, -1;",
            out(reg32) other, in(reg32) value.bits(), in(reg32) by, options(nomem, nostack),
        )
    };
    T::of(other)
}

/// The value of the lane so many after this one; the lane's own where there is none.
///
/// # Safety
/// All lanes of the warp come here.
#[inline(always)]
unsafe fn from_lane_after<T: Word>(value: T, by: u32) -> T {
    let other: u32;
    // SAFETY: all lanes of the warp come here.
    unsafe {
        asm!(
            "shfl.sync.down.b32 {}, {}, {}, 31, -1;",
            out(reg32) other, in(reg32) value.bits(), in(reg32) by, options(nomem, nostack),
        )
    };
    T::of(other)
}

/// All threads' values combined, in every thread: the upper half of them into the lower one until one is left.
///
/// # Safety
/// All [`THREADS`] threads of the block come here, and `scratch` holds as many words that nothing else uses.
#[inline(always)]
pub unsafe fn total<T: Word>(scratch: Shared, own: T, combine: impl Fn(T, T) -> T) -> T {
    let thread = thread();
    // SAFETY: a thread's index is below `THREADS`, and barriers part each word's uses by different threads.
    unsafe {
        scratch.store(thread, own);
        barrier();
        let mut half = THREADS / 2;
        while half >= 32 {
            if thread < half {
                scratch.store(thread, combine(scratch.load(thread), scratch.load(thread + half)));
            }
            barrier();
            half /= 2;
        }
        if thread < 32 {
            let mut value = scratch.load(thread);
            for by in [16, 8, 4, 2, 1] {
                value = combine(value, from_lane_after(value, by));
            }
            if thread == 0 {
                scratch.store(0, value);
            }
        }
        barrier();
        let total = scratch.load(0);
        // The next use of `scratch` may write it.
        barrier();
        total
    }
}
