//! Performs a script on a log file, in time.
//!
//! A thread of its own appends record by record, each in one write, and rotates the file as the script says. It ends
//! when its [`LogWriter`] is dropped, which waits for it: then nobody writes into the folder any more.

use super::script::{Act, Record, Script, ScriptStep};
use crate::text::Safe;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A log that is being written.
#[derive(Debug)]
pub(super) struct LogWriter {
    /// Dropped to end the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    fault: Arc<OnceLock<Safe>>,
}

impl LogWriter {
    /// Writes what lies before the start, then performs the rest in the background.
    pub(super) fn start(log: &Path, mut script: Script) -> io::Result<Self> {
        let mut file = LogFile::new(log);
        let start = Instant::now();
        for step in script.take_backlog() {
            file.perform(&step.act)?;
        }
        let (stop, stopped) = mpsc::channel();
        let fault = Arc::new(OnceLock::new());
        let trouble = Arc::clone(&fault);
        let thread = thread::Builder::new().name("demo-writer".into()).spawn(move || {
            if let Err(error) = perform(&mut file, script, start, &stopped) {
                trouble.get_or_init(|| Safe::from(error.to_string()));
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread), fault })
    }

    /// Why writing has ended, where it has.
    pub(super) fn fault(&self) -> Option<&Safe> {
        self.fault.get()
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was printed when it happened, and there is nothing left to write.
            thread.join().ok();
        }
    }
}

fn perform(file: &mut LogFile, script: Script, start: Instant, stopped: &mpsc::Receiver<()>) -> io::Result<()> {
    for ScriptStep { at, act } in script {
        let due = Duration::try_from(at).unwrap_or_default();
        let rest = due.saturating_sub(start.elapsed());
        match stopped.recv_timeout(rest) {
            Err(mpsc::RecvTimeoutError::Timeout) => file.perform(&act)?,
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// The log by its name, and the handles that its writers hold.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    current: Option<File>,
    /// The file that was renamed away last.
    late: Option<File>,
    /// Files that the name has been linked to.
    links: u32,
}

impl LogFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), current: None, late: None, links: 0 }
    }

    /// Does what a step says.
    pub(super) fn perform(&mut self, act: &Act) -> io::Result<()> {
        match act {
            Act::Append(record) => self.current()?.write_all(record.text.as_bytes()),
            Act::AppendLate(record) => match &mut self.late {
                Some(late) => late.write_all(record.text.as_bytes()),
                None => self.current()?.write_all(record.text.as_bytes()),
            },
            Act::Rename => {
                fs::rename(&self.path, self.beside("1"))?;
                self.late = self.current.take();
                self.current().map(drop)
            }
            Act::CopyTruncate => {
                fs::copy(&self.path, self.beside("1"))?;
                self.current()?.set_len(0)
            }
            Act::Rewrite(records) => self.rewrite(records),
            Act::Delete => {
                self.current = None;
                fs::remove_file(&self.path)
            }
            Act::Link => self.link(),
        }
    }

    /// The log, made where it is not there.
    fn current(&mut self) -> io::Result<&mut File> {
        let file = match self.current.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).create(true).open(&self.path)?,
        };
        Ok(self.current.insert(file))
    }

    fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
        let text: String = records.iter().map(|record| record.text.as_str()).collect();
        let file = self.current()?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())
    }

    /// Switches the name over to a new file in one go, as a release does with its `current`.
    fn link(&mut self) -> io::Result<()> {
        self.links += 1;
        let target = self.beside(&format!("file{}", self.links));
        let file = OpenOptions::new().append(true).create(true).open(&target)?;
        let link = self.beside("link");
        symlink(&target, &link)?;
        fs::rename(&link, &self.path)?;
        self.current = Some(file);
        Ok(())
    }

    fn beside(&self, extension: &str) -> PathBuf {
        self.path.with_added_extension(extension)
    }
}
