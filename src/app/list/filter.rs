//! The filter that says which assets are listed.
//!
//! Terms are separated by spaces and all must hold. A bare word matches id, title, code or message
//! (upper-case letters make it case-sensitive), `"two words"` stay together; `status:failed`, `code:VOD.*` (a regex,
//! found anywhere in the code), `samples<5`, `since:10m`, `until:…`, `host:NAME`, `source:NAME`,
//! `picture:black`; `!` before a term negates it.

mod name_pattern;
mod picture_test;
mod spelling;

use super::word::Word;
use crate::{
    catalog::{Asset, Catalog},
    event::{Facts, LogEvent, Status, Time},
    judge::CheckTally,
    picture::EventKey,
    text::Safe,
};
use name_pattern::NamePattern;
use picture_test::{PictureTest, UnknownWord};
use regex::{Regex, RegexBuilder};
use spelling::{Quotes, SpelledTerm};
use std::{collections::HashMap, fmt, sync::Arc};

/// A parsed filter. An asset passes if every term holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    text: Safe,
    polarity: Polarity,
    test: Test,
}

/// The assets that a term passes: those of which its test holds, or the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polarity {
    Plain,
    Negated,
}

#[derive(Clone, Debug)]
enum Test {
    Word(Box<Word>),
    Status(String),
    Code(Regex),
    Samples(CountComparison, u64),
    Since(TimeBound),
    Until(TimeBound),
    Host(NamePattern),
    Source(NamePattern),
    Picture(PictureTest),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CountComparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// A moment, or an age counted back from now.
#[derive(Clone, Copy, Debug)]
enum TimeBound {
    At(Time),
    Ago { micros: i64 },
}

/// The reason why a filter or a search is invalid, naming the term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError(pub(super) Safe);

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Parses a filter. An empty one passes every asset.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let terms = SpelledTerm::all(text).map(Term::parse).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Parses a filter that is still being typed: terms that are not valid yet are left out.
    pub fn parse_valid_terms(text: &str) -> Self {
        Self { terms: SpelledTerm::all(text).filter_map(|term| Term::parse(term).ok()).collect() }
    }

    /// Returns whether it has no terms.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Returns whether an asset passes. Ages count back from `now`.
    pub fn matches(&self, asset: &Asset<'_>, now: Time) -> bool {
        let terms = self.terms.iter().filter(|term| !matches!(term.test, Test::Picture(_)));
        terms.into_iter().all(|term| term.test.holds(asset, now) == (term.polarity == Polarity::Plain))
    }

    /// Returns whether an asset passes, also by what is known of the pictures of events.
    pub(super) fn passes(&self, asset: &Asset<'_>, checked: &HashMap<EventKey, CheckTally>, now: Time) -> bool {
        let tally = || checked.get(&asset.picture_event()?.key);
        self.matches(asset, now) && (!self.needs_check() || self.matches_check(tally()))
    }

    /// Returns whether every asset that passes is known to pass `other` too, also at a later time.
    pub fn implies(&self, other: &Self) -> bool {
        other.terms.iter().all(|wider| self.terms.iter().any(|term| term.implies(wider)))
    }

