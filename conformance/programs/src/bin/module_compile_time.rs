//! A module that takes longer to compile than the guest's quota allows is given up.
//!
//! The host gives this program a quarter of a second to compile a module.

use std::fmt::Write;

use wasi_cuda::Quota;
use wasi_cuda_conformance_programs::{default_device, functions::*, refused_with, runs_well};

/// As many as fit in the 4 MiB that a source may have.
const INSTRUCTIONS: usize = 125_000;

fn main() {
    let device = default_device();
    refused_with(LOAD, Quota::CompileTime, device.load_ptx(&long_kernel()));
    runs_well(&device);
}

/// Every result depends on the one before and all are needed at the end, so that nothing can be left out.
fn long_kernel() -> String {
    let mut source = String::from(
        ".version 7.0\n.target sm_80\n.address_size 64\n\n.visible .entry long(.param .u64 out)\n{\n\
         \t.reg .b32 %r<3>;\n\t.reg .b64 %rd<3>;\n\tld.param.u64 %rd1, [out];\n\
         \tcvta.to.global.u64 %rd2, %rd1;\n\tmov.u32 %r1, %tid.x;\n\tmov.u32 %r2, %ntid.x;\n",
    );
    for i in 0..INSTRUCTIONS {
        let _ = writeln!(source, "mad.lo.s32 %r1,%r1,%r2,{};", i % 10);
    }
    source.push_str("\tst.global.u32 [%rd2], %r1;\n\tret;\n}\n");
    source
}
