//! Signatures of callbacks: RSA over the signed text of SMN, HMAC over that of MFS.
//!
//! Keys are pinned: what a message says about its certificate is never looked at, and only RSA with PKCS #1 padding and
//! SHA-256 is accepted, whatever the certificate is signed with itself.

use super::smn::{SmnMessage, SmnType};
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject as _};
use std::fmt;
use webpki::{EndEntityCert, aws_lc_rs::RSA_PKCS1_2048_8192_SHA256};

/// The reason why a key or a certificate cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no certificate in PEM.
    #[error("holds no certificate in PEM form")]
    NoCertificate,
    /// A certificate cannot be read.
    #[error("holds a certificate that cannot be read")]
    UnreadableCertificate,
    /// The key of a certificate has another algorithm or size.
    #[error("holds a certificate whose key is not RSA of 2048 to 8192 bit")]
    NotRsa,
    /// There is nothing but white space.
    #[error("is empty")]
    Empty,
    /// There is no private key that can sign.
    #[error("holds no private RSA key in PKCS #8 PEM form")]
    NoPrivateKey,
}

/// A certificate of SMN that the operator trusts.
#[derive(Clone, Debug)]
pub(super) struct SmnCertificate(CertificateDer<'static>);

impl SmnCertificate {
    /// Reads all certificates of a PEM file.
    pub(super) fn read_all(pem: &[u8]) -> Result<Vec<Self>, KeyError> {
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_damaged| KeyError::UnreadableCertificate)?;
            let parsed = EndEntityCert::try_from(&certificate).map_err(|_damaged| KeyError::UnreadableCertificate)?;
            // A key of the right kind refuses an empty signature for what it is.
            match parsed.verify_signature(RSA_PKCS1_2048_8192_SHA256, b"", b"") {
                Ok(()) | Err(webpki::Error::InvalidSignatureForPublicKey) => {}
                Err(_other) => return Err(KeyError::NotRsa),
            }
            certificates.push(Self(certificate));
        }
        if certificates.is_empty() { Err(KeyError::NoCertificate) } else { Ok(certificates) }
    }

    /// Returns whether `signature`, in base64, is that of this certificate's key over `text`.
    pub(super) fn verifies(&self, text: &str, signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        EndEntityCert::try_from(&self.0).is_ok_and(|certificate| {
            certificate.verify_signature(RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).is_ok()
        })
    }
}

/// The key that MFS and its receiver share.
#[derive(Clone)]
pub struct MfsKey(hmac::Key);

impl fmt::Debug for MfsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MfsKey(***)")
    }
}

impl MfsKey {
    /// Takes the content of a key file; white space around it is no part of the key.
    pub fn new(file: &[u8]) -> Result<Self, KeyError> {
        let key = file.trim_ascii();
        if key.is_empty() { Err(KeyError::Empty) } else { Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key))) }
    }

    /// Returns the value of the header `auth_sign` for a message: HMAC-SHA256 of `VOD_TIMESTAMP_MESSAGE` in hexadecimal.
    pub fn sign(&self, timestamp: &str, message: &str) -> String {
        let tag = hmac::sign(&self.0, Self::signed_text(timestamp, message).as_bytes());
        to_hex(tag.as_ref())
    }

    /// Returns whether `sign` is the signature of a message. Takes as long for a wrong one as for the right one.
    pub(super) fn verifies(&self, timestamp: &str, message: &str, sign: &str) -> bool {
        let Some(tag) = from_hex(sign) else { return false };
        hmac::verify(&self.0, Self::signed_text(timestamp, message).as_bytes(), &tag).is_ok()
    }

    fn signed_text(timestamp: &str, message: &str) -> String {
        format!("VOD_{timestamp}_{message}")
    }
}

/// Returns bytes in hexadecimal, in lower case.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Signs messages as SMN does, for the demo and for tests.
#[derive(Debug)]
pub struct SmnSigner(RsaKeyPair);

