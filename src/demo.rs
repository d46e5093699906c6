//! The demo: a session that needs no log, no network and no configuration.
//!
//! It makes up its own events ([`Scenario`]), writes them to a log in a temporary folder as time goes by, and draws the
//! pictures that they name behind a server on the loopback interface. What follows the log, fetches and shows is the
//! program itself; nothing here is known to it but a path and an address. The same seed gives the same session.

mod asset;
mod codes;
mod font;
mod scene;
mod script;
mod server;
mod wire;
mod writer;

use crate::{cli::Scenario, text::Safe};
use asset::{ServerAnswer, Shot};
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

/// The port for which [`write()`] writes its addresses, and on which [`serve`] is best started.
pub const PORT: u16 = 8787;

/// The name of the log in a demo's folder.
const LOG: &str = "vod.log";

/// When the events of [`write()`] happen: 2026-03-14 01:15:00 UTC.
const WRITTEN_AT: i64 = 1_773_450_900;

/// The slowest and the fastest that a demo runs.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=1000.0;

/// Which demo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DemoConfig {
    /// What happens.
    pub scenario: Scenario,
    /// Decides all that is left to chance.
    pub seed: u64,
    /// How fast the scenario goes, 1.0 as written; from 0.01 to 1000.
    pub speed: f64,
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self { scenario: Scenario::default(), seed: 7, speed: 1.0 }
    }
}

impl DemoConfig {
    /// # Errors
    ///
    /// `InvalidInput` where the speed is out of range or no number.
    fn check(&self) -> io::Result<()> {
        if SPEEDS.contains(&self.speed) {
            return Ok(());
        }
        let words = format!("a demo runs at a speed from {} to {}", SPEEDS.start(), SPEEDS.end());
        Err(io::Error::new(io::ErrorKind::InvalidInput, words))
    }
}

/// A running demo. Dropping it ends its server and its writer and removes its folder.
#[derive(Debug)]
pub struct Demo {
    log: PathBuf,
    address: SocketAddr,
    writer: LogWriter,
    // Dropped after the writer, in this order.
    _server: Server,
    _folder: TempDir,
}

/// A server that ends when it is dropped.
#[derive(Debug)]
struct Server(JoinHandle<Infallible>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts a demo. Its log holds what happened before, so that there is something to see at once.
///
/// # Errors
///
/// Where the temporary folder, the port or the log cannot be had, and for a speed out of range.
pub async fn start(config: DemoConfig) -> io::Result<Demo> {
    config.check()?;
    let listener = server::bind(0).await?;
    let address = listener.local_addr()?;
    let server = Server(tokio::spawn(server::run(listener, ServedContent::drawn(config))));
    let folder = tempfile::Builder::new().prefix("thumbview-demo-").tempdir()?;
    let log = folder.path().join(LOG);
    let script = Script::new(config, &format!("http://{address}"), Timestamp::now());
    let writer = LogWriter::start(&log, script)?;
    Ok(Demo { log, address, writer, _server: server, _folder: folder })
}

impl Demo {
    /// The log to follow.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The only address to fetch from, as `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Why the log is no longer written, where that is so; a full disk, most likely.
    pub fn fault(&self) -> Option<&Safe> {
        self.writer.fault()
    }
}

/// What [`write()`] has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenDemo {
    /// The log.
    pub log: PathBuf,
    /// How many pictures lie beside it.
    pub pictures: usize,
}

/// Leaves what a scenario begins with, log and JPEGs, in `dir`. The addresses in the log are those of [`serve`] at
/// [`PORT`]. The same configuration leaves the same bytes.
///
/// # Errors
///
/// `AlreadyExists` where `dir` has something in it; else what writing meets.
pub fn write(dir: &Path, config: &DemoConfig) -> io::Result<WrittenDemo> {
    config.check()?;
    fs::create_dir_all(dir)?;
    if fs::read_dir(dir)?.next().is_some() {
        let words = format!("{} is not empty", Safe::from_bytes(dir.as_os_str().as_encoded_bytes()));
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, words));
    }
    let log = dir.join(LOG);
    let mut file = LogFile::new(&log);
    let mut shots = BTreeMap::new();
    for step in written_script(*config).take_backlog() {
        file.perform(&step.act)?;
        shots.extend(step.act.records().iter().flat_map(|record| &record.shots).map(|shot| (shot.path(), *shot)));
    }
    let pictures = draw_all(dir, config, &shots.into_iter().collect::<Vec<_>>())?;
    Ok(WrittenDemo { log, pictures })
}

