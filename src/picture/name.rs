//! The names of files that pictures are written to.
//!
//! An asset's id comes from a log, so it may be any text. Its name is made of lower-case and upper-case letters, digits
//! and `. _ - ~` alone, never begins with a dot or a dash, is at most 200 bytes long, and is another one for every
//! other picture of every other asset; ids beyond [`LONGEST`] bytes, which nothing but a forger writes, may share one.

use super::PictureRequest;
use crate::event::{AssetId, Fingerprint, Offset, PictureKind, Reveal};
use std::{collections::HashMap, fmt::Write as _};

/// The most bytes of an escaped id; a longer one ends in its hash.
const LONGEST: usize = 120;

/// Returns the file name of each picture, such as `14d7b2faba0dddd6b4e8936272d6bc3f_sample_00015.jpg`.
///
/// `requests` are all pictures of the events they are from, in order: pictures of one event with the same kind and
/// offset are numbered.
pub fn file_names(requests: &[PictureRequest]) -> Vec<String> {
    let mut twins: HashMap<_, usize> = HashMap::new();
    let name = |request: &PictureRequest| {
        let twin = twins.entry((request.key.event, request.key.kind, request.offset)).or_default();
        let name = file_name(&request.asset, request.key.kind, request.offset, *twin);
        *twin += 1;
        name
    };
    requests.iter().map(name).collect()
}

/// `twin` is the number of earlier pictures of the same kind and offset.
fn file_name(asset: &AssetId, kind: PictureKind, offset: Offset, twin: usize) -> String {
    let shown = asset.shown(Reveal::Hide);
    let mut name = escape(&shown);
    if shown != asset.to_string() {
        // Ids that differ in nothing but their secrets are still told apart.
        let _ = write!(name, "~{:016x}", Fingerprint::of(asset.to_string().as_bytes()));
    }
    let millis = offset.as_millis();
    let sign = if millis < 0 { "minus" } else { "" };
    let (seconds, rest) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
    // Writing into a String cannot fail.
    let _ = write!(name, "_{}_{sign}{seconds:05}", kind.as_str());
    if rest > 0 {
        let _ = write!(name, ".{rest:03}");
    }
    if twin > 0 {
        let _ = write!(name, "_{}", twin + 1);
    }
    name + ".jpg"
}

/// An id with `~` and two hexadecimal digits for each byte that a file name should not have.
fn escape(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for (at, byte) in id.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'.' | b'_' | b'-' if at > 0 => out.push(char::from(byte)),
            _ => out.extend(['~', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    if out.len() > LONGEST {
        out.truncate(LONGEST - 17);
        let _ = write!(out, "~{:016x}", Fingerprint::of(id.as_bytes()));
    }
    out
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_can_be_read() {
        let check = |id: &str, millis, twin, expected: &str| {
            let id = AssetId::new(id).unwrap();
            assert_eq!(file_name(&id, PictureKind::Sample, Offset::from_millis(millis), twin), expected);
        };
        check("14d7b2fa", 15_000, 0, "14d7b2fa_sample_00015.jpg");
        check("14d7b2fa", 12_500, 1, "14d7b2fa_sample_00012.500_2.jpg");
        check("a", -3000, 0, "a_sample_minus00003.jpg");
        check("../etc/x", 0, 0, "~2e.~2fetc~2fx_sample_00000.jpg");
        check("-rf ~", 0, 0, "~2drf~20~7e_sample_00000.jpg");
        check("新\u{202e}\u{1b}", 0, 0, "~e6~96~b0~e2~80~ae~1b_sample_00000.jpg");
    }

    proptest! {
        #[test]
        fn names_are_plain_short_and_their_own(a in ".{1,60}", b in ".{1,60}", millis in any::<i32>(), twin in 0usize..9) {
            let name = |id: &str| {
                let offset = Offset::from_millis(i64::from(millis));
                AssetId::new(id).map(|id| file_name(&id, PictureKind::Dot, offset, twin))
            };
            if let (Some(first), Some(second)) = (name(&a), name(&b)) {
                prop_assert_eq!(a == b, first == second);
                prop_assert!(first.len() <= 200);
                prop_assert!(!first.starts_with(['.', '-', '_']));
                prop_assert!(first.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~".contains(&b)), "{}", first);
            }
        }
    }
}
