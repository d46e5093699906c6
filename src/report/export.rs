//! Assets with their pictures, to be handed on: the columns of a list, and for each picture its URL and its file.
//!
//! JSON and JSONL add `pictures` to an asset; CSV has a row for each picture, and one for an asset without pictures. The
//! caller fetches and writes the pictures, and passes their outcomes as [`ExportedFiles`].

use super::{
    asset::{AssetRow, COLUMNS},
    csv,
    event::PictureLine,
    json,
    summary::Summary,
};
use crate::{
    catalog::{Asset, AssetKey, Catalog, ListFormat},
    event::Reveal,
    picture::{PictureKey, PictureRequest, file_names},
    text::Safe,
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use std::{collections::HashMap, io};

/// The outcome of each picture that was to be written.
pub type ExportedFiles = HashMap<PictureKey, ExportedFile>;

/// The outcome of a picture that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// The name of the file, where there is one.
    pub file: Option<String>,
    /// The outcome.
    pub outcome: FileOutcome,
    /// The reason of a failure, or the damage of a written picture.
    pub reason: Option<Safe>,
}

/// The outcome of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOutcome {
    /// It was written.
    Written,
    /// It existed and was left as it was.
    Kept,
    /// The picture could not be fetched or written.
    Failed,
}

impl FileOutcome {
    /// Returns the word in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// A picture to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTask {
    /// The picture.
    pub request: PictureRequest,
    /// The name of its file, by [`file_names`].
    pub file: String,
}

/// Returns the pictures of an asset that are exported, in order.
pub fn export_tasks(asset: &Asset<'_>) -> Vec<ExportTask> {
    let requests = asset.requests();
    let files = file_names(&requests);
    requests.into_iter().zip(files).map(|(request, file)| ExportTask { request, file }).collect()
}

/// Writes the assets of `keys` in their order; as JSON with the summary. A [`ListFormat::Table`] has no place for
/// pictures and is written as CSV.
pub fn export(
    out: &mut impl io::Write,
    catalog: &Catalog,
    keys: &[AssetKey],
    files: &ExportedFiles,
    format: ListFormat,
    reveal: Reveal,
) -> io::Result<()> {
    let row = |asset| ExportRow::new(AssetRow { catalog, asset, reveal }, files);
    let rows = keys.iter().filter_map(|key| catalog.asset(*key)).map(row);
    match format {
        ListFormat::Json => json::write_list(out, rows, &Summary::new(catalog, keys)),
        ListFormat::Jsonl => rows.into_iter().try_for_each(|row| json::write_line(out, &row)),
        ListFormat::Csv | ListFormat::Table => {
            let header: Vec<&str> = COLUMNS.iter().map(|column| column.name).chain(PICTURE_COLUMNS).collect();
            csv::write(out, &header, rows.flat_map(|row| row.csv_rows()))
        }
    }
}

/// The columns of CSV after those of a list.
const PICTURE_COLUMNS: [&str; 6] =
    ["picture.kind", "picture.offset", "picture.url", "picture.file", "picture.outcome", "picture.reason"];

/// An asset with its pictures.
struct ExportRow<'a> {
    row: AssetRow<'a>,
    pictures: Vec<ExportedPicture<'a>>,
}

#[derive(Serialize)]
struct ExportedPicture<'a> {
    #[serde(flatten)]
    line: PictureLine,
    file: Option<&'a str>,
    outcome: Option<&'static str>,
    reason: Option<&'a str>,
}

impl<'a> ExportRow<'a> {
    fn new(row: AssetRow<'a>, files: &'a ExportedFiles) -> Self {
        let picture = |request: &PictureRequest| {
            let exported = files.get(&request.key);
            ExportedPicture {
                line: PictureLine::new(request.key.kind, request.offset, &request.url, row.reveal),
                file: exported.and_then(|exported| exported.file.as_deref()),
                outcome: exported.map(|exported| exported.outcome.as_str()),
                reason: exported.and_then(|exported| exported.reason.as_ref()).map(Safe::as_str),
            }
        };
        Self { row, pictures: row.asset.requests().iter().map(picture).collect() }
    }

    /// Returns the rows of CSV: the asset's cells before those of each picture.
    fn csv_rows(&self) -> Vec<Vec<String>> {
        let asset = self.row.cells();
        let row = |cells: [String; PICTURE_COLUMNS.len()]| asset.iter().cloned().chain(cells).collect();
        if self.pictures.is_empty() {
            return vec![row(Default::default())];
        }
        self.pictures.iter().map(|picture| row(picture.cells())).collect()
    }
}

impl Serialize for ExportRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.row.serialize_into(&mut map)?;
        map.serialize_entry("pictures", &self.pictures)?;
        map.end()
    }
}

impl ExportedPicture<'_> {
    fn cells(&self) -> [String; PICTURE_COLUMNS.len()] {
        [
            self.line.kind.to_owned(),
            self.line.offset.to_cell(),
            Safe::new(&self.line.url).to_string(),
            self.file.unwrap_or_default().to_owned(),
            self.outcome.unwrap_or_default().to_owned(),
            self.reason.unwrap_or_default().to_owned(),
        ]
    }
}
