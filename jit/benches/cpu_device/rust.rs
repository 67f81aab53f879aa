//! The same work in Rust, over slices that threads share out.

/// `body` for each of as many parts of a slice as there are threads, with the part's first index.
pub(crate) fn in_parts(
    out: &mut [f32],
    unit: usize,
    threads: usize,
    body: impl Fn(usize, &mut [f32]) + Sync,
) {
    let part = (out.len() / unit).div_ceil(threads) * unit;
    std::thread::scope(|scope| {
        for (number, part_of_out) in out.chunks_mut(part).enumerate() {
            let body = &body;
            scope.spawn(move || body(number * part, part_of_out));
        }
    });
}

pub(crate) fn vector_add(a: &[f32], b: &[f32], out: &mut [f32], threads: usize) {
    in_parts(out, 1, threads, |first, out| {
        let (a, b) = (&a[first..][..out.len()], &b[first..][..out.len()]);
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = a + b;
        }
    });
}

pub(crate) fn saxpy(factor: f32, x: &[f32], y: &mut [f32], threads: usize) {
    in_parts(y, 1, threads, |first, y| {
        let x = &x[first..][..y.len()];
        for (y, x) in y.iter_mut().zip(x) {
            *y += factor * x;
        }
    });
}

/// Each block's sum, in the order in which the kernel adds: by lanes, then by halves of a warp, then by warps.
pub(crate) fn reduce(input: &[f32], sums: &mut [f32], block: usize, threads: usize) {
    let blocks = sums.len();
    let stride = blocks * block;
    in_parts(sums, 1, threads, |first, sums| {
        let mut lanes = vec![0f32; block];
        for (number, sum) in sums.iter_mut().enumerate() {
            lanes.fill(0.0);
            let mut start = (first + number) * block;
            while start < input.len() {
                let end = (start + block).min(input.len());
                for (lane, value) in lanes.iter_mut().zip(&input[start..end]) {
                    *lane += value;
                }
                start += stride;
            }
            *sum = lanes.iter().sum();
        }
    });
}

/// The kernel's blocking: tiles of 64 by 64 whose parts of 4 by 4 stay in registers, 16 of the inner dimension at a time.
pub(crate) fn matmul(a: &[f32], b: &[f32], c: &mut [f32], n: usize, threads: usize) {
    in_parts(c, 64 * n, threads, |first, c| {
        for (number, rows) in c.chunks_mut(64 * n).enumerate() {
            let row = first / n + number * 64;
            for column in (0..n).step_by(64) {
                tile(a, b, rows, n, row, column);
            }
        }
    });
}

fn tile(a: &[f32], b: &[f32], c: &mut [f32], n: usize, row: usize, column: usize) {
    let mut sums = [[[0f32; 4]; 4]; 256];
    let (mut a_tile, mut b_tile) = ([[0f32; 64]; 16], [[0f32; 64]; 16]);
    for start in (0..n).step_by(16) {
        for depth in 0..16 {
            for own in 0..64 {
                a_tile[depth][own] = a[(row + own) * n + start + depth];
            }
            b_tile[depth].copy_from_slice(&b[(start + depth) * n + column..][..64]);
        }
        for (thread, sums) in sums.iter_mut().enumerate() {
            let (own_row, own_column) = (thread / 16 * 4, thread % 16 * 4);
            for depth in 0..16 {
                let x: [f32; 4] = a_tile[depth][own_row..own_row + 4].try_into().unwrap();
                let y: [f32; 4] = b_tile[depth][own_column..own_column + 4]
                    .try_into()
                    .unwrap();
                for i in 0..4 {
                    for j in 0..4 {
                        sums[i][j] += x[i] * y[j];
                    }
                }
            }
        }
    }
    for (thread, sums) in sums.iter().enumerate() {
        let (own_row, own_column) = (thread / 16 * 4, thread % 16 * 4);
        for (i, sums) in sums.iter().enumerate() {
            c[(own_row + i) * n + column + own_column..][..4].copy_from_slice(sums);
        }
    }
}
