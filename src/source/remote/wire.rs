//! Requests and answers as they go over the wire.
//!
//! Pure. A request is a line. An answer is any bytes, ended by a newline, a mark that nobody else knows, and an exit
//! code; so what a log, a greeting or a shell's start files print cannot be taken for it.

use crate::source::file::follow::observation::{FileStamp, FileStat, Inode, NodeKind};
use memchr::memmem::Finder;
use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

/// The most bytes of one answer.
pub(super) const ANSWER_MAX: usize = 64 << 20;

/// A question to the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// Stat of a name, through links.
    Stat(&'a Path),
    /// Opens a file at a descriptor; answers with its stat.
    Open(u8, &'a Path),
    /// Stat of a descriptor.
    StatOpen(u8),
    /// Bytes of a descriptor.
    Read(u8, ByteBlocks, Transfer),
    /// Closes a descriptor.
    Close(u8),
    /// The files of a folder whose names begin so.
    List(&'a Path, &'a OsStr),
    /// The regular files of a folder that are not hidden.
    Folder(&'a Path),
    /// The regular files that match a pattern.
    Glob(&'a Path),
    /// The path without symbolic links, and whether it is one itself.
    Resolve(&'a Path),
}

/// The form in which bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    Plain,
    /// Packed by gzip.
    Packed,
}

/// A range of whole blocks, as dd reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteBlocks {
    size: u64,
    first: u64,
    count: u64,
}

impl ByteBlocks {
    /// Returns the blocks that hold these bytes: small ones for few bytes.
    pub(super) fn around(from: u64, len: u64) -> Self {
        let size = if len > 64 << 10 { 64 << 10 } else { 4096 };
        let first = from / size;
        Self { size, first, count: (from + len).div_ceil(size).max(first + 1) - first }
    }

    /// Returns the first byte.
    pub(super) fn begin(self) -> u64 {
        self.first * self.size
    }
}

impl Request<'_> {
    /// Returns the line of the request.
    pub(super) fn line(&self) -> String {
        let path = |path: &Path| encoded(path.as_os_str());
        match self {
            Self::Stat(name) => format!("S 0 0 0 {}\n", path(name)),
            Self::Open(slot, name) => format!("O {slot} 0 0 {}\n", path(name)),
            Self::StatOpen(slot) => format!("F {slot}\n"),
            Self::Read(slot, ByteBlocks { size, first, count }, Transfer::Plain) => {
                format!("R {slot} {size}:{first} {count}\n")
            }
            Self::Read(slot, ByteBlocks { size, first, count }, Transfer::Packed) => {
                format!("Z {slot} {size}:{first} {count}\n")
            }
            Self::Close(slot) => format!("C {slot}\n"),
            Self::List(folder, begin) => format!("L 0 0 0 {} {}\n", path(folder), encoded(begin)),
            Self::Folder(folder) => format!("D 0 0 0 {}\n", path(folder)),
            Self::Glob(pattern) => format!("G 0 0 0 {}\n", path(pattern)),
            Self::Resolve(name) => format!("P 0 0 0 {}\n", path(name)),
        }
    }
}

/// Writes a name as `printf %b` reads it back, without blanks.
fn encoded(name: &OsStr) -> String {
    let mut text = String::new();
    for byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-*?[]".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str("\\0");
            text.extend([byte >> 6, byte >> 3 & 7, byte & 7].map(|digit| char::from(b'0' + digit)));
        }
    }
    text
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) body: Vec<u8>,
}

/// Finds the answers in what the other end sends.
#[derive(Debug)]
pub(super) struct AnswerReader {
    end: Finder<'static>,
    received: Vec<u8>,
    /// The number of bytes that were searched.
    searched: usize,
}

impl AnswerReader {
    pub(super) fn new(mark: &str) -> Self {
        let end = Finder::new(format!("\n{mark} ").as_bytes()).into_owned();
        Self { end, received: Vec::new(), searched: 0 }
    }