    /// Returns whether it asks for what only a check of pictures tells.
    pub fn needs_check(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Picture(_)))
    }

    /// Returns whether its `picture:` terms, which [`Self::matches`] leaves out, hold for an asset with these pictures.
    fn matches_check(&self, tally: Option<&CheckTally>) -> bool {
        self.terms.iter().all(|term| match &term.test {
            Test::Picture(test) => tally.is_some_and(|tally| test.holds(tally)) == (term.polarity == Polarity::Plain),
            Test::Word(_)
            | Test::Status(_)
            | Test::Code(_)
            | Test::Samples(..)
            | Test::Since(_)
            | Test::Until(_)
            | Test::Host(_)
            | Test::Source(_) => true,
        })
    }

    /// Returns whether an event of the file named `file` passes as if it were the only one of its asset, whose title is
    /// given.
    pub fn matches_event(&self, event: &LogEvent, file: &str, title: Option<&str>, now: Time) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut event = event.clone();
        if let Some(title) = title {
            event.facts.get_or_insert_with(|| Box::new(Facts::default())).title = Some(title.into());
        }
        let mut catalog = Catalog::default();
        catalog.set_file_name(event.origin.file, Arc::from(file));
        let applied = catalog.apply(event);
        applied.and_then(|applied| catalog.asset(applied.asset)).is_some_and(|asset| self.matches(&asset, now))
    }

    /// Returns the time before which no event with a time passes, if its terms set one.
    pub fn since(&self, now: Time) -> Option<Time> {
        let bounds =
            self.terms.iter().filter(|term| term.polarity == Polarity::Plain).filter_map(|term| match &term.test {
                Test::Since(bound) => Some(bound.at(now)),
                Test::Word(_)
                | Test::Status(_)
                | Test::Code(_)
                | Test::Samples(..)
                | Test::Until(_)
                | Test::Host(_)
                | Test::Source(_)
                | Test::Picture(_) => None,
            });
        bounds.max()
    }

    /// Returns a filter that passes only what both filters pass.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        self
    }

    /// The earliest and the latest time that pass.
    pub(in crate::app) fn time_bounds(&self, now: Time) -> (Option<Time>, Option<Time>) {
        let (mut since, mut until) = (None, None);
        for term in self.terms.iter().filter(|term| term.polarity == Polarity::Plain) {
            if let Test::Since(bound) = &term.test {
                since = since.max(Some(bound.at(now)));
            } else if let Test::Until(bound) = &term.test {
                let bound = bound.at(now);
                until = Some(until.map_or(bound, |until: Time| until.min(bound)));
            }
        }
        (since, until)
    }

    /// The text of a filter that has these terms as well. A term `since:` or `until:` replaces the one before, since the
    /// new time is the narrower one.
    pub(in crate::app) fn with_terms(&self, terms: &[String]) -> String {
        let mut all: Vec<&str> = self.terms().map(Safe::as_str).collect();
        for key in ["since:", "until:"] {
            if terms.iter().any(|term| term.starts_with(key)) {
                all.retain(|term| !term.starts_with(key));
            }
        }
        for term in terms {
            if !all.contains(&term.as_str()) {
                all.push(term);
            }
        }
        all.join(" ")
    }

    /// Returns whether all its `code:` terms match this code.
    pub fn finds_code(&self, code: &str) -> bool {
        self.terms.iter().all(|term| !matches!(&term.test, Test::Code(regex) if !regex.is_match(code)))
    }

    /// Returns the first status asked for that no event can have by the documents, and that is none of `known`.
    pub fn unknown_status(&self, known: &[&Status]) -> Option<&str> {
        let documented = ["SUCCEED", "FAILED", "OTHER", "UNKNOWN"];
        let is_known = |word: &str| {
            documented.iter().any(|status| status.starts_with(word))
                || known.iter().any(|status| status.as_str().starts_with(word))
        };
        let words = self.terms.iter().filter_map(|term| match &term.test {
            Test::Status(word) => Some(word.as_str()),
            Test::Word(_)
            | Test::Code(_)
            | Test::Samples(..)
            | Test::Since(_)
            | Test::Until(_)
            | Test::Host(_)
            | Test::Source(_)
            | Test::Picture(_) => None,
        });
        words.into_iter().find(|word| !is_known(word))
    }

    /// Returns the first status asked for that is neither documented nor the status of an asset.
    pub fn unknown_status_in(&self, catalog: &Catalog) -> Option<&str> {
        // Most filters need no look at the assets.
        self.unknown_status(&[])?;
        let mut known: Vec<&Status> = Vec::new();
        for status in catalog.assets().map(|asset| asset.status()) {
            if matches!(status, Status::Other(_)) && !known.contains(&status) {
                known.push(status);
            }
        }
        self.unknown_status(&known)
    }

    /// The terms as they were typed.
    pub fn terms(&self) -> impl Iterator<Item = &Safe> {
        self.terms.iter().map(|term| &term.text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: Vec<&str> = self.terms().map(Safe::as_str).collect();
        f.write_str(&terms.join(" "))
    }
}

