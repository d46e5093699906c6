//! What is done with a typed line: a search, a filter, a place to go to.

use super::{
    App, Effect,
    filter::{Filter, StatusTab, TextSearch},
    prompt::{Prompt, PromptOutcome, Purpose},
};
use crate::{
    catalog::{Asset, AssetKey},
    event::{AssetId, Offset},
    text::Safe,
};
use crossterm::event::{KeyCode, KeyEvent};

/// Lines of a prompt that can be recalled.
const RECALLED: usize = 50;

impl App {
    pub(super) fn type_key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let Some(prompt) = &mut self.prompt else { return };
        match prompt.key(key) {
            PromptOutcome::Cancelled => {
                let (purpose, first) = (prompt.purpose, prompt.first().to_owned());
                self.prompt = None;
                // The filter was tried while it was typed. Who has deleted all of it meant that.
                if purpose == Purpose::Filter && key.code != KeyCode::Backspace {
                    self.set_filter(&first);
                }
            }
            PromptOutcome::Done => {
                let (purpose, text) = (prompt.purpose, prompt.text());
                // What cannot be meant stays to be mended; the prompt says why.
                if purpose == Purpose::Filter && Filter::parse(&text).is_err()
                    || purpose == Purpose::Search && TextSearch::new(&text).is_err()
                {
                    return;
                }
                self.prompt = None;
                self.remember(purpose, &text);
                match purpose {
                    Purpose::Search => self.search(&text),
                    Purpose::Filter => self.set_filter(&text),
                    Purpose::GoTo => self.go_to(text.trim()),
                    Purpose::Write => self.write_to(text.trim(), effects),
                    // Answered by one key, never typed to its end.
                    Purpose::Replace => {}
                }
            }
            PromptOutcome::Edited => self.try_filter(),
            PromptOutcome::Ignored => {}
        }
    }

    /// A filter shows what it does while it is typed; a half-typed term that means nothing yet hides nothing.
    pub(super) fn try_filter(&mut self) {
        if let Some(prompt) = self.prompt.as_ref().filter(|prompt| prompt.purpose == Purpose::Filter) {
            let filter = Filter::parse_what_holds(&prompt.text());
            self.assets.set_filter(filter, &self.catalog, self.now.wall);
        }
    }

    pub(super) fn ask(&mut self, purpose: Purpose, text: String) {
        let mut earlier = self.entered.get(&purpose).cloned().unwrap_or_default();
        earlier.retain(|earlier| *earlier != text);
        // What is typed on is another term.
        let text = if purpose == Purpose::Filter && !text.is_empty() { text + " " } else { text };
        self.prompt = Some(Prompt::new(purpose, text).recalling(earlier));
    }

    /// Keeps what was entered, to be recalled.
    fn remember(&mut self, purpose: Purpose, text: &str) {
        let entered = self.entered.entry(purpose).or_default();
        if !text.trim().is_empty() {
            entered.retain(|earlier| earlier != text);
            entered.push(text.to_owned());
            entered.drain(..entered.len().saturating_sub(RECALLED));
        }
    }

    /// Filters by an error code and by nothing else.
    pub(super) fn filter_by_code<'a>(&mut self, code: &str, others: impl Iterator<Item = &'a str>) {
        let text = format!("status:failed code:{}", code_pattern(code, others));
        self.assets.set_tab(StatusTab::All, &self.catalog, self.now.wall);
        self.remember(Purpose::Filter, &text);
        self.set_filter(&text);
    }

    fn search(&mut self, text: &str) {
        if text.is_empty() {
            self.assets.set_search(None, &self.catalog);
            return;
        }
        match TextSearch::new(text) {
            Ok(search) => {
                let hits = self.assets.set_search(Some(search), &self.catalog);
                self.say(Safe::new(&match hits {
                    0 => format!("no hit for {text}"),
                    1 => format!("1 hit for {text}"),
                    hits => format!("{hits} hits for {text} · n N go round them"),
                }));
            }
            Err(error) => self.say(Safe::new(&error.to_string())),
        }
    }

    fn set_filter(&mut self, text: &str) {
        match Filter::parse(text) {
            Ok(filter) => {
                self.assets.set_filter(filter, &self.catalog, self.now.wall);
                self.toast = None;
            }
            Err(error) => self.say(Safe::new(&error.to_string())),
        }
    }

    /// `1:30`, `90`, `#12`, `@id`.
    fn go_to(&mut self, text: &str) {
        let went = if let Some(number) = text.strip_prefix('#') {
            number.parse::<usize>().ok().map(|number| self.timeline.go_to(number.saturating_sub(1)))
        } else if let Some(id) = text.strip_prefix('@') {
            return self.go_to_asset(id);
        } else {
            parse_offset(text).map(|offset| self.timeline.seek(offset))
        };
        if went.is_none() {
            self.say(Safe::new(&format!("{text}: go to 1:30, 90, #12 or @id")));
        }
    }

    /// Selects the asset whose id this is, or the only one whose id begins so.
    fn go_to_asset(&mut self, id: &str) {
        let whole = AssetId::new(id).and_then(|id| self.catalog.find(&id).map(|asset| asset.key()));
        let begins = |asset: &Asset<'_>| asset.id().spell(&mut [0; 32]).starts_with(id);
        let two = || self.catalog.assets().filter(begins).map(|asset| asset.key()).take(2).collect();
        let found: Vec<AssetKey> = whole.map_or_else(two, |key| vec![key]);
        let said = match found[..] {
            [] => format!("no asset's id begins with {id}"),
            [key] if self.assets.select(key) => return,
            [_] => format!("{id} is not in this list: Esc shows all"),
            _ => format!("the ids of several assets begin with {id}"),
        };
        self.say(Safe::new(&said));
    }
}

/// What to filter by for a code: the code itself, where that is plain and no other code holds it.
fn code_pattern<'a>(code: &str, mut others: impl Iterator<Item = &'a str>) -> String {
    let plain = !code.is_empty() && code.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let test = Filter::parse(&format!("code:{code}"));
    if plain && test.is_ok_and(|test| !others.any(|other| test.finds_code(other))) {
        return code.to_owned();
    }
    // A space would end the term.
    format!("^{}$", regex::escape(code).replace(char::is_whitespace, "."))
}

/// A place in a video: seconds, `M:SS` or `H:MM:SS`.
pub fn parse_offset(text: &str) -> Option<Offset> {
    let mut seconds = 0.0;
    for part in text.split(':') {
        let value: f64 = part.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)?;
        seconds = seconds * 60.0 + value;
    }
    Offset::from_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_as_people_write_them() {
        let check = |text: &str, seconds: Option<f64>| {
            assert_eq!(parse_offset(text).map(Offset::as_seconds), seconds, "{text}");
        };
        check("90", Some(90.0));
        check("1:30", Some(90.0));
        check("1:02:03.5", Some(3723.5));
        check("", None);
        check("x", None);
        check("-5", None);
    }
}
