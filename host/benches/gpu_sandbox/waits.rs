//! Which of the driver's calls wait for a kernel that another stream runs, and keep others waiting meanwhile: a host must make none of
//! those while a guest's kernel may run for long.

use crate::driver::{Gpu, Memory, Shape, Stream, load};
use anyhow::{Result, anyhow};
use cudarc::driver::sys;
use std::ffi::{CString, c_void};
use std::ptr;
use std::time::{Duration, Instant};

const SOURCE: &str = include_str!("latency.ptx");
/// Some tenths of a second of work.
const ROUNDS: u32 = 40_000_000;
/// Until the other thread tries to launch.
const AFTER: Duration = Duration::from_millis(5);
const MEBIBYTE: usize = 1 << 20;

const ONE: Shape = Shape {
    grid: [1, 1, 1],
    block: [1, 1, 1],
    shared: 0,
};

fn check(result: sys::CUresult, call: &str) -> Result<()> {
    result.result().map_err(|error| anyhow!("{call}: {error}"))
}

/// A call that was made, and what is left of it.
type Call = Box<dyn FnMut() -> Result<()>>;

/// Measures each call while a kernel runs, and prints how long it took.
pub(crate) fn run() -> Result<bool> {
    let functions = load(SOURCE, &["busy"])?;
    let (memory, busy, other) = (Memory::new(4096)?, Stream::new()?, Stream::new()?);
    let parameters = |rounds: u32| {
        let mut block = memory.address.to_le_bytes().to_vec();
        block.extend(rounds.to_le_bytes());
        block
    };
    functions[0].launch(&busy, &ONE, &parameters(1))?;
    busy.synchronize()?;
    println!(
        "{:<44} {:>12} {:>16} {:>12}",
        "call", "alone", "beside a kernel", "a launch"
    );
    for (name, mut call) in calls()? {
        let begin = Instant::now();
        call()?;
        let alone = begin.elapsed();
        functions[0].launch(&busy, &ONE, &parameters(ROUNDS))?;
        let (beside, launch) = std::thread::scope(|scope| {
            let launching = scope.spawn(|| -> Result<Duration> {
                Gpu::bind()?;
                std::thread::sleep(AFTER);
                let begin = Instant::now();
                functions[0].launch(&other, &ONE, &parameters(1))?;
                Ok(begin.elapsed())
            });
            let begin = Instant::now();
            call()?;
            let beside = begin.elapsed();
            let launch = launching
                .join()
                .map_err(|_| anyhow!("the launch panicked"))??;
            Ok::<_, anyhow::Error>((beside, launch))
        })?;
        busy.synchronize()?;
        other.synchronize()?;
        let us = |time: Duration| format!("{:.0} us", time.as_secs_f64() * 1e6);
        println!(
            "{name:<44} {:>12} {:>16} {:>12}",
            us(alone),
            us(beside),
            us(launch)
        );
    }
    Ok(true)
}

