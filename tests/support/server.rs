//! A web server on the loopback that fails on demand: silence, slow bytes, resets, wrong lengths.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

/// One thing that the server does in answer to a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// Waits, and notices when the client hangs up.
    Pause(Duration),
    /// Sends the bytes again and again, until the client hangs up.
    Forever(Vec<u8>),
    /// Goes on only when the client hangs up.
    Hang,
    /// Closes the connection.
    Close,
    /// Resets the connection (RST).
    Reset,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The whole head, in lower case.
    pub(crate) head: String,
    /// The number of requests before it on its connection.
    pub(crate) earlier: usize,
}

/// The record of what came in.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) requests: Vec<Request>,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
}

type Handler = Arc<dyn Fn(&Request) -> Vec<Act> + Send + Sync>;

/// A server that ends when it is dropped.
pub(crate) struct ImageServer {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _tasks: JoinSet<()>,
}

impl ImageServer {
    /// Serves what `handler` says, in plain HTTP/1.1.
    pub(crate) async fn start(handler: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::bind("127.0.0.1:0", None, handler).await
    }

    /// The same behind TLS.
    pub(crate) async fn start_tls(
        tls: tokio_rustls::TlsAcceptor,
        handler: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::bind("127.0.0.1:0", Some(tls), handler).await
    }

    /// Serves on an address of its own.
    pub(crate) async fn bind(
        addr: &str,
        tls: Option<tokio_rustls::TlsAcceptor>,
        handler: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let handler: Handler = Arc::new(handler);
        let mut tasks = JoinSet::new();
        let state = seen.clone();
        tasks.spawn(async move {
            // Owned by this task, so that the connections end with it.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                state.lock().unwrap().connections += 1;
                let (state, handler, tls) = (state.clone(), handler.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, &state, &handler).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &state, &handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { addr, seen, _tasks: tasks }
    }

    /// `http://127.0.0.1:PORT/path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(crate) fn host(&self) -> String {
        self.addr.to_string()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.seen.lock().unwrap().most_in_flight
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().requests.clone()
    }
}

/// A connection that can be reset.
trait Connection: AsyncRead + AsyncWrite + Unpin {
    /// Has the drop that follows send RST instead of FIN.
    fn reset(&self);
}

impl Connection for TcpStream {
    fn reset(&self) {
        self.set_zero_linger().unwrap();
    }
}

impl Connection for TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}

async fn serve(mut stream: impl Connection, seen: &Mutex<Seen>, handler: &Handler) {
    let mut earlier = 0;
    while let Some(head) = read_head(&mut stream).await {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let request = Request { path, head: head.to_lowercase(), earlier };
        earlier += 1;
        {
            let mut seen = seen.lock().unwrap();
            seen.requests.push(request.clone());
            seen.in_flight += 1;
            seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        }
        // Counted down also where the client hangs up in the middle; and before the last bytes are out, for with them
        // the next request may come.
        let mut leaving = Some(Leaving(seen));
        let mut acts = handler(&request).into_iter().peekable();
        while let Some(act) = acts.next() {
            if matches!(act, Act::Send(_)) && acts.peek().is_none() {
                leaving = None;
            }
            let done = match act {
                Act::Send(bytes) => stream.write_all(&bytes).await,
                Act::Pause(duration) => match timeout(duration, stream.read_u8()).await {
                    Err(_elapsed) => Ok(()),
                    Ok(_gone) => return,
                },
                Act::Forever(bytes) => loop {
                    if let Err(error) = stream.write_all(&bytes).await {
                        break Err(error);
                    }
                },
                Act::Hang => {
                    drop(stream.read_u8().await);
                    return;
                }
                Act::Close => return,
                Act::Reset => return stream.reset(),
            };
            if done.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
        drop(leaving);
    }
}

struct Leaving<'a>(&'a Mutex<Seen>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().in_flight -= 1;
    }
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// A whole answer.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<Act> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    vec![Act::Send([head.as_bytes(), body].concat())]
}

/// A whole picture.
pub(crate) fn picture(body: &[u8]) -> Vec<Act> {
    answer("200 OK", "Content-Type: image/jpeg\r\n", body)
}

/// A redirect.
pub(crate) fn redirect(location: &str) -> Vec<Act> {
    answer("302 Found", &format!("Location: {location}\r\n"), b"")
}
