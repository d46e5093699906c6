//! `listen`: what is answered to callbacks, and that what was answered with 200 is in the journal.

mod answers;
mod program;

use crate::harness::Test;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::mpsc::Receiver,
    time::Duration,
};
use thumbview::listen::{self, CallbackListener, ListenConfig, ListenUpdate, MfsKey, SmnSigner};

const TOPIC: &str = "urn:smn:cn-north-4:0a1b2c3d4e5f60718293a4b5c6d7e8f9:vod-events";
const TIME: &str = "2026-03-14T01:15:02Z";
const SMN_KEY: &[u8] = include_bytes!("../../assets/test-only-smn-key.pem");
const MFS_KEY: &[u8] = include_bytes!("../../assets/test-only-mfs-key.txt");
/// Two signed notifications, a redelivery and messages about a subscription.
const STREAM: &str = include_str!("../fixtures/smn-stream.ndjson");

/// A server with its journal in a folder of its own.
struct Place {
    listener: CallbackListener,
    updates: Receiver<ListenUpdate>,
    folder: tempfile::TempDir,
}

impl Place {
    fn unsigned() -> Self {
        Self::with(|_| {})
    }

    /// With the certificates of the fixtures and of the tests, and the key for tests.
    fn signed() -> Self {
        Self::with(|config| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            config.smn_certificates = vec![
                root.join("assets/test-only-smn-cert.pem"),
                root.join("tests/fixtures/callbacks/smn-test-cert.pem"),
            ];
            config.topics = vec![TOPIC.to_owned()];
            config.mfs_key = Some(root.join("assets/test-only-mfs-key.txt"));
        })
    }

    fn with(change: impl FnOnce(&mut ListenConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = ListenConfig::unsigned(([127, 0, 0, 1], 0).into(), folder.path().join("vod.journal"));
        change(&mut config);
        let (listener, updates) = listen::start(&config).unwrap();
        Self { listener, updates, folder }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("vod.journal")
    }

    fn post(&self, body: &str) -> u16 {
        Client::new(self.listener.address()).post("", body.as_bytes()).0
    }

    /// The notices so far.
    fn notices(&self) -> Vec<String> {
        self.updates.try_iter().map(sentence).collect()
    }

    /// Waits for a notice with this text.
    fn wait_for_notice(&self, text: &str) {
        while !sentence(self.updates.recv_timeout(Duration::from_mins(1)).expect(text)).contains(text) {}
    }
}

fn sentence(update: ListenUpdate) -> String {
    match update {
        ListenUpdate::Notice(notice) => notice.text.to_string(),
        ListenUpdate::Subscription(change) => change.sentence(),
    }
}

/// A connection that is kept.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    /// Posts a body with these header lines; returns the status and the text of the answer.
    fn post(&mut self, headers: &str, body: &[u8]) -> (u16, String) {
        self.try_post(headers, body).expect("an answer")
    }

    /// Returns `None` where the server is gone.
    fn try_post(&mut self, headers: &str, body: &[u8]) -> Option<(u16, String)> {
        let head = format!("POST /any/path HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat()).ok()?;
        self.answer()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Reads an answer.
    fn answer(&mut self) -> Option<(u16, String)> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some((head.split(' ').nth(1)?.parse().ok()?, String::from_utf8(body).ok()?))
    }

    /// Returns whether the server closes the connection without another byte.
    fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }
}

/// The text of an event about an asset.
fn event(asset: &str) -> String {
    json!({"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":asset,"status":"FAILED","error_code":"VOD.1"}})
        .to_string()
}

/// A message of MFS with its header lines.
fn mfs(asset: &str, timestamp: &str) -> (String, String) {
    let message = event(asset);
    let sign = MfsKey::new(MFS_KEY).unwrap().sign(timestamp, &message);
    (format!("auth_timestamp: {timestamp}\r\nauth_sign: {sign}\r\n"), json!({ "message": message }).to_string())
}

fn signer() -> SmnSigner {
    SmnSigner::read(SMN_KEY).unwrap()
}

/// The lines of a journal.
fn lines(journal: &Path) -> Vec<Value> {
    fs::read_to_string(journal).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The limit of open files of this process.
fn descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

pub(crate) fn tests() -> Vec<Test> {
    [answers::tests(), program::tests()].into_iter().flatten().collect()
}
