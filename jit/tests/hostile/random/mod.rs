//! Random kernels with random hostile addresses: each ends as a model of it in plain Rust says, and touches nothing else.
//!
//! The model knows no guard: it is what a kernel does to memory, and what the first access is that has no place there.

mod kernel;
mod model;

use crate::house;
use kernel::{Kernel, Space};
use model::{Ending, World};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wasi_cuda_jit::cpu::FaultKind;
use wasi_cuda_jit::fuzzing::compile_a_drivers;
use wasi_cuda_jit::fuzzing::device::{BASE, Ended, Request};
use wasi_cuda_jit::{CompileOptions, back, compile_ptx, front};

/// Bytes of the buffer that a kernel reads its words from and may write to, and of the one that takes its registers.
const DATA: usize = 1024;
const OUT: usize = 1024;
/// Bytes of a thread's record in it.
const RECORD: usize = 64;

/// A kernel, and what it is launched with.
#[derive(Clone, Debug)]
struct Case {
    kernel: Kernel,
    data: Vec<u64>,
    at: u64,
    n: u32,
    threads: u32,
}

/// Words that are small, or near something, or anything.
fn word() -> impl Strategy<Value = u64> {
    let (start, end) = (BASE, BASE + (DATA + OUT) as u64);
    let edge = prop::sample::select(vec![
        0,
        1 << 31,
        1 << 32,
        1 << 63,
        start,
        end,
        model::SHARED,
        model::SHARED + kernel::TILE,
        model::LOCAL,
        model::LOCAL + kernel::STACK,
    ]);
    prop_oneof![
        4 => 0..2048u64,
        4 => (start..end).prop_map(|address| address & !7),
        2 => start..end,
        4 => (edge, -40..40i64).prop_map(|(edge, by)| edge.wrapping_add_signed(by)),
        1 => (0..40u64).prop_map(u64::wrapping_neg),
        1 => any::<u64>(),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let data = prop::collection::vec(word(), DATA / 8);
    let n = prop_oneof![0..64u32, any::<u32>()];
    (kernel::kernel(), data, word(), n, 1..10u32).prop_map(|(kernel, data, at, n, threads)| Case {
        // What threads write to each other's memory depends on their order, which is the device's choice.
        threads: if kernel.writes_global() { 1 } else { threads },
        kernel,
        data,
        at,
        n,
    })
}

impl Case {
    fn request(&self) -> Request {
        let mut parameters = BASE.to_le_bytes().to_vec();
        parameters.extend((BASE + DATA as u64).to_le_bytes());
        parameters.extend(self.at.to_le_bytes());
        parameters.extend(self.n.to_le_bytes());
        let data = self.data.iter().flat_map(|word| word.to_le_bytes());
        Request {
            grid: [1, 1, 1],
            block: [self.threads, 1, 1],
            dynamic_shared: 0,
            parameters,
            buffers: vec![data.collect(), vec![0xee; OUT]],
            variables: Vec::new(),
            stop: None,
        }
    }

    /// What the model says of it: what memory holds at the end, and how each thread ends.
    fn predicted(&self) -> (Vec<u8>, Vec<Ending>) {
        let mut world = World::new(self.request().buffers.concat());
        let endings = (0..self.threads).map(|thread| {
            world.run(
                &self.kernel,
                [BASE, BASE + DATA as u64, self.at],
                self.n,
                thread,
            )
        });
        let endings = endings.collect();
        (world.window, endings)
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let text = self.kernel.text();
        let module = front::ptx::parse(&text)
            .map_err(|found| TestCaseError::fail(format!("{found:?}\n{text}")))?;
        let printed = back::ptx::print(&module);
        let (memory, endings) = self.predicted();
        for (way, text, checked) in [
            ("plain", &text, false),
            ("checked", &text, true),
            ("printed", &printed, false),
            ("with a driver's guards", &text, false),
        ] {
            let options = CompileOptions {
                checked,
                ..CompileOptions::default()
            };
            let compile = match way {
                "with a driver's guards" => compile_a_drivers,
                _ => compile_ptx,
            };
            let module = compile(text, &options)
                .map_err(|found| TestCaseError::fail(format!("{found:?}\n{text}")))?;
            let ended = house::run(&module.kernels()[0], &self.request());
            let fault = match ended {
                Ok(Ended::Completed(buffers)) => {
                    let stopped = endings.iter().find(|ending| **ending != Ending::Done);
                    prop_assert!(
                        stopped.is_none(),
                        "{way}: not {stopped:?}, but it ends\n{text}"
                    );
                    prop_assert!(buffers.concat() == memory, "{way}: other memory\n{text}");
                    continue;
                }
                Ok(Ended::Faulted(fault)) => fault,
                other => return Err(TestCaseError::fail(format!("{way}: {other:?}\n{text}"))),
            };
            let ending = &endings[fault.thread[0] as usize];
            let kind = match ending {
                Ending::Done => None,
                Ending::Misaligned(..) => Some(FaultKind::Misaligned),
                Ending::Outside(Space::Shared, ..) => Some(FaultKind::SharedOutOfBounds),
                Ending::Outside(Space::Local, ..) => Some(FaultKind::LocalOutOfBounds),
                Ending::Outside(..) => Some(FaultKind::GlobalOutOfBounds),
            };
            prop_assert_eq!(kind, Some(fault.kind), "{}: {:?}\n{}", way, fault, text);
            let place = ending.place();
            prop_assert_eq!(
                place,
                Some((fault.address, fault.size)),
                "{}: {:?}\n{}",
                way,
                fault,
                text
            );
        }
        Ok(())
    }
}

fn cases() -> u32 {
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    256 * rounds
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn random_kernels_do_what_the_model_says_and_reach_nobody_else(case in case()) {
        case.check()?;
    }
}

/// What the cases are like, so that the property above is not one of kernels that all fault at once.
#[test]
fn random_kernels_end_in_every_way() {
    let mut runner = TestRunner::deterministic();
    let (mut done, mut misaligned, mut spaces) = (0, 0, [0; 3]);
    for _ in 0..600 {
        let case = case().new_tree(&mut runner).unwrap().current();
        for ending in case.predicted().1 {
            match ending {
                Ending::Done => done += 1,
                Ending::Misaligned(..) => misaligned += 1,
                Ending::Outside(space, ..) => spaces[space as usize % 3] += 1,
            }
        }
    }
    println!("{done} end, {misaligned} are misaligned, {spaces:?} are outside of the spaces");
    assert!(done > 300, "{done} threads of all end");
    assert!(misaligned > 50, "{misaligned} are misaligned");
    assert!(
        spaces.iter().all(|count| *count > 15),
        "{spaces:?} are outside"
    );
}
