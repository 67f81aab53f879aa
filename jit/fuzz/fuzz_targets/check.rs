#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasi_cuda_jit::fuzzing::check(data));
