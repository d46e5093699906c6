//! A vector whose elements keep their indices while others are removed.
//!
//! Elements lie in chunks. The memory of a chunk is freed once all its elements are removed, so a catalog of which the
//! oldest assets are dropped stays as large as what it keeps.

use std::ops::{Index, IndexMut};

/// The elements of a chunk.
const CHUNK: usize = 1024;

/// A vector in chunks.
#[derive(Clone, Debug)]
pub(super) struct ChunkedVec<T> {
    chunks: Vec<EventChunk<T>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct EventChunk<T> {
    /// Empty once the chunk was freed.
    items: Vec<T>,
    /// The number of elements that were removed.
    removed: usize,
}

impl<T> Default for ChunkedVec<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T> ChunkedVec<T> {
    /// The number of elements, with those that were removed.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an element at the end.
    pub(super) fn push(&mut self, item: T) {
        if self.len.is_multiple_of(CHUNK) {
            // Another chunk will most likely be full; the first one grows, for the many catalogs that are small.
            let capacity = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(EventChunk { items: Vec::with_capacity(capacity), removed: 0 });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.items.push(item);
        }
        self.len += 1;
    }

    /// Removes an element, which must not be asked for or removed again.
    pub(super) fn remove(&mut self, index: usize) {
        let chunk = &mut self.chunks[index / CHUNK];
        chunk.removed += 1;
        if chunk.removed == CHUNK {
            chunk.items = Vec::new();
        }
    }

    /// The elements with their indices. One that was removed may be among them while its chunk is not freed.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let chunks = self.chunks.iter().enumerate();
        chunks
            .flat_map(|(at, chunk)| chunk.items.iter().enumerate().map(move |(item, value)| (at * CHUNK + item, value)))
    }

    /// The elements. One that was removed may be among them while its chunk is not freed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flat_map(|chunk| &mut chunk.items)
    }

    /// An element; `None` past the end and in a chunk that was freed.
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.items.get(index % CHUNK)
    }
}

impl<T> Index<usize> for ChunkedVec<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK].items[index % CHUNK]
    }
}

impl<T> IndexMut<usize> for ChunkedVec<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.chunks[index / CHUNK].items[index % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_freed_when_all_of_it_is_removed() {
        let mut items = ChunkedVec::default();
        (0..CHUNK * 3).for_each(|item| items.push(item));
        (0..CHUNK * 2 - 1).for_each(|index| items.remove(index));
        assert_eq!(
            (items.len(), items.get(0), items[CHUNK * 2 - 1], items[CHUNK * 2]),
            (CHUNK * 3, None, CHUNK * 2 - 1, CHUNK * 2)
        );
        assert_eq!(items.iter().map(|(index, _)| index).next(), Some(CHUNK));
        items.remove(CHUNK * 2 - 1);
        assert_eq!(items.iter().count(), CHUNK);
        assert!(items.iter().all(|(index, item)| index == *item));
    }
}
