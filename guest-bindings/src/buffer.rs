//! Device memory with an element type.

use core::marker::PhantomData;
use core::ops::{Bound, Range, RangeBounds};

use bytemuck::Pod;

use crate::bindings::wasi::cuda::{execution::BufferOffset, memory::Buffer};
use crate::{Device, Error, Result};

/// Device memory that holds `len` elements of `T`, aligned to 256 bytes.
///
/// Made by [`Device::alloc_zeros`] and [`Stream::clone_htod`](crate::Stream::clone_htod). Dropping it is
/// safe at any time: the host keeps the memory until work that uses it has finished.
///
/// Lengths are counted in elements, as everywhere in Rust; a device has more memory than a 32-bit guest
/// can count bytes, so very large buffers take a larger element, such as `[f32; 4]`.
#[derive(Debug)]
pub struct DeviceBuffer<T> {
    raw: Buffer,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Pod> DeviceBuffer<T> {
    pub(crate) fn new(device: &Device, len: usize) -> Result<Self> {
        const { assert!(size_of::<T>() > 0, "a device buffer's elements have a size") };
        let too_large =
            || Error::InvalidArgument(alloc::format!("{len} elements are more than 2^64 bytes"));
        let size = (len as u64)
            .checked_mul(size_of::<T>() as u64)
            .ok_or_else(too_large)?;
        Ok(Self {
            raw: Buffer::new(device.raw(), size)?,
            len,
            element: PhantomData,
        })
    }

    /// The number of elements.
    #[allow(clippy::len_without_is_empty, reason = "there are no empty buffers")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The address at which kernels see the buffer, for pointers inside structures.
    pub fn device_address(&self) -> u64 {
        self.raw.device_address()
    }

    /// Some of the elements, to read.
    ///
    /// # Panics
    ///
    /// When the range is not in the buffer, like slices of the standard library.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> DeviceSlice<'_, T> {
        DeviceSlice::from(self).slice(range)
    }

    /// Some of the elements, to write.
    ///
    /// # Panics
    ///
    /// When the range is not in the buffer, like slices of the standard library.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> DeviceSliceMut<'_, T> {
        DeviceSliceMut(self.slice(range))
    }

    /// The generated binding.
    pub fn raw(&self) -> &Buffer {
        &self.raw
    }
}

/// Some elements of a [`DeviceBuffer`], to read.
#[derive(Debug)]
pub struct DeviceSlice<'a, T> {
    buffer: &'a Buffer,
    first: usize,
    len: usize,
    element: PhantomData<T>,
}

impl<'a, T: Pod> DeviceSlice<'a, T> {
    /// All elements of a buffer.
    pub(crate) fn whole(buffer: &'a Buffer, len: usize) -> Self {
        Self {
            buffer,
            first: 0,
            len,
            element: PhantomData,
        }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Some of its elements.
    ///
    /// # Panics
    ///
    /// When the range is not in the slice, like slices of the standard library.
    pub fn slice(self, range: impl RangeBounds<usize>) -> Self {
        let Range { start, end } = resolve(range, self.len);
        Self {
            first: self.first + start,
            len: end - start,
            ..self
        }
    }

    /// The position of the element at `index`, which may be the one past the end.
    pub(crate) fn position(&self, index: usize) -> BufferOffset<'a> {
        let offset = (self.first as u64 + index as u64) * size_of::<T>() as u64;
        BufferOffset {
            buffer: self.buffer,
            offset,
        }
    }
}

impl<T> Clone for DeviceSlice<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DeviceSlice<'_, T> {}

impl<'a, T: Pod> From<&'a DeviceBuffer<T>> for DeviceSlice<'a, T> {
    fn from(buffer: &'a DeviceBuffer<T>) -> Self {
        Self::whole(&buffer.raw, buffer.len)
    }
}

/// Some elements of a [`DeviceBuffer`], to write.
#[derive(Debug)]
pub struct DeviceSliceMut<'a, T>(DeviceSlice<'a, T>);

impl<'a, T: Pod> DeviceSliceMut<'a, T> {
    /// All elements of a buffer.
    pub(crate) fn whole(buffer: &'a Buffer, len: usize) -> Self {
        Self(DeviceSlice::whole(buffer, len))
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Some of its elements.
    ///
    /// # Panics
    ///
    /// When the range is not in the slice, like slices of the standard library.
    pub fn slice_mut(self, range: impl RangeBounds<usize>) -> Self {
        Self(self.0.slice(range))
    }

    /// The position of the element at `index`, which may be the one past the end.
    pub(crate) fn position(&self, index: usize) -> BufferOffset<'a> {
        self.0.position(index)
    }
}

impl<'a, T: Pod> From<&'a mut DeviceBuffer<T>> for DeviceSliceMut<'a, T> {
    fn from(buffer: &'a mut DeviceBuffer<T>) -> Self {
        Self(DeviceSlice::from(&*buffer))
    }
}

/// The range within `len` elements.
fn resolve(range: impl RangeBounds<usize>, len: usize) -> Range<usize> {
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before
            .checked_add(1)
            .expect("a range begins below usize::MAX"),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.checked_add(1).expect("a range ends below usize::MAX"),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => len,
    };
    assert!(
        start <= end && end <= len,
        "elements {start}..{end} of {len} on the device"
    );
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_mean_what_they_mean_for_slices() {
        assert_eq!(resolve(.., 10), 0..10);
        assert_eq!(resolve(3.., 10), 3..10);
        assert_eq!(resolve(..=3, 10), 0..4);
        assert_eq!(resolve(10..10, 10), 10..10);
        assert_eq!(resolve((Bound::Excluded(3), Bound::Unbounded), 10), 4..10);
    }

    #[test]
    #[should_panic(expected = "elements 5..11 of 10 on the device")]
    fn a_range_past_the_end_panics() {
        resolve(5..11, 10);
    }

    #[test]
    #[should_panic(expected = "elements 5..4 of 10 on the device")]
    #[allow(clippy::reversed_empty_ranges, reason = "it is the input under test")]
    fn a_range_that_ends_before_it_begins_panics() {
        resolve(5..4, 10);
    }
}
