//! Runs one instruction on the CPU device, for many operands at once.

use std::sync::atomic::AtomicU32;

use wasi_cuda_jit::cpu::{FaultSlot, Kernel, Launch, Outcome};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// Operands `a`, `b` and `c` of one execution, as bits: each is cut to the width of its type.
pub(crate) type Operands = [u64; 3];

/// What kernels see as the window's first byte.
const WINDOW_BASE: u64 = 0x10_0000_0000;
/// Operands that are executed at once, at most.
const BATCH: usize = 256;
/// Words of eight bytes in the window: three arrays of operands, one of results.
const WORDS: usize = 4 * BATCH;

/// A kernel around one instruction.
pub(crate) struct Applied {
    kernel: Kernel,
}

impl Applied {
    /// Compiles a kernel that loads `a`, `b` and `c` as registers of the given types, executes `body` and stores its
    /// `%d`, of type `result`.
    ///
    /// Types are spelt as in PTX. Those of 8 bits stand in registers of 32, and predicates are the lowest bit.
    pub(crate) fn compile(body: &str, result: &str, operands: [&str; 3]) -> Self {
        let mut declarations = format!(".reg .{} %d;\n", register(result));
        let mut loads = String::new();
        for (name, ty) in ["a", "b", "c"].into_iter().zip(operands) {
            declarations += &format!(".reg .{} %{name};\n", register(ty));
            loads += &load(name, ty);
        }
        let ptx = format!(
            ".version 8.0\n.target sm_80\n.address_size 64\n\
             .visible .entry apply(.param .u64 .ptr .global words)\n{{\n\
             .reg .b32 %flag<2>;\n.reg .b32 %lane;\n.reg .b64 %at<5>;\n.reg .pred %p<4>;\n{declarations}\
             ld.param.u64 %at0, [words];\nmov.u32 %lane, %tid.x;\nmul.wide.u32 %at1, %lane, 8;\nadd.s64 %at2, %at0, %at1;\n\
             {loads}{body}\n{}ret;\n}}\n",
            store(result),
        );
        let module = compile_ptx(&ptx, &CompileOptions::default())
            .unwrap_or_else(|findings| panic!("`{body}` is refused: {findings:?}\n{ptx}"));
        Self {
            kernel: module.kernel("apply").expect("the kernel was compiled"),
        }
    }

    /// The result for each of the operands, cut to the width of its type.
    pub(crate) fn run(&self, operands: &[Operands]) -> Vec<u64> {
        assert!(operands.len() <= BATCH, "the window holds {BATCH} operands");
        let mut window = vec![0u64; WORDS];
        for (index, values) in operands.iter().enumerate() {
            for (array, value) in values.iter().enumerate() {
                window[array * BATCH + index] = *value;
            }
        }
        let parameters = AlignedParameters([WINDOW_BASE, 0]);
        let (stop, fault) = (AtomicU32::new(0), FaultSlot::new());
        let bytes = (WORDS * 8) as u64;
        let launch = Launch {
            parameters: (&raw const parameters).cast(),
            window_host: window.as_mut_ptr().cast(),
            window_base: WINDOW_BASE,
            window_mapped: bytes,
            window_mask: bytes - 1,
            granules: std::ptr::null(),
            stop: &raw const stop,
            fault: &raw const fault,
            grid: [1, 1, 1],
            block: [operands.len() as u32, 1, 1],
            dynamic_shared: 0,
            variables: 0,
        };
        // SAFETY: the window, a power of two long, and the parameters, the stop word and the fault slot live until the call is
        // over, and no one else uses them.
        let outcome = unsafe { self.kernel.run_blocks(&launch, 0..1) };
        assert_eq!(
            outcome,
            Outcome::Completed,
            "fault: {:?}",
            self.kernel.fault(&fault)
        );
        window[3 * BATCH..][..operands.len()].to_vec()
    }
}

#[repr(C, align(16))]
struct AlignedParameters([u64; 2]);

/// The register that holds a value of a type.
fn register(ty: &str) -> &str {
    match ty {
        "b8" | "u8" | "s8" | "f16x2" | "bf16x2" | "u16x2" | "s16x2" | "tf32" => "b32",
        "f16" | "bf16" | "e4m3x2" | "e5m2x2" => "b16",
        ty => ty,
    }
}

fn load(name: &str, ty: &str) -> String {
    let offset = match name {
        "a" => 0,
        "b" => BATCH * 8,
        _ => 2 * BATCH * 8,
    };
    match ty {
        "pred" => format!(
            "ld.global.u32 %flag0, [%at2+{offset}];\nand.b32 %flag0, %flag0, 1;\nsetp.ne.u32 %{name}, %flag0, 0;\n"
        ),
        // All bits of the register, so that what lies above the type's is seen to be ignored.
        "b8" | "u8" | "s8" => format!("ld.global.b32 %{name}, [%at2+{offset}];\n"),
        ty => format!("ld.global.{} %{name}, [%at2+{offset}];\n", register(ty)),
    }
}

fn store(ty: &str) -> String {
    let offset = 3 * BATCH * 8;
    match ty {
        "pred" => format!("selp.u32 %flag1, 1, 0, %d;\nst.global.u32 [%at2+{offset}], %flag1;\n"),
        "b8" | "u8" | "s8" => format!("st.global.b32 [%at2+{offset}], %d;\n"),
        ty => format!("st.global.{} [%at2+{offset}], %d;\n", register(ty)),
    }
}
