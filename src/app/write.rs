//! Writing to a file: this picture, or the assets that are listed, by what the file's name ends in.
//!
//! The key proposes names, Tab goes through them. What is done outside is an [`Effect::Write`]; its answer comes back as
//! [`WriteOutcome`]. A file that is there already is only replaced after a `y`.

use super::{
    App, Effect,
    prompt::{Prompt, Purpose},
};
use crate::{
    catalog::{AssetKey, ListFormat},
    picture::{Picture, file_names},
    text::Safe,
};
use crossterm::event::{KeyCode, KeyEvent};
use std::{path::Path, sync::Arc};

/// The proposed names of lists.
const LISTS: [&str; 3] = ["assets.json", "assets.jsonl", "assets.csv"];

/// A file to write.
#[derive(Clone, Debug)]
pub struct WriteJob {
    /// Its name as it was typed.
    pub path: String,
    /// What is to be in it.
    pub content: WriteContent,
    /// What is done with a file of that name.
    pub overwrite: Overwrite,
}

/// What is to be in a file.
#[derive(Clone, Debug)]
pub enum WriteContent {
    /// The JPEG as it was fetched.
    Picture(Arc<Picture>),
    /// These assets.
    Assets(Vec<AssetKey>, ListFormat),
}

/// What is done with a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It is left alone.
    No,
    /// It is replaced, as the operator said.
    Yes,
}

/// What became of a [`WriteJob`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is there, at this full path.
    Done(Safe),
    /// A file is there already and was left alone.
    Taken,
    /// It could not be written: why.
    Failed(Safe),
}

impl App {
    /// Opens the prompt with the first proposal.
    pub(super) fn propose_write(&mut self) {
        let first = self.proposals().swap_remove(0);
        self.ask(Purpose::Write, first);
    }

    /// Takes a key that means something else here than in other prompts; returns whether it did.
    pub(super) fn write_key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) -> bool {
        let Some(prompt) = &self.prompt else { return false };
        match prompt.purpose {
            Purpose::Write if key.code == KeyCode::Tab => {
                let names = self.proposals();
                let next = names.iter().position(|name| *name == prompt.text()).map_or(0, |at| at + 1);
                let next = names[next % names.len()].clone();
                self.ask(Purpose::Write, next);
                true
            }
            Purpose::Replace => {
                self.prompt = None;
                match self.refused.take() {
                    Some(job) if matches!(key.code, KeyCode::Char('y' | 'Y')) => {
                        self.write(WriteJob { overwrite: Overwrite::Yes, ..job }, effects);
                    }
                    _ => self.say("not written".into()),
                }
                true
            }
            Purpose::Write | Purpose::Search | Purpose::Filter | Purpose::GoTo => false,
        }
    }

    /// Has what was typed written.
    pub(super) fn write_to(&mut self, path: &str, effects: &mut Vec<Effect>) {
        let list = |format| Ok(WriteContent::Assets(self.assets.rows().to_vec(), format));
        let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let content = match ending.as_deref() {
            Some("jpg" | "jpeg") => {
                let here = self.timeline.current_key().and_then(|key| self.album.picture(key));
                here.map(|picture| WriteContent::Picture(Arc::clone(picture))).ok_or("this picture is not here")
            }
            Some("json") => list(ListFormat::Json),
            Some("jsonl" | "ndjson") => list(ListFormat::Jsonl),
            Some("csv") => list(ListFormat::Csv),
            _ => Err("not written: the name ends in .jpg, .json, .jsonl or .csv"),
        };
        match content {
            Ok(content) => {
                self.write(WriteJob { path: path.to_owned(), content, overwrite: Overwrite::No }, effects);
            }
            Err(why) => self.say(why.into()),
        }
    }

    fn write(&mut self, job: WriteJob, effects: &mut Vec<Effect>) {
        self.writing += 1;
        self.say(Safe::new(&format!("writing {} …", job.path)));
        effects.push(Effect::Write(job));
    }

    /// Says what became of a file, or asks whether it may be replaced.
    pub(super) fn wrote(&mut self, job: WriteJob, written: WriteOutcome) {
        self.writing = self.writing.saturating_sub(1);
        match written {
            WriteOutcome::Done(path) => {
                let what = match &job.content {
                    WriteContent::Picture(_) => "picture".to_owned(),
                    WriteContent::Assets(keys, _) if keys.len() == 1 => "1 asset".to_owned(),
                    WriteContent::Assets(keys, _) => format!("{} assets", keys.len()),
                };
                self.say(Safe::new(&format!("{what} written to {path}")));
            }
            WriteOutcome::Failed(why) => self.say(Safe::new(&format!("{}: {why}", job.path))),
            // Whatever is being typed meanwhile goes on.
            WriteOutcome::Taken if self.prompt.is_some() => {
                self.say(Safe::new(&format!("{}: is there already, not written", job.path)));
            }
            WriteOutcome::Taken => {
                self.prompt = Some(Prompt::new(Purpose::Replace, job.path.clone()));
                self.refused = Some(job);
            }
        }
    }

    /// Names for what can be written now, the likeliest first.
    fn proposals(&self) -> Vec<String> {
        let picture = self.timeline.current().filter(|mark| self.album.picture(mark.key).is_some());
        let named = picture.map(|_| file_names(self.timeline.marks()).swap_remove(self.timeline.cursor()));
        named.into_iter().chain(LISTS.map(str::to_owned)).collect()
    }
}
