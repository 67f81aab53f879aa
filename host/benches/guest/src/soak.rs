//! A guest that does everything a guest may do wrong, among work that it does right.

use std::time::Duration;

use wasi_cuda::{DeviceBuffer, Error, Function, LaunchConfig, Result, Stream};

use crate::vectors;

const ENDLESS: &str = include_str!("endless.ptx");
const MOST_ELEMENTS: u64 = 1 << 14;
const LIMIT: Duration = Duration::from_millis(5);

/// Numbers that look random: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

struct Soak {
    random: Random,
    stream: Stream,
    vector_add: Function,
    endless: Function,
}

/// So many things in a random order: how many results were right.
pub(crate) fn soak(seed: u64, rounds: u32) -> std::result::Result<u32, String> {
    let mut soak = Soak::new(seed).map_err(|error| error.to_string())?;
    let mut right = 0;
    for round in 0..rounds {
        let kind = soak.random.below(10);
        let done = match kind {
            0..=3 => soak.adds(),
            4 => soak.faults(),
            5 => soak.runs_too_long(),
            6 => soak.is_cancelled(),
            7 => soak.leaves_work_behind(),
            8 => soak.replays(),
            _ => soak.asks_for_too_much(),
        };
        right += done.map_err(|error| format!("round {round}, kind {kind}: {error}"))?;
    }
    Ok(right)
}

/// What a check that failed says.
fn wrong(text: String) -> Error {
    Error::Other(Some(text))
}

impl Soak {
    fn new(seed: u64) -> Result<Self> {
        let device = wasi_cuda::Device::get(0)?;
        let endless = device.load_ptx(ENDLESS)?.function("endless")?;
        Ok(Self {
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            stream: device.stream()?,
            vector_add: vectors::load()?.function("vector_add")?,
            endless,
        })
    }

    fn vectors(&mut self) -> Result<(u32, [DeviceBuffer<f32>; 3], Vec<f32>)> {
        let elements = 1 + self.random.below(MOST_ELEMENTS) as u32;
        let first = self.random.below(1000) as f32;
        let data: Vec<f32> = (0..elements).map(|index| first + index as f32).collect();
        let (a, b) = (
            self.stream.clone_htod(&data)?,
            self.stream.clone_htod(&data)?,
        );
        let c = self.stream.alloc_zeros::<f32>(elements as usize)?;
        Ok((elements, [a, b, c], data))
    }

    fn check(&self, sums: &DeviceBuffer<f32>, data: &[f32]) -> Result<u32> {
        let sums = self.stream.clone_dtoh(sums)?;
        let differs = |(sum, x): (&f32, &f32)| *sum != x + x;
        match sums.iter().zip(data).position(differs) {
            None => Ok(1),
            Some(at) => Err(wrong(format!(
                "sum {at} is {}, not {}",
                sums[at],
                2.0 * data[at]
            ))),
        }
    }

    fn adds(&mut self) -> Result<u32> {
        let (n, [a, b, mut c], data) = self.vectors()?;
        let config = LaunchConfig::for_num_elems(n);
        self.stream
            .launch(&self.vector_add, config, (&a, &b, &mut c, n))?;
        self.check(&c, &data)
    }

    fn replays(&mut self) -> Result<u32> {
        let (n, [a, b, mut c], data) = self.vectors()?;
        let config = LaunchConfig::for_num_elems(n);
        self.stream.begin_capture()?;
        for _ in 0..1 + self.random.below(20) {
            self.stream
                .launch(&self.vector_add, config, (&a, &b, &mut c, n))?;
        }
        let graph = self.stream.end_capture()?;
        for _ in 0..3 {
            self.stream.memset_zeros(&mut c)?;
            self.stream.launch_graph(&graph)?;
        }
        self.check(&c, &data)
    }

    /// What the stream must report.
    fn reports(&self, expected: fn(&Error) -> bool) -> Result<u32> {
        match self.stream.synchronize() {
            Err(error) if expected(&error) => Ok(0),
            other => Err(wrong(format!("the stream reported {other:?}"))),
        }
    }

    fn faults(&mut self) -> Result<u32> {
        let (_, [a, b, mut c], _) = self.vectors()?;
        // Far behind what a guest may have.
        let n = 1 << 30;
        self.stream.launch(
            &self.vector_add,
            LaunchConfig::for_num_elems(n),
            (&a, &b, &mut c, n),
        )?;
        self.reports(|error| matches!(error, Error::Fault(_)))
    }

    fn flag(&self) -> Result<DeviceBuffer<u32>> {
        self.stream.alloc_zeros(1)
    }

    fn runs_too_long(&mut self) -> Result<u32> {
        let flag = self.flag()?;
        self.stream.set_time_limit(Some(LIMIT))?;
        self.stream
            .launch(&self.endless, LaunchConfig::new(1, 32), (&flag,))?;
        let reported = self.reports(|error| matches!(error, Error::DeadlineExceeded));
        self.stream.set_time_limit(None)?;
        reported
    }

    fn is_cancelled(&mut self) -> Result<u32> {
        let flag = self.flag()?;
        for _ in 0..3 {
            self.stream
                .launch(&self.endless, LaunchConfig::new(1, 32), (&flag,))?;
        }
        self.stream.cancel()?;
        self.reports(|error| matches!(error, Error::Cancelled))
    }

    /// Drops a stream, and buffers, of which work is enqueued.
    fn leaves_work_behind(&mut self) -> Result<u32> {
        let (n, [a, b, mut c], _) = self.vectors()?;
        let stream = wasi_cuda::Device::get(0)?.stream()?;
        stream.set_time_limit(Some(LIMIT))?;
        let flag = self.flag()?;
        stream.launch(&self.endless, LaunchConfig::new(1, 32), (&flag,))?;
        for _ in 0..4 {
            let config = LaunchConfig::for_num_elems(n);
            match stream.launch(&self.vector_add, config, (&a, &b, &mut c, n)) {
                // The first launch may be stopped by now.
                Ok(()) | Err(Error::DeadlineExceeded) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(0)
    }

    fn asks_for_too_much(&mut self) -> Result<u32> {
        match self.stream.alloc_zeros::<u8>(1 << 31) {
            Err(Error::QuotaExceeded(_)) => Ok(0),
            other => Err(wrong(format!("two gibibytes gave {:?}", other.map(drop)))),
        }
    }
}
