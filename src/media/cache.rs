//! The cache of pictures on disk.
//!
//! An entry is a SHA-256 and the JPEG; the hash covers the entry's name too, so that entries cannot be exchanged. It is
//! written to a temporary file and renamed, and counts as absent if its hash does not match. Several instances may share
//! a directory; the least recently used entries are evicted first. What another user owns or may write is not used.
//! Invariant: an error of the disk never fails a picture. One notice says why the cache is no longer used or written.

use super::error::is_out_of_files;
use crate::{
    event::PictureUrl,
    picture::PictureRequest,
    regular_file::{self, SymbolicLink},
    text::Safe,
};
use aws_lc_rs::digest::{Digest, SHA256, digest};
use rustix::{fs::Access, process::geteuid};
use std::{
    fmt::Write as _,
    fs::{self, DirBuilder, DirEntry, Metadata, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, SystemTime},
};
use tokio::sync::watch;
use url::Url;

/// The capacity of the cache in bytes.
const CAPACITY: u64 = 256 << 20;

/// The bytes that may be written between two measurements of the directory. As many are kept free.
const MEASURE_INTERVAL: u64 = 16 << 20;

/// The subdirectory that holds the entries. Nothing outside it is read or removed.
const SUBDIRECTORY: &str = "pictures";

/// The prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".part-";

/// The age at which a temporary file was surely left behind by a crash.
const ABANDONED_AGE: Duration = Duration::from_hours(1);

/// The length of a SHA-256 in bytes.
const HASH_LEN: usize = 32;

/// Reads and writes entries; see the module.
pub(super) struct Cache {
    directory: PathBuf,
    capacity: u64,
    /// The bytes written since the directory was measured. The first write measures it.
    unmeasured: AtomicU64,
    /// Set after the first error of a write.
    disabled: AtomicBool,
    notice: watch::Sender<Option<Safe>>,
}

impl Cache {
    /// Creates a cache in `dir`, which need not exist. The first error of a write is sent through `notice`.
    pub(super) fn new(dir: &Path, notice: watch::Sender<Option<Safe>>) -> Self {
        let unmeasured = AtomicU64::new(MEASURE_INTERVAL);
        Self {
            directory: dir.join(SUBDIRECTORY),
            capacity: CAPACITY,
            unmeasured,
            disabled: AtomicBool::new(false),
            notice,
        }
    }

    /// Returns the cached body of a request, if there is an intact entry. Blocks.
    pub(super) fn get(&self, request: &PictureRequest, max_bytes: u64) -> Option<Vec<u8>> {
        if self.disabled.load(Ordering::Relaxed) {
            return None;
        }
        let name = entry_name(request);
        let path = self.directory.join(&name);
        let mut file = regular_file::open(&path, SymbolicLink::Refused).ok()?;
        if let Err(error) = check_owner(&self.directory, &fs::symlink_metadata(&self.directory).ok()?)
            .and_then(|()| check_owner(&path, &file.metadata()?))
        {
            self.disable("not used", &error);
            return None;
        }
        let len = file.metadata().ok()?.len();
        if len > max_bytes.saturating_add(HASH_LEN as u64) {
            return None;
        }
        let mut bytes = Vec::new();
        (&mut file).take(len).read_to_end(&mut bytes).ok()?;
        if bytes.len() <= HASH_LEN {
            return None;
        }
        let body = bytes.split_off(HASH_LEN);
        if entry_hash(&name, &body).as_ref() != bytes {
            // A damaged entry that cannot be removed is replaced by the next write.
            let _removed = fs::remove_file(&path);
            return None;
        }
        // The time of its last use. Fails on a read-only disk, where nothing is evicted either.
        let _touched = file.set_modified(SystemTime::now());
        Some(body)
    }

    /// Writes an entry. Blocks.
    pub(super) fn put(&self, request: &PictureRequest, body: &[u8]) {
        if self.disabled.load(Ordering::Relaxed) {
            return;
        }
        match self.try_put(&entry_name(request), body) {
            // Another instance has emptied the cache, or descriptors are short: the next picture may be written.
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_out_of_files(&error) => {
                self.unmeasured.store(MEASURE_INTERVAL, Ordering::Relaxed);
            }
            Err(error) => self.disable("no longer written", &error),
            Ok(()) => {}
        }
    }

    /// Stops using the cache, and says why the first time.
    fn disable(&self, how: &str, error: &io::Error) {
        if !self.disabled.swap(true, Ordering::Relaxed) {
            let text = format!("the picture cache is {how}: {}: {error}", self.directory.display());
            self.notice.send_replace(Some(Safe::from(text)));
        }
    }

    fn try_put(&self, name: &str, body: &[u8]) -> io::Result<()> {
        let len = (HASH_LEN + body.len()) as u64;
        if self.unmeasured.fetch_add(len, Ordering::Relaxed) + len > MEASURE_INTERVAL {
            self.unmeasured.store(len, Ordering::Relaxed);
            prepare_directory(&self.directory)?;
            evict(&self.directory, self.capacity)?;
        }
        // tempfile makes it readable by its owner only.
        let mut file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(&self.directory)?;
        file.write_all(entry_hash(name, body).as_ref())?;
        file.write_all(body)?;
        file.persist(self.directory.join(name))?;
        Ok(())
    }
}

