//! Matrices stored row by row. Each operation rounds by itself: no product is fused with the sum after it.

use core::arch::nvptx::{_thread_idx_x, _thread_idx_y};

use device::{Shared, barrier, for_each_index, for_each_of_block, shared};

/// The side of a tile, and of the block that computes it.
const TILE: u64 = 16;

/// The place of this thread in its block: column and row.
#[inline(always)]
fn place() -> (u64, u64) {
    // SAFETY: these read special registers.
    unsafe { (_thread_idx_x() as u32 as u64, _thread_idx_y() as u32 as u64) }
}

/// The row and the column of an index into a matrix.
///
/// # Safety
/// The matrix has columns.
#[inline(always)]
unsafe fn row_and_column(index: u64, columns: u64) -> (u64, u64) {
    // Else the division is one that might panic.
    // SAFETY: as promised by the caller.
    unsafe { core::hint::assert_unchecked(columns != 0) };
    (index / columns, index % columns)
}

/// `c[i][j]` is the sum of `a[i][l] * b[l][j]` by ascending `l`.
///
/// # Safety
/// `a` holds `m` rows of `k` elements, `b` `k` rows of `n`, and `c`, which is neither, `m` rows of `n`.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn matmul(a: *const f32, b: *const f32, c: *mut f32, m: u64, n: u64, k: u64) {
    for_each_index(m * n, |index| {
        // SAFETY: the matrix has an element of this index.
        let (row, column) = unsafe { row_and_column(index as u64, n) };
        let mut sum = 0.0;
        let mut l = 0;
        while l < k {
            // SAFETY: row and column are within the matrices.
            sum += unsafe { *a.add((row * k + l) as usize) * *b.add((l * n + column) as usize) };
            l += 1;
        }
        // SAFETY: as above.
        unsafe { *c.add(index) = sum };
    });
}

/// Puts an element of a matrix into this thread's place of a tile, or 0 where the tile lies outside.
///
/// # Safety
/// The matrix holds `rows` rows of `columns` elements; the tile holds 256 words, and no other thread uses this one's.
#[inline(always)]
unsafe fn fill_tile(tile: Shared, matrix: *const f32, [row, rows]: [u64; 2], [column, columns]: [u64; 2]) {
    let (x, y) = place();
    let mut value = 0.0;
    if row < rows && column < columns {
        // SAFETY: row and column are within the matrix.
        value = unsafe { *matrix.add((row * columns + column) as usize) };
    }
    // SAFETY: each thread has a place of its own.
    unsafe { tile.store((y * TILE + x) as u32, value) };
}

/// The same as `matmul`, by tiles in shared memory.
///
/// # Safety
/// As for `matmul`; blocks are of 16 x 16 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn matmul_tiled(a: *const f32, b: *const f32, c: *mut f32, m: u64, n: u64, k: u64) {
    let left = shared!("left", 256);
    let right = shared!("right", 256);
    let (x, y) = place();
    let across = n.div_ceil(TILE);
    for_each_of_block(m.div_ceil(TILE) * across, |tile| {
        // SAFETY: there is a tile of this index.
        let (down, right_by) = unsafe { row_and_column(tile, across) };
        let (row, column) = (down * TILE + y, right_by * TILE + x);
        let mut sum = 0.0;
        let mut start = 0;
        while start < k {
            // SAFETY: all threads of the block come here, and barriers part each tile's filling from its use.
            unsafe {
                fill_tile(left, a, [row, m], [start + x, k]);
                fill_tile(right, b, [start + y, k], [column, n]);
                barrier();
                let mut l = 0;
                while l < TILE {
                    sum += left.load::<f32>((y * TILE + l) as u32) * right.load::<f32>((l * TILE + x) as u32);
                    l += 1;
                }
                barrier();
            }
            start += TILE;
        }
        if row < m && column < n {
            // SAFETY: row and column are within the matrix.
            unsafe { *c.add((row * n + column) as usize) = sum };
        }
    });
}

/// `out[j][i] = x[i][j]`, by tiles in shared memory, so that neighbouring threads both read and write neighbours.
///
/// # Safety
/// `x` holds `rows` rows of `columns` elements and `out`, which is not `x`, `columns` rows of `rows`; blocks are of
/// 16 x 16 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn transpose(x: *const f32, out: *mut f32, rows: u64, columns: u64) {
    // A row of the tile is one word longer than it need be: the words of a column then are in different banks.
    let tile = shared!("tile", 272);
    let (lane, line) = place();
    let across = columns.div_ceil(TILE);
    for_each_of_block(rows.div_ceil(TILE) * across, |index| {
        // SAFETY: there is a tile of this index.
        let (down, right_by) = unsafe { row_and_column(index, across) };
        let (top, left) = (down * TILE, right_by * TILE);
        // SAFETY: all threads of the block come here, barriers part the tile's filling from its use, and elements are
        // within the matrices.
        unsafe {
            if top + line < rows && left + lane < columns {
                let element = *x.add(((top + line) * columns + left + lane) as usize);
                tile.store((line * (TILE + 1) + lane) as u32, element);
            }
            barrier();
            if left + line < columns && top + lane < rows {
                let element: f32 = tile.load((lane * (TILE + 1) + line) as u32);
                *out.add(((left + line) * rows + top + lane) as usize) = element;
            }
            barrier();
        }
    });
}
