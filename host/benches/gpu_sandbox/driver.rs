//! As much of the driver's API as the benches need. Every call's result is looked at.

use anyhow::{Context as _, Result, anyhow, ensure};
use cudarc::driver::sys;
use std::ffi::{CString, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasi_cuda_jit::versions::DeviceVersion;

/// Bytes of what the driver's compiler has to say of a text it refuses.
const LOG_BYTES: usize = 8 << 10;

/// The first device, and its primary context, which is current on the thread that opened it.
#[derive(Clone, Debug)]
pub(crate) struct Gpu {
    pub(crate) name: String,
    pub(crate) compute_capability: (u32, u32),
    /// The driver's CUDA version, as (major, minor).
    pub(crate) cuda: (u32, u32),
    pub(crate) processors: u32,
}

/// Why there is nothing to run on; none if there is.
pub(crate) fn missing() -> Option<String> {
    // SAFETY: only loads the driver's library, whose initialisers are trusted.
    if !unsafe { sys::is_culib_present() } {
        return Some("this machine has no CUDA driver".into());
    }
    // SAFETY: the library is there; `cuInit` may be called at any time.
    let result = unsafe { sys::cuInit(0) };
    if let Err(error) = check(result, "cuInit") {
        return Some(format!("the CUDA driver finds no GPU: {error}"));
    }
    None
}

fn check(result: sys::CUresult, what: &str) -> Result<()> {
    result.result().map_err(|error| anyhow!("{what}: {error}"))
}

impl Gpu {
    /// Opens the first device.
    pub(crate) fn open() -> Result<Self> {
        let mut device = 0;
        let (mut context, mut version) = (ptr::null_mut(), 0);
        // SAFETY: each call writes to the variable that it is passed.
        unsafe {
            check(sys::cuDeviceGet(&raw mut device, 0), "cuDeviceGet")?;
            check(
                sys::cuDevicePrimaryCtxRetain(&raw mut context, device),
                "cuDevicePrimaryCtxRetain",
            )?;
            check(sys::cuCtxSetCurrent(context), "cuCtxSetCurrent")?;
            check(
                sys::cuDriverGetVersion(&raw mut version),
                "cuDriverGetVersion",
            )?;
        }
        use sys::CUdevice_attribute_enum as Attribute;
        let major = attribute(
            device,
            Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
        )?;
        let minor = attribute(
            device,
            Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        )?;
        let version = u32::try_from(version)?;
        Ok(Self {
            name: cudarc::driver::result::device::get_name(device)?,
            compute_capability: (major, minor),
            cuda: (version / 1000, version % 1000 / 10),
            processors: attribute(device, Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?,
        })
    }

    /// Makes the device's context the current one of another thread.
    pub(crate) fn bind() -> Result<()> {
        Self::open().map(drop)
    }

    /// What PTX it takes.
    pub(crate) fn version(&self) -> DeviceVersion {
        let ptx = match self.cuda {
            (12, minor) => (8, minor.min(8)),
            (major, minor) => (major.max(13) - 4, minor),
        };
        DeviceVersion {
            ptx,
            compute_capability: self.compute_capability,
            driver: None,
        }
    }
}

fn attribute(device: i32, which: sys::CUdevice_attribute) -> Result<u32> {
    let mut value = 0;
    // SAFETY: writes to `value`.
    let result = unsafe { sys::cuDeviceGetAttribute(&raw mut value, which, device) };
    check(result, "cuDeviceGetAttribute")?;
    Ok(u32::try_from(value)?)
}

/// Memory of the device.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) address: u64,
    pub(crate) bytes: usize,
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Result<Self> {
        let mut address = 0;
        // SAFETY: writes to `address`.
        let result = unsafe { sys::cuMemAlloc_v2(&raw mut address, bytes) };
        check(result, "cuMemAlloc")?;
        Ok(Self { address, bytes })
    }

    /// Fills so many bytes from an offset on.
    pub(crate) fn fill(&self, offset: usize, byte: u8, bytes: usize) -> Result<()> {
        ensure!(offset + bytes <= self.bytes, "filled behind the end");
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: the range lies in this allocation.
        let result = unsafe { sys::cuMemsetD8_v2(self.address + offset as u64, byte, bytes) };
        check(result, "cuMemsetD8")?;
        // SAFETY: waits for the fill, which other streams would not.
        let result = unsafe { sys::cuStreamSynchronize(ptr::null_mut()) };
        check(result, "cuStreamSynchronize")
    }

    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        ensure!(offset + bytes.len() <= self.bytes, "written behind the end");
        if bytes.is_empty() {
            return Ok(());
        }
        // SAFETY: both ranges are allocated and have that length.
        let result = unsafe {
            sys::cuMemcpyHtoD_v2(
                self.address + offset as u64,
                bytes.as_ptr().cast(),
                bytes.len(),
            )
        };
        check(result, "cuMemcpyHtoD")
    }

    pub(crate) fn read(&self, offset: usize, bytes: usize) -> Result<Vec<u8>> {
        ensure!(offset + bytes <= self.bytes, "read behind the end");
        let mut read = vec![0; bytes];
        if bytes == 0 {
            return Ok(read);
        }
        // SAFETY: both ranges are allocated and have that length.
        let result = unsafe {
            sys::cuMemcpyDtoH_v2(
                read.as_mut_ptr().cast(),
                self.address + offset as u64,
                bytes,
            )
        };
        check(result, "cuMemcpyDtoH")?;
        Ok(read)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated by `cuMemAlloc` and freed once. A failure here was seen by an earlier call already.
        let _ = unsafe { sys::cuMemFree_v2(self.address) };
    }
}

