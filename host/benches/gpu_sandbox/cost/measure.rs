//! One kernel's times, plain, guarded, and without the guards that a proof stands in for, in turn.

use super::works::{Argument, Content, Work};
use crate::driver::{Event, Function, Gpu, Memory, Shape, Stream, load};
use crate::guest::Loaded;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use std::path::Path;
use std::time::{Duration, Instant};
use wasi_cuda_jit::back::ptx::{FAULT_RECORD_BYTES, LaunchRecord};
use wasi_cuda_jit::proof::{LaunchFacts, Memory as Accessible, Scratch};
use wasi_cuda_jit::{
    CompileOptions, KernelVariants, ProvedEntry, Source, guarded_ptx, sandboxed_variants,
};

/// Rounds of one launch of each, unless that takes too long.
const ROUNDS: usize = 101;
const LEAST_ROUNDS: usize = 15;
const MOST_TIME: Duration = Duration::from_millis(1500);
const WARM_UP: usize = 3;
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes that are made up on the host; longer buffers repeat them.
const MADE_UP: usize = 8 << 20;
const CONTROL: usize = 512;
const FAULT: usize = 256;

/// Medians in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timed {
    pub(super) plain: f64,
    pub(super) guarded: f64,
    /// Of the second variant, if its proof holds of the launch.
    pub(super) proved: Option<f64>,
    /// Registers of a thread, plain and guarded.
    pub(super) registers: [i32; 2],
    pub(super) launches: usize,
}

impl Timed {
    pub(super) fn ratio(&self) -> f64 {
        self.guarded / self.plain
    }

    /// Of the variant that a host would launch.
    pub(super) fn chosen_ratio(&self) -> f64 {
        self.proved.unwrap_or(self.guarded) / self.plain
    }
}

/// A kernel that is ready to be launched.
struct Ready {
    function: Function,
    shape: Shape,
    parameters: Vec<u8>,
}

impl Ready {
    fn launch(&self, stream: &Stream) -> Result<()> {
        self.function.launch(stream, &self.shape, &self.parameters)
    }
}

pub(super) fn measure(gpu: &Gpu, work: &Work, folder: &Path) -> Result<Timed> {
    let path = folder.join(work.file);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let options = CompileOptions {
        checked: false,
        device: Some(gpu.version()),
    };
    let text = as_the_driver_takes_it(gpu, &text);
    let guarded =
        guarded_ptx(&text, &options).map_err(|found| anyhow!("it is refused: {found:?}"))?;
    let loaded = Loaded::new(guarded)?;
    let memory = Window::new(work, loaded.module.variable_bytes())?;
    let (kernel, function) = loaded.kernel(work.kernel).context("no such kernel")?;
    let shared = u32::try_from(kernel.shared_bytes(work.dynamic_shared))?;
    let record = memory.record(shared);
    memory.write_variables(&loaded)?;
    let own = memory.parameters(work);
    let shape = |shared| Shape {
        grid: work.grid,
        block: work.block,
        shared,
    };
    let plain = Ready {
        function: load(&text, &[work.kernel])?.remove(0),
        shape: shape(work.dynamic_shared),
        parameters: own.clone(),
    };
    let guarded = Ready {
        function: function.clone(),
        shape: shape(shared),
        parameters: kernel.parameters(&own, &record),
    };
    let proved =
        proved((&text, &options), work, &kernel.entry, &own, &record)?.map(|function| Ready {
            function,
            shape: shape(shared),
            parameters: guarded.parameters.clone(),
        });
    let stream = Stream::new()?;
    let mut results = Vec::new();
    let readies: Vec<&Ready> = [&plain, &guarded].into_iter().chain(&proved).collect();
    for ready in &readies {
        memory.fill(work)?;
        ready.launch(&stream)?;
        ensure!(stream.wait(PATIENCE)?, "it does not end");
        results.push(memory.results(work)?);
    }
    let fault = memory.control.read(FAULT, FAULT_RECORD_BYTES)?;
    ensure!(fault[0] == 0, "the guarded kernel faulted: {fault:?}");
    for other in &results[1..] {
        if let Some(difference) = difference(&results[0], other) {
            bail!("a guarded kernel computes something else: {difference}");
        }
    }
    let (mut times, launches) = interleaved(&readies, &stream)?;
    Ok(Timed {
        plain: median(&mut times[0]),
        guarded: median(&mut times[1]),
        proved: times.get_mut(2).map(|times| median(times)),
        registers: [
            plain.function.resources()?.0,
            guarded.function.resources()?.0,
        ],
        launches,
    })
}

