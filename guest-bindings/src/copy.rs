//! Copies between guest and device, and within the device.

use alloc::{format, vec::Vec};
use core::ops::RangeBounds;

use bytemuck::Pod;

use crate::bindings::wasi::cuda::execution::BufferOffset;
use crate::{DeviceBuffer, DeviceSlice, DeviceSliceMut, Error, Result, Stream};

/// Large copies travel in pieces of this many bytes: the host's memory for pending uploads is limited,
/// and a download needs memory twice for as long as one call takes. A call costs less than a
/// thousandth of copying a piece.
const PIECE: usize = 4 << 20;

impl Stream {
    /// Uploads `data` into a new buffer. `data` may be reused when the call returns.
    ///
    /// Errors: as [`Device::alloc_zeros`](crate::Device::alloc_zeros); the stream's error.
    pub fn clone_htod<T: Pod>(&self, data: &[T]) -> Result<DeviceBuffer<T>> {
        let mut buffer = self.alloc_zeros(data.len())?;
        self.memcpy_htod(data, &mut buffer)?;
        Ok(buffer)
    }

    /// Uploads `source` into device memory of the same length. `source` may be reused when the call
    /// returns.
    ///
    /// More than 4 MiB are enqueued as several operations.
    ///
    /// ```no_run
    /// # fn main() -> wasi_cuda::Result<()> {
    /// # let stream = wasi_cuda::Device::get(0)?.stream()?;
    /// let mut buffer = stream.alloc_zeros::<u32>(100)?;
    /// stream.memcpy_htod(&[7; 10], buffer.slice_mut(90..))?;
    /// assert_eq!(stream.clone_dtoh(buffer.slice(88..92))?, [0, 0, 7, 7]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Errors: [`Error::InvalidArgument`] when the lengths differ or the buffer is another device's; the
    /// stream's error.
    pub fn memcpy_htod<'a, T: Pod>(
        &self,
        source: &[T],
        destination: impl Into<DeviceSliceMut<'a, T>>,
    ) -> Result<()> {
        let destination = destination.into();
        same_length(source.len(), destination.len())?;
        let start = destination.position(0);
        for (index, piece) in bytemuck::cast_slice(source).chunks(PIECE).enumerate() {
            self.raw().write(advance(start, index * PIECE), piece)?;
        }
        Ok(())
    }

    /// Waits for the work enqueued before, then downloads device memory.
    ///
    /// Errors: as [`memcpy_dtoh`](Self::memcpy_dtoh).
    pub fn clone_dtoh<'a, T: Pod>(&self, source: impl Into<DeviceSlice<'a, T>>) -> Result<Vec<T>> {
        let source = source.into();
        let mut data = alloc::vec![T::zeroed(); source.len()];
        self.memcpy_dtoh(source, &mut data)?;
        Ok(data)
    }

    /// Waits for the work enqueued before, then downloads device memory into memory of the same length.
    ///
    /// Errors: [`Error::InvalidArgument`] when the lengths differ or the buffer is another device's;
    /// [`Error::InvalidState`] while the stream captures; the stream's error.
    pub fn memcpy_dtoh<'a, T: Pod>(
        &self,
        source: impl Into<DeviceSlice<'a, T>>,
        destination: &mut [T],
    ) -> Result<()> {
        let source = source.into();
        same_length(source.len(), destination.len())?;
        let start = source.position(0);
        for (index, piece) in bytemuck::cast_slice_mut::<T, u8>(destination)
            .chunks_mut(PIECE)
            .enumerate()
        {
            let bytes = self
                .raw()
                .read(advance(start, index * PIECE), piece.len() as u64)?;
            piece.copy_from_slice(&bytes);
        }
        Ok(())
    }

    /// Copies device memory to other device memory of the same length.
    ///
    /// The source may be another device's. The copy then keeps this stream's order alone: let the stream wait for an event of
    /// what writes the source, and that one for an event behind the copy.
    ///
    /// Errors: [`Error::InvalidArgument`] when the lengths differ or the destination is another device's;
    /// [`Error::Unsupported`] when the source is and the stream captures; the stream's error.
    pub fn memcpy_dtod<'a, 'b, T: Pod>(
        &self,
        source: impl Into<DeviceSlice<'a, T>>,
        destination: impl Into<DeviceSliceMut<'b, T>>,
    ) -> Result<()> {
        let (source, destination) = (source.into(), destination.into());
        same_length(source.len(), destination.len())?;
        let bytes = source.len() as u64 * size_of::<T>() as u64;
        Ok(self
            .raw()
            .copy(source.position(0), destination.position(0), bytes)?)
    }

    /// Copies elements to another place in the same buffer; the ranges may overlap.
    ///
    /// Errors: [`Error::InvalidArgument`] when the buffer is another device's; the stream's error.
    ///
    /// # Panics
    ///
    /// When one of the ranges is not in the buffer, like `copy_within` of the standard library.
    pub fn copy_within<T: Pod>(
        &self,
        buffer: &mut DeviceBuffer<T>,
        source: impl RangeBounds<usize>,
        destination: usize,
    ) -> Result<()> {
        let source = buffer.slice(source);
        let end = destination.saturating_add(source.len());
        let destination = buffer.slice(destination..end);
        let bytes = source.len() as u64 * size_of::<T>() as u64;
        Ok(self
            .raw()
            .copy(source.position(0), destination.position(0), bytes)?)
    }

    /// Sets every byte to zero.
    ///
    /// Errors: [`Error::InvalidArgument`] when the buffer is another device's; the stream's error.
    pub fn memset_zeros<'a, T: Pod>(
        &self,
        destination: impl Into<DeviceSliceMut<'a, T>>,
    ) -> Result<()> {
        let destination = destination.into();
        let bytes = destination.len() as u64 * size_of::<T>() as u64;
        self.fill_bytes(destination.position(0), bytes, 0)
    }

    /// Sets every element to `value`, whose type has 1, 2 or 4 bytes.
    ///
    /// ```no_run
    /// # fn main() -> wasi_cuda::Result<()> {
    /// # let stream = wasi_cuda::Device::get(0)?.stream()?;
    /// let mut minima = stream.alloc_zeros::<f32>(100)?;
    /// stream.fill(&mut minima, f32::INFINITY)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Errors: [`Error::InvalidArgument`] when the buffer is another device's; the stream's error.
    pub fn fill<'a, T: Pod>(
        &self,
        destination: impl Into<DeviceSliceMut<'a, T>>,
        value: T,
    ) -> Result<()> {
        const {
            assert!(
                matches!(size_of::<T>(), 1 | 2 | 4),
                "the device repeats 1, 2 or 4 bytes"
            )
        };
        let value = bytemuck::bytes_of(&value);
        let pattern = core::array::from_fn(|byte| value[byte % value.len()]);
        let destination = destination.into();
        let bytes = destination.len() as u64 * size_of::<T>() as u64;
        self.fill_bytes(destination.position(0), bytes, u32::from_le_bytes(pattern))
    }

    /// Repeats a pattern over a range with any offset and length; the host takes multiples of 4.
    fn fill_bytes(&self, start: BufferOffset<'_>, bytes: u64, pattern: u32) -> Result<()> {
        // Elements are 1, 2 or 4 bytes, or the pattern is zero: the pattern is the same at every element.
        let repeated = pattern.to_le_bytes();
        let head = (start.offset.next_multiple_of(4) - start.offset).min(bytes) as usize;
        let tail = ((bytes - head as u64) % 4) as usize;
        let middle = bytes - (head + tail) as u64;
        let at = |offset| BufferOffset {
            offset: start.offset + offset,
            ..start
        };
        if head > 0 {
            self.raw().write(at(0), &repeated[..head])?;
        }
        if middle > 0 {
            self.raw().fill(at(head as u64), middle, pattern)?;
        }
        if tail > 0 {
            self.raw()
                .write(at(head as u64 + middle), &repeated[..tail])?;
        }
        Ok(())
    }
}

fn same_length(source: usize, destination: usize) -> Result<()> {
    if source == destination {
        return Ok(());
    }
    Err(Error::InvalidArgument(format!(
        "a copy of {source} elements to {destination}; take a slice where they are to differ"
    )))
}

fn advance(start: BufferOffset<'_>, bytes: usize) -> BufferOffset<'_> {
    BufferOffset {
        offset: start.offset + bytes as u64,
        ..start
    }
}
