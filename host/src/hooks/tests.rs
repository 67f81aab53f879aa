//! What an embedder hears of a guest, and that its mistakes hurt nobody.

use super::*;
use crate::backend::LaunchSink as _;
use crate::bindings::wasi::cuda::device::Host as _;
use crate::bindings::wasi::cuda::module::{HostModule as _, Source};
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::operation::Operation;
use crate::testing::*;
use crate::{Account, Device, Limits, WasiCudaCtx, WasiCudaCtxView};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wasi_cuda_jit::cpu::Outcome;
use wasmtime::component::{Resource, ResourceTable};

/// Writes down what it is told, but for what tests have no opinion on.
#[derive(Default)]
struct Notes {
    said: Mutex<Vec<String>>,
    refuses: bool,
}

impl Notes {
    fn note(&self, text: String) {
        crate::lock(&self.said).push(text);
    }

    /// What was said since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *crate::lock(&self.said))
    }
}

impl WasiCudaHooks for Notes {
    fn admit(&self, launch: &LaunchInfo<'_>) -> Result<(), String> {
        match self.refuses {
            true => Err(format!("no {} today", launch.kernel)),
            false => Ok(()),
        }
    }

    fn on_launch(&self, launch: &LaunchInfo<'_>) {
        self.note(format!("{} of {:?} enqueued", launch.kernel, launch.grid));
    }

    fn on_finished(&self, finished: &FinishedInfo<'_>) {
        let timed = finished.time.is_some_and(|time| time > Duration::ZERO);
        let (kernel, end) = (finished.launch.kernel, finished.end);
        self.note(format!("{kernel} {end:?}, timed: {timed}"));
    }

    fn on_transfer(&self, transfer: &TransferInfo<'_>) {
        self.note(format!("{} bytes {:?}", transfer.bytes, transfer.direction));
    }

    fn on_module(&self, module: &ModuleInfo<'_>) {
        let hash = blake3::Hash::from_bytes(module.hash).to_hex();
        self.note(format!(
            "{:?} {} {}",
            module.outcome,
            module.size,
            &hash[..8]
        ));
    }

    fn on_allocate(&self, memory: &MemoryInfo<'_>) {
        self.note(format!("got {}, has {}", memory.bytes, memory.used));
    }

    fn on_free(&self, memory: &MemoryInfo<'_>) {
        self.note(format!("gave {}, has {}", memory.bytes, memory.used));
    }

    fn on_stream(&self, stream: &StreamInfo<'_>) {
        self.note(format!("stream on {}", stream.device));
    }

    fn on_stop(&self, stop: &StopInfo<'_>) {
        let kernel = stop.launch.map(|launch| launch.kernel);
        self.note(format!("{:?} {kernel:?}", stop.cause));
    }

    fn on_fault(&self, fault: &FaultInfo<'_>) {
        self.note(format!("fault of {} in line {}", fault.kernel, fault.line));
    }

    fn on_device_lost(&self, loss: &LossInfo<'_>) {
        let (cause, reason) = (loss.cause, loss.reason);
        let kernels = loss
            .launches
            .iter()
            .map(|launch| (launch.kernel, launch.grid[0]));
        let kernels: Vec<_> = kernels.collect();
        self.note(format!("lost: {reason}, {cause:?}, {kernels:?}"));
    }
}

fn watched(device: &Device, notes: &Arc<Notes>) -> WasiCudaCtx {
    WasiCudaCtx::builder()
        .device(device.clone())
        .hooks(notes.clone())
        .build()
}

fn launches(guest: &WasiCudaCtx) -> u64 {
    guest.accounts()[0].launches
}

