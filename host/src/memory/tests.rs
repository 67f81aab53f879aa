//! Buffers: zeroed, counted, apart from each other.

use super::*;
use crate::limits::Limits;
use crate::testing::{at, buffer, code, device, grant, guest, guest_with, stream};
use proptest::prelude::*;

#[test]
fn addresses_are_aligned_apart_and_the_same_in_every_guest() {
    let device = device(1);
    let addresses = || {
        let guest = guest(&device);
        [1, 1024, 257]
            .map(|size| buffer(&guest, size))
            .map(|buffer| buffer.address())
    };
    let first = addresses();
    assert_eq!(first, [0x10_0000_0100, 0x10_0000_0300, 0x10_0000_0800]);
    assert_eq!(first, addresses());
}

#[test]
fn usage_is_what_buffers_take_and_its_peak_is_kept() {
    let device = device(1);
    let guest = guest_with(
        &device,
        Limits {
            memory: 4096,
            buffers: 3,
            ..Limits::default()
        },
    );
    let usage = grant(&guest).usage();
    let (small, large) = (buffer(&guest, 1), buffer(&guest, 3000));
    assert_eq!(
        (usage.used(), usage.peak(), usage.limit()),
        (256 + 3072, 256 + 3072, 4096)
    );
    let over = code(Allocation::new(grant(&guest), 1024));
    assert!(matches!(over, Err(ErrorCode::QuotaExceeded(Quota::Memory))));
    drop(large);
    assert_eq!((usage.used(), usage.peak()), (256, 256 + 3072));
    let _more = [buffer(&guest, 8), buffer(&guest, 8)];
    let over = code(Allocation::new(grant(&guest), 8));
    assert!(matches!(
        over,
        Err(ErrorCode::QuotaExceeded(Quota::Buffers))
    ));
    drop(small);
    assert_eq!(device.memory_used(), usage.used());
}

#[test]
fn sizes_that_cannot_be_had_are_refused_and_leave_nothing_behind() {
    let device = device(1);
    let guest = guest_with(
        &device,
        Limits {
            memory: u64::MAX,
            ..Limits::default()
        },
    );
    let allocate = |size| code(Allocation::new(grant(&guest), size)).err();
    assert!(matches!(allocate(0), Some(ErrorCode::InvalidArgument(_))));
    assert!(matches!(
        allocate(u64::MAX),
        Some(ErrorCode::QuotaExceeded(Quota::Memory))
    ));
    assert!(matches!(allocate(1 << 63), Some(ErrorCode::OutOfMemory)));
    assert!(
        matches!(allocate((1 << 30) + 1), Some(ErrorCode::OutOfMemory)),
        "more than the device has"
    );
    assert_eq!((device.memory_used(), grant(&guest).usage().used()), (0, 0));
}

#[tokio::test]
async fn memory_that_is_handed_out_again_is_zero() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    for size in [300u64, 70_000, 5 << 20] {
        let used = buffer(&guest, size);
        let address = used.address();
        stream
            .write(at(&used, 0), &vec![0xff; size as usize])
            .await
            .unwrap();
        drop(used);
        let again = buffer(&guest, size);
        assert_eq!(again.address(), address);
        let bytes = stream.read(at(&again, 0), size as usize).await.unwrap();
        assert!(bytes.iter().all(|byte| *byte == 0), "{size} bytes");
    }
}

#[test]
fn memory_that_a_stray_kernel_wrote_while_it_was_free_is_zero() {
    let device = device(1);
    let guest = guest(&device);
    let space = grant(&guest).space().unwrap().clone();
    drop([300, 70_000, 5 << 20].map(|size| buffer(&guest, size)));
    let backed = space.backed();
    space.write(0, &vec![0xff; backed as usize]).unwrap();
    // The last one begins in what was backed and ends behind it.
    for size in [300, 100_000, 4 << 20, 4 << 20] {
        let new = buffer(&guest, size);
        let mut bytes = Vec::new();
        space.read(new.offset(), size, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 0), "{size} bytes");
        std::mem::forget(new);
    }
    assert!(space.backed() > backed);
}

#[test]
fn the_smallest_buffers_fill_the_limit_and_their_holes_take_the_window_no_further() {
    const LIMIT: u64 = 4 << 20;
    let device = device(1);
    let limits = Limits {
        memory: LIMIT,
        ..Limits::default()
    };
    let guest = guest_with(&device, limits);
    let usage = grant(&guest).usage();
    let mut held: Vec<_> = (0..LIMIT / GRANULE).map(|_| buffer(&guest, 1)).collect();
    assert_eq!(usage.used(), LIMIT);
    // Every other one, the last one too: they lie side by side.
    held.retain(|buffer| buffer.offset() / (2 * GRANULE) % 2 == 1);
    assert_eq!(usage.used(), LIMIT / 2);
    let scattered = code(Allocation::new(grant(&guest), LIMIT / 2));
    assert!(matches!(scattered, Err(ErrorCode::OutOfMemory)));
    let _fits = buffer(&guest, LIMIT / 4);
    let backed = grant(&guest).space().unwrap().backed();
    assert!(backed <= window_end(LIMIT), "{backed} bytes are backed");
    assert_eq!(window_end(LIMIT), 2 * LIMIT + WINDOW_STEP);
    assert_eq!(window_end(u64::MAX), u64::MAX);
}

#[test]
fn neighbours_of_an_address_are_the_buffers_around_it() {
    let device = device(1);
    let guest = guest(&device);
    let (first, second) = (buffer(&guest, 100), buffer(&guest, 200));
    let layout = grant(&guest).layout().unwrap();
    let held = |buffer: &Allocation, number| Held {
        offset: buffer.offset(),
        size: buffer.size(),
        holder: Holder::Buffer(number),
    };
    let (first, second) = (held(&first, 1), held(&second, 2));
    assert_eq!(layout.neighbours(0), [None, Some(first)]);
    assert_eq!(layout.neighbours(first.offset), [Some(first), Some(second)]);
    assert_eq!(
        layout.neighbours(first.offset + 300),
        [Some(first), Some(second)]
    );
    assert_eq!(layout.neighbours(1 << 40), [Some(second), None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn live_buffers_never_share_a_granule_and_are_always_zero_at_first(
        steps in prop::collection::vec((any::<bool>(), 1u64..100_000, any::<prop::sample::Index>()), 1..40),
    ) {
        let device = device(1);
        let guest = guest(&device);
        let space = grant(&guest).space().unwrap().clone();
        let mut held: Vec<Arc<Allocation>> = Vec::new();
        for (allocate, size, which) in steps {
            if !allocate && !held.is_empty() {
                held.swap_remove(which.index(held.len()));
                continue;
            }
            let new = buffer(&guest, size);
            prop_assert_eq!(new.offset() % GRANULE, 0);
            let mut bytes = Vec::new();
            space.read(new.offset(), size, &mut bytes).unwrap();
            prop_assert!(bytes.iter().all(|byte| *byte == 0));
            space.write(new.offset(), &vec![0xff; size as usize]).unwrap();
            for other in &held {
                let apart = new.offset() + size + RED_ZONE <= other.offset()
                    || other.offset() + other.size() + RED_ZONE <= new.offset();
                prop_assert!(apart);
            }
            held.push(new);
        }
        let expected: u64 = held.iter().map(|buffer| buffer.size().next_multiple_of(GRANULE)).sum();
        prop_assert_eq!(grant(&guest).usage().used(), expected);
        held.clear();
        prop_assert_eq!(device.memory_used(), 0);
    }
}
