//! Logs on other machines, by the system's ssh, with nothing installed there.
//!
//! A short POSIX shell program at the other end answers requests: stat of a name, bytes of an open file, the files beside
//! it. The followers of this machine's files run over these as they do over the system's calls, so that a rotation is
//! judged by the same code. A lost link is a long wait for an answer to them; see `link`.

mod failure;
mod files;
mod host;
mod link;
pub mod login;
mod mark;
mod name;
mod shell;
mod ssh;
mod transport;
mod wire;

pub use files::RemoteFiles;
pub(super) use host::HostLogs;
pub(super) use name::{ParsedName, RemoteHost, RemoteName, parse};
pub use transport::Transport;
