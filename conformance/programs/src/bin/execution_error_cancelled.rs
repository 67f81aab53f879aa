//! After a stream was cancelled, every call on it reports `cancelled` until `synchronize` has.

use wasi_cuda_conformance_programs::failure;

fn main() {
    failure::every_call_reports("cancelled", failure::cancel);
}