#[tokio::test]
async fn the_embedder_hears_of_memory_streams_and_transfers_and_their_sums() {
    let (device, notes) = (device(1), Arc::new(Notes::default()));
    let guest = watched(&device, &notes);
    let stream = stream(&guest);
    let (first, second) = (buffer(&guest, 300), buffer(&guest, 1000));
    assert_eq!(
        notes.take(),
        ["stream on cpu", "got 512, has 512", "got 1024, has 1536"]
    );
    stream.write(at(&first, 0), &[7; 300]).await.unwrap();
    let copy = Operation::Copy {
        from: at(&first, 0),
        to: at(&second, 500),
        length: 100,
    };
    stream.enqueue(copy.clone()).await.unwrap();
    assert_eq!(stream.read(at(&second, 500), 60).await.unwrap(), [7; 60]);
    let data = Arc::new(vec![1; 40]);
    let to = at(&first, 0);
    let replayed = recording([Operation::Write { to, data }, copy.clone(), copy]);
    stream.enqueue(Operation::Graph(replayed)).await.unwrap();
    stream.synchronize().await.unwrap();
    assert_eq!(
        notes.take(),
        [
            "300 bytes HostToDevice",
            "100 bytes DeviceToDevice",
            "60 bytes DeviceToHost",
            "40 bytes HostToDevice",
            "200 bytes DeviceToDevice"
        ]
    );
    drop((first, second));
    assert_eq!(notes.take(), ["gave 512, has 1024", "gave 1024, has 0"]);
    let account = Account {
        device: "cpu".into(),
        launches: 0,
        kernel_time: Duration::ZERO,
        bytes_to_device: 340,
        bytes_to_host: 60,
        bytes_between: 300,
        memory_used: 0,
        memory_peak: 1536,
    };
    assert_eq!(guest.accounts(), [account]);
}

#[tokio::test]
async fn a_launch_is_told_when_it_is_over_and_its_time_is_summed() {
    const TIME: Duration = Duration::from_millis(5);
    let (device, notes) = (device(1), Arc::new(Notes::default()));
    let guest = watched(&device, &notes);
    let stream = stream(&guest);
    notes.take();
    let sleep = || call(|| std::thread::sleep(TIME));
    stream.enqueue(sleep()).await.unwrap();
    stream.synchronize().await.unwrap();
    assert_eq!(
        notes.take(),
        ["test of [1, 1, 1] enqueued", "test Completed, timed: true"]
    );
    let graph = Operation::Graph(recording([sleep(), sleep()]));
    stream.enqueue(graph).await.unwrap();
    stream.synchronize().await.unwrap();
    assert_eq!(notes.take().len(), 4);
    let account = &guest.accounts()[0];
    assert_eq!(account.launches, 3);
    assert!(account.kernel_time >= 3 * TIME, "{account:?}");
}

#[tokio::test]
async fn a_fault_is_told_with_its_launch_and_what_is_skipped_behind_it_is_not() {
    let (device, notes) = (device(1), Arc::new(Notes::default()));
    let guest = watched(&device, &notes);
    let stream = stream(&guest);
    notes.take();
    let gate = Gate::default();
    stream.enqueue(gate.launch()).await.unwrap();
    stream.enqueue(faulting()).await.unwrap();
    stream.enqueue(call(|| ())).await.unwrap();
    notes.take();
    gate.open();
    assert!(code(stream.synchronize().await).is_err());
    assert_eq!(
        notes.take(),
        [
            "test Completed, timed: true",
            "fault of test in line 7",
            "test Faulted, timed: true"
        ]
    );
    assert_eq!(launches(&guest), 2);
}

/// How many were told since the last time, whether before or after what they ended.
fn cancels(notes: &Notes) -> usize {
    let said = notes.take();
    said.iter().filter(|said| *said == "Cancelled None").count()
}

