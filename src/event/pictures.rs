//! Compact picture lists, for logs with millions of pictures.
//!
//! No picture has a string of its own: a list is a few arithmetic progressions, URLs are templates
//! (`prefix{id}middle{number}tail`), and equal lists share one allocation. A URL that follows no rule is a template
//! without a number; every URL comes out as it went in. A list keeps the log's order within a kind, so that a picture
//! is known by its kind and its index there.

pub(super) mod builder;
pub(super) mod continuity;
pub(super) mod list;
pub(super) mod oddities;
pub(super) mod progression;
pub(super) mod template;
