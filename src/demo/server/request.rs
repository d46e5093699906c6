//! Reads the head of an HTTP/1.1 request (RFC 9112): what the demo's server needs of it, under a limit.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// The largest head that is read, in bytes.
const HEAD_LIMIT: u64 = 8 << 10;

/// What came over a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A request without a body.
    Request(Request),
    /// Something else.
    Malformed,
    /// The end of the connection.
    End,
}

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Without the query.
    pub(super) path: String,
    /// In lower case; empty where there is none.
    pub(super) host: String,
    pub(super) keep_alive: bool,
}

/// The methods that are served, and all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Other,
}

impl Request {
    /// What stands for a request that could not be read.
    pub(super) fn malformed() -> Self {
        Self { method: Method::Other, path: String::new(), host: String::new(), keep_alive: false }
    }
}

/// Reads the next head.
pub(super) async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Read> {
    let mut head = Vec::new();
    let mut limited = stream.take(HEAD_LIMIT);
    loop {
        let begun = head.len();
        let count = limited.read_until(b'\n', &mut head).await?;
        let line = head.get(begun..).unwrap_or_default();
        match line {
            [] if head.is_empty() => return Ok(Read::End),
            b"\r\n" | b"\n" => break,
            [.., b'\n'] => {}
            // The end came, or the limit.
            _ => return Ok(Read::Malformed),
        }
        debug_assert!(count > 0, "a line was read");
    }
    Ok(parse(&head).map_or(Read::Malformed, Read::Request))
}

/// Takes a head apart; `None` for what is malformed or announces a body.
fn parse(head: &[u8]) -> Option<Request> {
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || words.next().is_some() || !target.starts_with('/') {
        return None;
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => Method::Other,
    };
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let mut request = Request { method, path, host: String::new(), keep_alive: version == "HTTP/1.1" };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let value = value.trim().to_ascii_lowercase();
        match name.to_ascii_lowercase().as_str() {
            "host" => request.host = value,
            "connection" if value == "close" => request.keep_alive = false,
            "content-length" if value != "0" => return None,
            "transfer-encoding" => return None,
            _ => {}
        }
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_heads_and_refuses_the_rest() {
        let check = |head: &str, expected: Option<(Method, &str, &str, bool)>| {
            let request = parse(head.as_bytes());
            let request = request.as_ref().map(|r| (r.method, r.path.as_str(), r.host.as_str(), r.keep_alive));
            assert_eq!(request, expected, "{head:?}");
        };
        check("GET /a?b HTTP/1.1\r\nHost: LocalHost:1\r\n\r\n", Some((Method::Get, "/a", "localhost:1", true)));
        check("HEAD / HTTP/1.0\r\n\r\n", Some((Method::Head, "/", "", false)));
        check("GET / HTTP/1.1\nconnection: Close\n\n", Some((Method::Get, "/", "", false)));
        check("DELETE / HTTP/1.1\r\n\r\n", Some((Method::Other, "/", "", true)));
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", None);
        check("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", None);
        check("GET http://h/ HTTP/1.1\r\n\r\n", None);
        check("GET / HTTP/2\r\n\r\n", None);
        check("GET  / HTTP/1.1\r\n\r\n", None);
        check("GET / HTTP/1.1\r\nno colon\r\n\r\n", None);
        check("\r\n", None);
    }

    #[tokio::test]
    async fn reads_from_a_stream_under_a_limit() {
        let check = async |bytes: Vec<u8>, expected: fn(&Read) -> bool| {
            let read = read(&mut bytes.as_slice()).await.expect("memory reads well");
            assert!(expected(&read), "{read:?}");
        };
        check(Vec::new(), |read| *read == Read::End).await;
        check(b"GET / HTTP/1.1\r\n".to_vec(), |read| *read == Read::Malformed).await;
        check(b"GET / HTTP/1.1\r\n\r\nmore".to_vec(), |read| matches!(read, Read::Request(_))).await;
        let mut long = b"GET / HTTP/1.1\r\nA: ".to_vec();
        long.resize(10 << 10, b'a');
        long.extend(b"\r\n\r\n");
        check(long, |read| *read == Read::Malformed).await;
    }
}
