//! An HTTP server on the loopback interface, for the demo's pictures alone.
//!
//! It speaks as much HTTP/1.1 as a picture needs: GET and HEAD, kept-alive connections, no bodies in requests. It
//! listens on 127.0.0.1 only, answers to no other host name (so that no web page can reach it by a name of its own),
//! and gives out drawn pictures or the files of one folder, nothing else.

mod request;

use super::{
    DemoConfig,
    asset::{ServerAnswer, Shot},
    scene,
};
use request::{Method, Request};
use std::{
    collections::HashSet,
    convert::Infallible,
    fs,
    io::{self, Read as _},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a connection may stay idle, or a picture stay silent.
const PATIENCE: Duration = Duration::from_mins(1);
/// The largest file that is given out.
const FILE_LIMIT: u64 = 64 << 20;

/// What a server gives out.
#[derive(Debug)]
pub(super) enum ServedContent {
    /// Pictures, drawn when they are asked for.
    Drawn {
        /// Says how they look and what goes wrong with them.
        config: DemoConfig,
        /// Paths that were refused once for being asked for too often.
        refused: Mutex<HashSet<String>>,
    },
    /// The files of a folder.
    Folder(PathBuf),
}

impl ServedContent {
    pub(super) fn drawn(config: DemoConfig) -> Self {
        Self::Drawn { config, refused: Mutex::default() }
    }

    pub(super) fn folder(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(Self::Folder(root))
    }
}

/// Takes a port of 127.0.0.1; 0 is any free one.
pub(super) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves until it is dropped; its connections end with it.
pub(super) async fn run(listener: TcpListener, content: ServedContent) -> Infallible {
    let content = Arc::new(content);
    let port = listener.local_addr().map_or(0, |address| address.port());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let content = Arc::clone(&content);
                    connections.spawn(async move {
                        // A peer that goes away is no event.
                        converse(stream, port, &content).await.ok();
                    });
                }
                // No descriptors left, most likely: they come back as connections end.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, port: u16, content: &Arc<ServedContent>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let Ok(request) = timeout(PATIENCE, request::read(&mut stream)).await else {
            return Ok(());
        };
        let (request, response) = match request? {
            request::Read::Request(request) => {
                let response = respond(&request, port, content).await;
                (request, response)
            }
            request::Read::Malformed => (Request::malformed(), Response::plain(400, "Bad Request")),
            request::Read::End => return Ok(()),
        };
        let stay = request.keep_alive && response.sent == response.body.len();
        stream.write_all(response.bytes(request.method, stay).as_slice()).await?;
        if !stay {
            return stream.shutdown().await;
        }
    }
}

async fn respond(request: &Request, port: u16, content: &Arc<ServedContent>) -> Response {
    let named = [format!("127.0.0.1:{port}"), format!("localhost:{port}")].contains(&request.host);
    if !named {
        return Response::plain(421, "Misdirected Request");
    }
    if request.method == Method::Other {
        return Response::plain(405, "Method Not Allowed").with("Allow: GET, HEAD\r\n");
    }
    match &**content {
        ServedContent::Drawn { config, refused } => draw(&request.path, *config, refused).await,
        ServedContent::Folder(root) => {
            let (root, path) = (root.clone(), request.path.clone());
            off_the_loop(move || read_file(&root, &path)).await
        }
    }
}

/// Answers with a drawn picture, or with what goes wrong there.
async fn draw(path: &str, config: DemoConfig, refused: &Mutex<HashSet<String>>) -> Response {
    let Some(shot) = Shot::parse(path) else {
        return Response::plain(404, "Not Found");
    };
    sleep(shot.asset.delay(&config, shot.offset)).await;
    let whole = || off_the_loop(move || Response::jpeg(scene::jpeg(config.seed, shot.asset, shot.offset)));
    match shot.asset.answer(&config, shot.offset) {
        ServerAnswer::Whole => whole().await,
        ServerAnswer::Missing => Response::plain(404, "Not Found"),
        ServerAnswer::Forbidden => Response::plain(403, "Forbidden"),
        ServerAnswer::Limited => {
            let first = refused.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
            if first { Response::plain(429, "Too Many Requests").with("Retry-After: 45\r\n") } else { whole().await }
        }
        ServerAnswer::Truncated => {
            let mut response = whole().await;
            response.sent = response.body.len() * 3 / 5;
            response
        }
        ServerAnswer::Silent => {
            sleep(PATIENCE).await;
            Response { sent: 0, ..Response::plain(504, "Gateway Timeout") }
        }
    }
}

