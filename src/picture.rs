//! Pictures as plain data, between the network and the terminal.
//!
//! A [`PictureRequest`] goes to `media`, a [`Picture`] comes back; with a [`Fit`] it goes to `graphics`, which makes it
//! [`Prepared`] for one area and one protocol; `ui` decides where it is drawn ([`Placement`]). Nothing here does IO, and
//! every answer carries the key of its request, so that a late one is merely cached.

mod budget;
mod canvas;
mod colour;
mod decoded;
mod excerpt;
mod failure;
mod fetch_mode;
mod key;
mod name;
mod prepared;
mod size;
mod update;

pub use budget::{Budget, Link, Quality};
pub use canvas::{Canvas, DrawingChoice, Multiplexer, Protocol, Symbols};
pub use colour::{ColourDepth, xterm_colour, xterm_index};
pub use decoded::{FetchInfo, Picture, PixelFormat, luma};
pub use excerpt::{Excerpt, PictureDifference, PixelRect};
pub use failure::{FailureKind, PictureDamage, PictureFailure};
pub use fetch_mode::FetchMode;
pub use key::{EventKey, PictureKey, PictureRequest};
pub use name::file_names;
pub use prepared::{BlockCell, BlockGrid, Fit, Placement, Prepared};
pub use size::{CellSize, PixelSize, fit};
pub use update::PictureUpdate;