    /// Takes what was received.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// Returns what was received and is no answer yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.received
    }

    /// Returns the next answer, if it is whole.
    pub(super) fn next(&mut self) -> Option<Answer> {
        let len = self.end.needle().len();
        let Some(found) = self.end.find(self.received.get(self.searched..)?).map(|at| self.searched + at) else {
            self.searched = self.received.len().saturating_sub(len);
            return None;
        };
        self.searched = found;
        let code = self.received.get(found + len..)?;
        let newline = memchr::memchr(b'\n', code)?;
        let text = str::from_utf8(code.get(..newline)?).unwrap_or_default();
        let code = text.trim().parse().unwrap_or(-1);
        let behind = self.received.split_off(found + len + newline + 1);
        let mut body = std::mem::replace(&mut self.received, behind);
        body.truncate(found);
        self.searched = 0;
        Some(Answer { code, body })
    }
}

/// The first answer: what the other end can do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Greeting {
    /// Its clock, in seconds since 1970.
    pub(super) now: f64,
    /// Set where gzip is there.
    pub(super) can_pack: bool,
    /// Set where its times have parts of a second.
    pub(super) has_fractions: bool,
}

impl Greeting {
    /// Reads a greeting; what stands before it, such as a message of the day, is passed over.
    pub(super) fn parse(answer: &Answer) -> Option<Self> {
        let line = answer.body.rsplit(|byte| *byte == b'\n').next()?;
        let at = memchr::memmem::rfind(line, b"thumbview ")?;
        let mut words = str::from_utf8(line.get(at..)?).ok()?.split(' ').skip(1);
        let (now, _open, pack) = (words.next()?, words.next()?, words.next()?);
        Some(Self { now: now.parse().ok()?, can_pack: pack == "gzip", has_fractions: now.contains('.') })
    }
}

/// Reads what `stat` printed: device, inode, size, the times of the last write and change, links, mode, birth.
pub(super) fn parse_stat(text: &[u8]) -> Option<FileStat> {
    let text = str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let mut next = || words.next();
    let (dev, ino, size) = (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
    let (modified, changed) = (time(next()?)?, time(next()?)?);
    let (links, mode) = (next()?.parse().ok()?, u32::from_str_radix(next()?, 16).ok()?);
    let born = next().and_then(time).filter(|(second, _)| *second > 0);
    let kind = match mode & 0o170_000 {
        0o100_000 => NodeKind::File,
        0o040_000 => NodeKind::Directory,
        0o010_000 => NodeKind::Fifo,
        0o140_000 => NodeKind::Socket,
        _ => NodeKind::Device,
    };
    Some(FileStat { id: Inode { dev, ino, born }, stamp: FileStamp { size, modified, changed }, kind, links })
}

/// Reads seconds with or without a fraction.
fn time(word: &str) -> Option<(i64, i64)> {
    let (seconds, fraction) = word.split_once('.').unwrap_or((word, "0"));
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some((seconds.parse().ok()?, nanos.parse().ok()?))
}

/// Reads the files of a folder: their stats and names.
pub(super) fn parse_list(folder: &Path, body: &[u8]) -> Vec<(PathBuf, FileStat)> {
    let mut files = Vec::new();
    let mut rest = body;
    // No name has a slash in it, though it may have a newline.
    while let Some(begin) = memchr::memmem::find(rest, b" ./") {
        let Some(name) = rest.get(begin + 3..) else { break };
        let Some(end) = memchr::memchr(b'/', name) else { break };
        let stat = rest.get(..begin).and_then(parse_stat);
        if let (Some(stat), Some(name)) = (stat.filter(FileStat::is_file), name.get(..end)) {
            files.push((folder.join(OsStr::from_bytes(name)), stat));
        }
        rest = name.get(end + 1..).unwrap_or_default();
    }
    files
}

/// Reads names that end with a NUL byte; those of a folder have a slash before it.
pub(super) fn parse_names(body: &[u8]) -> Vec<OsString> {
    let names = body.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| OsString::from_vec(name.strip_suffix(b"/").unwrap_or(name).to_vec())).collect()
}

