//! The driver through cudarc, which loads its library when it is first asked for.

mod describe;
mod graph;

pub(in super::super) use describe::{describe, uuid};

use super::{
    Driver, DriverError, EventHandle, FunctionHandle, GpuProperties, GraphHandle, KernelResources,
    ModuleHandle, NodeHandle, PhysicalHandle, PinnedHandle, Result, Shape, StreamHandle,
};
use cudarc::driver::sys;
use describe::{allocation, device, properties};
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// The oldest driver whose library has every function that is called here.
const OLDEST: (u32, u32) = (12, 0);

/// Bytes of what the driver's compiler has to say of a text that it refuses.
const LOG_BYTES: usize = 8 << 10;

/// One GPU, through its primary context. That stays to the end of the process: making it again takes a tenth of a second or
/// more, and a process that has used a GPU uses it again.
pub(in super::super) struct Cudarc {
    context: sys::CUcontext,
    device: sys::CUdevice,
    properties: GpuProperties,
    /// Whether nothing is given back any more.
    abandoned: AtomicBool,
}

// SAFETY: the driver's handles may be used from any thread that has made their context current.
unsafe impl Send for Cudarc {}
// SAFETY: as above; the handles themselves are never written.
unsafe impl Sync for Cudarc {}

/// How many GPUs there are.
///
/// # Errors
///
/// For people: why the driver cannot be used.
pub(in super::super) fn count() -> std::result::Result<u32, String> {
    /// Initialised once, since the library answers the same ever after.
    static READY: OnceLock<std::result::Result<u32, String>> = OnceLock::new();
    READY.get_or_init(initialise).clone()
}

fn initialise() -> std::result::Result<u32, String> {
    // SAFETY: only loads the driver's library, whose initialisers are trusted.
    if !unsafe { sys::is_culib_present() } {
        return Err(
            "this machine has no CUDA driver (libcuda.so); install NVIDIA's driver, or \
                    use the device `cpu`, which runs the same kernels"
                .to_owned(),
        );
    }
    let text = |error: DriverError| format!("the CUDA driver cannot be used: {error}");
    let (mut version, mut count) = (0, 0);
    // SAFETY: both may be called at any time; each writes to the variable that it is passed.
    unsafe {
        check(
            sys::cuDriverGetVersion(&raw mut version),
            "cuDriverGetVersion",
        )
        .map_err(text)?;
        let version = cuda_version(version);
        if version < OLDEST {
            return Err(format!(
                "the driver implements CUDA {}.{}; {}.{} or newer is needed",
                version.0, version.1, OLDEST.0, OLDEST.1
            ));
        }
        check(sys::cuInit(0), "cuInit").map_err(text)?;
        check(sys::cuDeviceGetCount(&raw mut count), "cuDeviceGetCount").map_err(text)?;
    }
    Ok(u32::try_from(count).unwrap_or(0))
}

/// 12040 is 12.4.
fn cuda_version(number: i32) -> (u32, u32) {
    let number = u32::try_from(number).unwrap_or(0);
    (number / 1000, number % 1000 / 10)
}

fn check(result: sys::CUresult, call: &'static str) -> Result<()> {
    if result == sys::CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    Err(DriverError {
        call,
        code: result as u32,
        name: format!("{result:?}"),
    })
}

impl Cudarc {
    /// Opens a GPU by its number, which is less than [`count`].
    pub(in super::super) fn open(ordinal: u32) -> Result<Self> {
        let device = device(ordinal)?;
        let mut context = ptr::null_mut();
        // SAFETY: the driver is initialised, and writes to `context`.
        unsafe {
            check(
                sys::cuDevicePrimaryCtxRetain(&raw mut context, device),
                "cuDevicePrimaryCtxRetain",
            )?;
            check(sys::cuCtxSetCurrent(context), "cuCtxSetCurrent")?;
        }
        Ok(Self {
            context,
            device,
            properties: properties(device)?,
            abandoned: AtomicBool::new(false),
        })
    }

