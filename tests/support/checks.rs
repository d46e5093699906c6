//! What must hold for any bytes at all. The fuzz targets and the mutations in tests/mutate.rs call the same.

use std::num::NonZeroU32;
use thumbview::{
    catalog::Catalog,
    event::{FileId, Fingerprint, FoundEvents, RecordReader},
    media,
    terminal::{Input, Splitter},
};

/// Bytes → records → events → catalog: nothing panics, every byte is counted, and how the bytes are cut into chunks
/// changes nothing.
pub(crate) fn ingest(bytes: &[u8]) {
    let whole = read(std::iter::once(bytes));
    let lines = read(bytes.split_inclusive(|b| *b == b'\n'));
    assert_eq!(whole.events, lines.events);
    assert_eq!(whole.rejected, lines.rejected);
    assert_eq!((whole.counts, whole.counts.bytes), (lines.counts, bytes.len() as u64));
    let mut catalog = Catalog::default();
    for event in whole.events {
        let start = usize::try_from(event.origin.byte).unwrap();
        let record = &bytes[start..start + event.origin.len as usize];
        assert_eq!(Fingerprint::of(record), event.origin.hash);
        for picture in event.pictures.iter(&event.asset) {
            assert_eq!(event.pictures.get(&event.asset, picture.kind, picture.index), Some(picture));
        }
        catalog.apply(event);
    }
    for asset in catalog.assets() {
        assert!(asset.history().count() >= 1);
    }
}

/// Reads the chunks of one file, each of whole lines, to its end.
pub(crate) fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> FoundEvents {
    let mut found = FoundEvents::default();
    let mut reader = RecordReader::new(FileId::default());
    let (mut byte, mut line) = (0, 1_u32);
    for chunk in chunks {
        reader.read(chunk, byte, NonZeroU32::new(line), &mut found);
        byte += chunk.len() as u64;
        line += u32::from(chunk.ends_with(b"\n"));
    }
    reader.finish(&mut found);
    found
}

/// What a terminal sends → keys and answers: where a read ends changes nothing, what is an answer is whole, and after
/// silence the keyboard works.
pub(crate) fn keys(bytes: &[u8]) {
    let (mut splitter, mut whole) = (Splitter::default(), Vec::new());
    splitter.push(bytes, &mut whole);
    let (mut slow, mut parts) = (Splitter::default(), Vec::new());
    for byte in bytes {
        slow.push(std::slice::from_ref(byte), &mut parts);
    }
    assert_eq!(whole, parts);
    for input in &whole {
        if let Input::Reply(reply) = input {
            assert!(reply.starts_with(b"\x1b") && reply.len() > 2, "{}", reply.escape_ascii());
            assert!(bytes.windows(reply.len()).any(|window| window == &**reply), "{}", reply.escape_ascii());
        }
        assert_ne!(*input, Input::HungUp);
    }
    splitter.flush(&mut whole);
    assert!(!splitter.is_pending());
    whole.clear();
    splitter.push(b"q", &mut whole);
    assert!(matches!(&*whole, [Input::Key(key)] if key.code == crossterm::event::KeyCode::Char('q')), "{whole:?}");
}

/// Bytes → a picture within the limits, or a reason.
pub(crate) fn decode(bytes: &[u8]) {
    match media::decode(bytes) {
        Ok(decoded) => {
            let (width, height) = (u64::from(decoded.size.width), u64::from(decoded.size.height));
            assert!(width * height <= 40_000_000);
            assert_eq!(decoded.pixels.len() as u64, width * height * 3);
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}
