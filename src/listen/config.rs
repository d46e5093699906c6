//! The settings of the server.

use std::{net::SocketAddr, path::PathBuf};

/// The settings of [`start`](super::start).
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// The address to listen on; port 0 is any free one.
    pub address: SocketAddr,
    /// The file that keeps the callbacks.
    pub journal: PathBuf,
    /// PEM files with certificates of SMN (`--smn-cert`). With one, messages of SMN must be signed.
    pub smn_certificates: Vec<PathBuf>,
    /// The topics that messages of SMN may belong to (`--topic`).
    pub topics: Vec<String>,
    /// The file with the key of MFS (`--mfs-key-file`). With one, messages of MFS must be signed.
    pub mfs_key: Option<PathBuf>,
    /// The certificate and the key for HTTPS (`--tls-cert`, `--tls-key`).
    pub tls: Option<TlsFiles>,
}

impl ListenConfig {
    /// Returns the settings of a server without keys, on plain HTTP.
    pub fn unsigned(address: SocketAddr, journal: PathBuf) -> Self {
        Self { address, journal, smn_certificates: Vec::new(), topics: Vec::new(), mfs_key: None, tls: None }
    }
}

/// The PEM files for HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain of certificates, that of the server first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}
