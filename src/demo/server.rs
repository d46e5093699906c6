//! The HTTP server of the demo's pictures.
//!
//! It listens on 127.0.0.1 only, answers GET and HEAD for that host name and `localhost` only (so that no web page can
//! reach it under a name of its own), and serves drawn pictures or the files of one folder.

use super::{
    asset::{DemoSnapshot, ServerAnswer},
    config::DemoConfig,
    scene,
};
use futures_util::stream::{self, StreamExt as _};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::HashSet,
    convert::Infallible,
    fs,
    future::ready,
    io::{self, Read as _},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinSet, spawn_blocking},
    time::sleep,
};

/// The path of the page that confirms the subscription of the demo's callbacks.
pub(super) const CONFIRMATION: &str = "/smn/subscription/confirm";
/// The most connections that are served at a time; others wait to be accepted.
const CONNECTIONS: usize = 64;
/// The longest wait for a request's header, and the duration of a silent answer.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The longest time that the first part of a truncated picture may take to be sent.
const FLUSH_TIME: Duration = Duration::from_millis(50);
/// The size of the largest file that is served, in bytes.
const FILE_LIMIT: u64 = 64 << 20;

type PictureAnswer = Response<BoxBody<Bytes, io::Error>>;

/// The content of a server.
#[derive(Debug)]
pub(super) enum ServedContent {
    /// Pictures, drawn on request.
    Drawn {
        config: DemoConfig,
        /// The paths that have been answered with 429.
        rate_limited: Mutex<HashSet<String>>,
    },
    /// The files of a folder.
    Folder(PathBuf),
}

impl ServedContent {
    pub(super) fn drawn(config: DemoConfig) -> Self {
        Self::Drawn { config, rate_limited: Mutex::default() }
    }

    pub(super) fn folder(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(Self::Folder(root))
    }
}

/// Binds a port of 127.0.0.1; 0 stands for any free one.
pub(super) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves until the future is dropped, and its connections with it.
pub(super) async fn run(listener: TcpListener, content: ServedContent) -> Infallible {
    let content = Arc::new(content);
    let port = listener.local_addr().map_or(0, |address| address.port());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, port, Arc::clone(&content)));
                }
                // Out of file descriptors, most likely: closing connections return some.
                Err(_) => sleep(FLUSH_TIME).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, port: u16, content: Arc<ServedContent>) {
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| {
        let content = Arc::clone(&content);
        async move { respond(&request, port, &content).await }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(TIMEOUT);
    // A client that goes away or sends no HTTP needs no report.
    server.serve_connection(TokioIo::new(stream), service).await.ok();
}

/// Answers a request; an error closes the connection without an answer.
async fn respond(request: &Request<Incoming>, port: u16, content: &ServedContent) -> io::Result<PictureAnswer> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = request.uri().path().to_owned();
    if ![format!("127.0.0.1:{port}"), format!("localhost:{port}")].contains(&host.to_ascii_lowercase()) {
        return Ok(status(StatusCode::MISDIRECTED_REQUEST));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Ok(with_header(status(StatusCode::METHOD_NOT_ALLOWED), ALLOW, "GET, HEAD"));
    }
    match content {
        ServedContent::Drawn { config, rate_limited } => picture(&path, *config, rate_limited).await,
        ServedContent::Folder(root) => {
            let root = root.clone();
            spawn_blocking(move || file(&root, &path)).await.map_err(io::Error::other)
        }
    }
}

async fn picture(path: &str, config: DemoConfig, rate_limited: &Mutex<HashSet<String>>) -> io::Result<PictureAnswer> {
    if path == CONFIRMATION {
        return Ok(status(StatusCode::OK));
    }
    let Some(snapshot) = DemoSnapshot::parse(path) else {
        return Ok(status(StatusCode::NOT_FOUND));
    };
    sleep(snapshot.delay(&config)).await;
    let answer = snapshot.answer(&config);
    match answer {
        ServerAnswer::Missing => return Ok(status(StatusCode::NOT_FOUND)),
        ServerAnswer::Forbidden => return Ok(status(StatusCode::FORBIDDEN)),
        ServerAnswer::RateLimited => {
            if rate_limited.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
                return Ok(with_header(status(StatusCode::TOO_MANY_REQUESTS), RETRY_AFTER, "45"));
            }
        }
        ServerAnswer::Silent => {
            sleep(TIMEOUT).await;
            return Err(io::ErrorKind::TimedOut.into());
        }
        ServerAnswer::Whole | ServerAnswer::Truncated => {}
    }
    let drawing = spawn_blocking(move || scene::picture(&config, snapshot));
    let jpeg = Bytes::from(drawing.await.map_err(io::Error::other)?);
    Ok(if answer == ServerAnswer::Truncated { truncated(&jpeg) } else { ok("image/jpeg", jpeg) })
}

