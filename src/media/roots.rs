//! The certificates of the authorities that TLS trusts: the system's, or Mozilla's list where the system has none.
//!
//! A minimal container or an old host may have no store at all. The HTTP client cannot be built without one, even for
//! `http://` addresses, so the built-in list stands in. It is never added to a store that the system has, nor to one that
//! cannot be read: what an administrator took out of it stays untrusted.

use reqwest::Certificate;
use rustls_native_certs::CertificateResult;
use std::sync::OnceLock;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// The origin of the trusted authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedRoots {
    /// So many of the store of the system, as OpenSSL would find it; `SSL_CERT_FILE` and `SSL_CERT_DIR` choose another.
    System(usize),
    /// So many of Mozilla's list as of the build, since the system has no store.
    BuiltIn(usize),
    /// None: the store of the system cannot be read, for this reason.
    Unreadable(String),
}

impl TrustedRoots {
    /// Looks for the store of the system, once. Blocks: reads its files, which takes some milliseconds.
    pub fn find() -> &'static Self {
        static FOUND: OnceLock<TrustedRoots> = OnceLock::new();
        FOUND.get_or_init(|| Self::of_system(&rustls_native_certs::load_native_certs()))
    }

    fn of_system(store: &CertificateResult) -> Self {
        match (store.certs.len(), store.errors.first()) {
            (0, None) => Self::BuiltIn(TLS_SERVER_ROOT_CERTS.len()),
            (0, Some(error)) => Self::Unreadable(error.to_string()),
            (count, _) => Self::System(count),
        }
    }

    /// Returns the certificates that a client needs beside those of the system; an error where none is trusted.
    pub(super) fn beside_system(&self) -> Result<Vec<Certificate>, String> {
        match self {
            Self::System(_) => Ok(Vec::new()),
            Self::BuiltIn(_) => {
                Ok(TLS_SERVER_ROOT_CERTS.iter().filter_map(|root| Certificate::from_der(root).ok()).collect())
            }
            Self::Unreadable(error) => Err(format!("the certificates of this system cannot be read: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_stands_in_for_a_missing_store_only() {
        let mut store = CertificateResult::default();
        let TrustedRoots::BuiltIn(roots) = TrustedRoots::of_system(&store) else { panic!("a system without a store") };
        assert!(roots > 100, "{roots}");
        assert_eq!(TrustedRoots::BuiltIn(roots).beside_system().unwrap().len(), roots, "each of them can be read");
        store.certs = TLS_SERVER_ROOT_CERTS[..3].to_vec();
        assert_eq!(TrustedRoots::of_system(&store), TrustedRoots::System(3));
        assert!(TrustedRoots::System(3).beside_system().unwrap().is_empty());
        assert!(TrustedRoots::Unreadable("permission denied".to_owned()).beside_system().is_err());
    }
}
