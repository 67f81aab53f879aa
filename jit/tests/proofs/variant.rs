//! The second variant of small kernels, from the source to the run.

use crate::corpus::files;
use crate::ptxas;
use crate::window::{BASE, GRANULE, Request};
use wasi_cuda_jit::cpu::Outcome;
use wasi_cuda_jit::proof::{LaunchFacts, Memory, Proof, Scratch};
use wasi_cuda_jit::report::{Proved, Space};
use wasi_cuda_jit::{
    CompileOptions, Source, check_variants, compile_proved, report, sandboxed_variants,
};

/// `c[i] = a[i] + b[i]` for all `i` less than `n`.
pub(crate) const VECTOR_ADD: &str = "
.version 8.0
.target sm_80
.address_size 64
.visible .entry vector_add(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
{
    .reg .pred %p1; .reg .f32 %f<4>; .reg .b32 %r<6>; .reg .b64 %rd<11>;
    ld.param.u64 %rd1, [a]; ld.param.u64 %rd2, [b]; ld.param.u64 %rd3, [c]; ld.param.u32 %r2, [n];
    mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
    mad.lo.s32 %r1, %r3, %r4, %r5;
    setp.ge.s32 %p1, %r1, %r2;
    @%p1 bra DONE;
    mul.wide.s32 %rd5, %r1, 4;
    add.s64 %rd6, %rd1, %rd5;
    add.s64 %rd8, %rd2, %rd5;
    ld.global.f32 %f1, [%rd8];
    ld.global.f32 %f2, [%rd6];
    add.f32 %f3, %f2, %f1;
    add.s64 %rd10, %rd3, %rd5;
    st.global.f32 [%rd10], %f3;
DONE:
    ret;
}";

fn proof_of(source: &str) -> Proof {
    let (_, mut proofs) = compile_proved(Source::Ptx(source), &CompileOptions::default()).unwrap();
    proofs.remove(0)
}

fn arguments(pointers: [u64; 3], n: u32) -> Vec<u8> {
    let words = pointers.iter().flat_map(|pointer| pointer.to_le_bytes());
    words.chain(n.to_le_bytes()).collect()
}

fn holds(pointers: [u64; 3], n: u32, grid: u32, block: u32, mapped: u64) -> bool {
    let facts = LaunchFacts {
        grid: [grid, 1, 1],
        block: [block, 1, 1],
        dynamic_shared: 0,
        parameters: &arguments(pointers, n),
        memory: Memory::Window { base: BASE, mapped },
        variables: 0,
    };
    proof_of(VECTOR_ADD).holds(&facts, &mut Scratch::default())
}

#[test]
fn a_proof_holds_to_the_last_byte_and_not_beyond() {
    let places = [BASE, BASE + 4096, BASE + 8192];
    assert!(holds(places, 1000, 4, 256, 8192 + 4000));
    assert!(!holds(places, 1000, 4, 256, 8192 + 3999));
    assert!(!holds(places, 1001, 4, 256, 8192 + 4000));
}

#[test]
fn threads_that_do_nothing_need_no_memory() {
    let places = [BASE, BASE + 4096, BASE + 8192];
    assert!(holds(places, 100, 4, 256, 8192 + 400));
    assert!(holds(places, 0, 4, 256, 0));
    assert!(holds([0, 0, 0], (-5i32) as u32, 4, 256, 0));
}

#[test]
fn a_grid_that_is_smaller_than_the_data_decides() {
    let places = [BASE, BASE + 4096, BASE + 8192];
    assert!(holds(places, 1_000_000, 4, 256, 8192 + 4096));
    assert!(!holds(places, 1_000_000, 5, 256, 8192 + 4096));
}

#[test]
fn a_pointer_that_is_not_aligned_or_not_the_guests_is_no_proof() {
    for stray in [
        BASE + 2,
        BASE - 4,
        BASE + 8192 + 4,
        0,
        u64::MAX - 3,
        1 << 63,
        BASE + (1 << 40),
    ] {
        assert!(
            !holds([stray, BASE + 4096, BASE + 8192], 1000, 4, 256, 8192 + 4000),
            "{stray:#x}"
        );
    }
}

#[test]
fn an_index_that_wraps_around_is_no_proof() {
    // At 2^22 blocks of 1024 threads the index has 32 bits and wraps around to less than zero.
    let large = 1 << 40;
    assert!(!holds([BASE; 3], u32::MAX >> 1, 1 << 22, 1024, large));
    assert!(holds([BASE; 3], u32::MAX >> 1, 1 << 21, 1024, large));
}

#[test]
fn a_proof_that_held_tells_what_memory_it_rests_on() {
    let parameters = arguments([BASE + 512, BASE, BASE + 512], 100);
    let facts = LaunchFacts {
        grid: [1, 1, 1],
        block: [64, 1, 1],
        dynamic_shared: 0,
        parameters: &parameters,
        memory: Memory::Window {
            base: BASE,
            mapped: 1 << 20,
        },
        variables: 0,
    };
    let held = proof_of(VECTOR_ADD).evaluate(&facts, &mut Scratch::default());
    let held = held.unwrap();
    let ranges = [BASE..BASE + 256, BASE + 512..BASE + 768];
    assert_eq!(held.ranges(), ranges);
    let window = |mapped| Memory::Window { base: BASE, mapped };
    assert!(held.still_holds(&window(768)) && !held.still_holds(&window(767)));
    assert!(held.still_holds(&Memory::Buffers(&ranges)));
    assert!(!held.still_holds(&Memory::Buffers(&ranges[..1])));
}

#[test]
fn the_second_variant_is_printed_without_guards() {
    let variants = sandboxed_variants(Source::Ptx(VECTOR_ADD), &CompileOptions::default()).unwrap();
    let kernel = &variants.kernels[0];
    let proved = kernel.proved.as_ref().unwrap();
    assert_eq!(
        (kernel.entry.as_str(), proved.entry.as_str()),
        ("kernel0", "kernel0_proved")
    );
    let (guarded, second) = variants
        .text
        .split_once(".visible .entry kernel0_proved(")
        .unwrap();
    assert!(guarded.contains("$fault:") && guarded.contains("%window_mapped"));
    assert!(
        !second.contains("$fault:") && !second.contains("%window_mapped"),
        "{second}"
    );
    assert_eq!(second.matches("ld.global").count(), 2);
    assert_eq!((proved.proof.len(), proved.sites.len()), (3, 0));
}

#[test]
fn the_checker_proves_every_second_variant_of_the_corpus_but_what_proofs_claim() {
    let (mut variants, mut assumed, mut guarded) = (0, 0, 0);
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let printed = sandboxed_variants(Source::Ptx(&text), &CompileOptions::default());
        let printed = printed.unwrap_or_else(|found| {
            let found: Vec<&str> = found.iter().map(|it| it.message.as_str()).collect();
            panic!("{}: {found:?}", path.display())
        });
        let checked = check_variants(&printed.text, &printed.assumed).unwrap();
        for (variant, given) in checked.variants.iter().zip(&printed.assumed) {
            assert_eq!(variant.assumed, given.accesses.len(), "{}", path.display());
            variants += 1;
            assumed += variant.assumed;
            guarded += variant.guarded;
        }
    }
    eprintln!("{variants} variants: {assumed} accesses assumed, {guarded} guarded");
    assert!(variants > 800 && assumed > 3 * guarded && guarded > 100);
}