    /// Has the driver's compiler make machine code of a text, which ends with no zero; the error is the compiler's log.
    pub(in super::super) fn assemble(&self, text: &str) -> std::result::Result<Vec<u8>, String> {
        let mut log = Log::default();
        let (mut options, mut values) = log.options();
        let text = CString::new(text).map_err(|error| error.to_string())?;
        let mut image = text.into_bytes_with_nul();
        let mut link = ptr::null_mut();
        // SAFETY: the log lives until the link is destroyed, and writes to `link`.
        let created = unsafe {
            let (options, values) = (options.as_mut_ptr(), values.as_mut_ptr());
            self.bind().and_then(|()| {
                let result = sys::cuLinkCreate_v2(2, options, values, &raw mut link);
                check(result, "cuLinkCreate")
            })
        };
        created.map_err(|error| error.to_string())?;
        let (mut code, mut size) = (ptr::null_mut(), 0);
        let kind = sys::CUjitInputType::CU_JIT_INPUT_PTX;
        // SAFETY: the link was created, the text has the size told, and each call writes to the variables that it is passed.
        let linked = unsafe {
            let added = sys::cuLinkAddData_v2(
                link,
                kind,
                image.as_mut_ptr().cast(),
                image.len(),
                c"kernels".as_ptr(),
                0,
                ptr::null_mut(),
                ptr::null_mut(),
            );
            check(added, "cuLinkAddData").and_then(|()| {
                let result = sys::cuLinkComplete(link, &raw mut code, &raw mut size);
                check(result, "cuLinkComplete")
            })
        };
        let made = linked.map(|()| {
            // SAFETY: the link owns so many bytes there until it is destroyed.
            unsafe { std::slice::from_raw_parts(code.cast::<u8>(), size) }.to_vec()
        });
        // SAFETY: created above, and destroyed once.
        let destroyed = check(unsafe { sys::cuLinkDestroy(link) }, "cuLinkDestroy");
        let text = |error: DriverError| format!("{error}\n{}", log.said());
        destroyed.map_err(text)?;
        made.map_err(text)
    }

    fn location(&self) -> sys::CUmemLocation {
        // SAFETY: a structure of numbers, for which zero is a value each.
        let mut location: sys::CUmemLocation = unsafe { std::mem::zeroed() };
        location.type_ = sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE;
        location.id = self.device;
        location
    }

    fn give_back(&self, memory: PhysicalHandle) -> Result<()> {
        // SAFETY: whoever calls has the memory from `cuMemCreate` and gives it back once.
        check(unsafe { sys::cuMemRelease(memory.0) }, "cuMemRelease")
    }
}

/// Where the driver's compiler writes what it has to say.
struct Log(Vec<u8>);

impl Default for Log {
    fn default() -> Self {
        Self(vec![0; LOG_BYTES])
    }
}

impl Log {
    /// The options that name it, and their values; it lives as long as the compiler may write.
    fn options(&mut self) -> ([sys::CUjit_option; 2], [*mut c_void; 2]) {
        use sys::CUjit_option_enum as Jit;
        (
            [
                Jit::CU_JIT_ERROR_LOG_BUFFER,
                Jit::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
            ],
            [
                self.0.as_mut_ptr().cast(),
                ptr::without_provenance_mut(LOG_BYTES),
            ],
        )
    }

    /// What was written.
    fn said(&self) -> String {
        let text = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }
}

/// The options of a launch that name its parameter block; `size` is the block's.
fn parameter_block(parameters: &[u8], size: &mut usize) -> [*mut c_void; 5] {
    [
        ptr::without_provenance_mut(sys::CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT as usize),
        parameters.as_ptr().cast_mut().cast(),
        ptr::without_provenance_mut(sys::CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT as usize),
        ptr::from_mut(size).cast(),
        ptr::null_mut(),
    ]
}

fn stream(handle: StreamHandle) -> sys::CUstream {
    ptr::with_exposed_provenance_mut(handle.0)
}

fn event(handle: EventHandle) -> sys::CUevent {
    ptr::with_exposed_provenance_mut(handle.0)
}

fn function(handle: FunctionHandle) -> sys::CUfunction {
    ptr::with_exposed_provenance_mut(handle.0)
}

fn module(handle: ModuleHandle) -> sys::CUmodule {
    ptr::with_exposed_provenance_mut(handle.0)
}

