//! Files that are being written: this picture, or the listed assets, by the ending of the file's name.
//!
//! The session writes them ([`Effect::Write`]) and reports the result. An existing file is replaced only after the
//! operator has answered `y`.

use super::{
    list::AssetList,
    message::Effect,
    outcome::ActionOutcome,
    prompt::PromptAnswer,
    viewer::Viewer,
    write_job::{Overwrite, WriteContent, WriteJob, WriteOutcome},
};
use crate::{catalog::ListFormat, picture::file_names, text::number::counted};
use std::{path::Path, sync::Arc};

/// The proposed names of lists.
const LIST_NAMES: [&str; 3] = ["assets.json", "assets.jsonl", "assets.csv"];

/// The files that are being written.
#[derive(Clone, Debug, Default)]
pub(super) struct FileWrites {
    /// Their number.
    in_progress: usize,
    /// The file that exists already, while the operator is asked about it.
    refused: Option<WriteJob>,
}

/// The next step after a file was written or not.
pub(super) enum WriteFollowUp {
    /// Tell the operator.
    Say(ActionOutcome),
    /// Ask whether the file of this name may be replaced.
    AskToReplace(String),
}

impl FileWrites {
    /// Returns whether a file is being written.
    pub(super) fn is_busy(&self) -> bool {
        self.in_progress > 0
    }

    /// Starts writing to a path: the picture under the cursor, or the listed assets.
    pub(super) fn start(&mut self, path: &str, viewer: &Viewer, list: &AssetList) -> ActionOutcome {
        let assets = |format| Ok(WriteContent::Assets(list.rows().to_vec(), format));
        let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let content = match ending.as_deref() {
            Some("jpg" | "jpeg") => {
                let picture = viewer.timeline().current_key().and_then(|key| viewer.album().picture(key));
                picture
                    .map(|picture| WriteContent::Picture(Arc::clone(picture)))
                    .ok_or("not written: this picture is not loaded")
            }
            Some("json") => assets(ListFormat::Json),
            Some("jsonl" | "ndjson") => assets(ListFormat::Jsonl),
            Some("csv") => assets(ListFormat::Csv),
            _ => Err("not written: the name must end in .jpg, .json, .jsonl or .csv"),
        };
        match content {
            Ok(content) => self.send(WriteJob { path: path.to_owned(), content, overwrite: Overwrite::No }),
            Err(why) => ActionOutcome::say(why),
        }
    }

    fn send(&mut self, job: WriteJob) -> ActionOutcome {
        self.in_progress += 1;
        ActionOutcome::say(format!("writing {} …", job.path)).with(Effect::Write(job))
    }

    /// Replaces the existing file, or keeps it.
    pub(super) fn answer(&mut self, answer: PromptAnswer) -> ActionOutcome {
        match (self.refused.take(), answer) {
            (Some(job), PromptAnswer::Yes) => self.send(WriteJob { overwrite: Overwrite::Yes, ..job }),
            (Some(_) | None, _) => ActionOutcome::say("not written"),
        }
    }

    /// Notes the result of a file.
    pub(super) fn finish(&mut self, job: WriteJob, outcome: WriteOutcome, prompt: PromptState) -> WriteFollowUp {
        self.in_progress = self.in_progress.saturating_sub(1);
        WriteFollowUp::Say(ActionOutcome::say(match (outcome, prompt) {
            (WriteOutcome::Done(path), _) => {
                let what = match &job.content {
                    WriteContent::Picture(_) => "picture".to_owned(),
                    WriteContent::Assets(keys, _) => counted(keys.len() as u64, "asset").to_string(),
                };
                format!("{what} written to {path}")
            }
            (WriteOutcome::Failed(why), _) => format!("{}: {why}", job.path),
            (WriteOutcome::Exists, PromptState::Open) => format!("{}: already exists, not written", job.path),
            (WriteOutcome::Exists, PromptState::Closed) => {
                let path = job.path.clone();
                self.refused = Some(job);
                return WriteFollowUp::AskToReplace(path);
            }
        }))
    }
}

/// The state of the prompt line; a question must not replace an open prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PromptState {
    Open,
    Closed,
}

/// Names for the files that can be written now, the likeliest first.
pub(super) fn proposals(viewer: &Viewer) -> Vec<String> {
    let timeline = viewer.timeline();
    let picture = timeline.current().filter(|mark| viewer.album().picture(mark.key).is_some());
    let name = picture.map(|_| file_names(timeline.marks()).swap_remove(timeline.cursor()));
    name.into_iter().chain(LIST_NAMES.map(str::to_owned)).collect()
}
