//! The options that say how the screen looks.

use super::{
    environment::{has_no_color, has_utf8_locale},
    fetch::{FetchArgs, parse_count},
};
use crate::{
    app::{AppOptions, Glyphs, MouseUse, ThemeChoice, TitleUse},
    picture::{DrawingChoice, FetchMode, Protocol, Symbols},
};
use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use jiff::tz::TimeZone;
use std::num::NonZeroUsize;

/// The screen, and the limits of fetching.
#[derive(Args, Debug)]
pub struct ScreenArgs {
    /// The way in which pictures are drawn.
    // Written in full so that clap does not take it for an optional value.
    #[arg(short, long, default_value = "auto", value_parser = protocol_parser())]
    pub protocol: ::std::option::Option<Protocol>,
    /// The characters that block pictures are made of; larger sets show more detail where the terminal draws them.
    #[arg(long, value_name = "SET", default_value = "auto", value_parser = symbols_parser())]
    pub symbols: ::std::option::Option<Symbols>,
    /// The limits of fetching.
    #[command(flatten)]
    pub fetch: FetchArgs,
    /// Fetch only the picture that is shown, none ahead.
    #[arg(long)]
    pub no_prefetch: bool,
    /// Keep the newest N assets and drop older ones whole; the header counts them. Without it all are kept, on Linux until
    /// half of the memory of the machine or the container is used.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub keep: Option<NonZeroUsize>,
    /// Colours of the screen.
    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeChoice,
    /// The use of colours.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        help = "When to use colours; auto: unless NO_COLOR is set, never: the same as --theme mono"
    )]
    pub color: ColorWhen,
    /// Use ASCII characters only.
    #[arg(long)]
    pub ascii: bool,
    /// The mouse and the title of the terminal's window.
    #[command(flatten)]
    pub window: WindowArgs,
}

/// The mouse and the title of the terminal's window.
#[derive(Args, Debug)]
pub struct WindowArgs {
    /// Use the mouse: click on tabs, rows and pictures, drag on the timeline, wheel over list and picture.
    #[arg(long)]
    pub mouse: bool,
    /// Leave the title of the terminal's window alone; otherwise it tells of new failures.
    #[arg(long)]
    pub no_title: bool,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// Unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Whatever `NO_COLOR` says.
    Always,
    /// No colours.
    Never,
}

impl ValueEnum for ThemeChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Dark, Self::Light, Self::Mono]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => PossibleValue::new("auto").help("Dark or light, by the terminal's background"),
            Self::Dark => PossibleValue::new("dark").help("For a dark background"),
            Self::Light => PossibleValue::new("light").help("For a light background"),
            Self::Mono => PossibleValue::new("mono").help("Without colours"),
        })
    }
}

/// The protocols that can be asked for, by their name on the command line.
const PROTOCOLS: [(&str, Option<Protocol>, &str); 6] = [
    ("auto", None, "The best that the terminal supports"),
    ("kitty", Some(Protocol::Kitty), "kitty's graphics"),
    ("iterm2", Some(Protocol::Iterm2), "iTerm2's inline images"),
    ("sixel", Some(Protocol::Sixel), "Sixel"),
    ("blocks", Some(Protocol::Blocks), "Block characters"),
    ("none", Some(Protocol::None), "No pictures"),
];

fn protocol_parser() -> impl TypedValueParser<Value = Option<Protocol>> {
    PossibleValuesParser::new(PROTOCOLS.map(|(name, _, help)| PossibleValue::new(name).help(help)))
        .map(|typed| PROTOCOLS.iter().find(|(name, ..)| *name == typed).and_then(|(_, protocol, _)| *protocol))
}

/// The sets of block characters that can be asked for, by their name on the command line.
const SYMBOLS: [(&str, Option<Symbols>, &str); 5] = [
    ("auto", None, "The largest set that the terminal is known to draw"),
    ("half", Some(Symbols::Half), "Halves of a cell"),
    ("quadrant", Some(Symbols::Quadrant), "Also two by two parts of a cell"),
    ("sextant", Some(Symbols::Sextant), "Also two by three parts (Unicode 13)"),
    ("octant", Some(Symbols::Octant), "Also two by four parts (Unicode 16)"),
];

fn symbols_parser() -> impl TypedValueParser<Value = Option<Symbols>> {
    PossibleValuesParser::new(SYMBOLS.map(|(name, _, help)| PossibleValue::new(name).help(help)))
        .map(|typed| SYMBOLS.iter().find(|(name, ..)| *name == typed).and_then(|(_, symbols, _)| *symbols))
}

impl ScreenArgs {
    /// Returns the way in which pictures are to be drawn.
    pub fn drawing(&self) -> DrawingChoice {
        DrawingChoice { protocol: self.protocol, symbols: self.symbols }
    }

    /// Returns the options with which the screen begins.
    pub fn options(&self, zone: TimeZone) -> AppOptions {
        let theme = match self.color {
            ColorWhen::Never => ThemeChoice::Mono,
            ColorWhen::Auto if self.theme == ThemeChoice::Auto && has_no_color() => ThemeChoice::Mono,
            ColorWhen::Auto | ColorWhen::Always => self.theme,
        };
        AppOptions {
            theme,
            glyphs: if self.ascii || !has_utf8_locale() { Glyphs::Ascii } else { Glyphs::Unicode },
            fetch_mode: match (self.fetch.no_fetch, self.no_prefetch) {
                (true, _) => FetchMode::Never,
                (false, true) => FetchMode::OnDemand,
                (false, false) => FetchMode::Prefetch,
            },
            mouse: if self.window.mouse { MouseUse::On } else { MouseUse::Off },
            title: if self.window.no_title { TitleUse::Leave } else { TitleUse::Set },
            keep: self.keep,
            zone: Some(zone),
            ..AppOptions::default()
        }
    }
}
