//! The HTTP server: requests in, answers out.
//!
//! It decides nothing itself: `admission` says whether a callback is taken, `writer` puts it on disk, and the answer
//! follows from both. Everything that a sender may leave open is bounded: the number of connections, the time for a
//! head, for a body, for the handshake of TLS.

use super::{
    admission::{Callback, ReceivedCallback, TrustedKeys},
    connections::{ConnectionActivity, OpenConnections, SharedActivity},
    line::JournalLine,
    refusal::CallbackRefusal,
    report::Reporter,
    request_body::{self, BODY_MAX},
    writer::{Entry, Stored},
};
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body as _, Bytes, Incoming},
    header::{ALLOW, CONNECTION, CONTENT_TYPE, EXPECT, HeaderValue},
    rt::{Read, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{borrow::Cow, convert::Infallible, net::IpAddr, rc::Rc, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;

/// The longest time for the head of a request, and between two requests of a connection.
const HEAD_TIME: Duration = Duration::from_secs(2);

/// The longest time for the handshake of TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(2);

/// The most bytes of a head, and of what is read at once.
const BUFFER_MAX: usize = 64 << 10;

/// The wait after a connection could not be accepted: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The state that all connections share.
#[derive(Debug)]
pub(super) struct CallbackServer {
    pub(super) trusted: TrustedKeys,
    pub(super) reporter: Arc<Reporter>,
    pub(super) entries: mpsc::Sender<Entry>,
}

/// The answer to a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallbackAnswer {
    /// It is on disk, now or since an earlier delivery.
    Stored,
    /// It is refused. The connection stays open where the request was read to its end.
    Refused(CallbackRefusal),
}

/// Serves until `closed` is resolved. Runs on a `LocalSet`.
pub(super) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    server: CallbackServer,
    mut closed: oneshot::Receiver<Infallible>,
) {
    let server = Rc::new(server);
    let mut connections = OpenConnections::default();
    let mut waiting: Option<(TcpStream, IpAddr)> = None;
    loop {
        if !connections.are_full()
            && let Some((stream, peer)) = waiting.take()
        {
            let (server, tls) = (Rc::clone(&server), tls.clone());
            connections.start(move |activity| serve(stream, peer, tls, server, activity));
        }
        let closes_at = connections.closes_at().filter(|_| waiting.is_some());
        tokio::select! {
            biased;
            _ = &mut closed => return,
            () = connections.ended() => {}
            () = sleep_until(closes_at.unwrap_or_else(Instant::now)), if closes_at.is_some() => connections.close_idle(),
            accepted = listener.accept(), if waiting.is_none() => match accepted {
                Ok((stream, peer)) => waiting = Some((stream, peer.ip().to_canonical())),
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// Serves one connection to its end.
async fn serve(
    stream: TcpStream,
    peer: IpAddr,
    tls: Option<TlsAcceptor>,
    server: Rc<CallbackServer>,
    activity: SharedActivity,
) {
    stream.set_nodelay(true).ok();
    match tls {
        None => server.serve_http(TokioIo::new(stream), peer, activity).await,
        Some(tls) => {
            // Who does not speak TLS, or not in time, needs no report.
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
                server.serve_http(TokioIo::new(stream), peer, activity).await;
            }
        }
    }
}

impl CallbackServer {
    async fn serve_http(self: Rc<Self>, io: impl Read + Write + Unpin, peer: IpAddr, activity: SharedActivity) {
        let service = service_fn(|request| {
            let (server, activity) = (Rc::clone(&self), Rc::clone(&activity));
            async move {
                activity.set(ConnectionActivity::Busy);
                let response = server.respond(request, peer).await;
                activity.set(ConnectionActivity::Idle(Instant::now()));
                Ok::<_, Infallible>(response)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(BUFFER_MAX);
        let served = http.serve_connection(io, service).await;
        // Both were answered.
        match served {
            Err(error) if error.is_parse_too_large() => self.reporter.refuse(CallbackRefusal::HeadTooLarge, peer),
            Err(error) if error.is_parse() => self.reporter.refuse(CallbackRefusal::NotHttp, peer),
            Ok(()) | Err(_) => {}
        }
    }

    async fn respond(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Full<Bytes>> {
        let answer = match self.take(request, peer).await {
            Ok(()) => CallbackAnswer::Stored,
            Err(refusal) => {
                self.reporter.refuse(refusal, peer);
                CallbackAnswer::Refused(refusal)
            }
        };
        response(answer)
    }

    /// Takes a callback. Returns after it is on disk.
    async fn take(&self, request: Request<Incoming>, peer: IpAddr) -> Result<(), CallbackRefusal> {
        let (head, body) = request.into_parts();
        if is_announced_in_vain(&head.headers, body.size_hint().lower()) {
            return Err(CallbackRefusal::TooLarge);
        }
        if head.method != Method::POST {
            request_body::discard(body).await;
            return Err(CallbackRefusal::Method);
        }
        let body = request_body::read(body).await?;
        let received = ReceivedCallback {
            body: &body,
            auth_timestamp: header(&head.headers, "auth_timestamp"),
            auth_sign: header(&head.headers, "auth_sign"),
        };
        let callback = self.trusted.admit(&received)?;
        match self.store(callback, peer).await {
            Stored::Kept | Stored::Double => Ok(()),
            Stored::Failed => Err(CallbackRefusal::NotStored),
        }
    }

    /// Has a callback written. The sender may hang up meanwhile, which ends this function but not the writing.
    async fn store(&self, callback: Callback<'_>, peer: IpAddr) -> Stored {
        let line = JournalLine {
            time: format!("{:.3}", jiff::Timestamp::now()).into(),
            from: peer.to_string().into(),
            kind: callback.kind,
            sign: callback.sign.map(Cow::Borrowed),
            body: callback.body.into(),
        };
        let (stored, answer) = oneshot::channel();
        let Callback { delivery, subscription, .. } = callback;
        let entry = Entry { line: line.to_bytes(), delivery, subscription, stored };
        if self.entries.send(entry).await.is_err() {
            return Stored::Failed;
        }
        answer.await.unwrap_or(Stored::Failed)
    }
}

/// Returns whether a client that asks first announces a body that would be refused.
fn is_announced_in_vain(headers: &HeaderMap, size: u64) -> bool {
    headers.contains_key(EXPECT) && size > BODY_MAX as u64
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn response(answer: CallbackAnswer) -> Response<Full<Bytes>> {
    let (status, text) = match answer {
        CallbackAnswer::Stored => (200, "stored\n".to_owned()),
        CallbackAnswer::Refused(refusal) => (refusal.status(), format!("refused: {}\n", refusal.reason())),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    match answer {
        CallbackAnswer::Refused(CallbackRefusal::Method) => {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        // The rest of the request may still be on its way.
        CallbackAnswer::Refused(CallbackRefusal::TooSlow | CallbackRefusal::TooLarge | CallbackRefusal::CutOff) => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        CallbackAnswer::Stored | CallbackAnswer::Refused(_) => {}
    }
    response
}
