//! Printed results: assets, summaries, findings of a check, and events as they come.
//!
//! The columns of an asset are defined once, in `asset`, and the counts of a summary once, in `summary`; JSON, CSV and
//! the table are written from those. JSON carries the original text with every control character as a `\u` escape; CSV
//! and the table carry it as [`Safe`](crate::text::Safe). Secrets in URLs are hidden unless
//! [`Reveal::Show`](crate::event::Reveal::Show). The caller filters and orders.

mod asset;
mod check;
mod checked;
mod csv;
mod event;
mod export;
mod fitted;
mod json;
mod junit;
mod list;
mod order;
mod summary;
mod table;
mod value;

pub use check::{CheckFormat, check};
pub use checked::{CheckReport, CheckedAsset, CheckedFinding};
pub use event::event_line;
pub use export::{ExportTask, ExportedFile, ExportedFiles, FileOutcome, export, export_tasks};
pub use fitted::{TableLayout, fitted_table};
pub use list::{list, summary};
pub use order::{location, newest_first};
