//! What a launch takes: a tuple of buffers, slices, scalars and bytes.

use alloc::vec::Vec;

use bytemuck::Pod;

use crate::bindings::wasi::cuda::execution::BufferOffset;
use crate::{Argument, DeviceBuffer, DeviceSlice, DeviceSliceMut};

/// A value that a kernel takes as one argument.
///
/// The host checks it against the kernel's parameter: same width, integer or float where the kernel
/// says which, a pointer wherever the kernel uses one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a kernel argument",
    note = "buffers are passed as `&buffer` or `&mut buffer`, structures as `Bytes::of(&value)`",
    note = "scalars have the width of the kernel's parameter: `n as u32`, not `usize`"
)]
pub trait KernelArgument {
    /// The value as the host takes it.
    fn argument(&self) -> Argument<'_>;
}

/// The arguments of a launch, in order: a tuple of up to 16, or any number in a slice or `Vec` of
/// [`Argument`].
///
/// ```no_run
/// # fn main() -> wasi_cuda::Result<()> {
/// # let device = wasi_cuda::Device::get(0)?;
/// # let stream = device.stream()?;
/// # let saxpy = device.load_ptx("")?.function("saxpy")?;
/// # let config = wasi_cuda::LaunchConfig::for_num_elems(50);
/// let x = stream.clone_htod(&[1.0f32; 100])?;
/// let mut y = stream.clone_htod(&[2.0f32; 100])?;
/// // The second half of both: the kernel gets addresses in the middle of the buffers.
/// stream.launch(&saxpy, config, (2.0f32, x.slice(50..), y.slice_mut(50..), 50u32))?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of kernel arguments",
    note = "arguments are a tuple such as `(&a, &mut b, n)`; a single one is `(&a,)`"
)]
pub trait Arguments {
    /// Calls `launch` with the arguments as the host takes them.
    fn with<R>(&self, launch: impl FnOnce(&[Argument<'_>]) -> R) -> R;
}

/// A parameter that is passed by value and is no scalar: a structure, little endian, exactly the
/// parameter's size.
///
/// ```
/// use wasi_cuda::Bytes;
///
/// let scale_and_offset = [2.0f32, 0.5];
/// assert_eq!(Bytes::of(&scale_and_offset).0.len(), 8);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(
    /// The bytes.
    pub &'a [u8],
);

impl<'a> Bytes<'a> {
    /// The bytes of `value`, without a copy.
    pub fn of<T: Pod>(value: &'a T) -> Self {
        Self(bytemuck::bytes_of(value))
    }
}

impl KernelArgument for Bytes<'_> {
    fn argument(&self) -> Argument<'_> {
        Argument::Bytes(self.0)
    }
}

impl<T: Pod> KernelArgument for &DeviceBuffer<T> {
    fn argument(&self) -> Argument<'_> {
        Argument::Pointer(BufferOffset {
            buffer: self.raw(),
            offset: 0,
        })
    }
}

impl<T: Pod> KernelArgument for &mut DeviceBuffer<T> {
    fn argument(&self) -> Argument<'_> {
        Argument::Pointer(BufferOffset {
            buffer: self.raw(),
            offset: 0,
        })
    }
}

impl<T: Pod> KernelArgument for DeviceSlice<'_, T> {
    fn argument(&self) -> Argument<'_> {
        Argument::Pointer(self.position(0))
    }
}

impl<T: Pod> KernelArgument for DeviceSliceMut<'_, T> {
    fn argument(&self) -> Argument<'_> {
        Argument::Pointer(self.position(0))
    }
}

/// `None` is the null pointer.
impl<T: Pod> KernelArgument for Option<&DeviceBuffer<T>> {
    fn argument(&self) -> Argument<'_> {
        match self {
            Some(buffer) => Argument::Pointer(BufferOffset {
                buffer: buffer.raw(),
                offset: 0,
            }),
            None => Argument::Null,
        }
    }
}

impl KernelArgument for Argument<'_> {
    fn argument(&self) -> Argument<'_> {
        *self
    }
}

impl Clone for BufferOffset<'_> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for BufferOffset<'_> {}

impl Clone for Argument<'_> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Argument<'_> {}

macro_rules! scalars {
    ($($scalar:ty => $case:ident),*) => {$(
        impl KernelArgument for $scalar {
            fn argument(&self) -> Argument<'_> {
                Argument::$case(*self)
            }
        }
    )*};
}

scalars! {
    i8 => S8, i16 => S16, i32 => S32, i64 => S64,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    f32 => F32, f64 => F64
}

impl Arguments for &[Argument<'_>] {
    fn with<R>(&self, launch: impl FnOnce(&[Argument<'_>]) -> R) -> R {
        launch(self)
    }
}

impl Arguments for Vec<Argument<'_>> {
    fn with<R>(&self, launch: impl FnOnce(&[Argument<'_>]) -> R) -> R {
        launch(self)
    }
}

impl Arguments for () {
    fn with<R>(&self, launch: impl FnOnce(&[Argument<'_>]) -> R) -> R {
        launch(&[])
    }
}

/// Implements [`Arguments`] for the tuple of all its letters, then for each shorter one.
macro_rules! tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first: KernelArgument, $($rest: KernelArgument),*> Arguments for ($first, $($rest,)*) {
            fn with<R>(&self, launch: impl FnOnce(&[Argument<'_>]) -> R) -> R {
                #[allow(non_snake_case, reason = "each variable has its type parameter's name")]
                let ($first, $($rest,)*) = self;
                launch(&[$first.argument(), $($rest.argument()),*])
            }
        }
        tuples! { $($rest)* }
    };
}

tuples! { A B C D E F G H I J K L M N O P }

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    fn shown(arguments: impl Arguments) -> String {
        arguments.with(|list| format!("{list:?}"))
    }

    #[test]
    fn a_tuple_is_passed_in_its_order() {
        assert_eq!(shown(()), "[]");
        assert_eq!(shown((7u32,)), "[Argument::U32(7)]");
        assert_eq!(
            shown((-1i8, 2.5f32, Bytes(&[1, 2]))),
            "[Argument::S8(-1), Argument::F32(2.5), Argument::Bytes([1, 2])]"
        );
    }

    #[test]
    fn sixteen_arguments_fit_a_tuple_and_any_number_a_list() {
        let sixteen = (
            0u8, 1u8, 2u8, 3u8, 4u8, 5u8, 6u8, 7u8, 8u8, 9u8, 10u8, 11u8, 12u8, 13u8, 14u8, 15u8,
        );
        let list: Vec<_> = (0..16).map(Argument::U8).collect();
        assert_eq!(shown(sixteen), shown(list));
        assert_eq!(
            shown(&[Argument::Null; 3][..]),
            "[Argument::Null, Argument::Null, Argument::Null]"
        );
    }

    #[test]
    fn no_buffer_is_the_null_pointer() {
        assert_eq!(shown((None::<&DeviceBuffer<f32>>,)), "[Argument::Null]");
    }
}