/// Removes all entries of the cache in `dir` and returns the number of files and bytes that were removed. Other files
/// in `dir` stay.
pub fn clear_cache(dir: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    let directory = dir.join(SUBDIRECTORY);
    if fs::symlink_metadata(&directory).is_ok_and(|found| found.is_symlink()) {
        return Err(io::Error::other(format!("{} is a symbolic link; nothing was removed", directory.display())));
    }
    for file in entries(&directory)? {
        match fs::remove_file(&file.path) {
            Ok(()) => {
                files += 1;
                bytes += file.len;
            }
            // Another instance has evicted it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok((files, bytes))
}

/// Returns the reason why pictures would not be kept in `dir`; nothing is created.
///
/// # Errors
/// If another user owns the directory or may write it, if it is none, or if it can neither be written nor created.
pub fn check_cache(dir: &Path) -> io::Result<()> {
    let directory = dir.join(SUBDIRECTORY);
    match fs::symlink_metadata(&directory) {
        Ok(found) => check_directory(&directory, &found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let nearest = directory.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    rustix::fs::access(nearest, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| io::Error::other(format!("{}: {}", nearest.display(), io::Error::from(error))))
}

/// Fails unless it is a directory that nobody but its owner, who must be this user, may write.
fn check_directory(path: &Path, found: &Metadata) -> io::Result<()> {
    if found.is_dir() { check_owner(path, found) } else { Err(io::Error::other("it is not a directory")) }
}

/// Fails if another user owns a file or directory, or may write it.
fn check_owner(path: &Path, found: &Metadata) -> io::Result<()> {
    let refuse = |why: &str| Err(io::Error::other(format!("{} {why}", path.display())));
    if found.uid() != geteuid().as_raw() {
        refuse("belongs to another user")
    } else if found.mode() & 0o022 != 0 {
        refuse("may be written by other users: chmod go-w, or empty it")
    } else {
        Ok(())
    }
}

/// Creates the directory with access for its owner only.
fn prepare_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let found = fs::symlink_metadata(directory)?;
    check_directory(directory, &found)?;
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

struct CacheFile {
    path: PathBuf,
    len: u64,
    last_used: SystemTime,
    kind: FileKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Entry,
    Temporary,
}

/// Returns the files in the directory that the cache wrote, which their names tell.
fn entries(directory: &Path) -> io::Result<Vec<CacheFile>> {
    let found = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let file = |entry: DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let kind = match name.as_str() {
            name if name.len() == 2 * HASH_LEN && name.bytes().all(|byte| byte.is_ascii_hexdigit()) => FileKind::Entry,
            name if name.starts_with(TEMPORARY_PREFIX) => FileKind::Temporary,
            _ => return None,
        };
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(CacheFile { path: entry.path(), len: metadata.len(), last_used: metadata.modified().ok()?, kind })
    };
    // Another instance may remove a file at any time.
    Ok(found.flatten().filter_map(file).collect())
}

/// Removes abandoned temporary files, and the least recently used entries if the cache is nearly full.
fn evict(directory: &Path, capacity: u64) -> io::Result<()> {
    let mut files = entries(directory)?;
    files.sort_by_key(|file| file.last_used);
    let mut total: u64 = files.iter().map(|file| file.len).sum();
    let nearly_full = total + MEASURE_INTERVAL > capacity;
    for file in files {
        let remove = match file.kind {
            FileKind::Temporary => file.last_used.elapsed().is_ok_and(|age| age > ABANDONED_AGE),
            FileKind::Entry => nearly_full && total + 2 * MEASURE_INTERVAL > capacity,
        };
        if remove {
            match fs::remove_file(&file.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => total -= file.len,
            }
        }
    }
    Ok(())
}

/// Returns the name of an entry: a hash of what identifies the picture, without what a new signature changes.
fn entry_name(request: &PictureRequest) -> String {
    let millis = request.offset.as_millis();
    let text = format!("{}\0{}\0{millis}\0{}", request.asset, request.key.kind.as_str(), stable_url(&request.url));
    let mut name = String::with_capacity(2 * HASH_LEN);
    for byte in digest(&SHA256, text.as_bytes()).as_ref() {
        // Writing into a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Returns the hash of an entry, which covers its name.
fn entry_hash(name: &str, body: &[u8]) -> Digest {
    let mut hash = aws_lc_rs::digest::Context::new(&SHA256);
    hash.update(name.as_bytes());
    hash.update(body);
    hash.finish()
}

/// Query keys that belong to a signature: hotlink keys, OBS, S3 and similar services.
const SIGNATURE_KEYS: [&str; 12] = [
    "auth_key",
    "auth_info",
    "expires",
    "signature",
    "sign",
    "token",
    "access_token",
    "awsaccesskeyid",
    "accesskeyid",
    "x-security-token",
    "policy",
    "key-pair-id",
];

/// Returns the URL without user info, signature and fragment.
fn stable_url(url: &PictureUrl) -> String {
    let Ok(url) = Url::parse(url.reveal()) else { return url.reveal().to_owned() };
    let is_signature = |key: &str| {
        let key = key.to_ascii_lowercase();
        SIGNATURE_KEYS.contains(&key.as_str()) || key.starts_with("x-amz-") || key.starts_with("x-obs-")
    };
    let segments: Vec<&str> = url.path().split('/').collect();
    let asset = segments.iter().position(|segment| *segment == "asset").unwrap_or(0);
    // Hotlink keys of type B and C insert a digest and a time before `/asset/`.
    let is_key = |segment: &str| segment.len() >= 8 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    let path = segments.iter().enumerate().filter(|(at, segment)| *at >= asset || !is_key(segment));
    let path: Vec<&str> = path.map(|(_, segment)| *segment).collect();
    let pairs = url.query_pairs().filter(|(key, _)| !is_signature(key)).map(|(key, value)| format!("{key}={value}"));
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}://{host}:{port}{}?{}", url.scheme(), path.join("/"), pairs.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests;
