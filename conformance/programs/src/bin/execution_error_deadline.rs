//! After a kernel ran past its time limit, every call on its stream reports `deadline-exceeded` until
//! `synchronize` has.

use wasi_cuda_conformance_programs::failure;

fn main() {
    failure::every_call_reports("deadline-exceeded", failure::deadline);
}
