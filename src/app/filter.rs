//! The filter and the search: which assets are shown.
//!
//! Grammar: terms are separated by spaces and all must hold. A bare word matches id, title, code or message
//! (upper-case letters make it case-sensitive); `status:failed`, `code:VOD.*` (a regex, found anywhere in the code),
//! `samples<5`, `since:10m`, `until:…`, `host:NAME`; `!` before a term negates it.

use crate::{
    catalog::Asset,
    event::{Status, Time},
    text::Safe,
};
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};
use std::fmt;

/// A filter as it was typed, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    text: Safe,
    wanted: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Word(Box<Word>),
    Status(String),
    Code(Regex),
    Samples(Comparison, u64),
    Since(Span),
    Until(Span),
    Host(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// A moment, or an age.
#[derive(Clone, Copy, Debug)]
enum Span {
    At(Time),
    Ago { micros: i64 },
}

/// A word to find; without upper-case letters it is found in any case.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    finder: Finder<'static>,
    exact: bool,
}

/// Why a filter cannot be used, and which word of it is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError(Safe);

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads a filter; an empty one shows all.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let terms = text.split_whitespace().map(Term::parse).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Reads what of a filter can be read; the rest may still be being typed.
    pub fn parse_what_holds(text: &str) -> Self {
        Self { terms: text.split_whitespace().filter_map(|term| Term::parse(term).ok()).collect() }
    }

    /// Whether it shows all.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether an asset passes; `now` is what ages count from.
    pub fn matches(&self, asset: &Asset<'_>, now: Time) -> bool {
        self.terms.iter().all(|term| term.test.holds(asset, now) == term.wanted)
    }

    /// Both filters at once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        self
    }

    /// Whether its terms about codes find this one.
    pub fn finds_code(&self, code: &str) -> bool {
        self.terms.iter().all(|term| !matches!(&term.test, Test::Code(regex) if !regex.is_match(code)))
    }

    /// The terms as they were typed.
    pub fn chips(&self) -> impl Iterator<Item = &Safe> {
        self.terms.iter().map(|term| &term.text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chips: Vec<&str> = self.chips().map(Safe::as_str).collect();
        f.write_str(&chips.join(" "))
    }
}

impl Term {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let (wanted, bare) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest));
        if bare.is_empty() {
            return Err(FilterError("! needs a term to negate".into()));
        }
        Ok(Self { text: Safe::new(text), wanted, test: Test::parse(bare)? })
    }
}

impl Test {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let error = |why: &str| FilterError(Safe::new(&format!("{text}: {why}")));
        if let Some((comparison, number)) = text.strip_prefix("samples").and_then(Comparison::parse) {
            let number = number.parse().map_err(|_wrong| error("needs a number, as in samples<5"))?;
            return Ok(Self::Samples(comparison, number));
        }
        let span = |text: &str| parse_span(text).ok_or_else(|| error("needs an age as 10m or 2h, or an RFC 3339 time"));
        Ok(match text.split_once(':') {
            Some(("status", status)) if !status.is_empty() => Self::Status(status.to_uppercase()),
            Some(("code", code)) => Self::Code(
                RegexBuilder::new(code)
                    .case_insensitive(true)
                    .size_limit(1 << 20)
                    .build()
                    .map_err(|_wrong| error("is no regular expression"))?,
            ),
            Some(("since", time)) => Self::Since(span(time)?),
            Some(("until", time)) => Self::Until(span(time)?),
            Some(("host", host)) if !host.is_empty() => Self::Host(host.to_lowercase()),
            Some(("status" | "host", _)) => return Err(error("needs a value")),
            // A URL may well be looked for; another word before a colon was meant for a key.
            Some((key, rest))
                if !rest.starts_with("//") && !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase()) =>
            {
                return Err(error("the keys are status: code: since: until: host: and samples<"));
            }
            _ => Self::Word(Box::new(Word::new(text))),
        })
    }

    fn holds(&self, asset: &Asset<'_>, now: Time) -> bool {
        let count = |n: u64, comparison: Comparison, than: u64| comparison.holds(n, than);
        match self {
            Self::Word(word) => fields(asset, |field| word.is_in(field)),
            Self::Status(status) => asset.status().as_str().starts_with(status.as_str()),
            // A failure may come without a code.
            Self::Code(regex) => match asset.fault() {
                Some(fault) => regex.is_match(&fault.code),
                None => *asset.status() == Status::Failed && regex.is_match(""),
            },
            Self::Samples(comparison, than) => {
                count(asset.pictures().map_or(0, |pictures| pictures.len() as u64), *comparison, *than)
            }
            Self::Since(span) => asset.newest().time.is_none_or(|time| time >= span.at(now)),
            Self::Until(span) => asset.newest().time.is_none_or(|time| time <= span.at(now)),
            Self::Host(host) => asset.pictures().is_some_and(|pictures| {
                pictures
                    .iter(asset.id())
                    .next()
                    .is_some_and(|first| host_of(first.url.reveal()).contains(host.as_str()))
            }),
        }
    }
}

