//! The files of this machine.

use crate::source::{
    error::reason,
    file::{
        access::{FileSystem, OpenedFile, SourceFile},
        follow::{
            observation::{FileStamp, FileStat, Inode, Observation},
            writers::{self, Writers},
        },
        holes,
    },
};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The file systems of this machine.
#[derive(Clone, Copy, Debug)]
pub struct LocalFiles;

impl FileSystem for LocalFiles {
    fn observe(&self, path: &Path) -> io::Result<Observation> {
        Ok(match fs::metadata(path) {
            Ok(metadata) => Observation::of(&FileStat::of(&metadata)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Observation::Absent
            }
            Err(error) => Observation::Unreachable(reason(&error)),
        })
    }

    fn open(&self, path: &Path, _reads: &[(u64, usize)]) -> io::Result<OpenedFile> {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
        let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let stat = FileStat::of(&file.metadata()?);
        Ok(OpenedFile { file: Arc::new(file), stat, resolved: self.resolve(path)? })
    }

    fn is_link(&self, path: &Path) -> io::Result<bool> {
        Ok(path.is_symlink())
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    fn folder_stamp(&self, folder: &Path) -> io::Result<Option<FileStamp>> {
        Ok(folder.metadata().ok().map(|metadata| FileStamp::of(&metadata)))
    }

    fn beginning_with(&self, folder: &Path, name: &OsStr) -> io::Result<Vec<(PathBuf, FileStat)>> {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let begin = name.as_encoded_bytes();
        let named = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(begin));
        let files = named.filter_map(|entry| Some((entry.path(), FileStat::of(&entry.metadata().ok()?))));
        Ok(files.filter(|(_, stat)| stat.is_file()).collect())
    }

    fn has_passed(&self, time: (i64, i64), age: Duration) -> bool {
        let (seconds, nanos) = time;
        let since = Duration::new(u64::try_from(seconds).unwrap_or_default(), u32::try_from(nanos).unwrap_or_default());
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + since).map_or(true, |passed| passed > age)
    }

    fn writers_of(&self, id: Inode) -> Writers {
        writers::writers_of(id)
    }
}

impl SourceFile for File {
    fn stat(&self) -> io::Result<FileStat> {
        self.metadata().map(|metadata| FileStat::of(&metadata))
    }

    fn read_at(&self, out: &mut [u8], from: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, out, from)
    }

    fn next_data(&self, from: u64, end: u64) -> u64 {
        holes::next_data(self, from, end)
    }

    fn data_end(&self, from: u64, end: u64) -> u64 {
        holes::data_end(self, from, end)
    }
}
