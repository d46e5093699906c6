//! Tests of the cache on directories of their own.

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
    let name = entry_name(&request(0));
    fs::write(&elsewhere, [entry_hash(&name, b"theirs").as_ref(), b"theirs"].concat()).unwrap();
    let _removed = fs::remove_file(&path);
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(cache.get(&request(0), 1000), None);
    cache.put(&request(0), b"jpeg");
    assert_eq!(cache.get(&request(0), 1000).as_deref(), Some(b"jpeg".as_slice()));
    assert!(fs::read(&elsewhere).unwrap().ends_with(b"theirs"));
}

#[test]
fn entries_cannot_be_exchanged() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, _notice) = cache(dir.path());
    let path = |index| dir.path().join(SUBDIRECTORY).join(entry_name(&request(index)));
    cache.put(&request(0), b"zero");
    cache.put(&request(1), b"one");
    fs::rename(path(0), dir.path().join("aside")).unwrap();
    fs::rename(path(1), path(0)).unwrap();
    fs::rename(dir.path().join("aside"), path(1)).unwrap();
    assert_eq!(cache.get(&request(0), 100), None);
    assert_eq!(cache.get(&request(1), 100), None);
    // A copy under another name, and one of an earlier version without the name in its hash.
    cache.put(&request(0), b"zero");
    fs::copy(path(0), path(1)).unwrap();
    fs::write(path(2), [digest(&SHA256, b"two").as_ref(), b"two"].concat()).unwrap();
    assert_eq!(cache.get(&request(1), 100), None);
    assert_eq!(cache.get(&request(2), 100), None);
    assert_eq!(cache.get(&request(0), 100).as_deref(), Some(b"zero".as_slice()));
}

#[test]
fn what_is_not_a_regular_file_is_ignored_and_replaced() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let dir = tempfile::tempdir().unwrap();
    let (cache, notice) = cache(dir.path());
    cache.put(&request(0), b"jpeg");
    let path = |index| dir.path().join(SUBDIRECTORY).join(entry_name(&request(index)));
    mknodat(CWD, path(1), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    fs::create_dir(path(2)).unwrap();
    for index in [1, 2] {
        assert_eq!(cache.get(&request(index), 100), None);
    }
    cache.put(&request(1), b"jpeg");
    assert_eq!(cache.get(&request(1), 100).as_deref(), Some(b"jpeg".as_slice()));
    assert_eq!(*notice.borrow(), None);
}

#[test]
fn what_others_may_write_is_not_used() {
    let notice_of = |open: &dyn Fn(&Path) -> PathBuf| {
        let dir = tempfile::tempdir().unwrap();
        let (cache, notice) = cache(dir.path());
        cache.put(&request(0), b"jpeg");
        let opened = open(dir.path());
        let mode = fs::metadata(&opened).unwrap().mode();
        fs::set_permissions(&opened, Permissions::from_mode(mode | 0o020)).unwrap();
        assert_eq!(cache.get(&request(0), 100), None);
        cache.put(&request(1), b"jpeg");
        assert_eq!(files(dir.path()).len(), 1);
        notice.borrow().clone().unwrap().to_string()
    };
    let directory = |dir: &Path| dir.join(SUBDIRECTORY);
    let entry = |dir: &Path| dir.join(SUBDIRECTORY).join(entry_name(&request(0)));
    for open in [&directory as &dyn Fn(&Path) -> PathBuf, &entry] {
        let notice = notice_of(open);
        assert!(notice.starts_with("the picture cache is not used: "), "{notice}");
        assert!(notice.contains("may be written by other users"), "{notice}");
    }
}

#[test]
fn clearing_beside_another_instance_does_not_fail() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, notice) = cache(dir.path());
    let directory = dir.path().to_owned();
    let clear = move || {
        for _ in 0..200 {
            clear_cache(&directory).unwrap();
        }
    };
    let clearing = [std::thread::spawn(clear.clone()), std::thread::spawn(clear)];
    for index in 0..400 {
        writer.put(&request(index % 20), b"jpeg");
    }
    for clearing in clearing {
        clearing.join().unwrap();
    }
    assert_eq!(*notice.borrow(), None);
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
        fs::File::open(path).unwrap().set_modified(time).unwrap();
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
        fs::File::open(directory.join(name)).unwrap().set_modified(SystemTime::now() - age).unwrap();
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
    assert!(text.as_str().starts_with("the picture cache is no longer written: "), "{text}");
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

#[test]
fn a_folder_that_is_linked_is_neither_used_nor_cleared() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let name = entry_name(&request(0));
    fs::write(elsewhere.path().join(&name), b"another's").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join(SUBDIRECTORY)).unwrap();
    assert!(clear_cache(dir.path()).unwrap_err().to_string().ends_with("is a symbolic link; nothing was removed"));
    assert!(elsewhere.path().join(&name).exists());
    assert_eq!(check_cache(dir.path()).unwrap_err().to_string(), "it is not a directory");
    let (cache, notice) = cache(dir.path());
    cache.put(&request(1), b"jpeg");
    assert!(notice.borrow().as_ref().is_some_and(|notice| notice.as_str().ends_with("it is not a directory")));
}

#[test]
fn a_folder_that_cannot_be_used_is_known_before() {
    let dir = tempfile::tempdir().unwrap();
    assert!(check_cache(dir.path()).is_ok() && check_cache(&dir.path().join("absent/too")).is_ok());
    let directory = dir.path().join(SUBDIRECTORY);
    DirBuilder::new().mode(0o700).create(&directory).unwrap();
    assert!(check_cache(dir.path()).is_ok());
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
    assert!(check_cache(dir.path()).unwrap_err().to_string().contains("may be written by other users"));
    fs::remove_dir(&directory).unwrap();
    fs::write(&directory, b"").unwrap();
    assert_eq!(check_cache(dir.path()).unwrap_err().to_string(), "it is not a directory");
    assert!(check_cache(Path::new("/dev/null/x")).is_err());
}