impl Term {
    fn parse(term: SpelledTerm<'_>) -> Result<Self, FilterError> {
        let polarity = if term.text.starts_with('!') { Polarity::Negated } else { Polarity::Plain };
        let (bare, quotes) = term.bare();
        if bare.is_empty() {
            return Err(FilterError(match (polarity, quotes) {
                (Polarity::Negated, Quotes::None) => "! needs a term to negate".into(),
                (Polarity::Plain | Polarity::Negated, _) => "there is nothing between the quotes".into(),
            }));
        }
        let test = match quotes {
            Quotes::Whole => Test::Word(Box::new(Word::new(&bare))),
            Quotes::None | Quotes::Value => Test::parse(&bare)?,
        };
        Ok(Self { text: Safe::new(&term.closed()), polarity, test })
    }

    /// Returns whether what it passes is known to pass `other` too, also at a later time.
    fn implies(&self, other: &Self) -> bool {
        let are_plain = [self, other].iter().all(|term| term.polarity == Polarity::Plain);
        match (&self.test, &other.test) {
            // Their ages count back from another moment each time.
            (Test::Since(_) | Test::Until(_), _) => false,
            (Test::Word(word), Test::Word(part)) if are_plain => word.implies(part),
            (Test::Status(word), Test::Status(start))
                if are_plain && [word, start].iter().all(|word| *word != "OTHER") =>
            {
                word.starts_with(start.as_str())
            }
            _ => self.text == other.text,
        }
    }
}

/// The keys of terms, as errors list them.
const KEYS: &str = "the keys are status: code: since: until: host: source: picture: and samples<";

impl Test {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let error = |why: &str| FilterError(Safe::new(&format!("\"{text}\" {why}")));
        if let Some((comparison, number)) = text.strip_prefix("samples").and_then(CountComparison::parse) {
            let number = number.parse().map_err(|_wrong| error("needs a number, as in samples<5"))?;
            return Ok(Self::Samples(comparison, number));
        }
        let bound = |text: &str| {
            parse_time_bound(text).ok_or_else(|| error("needs an age such as 10m or 2h, or an RFC 3339 time"))
        };
        let name = |name: &str| NamePattern::new(name).ok_or_else(|| error("is too long"));
        Ok(match text.split_once(':') {
            Some(("status", status)) if !status.is_empty() => Self::Status(status.to_uppercase()),
            Some(("code", code)) => {
                Self::Code(RegexBuilder::new(code).case_insensitive(true).size_limit(1 << 20).build().map_err(
                    |_wrong| FilterError(Safe::new(&format!("\"{code}\" is not a valid regular expression"))),
                )?)
            }
            Some(("since", time)) => Self::Since(bound(time)?),
            Some(("until", time)) => Self::Until(bound(time)?),
            Some(("host", host)) if !host.is_empty() => Self::Host(name(host)?),
            Some(("source", source)) if !source.is_empty() => Self::Source(name(source)?),
            Some(("picture", word)) => Self::Picture(word.parse().map_err(|why: UnknownWord| error(&why.to_string()))?),
            Some(("status" | "host" | "source", _)) => return Err(error("needs a value")),
            // A URL may well be looked for; another word before a colon was meant for a key.
            Some((key, rest))
                if !rest.starts_with("//") && !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase()) =>
            {
                return Err(error(&format!("has an unknown key: {KEYS}")));
            }
            _ => Self::Word(Box::new(Word::new(text))),
        })
    }

    fn holds(&self, asset: &Asset<'_>, now: Time) -> bool {
        match self {
            Self::Word(word) => word.occurs_in_asset(asset),
            Self::Status(word) if word == "OTHER" => matches!(asset.status(), Status::Other(_)),
            Self::Status(word) => asset.status().as_str().starts_with(word.as_str()),
            // A failure may come without a code.
            Self::Code(regex) => match asset.fault() {
                Some(fault) => regex.is_match(&fault.code),
                None => *asset.status() == Status::Failed && regex.is_match(""),
            },
            Self::Samples(comparison, than) => {
                comparison.holds(asset.pictures().map_or(0, |pictures| pictures.len() as u64), *than)
            }
            Self::Since(bound) => asset.newest().time.is_none_or(|time| time >= bound.at(now)),
            Self::Until(bound) => asset.newest().time.is_none_or(|time| time <= bound.at(now)),
            Self::Host(host) => asset.pictures().is_some_and(|pictures| {
                let first = pictures.iter(asset.id()).next();
                first.is_some_and(|first| host.matches(hosts_of(first.url.reveal()).iter().map(String::as_str)))
            }),
            Self::Source(source) => source.matches(source_names(asset.file_name()).into_iter().flatten()),
            // Told by `Filter::matches_check`.
            Self::Picture(_) => true,
        }
    }
}

