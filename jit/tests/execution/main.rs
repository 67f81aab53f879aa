//! Every kernel of the corpus computes on the CPU device what plain Rust computes, whoever compiled it: to the bit for
//! integers and IEEE operations, and within a bound stated beside the case for approximate functions and for sums whose
//! order is the device's.
//!
//! Where sums are in another order than the reference's, most inputs are small multiples of a power of two, so that every
//! order gives the same.

mod corpus;
mod device;
mod launch;
mod numbers;

mod atomics;
mod bits;
mod branches;
mod calls;
mod conversions;
mod elementwise;
mod fragments;
mod functions;
mod halves;
mod harness;
mod images;
mod integers;
mod linear;
mod memory;
mod networks;
mod reductions;
mod simulations;
mod sorting;
mod structures;
mod warps;

use corpus::{Row, try_all};

/// All tables, each for a test below.
const TABLES: [&[Row]; 19] = [
    atomics::KERNELS,
    bits::KERNELS,
    branches::KERNELS,
    calls::KERNELS,
    conversions::KERNELS,
    elementwise::KERNELS,
    fragments::KERNELS,
    functions::KERNELS,
    halves::KERNELS,
    images::KERNELS,
    integers::KERNELS,
    linear::KERNELS,
    memory::KERNELS,
    networks::KERNELS,
    reductions::KERNELS,
    simulations::KERNELS,
    sorting::KERNELS,
    structures::KERNELS,
    warps::KERNELS,
];

#[test]
fn elementwise_kernels_equal_plain_rust() {
    try_all(elementwise::KERNELS);
}

#[test]
fn integer_kernels_equal_plain_rust() {
    try_all(integers::KERNELS);
}

#[test]
fn products_of_matrices_equal_plain_rust() {
    try_all(linear::KERNELS);
}

#[test]
fn products_of_tensor_cores_equal_plain_rust() {
    try_all(fragments::KERNELS);
}

#[test]
fn reductions_and_scans_equal_plain_rust() {
    try_all(reductions::KERNELS);
}

#[test]
fn kernels_on_planes_equal_plain_rust() {
    try_all(images::KERNELS);
}

#[test]
fn sorting_and_counting_equal_plain_rust() {
    try_all(sorting::KERNELS);
}

#[test]
fn atomics_and_barriers_equal_plain_rust() {
    try_all(atomics::KERNELS);
}

#[test]
fn operations_of_warps_equal_plain_rust() {
    try_all(warps::KERNELS);
}

#[test]
fn memory_of_each_kind_equals_plain_rust() {
    try_all(memory::KERNELS);
}

#[test]
fn calls_and_choices_equal_plain_rust() {
    try_all(calls::KERNELS);
}

#[test]
fn structures_as_parameters_equal_plain_rust() {
    try_all(structures::KERNELS);
}

#[test]
fn operations_on_bits_equal_plain_rust() {
    try_all(bits::KERNELS);
}

#[test]
fn branches_and_loops_equal_plain_rust() {
    try_all(branches::KERNELS);
}

#[test]
fn conversions_equal_plain_rust() {
    try_all(conversions::KERNELS);
}

#[test]
fn functions_are_near_plain_rust() {
    try_all(functions::KERNELS);
}

#[test]
fn numbers_of_sixteen_bits_equal_plain_rust() {
    try_all(halves::KERNELS);
}

#[test]
fn parts_of_neural_networks_are_near_plain_rust() {
    try_all(networks::KERNELS);
}

#[test]
fn simulations_and_sparse_matrices_equal_plain_rust() {
    try_all(simulations::KERNELS);
}

#[test]
fn every_kernel_has_a_case() {
    let run = TABLES.iter().flat_map(|table| table.iter());
    let known: Vec<_> = run.map(|(file, kernel, _)| (*file, *kernel)).collect();
    let listed: Vec<_> = include_str!("../../corpus/kernels.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            (columns.next().unwrap_or(""), columns.next().unwrap_or(""))
        })
        .collect();
    let missing: Vec<_> = listed
        .iter()
        .filter(|kernel| !known.contains(kernel))
        .collect();
    assert!(
        missing.is_empty(),
        "{} without a case: {missing:?}",
        missing.len()
    );
    let written = corpus::written_kernels();
    let unlisted: Vec<_> = written
        .iter()
        .filter(|(file, kernel)| !listed.contains(&(file.as_str(), kernel.as_str())))
        .collect();
    assert!(
        unlisted.is_empty(),
        "in the corpus and not in kernels.txt: {unlisted:?}"
    );
    let unknown: Vec<_> = known
        .iter()
        .filter(|kernel| !listed.contains(kernel))
        .collect();
    assert!(unknown.is_empty(), "not in kernels.txt: {unknown:?}");
}
