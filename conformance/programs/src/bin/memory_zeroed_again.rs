//! Memory that was used before is zeroed when it becomes a new buffer.

use wasi_cuda_conformance_programs::default_device;

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let mut seen = Vec::new();
    for round in 0..50 {
        let elements = 1000 + 997 * (round % 7);
        let mut buffer = device.alloc_zeros::<u32>(elements)?;
        let content = stream.clone_dtoh(&buffer)?;
        assert!(
            content.iter().all(|&x| x == 0),
            "a new buffer should be zeroed in round {round}"
        );
        stream.fill(&mut buffer, 0xdead_beef)?;
        stream.synchronize()?;
        seen.push(buffer.device_address());
    }
    seen.sort();
    seen.dedup();
    assert!(
        seen.len() < 50,
        "memory should be used again, or this program shows nothing"
    );
    Ok(())
}