/// Each of them can be made twice.
fn calls() -> Result<Vec<(&'static str, Call)>> {
    let mut calls: Vec<(&'static str, Call)> = Vec::new();
    let text = CString::new(SOURCE)?;
    let load_module = move || {
        let mut module = ptr::null_mut();
        // SAFETY: the text ends with a zero; writes to `module`.
        let result = unsafe { sys::cuModuleLoadData(&raw mut module, text.as_ptr().cast()) };
        check(result, "cuModuleLoadData").map(|()| module)
    };
    let code = machine_code()?;
    let load_code = move || {
        let mut module = ptr::null_mut();
        // SAFETY: the linker made it; writes to `module`.
        let result = unsafe { sys::cuModuleLoadData(&raw mut module, code.as_ptr().cast()) };
        check(result, "cuModuleLoadData").map(|()| module)
    };
    let mut coded = vec![load_code()?, load_code()?];
    let code = machine_code()?;
    let load_library = move || -> Result<()> {
        let (mut library, mut kernel, mut function) =
            (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the linker made the code; each call writes to the variable that it is passed.
        unsafe {
            let loaded = sys::cuLibraryLoadData(
                &raw mut library,
                code.as_ptr().cast(),
                ptr::null_mut(),
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                ptr::null_mut(),
                0,
            );
            check(loaded, "cuLibraryLoadData")?;
            check(
                sys::cuLibraryGetKernel(&raw mut kernel, library, c"busy".as_ptr()),
                "cuLibraryGetKernel",
            )?;
            check(
                sys::cuKernelGetFunction(&raw mut function, kernel),
                "cuKernelGetFunction",
            )
        }
    };
    calls.push((
        "cuModuleLoadData of machine code",
        Box::new(move || load_code().map(drop)),
    ));
    calls.push((
        "cuLibraryLoadData, cuKernelGetFunction",
        Box::new(load_library),
    ));
    calls.push((
        "cuModuleUnload of machine code",
        Box::new(move || {
            let module = coded.pop().ok_or_else(|| anyhow!("twice"))?;
            // SAFETY: loaded above, and unloaded once.
            check(unsafe { sys::cuModuleUnload(module) }, "cuModuleUnload")
        }),
    ));
    let mut modules = vec![load_module()?, load_module()?];
    let mut loaded = vec![load_module()?, load_module()?];
    calls.push((
        "cuModuleLoadData",
        Box::new(move || load_module().map(drop)),
    ));
    calls.push((
        "cuModuleGetFunction",
        Box::new(move || {
            let mut function = ptr::null_mut();
            let module = loaded.pop().ok_or_else(|| anyhow!("twice"))?;
            // SAFETY: the module is loaded; writes to `function`.
            let result =
                unsafe { sys::cuModuleGetFunction(&raw mut function, module, c"busy".as_ptr()) };
            check(result, "cuModuleGetFunction")
        }),
    ));
    calls.push((
        "cuModuleUnload",
        Box::new(move || {
            let module = modules.pop().ok_or_else(|| anyhow!("twice"))?;
            // SAFETY: loaded above, and unloaded once.
            check(unsafe { sys::cuModuleUnload(module) }, "cuModuleUnload")
        }),
    ));
    calls.extend(memory_calls()?);
    calls.extend(stream_calls()?);
    Ok(calls)
}

/// The kernels as the driver's linker makes them.
fn machine_code() -> Result<Vec<u8>> {
    let mut text = CString::new(SOURCE)?.into_bytes_with_nul();
    let (mut link, mut code, mut size) = (ptr::null_mut(), ptr::null_mut(), 0);
    // SAFETY: the text ends with a zero and has the size told; what the linker made is copied before it is destroyed.
    unsafe {
        check(
            sys::cuLinkCreate_v2(0, ptr::null_mut(), ptr::null_mut(), &raw mut link),
            "cuLinkCreate",
        )?;
        let kind = sys::CUjitInputType::CU_JIT_INPUT_PTX;
        let (at, bytes) = (text.as_mut_ptr().cast(), text.len());
        let added = sys::cuLinkAddData_v2(
            link,
            kind,
            at,
            bytes,
            c"kernels".as_ptr(),
            0,
            ptr::null_mut(),
            ptr::null_mut(),
        );
        check(added, "cuLinkAddData")?;
        check(
            sys::cuLinkComplete(link, &raw mut code, &raw mut size),
            "cuLinkComplete",
        )?;
        let made = std::slice::from_raw_parts(code.cast::<u8>(), size).to_vec();
        check(sys::cuLinkDestroy(link), "cuLinkDestroy").map(|()| made)
    }
}

fn memory_calls() -> Result<Vec<(&'static str, Call)>> {
    // SAFETY: a structure of numbers and pointers, for which zero is a value each.
    let mut wanted: sys::CUmemAllocationProp = unsafe { std::mem::zeroed() };
    wanted.type_ = sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED;
    wanted.location.type_ = sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE;
    let chunk = 2 * MEBIBYTE;
    let mut base = 0;
    // SAFETY: writes to `base`.
    let reserved = unsafe { sys::cuMemAddressReserve(&raw mut base, 8 * chunk, 0, 0, 0) };
    check(reserved, "cuMemAddressReserve")?;
    let mut next = base;
    let map = move |at: u64| -> Result<()> {
        let mut handle = 0;
        // SAFETY: a structure of numbers, for which zero is a value each.
        let mut access: sys::CUmemAccessDesc = unsafe { std::mem::zeroed() };
        access.location = wanted.location;
        access.flags = sys::CUmemAccess_flags::CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
        // SAFETY: the addresses are reserved and nothing is mapped there; each call reads and writes what it is passed.
        unsafe {
            check(
                sys::cuMemCreate(&raw mut handle, chunk, &raw const wanted, 0),
                "cuMemCreate",
            )?;
            check(sys::cuMemMap(at, chunk, 0, handle, 0), "cuMemMap")?;
            check(
                sys::cuMemSetAccess(at, chunk, &raw const access, 1),
                "cuMemSetAccess",
            )?;
            // Stays as long as it is mapped.
            check(sys::cuMemRelease(handle), "cuMemRelease")
        }
    };
    let mut mapped = base + 4 * chunk as u64;
    map(mapped)?;
    map(mapped + chunk as u64)?;
    let mut freed = Vec::new();
    let mut pinned = Vec::new();
    for _ in 0..2 {
        let (mut address, mut host): (u64, *mut c_void) = (0, ptr::null_mut());
        // SAFETY: each call writes to the variable that it is passed.
        unsafe {
            check(sys::cuMemAlloc_v2(&raw mut address, MEBIBYTE), "cuMemAlloc")?;
            check(
                sys::cuMemHostAlloc(&raw mut host, MEBIBYTE, 0),
                "cuMemHostAlloc",
            )?;
        }
        freed.push(address);
        pinned.push(host.expose_provenance());
    }
    Ok(vec![
        (
            "cuMemCreate, cuMemMap, cuMemSetAccess",
            Box::new(move || {
                map(next)?;
                next += chunk as u64;
                Ok(())
            }),
        ),
        (
            "cuMemUnmap",
            Box::new(move || {
                // SAFETY: mapped above, and unmapped once.
                check(unsafe { sys::cuMemUnmap(mapped, chunk) }, "cuMemUnmap")?;
                mapped += chunk as u64;
                Ok(())
            }),
        ),
        (
            "cuMemAddressReserve, cuMemAddressFree",
            Box::new(move || {
                let mut base = 0;
                // SAFETY: writes to `base`, which is given back once.
                unsafe {
                    check(
                        sys::cuMemAddressReserve(&raw mut base, 64 * chunk, 0, 0, 0),
                        "cuMemAddressReserve",
                    )?;
                    check(sys::cuMemAddressFree(base, 64 * chunk), "cuMemAddressFree")
                }
            }),
        ),
        (
            "cuMemAlloc",
            Box::new(move || {
                let mut address = 0;
                // SAFETY: writes to `address`; the memory goes with the process.
                check(
                    unsafe { sys::cuMemAlloc_v2(&raw mut address, 8 * chunk) },
                    "cuMemAlloc",
                )
            }),
        ),
        (
            "cuMemFree",
            Box::new(move || {
                let address = freed.pop().ok_or_else(|| anyhow!("twice"))?;
                // SAFETY: allocated above, and freed once.
                check(unsafe { sys::cuMemFree_v2(address) }, "cuMemFree")
            }),
        ),
        (
            "cuMemHostAlloc",
            Box::new(move || {
                let mut host = ptr::null_mut();
                // SAFETY: writes to `host`; the memory goes with the process.
                check(
                    unsafe { sys::cuMemHostAlloc(&raw mut host, chunk, 0) },
                    "cuMemHostAlloc",
                )
            }),
        ),
        (
            "cuMemFreeHost",
            Box::new(move || {
                let host = pinned.pop().ok_or_else(|| anyhow!("twice"))?;
                // SAFETY: allocated above, and freed once.
                let result = unsafe { sys::cuMemFreeHost(ptr::with_exposed_provenance_mut(host)) };
                check(result, "cuMemFreeHost")
            }),
        ),
    ])
}

fn stream_calls() -> Result<Vec<(&'static str, Call)>> {
    let mut streams = vec![Stream::new()?, Stream::new()?];
    let mut events = vec![crate::driver::Event::new()?, crate::driver::Event::new()?];
    Ok(vec![
        (
            "cuStreamCreate",
            Box::new(|| Stream::new().map(std::mem::forget)),
        ),
        (
            "cuStreamDestroy",
            Box::new(move || streams.pop().map(drop).ok_or_else(|| anyhow!("twice"))),
        ),
        (
            "cuEventCreate",
            Box::new(|| crate::driver::Event::new().map(std::mem::forget)),
        ),
        (
            "cuEventDestroy",
            Box::new(move || events.pop().map(drop).ok_or_else(|| anyhow!("twice"))),
        ),
    ])
}
