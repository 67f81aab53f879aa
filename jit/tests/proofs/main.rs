//! What is proved of a launch ahead of it, and kernels without the guards that it stands in for.

mod bench;
mod corpus;
mod hostile;
mod launches;
#[path = "../support/ptxas.rs"]
mod ptxas;
mod random;
mod variant;
mod window;
