//! Pictures on the disk, so that a second look costs no network.
//!
//! A file is a SHA-256 and the JPEG that it belongs to; it is renamed into place when it is whole, and what does not
//! match its hash when read counts as absent. Several instances may share a folder: none trusts what it finds, and the
//! oldest files go first. Its invariant: no failure of the disk is a failure of a picture; after the first one that
//! matters nothing more is written, and the operator is told once.

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

/// The most bytes that the cache takes.
const CAPACITY: u64 = 256 << 20;

/// The folder is measured each time this much was written; so much room is kept free for that.
const SLACK: u64 = 16 << 20;

/// The folder within the cache folder that is ours. Nothing outside it is ever read or removed.
const FOLDER: &str = "pictures";

/// How an unfinished file's name begins, and when such a file was surely left behind by a crash.
const PART: &str = ".part-";
const ABANDONED: Duration = Duration::from_hours(1);

const HASH: usize = 32;

/// See the module.
pub(super) struct Cache {
    folder: PathBuf,
    capacity: u64,
    /// Bytes written since the folder was measured; the first write measures it.
    unmeasured: AtomicU64,
    off: AtomicBool,
    notice: watch::Sender<Option<Safe>>,
}

impl Cache {
    /// A cache in `dir`, which need not be there yet. What goes wrong is said once, through `notice`.
    pub(super) fn new(dir: &Path, notice: watch::Sender<Option<Safe>>) -> Self {
        let unmeasured = AtomicU64::new(SLACK);
        Self { folder: dir.join(FOLDER), capacity: CAPACITY, unmeasured, off: AtomicBool::new(false), notice }
    }

    /// The body that was kept for this request, if it is there and whole. Blocks.
    pub(super) fn get(&self, request: &PictureRequest, max_bytes: u64) -> Option<Vec<u8>> {
        let path = self.folder.join(name(request));
        let mut file = open(&path).ok()?;
        let len = file.metadata().ok()?.len();
        if len > max_bytes.saturating_add(HASH as u64) {
            return None;
        }
        let mut bytes = Vec::new();
        (&mut file).take(len).read_to_end(&mut bytes).ok()?;
        if bytes.len() <= HASH {
            return None;
        }
        let body = bytes.split_off(HASH);
        if digest(&SHA256, &body).as_ref() != bytes {
            // Only this one picture is lost, and it can be fetched again; so a failure here is none.
            let _gone = fs::remove_file(&path);
            return None;
        }
        // The time of its last use. On a read-only disk it keeps the old one.
        let _touched = file.set_modified(SystemTime::now());
        Some(body)
    }

    /// Keeps a body. Blocks.
    pub(super) fn put(&self, request: &PictureRequest, body: &[u8]) {
        if self.off.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.try_put(&name(request), body)
            && !self.off.swap(true, Ordering::Relaxed)
        {
            let text = format!("pictures are no longer cached: {}: {error}", self.folder.display());
            self.notice.send_replace(Some(Safe::from(text)));
        }
    }

    fn try_put(&self, name: &str, body: &[u8]) -> io::Result<()> {
        let len = (HASH + body.len()) as u64;
        if self.unmeasured.fetch_add(len, Ordering::Relaxed) + len > SLACK {
            self.unmeasured.store(len, Ordering::Relaxed);
            prepare(&self.folder)?;
            trim(&self.folder, self.capacity)?;
        }
        // Readable by its owner only, which is what tempfile gives.
        let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(&self.folder)?;
        file.write_all(digest(&SHA256, body).as_ref())?;
        file.write_all(body)?;
        file.persist(self.folder.join(name))?;
        Ok(())
    }
}

/// Empties the cache in `dir`; gives the number of files and bytes that went. Other files in `dir` stay.
pub fn clear_cache(dir: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for file in ours(&dir.join(FOLDER))? {
        fs::remove_file(&file.path)?;
        files += 1;
        bytes += file.len;
    }
    Ok((files, bytes))
}

/// Opens a regular file, and never through a link that somebody laid.
fn open(path: &Path) -> io::Result<File> {
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Makes the folder, closed to everybody else.
fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        return Err(io::Error::other("is not a folder of this user"));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

struct Kept {
    path: PathBuf,
    len: u64,
    used: SystemTime,
    whole: bool,
}

/// The files in the folder that the cache itself made, by their names.
fn ours(folder: &Path) -> io::Result<Vec<Kept>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let kept = |entry: DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let whole = name.len() == 2 * HASH && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let found = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let kept = Kept { path: entry.path(), len: found.len(), used: found.modified().ok()?, whole };
        (whole || name.starts_with(PART)).then_some(kept)
    };
    // A file that goes while we look was removed by another instance.
    Ok(entries.flatten().filter_map(kept).collect())
}

/// Removes what crashes left, and the longest unused files until there is room for what comes.
fn trim(folder: &Path, capacity: u64) -> io::Result<()> {
    let mut kept = ours(folder)?;
    kept.sort_by_key(|file| file.used);
    let mut total: u64 = kept.iter().map(|file| file.len).sum();
    let crowded = total + SLACK > capacity;
    for file in kept {
        let abandoned = !file.whole && file.used.elapsed().is_ok_and(|age| age > ABANDONED);
        let surplus = file.whole && crowded && total + 2 * SLACK > capacity;
        if abandoned || surplus {
            match fs::remove_file(&file.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => total -= file.len,
            }
        }
    }
    Ok(())
}

