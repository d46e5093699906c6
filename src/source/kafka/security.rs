//! TLS and logins with brokers.
//!
//! The TLS provider is named: another one is linked in as well, by the client library, so there is no default.

use super::{
    fault::TopicFault,
    options::{HostnameCheck, KafkaOptions, Mechanism, Password, PasswordSource},
};
use crate::source::error::reason;
use rskafka::client::{Credentials, SaslConfig};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};
use std::{fs, path::Path, sync::Arc};

/// The login and the TLS of a topic's brokers.
#[derive(Clone)]
pub(super) struct Security {
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) login: Option<SaslConfig>,
}

impl Security {
    /// Reads the files that the settings name.
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, TopicFault> {
        let login = match &options.user {
            None => None,
            Some(user) => {
                let password = password(options.password.as_ref())?;
                let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
                Some(match options.mechanism {
                    Mechanism::Plain => SaslConfig::Plain(credentials),
                    Mechanism::ScramSha512 => SaslConfig::ScramSha512(credentials),
                })
            }
        };
        let tls = if options.is_tls() { Some(Arc::new(tls_config(options)?)) } else { None };
        Ok(Self { tls, login })
    }
}

fn password(source: Option<&PasswordSource>) -> Result<Password, TopicFault> {
    match source {
        None => Err(TopicFault::Settings(
            "a user needs a password: --kafka-password-file, or the variable THUMBVIEW_KAFKA_PASSWORD".to_owned(),
        )),
        Some(PasswordSource::Text(password)) => Ok(password.clone()),
        Some(PasswordSource::File(path)) => {
            let text = read(path)?;
            let text = String::from_utf8(text)
                .map_err(|_not_utf8| TopicFault::Settings(format!("{}: the password is not UTF-8", path.display())))?;
            let line = text.lines().next().unwrap_or_default();
            if line.is_empty() {
                return Err(TopicFault::Settings(format!(
                    "{}: its first line, the password, is empty",
                    path.display()
                )));
            }
            Ok(Password::new(line.to_owned()))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TopicFault> {
    fs::read(path).map_err(|error| TopicFault::Settings(format!("{}: {}", path.display(), reason(&error))))
}

fn tls_config(options: &KafkaOptions) -> Result<ClientConfig, TopicFault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let path = options.ca_file.as_deref().unwrap_or(Path::new(""));
    let no_certificate = || TopicFault::Settings(format!("{}: holds no certificate in PEM", path.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&read(path)?) {
        let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
        added.ok_or_else(no_certificate)?;
    }
    if roots.is_empty() {
        return Err(no_certificate());
    }
    let roots = Arc::new(roots);
    let broken = |error: TlsError| TopicFault::Settings(format!("TLS cannot be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(broken)?;
    let builder = match options.hostname {
        HostnameCheck::On => {
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            let verifier = verifier.map_err(|error| TopicFault::Settings(format!("{}: {error}", path.display())))?;
            builder.with_webpki_verifier(verifier)
        }
        HostnameCheck::Off => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName { roots, provider }))
        }
    };
    Ok(builder.with_no_client_auth())
}

/// A check of certificates that leaves out the host name: they must be valid, and signed by an authority.
#[derive(Debug)]
struct AnyName {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(options: &KafkaOptions) -> String {
        match Security::new(options) {
            Err(fault) => fault.sentence("vod"),
            Ok(_) => String::new(),
        }
    }

    #[test]
    fn a_user_needs_a_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let user = KafkaOptions { user: Some("ops".to_owned()), ..KafkaOptions::default() };
        let with_file = KafkaOptions { password: Some(PasswordSource::File(path.clone())), ..user.clone() };
        assert!(why(&user).contains("--kafka-password-file"));
        assert!(why(&with_file).ends_with("password: no such file or directory"));
        fs::write(&path, "\nsecond").unwrap();
        assert!(why(&with_file).ends_with("is empty"));
        fs::write(&path, "s3cret\r\nsecond").unwrap();
        let security = Security::new(&with_file).unwrap_or_else(|fault| panic!("{fault:?}"));
        let Some(SaslConfig::ScramSha512(credentials)) = security.login else { panic!("no login") };
        assert_eq!((credentials.username.as_str(), credentials.password.as_str()), ("ops", "s3cret"));
    }

    #[test]
    fn authorities_are_read_from_pem() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let options = KafkaOptions { ca_file: Some(path.clone()), ..KafkaOptions::default() };
        assert!(why(&options).ends_with("ca.pem: no such file or directory"));
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            fs::write(&path, text).unwrap();
            assert!(why(&options).ends_with("holds no certificate in PEM"), "{text}");
        }
        let certificate = rcgen::generate_simple_self_signed(vec!["b".to_owned()]).unwrap();
        fs::write(&path, certificate.cert.pem()).unwrap();
        for hostname in [HostnameCheck::On, HostnameCheck::Off] {
            assert!(Security::new(&KafkaOptions { hostname, ..options.clone() }).is_ok());
        }
    }
}