impl CountComparison {
    /// The comparison at the head of `text`, and the rest.
    fn parse(text: &str) -> Option<(Self, &str)> {
        [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Less), (">", Self::More), ("=", Self::Equal)]
            .into_iter()
            .find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?)))
    }

    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }
}

impl TimeBound {
    fn at(self, now: Time) -> Time {
        match self {
            Self::At(time) => time,
            Self::Ago { micros } => Time::from_micros(now.as_micros().saturating_sub(micros)),
        }
    }
}

/// An age such as `30m`, `1h30m`, `2d`, or an RFC 3339 time.
fn parse_time_bound(text: &str) -> Option<TimeBound> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(TimeBound::At(timestamp.into()));
    }
    let mut micros: i64 = 0;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        let count: i64 = number.parse().ok()?;
        micros = micros.checked_add(count.checked_mul(unit * 1_000_000)?)?;
        number.clear();
    }
    (number.is_empty() && !text.is_empty()).then_some(TimeBound::Ago { micros })
}

/// The host of a URL, and the host with the port where it has one; none without a host.
fn hosts_of(url: &str) -> Vec<String> {
    let Ok(url) = url::Url::parse(url) else { return Vec::new() };
    let Some(host) = url.host_str() else { return Vec::new() };
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    [Some(host.to_owned()), with_port].into_iter().flatten().collect()
}

