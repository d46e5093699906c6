//! Faults of TLS in words for the operator.
//!
//! rustls and webpki name theirs by identifiers such as `CaUsedAsEndEntity`; here each common one has a sentence, and
//! the others are spelled out. Pure.

use crate::text::identifier::spelled_out;
use rustls::{AlertDescription, CertificateError, Error};

/// A fault of a server's certificate or of its handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TlsFault {
    Expired,
    NotYetValid,
    WrongHost,
    UnknownIssuer,
    /// The words that follow "the certificate of HOST".
    Certificate(String),
    Handshake(String),
}

impl TlsFault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors at any time")]
    pub(super) fn of(error: &Error) -> Self {
        let words = match error {
            Error::InvalidCertificate(certificate) => return Self::of_certificate(certificate),
            Error::AlertReceived(AlertDescription::HandshakeFailure) => {
                "no cipher in common with the server".to_owned()
            }
            Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
                "no version in common with the server (thumbview supports 1.2 and 1.3)".to_owned()
            }
            Error::AlertReceived(AlertDescription::UnrecognisedName) => "the server does not know this name".to_owned(),
            Error::AlertReceived(AlertDescription::CertificateRequired) => {
                "the server asks for a client's certificate".to_owned()
            }
            Error::AlertReceived(alert) => format!("the server refuses: {}", spelled_out(&format!("{alert:?}"))),
            Error::InvalidMessage(_) => "the server does not speak TLS on this port".to_owned(),
            _ => error.to_string(),
        };
        Self::Handshake(words)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors at any time")]
    fn of_certificate(error: &CertificateError) -> Self {
        let words = match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => return Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => return Self::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                return Self::WrongHost;
            }
            CertificateError::UnknownIssuer => return Self::UnknownIssuer,
            CertificateError::BadEncoding => "cannot be read".to_owned(),
            CertificateError::BadSignature => "has a wrong signature".to_owned(),
            CertificateError::Revoked => "was revoked".to_owned(),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "is not meant for servers".to_owned()
            }
            CertificateError::UnhandledCriticalExtension => "demands an extension that is not known here".to_owned(),
            CertificateError::Other(other) => webpki_words(&format!("{:?}", other.0)),
            _ => {
                let name = format!("{error:?}");
                if name.starts_with("UnsupportedSignatureAlgorithm") {
                    "is signed with an algorithm that is not accepted".to_owned()
                } else {
                    format!("is not accepted: {}", spelled_out(&name))
                }
            }
        };
        Self::Certificate(words)
    }
}

/// Returns the words that follow "the certificate of HOST" for an error of webpki, given its debug text.
fn webpki_words(name: &str) -> String {
    let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name);
    match name {
        "CaUsedAsEndEntity" => "is that of an issuer, which servers may not use (self-signed?)".to_owned(),
        "EndEntityUsedAsCa" => "is issued by another server's certificate".to_owned(),
        "UnsupportedCertVersion" => "is of an old version; X.509 version 3 is accepted".to_owned(),
        "PathLenConstraintViolated" | "MaximumPathDepthExceeded" => "has too many issuers in its chain".to_owned(),
        "NameConstraintViolation" => "is for a name that its issuer may not vouch for".to_owned(),
        _ => format!("is not accepted: {}", spelled_out(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{OtherError, PeerIncompatible};
    use std::{fmt, sync::Arc};

    /// An error that webpki's stand for: only the debug text is read.
    struct Named(&'static str);

    impl fmt::Debug for Named {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl fmt::Display for Named {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Named {}

    #[test]
    fn certificates_are_explained_in_words() {
        let check = |error: CertificateError, expected: &str| {
            let expected = TlsFault::Certificate(expected.to_owned());
            assert_eq!(TlsFault::of(&Error::InvalidCertificate(error)), expected);
        };
        let other = |name| CertificateError::Other(OtherError(Arc::new(Named(name))));
        check(other("CaUsedAsEndEntity"), "is that of an issuer, which servers may not use (self-signed?)");
        check(other("UnsupportedCertVersion"), "is of an old version; X.509 version 3 is accepted");
        check(other("TrailingData(Certificate)"), "is not accepted: trailing data");
        check(CertificateError::Revoked, "was revoked");
        check(CertificateError::InvalidPurpose, "is not meant for servers");
        check(CertificateError::UnknownRevocationStatus, "is not accepted: unknown revocation status");
    }

    #[test]
    fn handshakes_are_explained_in_words() {
        let check = |error: Error, expected: &str| {
            assert_eq!(TlsFault::of(&error), TlsFault::Handshake(expected.to_owned()));
        };
        check(Error::AlertReceived(AlertDescription::HandshakeFailure), "no cipher in common with the server");
        check(Error::AlertReceived(AlertDescription::InternalError), "the server refuses: internal error");
        check(
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            "no version in common with the server (thumbview supports 1.2 and 1.3)",
        );
        check(
            Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
            "the server does not speak TLS on this port",
        );
    }
}
