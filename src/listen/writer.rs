//! The thread that writes the journal: what comes while one batch is being put on disk makes the next batch.
//!
//! So that many senders at once wait for few syncs. Each sender is told [`Stored::Kept`] after the sync, never before.
//! The callbacks that are kept are counted and reported here, since a sender may have hung up by then.

use super::{
    admission::SubscriptionChange,
    delivery::{Deliveries, DeliveryId},
    error::shown,
    journal::{Disturbance, Journal, OpenedJournal},
    report::Reporter,
};
use crate::{event::Severity, text::number::thousands};
use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::sync::{mpsc, oneshot};

/// The most callbacks of a batch.
const BATCH: usize = 256;

/// The most bytes of a batch, but for its last callback.
const BATCH_BYTES: usize = 8 << 20;

/// The callbacks that may wait; each connection has one at a time.
const WAITING: usize = 64;

/// The times that a batch is written again because its file was deleted meanwhile.
const REWRITES: usize = 3;

/// The handle of the thread. Dropping it, and each copy of its sender, ends the thread after what waits was written.
#[derive(Debug)]
pub(super) struct JournalWriter {
    entries: Option<mpsc::Sender<Entry>>,
    thread: Option<JoinHandle<()>>,
}

/// A callback to be written.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its line with the newline.
    pub(super) line: Vec<u8>,
    pub(super) delivery: Option<DeliveryId>,
    /// The change of a subscription that it reports.
    pub(super) subscription: Option<SubscriptionChange>,
    pub(super) stored: oneshot::Sender<Stored>,
}

/// The outcome of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is on disk.
    Kept,
    /// It was on disk before.
    Double,
    /// It is not on disk.
    Failed,
}

impl JournalWriter {
    /// Starts the thread.
    pub(super) fn start(path: &Path, opened: OpenedJournal, reporter: Arc<Reporter>) -> io::Result<Self> {
        let (entries, waiting) = mpsc::channel(WAITING);
        let OpenedJournal { journal, content, cut } = opened;
        let mut store =
            Store { path: path.to_owned(), journal, known: Deliveries::new(content.deliveries), reporter, failed: 0 };
        if cut > 0 {
            store.notice(
                Severity::Warning,
                &format!("{} bytes of a callback that was cut off were removed", thousands(cut)),
            );
        }
        let thread = thread::Builder::new().name("journal".into()).spawn(move || store.run(waiting))?;
        Ok(Self { entries: Some(entries), thread: Some(thread) })
    }

    /// Returns a sender of callbacks.
    pub(super) fn entries(&self) -> Option<mpsc::Sender<Entry>> {
        self.entries.clone()
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        drop(self.entries.take());
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            drop(thread.join());
        }
    }
}

/// The journal and what is known of it.
struct Store {
    path: PathBuf,
    journal: Journal,
    known: Deliveries,
    reporter: Arc<Reporter>,
    /// The callbacks that could not be stored since the last that was.
    failed: u64,
}

