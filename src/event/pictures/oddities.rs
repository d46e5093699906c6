//! Counts of what is wrong in picture lists.

/// The number of pictures of an event with each kind of defect; the pictures are shown all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Pictures without a usable offset; they take the seconds in the name of their file, else 0.
    pub missing: u32,
    /// Pictures with a negative offset.
    pub negative: u32,
    /// Pictures whose offset lies before that of the picture before.
    pub unsorted: u32,
    /// Pictures whose kind and offset were there before.
    pub duplicate: u32,
    /// Pictures whose URL names another asset.
    pub foreign: u32,
}
