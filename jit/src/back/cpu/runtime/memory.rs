//! What compiled code does to memory in more than an instruction or two.

/// Copies what an asynchronous copy reads, and fills what it does not read with zeros.
///
/// # Safety
///
/// `to` points to `size` writable bytes, `from` to as many readable ones; a guard has seen to both.
pub(super) unsafe extern "C" fn copy(to: *mut u8, from: *const u8, size: u32, read: u32) {
    let (size, read) = (size as usize, read.min(size) as usize);
    // SAFETY: the caller vouches for both; the memory may be one and the same.
    unsafe {
        std::ptr::copy(from, to, read);
        std::ptr::write_bytes(to.add(read), 0, size - read);
    }
}

/// Fills memory with zeros.
///
/// # Safety
///
/// `place` points to `size` writable bytes.
pub(super) unsafe extern "C" fn zero(place: *mut u8, size: u64) {
    // SAFETY: the caller vouches for it.
    unsafe { std::ptr::write_bytes(place, 0, size as usize) };
}

/// Nanoseconds on a clock that never goes back.
pub(super) extern "C" fn clock() -> u64 {
    use std::sync::LazyLock;
    use std::time::Instant;
    static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(EPOCH.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