#[tokio::test]
async fn a_cancel_and_a_deadline_are_told_once_each() {
    let (device, notes) = (device(1), Arc::new(Notes::default()));
    let guest = watched(&device, &notes);
    let stream = stream(&guest);
    stream.enqueue(endless()).await.unwrap();
    notes.take();
    stream.cancel();
    stream.cancel();
    code(stream.synchronize().await).unwrap_err();
    assert_eq!(cancels(&notes), 1);

    stream.set_time_limit(Some(Duration::from_millis(2)));
    stream.enqueue(endless()).await.unwrap();
    notes.take();
    code(stream.synchronize().await).unwrap_err();
    assert_eq!(
        notes.take(),
        [
            "DeadlineExceeded Some(\"test\")",
            "test Stopped, timed: true"
        ]
    );
    stream.cancel();
    assert_eq!(notes.take(), [""; 0], "there was nothing to cancel");

    stream.enqueue(endless()).await.unwrap();
    notes.take();
    drop(guest);
    assert_eq!(cancels(&notes), 1, "the store was dropped");
}

/// What three guests of a device hear when it is lost while so many launches of each may be running.
fn lost_while_running(running: [u32; 3]) -> [String; 3] {
    let device = device(1);
    let guests = running.map(|launches| {
        let notes = Arc::new(Notes::default());
        let guest = watched(&device, &notes);
        for launch in 0..launches {
            grant(&guest).suspect(&kernel(launch + 1, |_, _| Outcome::Completed));
        }
        (guest, notes)
    });
    device.mark_lost("700");
    device.mark_lost("again");
    guests.map(|(_, notes)| notes.take().join("; "))
}

#[test]
fn a_loss_is_told_to_all_and_its_launch_to_its_guest_alone() {
    let other = "lost: 700, OtherLaunch, []";
    let own = "lost: 700, OwnLaunch, [(\"test\", 1), (\"test\", 2)]";
    assert_eq!(lost_while_running([0, 2, 0]), [other, own, other]);
}

#[test]
fn a_loss_with_launches_of_several_guests_running_is_nobodys_for_sure() {
    let maybe = "lost: 700, Unknown, [(\"test\", 1)]";
    let other = "lost: 700, OtherLaunch, []";
    assert_eq!(lost_while_running([1, 0, 1]), [maybe, other, maybe]);
    let unknown = "lost: 700, Unknown, []";
    assert_eq!(lost_while_running([0; 3]), [unknown; 3]);
}

async fn load(guest: &WasiCudaCtx, source: &str) -> Result<(), ErrorCode> {
    let mut table = ResourceTable::new();
    let mut view = WasiCudaCtxView {
        ctx: guest,
        table: &mut table,
    };
    let device = view.get_devices().unwrap().remove(0);
    let device = Resource::new_own(device.rep());
    let loaded = view.load(device, Source::Ptx(source.into())).await;
    code(loaded.map(drop))
}

#[tokio::test]
async fn every_load_is_told_with_the_hash_of_its_source_and_what_came_of_it() {
    let (device, notes) = (device(1), Arc::new(Notes::default()));
    let guest = watched(&device, &notes);
    let good = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry nothing() { ret; }";
    load(&guest, good).await.unwrap();
    load(&guest, good).await.unwrap();
    load(&guest, "nonsense").await.unwrap_err();
    let told = |outcome: &str, source: &str| {
        let hash = blake3::hash(source.as_bytes()).to_hex();
        format!("{outcome} {} {}", source.len(), &hash[..8])
    };
    let expected = [
        told("Compiled", good),
        told("Known", good),
        told("Refused", "nonsense"),
    ];
    assert_eq!(notes.take(), expected);

    let limits = Limits {
        compile_time: Duration::ZERO,
        ..Limits::default()
    };
    let hasty = WasiCudaCtx::builder()
        .device(device.clone())
        .hooks(notes.clone())
        .limits(limits)
        .build();
    let large = wasi_cuda_kernels::builtin("linalg").unwrap();
    load(&hasty, large).await.unwrap_err();
    assert_eq!(notes.take(), [told("Failed", large)]);
}

