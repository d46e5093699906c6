//! Holes: ranges of a file that were never written, which read as NUL bytes and need not be read.

use crate::source::file::access::SourceFile;
use rustix::{fs::SeekFrom, io::Errno};
use std::fs::File;

/// Returns the first place from `from` on, and not behind `end`, that is not known to be a hole.
///
/// File systems that know no holes return `from`. The file's own position changes; all reads name their place.
pub(super) fn next_data(file: &File, from: u64, end: u64) -> u64 {
    if from >= end {
        return end;
    }
    match rustix::fs::seek(file, SeekFrom::Data(from)) {
        Ok(data) => data.clamp(from, end),
        Err(Errno::NXIO) => end,
        Err(_not_supported) => from,
    }
}

/// Returns the end of the data that stands at `from`, at most `end`.
pub(super) fn data_end(file: &File, from: u64, end: u64) -> u64 {
    rustix::fs::seek(file, SeekFrom::Hole(from)).map_or(end, |hole| hole.clamp(from, end))
}

/// Returns the numbers of the blocks before `end` in which lines may begin: those with data, and the first block of a
/// hole, since a line may begin where the hole does.
pub(super) fn blocks_with_data(file: &dyn SourceFile, end: u64, block: u64) -> Vec<u64> {
    let mut blocks: Vec<u64> = if end == 0 { Vec::new() } else { vec![0] };
    let mut at = file.next_data(0, end);
    while at < end {
        // Progress of at least a byte, whatever a file system answers.
        let data_end = file.data_end(at, end).max(at + 1);
        let first = (at / block).max(blocks.last().map_or(0, |last| last + 1));
        blocks.extend(first..=(data_end.min(end - 1) / block));
        at = file.next_data(data_end, end);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    const BLOCK: u64 = 1 << 20;

    #[test]
    fn a_hole_of_a_tebibyte_has_few_blocks() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 40).unwrap();
        if next_data(&file, 0, 1 << 40) == 0 {
            println!("the file system knows no holes: nothing to skip");
            return;
        }
        assert_eq!(blocks_with_data(&file, 1 << 40, BLOCK), [0]);
        file.write_all_at(b"a\n", 5 * BLOCK + 7).unwrap();
        file.write_all_at(b"b\n", (1 << 39) + BLOCK - 2).unwrap();
        let blocks = blocks_with_data(&file, 1 << 40, BLOCK);
        let (middle, far) = (5, (1 << 39) / BLOCK);
        assert_eq!(blocks, [0, middle, far, far + 1], "a line may begin where the hole behind the data does");
        assert_eq!(next_data(&file, 1 << 40, 1 << 40), 1 << 40);
    }

    #[test]
    fn a_file_without_holes_has_all_its_blocks() {
        let file = tempfile::tempfile().unwrap();
        let text = vec![b'x'; 3 << 20];
        file.write_all_at(&text, 0).unwrap();
        assert_eq!(blocks_with_data(&file, 3 << 20, BLOCK), [0, 1, 2]);
        assert_eq!(blocks_with_data(&file, 0, BLOCK), Vec::<u64>::new());
        assert_eq!(blocks_with_data(&file, 5, BLOCK), [0]);
    }
}
