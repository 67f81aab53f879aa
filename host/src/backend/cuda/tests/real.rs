//! Kernels in truth: guarded text, compiled for this processor, at the addresses that the backend passes.

use super::*;
use crate::bindings::wasi::cuda::types::{Fault, FaultKind};
use crate::testing::grant;

const ADD: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry add(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n) {
    .reg .b32 %i, %n, %x, %y;
    .reg .b64 %a, %b, %c, %o;
    .reg .pred %p;
    mov.u32 %i, %ctaid.x;
    mov.u32 %n, %ntid.x;
    mov.u32 %x, %tid.x;
    mad.lo.u32 %i, %i, %n, %x;
    ld.param.u32 %n, [n];
    setp.ge.u32 %p, %i, %n;
    @%p ret;
    mul.wide.u32 %o, %i, 4;
    ld.param.u64 %a, [a];
    ld.param.u64 %b, [b];
    ld.param.u64 %c, [c];
    add.u64 %a, %a, %o;
    add.u64 %b, %b, %o;
    add.u64 %c, %c, %o;
    ld.global.u32 %x, [%a];
    ld.global.u32 %y, [%b];
    add.u32 %x, %x, %y;
    st.global.u32 [%c], %x;
    ret;
}";

#[tokio::test]
async fn a_kernel_adds_vectors() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let add = machine.compile(ADD).kernels[0].clone();
    let [a, b, c] = [0; 3].map(|_| buffer(&guest, 4000));
    let numbers: Vec<u8> = (0..1000u32).flat_map(u32::to_le_bytes).collect();
    stream.write(at(&a, 0), &numbers).await.unwrap();
    stream.write(at(&b, 0), &numbers).await.unwrap();
    let buffers = [a, b, c.clone()].map(Argument::Buffer);
    let arguments = [&buffers[..], &[Argument::Number(1000)]].concat();
    let mut launch = launch_of(&add, &arguments);
    (launch.grid, launch.block) = ([8, 1, 1], [128, 1, 1]);
    stream
        .enqueue(Operation::Launch(Arc::new(launch)))
        .await
        .unwrap();
    let sums: Vec<u32> = (0..1000).map(|number| 2 * number).collect();
    assert_eq!(soon(words(&stream, &c, 1000)).await, sums);
}

/// Stores a number at an address, whatever that is.
const STORE: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry store(.param .u64 p, .param .u64 offset, .param .u32 v) {
    .reg .b64 %a, %o;
    .reg .b32 %v;
    ld.param.u64 %a, [p];
    ld.param.u64 %o, [offset];
    ld.param.u32 %v, [v];
    add.u64 %a, %a, %o;
    st.global.u32 [%a], %v;
    ret;
}";

fn store(kernel: &Arc<Kernel>, to: &Arc<Allocation>, offset: u64) -> Operation {
    let numbers = [Argument::Number(offset), Argument::Number(5)];
    launch(
        kernel,
        &[&[Argument::Buffer(to.clone())][..], &numbers].concat(),
    )
}

async fn fault_of(stream: &Stream) -> Box<Fault> {
    match code(soon(stream.synchronize()).await) {
        Err(ErrorCode::Fault(fault)) => Box::new(fault),
        ended => panic!("no fault: {ended:?}"),
    }
}

#[tokio::test]
async fn an_access_outside_the_window_faults_with_its_line_and_changes_nothing() {
    let machine = Machine::new();
    let [first, second] = [0; 2].map(|_| guest(machine.device()));
    let streams = [stream(&first), stream(&second)];
    let (data, others) = (buffer(&first, 64), buffer(&second, 64));
    let kernel = machine.compile(STORE).kernels[0].clone();
    // The other guest's buffer, the first bytes that are not mapped, and nowhere at all.
    let space = grant(&first).space().unwrap();
    let past = space.base() + space.backed();
    for address in [others.address(), past, 0x10, u64::MAX - 3] {
        let offset = address.wrapping_sub(data.address());
        streams[0]
            .enqueue(store(&kernel, &data, offset))
            .await
            .unwrap();
        let fault = fault_of(&streams[0]).await;
        assert!(
            matches!(fault.kind, FaultKind::GlobalOutOfBounds),
            "{fault:?}"
        );
        assert_eq!(
            (fault.kernel.as_str(), fault.line, fault.address),
            ("store", 12, address)
        );
    }
    assert_eq!(soon(words(&streams[1], &others, 16)).await, [0; 16]);
    streams[0].enqueue(store(&kernel, &data, 0)).await.unwrap();
    assert_eq!(soon(words(&streams[0], &data, 2)).await, [5, 0]);
}