impl Store {
    fn run(&mut self, mut waiting: mpsc::Receiver<Entry>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut bytes = first.line.len();
            let mut batch = vec![first];
            while batch.len() < BATCH
                && bytes < BATCH_BYTES
                && let Ok(next) = waiting.try_recv()
            {
                bytes += next.line.len();
                batch.push(next);
            }
            self.store(batch);
        }
    }

    /// Writes a batch and tells each sender.
    fn store(&mut self, batch: Vec<Entry>) {
        // First, since what another program has cut off is no longer known.
        let followed = self.follow_name();
        let mut lines = Vec::new();
        let mut fresh = HashSet::new();
        let mut answers = Vec::with_capacity(batch.len());
        for Entry { line, delivery, subscription, stored } in batch {
            let answer = match delivery {
                Some(id) if self.known.contains(id) => {
                    self.reporter.count_double();
                    tell(stored, Stored::Double);
                    continue;
                }
                // The first of the two is in this very batch.
                Some(id) if !fresh.insert(id) => Stored::Double,
                Some(_) | None => {
                    lines.extend_from_slice(&line);
                    Stored::Kept
                }
            };
            answers.push((stored, answer, subscription));
        }
        if answers.is_empty() {
            return;
        }
        match followed.and_then(|()| self.write(&lines)) {
            Ok(()) => {
                self.known.extend(fresh);
                self.recovered();
                for (stored, answer, subscription) in answers {
                    match answer {
                        Stored::Kept => {
                            self.reporter.count_kept();
                            if let Some(change) = subscription {
                                self.reporter.subscription(change);
                            }
                        }
                        Stored::Double => self.reporter.count_double(),
                        Stored::Failed => {}
                    }
                    tell(stored, answer);
                }
            }
            Err(reason) => {
                self.failed(answers.len(), &reason);
                for (stored, ..) in answers {
                    tell(stored, Stored::Failed);
                }
            }
        }
    }

    /// Puts lines on disk, in the file that has the journal's name.
    fn write(&mut self, lines: &[u8]) -> Result<(), String> {
        for _ in 0..=REWRITES {
            self.journal.append(lines).map_err(|error| error.to_string())?;
            if !self.journal.is_deleted() {
                return Ok(());
            }
            // It was packed and deleted while it was written to.
            self.follow_name()?;
        }
        Err("it is deleted again and again".to_owned())
    }

    fn follow_name(&mut self) -> Result<(), String> {
        match self.journal.follow_name().map_err(|error| error.in_full())? {
            Disturbance::None => {}
            Disturbance::Renamed(content) => {
                self.known.rotate(content.deliveries);
                self.notice(Severity::Routine, "it was renamed or removed; a new one was begun");
            }
            Disturbance::Truncated => {
                // A second delivery of what was cut off is no double.
                self.known = Deliveries::default();
                self.notice(
                    Severity::Warning,
                    "another program has truncated it; callbacks may be lost: rotate it by renaming (create), not by \
                     copying (copytruncate)",
                );
            }
        }
        Ok(())
    }

    fn failed(&mut self, callbacks: usize, reason: &str) {
        if self.failed == 0 {
            let what = format!("callbacks are answered with 503, since they cannot be stored: {reason}");
            self.notice(Severity::Warning, &what);
        }
        self.failed += callbacks as u64;
    }

    fn recovered(&mut self) {
        let failed = std::mem::take(&mut self.failed);
        if failed > 0 {
            let what = format!("callbacks are stored again; {} were answered with 503", thousands(failed));
            self.notice(Severity::Routine, &what);
        }
    }

    fn notice(&self, severity: Severity, what: &str) {
        self.reporter.notice(severity, &format!("{}: {what}", shown(&self.path)));
    }
}