impl Driver for Cudarc {
    fn properties(&self) -> &GpuProperties {
        &self.properties
    }

    fn bind(&self) -> Result<()> {
        // SAFETY: the context is retained as long as this is there.
        check(
            unsafe { sys::cuCtxSetCurrent(self.context) },
            "cuCtxSetCurrent",
        )
    }

    fn abandon(&self) {
        self.abandoned.store(true, SeqCst);
    }

    fn reserve(&self, bytes: u64) -> Result<u64> {
        let mut address = 0;
        // SAFETY: writes to `address`.
        let result = unsafe { sys::cuMemAddressReserve(&raw mut address, bytes as usize, 0, 0, 0) };
        check(result, "cuMemAddressReserve")?;
        Ok(address)
    }

    fn unreserve(&self, address: u64, bytes: u64) -> Result<()> {
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        // SAFETY: reserved by `reserve`, and given back once.
        let result = unsafe { sys::cuMemAddressFree(address, bytes as usize) };
        check(result, "cuMemAddressFree")
    }

    fn map(&self, address: u64, bytes: u64) -> Result<PhysicalHandle> {
        let wanted = allocation(self.device);
        let mut handle = 0;
        // SAFETY: reads `wanted` and writes to `handle`.
        let result =
            unsafe { sys::cuMemCreate(&raw mut handle, bytes as usize, &raw const wanted, 0) };
        check(result, "cuMemCreate")?;
        let memory = PhysicalHandle(handle);
        // SAFETY: the addresses are reserved and nothing is mapped there.
        let result = unsafe { sys::cuMemMap(address, bytes as usize, 0, handle, 0) };
        if let Err(error) = check(result, "cuMemMap") {
            self.give_back(memory)?;
            return Err(error);
        }
        // SAFETY: a structure of numbers, for which zero is a value each.
        let mut access: sys::CUmemAccessDesc = unsafe { std::mem::zeroed() };
        access.location = self.location();
        access.flags = sys::CUmemAccess_flags::CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
        // SAFETY: the range was just mapped; reads `access`.
        let result = unsafe { sys::cuMemSetAccess(address, bytes as usize, &raw const access, 1) };
        if let Err(error) = check(result, "cuMemSetAccess") {
            self.unmap(address, bytes, memory)?;
            return Err(error);
        }
        Ok(memory)
    }

    fn unmap(&self, address: u64, bytes: u64, memory: PhysicalHandle) -> Result<()> {
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        // SAFETY: mapped by `map`, and unmapped once.
        let result = unsafe { sys::cuMemUnmap(address, bytes as usize) };
        check(result, "cuMemUnmap")?;
        self.give_back(memory)
    }

    fn allocate(&self, bytes: u64) -> Result<u64> {
        let mut address = 0;
        // SAFETY: writes to `address`.
        let result = unsafe { sys::cuMemAlloc_v2(&raw mut address, bytes as usize) };
        check(result, "cuMemAlloc")?;
        // SAFETY: the range was just allocated; the null stream waits for the fill.
        let zeroed = unsafe {
            check(sys::cuMemsetD8_v2(address, 0, bytes as usize), "cuMemsetD8").and_then(|()| {
                check(
                    sys::cuStreamSynchronize(ptr::null_mut()),
                    "cuStreamSynchronize",
                )
            })
        };
        if let Err(error) = zeroed {
            self.free(address)?;
            return Err(error);
        }
        Ok(address)
    }

    fn free(&self, address: u64) -> Result<()> {
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        // SAFETY: allocated by `allocate`, and freed once.
        check(unsafe { sys::cuMemFree_v2(address) }, "cuMemFree")
    }

    fn allocate_pinned(&self, bytes: usize) -> Result<PinnedHandle> {
        let mut memory = ptr::null_mut();
        let flags = sys::CU_MEMHOSTALLOC_PORTABLE | sys::CU_MEMHOSTALLOC_DEVICEMAP;
        // SAFETY: writes to `memory`.
        let result = unsafe { sys::cuMemHostAlloc(&raw mut memory, bytes, flags) };
        check(result, "cuMemHostAlloc")?;
        // SAFETY: just allocated, with that length.
        unsafe { memory.cast::<u8>().write_bytes(0, bytes) };
        Ok(PinnedHandle(memory.expose_provenance()))
    }

