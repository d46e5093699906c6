//! TLS for the server, from a certificate and a key in PEM.

use super::error::{ListenError, shown};
use crate::text::Safe;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{fs, path::Path, sync::Arc};
use tokio_rustls::TlsAcceptor;

/// Reads a file that an option names.
pub(super) fn read_file(option: &'static str, path: &Path) -> Result<Vec<u8>, ListenError> {
    fs::read(path).map_err(|cause| ListenError::File { option, file: shown(path), cause })
}

/// Makes an acceptor from the chain of certificates in one file and the key in another.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, ListenError> {
    let unusable = |what: String| ListenError::Tls(Safe::new(&what));
    let pem = read_file("--tls-cert", certificate)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| unusable(format!("{} holds no certificate in PEM form", shown(certificate))))?;
    let pem = read_file("--tls-key", key)?;
    let key_read = PrivateKeyDer::from_pem_slice(&pem);
    let key = key_read.map_err(|_damaged| unusable(format!("{} holds no private key in PEM form", shown(key))))?;
    // Named, because another provider in the tree would make the default ambiguous.
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| unusable(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