/// Reads a file below `root`. Names that could lead elsewhere do not exist, links that do neither.
fn read_file(root: &Path, path: &str) -> Response {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
    };
    let missing = || Response::plain(404, "Not Found");
    let Some(names) = path.strip_prefix('/').filter(|names| names.split('/').all(plain)) else {
        return missing();
    };
    let Some(file) = root.join(names).canonicalize().ok().filter(|file| file.starts_with(root) && file.is_file())
    else {
        return missing();
    };
    let mut body = Vec::new();
    let read = fs::File::open(&file).and_then(|opened| opened.take(FILE_LIMIT + 1).read_to_end(&mut body));
    match (read, file.extension().and_then(|extension| extension.to_str())) {
        (Err(_), _) => missing(),
        (Ok(_), _) if body.len() as u64 > FILE_LIMIT => Response::plain(403, "Forbidden"),
        (Ok(_), Some("jpg")) => Response::jpeg(body),
        (Ok(_), _) => Response::new(200, "OK", "text/plain; charset=utf-8", body),
    }
}

/// Runs what would hold up the loop.
async fn off_the_loop(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    spawn_blocking(work).await.unwrap_or_else(|_| Response::plain(500, "Internal Server Error"))
}

/// An answer.
#[derive(Debug)]
struct Response {
    status: u16,
    reason: &'static str,
    kind: &'static str,
    /// More header lines, each with its line end.
    headers: &'static str,
    body: Vec<u8>,
    /// Bytes of the body that are sent.
    sent: usize,
}

impl Response {
    fn new(status: u16, reason: &'static str, kind: &'static str, body: Vec<u8>) -> Self {
        Self { status, reason, kind, headers: "", sent: body.len(), body }
    }

    fn jpeg(body: Vec<u8>) -> Self {
        Self::new(200, "OK", "image/jpeg", body)
    }

    fn plain(status: u16, reason: &'static str) -> Self {
        Self::new(status, reason, "text/plain", format!("{status} {reason}\n").into_bytes())
    }

    fn with(mut self, headers: &'static str) -> Self {
        self.headers = headers;
        self
    }

    /// The answer on the wire.
    fn bytes(&self, method: Method, stay: bool) -> Vec<u8> {
        let Self { status, reason, kind, headers, .. } = self;
        let connection = if stay { "keep-alive" } else { "close" };
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{headers}Connection: {connection}\r\n\r\n",
            self.body.len()
        );
        let mut bytes = head.into_bytes();
        if method != Method::Head {
            bytes.extend(&self.body[..self.sent]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::Scenario,
        demo::asset::{DemoAsset, Motif, Random, Shape, ShotCondition, ShotList},
    };
    use futures_util::future::join_all;
    use tokio::io::AsyncReadExt as _;

    /// A picture that is answered so.
    fn shot(config: &DemoConfig, answer: ServerAnswer) -> Shot {
        let asset = DemoAsset::new(&mut Random::new(1), Motif::City, Shape::Default, ShotCondition::Whole);
        let found = (0..1000).find(|offset| asset.answer(config, *offset) == answer);
        let offset = found.unwrap_or_else(|| panic!("nothing is answered with {answer:?}"));
        Shot { asset, list: ShotList::Sample, offset }
    }

    /// Asks for a picture; returns the status line, the length that was promised and the body that came.
    async fn ask(port: u16, shot: Shot) -> io::Result<(String, usize, Vec<u8>)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let request = format!("GET {} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n", shot.path());
        stream.write_all(request.as_bytes()).await?;
        let mut body = Vec::new();
        stream.read_to_end(&mut body).await?;
        let end = body.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        let head = String::from_utf8_lossy(&body.drain(..end).collect::<Vec<_>>()).into_owned();
        let length = head.split_once("Content-Length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
        Ok((head.lines().next().unwrap_or_default().to_owned(), length.unwrap_or_default(), body))
    }

    #[tokio::test]
    async fn slow_pictures_fail_in_every_way() -> io::Result<()> {
        let config = DemoConfig { scenario: Scenario::Slow, ..DemoConfig::default() };
        let listener = bind(0).await?;
        let port = listener.local_addr()?.port();
        let server = tokio::spawn(run(listener, ServedContent::drawn(config)));
        let answers = [
            ServerAnswer::Whole,
            ServerAnswer::Missing,
            ServerAnswer::Forbidden,
            ServerAnswer::Limited,
            ServerAnswer::Truncated,
        ];
        let heard = join_all(answers.map(|answer| ask(port, shot(&config, answer)))).await;
        let lines = ["200 OK", "404 Not Found", "403 Forbidden", "429 Too Many Requests", "200 OK"];
        for ((answer, heard), line) in answers.into_iter().zip(heard).zip(lines) {
            let (status, promised, body) = heard?;
            assert_eq!(status, format!("HTTP/1.1 {line}"));
            assert_eq!(body.len() < promised, answer == ServerAnswer::Truncated, "{answer:?}");
        }
        let (status, _, body) = ask(port, shot(&config, ServerAnswer::Limited)).await?;
        assert_eq!(status, "HTTP/1.1 200 OK", "the second time it is given out");
        assert!(body.starts_with(&[0xff, 0xd8, 0xff]));
        let silent = timeout(Duration::from_secs(5), ask(port, shot(&config, ServerAnswer::Silent))).await;
        assert!(silent.is_err(), "{silent:?}");
        server.abort();
        Ok(())
    }
}