    fn free_pinned(&self, memory: PinnedHandle) -> Result<()> {
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        let memory = ptr::with_exposed_provenance_mut(memory.0);
        // SAFETY: allocated by `allocate_pinned`, and freed once.
        check(unsafe { sys::cuMemFreeHost(memory) }, "cuMemFreeHost")
    }

    fn create_stream(&self, priority: i32) -> Result<StreamHandle> {
        let mut stream = ptr::null_mut();
        let flags = sys::CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: writes to `stream`.
        let result = unsafe { sys::cuStreamCreateWithPriority(&raw mut stream, flags, priority) };
        check(result, "cuStreamCreateWithPriority")?;
        Ok(StreamHandle(stream.expose_provenance()))
    }

    fn destroy_stream(&self, handle: StreamHandle) -> Result<()> {
        // SAFETY: created by `create_stream`, and destroyed once.
        let result = unsafe { sys::cuStreamDestroy_v2(stream(handle)) };
        check(result, "cuStreamDestroy")
    }

    fn is_done(&self, handle: StreamHandle) -> Result<bool> {
        // SAFETY: the stream is there.
        match unsafe { sys::cuStreamQuery(stream(handle)) } {
            sys::CUresult::CUDA_ERROR_NOT_READY => Ok(false),
            result => check(result, "cuStreamQuery").map(|()| true),
        }
    }

    fn create_event(&self) -> Result<EventHandle> {
        let mut event = ptr::null_mut();
        // SAFETY: writes to `event`.
        let result = unsafe { sys::cuEventCreate(&raw mut event, 0) };
        check(result, "cuEventCreate")?;
        Ok(EventHandle(event.expose_provenance()))
    }

    fn destroy_event(&self, handle: EventHandle) -> Result<()> {
        // SAFETY: created by `create_event`, and destroyed once.
        check(
            unsafe { sys::cuEventDestroy_v2(event(handle)) },
            "cuEventDestroy",
        )
    }

    fn record(&self, handle: EventHandle, on: StreamHandle) -> Result<()> {
        // SAFETY: both are there.
        let result = unsafe { sys::cuEventRecord(event(handle), stream(on)) };
        check(result, "cuEventRecord")
    }

    fn wait_for(&self, waiting: StreamHandle, handle: EventHandle) -> Result<()> {
        // SAFETY: both are there.
        let result = unsafe { sys::cuStreamWaitEvent(stream(waiting), event(handle), 0) };
        check(result, "cuStreamWaitEvent")
    }

    fn elapsed(&self, from: EventHandle, to: EventHandle) -> Result<i64> {
        let mut milliseconds = 0.0f32;
        // SAFETY: both are there; writes to `milliseconds`.
        let result =
            unsafe { sys::cuEventElapsedTime(&raw mut milliseconds, event(from), event(to)) };
        check(result, "cuEventElapsedTime")?;
        Ok((f64::from(milliseconds) * 1e6) as i64)
    }

    unsafe fn launch(
        &self,
        handle: FunctionHandle,
        shape: &Shape,
        on: StreamHandle,
        parameters: &[u8],
    ) -> Result<()> {
        let mut size = parameters.len();
        let mut extra = parameter_block(parameters, &mut size);
        let Shape {
            grid: [gx, gy, gz],
            block: [bx, by, bz],
            shared,
        } = *shape;
        // SAFETY: function and stream are there, the block of parameters has the size told, and the driver copies it; the
        // caller answers for what the code does.
        let result = unsafe {
            sys::cuLaunchKernel(
                function(handle),
                gx,
                gy,
                gz,
                bx,
                by,
                bz,
                shared,
                stream(on),
                ptr::null_mut(),
                extra.as_mut_ptr(),
            )
        };
        check(result, "cuLaunchKernel")
    }

    unsafe fn write_word(&self, on: StreamHandle, address: u64, value: u32) -> Result<()> {
        // SAFETY: the caller answers for the word.
        let result = unsafe { sys::cuStreamWriteValue32_v2(stream(on), address, value, 0) };
        check(result, "cuStreamWriteValue32")
    }

