//! What the driver itself takes: the same work, through its own calls, in the same process.

use crate::driver::{self, Function, Memory, Shape, Stream};
use anyhow::{Context as _, Result, anyhow};
use cudarc::driver::sys;
use std::ffi::c_void;
use std::ptr;
use std::time::Instant;
use wasi_cuda_jit::CompileOptions;
use wasi_cuda_jit::back::ptx::LaunchRecord;

/// The guest's own kernels, as they are.
const KERNELS: &str = include_str!("../guest/src/kernels.ptx");

/// Bytes of shared memory that the host lets each kernel have.
const MOST_SHARED: u32 = 227 << 10;

const ONE_WARP: Shape = Shape {
    grid: [1, 1, 1],
    block: [32, 1, 1],
    shared: 0,
};

fn check(result: sys::CUresult, call: &str) -> Result<()> {
    result.result().map_err(|error| anyhow!("{call}: {error}"))
}

/// The kernels, loaded without guards, and vectors for them.
pub(crate) struct Raw {
    stream: Stream,
    vector_add: Function,
    nothing: Function,
    parameters: Vec<u8>,
    /// The kernel that does nothing as a guest's launches have it, with a launch record.
    guarded: (Function, Vec<u8>),
    elements: u32,
    _vectors: [Memory; 3],
}

impl Raw {
    pub(crate) fn new(elements: u32) -> Result<Self> {
        let functions = driver::load(KERNELS, &["vector_add", "nothing"])?;
        let [vector_add, nothing] =
            <[Function; 2]>::try_from(functions).map_err(|_| anyhow!("there are two kernels"))?;
        let bytes = elements as usize * size_of::<f32>();
        let vectors = [
            Memory::new(bytes)?,
            Memory::new(bytes)?,
            Memory::new(bytes)?,
        ];
        let mut parameters = Vec::new();
        for vector in &vectors {
            parameters.extend(vector.address.to_le_bytes());
        }
        parameters.extend(elements.to_le_bytes());
        let guarded = wasi_cuda_jit::guarded_ptx(KERNELS, &CompileOptions::default())
            .map_err(|findings| anyhow!("{}", findings[0].text()))?;
        let kernel = guarded.kernels.last().context("there are two kernels")?;
        let function = driver::load(&guarded.text, &[&kernel.entry])?.remove(0);
        function.allow_shared(MOST_SHARED)?;
        let block = kernel.parameters(&parameters, &LaunchRecord::default());
        Ok(Self {
            guarded: (function, block),
            stream: Stream::new()?,
            vector_add,
            nothing,
            parameters,
            elements,
            _vectors: vectors,
        })
    }

    fn launch_nothing(&self) -> Result<()> {
        self.nothing
            .launch(&self.stream, &ONE_WARP, &self.parameters)
    }

    /// Nanoseconds for so many launches, until the last is enqueued.
    pub(crate) fn enqueue(&self, launches: u32) -> Result<f64> {
        let begin = Instant::now();
        for _ in 0..launches {
            self.launch_nothing()?;
        }
        let time = begin.elapsed();
        self.stream.synchronize()?;
        Ok(time.as_nanos() as f64)
    }

    /// The same until the last has finished.
    pub(crate) fn enqueue_and_wait(&self, launches: u32) -> Result<f64> {
        let begin = Instant::now();
        self.enqueue(launches)?;
        Ok(begin.elapsed().as_nanos() as f64)
    }

    /// As `enqueue`, for the guarded kernel.
    pub(crate) fn enqueue_guarded(&self, launches: u32) -> Result<f64> {
        let (function, block) = &self.guarded;
        let begin = Instant::now();
        for _ in 0..launches {
            function.launch(&self.stream, &ONE_WARP, block)?;
        }
        let time = begin.elapsed();
        self.stream.synchronize()?;
        Ok(time.as_nanos() as f64)
    }

    /// Nanoseconds of each of so many launches, until it has finished.
    pub(crate) fn launch_and_wait(&self, launches: u32) -> Result<Vec<f64>> {
        each(launches, || {
            self.launch_nothing()?;
            self.stream.synchronize()
        })
    }

    /// Nanoseconds of one vector addition.
    pub(crate) fn add(&self) -> Result<f64> {
        let shape = Shape {
            grid: [self.elements.div_ceil(1024), 1, 1],
            block: [1024, 1, 1],
            shared: 0,
        };
        let begin = Instant::now();
        self.vector_add
            .launch(&self.stream, &shape, &self.parameters)?;
        self.stream.synchronize()?;
        Ok(begin.elapsed().as_nanos() as f64)
    }

