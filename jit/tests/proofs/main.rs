//! What is proved of a launch ahead of it, and kernels without the guards that it stands in for.

mod corpus;
mod launches;
#[path = "../support/ptxas.rs"]
mod ptxas;
mod variant;
mod window;
