//! The pictures of an export: fetched, and written into a folder.
//!
//! Pictures are fetched as the screen fetches them, a window of the list at a time, and each is written as it comes. A
//! file name is used once per run, so that no picture takes the place of another.

use super::failures::FailureGroups;
use crate::{
    app::Overwrite,
    command::{
        progress::{self, Progress},
        runtime,
    },
    diagnostics::{detail, error, info},
    media::{self, MediaConfig},
    picture::{Picture, PictureKey, PictureRequest, PictureUpdate},
    report::{ExportTask, ExportedFile, ExportedFiles, FileOutcome},
    session::files::{self, FileError},
    text::{
        Safe,
        number::{counted, thousands},
    },
};
use anyhow::{Context as _, Result};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The pictures that are requested at once for each fetch that may be in flight.
const WINDOW: usize = 4;

/// Writes all pictures into `folder`; reports on stderr what was not written as asked, and the totals, with
/// `without_pictures`: what is to be said of assets that have none.
pub(super) fn write(
    tasks: Vec<ExportTask>,
    folder: &Path,
    overwrite: Overwrite,
    config: MediaConfig,
    without_pictures: &[String],
) -> Result<ExportedFiles> {
    let shown = Safe::new(&folder.display().to_string());
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {shown}"))?;
    let mut exporter = PictureExporter {
        folder: folder.to_owned(),
        overwrite,
        files: ExportedFiles::new(),
        requested: HashMap::new(),
        failures: FailureGroups::default(),
    };
    let waiting = exporter.check_names(tasks);
    if !waiting.is_empty() {
        runtime::block_on(async {
            exporter.fetch(waiting, config).await;
            Ok(())
        })?;
    }
    exporter.report_totals(&shown, without_pictures);
    Ok(exporter.files)
}

/// The state of an export.
struct PictureExporter {
    folder: PathBuf,
    overwrite: Overwrite,
    files: ExportedFiles,
    requested: HashMap<PictureKey, ExportTask>,
    failures: FailureGroups,
}

impl PictureExporter {
    /// Settles the tasks that need no fetching; returns the others.
    fn check_names(&mut self, tasks: Vec<ExportTask>) -> VecDeque<ExportTask> {
        // In lower case: some file systems do not distinguish case.
        let mut names = HashSet::new();
        let mut waiting = VecDeque::new();
        for task in tasks {
            if !names.insert(task.file.to_ascii_lowercase()) {
                self.fail(&task, "another picture has the same file name".into(), None);
                continue;
            }
            match files::check(&self.folder.join(&task.file), self.overwrite) {
                Ok(()) => waiting.push_back(task),
                Err(FileError::Exists) => self.keep(task),
                Err(error) => self.fail(&task, Safe::new(&error.to_string()), None),
            }
        }
        waiting
    }

