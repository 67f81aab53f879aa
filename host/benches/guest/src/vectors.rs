//! Three vectors on the device, and kernels for them.

use std::time::Instant;

use wasi_cuda::bindings::wasi::cuda::execution::BufferOffset;
use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::{
    Device, DeviceBuffer, Function, Graph, LaunchConfig, Module, PreparedLaunch, Result, Stream,
};

use crate::nanoseconds_since;

const KERNELS: &str = include_str!("kernels.ptx");
const A: f32 = 1.5;
const B: f32 = 2.25;

pub(crate) struct Vectors {
    elements: u32,
    device: Device,
    stream: Stream,
    vector_add: Function,
    nothing: Function,
    prepared_nothing: PreparedLaunch,
    a: DeviceBuffer<f32>,
    b: DeviceBuffer<f32>,
    c: DeviceBuffer<f32>,
}

/// One warp: the launch is measured and not the kernel.
fn one_warp() -> LaunchConfig {
    LaunchConfig::new(1, 32)
}

/// Loads the kernels again.
pub(crate) fn load() -> Result<Module> {
    Device::get(0)?.load_ptx(KERNELS)
}

impl Vectors {
    pub(crate) fn new(elements: u32) -> Result<Self> {
        let device = Device::get(0)?;
        let stream = device.stream()?;
        let module = device.load_ptx(KERNELS)?;
        let (vector_add, nothing) = (module.function("vector_add")?, module.function("nothing")?);
        let mut a = stream.alloc_zeros::<f32>(elements as usize)?;
        let mut b = stream.alloc_zeros::<f32>(elements as usize)?;
        let c = stream.alloc_zeros::<f32>(elements as usize)?;
        stream.fill(&mut a, A)?;
        stream.fill(&mut b, B)?;
        stream.synchronize()?;
        let prepared_nothing = nothing.prepare(one_warp(), (&a, &b, &c, elements))?;
        Ok(Self {
            elements,
            device,
            stream,
            vector_add,
            nothing,
            prepared_nothing,
            a,
            b,
            c,
        })
    }

    pub(crate) fn launch_nothing(&self) -> Result<()> {
        self.stream.launch(
            &self.nothing,
            one_warp(),
            (&self.a, &self.b, &self.c, self.elements),
        )
    }

    pub(crate) fn synchronize(&self) -> Result<()> {
        self.stream.synchronize()
    }

    /// So many launches of the kernel that does nothing.
    pub(crate) fn graph(&self, launches: u32) -> Result<Graph> {
        self.stream.begin_capture()?;
        for _ in 0..launches {
            self.launch_nothing()?;
        }
        self.stream.end_capture()
    }

    pub(crate) fn launch_graph(&self, graph: &Graph) -> Result<()> {
        self.stream.launch_graph(graph)
    }

    /// Allocates a buffer and drops it.
    pub(crate) fn allocate(&self, bytes: u64) -> Result<()> {
        Buffer::new(self.device.raw(), bytes)?;
        Ok(())
    }

    pub(crate) fn buffer(&self, bytes: u32) -> Result<DeviceBuffer<u8>> {
        self.stream.alloc_zeros(bytes as usize)
    }

    /// Copies bytes to a buffer and waits until they are there.
    pub(crate) fn upload(&self, to: &DeviceBuffer<u8>, data: &[u8]) -> Result<()> {
        let to = BufferOffset {
            buffer: to.raw(),
            offset: 0,
        };
        self.stream.raw().write(to, data)?;
        self.stream.synchronize()
    }

    pub(crate) fn launch_prepared(&self) -> Result<()> {
        self.stream.launch_prepared(&self.prepared_nothing)
    }

    /// Nanoseconds that `enqueue` takes; what it enqueued is waited for outside that time.
    pub(crate) fn timed(&mut self, enqueue: impl FnOnce(&Self) -> Result<()>) -> u64 {
        let start = Instant::now();
        enqueue(self).expect("launches are enqueued");
        let time = nanoseconds_since(start);
        self.stream.synchronize().expect("the launches succeed");
        time
    }

    /// Adds the vectors and waits for the result.
    pub(crate) fn add(&mut self) -> Result<()> {
        let config = LaunchConfig::for_num_elems(self.elements);
        self.stream.launch(
            &self.vector_add,
            config,
            (&self.a, &self.b, &mut self.c, self.elements),
        )?;
        self.stream.synchronize()
    }

    /// Whether so many sums, spread over the vector, its last included, are right.
    pub(crate) fn check(&self, samples: u32) -> Result<bool> {
        let last = self.elements as usize - 1;
        for sample in 0..=samples as usize {
            let index = (last as u64 * sample as u64 / u64::from(samples)) as usize;
            let mut sum = [0.0];
            self.stream
                .memcpy_dtoh(self.c.slice(index..=index), &mut sum)?;
            if sum != [A + B] {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
