//! Where lines end: at newlines, which in UTF-16 are not all bytes of the value 10.
//!
//! Pure. There such a byte may be half of another character, such as U+4E0A. What it is shows in the bytes around it:
//! text in UTF-8 before or behind it, a hole, NUL bytes on both sides, or one on the side that belongs to it, since code
//! units mostly begin at even places of a file.

use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};

/// The number of bytes beside a newline that show whether the text there is UTF-8.
const NEAR: usize = 16;

/// The number of bytes before a newline in which text in UTF-16 has a NUL byte.
pub(super) const CONTEXT: usize = 256;

/// More NUL bytes than stand together in UTF-16.
const HOLE: [u8; 3] = [0; 3];

/// Returns the end of the line that begins at `from`, behind its newline. `byte` is the place of `bytes` in the file.
pub(super) fn line_end(bytes: &[u8], from: usize, byte: u64) -> Option<usize> {
    let mut newlines = memchr_iter(b'\n', bytes.get(from..).unwrap_or_default()).map(|at| from + at);
    newlines.find(|at| is_newline_in(bytes, *at, byte)).map(|at| at + 1)
}

/// Returns the length of the whole lines.
pub(super) fn whole_len(bytes: &[u8], byte: u64) -> usize {
    memrchr_iter(b'\n', bytes).find(|at| is_newline_in(bytes, *at, byte)).map_or(0, |at| at + 1)
}

/// Returns the number of newlines.
pub(super) fn count(bytes: &[u8], byte: u64) -> usize {
    let newlines = memchr_iter(b'\n', bytes);
    if memchr(0, bytes).is_none() {
        newlines.count()
    } else {
        newlines.filter(|at| is_newline_in(bytes, *at, byte)).count()
    }
}

fn is_newline_in(bytes: &[u8], at: usize, byte: u64) -> bool {
    let behind = bytes.get(at + 1..).unwrap_or_default();
    is_newline(bytes.get(..at).unwrap_or_default(), behind, byte + at as u64)
}

/// Returns whether a byte of the value 10 at the place `byte` is a newline. Before it stands `before`, of which the last
/// [`CONTEXT`] bytes matter; `behind` is what has come of the bytes behind it.
pub(super) fn is_newline(before: &[u8], behind: &[u8], byte: u64) -> bool {
    let near = before.get(before.len().saturating_sub(NEAR)..).unwrap_or_default();
    let next = behind.get(..NEAR);
    let is_hole = before.ends_with(&HOLE) || behind.starts_with(&HOLE);
    if is_hole || is_utf8(near) || next.is_some_and(is_utf8) {
        return true;
    }
    let is_even = byte.is_multiple_of(2);
    match (before.last() == Some(&0), behind.first() == Some(&0)) {
        (true, true) => true,
        (true, false) => !is_even,
        (false, true) => is_even,
        (false, false) => {
            let context = before.get(before.len().saturating_sub(CONTEXT)..).unwrap_or_default();
            let until_nul = memrchr(0, context).map(|at| &context[..=at]);
            until_nul.is_none_or(|until_nul| until_nul.ends_with(&HOLE))
        }
    }
}

/// Returns whether bytes are text in UTF-8 without NUL bytes; it may begin and end in the middle of a character.
fn is_utf8(bytes: &[u8]) -> bool {
    let begin = bytes.iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
    let text = str::from_utf8(bytes.get(begin..).unwrap_or_default());
    memchr(0, bytes).is_none() && text.err().is_none_or(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn every_line_has_one_newline() {
        let text = "{\"title\": \"上海上传\"}\n\"上\"\r\n\n上传失败，请稍后再试，上\n{\n  \"上\": \"end\"\n";
        let plain = text.as_bytes().to_vec();
        for bytes in [plain, utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes)] {
            let (mut at, mut lines) = (0, 0);
            while let Some(end) = line_end(&bytes, at, 0) {
                (at, lines) = (end, lines + 1);
            }
            assert_eq!((lines, count(&bytes, 0)), (text.lines().count(), text.lines().count()), "{bytes:x?}");
            assert!(bytes[at..].iter().all(|byte| *byte == 0), "{:x?}", &bytes[at..]);
            for end in 0..bytes.len() {
                let whole = whole_len(&bytes[..end], 0);
                assert_eq!(line_end(&bytes[..end], whole, 0), None, "{end}");
                assert!(whole == 0 || line_end(&bytes, whole - 1, 0) == Some(whole), "{end}");
            }
        }
    }

    #[test]
    fn a_newline_beside_a_hole_is_one() {
        for text in [
            b"text\n\0\0\0\0".as_slice(),
            b"tex\n\0\0",
            b"\0\0\0\0a line behind a hole\n",
            b"\n",
            b"\xce\xc4\xbc\xfe\n",
        ] {
            for byte in [0, 1] {
                assert_eq!(count(text, byte), 1, "{text:?}");
            }
        }
    }
}