/// The script that [`write()`] leaves the beginning of.
fn written_script(config: DemoConfig) -> Script {
    let start = Timestamp::new(WRITTEN_AT, 0).expect("a second of the year 2026");
    Script::new(config, &format!("http://127.0.0.1:{PORT}"), start)
}

/// Draws pictures into files on all processors. Returns how many there were to draw.
fn draw_all(dir: &Path, config: &DemoConfig, shots: &[(String, Shot)]) -> io::Result<usize> {
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = shots.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = shots
            .chunks(share)
            .map(|shots| {
                scope.spawn(|| {
                    shots.iter().map(|(path, shot)| draw_one(dir, config, path, *shot)).sum::<io::Result<usize>>()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("drawing does not panic")).sum()
    })
}

/// Draws a picture into a file, in the state in which the server would give it out; 1 where there is one.
fn draw_one(dir: &Path, config: &DemoConfig, path: &str, shot: Shot) -> io::Result<usize> {
    let mut jpeg = match shot.asset.answer(config, shot.offset) {
        ServerAnswer::Missing | ServerAnswer::Forbidden | ServerAnswer::Silent => return Ok(0),
        ServerAnswer::Whole | ServerAnswer::Limited | ServerAnswer::Truncated => {
            scene::jpeg(config.seed, shot.asset, shot.offset)
        }
    };
    if shot.asset.answer(config, shot.offset) == ServerAnswer::Truncated {
        jpeg.truncate(jpeg.len() * 3 / 5);
    }
    let file = dir.join(path.trim_start_matches('/'));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, jpeg)?;
    Ok(1)
}

/// Serves the files of `dir` on 127.0.0.1 until it is dropped.
///
/// # Errors
///
/// Where `dir` is no folder or the port is taken.
pub async fn serve(dir: &Path, port: u16, ready: impl FnOnce()) -> io::Result<Infallible> {
    let content = ServedContent::folder(dir)?;
    let listener = server::bind(port).await?;
    ready();
    Ok(server::run(listener, content).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_log_that_the_tour_writes() {
        let steps = written_script(DemoConfig::default()).take_backlog();
        let records = steps.iter().flat_map(|step| step.act.records());
        let log: String = records.map(|record| record.text.as_str()).collect();
        assert_eq!(log, include_str!("../assets/sample.log"));
    }

    #[test]
    fn the_same_picture_is_the_same_bytes_and_no_other_is() {
        let mut random = asset::Random::new(5);
        for motif in asset::Motif::ALL {
            let asset = asset::DemoAsset::new(&mut random, motif, asset::Shape::Default, asset::ShotCondition::Whole);
            let jpeg = scene::jpeg(7, asset, 25);
            assert_eq!(jpeg, scene::jpeg(7, asset, 25), "{motif:?}");
            assert_ne!(jpeg, scene::jpeg(7, asset, 30), "{motif:?} moves");
            assert_ne!(jpeg, scene::jpeg(8, asset, 25), "{motif:?} follows the seed");
        }
    }

    #[test]
    fn pictures_have_the_sizes_of_their_assets() {
        let mut random = asset::Random::new(6);
        for shape in [asset::Shape::Default, asset::Shape::Portrait, asset::Shape::Large] {
            let asset = asset::DemoAsset::new(&mut random, asset::Motif::Pitch, shape, asset::ShotCondition::Whole);
            let jpeg = scene::jpeg(7, asset, 7170);
            let picture = image::load_from_memory(&jpeg).expect("a whole JPEG");
            assert_eq!((picture.width(), picture.height()), shape.size());
            assert!((8_000..250_000).contains(&jpeg.len()), "{} bytes", jpeg.len());
        }
    }
}
