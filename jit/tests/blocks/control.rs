//! Branches by a table, device functions, and blocks of three dimensions.

use crate::device::{Device, kernel};

const STORE: &str =
    "\nmul.wide.u32 %rd1, %t, 4;\nadd.s64 %rd1, %rd1, %window;\nst.global.u32 [%rd1], %r1;";

#[test]
fn a_table_of_labels_is_branched_by() {
    let body = format!(
        "table: .branchtargets zero, one, two;\nrem.u32 %r2, %t, 3;\nbrx.idx %r2, table;\n\
         zero:\nmov.u32 %r1, 10;\nbra met;\none:\nmov.u32 %r1, 11;\nbra met;\ntwo:\nmov.u32 %r1, 12;\nmet:\n\
         bar.warp.sync -1;{STORE}"
    );
    let wanted: Vec<u32> = (0..32).map(|t| 10 + t % 3).collect();
    assert_eq!(Device::of_body(&body).results::<u32>(0, 32), wanted);
}

#[test]
fn device_functions_that_wait_are_called_in_two_places() {
    let source = format!(
        ".func (.param .b32 sum) warp_sum(.param .b32 value)\n{{\n.reg .b32 %a<3>;\nld.param.u32 %a0, [value];\n{}\
         st.param.u32 [sum], %a0;\nret;\n}}\n{}",
        [16, 8, 4, 2, 1]
            .map(|distance| format!(
                "shfl.sync.bfly.b32 %a1, %a0, {distance}, 31, -1;\nadd.u32 %a0, %a0, %a1;\n"
            ))
            .concat(),
        kernel(&format!(
            "{{\n.param .b32 p;\n.param .b32 q;\nst.param.u32 [p], %t;\ncall.uni (q), warp_sum, (p);\nld.param.u32 %r1, [q];\n}}\n\
             {{\n.param .b32 p;\n.param .b32 q;\nst.param.u32 [p], %r1;\ncall.uni (q), warp_sum, (p);\nld.param.u32 %r1, [q];\n}}\n{STORE}"
        ))
    );
    assert_eq!(
        Device::compile(&source).results::<u32>(0, 32),
        vec![496 * 32; 32]
    );
}

#[test]
fn threads_of_three_dimensions_have_their_places_and_lanes() {
    let body = "
        mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z; mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y;
        mad.lo.u32 %r6, %r3, %r5, %r2; mad.lo.u32 %r6, %r6, %r4, %t;
        mov.u32 %r7, %laneid; shl.b32 %r8, %r3, 24; shl.b32 %r9, %r2, 16; or.b32 %r8, %r8, %r9; shl.b32 %r9, %t, 8; or.b32 %r8, %r8, %r9;
        or.b32 %r8, %r8, %r7;
        bar.sync 0;
        shfl.sync.idx.b32 %r10, %r8, 0, 31, -1;
        mul.wide.u32 %rd1, %r6, 8; add.s64 %rd1, %rd1, %window; st.global.v2.u32 [%rd1], {%r8, %r10};";
    let mut device = Device::of_body(body);
    device.block = [5, 4, 3];
    let found = device.results::<u32>(0, 120);
    let place = |number: u32| {
        ((number / 20) << 24) | ((number / 5 % 4) << 16) | ((number % 5) << 8) | (number % 32)
    };
    let wanted: Vec<u32> = (0..60)
        .flat_map(|number| [place(number), place(number / 32 * 32)])
        .collect();
    assert_eq!(found, wanted);
}
