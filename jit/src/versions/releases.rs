//! PTX versions, the CUDA releases that brought them, and the drivers that take them.
//!
//! Sources: PTX ISA 9.4, "Release Notes", table "PTX Release History", for versions and CUDA releases; CUDA Toolkit
//! Release Notes, table "CUDA Toolkit and Corresponding Driver Versions", for the branch of the oldest Linux driver that
//! a release came with; for 9.5 the driver redistributable 620.70.06, which carries CUDA 13.5.
//!
//! <https://docs.nvidia.com/cuda/parallel-thread-execution/#release-notes>
//! <https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/>

use std::fmt;

/// A PTX version with what is needed to load it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// PTX version, as (major, minor).
    pub ptx: (u32, u32),
    /// The CUDA release that brought it, as (major, minor): what `cuDriverGetVersion` answers.
    pub cuda: (u32, u32),
    /// Branch of the oldest Linux driver that takes it: 525 of 525.60.13.
    pub driver: u32,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cuda: (major, minor),
            driver,
            ..
        } = self;
        write!(
            f,
            "an NVIDIA driver of CUDA {major}.{minor} or newer ({driver} on Linux)"
        )
    }
}

const fn release(ptx: (u32, u32), cuda: (u32, u32), driver: u32) -> Release {
    Release { ptx, cuda, driver }
}

/// Every version from the first that kernels in the wild are written for, in order.
pub static RELEASES: &[Release] = &[
    release((3, 0), (4, 1), 285),
    release((3, 1), (5, 0), 302),
    release((3, 2), (5, 5), 319),
    release((4, 0), (6, 0), 331),
    release((4, 1), (6, 5), 340),
    release((4, 2), (7, 0), 346),
    release((4, 3), (7, 5), 352),
    release((5, 0), (8, 0), 367),
    release((6, 0), (9, 0), 384),
    release((6, 1), (9, 1), 390),
    release((6, 2), (9, 2), 396),
    release((6, 3), (10, 0), 410),
    release((6, 4), (10, 1), 418),
    release((6, 5), (10, 2), 440),
    release((7, 0), (11, 0), 450),
    release((7, 1), (11, 1), 455),
    release((7, 2), (11, 2), 460),
    release((7, 3), (11, 3), 465),
    release((7, 4), (11, 4), 470),
    release((7, 5), (11, 5), 495),
    release((7, 6), (11, 6), 510),
    release((7, 7), (11, 7), 515),
    release((7, 8), (11, 8), 520),
    release((8, 0), (12, 0), 525),
    release((8, 1), (12, 1), 530),
    release((8, 2), (12, 2), 535),
    release((8, 3), (12, 3), 545),
    release((8, 4), (12, 4), 550),
    release((8, 5), (12, 5), 555),
    // No toolkit 12.7 was released; the driver was.
    release((8, 6), (12, 7), 565),
    release((8, 7), (12, 8), 570),
    release((8, 8), (12, 9), 575),
    release((9, 0), (13, 0), 580),
    release((9, 1), (13, 1), 590),
    release((9, 2), (13, 2), 595),
    release((9, 3), (13, 3), 610),
    release((9, 4), (13, 4), 615),
    release((9, 5), (13, 5), 620),
];

/// What is needed to load a PTX version; none if it is newer than all that are known.
pub fn release_for(ptx: (u32, u32)) -> Option<&'static Release> {
    RELEASES.iter().find(|release| release.ptx >= ptx)
}

/// The highest PTX version that a driver takes which answers `cuDriverGetVersion` with this CUDA version.
pub fn highest_ptx(cuda: (u32, u32)) -> Option<(u32, u32)> {
    let known = RELEASES.iter().filter(|release| release.cuda <= cuda);
    known.map(|release| release.ptx).next_back()
}