    async fn fetch(&mut self, mut waiting: VecDeque<ExportTask>, config: MediaConfig) {
        let window = config.jobs * WINDOW;
        let total = waiting.len() as u64;
        let mut progress = Progress::start();
        let (media, mut updates) = media::spawn(config);
        loop {
            let done = total - (waiting.len() + self.requested.len()) as u64;
            progress.update(|elapsed| {
                let what = format!("{done} of {total} pictures, {} failed", self.failures.count());
                progress::describe(&what, done, total, elapsed)
            });
            while self.requested.len() < window
                && let Some(task) = waiting.pop_front()
            {
                self.requested.insert(task.request.key, task);
            }
            if self.requested.is_empty() {
                return;
            }
            let mut requests: Vec<PictureRequest> = self.requested.values().map(|task| task.request.clone()).collect();
            requests.sort_by_key(|request| request.key);
            media.want(requests);
            let Ok(update) = tokio::time::timeout(progress::INTERVAL, updates.recv()).await else { continue };
            match update {
                Some(PictureUpdate::Loaded(key, picture)) => self.write(key, picture).await,
                Some(PictureUpdate::Failed(key, failure)) => {
                    if let Some(task) = self.requested.remove(&key) {
                        self.fail(&task, failure.what, failure.allow);
                    }
                }
                Some(PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..)) => {}
                None => return,
            }
        }
    }

    async fn write(&mut self, key: PictureKey, picture: Arc<Picture>) {
        let Some(task) = self.requested.remove(&key) else { return };
        let (path, overwrite, jpeg) = (self.folder.join(&task.file), self.overwrite, Arc::clone(&picture.jpeg));
        let written =
            tokio::task::spawn_blocking(move || files::write(&path, overwrite, |out| out.write_all(&jpeg))).await;
        match written {
            Ok(Ok(())) => {
                match &picture.damage {
                    Some(damage) => error(&format!("{}: {damage}", task.file)),
                    None => detail(&format!("{}: written", task.file)),
                }
                let (outcome, reason) =
                    (FileOutcome::Written, picture.damage.as_ref().map(|damage| damage.text().clone()));
                self.files.insert(key, ExportedFile { file: Some(task.file), outcome, reason });
            }
            Ok(Err(FileError::Exists)) => self.keep(task),
            Ok(Err(error)) => self.fail(&task, Safe::new(&format!("cannot be written: {error}")), None),
            Err(_panicked) => self.fail(&task, "internal error of thumbview".into(), None),
        }
    }

    fn keep(&mut self, task: ExportTask) {
        detail(&format!("{}: already exists, kept", task.file));
        let file = ExportedFile { file: Some(task.file), outcome: FileOutcome::Kept, reason: None };
        self.files.insert(task.request.key, file);
    }

    fn fail(&mut self, task: &ExportTask, reason: Safe, allow: Option<Safe>) {
        detail(&format!("{}: {reason} ({})", task.file, task.request.url));
        self.failures.add(task, &reason, allow);
        let file = ExportedFile { file: None, outcome: FileOutcome::Failed, reason: Some(reason) };
        self.files.insert(task.request.key, file);
    }

    /// Reports the failures by host, and the totals.
    fn report_totals(&self, folder: &Safe, without_pictures: &[String]) {
        self.failures.lines().iter().for_each(|line| error(line));
        let count = |outcome| self.files.values().filter(|file| file.outcome == outcome).count() as u64;
        let counts = [FileOutcome::Written, FileOutcome::Kept, FileOutcome::Failed].map(count);
        info(&totals(counts, folder, without_pictures));
    }
}

/// Returns the totals of an export: pictures written, kept and failed, and what is to be said of assets without any.
fn totals([written, kept, failed]: [u64; 3], folder: &Safe, without_pictures: &[String]) -> String {
    let without_pictures = without_pictures.join(", ");
    if written + kept + failed == 0 {
        let why = if without_pictures.is_empty() { "no asset is exported" } else { &without_pictures };
        return format!("0 pictures written: {why}");
    }
    let kept = match kept {
        0 => String::new(),
        1 => ", 1 kept because it exists already (--overwrite replaces it)".to_owned(),
        kept => format!(", {} kept because they exist already (--overwrite replaces them)", thousands(kept)),
    };
    let failed = if failed > 0 { format!(", {} failed", thousands(failed)) } else { String::new() };
    let separator = if without_pictures.is_empty() { "" } else { "; " };
    format!("{} written to {folder}{kept}{failed}{separator}{without_pictures}", counted(written, "picture"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_sentences() {
        let check = |counts, without: &[&str], expected: &str| {
            let without: Vec<String> = without.iter().map(ToString::to_string).collect();
            assert_eq!(totals(counts, &"out".into(), &without), expected);
        };
        check([0, 0, 0], &[], "0 pictures written: no asset is exported");
        check([0, 0, 0], &["54 assets FAILED and have none"], "0 pictures written: 54 assets FAILED and have none");
        check([1, 0, 0], &[], "1 picture written to out");
        check([2, 1, 0], &[], "2 pictures written to out, 1 kept because it exists already (--overwrite replaces it)");
        check(
            [0, 0, 1108],
            &["1 asset FAILED and has none"],
            "0 pictures written to out, 1 108 failed; 1 asset FAILED and has none",
        );
    }
}
