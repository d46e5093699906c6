//! Tests of TLS certificates and of HTTP/2.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use std::{fs, path::PathBuf};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ConfigBuilder, ServerConfig, WantsVerifier, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

/// Names the TLS provider: two are linked in, so there is no default.
fn server_config() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap()
}

/// An authority, and its certificate as a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn acceptor(&self, host: &str, until: i32, protocol: &[u8]) -> TlsAcceptor {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let chain = vec![certificate.der().clone()];
        let mut config = server_config().with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

async fn certificates_are_checked() {
    let authority = Authority::new();
    let check = async |host: &str, until, trusted: bool, expected: Result<(), &str>| {
        let acceptor = authority.acceptor(host, until, b"http/1.1");
        let server = ImageServer::start_tls(acceptor, |_| picture(BASE)).await;
        let port = server.addr.port();
        let ca_file = trusted.then(|| authority.file());
        let config = MediaConfig { ca_file, ..config(&[&format!("localhost:{port}")]) };
        let outcome = load(config, &format!("https://localhost:{port}/0.jpg")).await;
        let outcome = outcome.map(drop).map_err(|failure| failure.what.as_str().to_owned());
        assert_eq!(outcome, expected.map_err(str::to_owned));
    };
    check("localhost", 2100, true, Ok(())).await;
    check("localhost", 2020, true, Err("TLS: the certificate of localhost has expired")).await;
    check("example.com", 2100, true, Err("TLS: the certificate is not for localhost")).await;
    check("localhost", 2100, false, Err("TLS: the certificate of localhost has an unknown issuer")).await;
}

async fn an_unusable_ca_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "no certificate").unwrap();
    for file in [empty, folder.path().join("absent.pem")] {
        let config = MediaConfig { ca_file: Some(file.clone()), ..config(&[]) };
        let what = failure(config, "https://thumbview.invalid/0.jpg").await;
        assert!(what.starts_with("the HTTP client cannot be set up: --ca-file "), "{what}");
    }
}

async fn redirects_from_https_to_http_are_refused() {
    let authority = Authority::new();
    let plain = ImageServer::start(|_| picture(BASE)).await;
    let location = plain.url("/0.jpg");
    let acceptor = authority.acceptor("localhost", 2100, b"http/1.1");
    let server = ImageServer::start_tls(acceptor, move |_| redirect(&location)).await;
    let host = format!("localhost:{}", server.addr.port());
    let config = MediaConfig { ca_file: Some(authority.file()), ..config(&[&host, &plain.host()]) };
    assert_eq!(
        failure(config, &format!("https://{host}/0.jpg")).await,
        "a redirect from https to http is not followed"
    );
    assert_eq!(plain.connections(), 0);
}

async fn http_2_is_used_if_offered() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("localhost", 2100, b"h2");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
        // One connection for all.
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut body = respond.send_response(http::Response::new(()), false).unwrap();
            body.send_data(BASE.into(), true).unwrap();
        }
    });
    let config = MediaConfig { ca_file: Some(authority.file()), ..config(&[&host]) };
    let (media, mut updates) = spawn(config);
    media.want((0..5).map(|index| request(index, &format!("https://{host}/{index}.jpg"))).collect());
    let mut loaded = 0;
    while loaded < 5 {
        if let Some(PictureUpdate::Loaded(_, picture)) = updates.recv().await {
            assert_eq!(picture.fetched.version, Some("HTTP/2"));
            loaded += 1;
        }
    }
    server.abort();
}

/// A server that answers an HTTP/2 request with heads of status 103, one after another, until the connection is closed.
async fn flood(listener: tokio::net::TcpListener, acceptor: TlsAcceptor) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (stream, _) = listener.accept().await.unwrap();
    let (mut from, mut to) = tokio::io::split(acceptor.accept(stream).await.unwrap());
    // Empty settings; then `:status: 103` on stream 1, as a literal (RFC 9113, section 6.2; RFC 7541, section 6.2.2).
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    let head = b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03103".repeat(100);
    to.write_all(settings).await.unwrap();
    let drained = tokio::spawn(async move {
        let mut buffer = [0; 1024];
        while from.read(&mut buffer).await.is_ok_and(|len| len > 0) {}
    });
    while to.write_all(&head).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drained.await.unwrap();
}

async fn a_connection_that_is_flooded_with_heads_is_closed() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("localhost", 2100, b"h2");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let server = tokio::spawn(flood(listener, acceptor));
    let (media, mut updates) = spawn(MediaConfig { ca_file: Some(authority.file()), ..impatient(&[&host]) });
    media.want(vec![request(0, &format!("https://{host}/0.jpg"))]);
    let error = answer_to(&mut updates, key(0)).await.unwrap_err();
    assert!(matches!(error.what.as_str(), "no answer for 600 ms" | "the server closed the connection"), "{error:?}");
    // Ends with the connection, while the scheduler lives on.
    let closed = tokio::time::timeout(Duration::from_secs(30), server).await;
    closed.expect("the connection is closed").unwrap();
    drop(media);
}

/// A certificate that is its own issuer's, as `openssl req -x509` makes it.
async fn faults_of_tls_are_explained_in_words() {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pem");
    fs::write(&file, certificate.pem()).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let chain = vec![certificate.der().clone()];
    let config_of_server = server_config().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let server = ImageServer::start_tls(TlsAcceptor::from(Arc::new(config_of_server)), |_| picture(BASE)).await;
    let check = async |port: u16, expected: &str| {
        let host = format!("localhost:{port}");
        let config = MediaConfig { ca_file: Some(file.clone()), ..config(&[&host]) };
        assert_eq!(failure(config, &format!("https://{host}/0.jpg")).await, expected);
    };
    check(
        server.addr.port(),
        "TLS: the certificate of localhost is that of an issuer, which servers may not use (self-signed?)",
    )
    .await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let without_tls = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut stream, _)) = listener.accept().await {
            let read = stream.read(&mut [0; 1024]).await.unwrap();
            assert!(read > 0);
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    check(port, "TLS with localhost: the server does not speak TLS on this port").await;
    without_tls.abort();
}

crate::tests! {
    faults_of_tls_are_explained_in_words,
    a_connection_that_is_flooded_with_heads_is_closed,
    certificates_are_checked,
    an_unusable_ca_file_is_named,
    redirects_from_https_to_http_are_refused,
    http_2_is_used_if_offered,
}
