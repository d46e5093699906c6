//! Changes in the state of pictures.

use super::{Fit, Picture, PictureFailure, PictureKey, Prepared};
use std::sync::Arc;

/// A change in the state of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureUpdate {
    /// Its fetch has begun.
    Started(PictureKey),
    /// It was no longer wanted before it came.
    Dropped(PictureKey),
    /// It was fetched and decoded.
    Loaded(PictureKey, Arc<Picture>),
    /// It could not be fetched or decoded.
    Failed(PictureKey, PictureFailure),
    /// It is ready for one area.
    Prepared(PictureKey, Fit, Arc<Prepared>),
}