#[test]
fn the_vendors_assembler_takes_both_variants() {
    let Some(assembler) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let folder = std::env::temp_dir().join(format!("wasi-cuda-jit-proofs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let variants = sandboxed_variants(Source::Ptx(VECTOR_ADD), &CompileOptions::default()).unwrap();
    let assembled = ptxas::assemble(&assembler, &folder, "sm_80", &variants.text);
    std::fs::remove_dir_all(&folder).unwrap();
    assembled.unwrap();
}

#[test]
fn the_second_variant_runs_like_the_first() {
    let (module, proofs) =
        compile_proved(Source::Ptx(VECTOR_ADD), &CompileOptions::default()).unwrap();
    let guarded = wasi_cuda_jit::compile_ptx(
        VECTOR_ADD,
        &CompileOptions {
            checked: true,
            ..Default::default()
        },
    )
    .unwrap();
    let start = BASE + GRANULE as u64;
    let request = Request {
        grid: [3, 1, 1],
        block: [32, 1, 1],
        dynamic_shared: 0,
        parameters: arguments([start, start + 768, start + 1536], 80),
        buffers: vec![320, 320, 320],
    };
    let ranges = request.ranges(0);
    assert!(proofs[0].holds(&request.facts(&ranges), &mut Scratch::default()));
    let run = |module: &wasi_cuda_jit::cpu::Module| {
        request.run(module, &module.kernel("vector_add").unwrap())
    };
    let (plain, proved) = (run(&guarded), run(&module));
    assert_eq!(
        (plain.outcome, proved.outcome),
        (Outcome::Completed, Outcome::Completed)
    );
    assert!(!proved.escaped);
    assert_eq!(plain.memory, proved.memory);
}

#[test]
fn a_report_tells_of_each_access() {
    let found = report(Source::Ptx(VECTOR_ADD), &CompileOptions::default()).unwrap();
    let proofs = &found.kernels[0].proofs;
    let told: Vec<_> = proofs
        .iter()
        .map(|proof| (proof.span.line, proof.space, proof.proved))
        .collect();
    let at_launch = |line| (line, Space::Global, Proved::AtLaunch);
    assert_eq!(told, [at_launch(16), at_launch(17), at_launch(20)]);
}

/// A shuffle in the first warp of a block alone.
const FIRST_WARP: &str = "
.version 8.0
.target sm_80
.address_size 64
.visible .entry first_warp(.param .u64 to)
{
    .reg .pred %p1; .reg .b32 %r<4>; .reg .b64 %rd<4>;
    ld.param.u64 %rd1, [to];
    mov.u32 %r1, %tid.x;
    shr.u32 %r2, %r1, 5;
    setp.ne.s32 %p1, %r2, 0;
    @%p1 bra END;
    shfl.sync.idx.b32 %r3, %r1, 0, 31, -1;
    mul.wide.u32 %rd2, %r1, 4;
    add.s64 %rd3, %rd1, %rd2;
    st.global.u32 [%rd3], %r3;
    shfl.sync.idx.b32 %r3, %r1, 1, 31, -1;
END:
    bar.sync 0;
    ret;
}";

#[test]
fn lanes_of_whole_rows_are_known_to_be_together() {
    let printed = sandboxed_variants(Source::Ptx(FIRST_WARP), &CompileOptions::default()).unwrap();
    let counted = printed.text.split(".visible .entry ").skip(1);
    let counted: Vec<usize> = counted.map(|it| it.matches("activemask").count()).collect();
    assert_eq!(counted, [2, 0, 2], "guarded, proved, partly");
    let kernel = &printed.kernels[0];
    let chosen = |block: [u32; 3]| {
        let facts = LaunchFacts {
            grid: [1; 3],
            block,
            dynamic_shared: 0,
            parameters: &BASE.to_le_bytes(),
            memory: Memory::Window {
                base: BASE,
                mapped: 4096,
            },
            variables: 0,
        };
        let mut variants = kernel.variants();
        let chosen = variants.find(|it| it.proof.holds(&facts, &mut Scratch::default()));
        chosen.map(|it| it.entry.as_str())
    };
    for whole in [[256, 1, 1], [40, 1, 1], [32, 8, 1], [64, 2, 2]] {
        assert_eq!(chosen(whole), Some("kernel0_proved"), "{whole:?}");
    }
    for across in [[16, 16, 1], [40, 2, 1], [8, 8, 4], [1, 1, 32]] {
        assert_eq!(chosen(across), Some("kernel0_partly"), "{across:?}");
    }
}