/// A queue of work.
#[derive(Debug)]
pub(crate) struct Stream(sys::CUstream);

// SAFETY: the driver's handles may be used from any thread whose context is the one they belong to.
unsafe impl Send for Stream {}
// SAFETY: as above; the handle itself is never written.
unsafe impl Sync for Stream {}

impl Stream {
    pub(crate) fn new() -> Result<Self> {
        Self::with_priority(0)
    }

    /// A lower number goes first.
    pub(crate) fn with_priority(priority: i32) -> Result<Self> {
        let mut stream = ptr::null_mut();
        let flags = sys::CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: writes to `stream`.
        let result = unsafe { sys::cuStreamCreateWithPriority(&raw mut stream, flags, priority) };
        check(result, "cuStreamCreateWithPriority")?;
        Ok(Self(stream))
    }

    /// The driver's own handle.
    pub(crate) fn handle(&self) -> sys::CUstream {
        self.0
    }

    /// Waits as the driver does, until everything is done.
    pub(crate) fn synchronize(&self) -> Result<()> {
        // SAFETY: the stream is alive.
        check(
            unsafe { sys::cuStreamSynchronize(self.0) },
            "cuStreamSynchronize",
        )
    }

    /// Whether everything enqueued is done.
    pub(crate) fn is_done(&self) -> Result<bool> {
        // SAFETY: the stream is alive.
        match unsafe { sys::cuStreamQuery(self.0) } {
            sys::CUresult::CUDA_ERROR_NOT_READY => Ok(false),
            result => check(result, "cuStreamQuery").map(|()| true),
        }
    }

    /// Waits until everything is done, or for that long: whether it is done.
    pub(crate) fn wait(&self, most: Duration) -> Result<bool> {
        let begin = Instant::now();
        while !self.is_done()? {
            if begin.elapsed() > most {
                return Ok(false);
            }
            std::hint::spin_loop();
        }
        Ok(true)
    }

    /// Writes a word once everything enqueued before is done.
    pub(crate) fn write_word(&self, memory: &Memory, offset: usize, value: u32) -> Result<()> {
        ensure!(offset + 4 <= memory.bytes, "written behind the end");
        // SAFETY: the word lies in an allocation.
        let result = unsafe {
            sys::cuStreamWriteValue32_v2(self.0, memory.address + offset as u64, value, 0)
        };
        check(result, "cuStreamWriteValue32")
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: created once and destroyed once; the driver lets enqueued work end.
        let _ = unsafe { sys::cuStreamDestroy_v2(self.0) };
    }
}

/// A point in a stream's work that has a time.
#[derive(Debug)]
pub(crate) struct Event(sys::CUevent);

impl Event {
    pub(crate) fn new() -> Result<Self> {
        let mut event = ptr::null_mut();
        // SAFETY: writes to `event`.
        let result = unsafe { sys::cuEventCreate(&raw mut event, 0) };
        check(result, "cuEventCreate")?;
        Ok(Self(event))
    }

    pub(crate) fn record(&self, stream: &Stream) -> Result<()> {
        // SAFETY: both are alive.
        let result = unsafe { sys::cuEventRecord(self.0, stream.0) };
        check(result, "cuEventRecord")
    }

    /// Milliseconds from an earlier event to this one, which is reached.
    pub(crate) fn since(&self, earlier: &Self) -> Result<f64> {
        let mut time = 0.0f32;
        // SAFETY: both are alive.
        let result = unsafe { sys::cuEventElapsedTime(&raw mut time, earlier.0, self.0) };
        check(result, "cuEventElapsedTime")?;
        Ok(time.into())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: created once and destroyed once.
        let _ = unsafe { sys::cuEventDestroy_v2(self.0) };
    }
}