#[tokio::test]
async fn a_launch_that_is_not_admitted_is_refused_with_the_embedders_words() {
    let notes = Arc::new(Notes {
        refuses: true,
        ..Notes::default()
    });
    let guest = watched(&device(1), &notes);
    let stream = stream(&guest);
    let refused = code(stream.enqueue(call(|| ())).await);
    assert!(
        matches!(&refused, Err(ErrorCode::Other(Some(text))) if text == "no test today"),
        "{refused:?}"
    );
    assert_eq!(notes.take(), ["stream on cpu"], "it was not enqueued");
}

/// Panics whatever it is told.
struct Panics {
    admits: bool,
}

impl WasiCudaHooks for Panics {
    fn admit(&self, _: &LaunchInfo<'_>) -> Result<(), String> {
        assert!(self.admits, "admit");
        Ok(())
    }

    fn on_launch(&self, _: &LaunchInfo<'_>) {
        panic!("on_launch")
    }

    fn on_finished(&self, _: &FinishedInfo<'_>) {
        panic!("on_finished")
    }

    fn on_transfer(&self, _: &TransferInfo<'_>) {
        panic!("on_transfer")
    }

    fn on_module(&self, _: &ModuleInfo<'_>) {
        panic!("on_module")
    }

    fn on_allocate(&self, _: &MemoryInfo<'_>) {
        panic!("on_allocate")
    }

    fn on_free(&self, _: &MemoryInfo<'_>) {
        panic!("on_free")
    }

    fn on_stream(&self, _: &StreamInfo<'_>) {
        panic!("on_stream")
    }

    fn on_stop(&self, _: &StopInfo<'_>) {
        panic!("on_stop")
    }

    fn on_fault(&self, _: &FaultInfo<'_>) {
        panic!("on_fault")
    }

    fn on_device_lost(&self, _: &LossInfo<'_>) {
        panic!("on_device_lost")
    }
}

fn panicking(device: &Device, admits: bool) -> WasiCudaCtx {
    WasiCudaCtx::builder()
        .device(device.clone())
        .hooks(Arc::new(Panics { admits }))
        .build()
}

#[tokio::test]
async fn hooks_that_panic_change_nothing_for_guests() {
    let device = device(1);
    let (guest, neighbour) = (panicking(&device, true), guest(&device));
    load(&guest, "nonsense").await.unwrap_err();
    let (stream, others) = (stream(&guest), stream(&neighbour));
    for round in 0..3 {
        let buffer = buffer(&guest, 256);
        stream.write(at(&buffer, 0), &[round; 4]).await.unwrap();
        stream.enqueue(call(|| ())).await.unwrap();
        assert_eq!(stream.read(at(&buffer, 0), 4).await.unwrap(), [round; 4]);
        stream.enqueue(faulting()).await.unwrap();
        let fault = code(stream.synchronize().await).unwrap_err();
        assert!(matches!(fault, ErrorCode::Fault(_)), "{fault:?}");
        stream.enqueue(endless()).await.unwrap();
        stream.cancel();
        let cancelled = code(stream.synchronize().await).unwrap_err();
        assert!(matches!(cancelled, ErrorCode::Cancelled), "{cancelled:?}");
        others.enqueue(call(|| ())).await.unwrap();
        others.synchronize().await.unwrap();
    }
    assert_eq!((launches(&neighbour), guest.memory_used()), (3, 0));
    device.mark_lost("the test says so");
    let lost = code(others.synchronize().await).unwrap_err();
    assert!(matches!(lost, ErrorCode::DeviceLost), "{lost:?}");
}

#[tokio::test]
async fn an_admission_that_panics_refuses_the_launch() {
    let device = device(1);
    let guest = panicking(&device, false);
    let stream = stream(&guest);
    let refused = code(stream.enqueue(call(|| ())).await).unwrap_err();
    assert!(matches!(refused, ErrorCode::Other(Some(_))), "{refused:?}");
    stream.synchronize().await.unwrap();
}
