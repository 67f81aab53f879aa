//! Memory of the guest's own, in which kernels work in place.

mod pages;

use alloc::{format, vec::Vec};
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;

use bytemuck::Pod;

use crate::bindings::wasi::cuda::memory::Buffer;
use crate::{Argument, Device, DeviceSlice, DeviceSliceMut, Error, KernelArgument, Result};
use pages::Pages;

/// `len` elements of `T` in the guest's own memory, which kernels read and write where they are.
///
/// Made by [`Device::share_zeros`]. It takes the place of a [`DeviceBuffer`](crate::DeviceBuffer) in launches and copies, and
/// of a vector in the guest: its elements are [cells](Cell), since a call that runs kernels may change them.
///
/// ```no_run
/// # fn main() -> wasi_cuda::Result<()> {
/// # let device = wasi_cuda::Device::get(0)?;
/// # let stream = device.stream()?;
/// # let double = device.load_ptx("")?.function("double")?;
/// let mut values = device.share_zeros::<f32>(1000)?;
/// values[7].set(1.5);
/// stream.launch(&double, wasi_cuda::LaunchConfig::for_num_elems(1000), (&mut values, 1000u32))?;
/// stream.synchronize()?;
/// assert_eq!(values[7].get(), 3.0);
/// # Ok(())
/// # }
/// ```
///
/// # What it costs
///
/// While a device has such a buffer, launches on it run while their call waits, so that memory never changes beside the
/// guest's code. A kernel that waits for what the guest does next ends at its time limit. The memory comes in pages of
/// 64 KiB.
///
/// # Unstable
///
/// A guest that uses it needs a host with the feature `cuda-mapped-memory`, or it does not start.
#[derive(Debug)]
pub struct SharedBuffer<T> {
    // Dropped before the pages: then they are the guest's alone.
    raw: Buffer,
    pages: Pages,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Pod> SharedBuffer<T> {
    pub(crate) fn new(device: &Device, len: usize) -> Result<Self> {
        const { assert!(size_of::<T>() > 0, "a shared buffer's elements have a size") };
        let too_large =
            || Error::InvalidArgument(format!("{len} elements are more than a guest's memory"));
        let bytes = len.checked_mul(size_of::<T>()).ok_or_else(too_large)?;
        let pages = Pages::zeroed(bytes).ok_or_else(too_large)?;
        Ok(Self {
            raw: pages.share(device, bytes)?,
            pages,
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

    /// A copy of the elements.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().map(Cell::get).collect()
    }

    /// Sets all elements.
    ///
    /// # Panics
    ///
    /// When `elements` are not as many.
    pub fn copy_from_slice(&self, elements: &[T]) {
        assert_eq!(self.len, elements.len(), "as many elements as there are");
        for (cell, element) in self.iter().zip(elements) {
            cell.set(*element);
        }
    }

    /// The generated binding.
    pub fn raw(&self) -> &Buffer {
        &self.raw
    }
}

impl<T: Pod> Deref for SharedBuffer<T> {
    type Target = [Cell<T>];

    fn deref(&self) -> &[Cell<T>] {
        self.pages.cells(self.len)
    }
}

impl<'a, T: Pod> From<&'a SharedBuffer<T>> for DeviceSlice<'a, T> {
    fn from(buffer: &'a SharedBuffer<T>) -> Self {
        DeviceSlice::whole(&buffer.raw, buffer.len)
    }
}

impl<'a, T: Pod> From<&'a mut SharedBuffer<T>> for DeviceSliceMut<'a, T> {
    fn from(buffer: &'a mut SharedBuffer<T>) -> Self {
        DeviceSliceMut::whole(&buffer.raw, buffer.len)
    }
}

impl<T: Pod> KernelArgument for &SharedBuffer<T> {
    fn argument(&self) -> Argument<'_> {
        Argument::Pointer(DeviceSlice::from(*self).position(0))
    }
}

impl<T: Pod> KernelArgument for &mut SharedBuffer<T> {
    fn argument(&self) -> Argument<'_> {
        Argument::Pointer(DeviceSlice::from(&**self).position(0))
    }
}
