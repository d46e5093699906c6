//! The demo: a session that needs no log, no network and no configuration.
//!
//! It generates events ([`Scenario`]), writes them to a log in a temporary folder as time passes, and serves the
//! pictures that they name on the loopback interface. The program follows, fetches and shows them as it would any
//! others; all that it is given is a path and an address. Equal options give equal sessions.

mod asset;
mod callbacks;
mod codes;
mod config;
mod font;
mod poster;
mod record;
mod scene;
mod script;
mod server;
mod timeline;
mod video;
mod writer;

pub use callbacks::{DemoCallback, DemoCallbacks, TOPIC};
pub use config::{DemoConfig, Scenario};
pub use poster::{PostAnswer, Poster};

use crate::text::Safe;
use asset::{DemoSnapshot, ServerAnswer};
use jiff::Timestamp;
use script::Script;
use server::ServedContent;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs, io,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use writer::{LogFile, LogWriter};

/// The port in the URLs of [`write()`], and the default port of [`serve`].
pub const PORT: u16 = 8787;

/// The name of the log in a demo's folder.
const LOG: &str = "vod.log";

/// The start of the script for [`write()`]: 2026-03-14 01:15:00 UTC.
const WRITE_START: i64 = 1_773_450_900;

/// A running demo. Dropping it stops its server and its writer and removes its folder.
#[derive(Debug)]
pub struct Demo {
    log: PathBuf,
    address: SocketAddr,
    // Fields are dropped in this order: nothing may write into a folder that is being removed.
    writer: LogWriter,
    _server: ServerTask,
    _folder: TempDir,
}

/// A server task that is aborted when this is dropped.
#[derive(Debug)]
struct ServerTask(JoinHandle<Infallible>);

impl Drop for ServerTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts a demo. Its log already holds the events before the start.
///
/// # Errors
///
/// Fails where the temporary folder, the port or the log is not available, and for a speed out of range.
pub async fn start(config: DemoConfig) -> io::Result<Demo> {
    config.check()?;
    let listener = server::bind(0).await?;
    let address = listener.local_addr()?;
    let server = ServerTask(tokio::spawn(server::run(listener, ServedContent::drawn(config))));
    let folder = tempfile::Builder::new().prefix("thumbview-demo-").tempdir()?;
    let log = folder.path().join(LOG);
    let script = Script::new(config, &format!("http://{address}"), Timestamp::now());
    let writer = LogWriter::start(&log, script)?;
    Ok(Demo { log, address, writer, _server: server, _folder: folder })
}

impl Demo {
    /// Returns the path of the log.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Returns the server's address, as `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns the error that has stopped the writing of the log, if any.
    pub fn fault(&self) -> Option<&Safe> {
        self.writer.fault()
    }
}

/// A demo whose events are to be posted as callbacks. Dropping it stops its server of pictures.
#[derive(Debug)]
pub struct CallbackDemo {
    /// The callbacks in the order of their times.
    pub callbacks: DemoCallbacks,
    address: SocketAddr,
    _server: ServerTask,
}

/// Starts a demo without a log, whose pictures are served on `port`.
///
/// # Errors
///
/// Fails where the port is in use, and for a speed out of range.
pub async fn start_callbacks(config: DemoConfig, port: u16) -> io::Result<CallbackDemo> {
    config.check()?;
    let listener = server::bind(port).await?;
    let address = listener.local_addr()?;
    let server = ServerTask(tokio::spawn(server::run(listener, ServedContent::drawn(config))));
    let start = Timestamp::now();
    let script = Script::new(config, &format!("http://{address}"), start);
    Ok(CallbackDemo { callbacks: DemoCallbacks::new(script, start), address, _server: server })
}

impl CallbackDemo {
    /// Returns the address of the server of pictures, as `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

/// The files that [`write()`] has created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenDemo {
    /// The path of the log.
    pub log: PathBuf,
    /// The number of pictures beside it.
    pub pictures: usize,
}

