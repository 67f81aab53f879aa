//! Memories grow in place, are found by their addresses, and end without a trace.

use super::memory::Memory;
use super::*;
use std::ptr;

const PAGE: usize = 64 << 10;

fn memory(minimum: usize, maximum: Option<usize>) -> Memory {
    Memory::new(minimum, maximum, Some(4 << 30), 32 << 20).unwrap()
}

#[test]
fn a_memory_grows_in_place_and_is_zero() {
    let mut memory = memory(PAGE, None);
    let base = memory.as_ptr();
    assert_eq!(
        (memory.byte_size(), memory.byte_capacity()),
        (PAGE, 4 << 30)
    );
    // SAFETY: the first page is there.
    unsafe { ptr::write_bytes(base, 7, PAGE) };
    memory.grow_to(3 * PAGE).unwrap();
    assert_eq!((memory.as_ptr(), memory.byte_size()), (base, 3 * PAGE));
    // SAFETY: three pages are there.
    let bytes = unsafe { std::slice::from_raw_parts(base, 3 * PAGE) };
    assert!(bytes[..PAGE].iter().all(|byte| *byte == 7));
    assert!(bytes[PAGE..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_memory_grows_no_further_than_it_can_without_moving() {
    let mut memory = Memory::new(0, Some(2 * PAGE), Some(0), 0).unwrap();
    assert_eq!((memory.byte_size(), memory.byte_capacity()), (0, 2 * PAGE));
    memory.grow_to(2 * PAGE).unwrap();
    assert!(memory.grow_to(2 * PAGE + 1).is_err());
    assert!(memory.grow_to(usize::MAX).is_err());
    assert_eq!(memory.byte_size(), 2 * PAGE);
}

#[test]
fn a_range_is_found_by_its_address_while_its_memory_lives() {
    let mut memory = memory(PAGE, None);
    let base = memory.as_ptr().addr();
    let page = rustix::param::page_size();
    let found = pages(base + page + 100, page).unwrap();
    assert_eq!(
        (found.start.as_ptr().addr(), found.length, found.lead),
        (base + page, 2 * page as u64, 100)
    );
    assert!(pages(base, PAGE + 1).is_none(), "a byte more than there is");
    assert!(pages(base - 1, 2).is_none());
    assert!(pages(base, usize::MAX).is_none());
    memory.grow_to(2 * PAGE).unwrap();
    assert!(pages(base, PAGE + 1).is_some());
    drop(memory);
    assert!(pages(base, 1).is_none());
}

#[test]
fn memory_from_elsewhere_is_not_found() {
    let bytes = [0u8; 100];
    assert!(pages(bytes.as_ptr().addr(), bytes.len()).is_none());
}
