//! Files to write, and the results of writing them, as plain data.

use crate::{
    catalog::{AssetKey, ListFormat},
    picture::Picture,
    text::Safe,
};
use std::sync::Arc;

/// A file to write.
#[derive(Clone, Debug)]
pub struct WriteJob {
    /// The path as it was typed.
    pub path: String,
    /// The content.
    pub content: WriteContent,
    /// The treatment of an existing file.
    pub overwrite: Overwrite,
}

/// The content of a file.
#[derive(Clone, Debug)]
pub enum WriteContent {
    /// A JPEG as it was fetched.
    Picture(Arc<Picture>),
    /// A list of assets.
    Assets(Vec<AssetKey>, ListFormat),
}

/// The treatment of an existing file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It is kept.
    No,
    /// It is replaced.
    Yes,
}

/// The result of a [`WriteJob`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The file was written; this is its full path.
    Done(Safe),
    /// A file of that name exists and was kept.
    Exists,
    /// The file could not be written, for this reason.
    Failed(Safe),
}
