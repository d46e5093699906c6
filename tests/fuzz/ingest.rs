//! Bytes → records → events → catalog: nothing panics, every byte is counted, and how the bytes are cut into chunks
//! changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::num::NonZeroU32;
use thumbview::{
    catalog::Catalog,
    event::{
        FileId, Fingerprint,
        envelope::{Found, Reader},
    },
};

fuzz_target!(|bytes: &[u8]| {
    let whole = read(std::iter::once(bytes));
    let lines = read(bytes.split_inclusive(|b| *b == b'\n'));
    assert_eq!(whole.events, lines.events);
    assert_eq!(whole.rejected, lines.rejected);
    assert_eq!((whole.counts, whole.counts.bytes), (lines.counts, bytes.len() as u64));
    let mut catalog = Catalog::default();
    for event in whole.events {
        let start = event.origin.byte as usize;
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
});

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Found {
    let mut found = Found::default();
    let mut reader = Reader::new(FileId::default());
    let (mut byte, mut line) = (0, 1);
    for chunk in chunks {
        reader.read(chunk, byte, NonZeroU32::new(line), &mut found);
        byte += chunk.len() as u64;
        line += chunk.iter().filter(|b| **b == b'\n').count() as u32;
    }
    reader.finish(&mut found);
    found
}
