//! Sends bytes to the device and back through streams of bytes, in an async export.

use wasi_cuda::{Device, Result};

wit_bindgen::generate!({
    inline: "
        package wasi:cuda-runner-guests;
        world tasks {
            export echo: async func(bytes: u32) -> u32;
        }
    ",
});

struct Tasks;

export!(Tasks);

impl Guest for Tasks {
    async fn echo(bytes: u32) -> u32 {
        sum(bytes).await.expect("the bytes should come back")
    }
}

/// The sum of bytes that were on the device.
async fn sum(bytes: u32) -> Result<u32> {
    let stream = Device::get(0)?.stream()?;
    let mut buffer = stream.alloc_zeros::<u8>(bytes as usize)?;
    let blocks = std::iter::repeat_n(vec![1; 1000], bytes as usize / 1000);
    stream.memcpy_htod_blocks(blocks, &mut buffer).await?;
    stream.synchronize_async().await?;
    let back = stream.clone_dtoh_async(&buffer).await?;
    Ok(back.into_iter().map(u32::from).sum())
}

fn main() {}
