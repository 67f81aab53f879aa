//! Running sums of rows, by warps whose sums are then added up.

use core::ops::Add;

use device::{Shared, THREADS, Word, barrier, for_each_of_block, from_lane_before, shared, thread};

/// How many words of shared memory a scan needs: one for each warp.
const WARPS: u32 = THREADS / 32;

/// The sum of this thread's value and of those of the lanes before it.
///
/// # Safety
/// All lanes of the warp come here.
#[inline(always)]
unsafe fn scan_warp<T: Word>(own: T, add: impl Fn(T, T) -> T) -> T {
    let lane = thread() % 32;
    let mut sum = own;
    for by in [1, 2, 4, 8, 16] {
        // SAFETY: all lanes of the warp come here.
        let before = unsafe { from_lane_before(sum, by) };
        if lane >= by {
            sum = add(before, sum);
        }
    }
    sum
}

/// Scans each row, 256 elements at a time.
///
/// # Safety
/// `x` and `out` hold `rows` rows of `columns` elements each; blocks have [`THREADS`] threads, and `sums` has a word for
/// each warp.
#[inline(always)]
unsafe fn scan_rows<T: Word>(
    sums: Shared,
    zero: T,
    add: impl Fn(T, T) -> T,
    x: *const T,
    out: *mut T,
    rows: u64,
    columns: u64,
) {
    for_each_of_block(rows, |row| {
        let mut carried = zero;
        let mut start = 0;
        while start < columns {
            let column = start + thread() as u64;
            let place = (row * columns + column) as usize;
            // SAFETY: all threads of the block come here, a place is used where its column is within the row, and barriers
            // part each word's uses by different threads.
            unsafe {
                let own = if column < columns { *x.add(place) } else { zero };
                let within = scan_warp(own, &add);
                if thread() % 32 == 31 {
                    sums.store(thread() / 32, within);
                }
                barrier();
                let mut before = carried;
                let mut warp = 0;
                while warp < WARPS {
                    if warp == thread() / 32 && column < columns {
                        *out.add(place) = add(before, within);
                    }
                    before = add(before, sums.load(warp));
                    warp += 1;
                }
                carried = before;
                barrier();
            }
            start += THREADS as u64;
        }
    });
}

/// `out[r][i]` is the sum of `x[r][0]` to `x[r][i]`.
///
/// # Safety
/// Each array holds `rows` rows of `columns` elements; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn inclusive_scan(x: *const f32, out: *mut f32, rows: u64, columns: u64) {
    let sums = shared!("sums", 8);
    // SAFETY: as promised by the caller.
    unsafe { scan_rows(sums, 0.0, f32::add, x, out, rows, columns) }
}

/// `out[r][i]` is the sum of `x[r][0]` to `x[r][i]`, wrapping round.
///
/// # Safety
/// Each array holds `rows` rows of `columns` elements; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn inclusive_scan_u32(x: *const u32, out: *mut u32, rows: u64, columns: u64) {
    let sums = shared!("sums", 8);
    // SAFETY: as promised by the caller.
    unsafe { scan_rows(sums, 0, u32::wrapping_add, x, out, rows, columns) }
}
