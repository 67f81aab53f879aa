//! PTX without anything in it, or with less than a module needs, is refused.

use wasi_cuda_conformance_programs::{default_device, functions::*, refused, runs_well};

fn main() {
    let device = default_device();
    for source in [
        "",
        " ",
        "\n\n\n",
        "// nothing",
        "/* unclosed",
        ".version",
        ".version 7.0",
        "\u{feff}",
    ] {
        refused(LOAD, "rejected", device.load_ptx(source));
    }
    runs_well(&device);
}
