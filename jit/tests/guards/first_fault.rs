//! Of many threads that fault at the same time one is told, and told whole.

use super::window::{BASE, MAPPED};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use wasi_cuda_jit::cpu::{FaultKind, FaultSlot, Launch, Outcome};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// Each thread stores behind the window, at a place that tells which thread of which block it is.
const SOURCE: &str = ".version 8.0
.target sm_80
.address_size 64
.visible .entry kernel(.param .u64 data) {
    .reg .b32 %r<4>;
    .reg .b64 %d<4>;
    ld.param.u64 %d0, [data];
    mov.u32 %r0, %tid.x;
    mov.u32 %r1, %ctaid.x;
    mad.lo.u32 %r2, %r1, 64, %r0;
    mul.wide.u32 %d1, %r2, 4;
    add.u64 %d2, %d0, %d1;
    st.global.u32 [%d2+4096], %r2;
    ret;
}
";
const WORKERS: u64 = 4;
const ROUNDS: usize = 50;

#[test]
fn one_record_is_kept_and_it_is_of_one_thread() {
    let module = compile_ptx(SOURCE, &CompileOptions::default()).unwrap();
    let kernel = module.kernel("kernel").unwrap();
    for _ in 0..ROUNDS {
        let parameters = [BASE, 0];
        let mut window = vec![0u128; MAPPED / 16];
        let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
        let launch = Launch {
            parameters: parameters.as_ptr().cast(),
            window_host: window.as_mut_ptr().cast(),
            window_base: BASE,
            window_mapped: MAPPED as u64,
            window_mask: MAPPED as u64 - 1,
            granules: std::ptr::null(),
            stop: &raw const stop,
            fault: &raw const slot,
            grid: [WORKERS as u32, 1, 1],
            block: [64, 1, 1],
            dynamic_shared: 0,
            variables: 0,
        };
        let (launch, kernel) = (&launch, &kernel);
        let begin = Arc::new(Barrier::new(WORKERS as usize));
        std::thread::scope(|scope| {
            for block in 0..WORKERS {
                let begin = begin.clone();
                scope.spawn(move || {
                    begin.wait();
                    // SAFETY: window, parameters, stop word and slot outlive the scope, and have the sizes told.
                    let outcome = unsafe { kernel.run_blocks(launch, block..block + 1) };
                    assert_eq!(outcome, Outcome::Faulted);
                });
            }
        });
        assert_eq!(stop.load(Ordering::Relaxed), 0);
        let fault = kernel.fault(&slot).unwrap();
        let thread = 64 * fault.block[0] + fault.thread[0];
        let address = BASE + MAPPED as u64 + 4 * u64::from(thread);
        assert_eq!(
            (fault.kind, fault.address),
            (FaultKind::GlobalOutOfBounds, address)
        );
        assert_eq!((fault.span.line, fault.size), (13, 4));
    }
}
