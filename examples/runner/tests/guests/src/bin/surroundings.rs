//! Prints what the guest sees of its surroundings: arguments, variables, files, devices.

use wasi_cuda::Device;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    println!("arguments: {}", arguments.join("|"));
    let mut variables: Vec<_> = std::env::vars()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    variables.sort();
    println!("variables: {}", variables.join("|"));
    match std::fs::read_to_string("/data/greeting") {
        Ok(text) => println!("/data/greeting: {text}"),
        Err(error) => println!("/data/greeting: {error}"),
    }
    println!("devices: {}", Device::all().len());
}
