//! The cache of pictures on disk.
//!
//! An entry is a SHA-256 followed by the JPEG that it covers. It is written to a temporary file and renamed, and counts
//! as absent if its hash does not match. Several instances may share a directory; the least recently used entries are
//! evicted first. Invariant: an error of the disk never fails a picture. After the first error of a write nothing more
//! is written, and one notice says why.

use crate::{event::PictureUrl, picture::PictureRequest, text::Safe};
use aws_lc_rs::digest::{SHA256, digest};
use rustix::{fs::OFlags, process::geteuid};
use std::{
    fmt::Write as _,
    fs::{self, DirBuilder, DirEntry, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
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
        let path = self.directory.join(entry_name(request));
        let mut file = open_entry(&path).ok()?;
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
        if digest(&SHA256, &body).as_ref() != bytes {
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
        if let Err(error) = self.try_put(&entry_name(request), body)
            && !self.disabled.swap(true, Ordering::Relaxed)
        {
            let text = format!("pictures are no longer cached: {}: {error}", self.directory.display());
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
        file.write_all(digest(&SHA256, body).as_ref())?;
        file.write_all(body)?;
        file.persist(self.directory.join(name))?;
        Ok(())
    }
}

/// Removes all entries of the cache in `dir` and returns the number of files and bytes that were removed. Other files
/// in `dir` stay.
pub fn clear_cache(dir: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for file in entries(&dir.join(SUBDIRECTORY))? {
        fs::remove_file(&file.path)?;
        files += 1;
        bytes += file.len;
    }
    Ok((files, bytes))
}

/// Opens a regular file without following a symbolic link.
fn open_entry(path: &Path) -> io::Result<File> {
    let no_follow = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(no_follow).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Creates the directory with access for its owner only.
fn prepare_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let found = fs::symlink_metadata(directory)?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        return Err(io::Error::other("is not a directory of this user"));
    }
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
mod tests {
    use super::*;
    use crate::{
        event::{AssetId, Offset, PictureKind},
        picture::{EventKey, PictureKey},
    };

    fn request(index: u32) -> PictureRequest {
        PictureRequest {
            key: PictureKey { event: EventKey(index), kind: PictureKind::Sample, index },
            asset: AssetId::new("a").unwrap(),
            offset: Offset::from_millis(i64::from(index)),
            url: PictureUrl::new("https://h/asset/a/0.jpg?auth_key=SECRET"),
        }
    }

    fn cache(dir: &Path) -> (Cache, watch::Receiver<Option<Safe>>) {
        let (notice, seen) = watch::channel(None);
        (Cache::new(dir, notice), seen)
    }

    fn files(dir: &Path) -> Vec<CacheFile> {
        entries(&dir.join(SUBDIRECTORY)).unwrap()
    }

    #[test]
    fn signatures_do_not_change_the_entry() {
        let digest = "0123456789abcdef0123456789abcdef";
        let check = |url: &str, expected: &str| assert_eq!(stable_url(&PictureUrl::new(url)), expected);
        let plain = "https://h:443/asset/x/0.jpg?";
        check("https://h/asset/x/0.jpg", plain);
        check("https://H:443/asset/x/0.jpg?auth_key=1-2-3-4#x", plain);
        check("https://u:p@h/asset/x/0.jpg?X-Amz-Date=1&X-Amz-Signature=2&Expires=3", plain);
        check(&format!("https://h/{digest}/6ab13c00/asset/x/0.jpg"), plain);
        check(&format!("https://h/202603140115/{digest}/asset/x/0.jpg"), plain);
        check("https://h/asset/x/0.jpg?v=2&auth_info=1", "https://h:443/asset/x/0.jpg?v=2");
        check("http://h:8787/bucket/asset/x/0.jpg", "http://h:8787/bucket/asset/x/0.jpg?");
        check("no URL", "no URL");
    }

    #[test]
    fn entries_are_readable_by_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, notice) = cache(dir.path());
        assert_eq!(cache.get(&request(0), 100), None);
        cache.put(&request(0), b"jpeg");
        assert_eq!(cache.get(&request(0), 100).as_deref(), Some(b"jpeg".as_slice()));
        assert_eq!(cache.get(&request(0), 3), None);
        assert_eq!(cache.get(&request(1), 100), None);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&dir.path().join(SUBDIRECTORY)), 0o700);
        assert_eq!(mode(&files(dir.path())[0].path), 0o600);
        assert_eq!(*notice.borrow(), None);
    }

    #[test]
    fn damaged_entries_and_links_are_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, _notice) = cache(dir.path());
        cache.put(&request(0), b"jpeg");
        let path = files(dir.path())[0].path.clone();
        for bytes in [b"".as_slice(), b"short", &[0; 100]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(cache.get(&request(0), 1000), None);
        }
        // A symbolic link is not followed, and is replaced by the next write.
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, [digest(&SHA256, b"theirs").as_ref(), b"theirs"].concat()).unwrap();
        let _removed = fs::remove_file(&path);
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(cache.get(&request(0), 1000), None);
        cache.put(&request(0), b"jpeg");
        assert_eq!(cache.get(&request(0), 1000).as_deref(), Some(b"jpeg".as_slice()));
        assert!(fs::read(&elsewhere).unwrap().ends_with(b"theirs"));
    }

    #[test]
    fn the_least_recently_used_entries_are_evicted() {
        let dir = tempfile::tempdir().unwrap();
        let (mut cache, _notice) = cache(dir.path());
        cache.capacity = 3 * MEASURE_INTERVAL;
        let body = vec![0; 4 << 20];
        let long_ago = SystemTime::now() - Duration::from_hours(48);
        for index in 0..20 {
            cache.put(&request(index), &body);
            // Distinct times without waiting.
            let path = dir.path().join(SUBDIRECTORY).join(entry_name(&request(index)));
            let time = long_ago + Duration::from_secs(index.into());
            File::open(path).unwrap().set_modified(time).unwrap();
            assert!(cache.get(&request(0), 100 << 20).is_some(), "it is used all the time");
        }
        let total: u64 = files(dir.path()).iter().map(|file| file.len).sum();
        assert!(total <= cache.capacity, "{total}");
        assert!(cache.get(&request(1), 100 << 20).is_none());
        assert!(cache.get(&request(19), 100 << 20).is_some());
    }

    #[test]
    fn abandoned_temporary_files_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, _notice) = cache(dir.path());
        let directory = dir.path().join(SUBDIRECTORY);
        fs::create_dir(&directory).unwrap();
        let part = |name: &str, age: Duration| {
            fs::write(directory.join(name), b"half").unwrap();
            File::open(directory.join(name)).unwrap().set_modified(SystemTime::now() - age).unwrap();
        };
        part(".part-old", ABANDONED_AGE * 2);
        part(".part-new", Duration::ZERO);
        fs::write(directory.join("not ours"), b"").unwrap();
        cache.put(&request(0), b"jpeg");
        assert!(!directory.join(".part-old").exists() && directory.join(".part-new").exists());
        assert_eq!(clear_cache(dir.path()).unwrap(), (2, 4 + 36));
        assert!(directory.join("not ours").exists());
        assert_eq!(clear_cache(&dir.path().join("absent")).unwrap(), (0, 0));
    }

    #[test]
    fn an_error_of_the_disk_is_reported_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let (cache, mut notice) = cache(&file);
        cache.put(&request(0), b"jpeg");
        cache.put(&request(1), b"jpeg");
        assert!(notice.has_changed().unwrap());
        let text = notice.borrow_and_update().clone().unwrap();
        assert!(text.as_str().starts_with("pictures are no longer cached: "), "{text}");
        cache.put(&request(2), b"jpeg");
        assert!(!notice.has_changed().unwrap());
    }

    #[test]
    fn several_instances_share_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let writers: Vec<_> = (0..4_u8)
            .map(|writer| {
                let (cache, _notice) = cache(dir.path());
                std::thread::spawn(move || {
                    for turn in 0..50 {
                        cache.put(&request(turn % 5), &vec![writer; 10_000]);
                        let found = cache.get(&request(turn % 5), 1 << 20);
                        let bytes = found.expect("an entry always exists");
                        assert!(bytes.len() == 10_000 && bytes.iter().all(|byte| *byte == bytes[0]));
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(files(dir.path()).len(), 5);
    }
}