/// Returns a file below `root`; hidden files, links out of it and names with other characters than `[A-Za-z0-9._-]`
/// are not found.
fn file(root: &Path, path: &str) -> PictureAnswer {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let relative = path.strip_prefix('/').filter(|names| names.split('/').all(plain));
    let file = relative.and_then(|names| root.join(names).canonicalize().ok());
    let Some(file) = file.filter(|file| file.starts_with(root) && file.is_file()) else {
        return status(StatusCode::NOT_FOUND);
    };
    let mut body = Vec::new();
    match fs::File::open(&file).and_then(|opened| opened.take(FILE_LIMIT + 1).read_to_end(&mut body)) {
        Err(_) => status(StatusCode::NOT_FOUND),
        Ok(_) if body.len() as u64 > FILE_LIMIT => status(StatusCode::FORBIDDEN),
        Ok(_) if file.extension().is_some_and(|extension| extension == "jpg") => ok("image/jpeg", body.into()),
        Ok(_) => ok("text/plain; charset=utf-8", body.into()),
    }
}

fn ok(content_type: &'static str, body: Bytes) -> PictureAnswer {
    let body = Full::new(body).map_err(|never| match never {}).boxed();
    with_header(Response::new(body), CONTENT_TYPE, content_type)
}

fn status(code: StatusCode) -> PictureAnswer {
    let mut answer = ok("text/plain; charset=utf-8", format!("{code}\n").into());
    *answer.status_mut() = code;
    answer
}

fn with_header(mut answer: PictureAnswer, name: HeaderName, value: &'static str) -> PictureAnswer {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}

/// Announces the whole picture, sends three fifths of it and closes the connection.
fn truncated(jpeg: &Bytes) -> PictureAnswer {
    let part = jpeg.slice(..jpeg.len() * 3 / 5);
    let abort = async {
        sleep(FLUSH_TIME).await;
        Err(io::ErrorKind::ConnectionAborted.into())
    };
    let frames = stream::once(ready(Ok(Frame::data(part)))).chain(stream::once(abort));
    let body = BoxBody::new(StreamBody::new(frames));
    let mut answer = with_header(Response::new(body), CONTENT_TYPE, "image/jpeg");
    answer.headers_mut().insert(CONTENT_LENGTH, jpeg.len().into());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::{
        asset::{Completeness, DemoAsset, FrameSize, Motif, Random, SnapshotList},
        config::Scenario,
    };
    use futures_util::future::join_all;

    /// Returns a snapshot with this answer.
    fn snapshot(config: &DemoConfig, answer: ServerAnswer) -> DemoSnapshot {
        let asset = DemoAsset::new(&mut Random::new(1), Motif::City, FrameSize::Default, Completeness::Complete);
        (0..1000)
            .map(|offset| DemoSnapshot { asset, list: SnapshotList::Sample, offset })
            .find(|snapshot| snapshot.answer(config) == answer)
            .unwrap_or_else(|| panic!("no snapshot is answered with {answer:?}"))
    }

    /// Requests a picture; returns its status, and its body where that is whole.
    async fn request(port: u16, snapshot: DemoSnapshot) -> reqwest::Result<(u16, Option<Bytes>)> {
        let response = reqwest::get(format!("http://localhost:{port}{}", snapshot.path())).await?;
        Ok((response.status().as_u16(), response.bytes().await.ok()))
    }

    #[tokio::test]
    async fn the_slow_scenario_has_every_answer() -> io::Result<()> {
        let config = DemoConfig { scenario: Scenario::Slow, ..DemoConfig::default() };
        let listener = bind(0).await?;
        let port = listener.local_addr()?.port();
        let server = tokio::spawn(run(listener, ServedContent::drawn(config)));
        let expected = [
            (ServerAnswer::Whole, 200),
            (ServerAnswer::Missing, 404),
            (ServerAnswer::Forbidden, 403),
            (ServerAnswer::RateLimited, 429),
            (ServerAnswer::Truncated, 200),
        ];
        let responses = join_all(expected.map(|(answer, _)| request(port, snapshot(&config, answer)))).await;
        for ((answer, code), response) in expected.into_iter().zip(responses) {
            let (status, body) = response.map_err(io::Error::other)?;
            assert_eq!(status, code);
            assert_eq!(body.is_none(), answer == ServerAnswer::Truncated, "{answer:?}");
        }
        let second = request(port, snapshot(&config, ServerAnswer::RateLimited)).await.map_err(io::Error::other)?;
        assert_eq!(second.0, 200, "the second request is not limited");
        assert!(second.1.is_some_and(|body| body.starts_with(&[0xff, 0xd8, 0xff])));
        let silent =
            tokio::time::timeout(Duration::from_secs(5), request(port, snapshot(&config, ServerAnswer::Silent)));
        assert!(silent.await.is_err());
        server.abort();
        Ok(())
    }
}
