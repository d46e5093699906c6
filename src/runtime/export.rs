//! `export`: the filtered set with its pictures, the pictures themselves in a folder.
//!
//! Pictures are fetched as the screen fetches them, a window of the list at a time, and each is written as it comes. A
//! name is used once in a run, so that no asset's picture ever stands for another's.

use super::{
    Usage,
    diary::{error, tell, tell_more},
    fetch_config,
    file::{self, Existing, FileError},
    filter_of,
    print::{LogReading, STDOUT, reveal},
};
use crate::{
    cli::{self, Output},
    media,
    picture::{Picture, PictureKey, PictureRequest, PictureUpdate},
    report::{self, ExportTask, ExportedFiles, FileOutcome, Filed, Format},
    text::Safe,
};
use anyhow::{Context as _, Result};
use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    fs,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// How many pictures are asked for at once for each fetch that may be in flight.
const WINDOW: usize = 4;

/// Runs the command.
pub(super) fn run(args: &cli::ExportArgs) -> Result<ExitCode> {
    let format = match args.input.output {
        Output::Auto | Output::Json => Format::Json,
        Output::Jsonl => Format::Jsonl,
        Output::Csv => Format::Csv,
        Output::Table | Output::Tui => return Err(Usage("export prints json, jsonl or csv".into()).into()),
    };
    let filter = filter_of(&args.input)?;
    let config = fetch_config(&args.fetch)?;
    let reading = LogReading::to_the_end(&args.input);
    let keys = reading.passing(&filter);
    let mut files = ExportedFiles::new();
    if let Some(folder) = &args.pictures {
        let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
        let orders = keys.iter().filter_map(|key| reading.catalog.asset(*key)).flat_map(|asset| report::orders(&asset));
        files = write_pictures(orders.collect(), folder, existing, config)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    report::export(&mut out, &reading.catalog, &keys, &files, format, reveal(&args.input)).context(STDOUT)?;
    out.flush().context(STDOUT)?;
    let whole = files.values().all(|filed| filed.outcome != FileOutcome::Failed && filed.reason.is_none());
    let outcome = reading.outcome();
    Ok(if whole || outcome != ExitCode::SUCCESS { outcome } else { ExitCode::FAILURE })
}

/// Writes all pictures into `folder`; says on stderr what was not written as asked.
fn write_pictures(
    orders: Vec<ExportTask>,
    folder: &Path,
    existing: Existing,
    config: media::MediaConfig,
) -> Result<ExportedFiles> {
    let shown = Safe::new(&folder.display().to_string());
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {shown}"))?;
    let mut clerk = PictureExporter {
        folder: folder.to_owned(),
        existing,
        files: ExportedFiles::new(),
        orders: HashMap::new(),
        refused: BTreeSet::new(),
    };
    let waiting = clerk.sort_out(orders);
    if !waiting.is_empty() {
        super::drive(async {
            clerk.fetch(waiting, config).await;
            Ok(())
        })?;
    }
    let count = |outcome| clerk.files.values().filter(|filed| filed.outcome == outcome).count();
    let (written, kept, failed) = (count(FileOutcome::Written), count(FileOutcome::Kept), count(FileOutcome::Failed));
    let kept = if kept > 0 { format!(", {kept} were there already and are kept (--overwrite)") } else { String::new() };
    let failed = if failed > 0 { format!(", {failed} could not be had") } else { String::new() };
    tell(&format!("{written} pictures written to {shown}{kept}{failed}"));
    for host in &clerk.refused {
        error(&format!("--allow-host {host} would fetch what was refused as no public address"));
    }
    Ok(clerk.files)
}

/// Who writes, and what became of each picture so far.
struct PictureExporter {
    folder: PathBuf,
    existing: Existing,
    files: ExportedFiles,
    /// What is asked for now.
    orders: HashMap<PictureKey, ExportTask>,
    /// Hosts that the policy refused and may allow.
    refused: BTreeSet<Safe>,
}

impl PictureExporter {
    /// Settles what needs no fetching; returns the rest.
    fn sort_out(&mut self, orders: Vec<ExportTask>) -> VecDeque<ExportTask> {
        // Some file systems do not tell upper from lower case.
        let mut names = HashSet::new();
        let mut waiting = VecDeque::new();
        for order in orders {
            if !names.insert(order.file.to_ascii_lowercase()) {
                self.fail(&order, "another picture has its name".into());
                continue;
            }
            match file::check(&self.folder.join(&order.file), self.existing) {
                Ok(()) => waiting.push_back(order),
                Err(FileError::Taken) => self.keep(order),
                Err(error) => self.fail(&order, Safe::new(&error.to_string())),
            }
        }
        waiting
    }

    async fn fetch(&mut self, mut waiting: VecDeque<ExportTask>, config: media::MediaConfig) {
        let window = config.jobs * WINDOW;
        let (media, mut updates) = media::spawn(config);
        loop {
            while self.orders.len() < window
                && let Some(order) = waiting.pop_front()
            {
                self.orders.insert(order.request.key, order);
            }
            if self.orders.is_empty() {
                return;
            }
            let mut requests: Vec<PictureRequest> = self.orders.values().map(|order| order.request.clone()).collect();
            requests.sort_by_key(|request| request.key);
            media.want(requests);
            match updates.recv().await {
                Some(PictureUpdate::Loaded(key, picture)) => self.write(key, picture).await,
                Some(PictureUpdate::Failed(key, trouble)) => {
                    self.refused.extend(trouble.allow);
                    if let Some(order) = self.orders.remove(&key) {
                        self.fail(&order, trouble.what);
                    }
                }
                Some(PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..)) => {}
                None => return,
            }
        }
    }

    async fn write(&mut self, key: PictureKey, picture: Arc<Picture>) {
        let Some(order) = self.orders.remove(&key) else { return };
        let (path, existing, jpeg) = (self.folder.join(&order.file), self.existing, Arc::clone(&picture.jpeg));
        let written =
            tokio::task::spawn_blocking(move || file::write(&path, existing, |out| out.write_all(&jpeg))).await;
        match written {
            Ok(Ok(())) => {
                match &picture.damage {
                    Some(damage) => error(&format!("{}: {damage}", order.file)),
                    None => tell_more(&format!("{}: written", order.file)),
                }
                let filed =
                    Filed { file: Some(order.file), outcome: FileOutcome::Written, reason: picture.damage.clone() };
                self.files.insert(key, filed);
            }
            Ok(Err(FileError::Taken)) => self.keep(order),
            Ok(Err(error)) => self.fail(&order, Safe::new(&format!("cannot be written: {error}"))),
            Err(_panicked) => self.fail(&order, "an error in thumbview itself".into()),
        }
    }

    fn keep(&mut self, order: ExportTask) {
        tell(&format!("{}: is there already, kept", order.file));
        let filed = Filed { file: Some(order.file), outcome: FileOutcome::Kept, reason: None };
        self.files.insert(order.request.key, filed);
    }

    fn fail(&mut self, order: &ExportTask, why: Safe) {
        error(&format!("{}: {why} ({})", order.file, order.request.url));
        let filed = Filed { file: None, outcome: FileOutcome::Failed, reason: Some(why) };
        self.files.insert(order.request.key, filed);
    }
}