/// Writes the log and the JPEGs of a scenario's beginning to `dir`. The URLs in the log are those of [`serve`] at
/// [`PORT`]. Equal options give equal bytes.
///
/// # Errors
///
/// `AlreadyExists` where `dir` is not empty, `InvalidInput` for a speed out of range, or the error of writing.
pub fn write(dir: &Path, config: &DemoConfig) -> io::Result<WrittenDemo> {
    config.check()?;
    fs::create_dir_all(dir)?;
    if fs::read_dir(dir)?.next().is_some() {
        let reason = format!("{} is not empty", Safe::from_bytes(dir.as_os_str().as_encoded_bytes()));
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
    }
    let log = dir.join(LOG);
    let mut file = LogFile::new(&log);
    let mut snapshots = BTreeMap::new();
    for step in written_script(*config).take_backlog() {
        file.apply(&step.operation)?;
        let named = step.operation.records().iter().flat_map(|record| &record.snapshots);
        snapshots.extend(named.map(|snapshot| (snapshot.path(), *snapshot)));
    }
    let pictures = write_pictures(dir, config, &snapshots.into_iter().collect::<Vec<_>>())?;
    Ok(WrittenDemo { log, pictures })
}

/// Returns the script whose backlog [`write()`] writes.
fn written_script(config: DemoConfig) -> Script {
    let start = Timestamp::new(WRITE_START, 0).expect("a second of the year 2026");
    Script::new(config, &format!("http://127.0.0.1:{PORT}"), start)
}

/// Writes pictures on all processors. Returns the number of files.
fn write_pictures(dir: &Path, config: &DemoConfig, snapshots: &[(String, DemoSnapshot)]) -> io::Result<usize> {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = snapshots.len().div_ceil(workers).max(1);
    let write_share =
        |share: &[(String, DemoSnapshot)]| share.iter().map(|(path, s)| write_picture(dir, config, path, *s)).sum();
    thread::scope(|scope| {
        let workers: Vec<_> = snapshots
            .chunks(share)
            .map(|share| scope.spawn(move || -> io::Result<usize> { write_share(share) }))
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("drawing does not panic")).sum()
    })
}

/// Writes a picture as the server would send it. Returns the number of files, 0 where the server has no picture.
fn write_picture(dir: &Path, config: &DemoConfig, path: &str, snapshot: DemoSnapshot) -> io::Result<usize> {
    let answer = snapshot.answer(config);
    let mut jpeg = match answer {
        ServerAnswer::Missing | ServerAnswer::Forbidden | ServerAnswer::Silent => return Ok(0),
        ServerAnswer::Whole | ServerAnswer::RateLimited | ServerAnswer::Truncated => scene::picture(config, snapshot),
    };
    if answer == ServerAnswer::Truncated {
        jpeg.truncate(jpeg.len() * 3 / 5);
    }
    let file = dir.join(path.trim_start_matches('/'));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, jpeg)?;
    Ok(1)
}

/// Serves the files of `dir` on 127.0.0.1 until the future is dropped. Calls `ready` as soon as it listens.
///
/// # Errors
///
/// Fails where `dir` is no folder or the port is in use.
pub async fn serve(dir: &Path, port: u16, ready: impl FnOnce()) -> io::Result<Infallible> {
    let content = ServedContent::folder(dir)?;
    let listener = server::bind(port).await?;
    ready();
    Ok(server::run(listener, content).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use asset::{Completeness, DemoAsset, FrameSize, Motif, Random};

    #[test]
    fn the_sample_is_the_log_that_the_tour_writes() {
        let steps = written_script(DemoConfig::default()).take_backlog();
        let records = steps.iter().flat_map(|step| step.operation.records());
        let log: String = records.map(|record| record.text.as_str()).collect();
        assert_eq!(log, include_str!("../assets/sample.log"));
    }

    #[test]
    fn pictures_are_reproducible_and_distinct() {
        let mut random = Random::new(5);
        for motif in Motif::ALL {
            let asset = DemoAsset::new(&mut random, motif, FrameSize::Default, Completeness::Complete);
            let jpeg = scene::jpeg(7, asset, 25);
            assert_eq!(jpeg, scene::jpeg(7, asset, 25), "{motif:?}");
            assert_ne!(jpeg, scene::jpeg(7, asset, 30), "{motif:?} moves");
            assert_ne!(jpeg, scene::jpeg(8, asset, 25), "{motif:?} follows the seed");
        }
    }

    #[test]
    fn pictures_have_the_frame_sizes_of_their_assets() {
        let mut random = Random::new(6);
        for size in [FrameSize::Default, FrameSize::Portrait, FrameSize::Large] {
            let asset = DemoAsset::new(&mut random, Motif::Sea, size, Completeness::Complete);
            let jpeg = scene::jpeg(7, asset, 7170);
            let picture = image::load_from_memory(&jpeg).expect("a whole JPEG");
            assert_eq!((picture.width(), picture.height()), size.pixels());
            assert!((8_000..250_000).contains(&jpeg.len()), "{} bytes", jpeg.len());
        }
    }
}
