/// A guest program.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name, `<suite>_<case>`.
    pub name: &'static str,
    /// The suite that it belongs to.
    pub suite: &'static str,
    /// The component, which exports `wasi:cli/run`.
    pub component: &'static [u8],
}

/// The target folder into which guests are built.
pub const GUESTS: &str = env!("WASI_CUDA_GUESTS");

include!(concat!(env!("OUT_DIR"), "/programs.rs"));
