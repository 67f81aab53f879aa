//! What comes out: PTX for the driver, code for this processor.

pub mod cpu;
pub mod ptx;