/// The variant of a kernel that a host would launch, if it has one whose proof holds of the launch.
fn proved(
    (text, options): (&str, &CompileOptions),
    work: &Work,
    entry: &str,
    parameters: &[u8],
    record: &LaunchRecord,
) -> Result<Option<Function>> {
    let variants = sandboxed_variants(Source::Ptx(text), options)
        .map_err(|found| anyhow!("its variants are refused: {found:?}"))?;
    // Both number kernels by their place in the source.
    let mut kernels = variants.kernels.iter();
    let variants_of_it = kernels.find(|variant| variant.entry == entry);
    let facts = LaunchFacts {
        grid: work.grid,
        block: work.block,
        dynamic_shared: work.dynamic_shared,
        parameters,
        memory: Accessible::Window {
            base: record.window_base,
            mapped: record.window_mapped,
        },
        variables: record.variables,
    };
    let mut candidates = variants_of_it
        .into_iter()
        .flat_map(KernelVariants::variants);
    let holds = |variant: &&ProvedEntry| variant.proof.holds(&facts, &mut Scratch::default());
    let Some(variant) = candidates.find(holds) else {
        return Ok(None);
    };
    let functions = load(&variants.text, &[variant.entry.as_str()])?;
    Ok(functions.into_iter().next())
}

/// The text with the highest version that the driver takes in place of its own; older drivers run what newer compilers write
/// without newer instructions.
fn as_the_driver_takes_it(gpu: &Gpu, text: &str) -> String {
    let (major, minor) = gpu.version().ptx;
    let lines = text.lines().map(|line| {
        if line.starts_with(".version") {
            format!(".version {major}.{minor}\n")
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

/// Milliseconds of each launch, by kernel, and how many there were of each.
fn interleaved(readies: &[&Ready], stream: &Stream) -> Result<(Vec<Vec<f64>>, usize)> {
    let events = readies.iter().map(|_| Event::new());
    let events = events
        .chain([Event::new()])
        .collect::<Result<Vec<Event>>>()?;
    let mut times = vec![Vec::new(); readies.len()];
    let begin = Instant::now();
    for round in 0..WARM_UP + ROUNDS {
        if round >= WARM_UP + LEAST_ROUNDS && begin.elapsed() > MOST_TIME {
            break;
        }
        // Who goes first changes from round to round.
        let order = (0..readies.len()).map(|place| (place + round) % readies.len());
        events[0].record(stream)?;
        for (place, which) in order.clone().enumerate() {
            readies[which].launch(stream)?;
            events[place + 1].record(stream)?;
        }
        ensure!(stream.wait(PATIENCE)?, "it does not end");
        if round >= WARM_UP {
            for (place, which) in order.enumerate() {
                times[which].push(events[place + 1].since(&events[place])?);
            }
        }
    }
    let launches = times[0].len();
    Ok((times, launches))
}

/// The first word in which two lists of buffers differ.
fn difference(plain: &[Vec<u8>], guarded: &[Vec<u8>]) -> Option<String> {
    for (number, (plain, guarded)) in plain.iter().zip(guarded).enumerate() {
        let words = || plain.chunks(4).zip(guarded.chunks(4)).enumerate();
        let mut differing = words().filter(|(_, (left, right))| left != right);
        if let Some((at, (left, right))) = differing.next() {
            let more = differing.count();
            return Some(format!(
                "word {at} of buffer {number} is {right:?}, not {left:?}; {more} more differ"
            ));
        }
    }
    None
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The guest's window with all buffers of a launch, and the sandbox's own words.
struct Window {
    memory: Memory,
    control: Memory,
    /// Where each buffer begins, by the place of its argument.
    places: Vec<usize>,
    variables: usize,
}

fn size(argument: &Argument) -> usize {
    match argument {
        Argument::In(_, bytes)
        | Argument::Out(bytes)
        | Argument::InOut(_, bytes)
        | Argument::Bytes(bytes) => *bytes,
        _ => 0,
    }
}

impl Window {
    fn new(work: &Work, variable_bytes: u64) -> Result<Self> {
        let mut end = 0;
        let places = work.arguments.iter().map(|argument| {
            let place = end;
            end += size(argument).next_multiple_of(256);
            place
        });
        let places = places.collect();
        let bytes = end + (variable_bytes as usize).next_multiple_of(256);
        let window = Self {
            memory: Memory::new(bytes)?,
            control: Memory::new(CONTROL)?,
            places,
            variables: end,
        };
        window.control.fill(0, 0, CONTROL)?;
        Ok(window)
    }

    fn record(&self, shared: u32) -> LaunchRecord {
        LaunchRecord {
            window_base: self.memory.address,
            window_mapped: self.memory.bytes as u64,
            granules: 0,
            stop: self.control.address,
            fault: self.control.address + FAULT as u64,
            variables: self.memory.address + self.variables as u64,
            shared_bytes: shared.into(),
            look: false,
        }
    }

    fn write_variables(&self, loaded: &Loaded) -> Result<()> {
        let address = self.memory.address + self.variables as u64;
        let initial = loaded.module.initial_variables(address);
        self.memory.write(self.variables, &initial)
    }

    /// The kernel's own parameters, each at a multiple of its size.
    fn parameters(&self, work: &Work) -> Vec<u8> {
        let mut block: Vec<u8> = Vec::new();
        for (argument, place) in work.arguments.iter().zip(&self.places) {
            let bytes = match argument {
                Argument::U32(value) => value.to_le_bytes().to_vec(),
                Argument::U64(value) => value.to_le_bytes().to_vec(),
                Argument::F32(value) => value.to_le_bytes().to_vec(),
                Argument::F64(value) => value.to_le_bytes().to_vec(),
                _ => (self.memory.address + *place as u64).to_le_bytes().to_vec(),
            };
            block.resize(block.len().next_multiple_of(bytes.len()), 0);
            block.extend(bytes);
        }
        block
    }

    /// Puts into each buffer what it holds at first.
    fn fill(&self, work: &Work) -> Result<()> {
        for (argument, place) in work.arguments.iter().zip(&self.places) {
            match argument {
                Argument::In(content, bytes) | Argument::InOut(content, bytes) => {
                    let made_up = made_up(*content, (*bytes).min(MADE_UP));
                    for at in (0..*bytes).step_by(MADE_UP) {
                        let length = made_up.len().min(bytes - at);
                        self.memory.write(place + at, &made_up[..length])?;
                    }
                }
                Argument::Out(bytes) => self.memory.fill(*place, 0xff, *bytes)?,
                Argument::Bytes(bytes) => self.memory.fill(*place, 0, *bytes)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What the kernel wrote.
    fn results(&self, work: &Work) -> Result<Vec<Vec<u8>>> {
        let written = work.arguments.iter().zip(&self.places);
        let written = written.filter(|(argument, _)| {
            matches!(
                argument,
                Argument::Out(_) | Argument::InOut(..) | Argument::Bytes(_)
            )
        });
        written
            .map(|(argument, place)| self.memory.read(*place, size(argument)))
            .collect()
    }
}

/// The same numbers each time.
fn made_up(content: Content, bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 32
    };
    let words = (0..bytes.div_ceil(4)).map(|_| {
        let random = next() as u32;
        match content {
            Content::Floats => (0.5 + f64::from(random) / f64::from(u32::MAX)) as f32,
            // Two halves, each of exponent -1.
            Content::Halves => f32::from_bits(random & 0x03ff_03ff | 0x3800_3800),
            Content::Integers => f32::from_bits(random),
            Content::Steps => f32::from_bits(random & 0xff),
        }
    });
    words
        .flat_map(|word| word.to_bits().to_le_bytes())
        .collect()
}
