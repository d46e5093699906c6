//! The lines of a session in the log file.

use crate::{
    app::{Message, WriteOutcome},
    catalog::Catalog,
    diagnostics::{is_logging, log},
    event::{Health, LogUpdate},
    picture::PictureUpdate,
    report,
};

/// Logs what a message says about logs, pictures and written files.
pub(super) fn record(message: &Message, catalog: &Catalog) {
    if !is_logging() {
        return;
    }
    match message {
        Message::Log(LogUpdate::Notice(notice)) => log(notice.text.as_str()),
        Message::Log(LogUpdate::Health { rank, health: Health::Waiting(reason) | Health::Failed(reason) }) => {
            log(&format!("source {}: {reason}", rank + 1));
        }
        Message::Log(LogUpdate::Batch { rejected, .. }) => {
            for each in rejected {
                log(&format!(
                    "{}: {}",
                    report::location(catalog.raw_file_name(each.origin.file), each.origin),
                    each.reason
                ));
            }
        }
        Message::Picture(PictureUpdate::Failed(key, failure)) => {
            let event = catalog.event_if_kept(key.event);
            let snapshot = event.and_then(|event| event.pictures.get(event.asset, key.kind, key.index));
            let url =
                snapshot.map_or_else(|| "picture of a dropped asset".to_owned(), |snapshot| snapshot.url.to_string());
            log(&format!("{url}: {}", failure.what));
        }
        Message::Canvas(canvas) => log(&format!("pictures are drawn as {}", canvas.protocol.as_str())),
        Message::Wrote(_, WriteOutcome::Done(path)) => log(&format!("{path}: written")),
        Message::Wrote(job, WriteOutcome::Failed(reason)) => log(&format!("{}: {reason}", job.path)),
        Message::Log(_)
        | Message::Picture(_)
        | Message::Wrote(_, WriteOutcome::Exists)
        | Message::Key(_)
        | Message::Mouse(_)
        | Message::Tab(_)
        | Message::Paste(_)
        | Message::Resize(_)
        | Message::Raw(..)
        | Message::Listening(_)
        | Message::Toast(_)
        | Message::Sent(_)
        | Message::Memory(_)
        | Message::Tick(_) => {}
    }
}