/// Reads a path without links, and whether it is one.
pub(super) fn parse_resolved(body: &[u8]) -> Option<(bool, PathBuf)> {
    let (word, path) = body.split_at_checked(5)?;
    let path = path.strip_suffix(b"\n").unwrap_or(path);
    (!path.is_empty()).then(|| (word == b"link ", PathBuf::from(OsString::from_vec(path.to_vec()))))
}

/// Returns the reason in what a shell or a tool said: the words behind the last colon, in lower case.
pub(super) fn reason_in(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    line.rsplit(": ").next().unwrap_or(line).trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_over_the_wire_in_one_word() {
        let request = |name: &[u8]| Request::Stat(Path::new(OsStr::from_bytes(name))).line();
        assert_eq!(request(b"/var/log/vod-1.log"), "S 0 0 0 /var/log/vod-1.log\n");
        assert_eq!(request(b"/a b\n\xff'\\"), "S 0 0 0 /a\\0040b\\0012\\0377\\0047\\0134\n");
    }

    #[test]
    fn answers_end_with_the_mark_however_they_are_cut() {
        let text = b"Welcome!\nmotd\n\nthumbview 12.5 fd gzip\nMARK 0\nbinary \n MARK\n\nMARK 3\n\nMARK 0\nrest";
        for size in [1, 2, 7, 100] {
            let mut reader = AnswerReader::new("MARK");
            let mut answers = Vec::new();
            for chunk in text.chunks(size) {
                reader.push(chunk);
                while let Some(answer) = reader.next() {
                    answers.push(answer);
                }
            }
            let greeting = Greeting::parse(&answers[0]).unwrap();
            assert_eq!(greeting, Greeting { now: 12.5, can_pack: true, has_fractions: true });
            assert_eq!(answers[1], Answer { code: 3, body: b"binary \n MARK\n".to_vec() });
            assert_eq!(answers[2], Answer { code: 0, body: Vec::new() });
            assert_eq!((answers.len(), reader.rest()), (3, &b"rest"[..]));
        }
    }

    #[test]
    fn stats_of_each_kind_of_stat_are_read() {
        let file = |ns| FileStat {
            id: Inode { dev: 65024, ino: 12, born: None },
            stamp: FileStamp { size: 1267, modified: (1_795_770_971, ns), changed: (1_795_770_972, 0) },
            kind: NodeKind::File,
            links: 1,
        };
        let gnu = b"65024 12 1267 1795770971.658470827 1795770972.000000000 1 81a4 0.000000000\n";
        assert_eq!(parse_stat(gnu), Some(file(658_470_827)));
        assert_eq!(parse_stat(b"65024 12 1267 1795770971 1795770972 1 81a4 0"), Some(file(0)));
        assert_eq!(parse_stat(b"stat: cannot statx '/nope': No such file or directory"), None);
        let list =
            b"1 2 3 4 5 1 81a4 0 ./vod.log.1/\n1 3 3 4 5 1 81a4 0 ./vod.log.\n2/\n1 4 3 4 5 1 a1ff 0 ./vod.log.link/\n";
        let names: Vec<PathBuf> = parse_list(Path::new("/d"), list).into_iter().map(|(path, _)| path).collect();
        assert_eq!(names, [PathBuf::from("/d/vod.log.1"), PathBuf::from("/d/vod.log.\n2")], "links are left out");
    }

    #[test]
    fn blocks_hold_the_bytes() {
        let cases =
            [((0, 1024), (0, 1)), ((4095, 2), (0, 2)), ((5000, 100), (4096, 1)), ((1 << 20, 1 << 20), (1 << 20, 16))];
        for ((from, len), (begin, count)) in cases {
            let blocks = ByteBlocks::around(from, len);
            assert_eq!((blocks.begin(), blocks.count), (begin, count), "{from} {len}");
        }
    }

    #[test]
    fn the_reason_stands_behind_the_last_colon() {
        assert_eq!(reason_in(b"dash: 1: cannot open /x: Permission denied\n1 2 3"), "permission denied");
        assert_eq!(reason_in(b""), "no reason given");
    }
}