/// A loaded module. It stays loaded as long as one of its functions is there.
#[derive(Debug)]
struct Module(sys::CUmodule);

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: loaded once and unloaded once, when no function of it is left.
        let _ = unsafe { sys::cuModuleUnload(self.0) };
    }
}

/// A kernel.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    function: sys::CUfunction,
    _module: Arc<Module>,
}

// SAFETY: the driver's handles may be used from any thread whose context is the one they belong to.
unsafe impl Send for Module {}
// SAFETY: as above; the handle itself is never written.
unsafe impl Sync for Module {}
// SAFETY: as for `Module`.
unsafe impl Send for Function {}
// SAFETY: as for `Module`.
unsafe impl Sync for Function {}

/// Has the driver compile a text, and hands out the kernels of these names.
pub(crate) fn load(text: &str, names: &[&str]) -> Result<Vec<Function>> {
    use sys::CUjit_option_enum as Jit;
    let image = CString::new(text)?;
    let mut log = vec![0u8; LOG_BYTES];
    let mut options = [
        Jit::CU_JIT_ERROR_LOG_BUFFER,
        Jit::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
    ];
    let mut values: [*mut c_void; 2] = [
        log.as_mut_ptr().cast(),
        ptr::without_provenance_mut(LOG_BYTES),
    ];
    let mut module = ptr::null_mut();
    // SAFETY: the text ends with a zero, the log has the size told, and the driver writes nothing else.
    let result = unsafe {
        sys::cuModuleLoadDataEx(
            &raw mut module,
            image.as_ptr().cast(),
            2,
            options.as_mut_ptr(),
            values.as_mut_ptr(),
        )
    };
    check(result, "cuModuleLoadDataEx").with_context(|| {
        let end = log.iter().position(|byte| *byte == 0).unwrap_or(LOG_BYTES);
        String::from_utf8_lossy(&log[..end]).into_owned()
    })?;
    let module = Arc::new(Module(module));
    let functions = names.iter().map(|name| {
        let mut function = ptr::null_mut();
        let spelt = CString::new(*name)?;
        // SAFETY: the module is loaded; writes to `function`.
        let result =
            unsafe { sys::cuModuleGetFunction(&raw mut function, module.0, spelt.as_ptr()) };
        check(result, name)?;
        Ok(Function {
            function,
            _module: Arc::clone(&module),
        })
    });
    functions.collect()
}

/// The shape of a launch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    /// Bytes of dynamic shared memory.
    pub(crate) shared: u32,
}

impl Function {
    /// Lets its blocks have that much shared memory.
    pub(crate) fn allow_shared(&self, bytes: u32) -> Result<()> {
        let which = sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        // SAFETY: the function is loaded.
        let result =
            unsafe { sys::cuFuncSetAttribute(self.function, which, i32::try_from(bytes)?) };
        check(result, "cuFuncSetAttribute")
    }

    /// Registers of a thread, and bytes of local memory.
    pub(crate) fn resources(&self) -> Result<(i32, i32)> {
        use sys::CUfunction_attribute as Attribute;
        let get = |which| {
            let mut value = 0;
            // SAFETY: the function is loaded; writes to `value`.
            let result = unsafe { sys::cuFuncGetAttribute(&raw mut value, which, self.function) };
            check(result, "cuFuncGetAttribute")?;
            Ok::<_, anyhow::Error>(value)
        };
        Ok((
            get(Attribute::CU_FUNC_ATTRIBUTE_NUM_REGS)?,
            get(Attribute::CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES)?,
        ))
    }

    /// Enqueues a launch whose parameters lie in this block as the kernel declares them.
    pub(crate) fn launch(&self, stream: &Stream, shape: &Shape, parameters: &[u8]) -> Result<()> {
        let mut size = parameters.len();
        let mut extra: [*mut c_void; 5] = [
            ptr::without_provenance_mut(sys::CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT as usize),
            parameters.as_ptr().cast_mut().cast(),
            ptr::without_provenance_mut(sys::CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT as usize),
            (&raw mut size).cast(),
            ptr::null_mut(),
        ];
        let Shape {
            grid,
            block,
            shared,
        } = *shape;
        // SAFETY: function and stream are alive, the block of parameters has the size told, and the driver copies it.
        let result = unsafe {
            sys::cuLaunchKernel(
                self.function,
                grid[0],
                grid[1],
                grid[2],
                block[0],
                block[1],
                block[2],
                shared,
                stream.0,
                ptr::null_mut(),
                extra.as_mut_ptr(),
            )
        };
        check(result, "cuLaunchKernel")
    }
}
