//! Callbacks of SMN and MFS, received by HTTP and kept in a journal file.
//!
//! [`start`] answers 200 only after a callback is on disk. The journal is an ordinary log, which the sources read as any
//! other; nothing here shows or decodes events. Invariant: what was answered with 200 stands in the journal, whatever
//! kills the program afterwards.
//!
//! ```text
//! connection ─ server ─► request_body ─► admission (smn, signature) ─► line ─► writer ─► journal ─► 200
//!                             └──────────────┴─ refusal ──────────────────────────┴────► report
//! ```

mod admission;
mod body;
mod config;
mod connections;
mod delivery;
mod error;
mod journal;
mod line;
mod refusal;
mod report;
mod request_body;
mod server;
mod signature;
mod smn;
mod subscription;
mod tls;
mod writer;

pub use admission::{MessageOrigin, SubscriptionChange};
pub use config::{ListenConfig, TlsFiles};
pub use error::{JournalError, ListenError};
pub use report::{CallbackCounts, CallbackTally, ListenUpdate};
pub(crate) use signature::to_hex;
pub use signature::{KeyError, MfsKey, SmnSigner};
pub use smn::SmnType;
pub use subscription::UnconfirmedReason;

use admission::{TrustedKeys, TrustedTopics};
use journal::Journal;
use report::Reporter;
use server::CallbackServer;
use signature::SmnCertificate;
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
};
use tls::read_file;
use tokio::{sync::oneshot, task::LocalSet};
use tokio_rustls::TlsAcceptor;
use writer::JournalWriter;

/// The notices that may wait; there is room for each reason many times over.
const UPDATES: usize = 256;

/// A running server. Dropping it closes its connections and ends it after the callbacks at hand were written.
#[derive(Debug)]
pub struct CallbackListener {
    address: SocketAddr,
    origin: MessageOrigin,
    tally: Arc<CallbackTally>,
    close: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
    // Dropped last: the threads of connections write to it.
    writer: Option<JournalWriter>,
}

/// Opens the journal, binds the address, and serves on a thread of its own.
///
/// The receiver gets what the operator should know; whoever does not take it loses notices only.
pub fn start(config: &ListenConfig) -> Result<(CallbackListener, Receiver<ListenUpdate>), ListenError> {
    let trusted = trusted_keys(config)?;
    let tls = config.tls.as_ref().map(|files| tls::acceptor(&files.certificate, &files.key)).transpose()?;
    ignore_file_size_signal();
    let opened = Journal::open(&config.journal)?;
    let unusable = |cause| ListenError::Address { address: config.address, cause };
    let listener = TcpListener::bind(config.address).map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    listener.set_nonblocking(true).map_err(unusable)?;

    let (sender, updates) = sync_channel(UPDATES);
    let reporter = Arc::new(Reporter::new(sender));
    let writer = JournalWriter::start(&config.journal, opened, Arc::clone(&reporter)).map_err(ListenError::Thread)?;
    let Some(entries) = writer.entries() else { unreachable!("it was just started") };
    let origin = trusted.origin();
    let server = CallbackServer { trusted, reporter: Arc::clone(&reporter), entries };
    let (close, closed) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ListenError::Thread)?;
    let serve = move || serve(&runtime, listener, tls, server, closed);
    let thread = thread::Builder::new().name("listen".into()).spawn(serve).map_err(ListenError::Thread)?;
    let listener = CallbackListener {
        address,
        origin,
        tally: reporter.tally(),
        close: Some(close),
        thread: Some(thread),
        writer: Some(writer),
    };
    Ok((listener, updates))
}

fn serve(
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    server: CallbackServer,
    closed: oneshot::Receiver<Infallible>,
) {
    LocalSet::new().block_on(runtime, async {
        // It is in non-blocking mode, which is all that can be missing.
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
            server::run(listener, tls, server, closed).await;
        }
    });
}

/// Reads the certificates and keys that callbacks must be signed by.
fn trusted_keys(config: &ListenConfig) -> Result<TrustedKeys, ListenError> {
    let mut certificates = Vec::new();
    for path in &config.smn_certificates {
        let pem = read_file("--smn-cert", path)?;
        let read = SmnCertificate::read_all(&pem);
        let key = |cause| ListenError::Key { option: "--smn-cert", file: error::shown(path), cause };
        certificates.extend(read.map_err(key)?);
    }
    let smn = (!certificates.is_empty()).then(|| TrustedTopics { certificates, topics: config.topics.clone() });
    let read_key = |path: &std::path::PathBuf| {
        let key = |cause| ListenError::Key { option: "--mfs-key-file", file: error::shown(path), cause };
        MfsKey::new(&read_file("--mfs-key-file", path)?).map_err(key)
    };
    Ok(TrustedKeys { smn, mfs: config.mfs_key.as_ref().map(read_key).transpose()? })
}

/// Has a write beyond the limit of file sizes (`ulimit -f`) fail, as one to a full disk does, and not end the program.
fn ignore_file_size_signal() {
    let handler = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    // Without it the signal ends the program, as it would end any other.
    drop::<io::Result<_>>(handler);
}

impl CallbackListener {
    /// Returns the address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what is known of the origin of each callback that is kept.
    pub fn origin(&self) -> MessageOrigin {
        self.origin
    }

    /// Returns the numbers of callbacks since the start.
    pub fn tally(&self) -> Arc<CallbackTally> {
        Arc::clone(&self.tally)
    }
}

impl Drop for CallbackListener {
    fn drop(&mut self) {
        drop(self.close.take());
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            drop(thread.join());
        }
        drop(self.writer.take());
    }
}
