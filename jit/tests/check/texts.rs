//! Texts as the printer prints them, written down here: the checker is held against what is printed, not against the printer.

/// A module of one kernel with two parameters, a pointer and a number.
pub(crate) fn module(body: &str) -> String {
    format!("{HEAD}{body}{RECORDER}")
}

const HEAD: &str = ".version 8.0
.target sm_80
.address_size 64
.extern .shared .align 128 .b8 shared_memory[];

.visible .entry kernel0(
\t.param .u64 p0,
\t.param .u32 p1,
\t.param .align 8 .b8 %launch[64]
)
{
\t.reg .b32 %r0, %r1, %r2, %r3;
\t.reg .b64 %rd0, %rd1, %rd2, %rd3, %rd4;
\t.reg .pred %p0, %p1;
\t.reg .b64 %window_base;
\tld.param.u64 %window_base, [%launch+0];
\t.reg .b64 %window_mapped;
\tld.param.u64 %window_mapped, [%launch+8];
\t.reg .b64 %granules;
\tld.param.u64 %granules, [%launch+16];
\t.reg .b64 %stop;
\tld.param.u64 %stop, [%launch+24];
\t.reg .b64 %shared_size;
\tld.param.u64 %shared_size, [%launch+48];
\t.reg .b64 %shared_base;
\tmov.u64 %shared_base, shared_memory;
\t.reg .b32 %site, %state, %index;
\t.reg .b64 %address, %fault;
\t.reg .pred %taken;
$B0:
\tld.param.u64 %rd0, [p0];
\tld.param.u32 %r0, [p1];
";

const RECORDER: &str = "$B9:
\tmov.u32 %site, 0;
\tmov.b64 %address, 0;
\tbra $fault;
$fault:
\tld.param.u64 %fault, [%launch+0];
\tadd.s64 %address, %address, %fault;
\tld.param.u64 %fault, [%launch+24];
\tatom.global.exch.b32 %state, [%fault], 1;
\tsetp.ne.u32 %taken, %state, 0;
\t@%taken bra $faulted;
\tld.param.u64 %fault, [%launch+32];
\tatom.global.cas.b32 %state, [%fault], 0, 1;
\tsetp.ne.u32 %taken, %state, 0;
\t@%taken bra $faulted;
\tst.global.u32 [%fault+8], %site;
\tst.global.u64 [%fault+16], %address;
\tmov.u32 %index, %ctaid.x;
\tst.global.u32 [%fault+24], %index;
\tmov.u32 %index, %ctaid.y;
\tst.global.u32 [%fault+28], %index;
\tmov.u32 %index, %ctaid.z;
\tst.global.u32 [%fault+32], %index;
\tmov.u32 %index, %tid.x;
\tst.global.u32 [%fault+36], %index;
\tmov.u32 %index, %tid.y;
\tst.global.u32 [%fault+40], %index;
\tmov.u32 %index, %tid.z;
\tst.global.u32 [%fault+44], %index;
\tmembar.gl;
\tst.global.u32 [%fault], 2;
$faulted:
\tret;
}
";

/// A store of four bytes at a pointer and an index.
pub(crate) const STORE: &str = "\tmul.wide.u32 %rd1, %r0, 4;
\tsub.u64 %rd2, %rd0, %window_base;
\tadd.u64 %rd2, %rd2, %rd1;
\tadd.u64 %rd3, %rd2, %window_base;
\tand.b64 %rd4, %rd2, 3;
\tsetp.ne.u64 %p0, %rd4, 0;
\t@%p0 bra $B9;
\tbra $B1;
$B1:
\tsetp.ge.u64 %p1, %rd2, %window_mapped;
\t@%p1 bra $B9;
\tbra $B2;
$B2:
\tst.global.u32 [%rd3], %r0;
\tret;
";

