//! The assets with their pictures, to be handed on: what `list` prints, and for each picture where it is and which
//! file it became.
//!
//! JSON and JSONL add `pictures` to an asset; CSV has a row for each picture, and one for an asset without any. Fetching
//! and writing pictures is the caller's: it says what became of each in [`ExportedFiles`].

use super::{AssetRow, COLUMNS, PictureLine, Reveal, Seconds, Summary, write_csv, write_json, write_line};
use crate::{
    catalog::{Asset, AssetKey, Catalog, ListFormat},
    picture::{PictureKey, PictureRequest, file_names},
    text::Safe,
};
use serde::Serialize;
use std::{collections::HashMap, io};

/// What became of the pictures that were to be written; a picture that is not in it was not asked for.
pub type ExportedFiles = HashMap<PictureKey, ExportedFile>;

/// What became of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// The name of its file, where there is one.
    pub file: Option<String>,
    /// How it came to be.
    pub outcome: FileOutcome,
    /// Why it failed, or in what it is damaged.
    pub reason: Option<Safe>,
}

/// How a picture's file came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOutcome {
    /// Written now.
    Written,
    /// There already, and left as it was.
    Kept,
    /// Not had.
    Failed,
}

impl FileOutcome {
    /// The word in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// One picture to be written: what to ask for, and the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTask {
    /// What to ask for.
    pub request: PictureRequest,
    /// Its file's name; see [`file_name`].
    pub file: String,
}

/// Returns the pictures of an asset that are exported, in order.
pub fn export_tasks(asset: &Asset<'_>) -> Vec<ExportTask> {
    let requests = asset.requests();
    let files = file_names(&requests);
    requests.into_iter().zip(files).map(|(request, file)| ExportTask { request, file }).collect()
}

/// Writes the assets of `keys` in their order; as JSON with the summary of the whole catalog. A [`ListFormat::Table`] has no
/// room for pictures and is written as CSV.
pub fn export(
    out: &mut impl io::Write,
    catalog: &Catalog,
    keys: &[AssetKey],
    files: &ExportedFiles,
    format: ListFormat,
    reveal: Reveal,
) -> io::Result<()> {
    let assets = || keys.iter().filter_map(|key| catalog.asset(*key));
    let exported = |asset| Exported::new(catalog, asset, files, reveal);
    match format {
        ListFormat::Json => {
            out.write_all(b"{\"assets\":[")?;
            for (at, asset) in assets().enumerate() {
                out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
                write_json(out, &exported(asset))?;
            }
            out.write_all(b"\n],\"summary\":")?;
            write_json(out, &Summary::new(catalog))?;
            out.write_all(b"}\n")
        }
        ListFormat::Jsonl => assets().try_for_each(|asset| write_line(out, &exported(asset))),
        ListFormat::Csv | ListFormat::Table => {
            let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).chain(PICTURE_COLUMNS).collect();
            write_csv(out, &names, assets().flat_map(|asset| exported(asset).rows()))
        }
    }
}

/// The columns of CSV behind those of `list`.
const PICTURE_COLUMNS: [&str; 6] =
    ["picture.kind", "picture.offset", "picture.url", "picture.file", "picture.outcome", "picture.reason"];

#[derive(Serialize)]
struct Exported<'a> {
    #[serde(flatten)]
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

impl<'a> Exported<'a> {
    fn new(catalog: &'a Catalog, asset: Asset<'a>, files: &'a ExportedFiles, reveal: Reveal) -> Self {
        let picture = |request: &PictureRequest| {
            let became = files.get(&request.key);
            ExportedPicture {
                line: PictureLine::new(request, reveal),
                file: became.and_then(|became| became.file.as_deref()),
                outcome: became.map(|became| became.outcome.as_str()),
                reason: became.and_then(|became| became.reason.as_ref()).map(Safe::as_str),
            }
        };
        let requests = asset.requests();
        Self { row: AssetRow::new(catalog, asset, reveal), pictures: requests.iter().map(picture).collect() }
    }

    /// As CSV: the asset's cells before those of each picture.
    fn rows(&self) -> Vec<Vec<String>> {
        let asset = self.row.cells();
        let row = |cells: [String; 6]| asset.iter().cloned().chain(cells).collect();
        if self.pictures.is_empty() {
            return vec![row(Default::default())];
        }
        self.pictures.iter().map(|picture| row(picture.cells())).collect()
    }
}

impl ExportedPicture<'_> {
    fn cells(&self) -> [String; 6] {
        let Seconds(offset) = self.line.offset;
        [
            self.line.kind.to_owned(),
            offset.as_seconds().to_string(),
            Safe::new(&self.line.url).to_string(),
            self.file.unwrap_or_default().to_owned(),
            self.outcome.unwrap_or_default().to_owned(),
            self.reason.unwrap_or_default().to_owned(),
        ]
    }
}