/// The spellings by which a source may be asked for: the whole name, its last part, and what stands before a colon.
fn source_names(name: &str) -> [Option<&str>; 3] {
    let last = name.rsplit_once('/').map(|(_, last)| last);
    let host = name.split_once(':').map(|(host, _)| host);
    [Some(name), last, host]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AssetId, EventKind, Fault, FileId, Oddities, Offset, Origin, PictureKind, Pictures, Templates};

    fn catalog() -> Catalog {
        let asset = AssetId::new("c0ffee").unwrap();
        let pictures = Templates::default()
            .pictures(&asset, [(PictureKind::Sample, Offset::default(), "http://cdn.example/0.jpg")]);
        let mut catalog = Catalog::default();
        catalog.set_file_name(FileId::default(), Arc::from("web1:/var/log/vod.log"));
        for (status, fault, time) in
            [(Status::Succeed, None, 1_000_000), (Status::Failed, Some(("VOD.10104", "截图任务失败 Disk")), 60_000_000)]
        {
            catalog.apply(LogEvent {
                kind: EventKind::Thumbnail,
                asset: asset.clone(),
                status: status.clone(),
                time: Some(Time::from_micros(time)),
                origin: Origin { byte: u64::try_from(time).unwrap(), ..Origin::default() },
                delivery: None,
                clock: None,
                pictures: if status == Status::Succeed { pictures.clone() } else { Pictures::default() },
                fault: fault.map(|(code, message)| Box::new(Fault { code: code.into(), message: message.into() })),
                facts: None,
                oddities: Oddities::default(),
            });
        }
        catalog
    }

    #[test]
    fn the_earliest_time_is_that_of_the_terms() {
        let now = Time::from_micros(3_600_000_000);
        let since = |text: &str| Filter::parse(text).unwrap().since(now).map(Time::as_micros);
        assert_eq!(since("since:10m since:1970-01-01T00:40:00Z x"), Some(3_000_000_000));
        assert_eq!(since("!since:10m until:5m status:failed"), None);
    }

    #[test]
    fn terms_hold_or_not() {
        let catalog = catalog();
        let asset = catalog.assets().next().unwrap();
        let now = Time::from_micros(600_000_000);
        let cases = [
            ("", true),
            ("c0ff", true),
            ("C0FF", false),
            ("disk", true),
            ("Disk", true),
            ("失败", true),
            ("beef", false),
            ("!beef", true),
            ("status:failed", true),
            ("status:succ", false),
            ("code:VOD.*", true),
            ("code:vod.10104", true),
            ("code:VOD", true),
            ("code:^10104", false),
            ("samples<5", true),
            ("samples>=1", true),
            ("samples=0", false),
            ("since:10m", true),
            ("since:8m", false),
            ("until:8m", true),
            ("host:cdn", true),
            ("host:other", false),
            ("status:failed !c0ff", false),
            ("http://h", false),
            ("12:30", false),
            ("\"截图任务失败 Disk\"", true),
            ("\"Disk 截图任务失败\"", false),
            ("!\"no such words\"", true),
            ("\"status:succeed\"", false),
            ("code:\"VOD\"", true),
            ("source:web1", true),
            ("source:WEB", true),
            ("source:web2", false),
            ("source:vod.*", true),
            ("source:web?", true),
            ("source:\"web1:/var/log/vod.log\"", true),
            ("!source:web1", false),
            ("host:cdn.*", true),
            ("host:*.org", false),
        ];
        for (text, expected) in cases {
            assert_eq!(Filter::parse(text).unwrap().matches(&asset, now), expected, "{text:?}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for text in ["code:(", "samples<x", "since:soon", "status:", "!", "stat:failed", "source:", "\"\"", "!\"\""] {
            assert!(Filter::parse(text).is_err(), "{text}");
            assert_eq!(Filter::parse_valid_terms(&format!("a {text}")).to_string(), "a");
        }
        let error = Filter::parse("since:soon").unwrap_err();
        assert_eq!(error.to_string(), "\"since:soon\" needs an age such as 10m or 2h, or an RFC 3339 time");
        assert_eq!(Filter::parse("code:(").unwrap_err().to_string(), "\"(\" is not a valid regular expression");
        let error = Filter::parse("stat:failed").unwrap_err().to_string();
        assert!(error.starts_with("\"stat:failed\" has an unknown key: the keys are status: "), "{error}");
    }

    #[test]
    fn a_narrower_time_replaces_the_one_before() {
        let filter =
            Filter::parse("a since:1970-01-01T00:00:10Z until:1970-01-01T00:01:00Z since:1970-01-01T00:00:20Z")
                .unwrap();
        let bounds = filter.time_bounds(Time::from_micros(0));
        assert_eq!(bounds, (Some(Time::from_micros(20_000_000)), Some(Time::from_micros(60_000_000))));
        assert_eq!(filter.with_terms(&["since:5m".to_owned()]), "a until:1970-01-01T00:01:00Z since:5m");
        let bounds = Filter::parse("!since:1h").unwrap().time_bounds(Time::from_micros(0));
        assert_eq!(bounds, (None, None), "a negated bound may leave times on either side");
    }

    #[test]
    fn prints_as_typed() {
        assert_eq!(Filter::parse(" a  !status:failed ").unwrap().to_string(), "a !status:failed");
        // A quote that is still open is closed, so that another term can follow.
        let open = Filter::parse("a \"two wor").unwrap();
        assert_eq!(open.to_string(), "a \"two wor\"");
        assert_eq!(open.with_terms(&["code:x".to_owned()]), "a \"two wor\" code:x");
    }
}
