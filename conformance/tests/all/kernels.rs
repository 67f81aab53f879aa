//! Assembled kernels are what the text beside them says.

use std::path::Path;

#[test]
fn the_wasm_kernel_is_that_of_its_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/src/kernels");
    let assembled = wat::parse_file(folder.join("divide.wat")).expect("the text is a module");
    let committed = std::fs::read(folder.join("divide.wasm")).expect("the kernel is there");
    assert!(
        committed == assembled,
        "conformance/programs/src/kernels/divide.wasm is old: assemble divide.wat, with `wasm-tools parse` for example"
    );
}