impl SmnSigner {
    /// Reads a private key.
    pub fn read(pem: &[u8]) -> Result<Self, KeyError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_damaged| KeyError::NoPrivateKey)?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_damaged| KeyError::NoPrivateKey)?;
        Ok(Self(key))
    }

    /// Returns the body of a notification of `message`, as SMN would post it.
    pub fn notification(&self, topic_urn: &str, message_id: &str, timestamp: &str, message: &str) -> String {
        let message = SmnMessage {
            kind: SmnType::Notification,
            message: message.to_owned(),
            message_id: message_id.to_owned(),
            subject: Some("VOD".to_owned()),
            subscribe_url: None,
            timestamp: timestamp.to_owned(),
            topic_urn: topic_urn.to_owned(),
        };
        serde_json::json!({
            "signature": self.sign(&message.signed_text()),
            "subject": message.subject,
            "topic_urn": message.topic_urn,
            "message_id": message.message_id,
            "signature_version": "v1",
            "type": message.kind.as_str(),
            "message": message.message,
            "timestamp": message.timestamp,
        })
        .to_string()
    }

    /// Returns the body of a `SubscriptionConfirmation` that asks to open `subscribe_url`.
    pub fn confirmation(&self, topic_urn: &str, message_id: &str, timestamp: &str, subscribe_url: &str) -> String {
        let message = SmnMessage {
            kind: SmnType::SubscriptionConfirmation,
            message: format!("You are invited to subscribe to topic: {topic_urn}."),
            message_id: message_id.to_owned(),
            subject: None,
            subscribe_url: Some(subscribe_url.to_owned()),
            timestamp: timestamp.to_owned(),
            topic_urn: topic_urn.to_owned(),
        };
        serde_json::json!({
            "signature": self.sign(&message.signed_text()),
            "topic_urn": message.topic_urn,
            "message_id": message.message_id,
            "signature_version": "v1",
            "type": message.kind.as_str(),
            "message": message.message,
            "subscribe_url": message.subscribe_url,
            "timestamp": message.timestamp,
        })
        .to_string()
    }

    /// Returns the signature of a text in base64.
    fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.expect("an RSA key signs into as many bytes as its modulus has");
        STANDARD.encode(signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::body::BodyFields;

    const CERTIFICATE: &[u8] = include_bytes!("../../tests/fixtures/callbacks/smn-test-cert.pem");
    const STREAM: &str = include_str!("../../tests/fixtures/smn-stream.ndjson");

    #[test]
    fn signed_messages_verify_and_changed_ones_do_not() {
        let [certificate] = &*SmnCertificate::read_all(CERTIFICATE).unwrap() else { panic!("one certificate") };
        let mut messages = 0;
        for line in STREAM.lines() {
            let fields = BodyFields::read(line).unwrap();
            let message = SmnMessage::read(&fields).unwrap();
            let (text, signature) = (message.signed_text(), fields.text("signature").unwrap());
            assert_eq!(message.check(), Ok(()));
            assert!(certificate.verifies(&text, &signature), "{line}");
            assert!(!certificate.verifies(text.trim_end(), &signature), "without the last newline");
            assert!(!certificate.verifies(&format!("{text} "), &signature));
            assert!(!certificate.verifies(&text.replacen('e', "f", 1), &signature));
            assert!(!certificate.verifies(&text, ""));
            assert!(!certificate.verifies(&text, &signature.replacen('A', "B", 1)) || !signature.contains('A'));
            messages += 1;
        }
        assert_eq!(messages, STREAM.lines().count());
    }

    #[test]
    fn mfs_signatures_are_those_of_the_documents() {
        let key = MfsKey::new(b" secret\n").unwrap();
        // printf 'VOD_1773450902_{"a":1}' | openssl dgst -sha256 -hmac secret
        let sign = "cf4b9065b11d7765939a9204755b379d1aed3a56ee3b288e722eab2af85766b6";
        assert_eq!(key.sign("1773450902", "{\"a\":1}"), sign);
        let check = |timestamp, message, sign: &str| key.verifies(timestamp, message, sign);
        assert!(check("1773450902", "{\"a\":1}", sign) && check("1773450902", "{\"a\":1}", &sign.to_uppercase()));
        assert!(!check("1773450903", "{\"a\":1}", sign) && !check("1773450902", "{\"a\":2}", sign));
        for wrong in ["", "0", "zz", sign.trim_start_matches(['c', 'f']), &format!("{sign}00")] {
            assert!(!check("1773450902", "{\"a\":1}", wrong), "{wrong}");
        }
        assert_eq!(MfsKey::new(b" \n").unwrap_err(), KeyError::Empty);
        assert_eq!(format!("{key:?}"), "MfsKey(***)");
    }

    #[test]
    fn unusable_certificates_are_named() {
        assert_eq!(SmnCertificate::read_all(b"").unwrap_err(), KeyError::NoCertificate);
        let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(SmnCertificate::read_all(damaged).unwrap_err(), KeyError::UnreadableCertificate);
        let elliptic = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap();
        assert_eq!(SmnCertificate::read_all(elliptic.cert.pem().as_bytes()).unwrap_err(), KeyError::NotRsa);
        assert_eq!(SmnSigner::read(b"").unwrap_err(), KeyError::NoPrivateKey);
    }
}