    unsafe fn fill(&self, on: StreamHandle, to: u64, pattern: u32, bytes: u64) -> Result<()> {
        // SAFETY: the caller answers for the range.
        let result = unsafe { sys::cuMemsetD32Async(to, pattern, bytes as usize / 4, stream(on)) };
        check(result, "cuMemsetD32Async")
    }

    unsafe fn copy(&self, on: StreamHandle, from: u64, to: u64, bytes: u64) -> Result<()> {
        // SAFETY: the caller answers for both ranges.
        let result = unsafe { sys::cuMemcpyAsync(to, from, bytes as usize, stream(on)) };
        check(result, "cuMemcpyAsync")
    }

    fn begin_capture(&self, on: StreamHandle) -> Result<()> {
        graph::begin(stream(on))
    }

    fn captured(&self, on: StreamHandle) -> Result<NodeHandle> {
        graph::last_node(stream(on))
    }

    fn end_capture(&self, on: StreamHandle) -> Result<GraphHandle> {
        graph::end(stream(on))
    }

    unsafe fn launch_graph(&self, handle: GraphHandle, on: StreamHandle) -> Result<()> {
        // SAFETY: passed on.
        unsafe { graph::launch(handle, stream(on)) }
    }

    unsafe fn set_launch(
        &self,
        handle: GraphHandle,
        node: NodeHandle,
        kernel: FunctionHandle,
        shape: &Shape,
        parameters: &[u8],
    ) -> Result<()> {
        // SAFETY: passed on.
        unsafe { graph::set_launch(handle, node, function(kernel), shape, parameters) }
    }

    fn destroy_graph(&self, handle: GraphHandle) -> Result<()> {
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        graph::destroy(handle)
    }

    unsafe fn load(
        &self,
        image: &[u8],
    ) -> std::result::Result<ModuleHandle, (DriverError, String)> {
        let mut log = Log::default();
        let (mut options, mut values) = log.options();
        let mut module = ptr::null_mut();
        // SAFETY: the caller answers for the image's end, the log has the size told, and the driver writes nothing else.
        let result = unsafe {
            sys::cuModuleLoadDataEx(
                &raw mut module,
                image.as_ptr().cast(),
                2,
                options.as_mut_ptr(),
                values.as_mut_ptr(),
            )
        };
        match check(result, "cuModuleLoadDataEx") {
            Ok(()) => Ok(ModuleHandle(module.expose_provenance())),
            Err(error) => Err((error, log.said())),
        }
    }

    fn unload(&self, handle: ModuleHandle) -> Result<()> {
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        // SAFETY: loaded by `load`, and unloaded once.
        check(
            unsafe { sys::cuModuleUnload(module(handle)) },
            "cuModuleUnload",
        )
    }

    fn function(&self, handle: ModuleHandle, name: &CStr) -> Result<FunctionHandle> {
        let mut function = ptr::null_mut();
        // SAFETY: the module is loaded; writes to `function`.
        let result =
            unsafe { sys::cuModuleGetFunction(&raw mut function, module(handle), name.as_ptr()) };
        check(result, "cuModuleGetFunction")?;
        let which = sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        let most = self.properties.max_shared_memory_per_block;
        // SAFETY: the function is loaded.
        let result = unsafe {
            sys::cuFuncSetAttribute(function, which, i32::try_from(most).unwrap_or(i32::MAX))
        };
        check(result, "cuFuncSetAttribute")?;
        Ok(FunctionHandle(function.expose_provenance()))
    }

    fn resources(&self, handle: FunctionHandle) -> Result<KernelResources> {
        use sys::CUfunction_attribute as Attribute;
        let get = |which| {
            let mut value = 0;
            // SAFETY: the function is loaded; writes to `value`.
            let result =
                unsafe { sys::cuFuncGetAttribute(&raw mut value, which, function(handle)) };
            check(result, "cuFuncGetAttribute")?;
            Ok(u32::try_from(value).unwrap_or(0))
        };
        Ok(KernelResources {
            registers: get(Attribute::CU_FUNC_ATTRIBUTE_NUM_REGS)?,
            local_memory: get(Attribute::CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES)?,
            max_threads_per_block: get(Attribute::CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)?,
        })
    }
}
