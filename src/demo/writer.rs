//! The thread that applies a script's steps to a log file when they are due.
//!
//! It appends each record in one write and rotates the file as the script says. Dropping its [`LogWriter`] waits for
//! its end, so that nothing writes into the folder afterwards.

use super::{
    record::DemoRecord,
    script::Script,
    timeline::{LogOperation, ScriptStep},
};
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

/// The handle of a log that is being written.
#[derive(Debug)]
pub(super) struct LogWriter {
    /// Ends the thread when it is dropped.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    fault: Arc<OnceLock<Safe>>,
}

impl LogWriter {
    /// Writes the steps before the start, then applies the others in the background.
    pub(super) fn start(log: &Path, mut script: Script) -> io::Result<Self> {
        let mut file = LogFile::new(log);
        let start = Instant::now();
        for step in script.take_backlog() {
            file.apply(&step.operation)?;
        }
        let (stop, stopped) = mpsc::channel();
        let fault = Arc::new(OnceLock::new());
        let reported = Arc::clone(&fault);
        let thread = thread::Builder::new().name("demo-writer".into()).spawn(move || {
            if let Err(error) = apply_steps(&mut file, script, start, &stopped) {
                reported.get_or_init(|| Safe::from(error.to_string()));
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread), fault })
    }

    /// Returns the error that has stopped the writing, if any.
    pub(super) fn fault(&self) -> Option<&Safe> {
        self.fault.get()
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            thread.join().ok();
        }
    }
}

fn apply_steps(file: &mut LogFile, script: Script, start: Instant, stopped: &mpsc::Receiver<()>) -> io::Result<()> {
    for ScriptStep { at, operation } in script {
        let due = Duration::try_from(at).unwrap_or_default();
        let wait = due.saturating_sub(start.elapsed());
        match stopped.recv_timeout(wait) {
            Err(mpsc::RecvTimeoutError::Timeout) => file.apply(&operation)?,
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// The log and the open files of its writers.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    current: Option<File>,
    /// The file that was renamed last.
    renamed: Option<File>,
    /// The number of files that the name has been linked to.
    links: u32,
}

impl LogFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), current: None, renamed: None, links: 0 }
    }

    pub(super) fn apply(&mut self, operation: &LogOperation) -> io::Result<()> {
        match operation {
            LogOperation::Append(record) => self.current()?.write_all(record.text.as_bytes()),
            LogOperation::AppendToRenamed(record) => match &mut self.renamed {
                Some(renamed) => renamed.write_all(record.text.as_bytes()),
                None => self.current()?.write_all(record.text.as_bytes()),
            },
            LogOperation::Rename => {
                fs::rename(&self.path, self.beside("1"))?;
                self.renamed = self.current.take();
                self.current().map(drop)
            }
            LogOperation::CopyTruncate => {
                fs::copy(&self.path, self.beside("1"))?;
                self.current()?.set_len(0)
            }
            LogOperation::Rewrite(records) => self.rewrite(records),
            LogOperation::Delete => {
                self.current = None;
                fs::remove_file(&self.path)
            }
            LogOperation::Link => self.link(),
        }
    }

    /// Returns the log, which is created where it does not exist.
    fn current(&mut self) -> io::Result<&mut File> {
        let file = match self.current.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).create(true).open(&self.path)?,
        };
        Ok(self.current.insert(file))
    }

    fn rewrite(&mut self, records: &[DemoRecord]) -> io::Result<()> {
        let text: String = records.iter().map(|record| record.text.as_str()).collect();
        let file = self.current()?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())
    }

    /// Replaces the log atomically by a link to a new file.
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
