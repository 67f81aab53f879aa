//! Moves bytes to a device and back, in every way that there is, and tells how long that took.

use std::time::Instant;

use wasi_cuda::bindings::wasi::cuda::execution::BufferOffset;
use wasi_cuda::{Device, DeviceBuffer, Result, Stream};

wit_bindgen::generate!({
    inline: "
        package bench:transfers;
        world transfers {
            /// Nanoseconds for each of so many moves of so many bytes, in pieces of so many.
            export run: async func(way: string, times: u32, bytes: u32, piece: u32) -> list<u64>;
        }
    ",
});

struct Transfers;

export!(Transfers);

fn main() {}

impl Guest for Transfers {
    async fn run(way: String, times: u32, bytes: u32, piece: u32) -> Vec<u64> {
        let mut ends = Ends::open(bytes).expect("the device has room");
        let mut taken = Vec::new();
        for _ in 0..times {
            let time = ends.once(&way, piece as usize).await;
            taken.push(time.expect("the bytes are moved"));
        }
        taken
    }
}

/// Where bytes are moved between.
struct Ends {
    stream: Stream,
    device: DeviceBuffer<u8>,
    host: Vec<u8>,
}

impl Ends {
    fn open(bytes: u32) -> Result<Self> {
        let stream = Device::get(0)?.stream()?;
        let mut device = stream.alloc_zeros(bytes as usize)?;
        // Memory that nobody has written to may not be there yet.
        stream.fill(&mut device, 7u8)?;
        stream.synchronize()?;
        Ok(Self {
            device,
            host: vec![7; bytes as usize],
            stream,
        })
    }

    /// Nanoseconds until the last byte is where it is to be.
    async fn once(&mut self, way: &str, piece: usize) -> Result<u64> {
        match way {
            "write" => self.write(piece),
            "write-via-stream" => self.write_via_stream(piece).await,
            "read" => self.read(piece),
            "read-via-stream" => self.read_via_stream(piece).await,
            other => panic!("there is no way `{other}`"),
        }
    }

    fn at(&self, offset: usize) -> BufferOffset<'_> {
        BufferOffset {
            buffer: self.device.raw(),
            offset: offset as u64,
        }
    }

    fn write(&mut self, piece: usize) -> Result<u64> {
        let start = Instant::now();
        for (index, bytes) in self.host.chunks(piece).enumerate() {
            self.stream.raw().write(self.at(index * piece), bytes)?;
        }
        self.stream.synchronize()?;
        Ok(nanoseconds_since(start))
    }

    async fn write_via_stream(&mut self, piece: usize) -> Result<u64> {
        // A stream takes vectors, which are there before the clock starts.
        let blocks: Vec<_> = self.host.chunks(piece).map(<[u8]>::to_vec).collect();
        let start = Instant::now();
        self.stream
            .memcpy_htod_blocks(blocks, &mut self.device)
            .await?;
        self.stream.synchronize()?;
        Ok(nanoseconds_since(start))
    }

    fn read(&mut self, piece: usize) -> Result<u64> {
        let start = Instant::now();
        for offset in (0..self.host.len()).step_by(piece) {
            let length = piece.min(self.host.len() - offset) as u64;
            let bytes = self.stream.raw().read(self.at(offset), length)?;
            std::hint::black_box(bytes);
        }
        Ok(nanoseconds_since(start))
    }

    async fn read_via_stream(&mut self, piece: usize) -> Result<u64> {
        let mut bytes = Vec::with_capacity(piece);
        let start = Instant::now();
        let mut download = self.stream.memcpy_dtoh_stream(&self.device);
        while download.read(&mut bytes).await > 0 {
            std::hint::black_box(&bytes);
            bytes.clear();
        }
        download.end().await?;
        Ok(nanoseconds_since(start))
    }
}

fn nanoseconds_since(start: Instant) -> u64 {
    start.elapsed().as_nanos() as u64
}
