//! Ranges of this guest's memory that programs share as they like, where the guest bindings take care of whole pages.

use std::cell::Cell;
use std::ops::Range;

use wasi_cuda::bindings::wasi::cuda::{memory, types::ErrorCode};
use wasi_cuda::{Device, LaunchConfig, Result};

use crate::{Setup, at};

/// Bytes of this guest's memory that calls may change.
pub struct Region(Box<[Cell<u8>]>);

impl Region {
    /// Zeroed bytes.
    pub fn new(bytes: usize) -> Self {
        Self(vec![Cell::new(0); bytes].into_boxed_slice())
    }

    /// Shares a range of it.
    pub fn share(&self, device: &Device, range: Range<usize>) -> Result<memory::Buffer, ErrorCode> {
        let cells = &self.0[range];
        // SAFETY: a cell is its byte, and nobody writes to them during the call.
        let bytes = unsafe { std::slice::from_raw_parts(cells.as_ptr().cast(), cells.len()) };
        memory::Buffer::share(device.raw(), bytes)
    }

    /// Sets bytes.
    pub fn put(&self, at: usize, bytes: &[u8]) {
        for (cell, byte) in self.0[at..].iter().zip(bytes) {
            cell.set(*byte);
        }
    }

    /// Bytes as they are now.
    pub fn get(&self, range: Range<usize>) -> Vec<u8> {
        self.0[range].iter().map(Cell::get).collect()
    }
}

/// Has a kernel add `amount` to each of `count` words of a buffer, from a byte on that is a multiple of 4.
pub fn add(
    setup: &Setup,
    buffer: &memory::Buffer,
    offset: u64,
    count: u32,
    amount: u32,
) -> Result<()> {
    use wasi_cuda::Argument;
    let arguments = [
        Argument::Pointer(at(buffer, offset)),
        Argument::U32(count),
        Argument::U32(1),
        Argument::U32(amount),
    ];
    let config = LaunchConfig::for_num_elems(count);
    setup.stream.launch(&setup.affine, config, &arguments[..])
}
