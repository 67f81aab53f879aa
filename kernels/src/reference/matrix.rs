//! Matrices, stored row by row.

/// `c[i][j]` is the sum of `a[i][l] * b[l][j]` by ascending `l`, where `a` has rows of `k` elements and `b` and `c` of `n`.
/// Also the reference of `matmul_tiled`, which gives the same bits.
pub fn matmul(a: &[f32], b: &[f32], c: &mut [f32], m: usize, n: usize, k: usize) {
    assert!(
        a.len() == m * k && b.len() == k * n && c.len() == m * n,
        "a matrix is not as large as the counts say"
    );
    for row in 0..m {
        for column in 0..n {
            c[row * n + column] =
                (0..k).fold(0.0, |sum, l| sum + a[row * k + l] * b[l * n + column]);
        }
    }
}

/// `out[j][i] = x[i][j]`, where `x` has `rows` rows of `columns` elements.
pub fn transpose(x: &[f32], out: &mut [f32], rows: usize, columns: usize) {
    assert!(
        x.len() == rows * columns && out.len() == x.len(),
        "a matrix is not as large as the counts say"
    );
    for row in 0..rows {
        for column in 0..columns {
            out[column * rows + row] = x[row * columns + column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matmul_multiplies_rows_by_columns() {
        let mut c = [0.0; 4];
        matmul(
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            &[1.0, 0.0, 0.0, 1.0, 10.0, 20.0],
            &mut c,
            2,
            2,
            3,
        );
        assert_eq!(c, [31.0, 62.0, 64.0, 125.0]);
    }

    #[test]
    fn transpose_makes_columns_of_rows() {
        let mut out = [0.0; 6];
        transpose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut out, 2, 3);
        assert_eq!(out, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
