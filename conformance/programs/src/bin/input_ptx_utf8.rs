//! PTX that is not UTF-8 is no string of the component model: the call traps.
//!
//! The safe bindings take a `&str`, so this calls the import itself.

use wasi_cuda_conformance_programs::{default_device, runs_well};

/// The first case of the WIT's variant `source`.
const PTX: i32 = 0;
const NOT_UTF8: &[u8] = b".version 7.0 // \xff\xfe";

#[link(wasm_import_module = "wasi:cuda/module@0.1.0")]
unsafe extern "C" {
    #[link_name = "[static]module.load"]
    fn load(device: i32, source: i32, bytes: *const u8, length: usize, result: *mut u8);
}

fn main() {
    let device = default_device();
    runs_well(&device);
    let mut result = [0u64; 16];
    println!("the next call traps");
    // SAFETY: the bytes live as long as the call; the result is aligned to 8 bytes and larger than the
    // WIT's `result<module, error-code>`, whose largest case is a fault.
    unsafe {
        let handle = device.raw().handle() as i32;
        load(
            handle,
            PTX,
            NOT_UTF8.as_ptr(),
            NOT_UTF8.len(),
            result.as_mut_ptr().cast(),
        );
    }
    panic!("a string that is not UTF-8 should trap, but the host took it");
}
