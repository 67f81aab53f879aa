//! After a kernel faulted, every call on its stream reports `fault` until `synchronize` has.

use wasi_cuda_conformance_programs::failure;

fn main() {
    failure::every_call_reports("fault", failure::fault);
}
