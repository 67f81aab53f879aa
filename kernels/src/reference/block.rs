//! The order in which a block of 256 threads combines what they hold.

/// The threads of a block.
pub(super) const THREADS: usize = 256;

/// All values combined: each thread has those that are 256 apart, then the upper half of the threads' values is combined
/// into the lower one until one is left.
pub(super) fn total<T: Copy>(
    values: impl Iterator<Item = T>,
    identity: T,
    combine: impl Fn(T, T) -> T,
) -> T {
    let mut threads = [identity; THREADS];
    for (place, value) in values.enumerate() {
        let own = &mut threads[place % THREADS];
        *own = combine(*own, value);
    }
    let mut half = THREADS / 2;
    while half > 0 {
        for thread in 0..half {
            threads[thread] = combine(threads[thread], threads[thread + half]);
        }
        half /= 2;
    }
    threads[0]
}

/// The greater number, or NaN if one is. Of equal ones, which may differ in the sign of zero, the second.
pub(super) fn greater(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// The lesser number, or NaN if one is. Of equal ones, which may differ in the sign of zero, the second.
pub(super) fn less(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}