fn tell(stored: oneshot::Sender<Stored>, answer: Stored) {
    // The sender may have gone; it will send again.
    let _gone = stored.send(answer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::{admission::MessageOrigin, report::ListenUpdate, smn::SmnType};
    use std::{
        fs,
        sync::mpsc::{Receiver, sync_channel},
    };

    const LINE: &str = "{\"time\":\"2026-03-14T01:15:02Z\",\"from\":\"10.0.0.7\",\"kind\":\"mfs\",\"body\":\"{}\"}\n";

    struct Place {
        folder: tempfile::TempDir,
        path: PathBuf,
        store: Store,
        updates: Receiver<ListenUpdate>,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("vod.journal");
            let OpenedJournal { journal, content, .. } = Journal::open(&path).unwrap();
            let (sender, updates) = sync_channel(16);
            let known = Deliveries::new(content.deliveries);
            let reporter = Arc::new(Reporter::new(sender));
            let store = Store { path: path.clone(), journal, known, reporter, failed: 0 };
            Self { folder, path, store, updates }
        }

        /// Stores one batch of deliveries by their numbers.
        fn store(&mut self, deliveries: &[Option<&str>]) -> Vec<Stored> {
            let (batch, answers): (Vec<Entry>, Vec<oneshot::Receiver<Stored>>) = deliveries
                .iter()
                .map(|id| {
                    let (stored, answer) = oneshot::channel();
                    let delivery = id.map(DeliveryId::of_mfs);
                    (Entry { line: LINE.into(), delivery, subscription: None, stored }, answer)
                })
                .unzip();
            self.store.store(batch);
            answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect()
        }

        fn lines(&self) -> usize {
            fs::read_to_string(&self.path).unwrap().lines().count()
        }

        fn notices(&self) -> Vec<String> {
            let text = |update| match update {
                ListenUpdate::Notice(notice) => notice.text.to_string(),
                ListenUpdate::Subscription(change) => panic!("{change:?}"),
            };
            let name = format!("{}: ", self.path.display());
            self.updates.try_iter().map(|update| text(update).replace(&name, "")).collect()
        }
    }

    #[test]
    fn doubles_are_kept_once_also_within_a_batch() {
        use Stored::{Double, Kept};
        let mut place = Place::new();
        assert_eq!(place.store(&[Some("a"), None, Some("a"), None]), [Kept, Kept, Double, Kept]);
        assert_eq!(place.store(&[Some("a"), Some("b")]), [Double, Kept]);
        assert_eq!(place.store(&[Some("a")]), [Double]);
        assert_eq!(place.lines(), 4);
        assert_eq!(place.notices(), Vec::<String>::new());
    }

    #[test]
    fn a_rotation_goes_on_in_a_new_file_and_knows_the_doubles() {
        let mut place = Place::new();
        place.store(&[Some("a")]);
        fs::rename(&place.path, place.folder.path().join("vod.journal.1")).unwrap();
        assert_eq!(place.store(&[Some("b")]), [Stored::Kept]);
        assert_eq!(place.store(&[Some("a")]), [Stored::Double]);
        assert_eq!(place.lines(), 1);
        assert_eq!(place.notices(), ["it was renamed or removed; a new one was begun"]);
    }

    #[test]
    fn what_was_cut_off_is_no_double_when_it_comes_again() {
        let mut place = Place::new();
        place.store(&[Some("a")]);
        fs::OpenOptions::new().write(true).open(&place.path).unwrap().set_len(0).unwrap();
        assert_eq!(place.store(&[Some("a")]), [Stored::Kept]);
        assert_eq!(place.store(&[Some("a")]), [Stored::Double]);
        assert_eq!(place.lines(), 1);
        let notices = place.notices();
        let [truncated] = &*notices else { panic!("{notices:?}") };
        assert!(truncated.starts_with("another program has truncated it"), "{truncated}");
    }

    #[test]
    fn a_subscription_is_reported_though_its_sender_has_hung_up() {
        let mut place = Place::new();
        let change = SubscriptionChange {
            kind: SmnType::SubscriptionConfirmation,
            topic_urn: "urn:smn:r:0:t".to_owned(),
            subscribe_url: None,
            origin: MessageOrigin::Verified,
        };
        // The second one is a double of the first.
        for _ in 0..2 {
            let (stored, answer) = oneshot::channel();
            drop(answer);
            let (delivery, subscription) = (Some(DeliveryId::of_smn("a", "")), Some(change.clone()));
            place.store.store(vec![Entry { line: LINE.into(), delivery, subscription, stored }]);
        }
        assert_eq!(place.updates.try_iter().collect::<Vec<_>>(), [ListenUpdate::Subscription(change)]);
        let counts = place.store.reporter.tally().counts();
        assert_eq!((counts.kept, counts.doubles), (1, 1));
    }

    #[test]
    fn what_cannot_be_stored_is_no_double_when_it_comes_again() {
        let mut place = Place::new();
        let away = place.folder.path().join("away");
        fs::rename(&place.path, &away).unwrap();
        fs::create_dir(&place.path).unwrap();
        assert_eq!(place.store(&[Some("a"), Some("a")]), [Stored::Failed; 2]);
        assert_eq!(place.store(&[Some("b")]), [Stored::Failed]);
        fs::remove_dir(&place.path).unwrap();
        assert_eq!(place.store(&[Some("a")]), [Stored::Kept]);
        let notices = place.notices();
        let [broken, renamed, again] = &*notices else { panic!("{notices:?}") };
        assert!(broken.starts_with("callbacks are answered with 503, since they cannot be stored: "), "{broken}");
        assert!(broken.contains("directory"), "{broken}");
        assert_eq!(renamed, "it was renamed or removed; a new one was begun");
        assert_eq!(again, "callbacks are stored again; 3 were answered with 503");
    }
}
