//! The demo as a user runs it: the growing log, the picture server, the written folder.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use thumbview::demo::{self, DemoConfig, PORT, Scenario};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

/// Sends a request as it is and reads to the end of the connection.
async fn raw(host: &str, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_default();
    let body = bytes.split_off(bytes.len().min(end + 4));
    (String::from_utf8(bytes).unwrap(), body)
}

async fn get(host: &str, path: &str) -> (u16, Vec<u8>) {
    let (head, body) = raw(host, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    (status(&head), body)
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The paths of all pictures that a log names on `host`.
fn picture_paths(log: &str, host: &str) -> Vec<String> {
    let base = format!("http://{host}");
    let mut paths: Vec<String> = log
        .split(&base)
        .skip(1)
        .filter_map(|rest| rest.split(['"', '\\', '\n']).next())
        .filter(|path| path.contains("/snapshot/"))
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Waits for something that happens by itself.
async fn until(what: &str, done: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain: {what}");
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

async fn a_demo_has_a_log_and_pictures_and_leaves_nothing() {
    let demo = demo::start(DemoConfig::default()).await.unwrap();
    let host = demo.host();
    let log = fs::read_to_string(demo.log()).unwrap();
    assert_eq!(log.matches("thumbnailComplete").count(), 14, "the backlog is there at once");
    let paths = picture_paths(&log, &host);
    let path = paths.iter().find(|path| path.contains("14d7b2faba0dddd6b4e8936272d6bc3f")).unwrap();

    let (code, body) = get(&host, path).await;
    assert_eq!(code, 200);
    let picture = image::load_from_memory(&body).unwrap();
    assert_eq!((picture.width(), picture.height()), (480, 270));
    assert_eq!(
        get(&host, &format!("{path}?auth_key=1")).await,
        (200, body.clone()),
        "the same picture, the same bytes"
    );

    let head = format!("HEAD {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let (head, nothing) = raw(&host, &head).await;
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    assert_eq!(nothing.len(), 0);

    let folder = demo.log().parent().unwrap().to_owned();
    drop(demo);
    assert!(!folder.exists());
    until("the port closes", async || TcpStream::connect(&host).await.is_err()).await;
}

async fn the_server_gives_out_nothing_else() {
    let demo = demo::start(DemoConfig::default()).await.unwrap();
    let host = demo.host();
    for (request, expected) in [
        (format!("GET /vod.log HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), 404),
        (format!("GET /asset/0/snapshot/sample/0.jpg HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), 404),
        (format!("DELETE / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), 405),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".into(), 421),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".into(), 421),
        ("nonsense\r\n\r\n".into(), 400),
    ] {
        let (head, _) = raw(&host, &request).await;
        assert_eq!(status(&head), expected, "{request:?}");
    }
}

async fn a_connection_is_kept() {
    let demo = demo::start(DemoConfig::default()).await.unwrap();
    let host = demo.host();
    let request = format!("GET /nothing HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let last = format!("GET /nothing HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let (head, body) = raw(&host, &format!("{request}{request}{last}")).await;
    let answers = head + &String::from_utf8(body).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 404").count(), 3, "{answers}");
}

async fn the_log_grows_and_rotates() {
    let config = DemoConfig { scenario: Scenario::Rotate, speed: 1000.0, ..DemoConfig::default() };
    let demo = demo::start(config).await.unwrap();
    let folder = demo.log().parent().unwrap();
    until("the log is renamed", async || folder.join("vod.log.1").exists()).await;
    until("the log becomes a link", async || demo.log().is_symlink()).await;
    assert_eq!(demo.fault(), None);
}

async fn what_is_written_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let written = demo::write(&dir, &DemoConfig { scenario: Scenario::Rotate, ..DemoConfig::default() }).unwrap();
    let log = fs::read_to_string(&written.log).unwrap();

    fs::write(folder.path().join("secret.jpg"), "secret").unwrap();
    std::os::unix::fs::symlink(folder.path(), dir.join("out")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("127.0.0.1:{port}");
    let server = tokio::spawn({
        let dir = dir.clone();
        async move { demo::serve(&dir, port, || ()).await }
    });
    until("the server listens", async || TcpStream::connect(&host).await.is_ok()).await;

    let paths = picture_paths(&log, &format!("127.0.0.1:{PORT}"));
    assert_eq!(paths.len(), written.pictures);
    for path in paths {
        let (code, body) = get(&host, &path).await;
        assert!(code == 200 && body.starts_with(&[0xff, 0xd8, 0xff]), "{path}: {code}");
    }
    assert_eq!(get(&host, "/vod.log").await, (200, log.into_bytes()));
    for path in
        ["/../secret.jpg", "/out/secret.jpg", "/%2e%2e/secret.jpg", "//secret.jpg", "/asset", "/", "/..", "/a\\..\\b"]
    {
        assert_eq!(get(&host, path).await.0, 404, "{path}");
    }
    server.abort();
}

fn the_same_seed_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let dir = folder.path().join(name);
        demo::write(&dir, &DemoConfig { scenario: Scenario::Rotate, ..DemoConfig::default() }).unwrap();
        files(&dir)
    };
    let (one, same) = (write("one"), write("same"));
    assert_eq!(one.len(), 4 * 6 + 1);
    assert!(one == same);
}

fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "").unwrap();
    let error = demo::write(folder.path(), &DemoConfig::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(files(folder.path()).len(), 1);
}

fn speeds_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let error = demo::write(folder.path(), &DemoConfig { speed, ..DemoConfig::default() }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{speed}");
    }
}

crate::tests! {
    a_demo_has_a_log_and_pictures_and_leaves_nothing,
    the_server_gives_out_nothing_else,
    a_connection_is_kept,
    the_log_grows_and_rotates,
    what_is_written_can_be_served,
    the_same_seed_writes_the_same_bytes,
    a_folder_with_something_in_it_is_left_alone,
    speeds_out_of_range_are_refused,
}
