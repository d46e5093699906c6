//! The arguments of `listen`.

use super::{
    UsageError,
    alert::AlertArgs,
    input::{LineCount, Output, SelectionArgs},
    screen::ScreenArgs,
};
use crate::{
    listen::{ListenConfig, TlsFiles},
    session::alert::AlertConfig,
};
use clap::Args;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// `listen`.
#[derive(Args, Debug)]
pub struct ListenArgs {
    /// The address and port to listen on; a port alone is one of 127.0.0.1.
    #[arg(value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = parse_address)]
    pub address: SocketAddr,
    /// Keep each callback in this file, and show it from there; it is an ordinary log.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Take messages of SMN only if they are signed by a certificate of this file.
    #[arg(long, value_name = "PEM", requires = "topic")]
    pub smn_cert: Vec<PathBuf>,
    /// Take signed messages of SMN of this topic; everybody's topics are signed by the same certificate.
    #[arg(long, value_name = "URN", requires = "smn_cert", value_parser = parse_topic)]
    pub topic: Vec<String>,
    /// Take messages of MFS only if they are signed with the key in this file.
    #[arg(long, value_name = "FILE")]
    pub mfs_key_file: Option<PathBuf>,
    /// Confirm subscriptions to a --topic whose message is signed, by opening their URL at SMN.
    #[arg(long, requires = "topic", conflicts_with = "no_fetch")]
    pub confirm: bool,
    /// Serve HTTPS with the certificates in this file, that of the server first.
    #[arg(long, value_name = "PEM", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert.
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Show N events of history (+1: all). Full screen: all; as JSON lines: 10.
    #[arg(short = 'n', long, value_name = "N", allow_hyphen_values = true)]
    pub lines: Option<LineCount>,
    /// Continue where the last run with this FILE stopped, and keep the position in it.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The alerts.
    #[command(flatten)]
    pub alerts: AlertArgs,
    /// The filter.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// The format of the output. auto: full screen on a terminal, else jsonl.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

impl ListenArgs {
    /// Returns the configuration of the server.
    pub fn config(&self) -> Result<ListenConfig, UsageError> {
        let journal = self.journal.clone().filter(|journal| journal.as_os_str() != "-");
        let journal =
            journal.ok_or_else(|| UsageError::new("listen needs a file for the callbacks: --journal FILE"))?;
        let tls = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(ListenConfig {
            address: self.address,
            journal,
            smn_certificates: self.smn_cert.clone(),
            topics: self.topic.clone(),
            mfs_key: self.mfs_key_file.clone(),
            tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        })
    }

    /// Returns the alerts about new events.
    pub fn alerts(&self) -> AlertConfig {
        AlertConfig { reveal: self.selection.reveal(), ..self.alerts.config() }
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `8080`.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_unreadable| {
        "expected an address and a port such as 127.0.0.1:8080, or 0.0.0.0:8080 for all".to_owned()
    })
}

fn parse_topic(text: &str) -> Result<String, String> {
    let is_urn =
        text.strip_prefix("urn:smn:").is_some_and(|rest| rest.split(':').filter(|part| !part.is_empty()).count() == 3);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_urn && is_plain {
        Ok(text.to_owned())
    } else {
        Err("expected a topic such as urn:smn:cn-north-4:PROJECT:NAME".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_this_machine_unless_named() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_address(text).ok().map(|address| address.to_string()).as_deref(), expected, "{text}");
        };
        check("8080", Some("127.0.0.1:8080"));
        check("localhost:0", Some("127.0.0.1:0"));
        check("0.0.0.0:80", Some("0.0.0.0:80"));
        check("[::1]:8080", Some("[::1]:8080"));
        for text in ["", "vod.log", "127.0.0.1", "host.example:80", "127.0.0.1:65536", ":8080"] {
            check(text, None);
        }
    }

    #[test]
    fn topics_are_urns() {
        assert!(parse_topic("urn:smn:cn-north-4:0a1b:vod-events").is_ok());
        for text in ["", "vod-events", "urn:smn:a:b", "urn:smn:a::b", "urn:smn:a:b:c:d", "urn:smn:a:b:c\n"] {
            assert!(parse_topic(text).is_err(), "{text}");
        }
    }
}
