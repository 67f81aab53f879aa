//! PTX with a NUL, of a megabyte of brackets, or with numbers that no one means, is refused.

use wasi_cuda_conformance_programs::{default_device, functions::*, kernels, refused, runs_well};

/// A refusal names what it is about; it does not send a megabyte back.
const MOST_TEXT: usize = 10_000;

fn main() {
    let device = default_device();
    let mut sources = vec![
        "\0".to_owned(),
        kernels::BASIC.replacen("ld.global.f32", "ld.glo\0bal.f32", 1),
        kernels::BASIC.replacen("{", "\0{", 1),
        kernels::BASIC.replacen("%r<6>", "%r<99999999999999999999999>", 1),
        kernels::BASIC.replacen(".version 7.0", ".version 99999999999.0", 1),
        kernels::BASIC.replacen(".target sm_80", ".target sm_4294967296", 1),
        kernels::BASIC.replacen("mul.wide.u32", "mül.wide.u32", 1),
        kernels::PARAMETERS.replacen("a_bytes[12]", "a_bytes[4294967295]", 1),
        kernels::PARAMETERS.replacen("a_bytes[12]", "a_bytes[18446744073709551615]", 1),
        kernels::PARAMETERS.replacen(".align 4", ".align 3", 1),
        kernels::PARAMETERS.replacen("[a_bytes+8]", "[a_bytes+12]", 1),
    ];
    for bracket in [
        "(", "{", "[", "\"", "/*", "@", "-", "~", "%", "$", "\\", "a", "9", ".", "ü",
    ] {
        sources.push(bracket.repeat((1 << 20) / bracket.len()));
        sources.push(format!(
            "{}{}",
            kernels::BASIC,
            bracket.repeat((1 << 20) / bracket.len())
        ));
    }
    sources.push(kernels::BASIC.replacen(
        "mov.u32 \t%r3, %ctaid.x;",
        &format!("mov.u32 \t%r3, {}1;", "(".repeat(1 << 20)),
        1,
    ));
    for source in sources {
        let text = refused(LOAD, "rejected", device.load_ptx(&source)).to_string();
        assert!(
            text.len() <= MOST_TEXT,
            "a refusal should not repeat the source, but has {} bytes: {:.200}…",
            text.len(),
            text
        );
    }
    // A declaration of registers is no use of them: a host may take four thousand millions, or refuse.
    let many_registers = kernels::BASIC.replacen("%r<6>", "%r<4294967295>", 1);
    if let Ok(module) = device.load_ptx(&many_registers) {
        assert_eq!(
            module.functions(),
            ["vector_add", "affine"],
            "the module has its kernels"
        );
    }
    runs_well(&device);
}
