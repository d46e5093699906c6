//! The file of `--resume`: the point at which the last session over the same sources ended.
//!
//! Each set of sources has a file of its own below the user's state folder, which is replaced as a whole. A file that
//! cannot be used is reported and replaced at the end of the session. Of `MAX_FILES` the oldest are removed.

use super::files;
use crate::{
    app::{Filter, Overwrite, ResumePoint},
    event::Fingerprint,
    regular_file::{self, SymbolicLink},
    text::Safe,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

const VERSION: u32 = 1;
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 10;
/// The number of files that are kept.
const MAX_FILES: usize = 200;
/// The folder of the files, below the state folder.
const FOLDER: &str = "resume";

/// The file of a session.
#[derive(Clone, Debug)]
pub struct ResumeFile {
    path: PathBuf,
    sources: Vec<String>,
}

/// The content of a file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedPoint {
    version: u32,
    /// The sources, in the order of the arguments.
    sources: Vec<String>,
    point: ResumePoint,
}

/// The reason for which a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason of the system.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{} holds no saved session", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

impl ResumeFile {
    /// Returns the file for sources, below a state folder; `None` where none of them has a name that stays.
    pub fn new(state_folder: &Path, sources: &[PathBuf]) -> Option<Self> {
        if sources.is_empty() || sources.iter().any(|source| source.as_os_str() == "-") {
            return None;
        }
        let sources: Vec<String> = sources.iter().map(|source| absolute(source).display().to_string()).collect();
        let name = Fingerprint::of(sources.join("\n").as_bytes());
        Some(Self { path: state_folder.join(FOLDER).join(format!("{name:016x}.json")), sources })
    }

    /// Reads the point at which the last session ended; `None` if there was none.
    ///
    /// # Errors
    /// If there is something else than a file of this program.
    pub fn read(&self) -> Result<Option<ResumePoint>, ResumeError> {
        let text = match regular_file::read(&self.path, SymbolicLink::Refused, MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ResumeError::Io { path: self.path.clone(), source }),
        };
        let foreign = || ResumeError::Foreign { path: self.path.clone() };
        let saved: SavedPoint = serde_json::from_slice(&text).map_err(|_broken| foreign())?;
        if saved.version != VERSION || Filter::parse(&saved.point.filter).is_err() {
            return Err(foreign());
        }
        // Two sets of sources may have one hash.
        Ok((saved.sources == self.sources).then_some(saved.point))
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// If it cannot be written, or its name belongs to something that is no regular file.
    pub fn write(&self, point: ResumePoint) -> Result<(), ResumeError> {
        let saved = SavedPoint { version: VERSION, sources: self.sources.clone(), point };
        self.replace(&saved).map_err(|source| ResumeError::Io { path: self.path.clone(), source })
    }

    fn replace(&self, saved: &SavedPoint) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let content = |out: &mut io::BufWriter<&mut File>| {
            serde_json::to_writer(&mut *out, saved)?;
            out.write_all(b"\n")
        };
        files::write(&self.path, Overwrite::Yes, content).map_err(io::Error::other)?;
        remove_oldest(folder);
        Ok(())
    }
}

/// Returns the absolute path of a source; one on another host is left as it is.
fn absolute(source: &Path) -> PathBuf {
    let is_local = source.is_absolute() || !source.as_os_str().as_encoded_bytes().contains(&b':');
    let absolute = is_local.then(|| std::path::absolute(source).ok()).flatten();
    absolute.unwrap_or_else(|| source.to_owned())
}

/// Removes the files beyond [`MAX_FILES`] that were written longest ago. What cannot be removed stays.
fn remove_oldest(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let saved = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let paths = entries.flatten().map(|entry| entry.path()).filter(saved);
    let written = |path: PathBuf| Some((fs::symlink_metadata(&path).ok()?.modified().ok()?, path));
    let mut files: Vec<_> = paths.filter_map(written).collect();
    files.sort();
    for (_, path) in files.iter().take(files.len().saturating_sub(MAX_FILES)) {
        drop(fs::remove_file(path));
    }
}

/// Returns what the operator is told of a file that is not used.
pub fn refusal(error: &ResumeError) -> Safe {
    Safe::new(&format!("the last session is not resumed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    fn file(folder: &Path, source: &str) -> ResumeFile {
        ResumeFile::new(folder, &[source.into()]).unwrap()
    }

    fn point(filter: &str) -> ResumePoint {
        ResumePoint { filter: filter.to_owned(), asset: Some("c0ffee".to_owned()), ..ResumePoint::default() }
    }

    #[test]
    fn a_point_comes_back_for_the_same_sources_only() {
        let folder = tempfile::tempdir().unwrap();
        let one = file(folder.path(), "/var/log/vod.log");
        assert_eq!(one.read().unwrap(), None);
        one.write(point("status:failed")).unwrap();
        one.write(point("status:succeed")).unwrap();
        assert_eq!(one.read().unwrap(), Some(point("status:succeed")));
        assert_eq!(file(folder.path(), "/var/log/other.log").read().unwrap(), None);
        let both = ["/var/log/vod.log", "-"].map(PathBuf::from);
        assert!(ResumeFile::new(folder.path(), &both).is_none(), "stdin is another one each time");
        assert_eq!(fs::read_dir(one.path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let one = file(folder.path(), "/vod.log");
        let said = || one.read().map(drop).unwrap_err().to_string();
        fs::create_dir_all(one.path.parent().unwrap()).unwrap();
        for broken in ["", "{", "[]", r#"{"version":2,"sources":[],"point":{"filter":"","order":{"by":"time"}}}"#] {
            fs::write(&one.path, broken).unwrap();
            assert!(said().ends_with("holds no saved session"), "{broken}: {}", said());
        }
        one.write(point("a")).unwrap();
        let text = fs::read_to_string(&one.path).unwrap();
        fs::write(&one.path, text.replace("\"a\"", "\"since:soon\"")).unwrap();
        assert!(said().ends_with("holds no saved session"), "{}", said());
        fs::write(&one.path, " ".repeat(100_000)).unwrap();
        assert!(said().ends_with("it is too long"), "{}", said());
        fs::remove_file(&one.path).unwrap();
        mknodat(CWD, &one.path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(said().ends_with("it is a FIFO"), "{}", said());
        assert!(one.write(point("a")).is_err(), "a FIFO is not replaced");
    }

    #[test]
    fn only_so_many_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..MAX_FILES + 5 {
            file(folder.path(), &format!("/{n}.log")).write(point("")).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), MAX_FILES);
    }
}