/// The same, held against the table of granules as well.
pub(crate) const STORE_IN_BUFFER: &str = "\tsub.u64 %rd2, %rd0, %window_base;
\tadd.u64 %rd3, %rd2, %window_base;
\tand.b64 %rd4, %rd2, 3;
\tsetp.ne.u64 %p0, %rd4, 0;
\t@%p0 bra $B9;
$B1:
\tsetp.ge.u64 %p1, %rd2, %window_mapped;
\t@%p1 bra $B9;
$B2:
\tshr.u64 %rd1, %rd2, 8;
\tshl.b64 %rd1, %rd1, 1;
\tadd.u64 %rd1, %rd1, %granules;
\tld.global.u16 %rd4, [%rd1];
\tand.b64 %rd1, %rd2, 255;
\tadd.u64 %rd1, %rd1, 4;
\tsetp.gt.u64 %p0, %rd1, %rd4;
\t@%p0 bra $B9;
$B3:
\tst.global.u32 [%rd3], %r0;
\tret;
";

/// A store to shared memory at an address of 32 bits.
pub(crate) const SHARED: &str = "\tcvt.u32.u64 %r1, %shared_base;
\tsub.u32 %r2, %r0, %r1;
\tcvt.u64.u32 %rd1, %r2;
\tadd.u64 %rd3, %rd1, %shared_base;
\tand.b64 %rd4, %rd1, 3;
\tsetp.ne.u64 %p0, %rd4, 0;
\t@%p0 bra $B9;
$B1:
\tmov.u64 %rd2, %rd1;
\tadd.u64 %rd2, %rd2, 4;
\tsetp.gt.u64 %p1, %rd2, %shared_size;
\t@%p1 bra $B9;
$B2:
\tst.shared.u32 [%rd3], %r0;
\tret;
";

/// The same at one of 64 bits.
pub(crate) const SHARED_FAR: &str = "\tsub.u64 %rd1, %rd0, %shared_base;
\tadd.u64 %rd3, %rd1, %shared_base;
\tand.b64 %rd4, %rd1, 3;
\tsetp.ne.u64 %p0, %rd4, 0;
\t@%p0 bra $B9;
$B1:
\tmin.u64 %rd2, %rd1, 4294967296;
\tadd.u64 %rd2, %rd2, 4;
\tsetp.gt.u64 %p1, %rd2, %shared_size;
\t@%p1 bra $B9;
$B2:
\tst.shared.u32 [%rd3], %r0;
\tret;
";

/// A loop.
pub(crate) const LOOP: &str = "\tmov.u32 %r1, 1024;
$B1:
\tadd.u32 %r0, %r0, 1;
\tsetp.ne.u32 %p0, %r0, 77;
\t@%p0 bra $B4;
$B2:
\tret;
$B3:
\tmov.u64 %rd1, %stop;
\tld.volatile.global.u32 %r2, [%rd1];
\tmov.u32 %r1, 1024;
\tsetp.ne.u32 %p1, %r2, 0;
\t@%p1 bra $B2;
\tbra $B1;
$B4:
\tadd.u32 %r1, %r1, 4294967295;
\tsetp.le.s32 %p1, %r1, 0;
\t@%p1 bra $B3;
\tbra $B1;
";

/// A jump table.
pub(crate) const TABLE: &str = "\tmin.u32 %r1, %r0, 1;
$T2: .branchtargets $B1, $B2;
\tbrx.idx %r1, $T2;
$B1:
\tret;
$B2:
\tbar.sync 0;
\tret;
";

/// A matrix of 16 rows of 16 halves, so many elements apart.
pub(crate) const MATRIX: &str = "\tsub.u64 %rd2, %rd0, %window_base;
\tadd.u64 %rd3, %rd2, %window_base;
\tand.b64 %rd4, %rd2, 31;
\tsetp.ne.u64 %p0, %rd4, 0;
\t@%p0 bra $B9;
$B1:
\tmul.wide.u32 %rd4, %r0, 16;
\tand.b64 %rd4, %rd4, 127;
\tsetp.ne.u64 %p0, %rd4, 0;
\t@%p0 bra $B9;
$B2:
\tsetp.ge.u64 %p1, %rd2, %window_mapped;
\t@%p1 bra $B9;
$B3:
\tadd.u64 %rd1, %rd2, 32;
\tmul.wide.u32 %rd4, %r0, 240;
\tshr.u64 %rd4, %rd4, 3;
\tadd.u64 %rd1, %rd1, %rd4;
\tsetp.gt.u64 %p1, %rd1, %window_mapped;
\t@%p1 bra $B9;
$B4:
\twmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r1, %r1, %r1, %r1, %r1, %r1, %r1, %r1}, [%rd3], %r0;
\tret;
";