#[tokio::test]
async fn only_checked_kernels_fault_between_buffers() {
    let machine = Machine::new();
    for checked in [false, true] {
        let guest = WasiCudaCtx::builder()
            .device(machine.device().clone())
            .checked(checked)
            .build();
        let stream = stream(&guest);
        let (first, second) = (buffer(&guest, 100), buffer(&guest, 100));
        let kernel = machine.compile_checked(STORE, checked).kernels[0].clone();
        for (offset, is_inside) in [(96, true), (100, false), (512, true), (612, false)] {
            stream
                .enqueue(store(&kernel, &first, offset))
                .await
                .unwrap();
            match is_inside || !checked {
                true => soon(stream.synchronize()).await.unwrap(),
                false => {
                    let fault = fault_of(&stream).await;
                    assert_eq!(fault.address, first.address() + offset, "offset {offset}");
                }
            }
        }
        // What was freed is no buffer any more, though it is mapped.
        let gone = second.offset() - first.offset();
        drop(second);
        stream.enqueue(store(&kernel, &first, gone)).await.unwrap();
        assert_eq!(soon(stream.synchronize()).await.is_err(), checked);
    }
}

const ENDLESS: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry endless(.param .u64 p) {
    .reg .b64 %a;
    .reg .b32 %v;
    ld.param.u64 %a, [p];
$again:
    ld.volatile.global.u32 %v, [%a];
    add.u32 %v, %v, 1;
    st.volatile.global.u32 [%a], %v;
    bra $again;
}";

#[tokio::test]
async fn a_kernel_without_an_end_is_stopped_by_its_deadline_and_by_a_cancel() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let kernel = machine.compile(ENDLESS).kernels[0].clone();
    let endless = || launch(&kernel, &[Argument::Buffer(data.clone())]);
    stream.set_time_limit(Some(Duration::from_millis(20)));
    stream.enqueue(endless()).await.unwrap();
    let ended = code(soon(stream.synchronize()).await);
    assert!(
        matches!(ended, Err(ErrorCode::DeadlineExceeded)),
        "{ended:?}"
    );
    stream.set_time_limit(None);
    stream.enqueue(endless()).await.unwrap();
    stream.enqueue(endless()).await.unwrap();
    stream.cancel();
    let ended = code(soon(stream.synchronize()).await);
    assert!(matches!(ended, Err(ErrorCode::Cancelled)), "{ended:?}");
    assert!(soon(words(&stream, &data, 1)).await[0] > 0);
}

/// Sums up a block's numbers in shared memory, and counts blocks in a variable of the module.
const BLOCKS: &str = "
.version 7.0
.target sm_80
.address_size 64
.global .u32 blocks = 100;
.visible .entry sums(.param .u64 in, .param .u64 out) {
    .shared .align 4 .b8 total[4];
    .reg .b64 %i, %o, %n, %s;
    .reg .b32 %x, %y, %t, %b;
    .reg .pred %p;
    ld.param.u64 %i, [in];
    ld.param.u64 %o, [out];
    mov.u32 %t, %tid.x;
    mov.u32 %b, %ctaid.x;
    mov.u32 %y, %ntid.x;
    mad.lo.u32 %x, %b, %y, %t;
    mul.wide.u32 %n, %x, 4;
    add.u64 %i, %i, %n;
    setp.eq.u32 %p, %t, 0;
    @%p st.shared.u32 [total], 0;
    bar.sync 0;
    ld.global.u32 %x, [%i];
    atom.shared.add.u32 %y, [total], %x;
    bar.sync 0;
    @!%p ret;
    ld.shared.u32 %x, [total];
    mul.wide.u32 %n, %b, 4;
    add.u64 %o, %o, %n;
    st.global.u32 [%o], %x;
    mov.u64 %s, blocks;
    atom.global.add.u32 %y, [%s], 1;
    st.global.u32 [%o+32], %y;
    ret;
}";

#[tokio::test]
async fn blocks_have_shared_memory_and_a_module_its_variables() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let program = machine.compile(BLOCKS);
    let variables = Allocation::of_variables(grant(&guest), &program.variables).unwrap();
    let (from, to) = (buffer(&guest, 4 * 512), buffer(&guest, 64));
    let numbers: Vec<u8> = (0..512u32).flat_map(u32::to_le_bytes).collect();
    stream.write(at(&from, 0), &numbers).await.unwrap();
    let buffers = [from, to.clone()].map(Argument::Buffer);
    let mut launch = launch_of(&program.kernels[0], &buffers);
    (launch.grid, launch.block, launch.variables) = ([8, 1, 1], [64, 1, 1], variables);
    stream
        .enqueue(Operation::Launch(Arc::new(launch)))
        .await
        .unwrap();
    let mut read = soon(words(&stream, &to, 16)).await;
    let sums: Vec<u32> = (0..8)
        .map(|block| (64 * block..64 * (block + 1)).sum())
        .collect();
    assert_eq!(read[..8], sums);
    read[8..].sort_unstable();
    assert_eq!(read[8..], [100, 101, 102, 103, 104, 105, 106, 107]);
}
