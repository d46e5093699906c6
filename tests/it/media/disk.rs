//! Tests of the picture cache on a real directory.

use super::*;
use std::{fs, path::Path};
use thumbview::media::clear_cache;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("pictures")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Waits until the cache, which is written in the background, has this many entries.
async fn settled(dir: &Path, files: usize) {
    for _ in 0..200 {
        if names(dir).iter().filter(|name| !name.starts_with('.')).count() == files {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{files} files were expected, {:?} are there", names(dir));
}

async fn a_cached_picture_needs_no_request() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let dir = tempfile::tempdir().unwrap();
    let config = MediaConfig { cache_dir: Some(dir.path().into()), ..config(&[&server.host()]) };
    assert!(!load(config.clone(), &server.url("/0.jpg?auth_key=SECRET1")).await.unwrap().fetched.from_cache);
    settled(dir.path(), 1).await;
    // Another signature is the same picture, and is shown without the network as well.
    let offline = MediaConfig { fetch: FetchMode::Never, ..config.clone() };
    let picture = load(offline, &server.url("/0.jpg?auth_key=SECRET2")).await.unwrap();
    assert!(picture.fetched.from_cache && picture.fetched.status.is_none());
    assert_eq!(&*picture.jpeg, BASE);
    assert_eq!(server.requests().len(), 1);
    assert!(!names(dir.path()).concat().contains("SECRET"));
    assert_eq!(clear_cache(dir.path()).unwrap().0, 1);
    assert!(load(config, &server.url("/0.jpg?auth_key=SECRET3")).await.is_ok());
    assert_eq!(server.requests().len(), 2);
}

async fn refetch_bypasses_the_cache() {
    let other: &[u8] = include_bytes!("../../fixtures/hostile/grey.jpg");
    let runs = std::sync::atomic::AtomicUsize::new(0);
    let server = ImageServer::start(move |_| match runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => picture(BASE),
        _ => picture(other),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = MediaConfig { cache_dir: Some(dir.path().into()), ..config(&[&server.host()]) };
    load(config.clone(), &server.url("/0.jpg")).await.unwrap();
    settled(dir.path(), 1).await;
    let (media, mut updates) = spawn(config.clone());
    let wanted = vec![request(0, &server.url("/0.jpg"))];
    let mut look = async || {
        media.want(wanted.clone());
        let picture = answer_to(&mut updates, key(0)).await.unwrap();
        media.want(vec![]);
        (picture.fetched.from_cache, picture.jpeg.to_vec())
    };
    assert_eq!(look().await, (true, BASE.to_vec()));
    media.refetch(key(0));
    assert_eq!(look().await, (false, other.to_vec()));
    // The new picture replaces the old one in the background, and is then found in the cache.
    for _ in 0..200 {
        if look().await == (true, other.to_vec()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the cache still holds the old picture");
}

async fn only_undamaged_pictures_are_cached() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/truncated.jpg" => picture(&BASE[..BASE.len() / 2]),
        "/healthy.jpg" => picture(BASE),
        _ => answer("200 OK", "", b"<html>"),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = MediaConfig { cache_dir: Some(dir.path().into()), ..config(&[&server.host()]) };
    assert!(load(config.clone(), &server.url("/truncated.jpg")).await.unwrap().damage.is_some());
    assert!(load(config.clone(), &server.url("/html")).await.is_err());
    assert!(load(config, &server.url("/healthy.jpg")).await.is_ok());
    settled(dir.path(), 1).await;
}

async fn pictures_are_shown_without_a_disk() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let dir = tempfile::tempdir().unwrap();
    // A file where the folder should be stops everybody, root too.
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let (media, mut updates) = spawn(MediaConfig { cache_dir: Some(file), ..config(&[&server.host()]) });
    media.want(vec![request(0, &server.url("/0.jpg"))]);
    assert!(answer_to(&mut updates, key(0)).await.is_ok());
    let mut notice = media.notice();
    let text = notice.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert!(text.as_str().starts_with("the picture cache is no longer written: "), "{text}");
}

/// Fetches and keeps pictures until it is killed.
pub(crate) async fn fetch_until_killed() {
    let [dir, host] = ["TEST_DIR", "TEST_HOST"].map(|name| std::env::var(name).unwrap());
    let (media, mut updates) = spawn(MediaConfig { cache_dir: Some(dir.into()), ..config(&[&host]) });
    for index in 0.. {
        media.want(vec![request(index, &format!("http://{host}/{index}.jpg"))]);
        assert!(answer_to(&mut updates, key(index)).await.is_ok());
    }
}

async fn a_kill_leaves_no_partial_entry() {
    // Large enough for a kill in the middle of a write.
    let body = [BASE, &vec![0; 4 << 20]].concat();
    let copy = body.clone();
    let server = ImageServer::start(move |_| picture(&copy)).await;
    let dir = tempfile::tempdir().unwrap();
    for round in 0..6 {
        let mut command = Child::command("media::disk::fetch_until_killed");
        command.env("TEST_DIR", dir.path()).env("TEST_HOST", server.host());
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        let seen = server.requests().len();
        while server.requests().len() < seen + 3 + round {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let whole: Vec<String> = names(dir.path()).into_iter().filter(|name| !name.starts_with('.')).collect();
    assert!(!whole.is_empty());
    for name in whole {
        let bytes = fs::read(dir.path().join("pictures").join(&name)).unwrap();
        assert!(bytes[32..] == body, "{name} has {} bytes", bytes.len());
    }
}

crate::tests! {
    a_cached_picture_needs_no_request,
    refetch_bypasses_the_cache,
    only_undamaged_pictures_are_cached,
    pictures_are_shown_without_a_disk,
    a_kill_leaves_no_partial_entry,
}