    /// Nanoseconds for so many times `cuMemAllocAsync` and `cuMemFreeAsync`.
    pub(crate) fn allocate_and_free(&self, times: u32, bytes: usize) -> Result<f64> {
        let begin = Instant::now();
        for _ in 0..times {
            let mut address = 0;
            // SAFETY: the stream is there; the memory that the first call gives is freed once.
            unsafe {
                let stream = self.stream.handle();
                check(
                    sys::cuMemAllocAsync(&raw mut address, bytes, stream),
                    "cuMemAllocAsync",
                )?;
                check(sys::cuMemFreeAsync(address, stream), "cuMemFreeAsync")?;
            }
        }
        let time = begin.elapsed();
        self.stream.synchronize()?;
        Ok(time.as_nanos() as f64)
    }

    /// Nanoseconds of each of so many copies from pinned memory.
    pub(crate) fn upload(&self, times: u32, bytes: usize) -> Result<Vec<f64>> {
        let to = Memory::new(bytes)?;
        let mut from: *mut c_void = ptr::null_mut();
        // SAFETY: writes to `from`.
        let allocated = unsafe { sys::cuMemHostAlloc(&raw mut from, bytes, 0) };
        check(allocated, "cuMemHostAlloc")?;
        let times = each(times, || {
            // SAFETY: both ranges have that length, and live until the copy is waited for.
            let copy =
                unsafe { sys::cuMemcpyHtoDAsync_v2(to.address, from, bytes, self.stream.handle()) };
            check(copy, "cuMemcpyHtoDAsync")?;
            self.stream.synchronize()
        });
        // SAFETY: allocated above, and nothing uses it any more.
        check(unsafe { sys::cuMemFreeHost(from) }, "cuMemFreeHost")?;
        times
    }
}

/// Nanoseconds of calls that are made beside launches: each by its name.
pub(crate) fn small_calls(raw: &Raw) -> Result<Vec<(&'static str, f64)>> {
    const TIMES: u32 = 20_000;
    let word = Memory::new(4)?;
    let mut context = ptr::null_mut();
    // SAFETY: writes to `context`.
    let got = unsafe { sys::cuCtxGetCurrent(&raw mut context) };
    check(got, "cuCtxGetCurrent")?;
    let timed = |act: &mut dyn FnMut() -> Result<()>| {
        let begin = Instant::now();
        for _ in 0..TIMES {
            act()?;
        }
        let time = begin.elapsed().as_nanos() as f64 / f64::from(TIMES);
        raw.stream.synchronize()?;
        Ok::<_, anyhow::Error>(time)
    };
    // SAFETY: the context is the current one.
    let set_current = || check(unsafe { sys::cuCtxSetCurrent(context) }, "cuCtxSetCurrent");
    let look_at_the_clock = || {
        std::hint::black_box(Instant::now());
        Ok(())
    };
    Ok(vec![
        ("cuCtxSetCurrent", timed(&mut || set_current())?),
        (
            "cuStreamWriteValue32",
            timed(&mut || raw.stream.write_word(&word, 0, 1))?,
        ),
        (
            "cuStreamQuery",
            timed(&mut || raw.stream.is_done().map(drop))?,
        ),
        ("Instant::now", timed(&mut || look_at_the_clock())?),
    ])
}

/// Nanoseconds of each of so many copies within the host's memory.
pub(crate) fn host_copies(times: u32, bytes: usize) -> Result<Vec<f64>> {
    let from = vec![7u8; bytes];
    let mut to = vec![0u8; bytes];
    each(times, || {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&to);
        Ok(())
    })
}

/// Bytes of the GPU's memory that are free.
pub(crate) fn free_memory() -> Result<f64> {
    let (mut free, mut total) = (0, 0);
    // SAFETY: writes to both.
    let result = unsafe { sys::cuMemGetInfo_v2(&raw mut free, &raw mut total) };
    check(result, "cuMemGetInfo")?;
    Ok(free as f64)
}

fn each(times: u32, mut act: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let once = |_| {
        let begin = Instant::now();
        act()?;
        Ok(begin.elapsed().as_nanos() as f64)
    };
    (0..times).map(once).collect()
}
