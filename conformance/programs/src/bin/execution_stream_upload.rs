//! Uploads through a stream of bytes: whatever pieces they come in, and wherever they end.

use wasi_cuda::asynchronous::byte_stream;
use wasi_cuda::{DeviceBuffer, Error, LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::tasks::{
    both, is_dropped, let_the_host_work, no_bytes, offer, pattern,
};
use wasi_cuda_conformance_programs::{
    Gate, Setup, async_check, at, functions::*, ok, refused, refused_saying, runs_well,
};

const MIB: usize = 1 << 20;

/// More than the host may hold, which is 4 MiB.
const LARGE: usize = 64 * MIB;

async_check!(check);

async fn check() {
    let setup = Setup::new();
    any_pieces(&setup.stream)
        .await
        .expect("pieces of any length should arrive");
    large(&setup.stream).await.expect("64 MiB should arrive");
    too_long(&setup.stream)
        .await
        .expect("what fits should be written");
    refusals(&setup).await.expect("the stream should work");
    shared(&setup).await.expect("the stream should work");
    in_order(&setup).await.expect("the stream should work");
    runs_well(&setup.device);
}

async fn any_pieces(stream: &Stream) -> Result<()> {
    let lengths = [
        0,
        1,
        3,
        7,
        255,
        256,
        257,
        4095,
        4097,
        65_537,
        MIB - 1,
        MIB,
        MIB + 1,
    ];
    let total: usize = lengths.iter().sum();
    let mut buffer = stream.alloc_zeros::<u8>(total + 5)?;
    let mut begun = 0;
    let pieces = lengths.map(|length| {
        begun += length;
        pattern(begun - length, length)
    });
    let destination = buffer.slice_mut(3..);
    let written = ok(
        WRITE_VIA_STREAM,
        stream.memcpy_htod_blocks(pieces, destination).await,
    );
    assert_eq!(written, total as u64, "every byte should be counted");
    let content = stream.clone_dtoh(&buffer)?;
    assert_eq!(content[..3], [0; 3], "what is before should stay");
    assert!(
        content[3..total + 3] == pattern(0, total),
        "the bytes should arrive in order"
    );
    assert_eq!(content[total + 3..], [0; 2], "what is behind should stay");

    let start = at(buffer.raw(), 0);
    let written = stream.raw().write_via_stream(start, no_bytes()).await;
    assert_eq!(ok(WRITE_VIA_STREAM, written), 0, "no bytes are no error");
    let end = at(buffer.raw(), buffer.len() as u64);
    let written = stream.raw().write_via_stream(end, no_bytes()).await;
    assert_eq!(ok(WRITE_VIA_STREAM, written), 0, "nor are they at the end");
    Ok(())
}

async fn large(stream: &Stream) -> Result<()> {
    const PIECE: usize = 5_000_011;
    let mut buffer = stream.alloc_zeros::<u8>(LARGE)?;
    let pieces = (0..LARGE)
        .step_by(PIECE)
        .map(|first| pattern(first, PIECE.min(LARGE - first)));
    let written = stream.memcpy_htod_blocks(pieces, &mut buffer).await;
    assert_eq!(ok(WRITE_VIA_STREAM, written), LARGE as u64);
    for first in (0..LARGE).step_by(8 * MIB) {
        let content = stream.clone_dtoh(buffer.slice(first..first + 8 * MIB))?;
        assert!(
            content == pattern(first, 8 * MIB),
            "the 8 MiB from {first} on should arrive"
        );
    }
    Ok(())
}

/// What fits is written, nothing else is, and the writer learns that nobody takes more.
async fn too_long(stream: &Stream) -> Result<()> {
    let mut buffer = stream.alloc_zeros::<u8>(100)?;
    let neighbour = stream.alloc_zeros::<u8>(100)?;
    let (mut writer, reader) = byte_stream();
    let (written, left) = both(
        stream.memcpy_htod_stream(reader, buffer.slice_mut(40..)),
        async move { writer.write_all(pattern(0, 61)).await },
    )
    .await;
    refused_saying(WRITE_VIA_STREAM, "invalid-argument", &["60 bytes"], written);
    assert_eq!(left, pattern(60, 1), "one byte should be left");
    let mut expected = vec![0; 40];
    expected.extend(pattern(0, 60));
    assert_eq!(stream.clone_dtoh(&buffer)?, expected);
    assert_eq!(stream.clone_dtoh(&neighbour)?, [0; 100]);
    Ok(())
}

async fn refusals(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let buffer = stream.alloc_zeros::<u8>(100)?;
    let (mut writer, reader) = byte_stream();
    let past_the_end = stream.raw().write_via_stream(at(buffer.raw(), 101), reader);
    refused(WRITE_VIA_STREAM, "invalid-argument", past_the_end.await);
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");

    stream.begin_capture()?;
    let captured = stream
        .raw()
        .write_via_stream(at(buffer.raw(), 0), no_bytes());
    refused(WRITE_VIA_STREAM, "invalid-state", captured.await);
    stream.end_capture()?;
    Ok(())
}

/// Bytes that came while the guest does something else would change its memory beside its own code.
async fn shared(setup: &Setup) -> Result<()> {
    let mut buffer = match setup.device.share_zeros::<u8>(100) {
        Err(Error::Unsupported(_)) => return Ok(()),
        buffer => buffer?,
    };
    let (mut writer, reader) = byte_stream();
    let upload = setup.stream.memcpy_htod_stream(reader, &mut buffer);
    refused_saying(WRITE_VIA_STREAM, "unsupported", &["shares"], upload.await);
    assert!(is_dropped(&mut writer).await, "nobody takes the bytes");
    assert_eq!(buffer.to_vec(), [0; 100]);
    Ok(())
}

/// An upload waits for the work before it, holding no more than the host lets it, and work enqueued after it finds it.
async fn in_order(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let mut buffer: DeviceBuffer<u32> = stream.alloc_zeros(4 * MIB)?;
    let gate = Gate::close(setup, &stream)?;
    stream.fill(&mut buffer, 7u32)?;
    let (mut writer, reader) = byte_stream();
    let upload = stream.raw().write_via_stream(at(buffer.raw(), 0), reader);
    let feed = async move {
        let bytes = pattern(0, 16 * MIB);
        let taken = offer(&mut writer, bytes.clone()).await;
        assert!(
            taken <= 4 * MIB,
            "{taken} bytes were taken that cannot be on the device, where 4 MiB may be pending"
        );
        gate.open()?;
        let rest = writer.write_all(bytes[taken..].to_vec()).await;
        assert!(rest.is_empty(), "the rest should be taken");
        let_the_host_work().await;
        Ok::<(), Error>(())
    };
    let (written, fed) = both(upload, feed).await;
    fed?;
    assert_eq!(ok(WRITE_VIA_STREAM, written), 16 << 20);
    let elements = buffer.len() as u32;
    let config = LaunchConfig::for_num_elems(elements);
    stream.launch(&setup.affine, config, (&mut buffer, elements, 1u32, 1u32))?;
    let content: Vec<u32> = stream.clone_dtoh(&buffer)?;
    let expected = pattern(0, 16 * MIB);
    let expected = expected
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes).wrapping_add(1));
    assert!(
        content.into_iter().eq(expected),
        "the kernel should see what was written, and what was before it should not undo it"
    );
    Ok(())
}
