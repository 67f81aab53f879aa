//! The simulated GPU's memory: the host's own, at addresses that are reserved first and backed later, so that the numbers
//! in a launch's parameters are addresses in truth. Every access is looked up: one that is not wholly in memory that is
//! there is refused.

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::collections::BTreeMap;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What is in memory that was just mapped: not zero, so that whoever relies on zeroes is found.
const GARBAGE: u8 = 0xa5;

/// All memory of a GPU, and what the host pinned for it.
#[derive(Default)]
pub(super) struct Memory {
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    /// Reserved addresses, start to length.
    reserved: BTreeMap<u64, u64>,
    /// Memory that is there, by its start.
    regions: BTreeMap<u64, Region>,
}

#[derive(Clone, Copy)]
struct Region {
    bytes: u64,
    kind: Kind,
}

/// How memory came there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Mapped,
    Allocated,
    Pinned,
}

/// Where there is no memory, for people.
pub(super) type Stray = String;

impl Memory {
    fn look(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves addresses; none when the process has no more.
    pub(super) fn reserve(&self, bytes: u64) -> Option<u64> {
        let address = take(bytes, ProtFlags::empty())?;
        self.change().reserved.insert(address, bytes);
        Some(address)
    }

    /// Gives addresses back; false when they were not reserved like that or something is there.
    pub(super) fn unreserve(&self, address: u64, bytes: u64) -> bool {
        let mut table = self.change();
        let is_known = table.reserved.get(&address) == Some(&bytes);
        let is_empty = table
            .regions
            .range(address..address + bytes)
            .next()
            .is_none();
        if is_known && is_empty {
            table.reserved.remove(&address);
            give_back(address, bytes);
        }
        is_known && is_empty
    }

    /// Puts memory at reserved addresses; false when they are not, or something is there.
    pub(super) fn map(&self, address: u64, bytes: u64) -> bool {
        let mut table = self.change();
        let around = table.reserved.range(..=address).next_back();
        let is_reserved = around.is_some_and(|(start, all)| address + bytes <= start + all);
        let is_free = table
            .regions
            .range(address..address + bytes)
            .next()
            .is_none();
        if is_reserved && is_free {
            // SAFETY: the range is part of a reservation of this simulator's, in which nothing else is.
            let made = unsafe {
                mprotect(
                    pointer(address),
                    bytes as usize,
                    MprotectFlags::READ | MprotectFlags::WRITE,
                )
            };
            made.expect("the host has memory for a test");
            // SAFETY: just made writable.
            unsafe {
                pointer(address)
                    .cast::<u8>()
                    .write_bytes(GARBAGE, bytes as usize)
            };
            let kind = Kind::Mapped;
            table.regions.insert(address, Region { bytes, kind });
        }
        is_reserved && is_free
    }

    /// Takes memory away from there; false when it was not mapped like that.
    pub(super) fn unmap(&self, address: u64, bytes: u64) -> bool {
        let mut table = self.change();
        let is_known = table
            .regions
            .get(&address)
            .is_some_and(|region| region.bytes == bytes && region.kind == Kind::Mapped);
        if is_known {
            table.regions.remove(&address);
            // SAFETY: nobody gets at the range any more, since every access looks it up under the lock.
            let gone =
                unsafe { mprotect(pointer(address), bytes as usize, MprotectFlags::empty()) };
            gone.expect("a range that was mapped can be protected");
        }
        is_known
    }

    /// Zeroed memory somewhere.
    pub(super) fn allocate(&self, bytes: u64, kind: Kind) -> Option<u64> {
        let address = take(bytes, ProtFlags::READ | ProtFlags::WRITE)?;
        self.change()
            .regions
            .insert(address, Region { bytes, kind });
        Some(address)
    }

    /// How large such memory is that begins there.
    pub(super) fn size_of(&self, address: u64, kind: Kind) -> Option<u64> {
        let table = self.look();
        let region = table.regions.get(&address);
        region
            .filter(|region| region.kind == kind)
            .map(|region| region.bytes)
    }

    /// Gives such memory back; false when there is none.
    pub(super) fn free(&self, address: u64, kind: Kind) -> bool {
        let mut table = self.change();
        let known = table.regions.get(&address).copied();
        let known = known.filter(|region| region.kind == kind);
        if let Some(region) = known {
            table.regions.remove(&address);
            give_back(address, region.bytes);
        }
        known.is_some()
    }

    /// Bytes that are mapped or allocated on the GPU.
    pub(super) fn used(&self) -> u64 {
        let table = self.look();
        let here = table
            .regions
            .values()
            .filter(|region| region.kind != Kind::Pinned);
        here.map(|region| region.bytes).sum()
    }

    /// What is there: reservations, and memory of each kind.
    pub(super) fn held(&self) -> Vec<(&'static str, usize)> {
        let table = self.look();
        let count = |kind| {
            table
                .regions
                .values()
                .filter(|region| region.kind == kind)
                .count()
        };
        vec![
            ("reservations", table.reserved.len()),
            ("mappings", count(Kind::Mapped)),
            ("device allocations", count(Kind::Allocated)),
            ("pinned allocations", count(Kind::Pinned)),
        ]
    }

    /// Whether a range is wholly there.
    pub(super) fn is_there(&self, range: &Range<u64>) -> Result<(), Stray> {
        self.look().check(range)
    }

    pub(super) fn read(&self, from: u64, bytes: &mut [u8]) -> Result<(), Stray> {
        let table = self.look();
        table.check(&(from..from + bytes.len() as u64))?;
        // SAFETY: the range is there as long as the table is locked.
        unsafe { ptr::copy_nonoverlapping(pointer(from).cast(), bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    pub(super) fn write(&self, to: u64, bytes: &[u8]) -> Result<(), Stray> {
        let table = self.look();
        table.check(&(to..to + bytes.len() as u64))?;
        // SAFETY: the range is there as long as the table is locked.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), pointer(to).cast(), bytes.len()) };
        Ok(())
    }

    pub(super) fn copy(&self, from: u64, to: u64, bytes: u64) -> Result<(), Stray> {
        let table = self.look();
        table.check(&(from..from + bytes))?;
        table.check(&(to..to + bytes))?;
        // SAFETY: both ranges are there as long as the table is locked.
        unsafe {
            ptr::copy(
                pointer(from).cast::<u8>(),
                pointer(to).cast(),
                bytes as usize,
            )
        };
        Ok(())
    }

    /// A word, which whoever waits for it reads atomically.
    pub(super) fn word<T>(
        &self,
        address: u64,
        access: impl FnOnce(&AtomicU32) -> T,
    ) -> Result<T, Stray> {
        let table = self.look();
        table.check(&(address..address + 4))?;
        if !address.is_multiple_of(4) {
            return Err(format!("the word at {address:#x} is not aligned"));
        }
        // SAFETY: the word is there as long as the table is locked, and aligned.
        Ok(access(unsafe { &*pointer(address).cast::<AtomicU32>() }))
    }

    pub(super) fn store(&self, address: u64, value: u32) -> Result<(), Stray> {
        self.word(address, |word| word.store(value, SeqCst))
    }
}

impl Table {
    /// Whether a range is in memory that is there, of which pieces may lie side by side.
    fn check(&self, range: &Range<u64>) -> Result<(), Stray> {
        let mut at = range.start;
        while at < range.end {
            let around = self.regions.range(..=at).next_back();
            match around.map(|(start, region)| start + region.bytes) {
                Some(end) if end > at => at = end,
                _ => return Err(format!("nothing is at {at:#x}, in {range:#x?}")),
            }
        }
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let table = self.table.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (address, region) in &table.regions {
            if region.kind != Kind::Mapped {
                give_back(*address, region.bytes);
            }
        }
        for (address, bytes) in &table.reserved {
            give_back(*address, *bytes);
        }
    }
}

fn pointer(address: u64) -> *mut std::ffi::c_void {
    ptr::with_exposed_provenance_mut(address as usize)
}

fn take(bytes: u64, access: ProtFlags) -> Option<u64> {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: new memory somewhere, which nothing refers to.
    let start = unsafe { mmap_anonymous(ptr::null_mut(), bytes as usize, access, flags) };
    start.ok().map(|start| start.expose_provenance() as u64)
}

fn give_back(address: u64, bytes: u64) {
    // SAFETY: taken by `take`, and out of the table, so that nobody gets at it.
    let gone = unsafe { munmap(pointer(address), bytes as usize) };
    gone.expect("a range that was taken can be given back");
}
