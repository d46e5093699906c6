//! The reasons why listening cannot begin, or the journal cannot be used.

use super::signature::KeyError;
use crate::text::Safe;
use std::{io, net::SocketAddr, path::Path};

/// The reason why listening cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}{}", advice(cause))]
    Address {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        #[source]
        cause: io::Error,
    },
    /// A file cannot be read.
    #[error("{option} {file}: cannot be read")]
    File {
        /// The option that names it.
        option: &'static str,
        /// The file.
        file: Safe,
        /// The error of the system.
        #[source]
        cause: io::Error,
    },
    /// A file holds no key or certificate that can be used.
    #[error("{option} {file}: {cause}")]
    Key {
        /// The option that names it.
        option: &'static str,
        /// The file.
        file: Safe,
        /// The fault in it.
        cause: KeyError,
    },
    /// The certificate and the key for TLS cannot be used.
    #[error("--tls-cert and --tls-key: {0}")]
    Tls(Safe),
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// Returns what to do about an address that cannot be listened on.
#[expect(clippy::wildcard_enum_match_arm, reason = "the system may report any kind of error")]
fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => ": another program does; choose another port",
        io::ErrorKind::PermissionDenied => ": ports below 1024 are for root; choose a higher one",
        io::ErrorKind::AddrNotAvailable => ": it is not an address of this machine",
        _ => "",
    }
}

/// The reason why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system refuses something.
    #[error("the journal {path} cannot be used")]
    Io {
        /// The journal.
        path: Safe,
        /// The error of the system.
        #[source]
        cause: io::Error,
    },
    /// Another process has it open.
    #[error("the journal {0} is in use by another listen: give each a journal of its own")]
    Locked(Safe),
    /// It is a directory, a pipe or a device.
    #[error("the journal {0} is not a file: name a file that does not exist yet, or a journal of listen")]
    NotAFile(Safe),
    /// It holds what listen has not written.
    #[error(
        "{path} is not a journal of listen: line {line} was written by another program; nothing was changed, choose another file"
    )]
    Foreign {
        /// The file.
        path: Safe,
        /// The number of the line, from 1.
        line: u64,
    },
}

impl JournalError {
    pub(super) fn unusable(path: &Path, cause: io::Error) -> Self {
        Self::Io { path: shown(path), cause }
    }

    pub(super) fn locked(path: &Path) -> Self {
        Self::Locked(shown(path))
    }

    pub(super) fn not_a_file(path: &Path) -> Self {
        Self::NotAFile(shown(path))
    }

    pub(super) fn foreign(path: &Path, line: u64) -> Self {
        Self::Foreign { path: shown(path), line }
    }

    /// Returns the error with its cause, in one sentence.
    pub(super) fn in_full(&self) -> String {
        match self {
            Self::Io { cause, .. } => format!("{self}: {cause}"),
            Self::Locked(_) | Self::NotAFile(_) | Self::Foreign { .. } => self.to_string(),
        }
    }
}

/// Returns a path fit for a terminal.
pub(super) fn shown(path: &Path) -> Safe {
    use std::os::unix::ffi::OsStrExt as _;
    Safe::from_bytes(path.as_os_str().as_bytes())
}
