//! What arguments fit, and what the others are told.

#![expect(
    clippy::result_large_err,
    reason = "tests look into the errors that guests get"
)]

use super::*;
use crate::WasiCudaCtx;
use crate::bindings::wasi::cuda::execution::BufferOffset;
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::impls::Buffer;
use crate::testing::{buffer, code, device, grant, guest, signature};
use ParameterType as T;
use wasmtime::component::Resource;

/// A guest with a table of buffers.
struct Guest {
    ctx: WasiCudaCtx,
    table: ResourceTable,
}

impl Guest {
    fn new() -> Self {
        Self {
            ctx: guest(&device(1)),
            table: ResourceTable::new(),
        }
    }

    fn buffer(&mut self, size: u64) -> u32 {
        let allocation = buffer(&self.ctx, size);
        self.table.push(Buffer { allocation }).unwrap().rep()
    }

    fn pack(
        &self,
        parameters: &[(&str, T, bool)],
        arguments: &[Argument],
    ) -> Result<Vec<u8>, ErrorCode> {
        let packed = pack(
            &self.table,
            grant(&self.ctx),
            &signature(parameters),
            arguments,
        );
        code(packed).map(|(parameters, _)| parameters.bytes().to_vec())
    }

    /// What a guest is told about arguments that do not fit.
    fn refusal(&self, parameters: &[(&str, T, bool)], arguments: &[Argument]) -> String {
        match self.pack(parameters, arguments) {
            Err(ErrorCode::InvalidArgument(text)) => text,
            other => format!("{other:?}"),
        }
    }
}

fn pointer(buffer: u32, offset: u64) -> Argument {
    Argument::Pointer(BufferOffset {
        buffer: Resource::new_borrow(buffer),
        offset,
    })
}

#[test]
fn values_lie_where_the_signature_says() {
    let mut guest = Guest::new();
    let buffer = guest.buffer(1024);
    let parameters = [
        ("n", T::U32, false),
        ("p", T::Pointer, false),
        ("b", T::Bytes(3), false),
        ("f", T::F32, false),
    ];
    let arguments = [
        Argument::U32(7),
        pointer(buffer, 16),
        Argument::Bytes(vec![1, 2, 3]),
        Argument::F32(1.0),
    ];
    let packed = guest.pack(&parameters, &arguments).unwrap();
    let mut expected = vec![7, 0, 0, 0, 0, 0, 0, 0];
    expected.extend(0x10_0000_0110u64.to_le_bytes());
    expected.extend([1, 2, 3, 0]);
    expected.extend(1.0f32.to_le_bytes());
    assert_eq!(packed, expected);
}

#[test]
fn a_wrong_number_of_arguments_names_what_is_missing() {
    let guest = Guest::new();
    let parameters = [
        ("a", T::Pointer, false),
        ("b", T::Pointer, false),
        ("c", T::Pointer, false),
        ("n", T::U32, false),
    ];
    let nulls = || [Argument::Null, Argument::Null, Argument::Null];
    assert_eq!(
        guest.refusal(&parameters, &nulls()),
        "expected 4 arguments, got 3: missing parameter 'n' (u32)"
    );
    assert_eq!(
        guest.refusal(&parameters[..1], &nulls()),
        "expected 1 argument, got 3: kernel 'test' takes no more after 'a' (pointer)"
    );
    assert_eq!(
        guest.refusal(&[], &nulls()),
        "expected 0 arguments, got 3: kernel 'test' takes no more"
    );
}

#[test]
fn a_mistyped_argument_names_the_parameter_and_both_types() {
    let guest = Guest::new();
    let refusal = |ty, argument| guest.refusal(&[("x", ty, false)], &[argument]);
    assert_eq!(
        refusal(T::U32, Argument::F32(1.0)),
        "parameter 'x' is u32, the argument is f32"
    );
    assert_eq!(
        refusal(T::U32, Argument::U64(1)),
        "parameter 'x' is u32, the argument is u64"
    );
    assert_eq!(
        refusal(T::F64, Argument::S64(1)),
        "parameter 'x' is f64, the argument is s64"
    );
    assert_eq!(
        refusal(T::Pointer, Argument::U64(1)),
        "parameter 'x' is pointer, the argument is u64"
    );
    assert_eq!(
        refusal(T::U32, Argument::Null),
        "parameter 'x' is u32, the argument is null"
    );
    assert_eq!(
        refusal(T::Bytes(12), Argument::Bytes(vec![0; 8])),
        "parameter 'x' is bytes(12), the argument is bytes(8)"
    );
    assert_eq!(
        refusal(T::Pointer, Argument::Bytes(vec![0; 8])),
        "parameter 'x' is pointer, the argument is bytes(8)"
    );
}

#[test]
fn signs_do_not_matter_and_bits_take_integers_and_floats() {
    let guest = Guest::new();
    let fits = |ty, untyped, argument| guest.pack(&[("x", ty, untyped)], &[argument]).is_ok();
    assert!(fits(T::U32, false, Argument::S32(-1)) && fits(T::S32, false, Argument::U32(1)));
    assert!(fits(T::U32, true, Argument::F32(1.0)) && fits(T::U64, true, Argument::F64(1.0)));
    assert!(!fits(T::U32, true, Argument::F64(1.0)));
    assert!(fits(T::U64, false, Argument::Null) && fits(T::Pointer, false, Argument::Null));
    assert!(
        fits(T::F32, false, Argument::Bytes(vec![0; 4]))
            && fits(T::F16, false, Argument::Bytes(vec![0; 2]))
    );
    assert!(!fits(T::F16, false, Argument::U16(0)));
}

#[test]
fn offsets_end_at_the_end_of_their_buffer() {
    let mut guest = Guest::new();
    let buffer = guest.buffer(1000);
    let parameters = [("p", T::Pointer, false)];
    assert!(
        guest.pack(&parameters, &[pointer(buffer, 1000)]).is_ok(),
        "one past the end is an address"
    );
    for offset in [1001, u64::MAX] {
        assert_eq!(
            guest.refusal(&parameters, &[pointer(buffer, offset)]),
            format!("parameter 'p': offset {offset} is past the end of the 1000-byte buffer")
        );
    }
}

#[test]
fn buffers_of_another_device_are_refused() {
    let mut guest = Guest::new();
    let other = Guest::new();
    let foreign = buffer(&other.ctx, 16);
    let foreign = guest
        .table
        .push(Buffer {
            allocation: foreign,
        })
        .unwrap()
        .rep();
    let refusal = guest.refusal(&[("p", T::Pointer, false)], &[pointer(foreign, 0)]);
    assert!(
        refusal.starts_with("parameter 'p': the buffer is another device's"),
        "{refusal}"
    );
}