/// The file's name: a hash of all that makes a picture this picture, and of nothing that a new signature changes.
fn name(request: &PictureRequest) -> String {
    let millis = request.offset.as_millis();
    let text = format!("{}\0{}\0{millis}\0{}", request.asset, request.key.kind.as_str(), lasting(&request.url));
    let mut name = String::with_capacity(2 * HASH);
    for byte in digest(&SHA256, text.as_bytes()).as_ref() {
        // Writing into a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Keys of a query that belong to a signature: hotlink keys, OBS, S3 and their kin.
const VOLATILE_KEYS: [&str; 12] = [
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

/// The URL without user info, signature and fragment.
fn lasting(url: &PictureUrl) -> String {
    let Ok(url) = Url::parse(url.reveal()) else { return url.reveal().to_owned() };
    let volatile = |key: &str| {
        let key = key.to_ascii_lowercase();
        VOLATILE_KEYS.contains(&key.as_str()) || key.starts_with("x-amz-") || key.starts_with("x-obs-")
    };
    let segments: Vec<&str> = url.path().split('/').collect();
    let asset = segments.iter().position(|segment| *segment == "asset").unwrap_or(0);
    // Hotlink keys of type B and C put a digest and a time before `/asset/`.
    let signed = |segment: &str| segment.len() >= 8 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    let path = segments.iter().enumerate().filter(|(at, segment)| *at >= asset || !signed(segment));
    let path: Vec<&str> = path.map(|(_, segment)| *segment).collect();
    let pairs = url.query_pairs().filter(|(key, _)| !volatile(key)).map(|(key, value)| format!("{key}={value}"));
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

    fn files(dir: &Path) -> Vec<Kept> {
        ours(&dir.join(FOLDER)).unwrap()
    }

    #[test]
    fn signatures_do_not_make_another_picture() {
        let digest = "0123456789abcdef0123456789abcdef";
        let check = |url: &str, expected: &str| assert_eq!(lasting(&PictureUrl::new(url)), expected);
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
    fn keeps_and_gives_back_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, notice) = cache(dir.path());
        assert_eq!(cache.get(&request(0), 100), None);
        cache.put(&request(0), b"jpeg");
        assert_eq!(cache.get(&request(0), 100).as_deref(), Some(b"jpeg".as_slice()));
        assert_eq!(cache.get(&request(0), 3), None);
        assert_eq!(cache.get(&request(1), 100), None);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&dir.path().join(FOLDER)), 0o700);
        assert_eq!(mode(&files(dir.path())[0].path), 0o600);
        assert_eq!(*notice.borrow(), None);
    }

    #[test]
    fn what_was_tampered_with_is_absent() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, _notice) = cache(dir.path());
        cache.put(&request(0), b"jpeg");
        let path = files(dir.path())[0].path.clone();
        for bytes in [b"".as_slice(), b"short", &[0; 100]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(cache.get(&request(0), 1000), None);
        }
        // A link in the folder is not followed, and is replaced by the next write.
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, [digest(&SHA256, b"theirs").as_ref(), b"theirs"].concat()).unwrap();
        let _absent = fs::remove_file(&path);
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(cache.get(&request(0), 1000), None);
        cache.put(&request(0), b"jpeg");
        assert_eq!(cache.get(&request(0), 1000).as_deref(), Some(b"jpeg".as_slice()));
        assert!(fs::read(&elsewhere).unwrap().ends_with(b"theirs"));
    }

    #[test]
    fn the_longest_unused_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let (mut cache, _notice) = cache(dir.path());
        cache.capacity = 3 * SLACK;
        let body = vec![0; 4 << 20];
        let long_ago = SystemTime::now() - Duration::from_hours(48);
        for index in 0..20 {
            cache.put(&request(index), &body);
            // A time of its own for each, without waiting for one.
            let path = dir.path().join(FOLDER).join(name(&request(index)));
            let time = long_ago + Duration::from_secs(index.into());
            File::open(path).unwrap().set_modified(time).unwrap();
            assert!(cache.get(&request(0), 100 << 20).is_some(), "in use all the time");
        }
        let total: u64 = files(dir.path()).iter().map(|file| file.len).sum();
        assert!(total <= cache.capacity, "{total}");
        assert!(cache.get(&request(1), 100 << 20).is_none());
        assert!(cache.get(&request(19), 100 << 20).is_some());
    }

    #[test]
    fn crashes_leave_nothing_for_long() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, _notice) = cache(dir.path());
        let folder = dir.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        let part = |name: &str, age: Duration| {
            fs::write(folder.join(name), b"half").unwrap();
            File::open(folder.join(name)).unwrap().set_modified(SystemTime::now() - age).unwrap();
        };
        part(".part-old", ABANDONED * 2);
        part(".part-new", Duration::ZERO);
        fs::write(folder.join("not ours"), b"").unwrap();
        cache.put(&request(0), b"jpeg");
        assert!(!folder.join(".part-old").exists() && folder.join(".part-new").exists());
        assert_eq!(clear_cache(dir.path()).unwrap(), (2, 4 + 36));
        assert!(folder.join("not ours").exists());
        assert_eq!(clear_cache(&dir.path().join("absent")).unwrap(), (0, 0));
    }

    #[test]
    fn a_disk_that_does_not_work_is_told_once() {
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
    fn several_instances_share_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let writers: Vec<_> = (0..4_u8)
            .map(|writer| {
                let (cache, _notice) = cache(dir.path());
                std::thread::spawn(move || {
                    for round in 0..50 {
                        cache.put(&request(round % 5), &vec![writer; 10_000]);
                        let found = cache.get(&request(round % 5), 1 << 20);
                        let bytes = found.expect("a whole file is always there");
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
