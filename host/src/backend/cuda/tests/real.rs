//! Kernels in truth: guarded text, compiled for this processor, at the addresses that the backend passes.

use super::*;

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
