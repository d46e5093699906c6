//! Finding a saved read position again, in a file that may bear another name or be packed by now.

use crate::source::{
    file::access::{ReadFrom, SourceFile},
    file::follow::{
        anchor::{Anchor, TAIL},
        history::ReadFile,
        observation::Inode,
        open_file::OpenFile,
    },
    packing::Packing,
    saved_state::{SavedBytes, SavedFile, SavedSibling},
    sink::Place,
};
use std::io::{self, Read};

/// The number of a sibling's first bytes by which it is known again.
const HEAD: usize = 1024;

/// Returns the read position of an open file at a place where a record begins.
pub(super) fn save(open: &OpenFile, place: Place) -> io::Result<SavedFile> {
    let Place { resume, sent } = place;
    let anchor = if open.packed || resume.offset == open.anchor.offset() {
        open.anchor.clone()
    } else {
        Anchor::at(&*open.file, resume.offset)?
    };
    Ok(SavedFile {
        dev: open.id.dev,
        ino: open.id.ino,
        offset: anchor.offset(),
        line: resume.line,
        head: SavedBytes::of(anchor.head()),
        tail: SavedBytes::of(anchor.tail()),
        sent,
    })
}

/// Returns the anchor of a saved position in a file that holds the bytes that were read.
///
/// Only the same inode proves anything if little was read.
pub(super) fn find(
    saved: &SavedFile,
    file: &dyn SourceFile,
    id: Inode,
    packing: Option<Packing>,
) -> io::Result<Option<Anchor>> {
    let is_same = id.has_numbers(saved.dev, saved.ino);
    if saved.offset < TAIL as u64 && !is_same {
        return Ok(None);
    }
    match packing {
        // An archive that cannot be read to that place does not hold it.
        Some(packing) if !is_same => Ok(find_in_text(saved, packing.unpack(ReadFrom { file, at: 0 })).unwrap_or(None)),
        Some(_) | None => find_in_file(saved, file),
    }
}

fn find_in_file(saved: &SavedFile, file: &dyn SourceFile) -> io::Result<Option<Anchor>> {
    if file.stat()?.stamp.size < saved.offset {
        return Ok(None);
    }
    let part = |bytes: SavedBytes, at: u64| {
        let mut part = vec![0; usize::from(bytes.len)];
        file.read_exact_at(&mut part, at).map(|()| Some(part).filter(|part| bytes.are(part)))
    };
    let head = part(saved.head, 0)?;
    let tail = part(saved.tail, saved.offset.saturating_sub(saved.tail.len.into()))?;
    Ok(head.zip(tail).map(|(head, tail)| Anchor::of_parts(saved.offset, head, tail)))
}

fn find_in_text(saved: &SavedFile, mut text: impl Read) -> io::Result<Option<Anchor>> {
    let (mut head, mut tail) = (vec![0; saved.head.len.into()], vec![0; saved.tail.len.into()]);
    text.read_exact(&mut head)?;
    if !saved.head.are(&head) {
        return Ok(None);
    }
    // The tail may reach into the head.
    let begin = saved.offset.saturating_sub(saved.tail.len.into());
    let mut rest = io::Cursor::new(head.clone()).chain(text);
    let skipped = io::copy(&mut rest.by_ref().take(begin), &mut io::sink())?;
    rest.read_exact(&mut tail)?;
    let holds = skipped == begin && saved.tail.are(&tail);
    Ok(holds.then(|| Anchor::of_parts(saved.offset, head, tail)))
}

/// Returns the entry of a sibling.
pub(super) fn save_sibling(file: &dyn SourceFile) -> io::Result<SavedSibling> {
    let stat = file.stat()?;
    let Inode { dev, ino, .. } = stat.id;
    let mut head = Vec::new();
    ReadFrom { file, at: 0 }.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(SavedSibling { dev, ino, size: stat.stamp.size, head: SavedBytes::of(&head) })
}

/// Returns the entry of a file that was read to its end.
pub(super) fn save_read_file(file: &ReadFile) -> SavedSibling {
    let Inode { dev, ino, .. } = file.id;
    SavedSibling { dev, ino, size: file.anchor.offset(), head: SavedBytes::of(file.anchor.head()) }
}

/// Returns whether a file is a sibling that was seen, by another name or packed since.
pub(super) fn is_seen(
    seen: &[SavedSibling],
    file: &dyn SourceFile,
    id: Inode,
    packing: Option<Packing>,
) -> io::Result<bool> {
    for sibling in seen {
        let is_same = id.has_numbers(sibling.dev, sibling.ino);
        let mut head = Vec::new();
        if is_same || packing.is_none() {
            ReadFrom { file, at: 0 }.take(sibling.head.len.into()).read_to_end(&mut head)?;
            // A copy of a file of some size is the same file as well.
            let is_copy = sibling.size >= TAIL as u64 && file.stat()?.stamp.size == sibling.size;
            if (is_same || is_copy) && sibling.head.are(&head) {
                return Ok(true);
            }
        } else if let Some(packing) = packing {
            let mut text = packing.unpack(ReadFrom { file, at: 0 });
            let is_alike = text.by_ref().take(sibling.head.len.into()).read_to_end(&mut head).is_ok()
                && sibling.head.are(&head)
                && sibling.size >= TAIL as u64;
            if is_alike {
                let rest = io::copy(&mut text, &mut io::sink());
                if rest.is_ok_and(|rest| rest + head.len() as u64 == sibling.size) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}