impl Word {
    fn new(text: &str) -> Self {
        let exact = text.chars().any(char::is_uppercase);
        let text = if exact { text.to_owned() } else { text.to_lowercase() };
        Self { finder: Finder::new(text.as_bytes()).into_owned(), text, exact }
    }

    fn is_in(&self, field: &str) -> bool {
        if self.finder.find(field.as_bytes()).is_some() {
            return true;
        }
        // A glance at the bytes first: most texts are ids, which have nothing to fold.
        let may_fold = || field.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii());
        !self.exact && may_fold() && field.chars().any(char::is_uppercase) && field.to_lowercase().contains(&self.text)
    }
}

impl Comparison {
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

impl Span {
    fn at(self, now: Time) -> Time {
        match self {
            Self::At(time) => time,
            Self::Ago { micros } => Time::from_micros(now.as_micros().saturating_sub(micros)),
        }
    }
}

/// An age such as `30m`, `1h30m`, `2d`, or an RFC 3339 time.
fn parse_span(text: &str) -> Option<Span> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Span::At(timestamp.into()));
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
    (number.is_empty() && !text.is_empty()).then_some(Span::Ago { micros })
}

/// A search over the fields that a bare word looks at.
#[derive(Clone, Debug)]
pub struct TextSearch(Regex);

impl TextSearch {
    /// Compiles a regex; lower-case patterns match without regard to case.
    pub fn new(pattern: &str) -> Result<Self, FilterError> {
        RegexBuilder::new(pattern)
            .case_insensitive(!pattern.chars().any(char::is_uppercase))
            .size_limit(1 << 20)
            .build()
            .map(Self)
            .map_err(|_wrong| FilterError(Safe::new(&format!("{pattern}: is no regular expression"))))
    }

    /// Whether an asset is a hit.
    pub fn matches(&self, asset: &Asset<'_>) -> bool {
        fields(asset, |field| self.0.is_match(field))
    }

    /// The pattern as it was typed.
    pub fn pattern(&self) -> Safe {
        Safe::new(self.0.as_str())
    }
}

/// Whether a test holds for the id, the title, the code or the message of an asset.
fn fields(asset: &Asset<'_>, test: impl Fn(&str) -> bool) -> bool {
    asset.fault().is_some_and(|fault| test(&fault.code) || test(&fault.message))
        || test(asset.id().spell(&mut [0; 32]))
        || asset.title().is_some_and(|title| test(title.as_str()))
}

/// The host of a URL, in lower case.
fn host_of(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_lowercase)).unwrap_or_default()
}

/// Which statuses the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusTab {
    /// Every asset.
    #[default]
    All,
    /// Those whose newest event failed.
    Failed,
    /// Those whose newest event succeeded.
    Succeed,
    /// Those with any other status.
    Other,
}

impl StatusTab {
    /// In the order of the screen.
    pub const ALL: [Self; 4] = [Self::All, Self::Failed, Self::Succeed, Self::Other];

    /// The next one, round.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Failed,
            Self::Failed => Self::Succeed,
            Self::Succeed => Self::Other,
            Self::Other => Self::All,
        }
    }

    /// Whether it shows assets of a status.
    pub fn shows(self, status: &Status) -> bool {
        match self {
            Self::All => true,
            Self::Failed => *status == Status::Failed,
            Self::Succeed => *status == Status::Succeed,
            Self::Other => matches!(status, Status::Other(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::Catalog,
        event::{AssetId, EventKind, Fault, LogEvent, Oddities, Offset, Origin, PictureKind, Pictures, Templates},
    };

    fn catalog() -> Catalog {
        let asset = AssetId::new("c0ffee").unwrap();
        let pictures = Templates::default()
            .pictures(&asset, [(PictureKind::Sample, Offset::default(), "http://cdn.example/0.jpg")]);
        let mut catalog = Catalog::default();
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
        ];
        for (text, expected) in cases {
            assert_eq!(Filter::parse(text).unwrap().matches(&asset, now), expected, "{text:?}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for text in ["code:(", "samples<x", "since:soon", "status:", "!", "stat:failed"] {
            assert!(Filter::parse(text).is_err(), "{text}");
            assert_eq!(Filter::parse_what_holds(&format!("a {text}")).to_string(), "a");
        }
        let error = Filter::parse("since:soon").unwrap_err();
        assert_eq!(error.to_string(), "since:soon: needs an age as 10m or 2h, or an RFC 3339 time");
    }

    #[test]
    fn prints_as_typed() {
        assert_eq!(Filter::parse(" a  !status:failed ").unwrap().to_string(), "a !status:failed");
    }
}
