//! The certificates of the authorities that TLS trusts: the system's, or Mozilla's list where the system has none.
//!
//! A minimal container or an old host may have no store at all. The HTTP client cannot be built without one, even for
//! `http://` addresses, so the built-in list stands in. It is never added to a store that the system has: what an
//! administrator took out of it stays untrusted.

use reqwest::Certificate;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// The origin of the trusted authorities, and their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedRoots {
    /// The store of the system, as OpenSSL would find it; `SSL_CERT_FILE` and `SSL_CERT_DIR` choose another.
    System(usize),
    /// Mozilla's list as of the build, since the system has no store.
    BuiltIn(usize),
}

impl TrustedRoots {
    /// Looks for the store of the system. Blocks: reads its files, which takes some milliseconds.
    pub fn find() -> Self {
        Self::of_system(rustls_native_certs::load_native_certs().certs.len())
    }

    fn of_system(certificates: usize) -> Self {
        if certificates > 0 { Self::System(certificates) } else { Self::BuiltIn(TLS_SERVER_ROOT_CERTS.len()) }
    }

    /// Returns the certificates that a client needs beside those of the system.
    pub(super) fn beside_system(self) -> Vec<Certificate> {
        match self {
            Self::System(_) => Vec::new(),
            Self::BuiltIn(_) => {
                TLS_SERVER_ROOT_CERTS.iter().filter_map(|root| Certificate::from_der(root).ok()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_stands_in_for_a_missing_store_only() {
        assert_eq!(TrustedRoots::of_system(140), TrustedRoots::System(140));
        assert!(TrustedRoots::of_system(140).beside_system().is_empty());
        let TrustedRoots::BuiltIn(roots) = TrustedRoots::of_system(0) else { panic!("a system without a store") };
        assert!(roots > 100, "{roots}");
        assert_eq!(TrustedRoots::BuiltIn(roots).beside_system().len(), roots, "each of them can be read");
    }
}
