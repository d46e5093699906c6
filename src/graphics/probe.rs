//! Detection of the terminal's graphics protocol, colours and cell size.
//!
//! One burst of queries goes out after the first frame. Answers may come split over time, late or never, and in any order:
//! each only adds to what is known, and [`Probe::canvas`] is always the best that is known now. Before any answer that is
//! blocks. A terminal's own answers count more than the environment, of which little passes through ssh.

mod answer;
mod environment;

pub use environment::{Environment, is_over_ssh};

use super::tmux;
use crate::{
    picture::{Budget, Canvas, CellSize, ColourDepth, DrawingChoice, Multiplexer, PixelSize, Protocol, Symbols},
    text::Safe,
};
use answer::ProbeAnswer;
use environment::StringSupport;
use ratatui::layout::Size;

/// The image id in the kitty query, which identifies its answer.
const KITTY_QUERY_ID: u32 = 31;

/// The query for the name and version (XTVERSION).
const VERSION_QUERY: &[u8] = b"\x1b[>q";

/// The queries for the size of a cell and of the text area.
const SIZE_QUERIES: &[u8] = b"\x1b[16t\x1b[14t";

/// The query for the background colour (OSC 11).
const BACKGROUND_QUERY: &[u8] = b"\x1b]11;?\x1b\\";

/// The query for the features (DA1), which every terminal answers: after its answer no earlier one is due.
const ATTRIBUTES_QUERY: &[u8] = b"\x1b[c";

/// xterm's default limit of a sixel drawing in pixels; it shows nothing of a larger one.
const XTERM_SIXEL_LIMIT: PixelSize = PixelSize { width: 1000, height: 1000 };

/// The knowledge of the terminal so far.
#[derive(Clone, Debug)]
pub struct Probe {
    environment: Environment,
    choice: DrawingChoice,
    /// XTVERSION of the terminal itself, also behind tmux.
    terminal: Option<String>,
    /// XTVERSION of tmux.
    tmux: Option<String>,
    kitty: Option<bool>,
    attributes: Option<Vec<u16>>,
    cell: Option<PixelSize>,
    /// The text area in pixels, and in cells at the time of that answer.
    text_area: Option<(PixelSize, Option<Size>)>,
    /// The window in cells and pixels, from the tty.
    window: Option<(Size, PixelSize)>,
    sixel_limit: Option<PixelSize>,
    /// The colours that the terminal showed to have by its answers.
    shown_colours: ColourDepth,
    light: Option<bool>,
}

impl Probe {
    /// Returns a probe that knows the environment and the user's choice.
    pub fn new(environment: Environment, choice: DrawingChoice) -> Self {
        let mut probe = Self {
            environment: Environment::default(),
            choice,
            terminal: None,
            tmux: None,
            kitty: None,
            attributes: None,
            cell: None,
            text_area: None,
            window: None,
            sixel_limit: None,
            shown_colours: ColourDepth::Indexed,
            light: None,
        };
        probe.set_environment(environment);
        probe
    }

    /// Replaces the environment: together with [`Probe::repeat_query`], because tmux may know more by then.
    pub fn set_environment(&mut self, environment: Environment) {
        let name = environment.tmux_client.as_ref().map(|client| client.terminal.clone());
        self.terminal = name.filter(|name| !name.is_empty()).or(self.terminal.take());
        self.environment = environment;
    }

    /// Replaces the user's choice, as the key `P` does.
    pub fn choose(&mut self, choice: DrawingChoice) {
        self.choice = choice;
    }

    /// Returns the queries in one burst. DA1 comes last, because every terminal answers it.
    ///
    /// In tmux the kitty query is wrapped, because tmux takes a bare one for the pane's title; outside tmux it never is,
    /// because a terminal might print or obey the wrapper. Terminals that print the text of a string are sent none, unless
    /// the user forces a protocol that consists of them.
    pub fn query(&self) -> Vec<u8> {
        let kitty = format!("\x1b_Gi={KITTY_QUERY_ID},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\");
        let mut out = Vec::new();
        match (self.environment.multiplexer(), self.string_support()) {
            (Multiplexer::None, StringSupport::All) => {
                out.extend(VERSION_QUERY);
                out.extend(kitty.as_bytes());
                // The largest sixel drawing; then a colour is set, queried, and reset.
                out.extend(b"\x1b[?2;4;0S\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m");
                out.extend(SIZE_QUERIES);
                out.extend(BACKGROUND_QUERY);
            }
            (Multiplexer::None, StringSupport::Osc) => {
                out.extend(SIZE_QUERIES);
                out.extend(BACKGROUND_QUERY);
            }
            (Multiplexer::Tmux, _) => {
                out.extend(VERSION_QUERY);
                tmux::wrap(kitty.as_bytes(), &mut out);
                tmux::wrap(VERSION_QUERY, &mut out);
                out.extend(SIZE_QUERIES);
                out.extend(BACKGROUND_QUERY);
            }
            (Multiplexer::None, StringSupport::None) | (Multiplexer::Screen, _) => {}
        }
        out.extend(ATTRIBUTES_QUERY);
        out
    }

    fn string_support(&self) -> StringSupport {
        match self.choice.protocol {
            Some(Protocol::Kitty | Protocol::Iterm2 | Protocol::Sixel) => StringSupport::All,
            Some(Protocol::Blocks | Protocol::None) | None => self.environment.string_support(),
        }
    }

    /// Takes one whole answer; returns true if it changed the canvas.
    pub fn answer(&mut self, bytes: &[u8]) -> bool {
        let before = self.canvas();
        match ProbeAnswer::parse(bytes) {
            Some(ProbeAnswer::Version(name)) if name.starts_with("tmux") => self.tmux = Some(name),
            Some(ProbeAnswer::Version(name)) => self.terminal = Some(name),
            Some(ProbeAnswer::Kitty { id: KITTY_QUERY_ID, ok }) => self.kitty = Some(ok),
            Some(ProbeAnswer::Kitty { .. }) | None => {}
            Some(ProbeAnswer::Attributes(numbers)) => self.attributes = Some(numbers),
            Some(ProbeAnswer::Cell(size)) => self.cell = Some(size),
            Some(ProbeAnswer::TextArea(size)) => {
                self.text_area = Some((size, self.window.map(|(cells, _)| cells)));
            }
            Some(ProbeAnswer::SixelLimit(size)) => self.sixel_limit = Some(size),
            Some(ProbeAnswer::Rendition(colours)) => {
                if colours.contains("1:2:3") || colours.contains("1;2;3") {
                    self.shown_colours = ColourDepth::True;
                }
            }
            Some(ProbeAnswer::Background { light }) => self.light = Some(light),
        }
        before != self.canvas()
    }

    /// Sets the size of the window in cells and pixels, as the tty has it (TIOCGWINSZ); pixels may be zero or wrong.
    pub fn set_window(&mut self, cells: Size, pixels: PixelSize) {
        if let Some((_, measured @ None)) = &mut self.text_area {
            *measured = Some(cells);
        }
        self.window = Some((cells, pixels));
    }

    /// Returns the queries again, for a second after the first time: a tmux that starts together with the program drops
    /// what comes before its own terminal is attached. `None` where repeating is of no use.
    pub fn repeat_query(&self) -> Option<Vec<u8>> {
        let silent = self.kitty.is_none() && self.terminal.is_none();
        (silent && self.multiplexer() == Multiplexer::Tmux).then(|| self.query())
    }

    /// Returns the queries to send after the window has changed, since its font may have changed too.
    pub fn query_sizes(&self) -> Vec<u8> {
        match (self.multiplexer(), self.string_support()) {
            (Multiplexer::None, StringSupport::None) | (Multiplexer::Screen, _) => Vec::new(),
            (Multiplexer::None, StringSupport::All | StringSupport::Osc) | (Multiplexer::Tmux, _) => {
                [SIZE_QUERIES, ATTRIBUTES_QUERY].concat()
            }
        }
    }

    /// Returns the best canvas that is known now.
    pub fn canvas(&self) -> Canvas {
        let mut offered: Vec<Protocol> =
            [Protocol::Kitty, Protocol::Iterm2, Protocol::Sixel].into_iter().filter(|p| self.offers(*p)).collect();
        let best = offered.first().copied();
        offered.extend([Protocol::Blocks, Protocol::None]);
        Canvas {
            protocol: self.choice.protocol.or(best).unwrap_or_default(),
            symbols: self.choice.symbols.unwrap_or_else(|| self.known_symbols()),
            offered,
            colours: self.colours(),
            cell: self.cell_size().0,
            multiplexer: self.multiplexer(),
            light: self.light,
            has_hyperlinks: self.has_hyperlinks(),
            max_sixel: self.sixel_limit(),
            budget: Budget::UNLIMITED,
            hint: if self.choice.protocol.is_none() && best.is_none() { self.hint() } else { None },
        }
    }

    /// Returns the findings by name, for `thumbview doctor`.
    pub fn report(&self) -> Vec<(Safe, Safe)> {
        let canvas = self.canvas();
        let word = |known: Option<bool>| known.map_or("no answer", |yes| if yes { "yes" } else { "no" });
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "no answer".to_owned());
        let attributes = self.attributes.as_ref().map(|numbers| {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            numbers.join(", ")
        });
        let (cell, why) = self.cell_size();
        let forced = if self.choice.protocol.is_some() { " (forced)" } else { "" };
        let offered: Vec<&str> = canvas.offered.iter().map(|protocol| protocol.as_str()).collect();
        let environment = &self.environment;
        let lines = [
            ("pictures are drawn as", format!("{}{forced}", canvas.protocol.as_str())),
            ("the terminal can show", offered.join(", ")),
            ("block characters", self.symbols_report(canvas.symbols)),
            ("terminal (XTVERSION)", known(&self.terminal)),
            ("tmux (XTVERSION)", known(&self.tmux)),
            ("tmux's own terminal", environment.tmux_client.as_ref().map_or_else(String::new, ToString::to_string)),
            ("multiplexer", canvas.multiplexer.as_str().to_owned()),
            ("kitty graphics (a=q)", word(self.kitty).to_owned()),
            ("attributes (DA1; 4 is sixel)", known(&attributes)),
            ("largest sixel drawing", canvas.max_sixel.map_or("unlimited".to_owned(), |most| most.to_string())),
            ("cell", format!("{cell} ({why})")),
            ("colours", canvas.colours.as_str().to_owned()),
            ("light background (OSC 11)", word(self.light).to_owned()),
            ("TERM", environment.term.clone()),
            ("COLORTERM", environment.colorterm.clone()),
            ("TERM_PROGRAM", environment.term_program.clone()),
            ("LC_TERMINAL", environment.lc_terminal.clone()),
            ("over ssh", word(Some(environment.ssh)).to_owned()),
            (
                "what helps",
                canvas.hint.as_ref().map_or_else(|| self.advice(canvas.protocol).to_owned(), Safe::to_string),
            ),
        ];
        let filled = lines.into_iter().filter(|(_, text)| !text.is_empty());
        filled.map(|(name, text)| (Safe::new(name), Safe::from(text))).collect()
    }

    /// Returns the set in use, and a sample of each to choose by.
    fn symbols_report(&self, symbols: Symbols) -> String {
        let chosen = if self.choice.symbols.is_some() { " (forced)" } else { "" };
        let samples = Symbols::ALL.map(|set| format!("{} {}", set.as_str(), set.sample()));
        format!("{}{chosen}; --symbols takes those that look whole: {}", symbols.as_str(), samples.join("  "))
    }

    /// Returns the largest set of block characters that the terminal is known to draw by itself, whatever its font has.
    /// Nothing is known behind a multiplexer.
    fn known_symbols(&self) -> Symbols {
        if self.multiplexer() != Multiplexer::None {
            return Symbols::Quadrant;
        }
        let program = self.environment.term_program.as_str();
        let name = self.terminal.as_deref().unwrap_or(program).to_lowercase();
        let known = [
            ("kitty", Some((0, 21)), Some((0, 40))),
            ("foot", Some((1, 6)), Some((1, 21))),
            ("ghostty", Some((0, 0)), Some((1, 2))),
            ("wezterm", Some((0, 0)), None),
        ];
        let has = |since: Option<(u32, u32)>| since.is_some_and(|since| version(&name) >= since);
        match known.into_iter().find(|(known, ..)| name.starts_with(known)) {
            Some((_, _, octants)) if has(octants) => Symbols::Octant,
            Some((_, sextants, _)) if has(sextants) => Symbols::Sextant,
            Some(_) | None => Symbols::Quadrant,
        }
    }

    /// Returns true if the terminal is known to have hyperlinks (OSC 8); there is no query for them. tmux has them from 3.4
    /// on and keeps those to itself that its own terminal has not.
    fn has_hyperlinks(&self) -> bool {
        match self.multiplexer() {
            Multiplexer::Screen => return false,
            Multiplexer::Tmux => return self.tmux_version() >= (3, 4),
            Multiplexer::None => {}
        }
        let program = self.environment.term_program.as_str();
        let name = self.terminal.as_deref().unwrap_or(program).to_lowercase();
        let known = [
            ("kitty", (0, 19)),
            ("foot", (1, 7)),
            ("ghostty", (0, 0)),
            ("wezterm", (0, 0)),
            ("iterm", (0, 0)),
            ("konsole", (20, 12)),
            ("contour", (0, 0)),
            ("rio", (0, 0)),
            ("vscode", (0, 0)),
            // 0.50, as VTE writes it.
            ("vte(", (5000, 0)),
        ];
        known.into_iter().any(|(known, since)| name.starts_with(known) && version(&name) >= since)
    }

    fn multiplexer(&self) -> Multiplexer {
        if self.tmux.is_some() { Multiplexer::Tmux } else { self.environment.multiplexer() }
    }

    fn offers(&self, protocol: Protocol) -> bool {
        let multiplexer = self.multiplexer();
        match (protocol, multiplexer) {
            (Protocol::Blocks | Protocol::None, _) => true,
            (_, Multiplexer::Screen) | (Protocol::Iterm2, Multiplexer::Tmux) => false,
            (Protocol::Kitty, Multiplexer::None) => self.kitty == Some(true),
            (Protocol::Kitty, Multiplexer::Tmux) => self.kitty == Some(true) && self.has_placeholders(),
            (Protocol::Iterm2, Multiplexer::None) => self.has_iterm2(),
            (Protocol::Sixel, Multiplexer::None) => self.reports_sixel(),
            // tmux reports sixel even where its terminal has none, and then prints a box of plus signs.
            (Protocol::Sixel, Multiplexer::Tmux) => {
                let client = self.environment.tmux_client.as_ref();
                self.reports_sixel() && self.tmux_version() >= (3, 4) && client.is_some_and(|client| client.sixel)
            }
        }
    }

    fn reports_sixel(&self) -> bool {
        self.attributes.as_ref().is_some_and(|numbers| numbers.contains(&4))
    }

    fn tmux_version(&self) -> (u32, u32) {
        version(self.tmux.as_deref().unwrap_or_default())
    }

    /// Returns true for kitty from 0.28 on and for ghostty; other terminals that answer its query have no placeholders.
    fn has_placeholders(&self) -> bool {
        let name = self.terminal.as_deref().unwrap_or_default().to_lowercase();
        name.starts_with("ghostty") || name.starts_with("kitty") && version(&name) >= (0, 28)
    }

    /// Returns true if the terminal's own name, or else the environment, stands for iTerm2's images, which have no query.
    /// They are not offered before the terminal has answered at all.
    fn has_iterm2(&self) -> bool {
        if self.attributes.is_none() {
            return false;
        }
        match self.terminal.as_deref().map(str::to_lowercase) {
            Some(name) => ["iterm2", "wezterm", "mintty", "rio", "konsole"].iter().any(|known| name.starts_with(known)),
            // VS Code has them only if its images are enabled, and then it reports sixel.
            None => {
                self.environment.names_iterm2() || self.environment.term_program == "vscode" && self.reports_sixel()
            }
        }
    }

    fn colours(&self) -> ColourDepth {
        match self.multiplexer() {
            // GNU screen garbles 24-bit colours.
            Multiplexer::Screen => ColourDepth::Indexed,
            // tmux reduces colours to those of its terminal.
            Multiplexer::Tmux => ColourDepth::True,
            Multiplexer::None => {
                // Every terminal with XTVERSION, sixel or kitty graphics has them.
                let is_modern = self.terminal.is_some() || self.reports_sixel() || self.kitty == Some(true);
                if is_modern || self.environment.names_true_colour() { ColourDepth::True } else { self.shown_colours }
            }
        }
    }

    /// Returns the size of a cell and its source.
    fn cell_size(&self) -> (CellSize, &'static str) {
        let (cells, pixels) = self.window.unwrap_or_default();
        let by_area = self.text_area.and_then(|(size, cells)| Some((plausible(share(size, cells?))?, size, cells?)));
        let by_cell = self.cell.and_then(plausible);
        if let (Some(cell), Some((area_share, area, cells))) = (by_cell, by_area)
            && (cell.width.abs_diff(area_share.width) <= 1 && cell.height.abs_diff(area_share.height) <= 1)
            && let Some(measured) = measured_cell(cell, area, cells)
        {
            return (measured, "CSI 16t and 14t");
        }
        let by_window = plausible(share(pixels, cells)).map(|cell| (cell, "TIOCGWINSZ"));
        let reported =
            by_cell.map(|cell| (cell, "CSI 16t")).or(by_area.map(|(area_share, ..)| (area_share, "CSI 14t")));
        let whole = |size: PixelSize| {
            let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
            CellSize::new(side(size.width), side(size.height))
        };
        match reported.or(by_window) {
            Some((size, source)) => (whole(size), source),
            None => (CellSize::default(), "assumed"),
        }
    }

    fn sixel_limit(&self) -> Option<PixelSize> {
        let is_xterm = self.terminal.as_deref().is_some_and(|name| name.starts_with("XTerm"));
        self.sixel_limit.or(is_xterm.then_some(XTERM_SIXEL_LIMIT))
    }

    /// Returns advice where a multiplexer hides pictures that could be shown; only after the terminal has answered.
    fn hint(&self) -> Option<Safe> {
        let answered = self.attributes.is_some();
        let passthrough = "tmux hides pictures: set -g allow-passthrough on — showing blocks (`P` changes)";
        let text = match (self.multiplexer(), &self.environment.tmux_client) {
            (Multiplexer::Screen, _) => Some("GNU screen does not pass pictures on — showing blocks in 256 colours"),
            (Multiplexer::Tmux, _) if self.kitty == Some(true) && !self.has_placeholders() => Some(
                "this terminal shows no pictures inside tmux; kitty 0.28 or later does — showing blocks (`P` changes)",
            ),
            (Multiplexer::Tmux, Some(client)) if self.has_placeholders() && !client.passthrough => Some(passthrough),
            (Multiplexer::Tmux, Some(client))
                if self.is_known_for_sixel() && !client.sixel && self.tmux_version() >= (3, 4) =>
            {
                Some("tmux hides pictures: set -as terminal-features ',*:sixel' — showing blocks (`P` changes)")
            }
            (Multiplexer::Tmux, None) => Some(passthrough),
            (Multiplexer::None, _) | (Multiplexer::Tmux, Some(_)) => None,
        };
        text.filter(|_| answered).map(Safe::new)
    }

    /// Returns the lines for tmux's configuration where the terminal outside of it is not known to show pictures; empty
    /// where pictures are drawn.
    fn advice(&self, protocol: Protocol) -> &'static str {
        let is_tmux = self.multiplexer() == Multiplexer::Tmux && protocol == Protocol::Blocks;
        if is_tmux {
            "if the terminal outside of tmux shows pictures, put into ~/.tmux.conf: set -g allow-passthrough on (kitty \
             graphics), or set -as terminal-features ',*:sixel' (sixel; tmux 3.4 or later)"
        } else {
            ""
        }
    }

    /// Returns true if the terminal behind tmux is known to have sixel graphics.
    fn is_known_for_sixel(&self) -> bool {
        let name = self.terminal.as_deref().unwrap_or_default();
        ["foot", "WezTerm", "Konsole", "mlterm"].iter().any(|known| name.starts_with(known))
    }
}

/// Returns the whole pixels of a cell in an area.
fn share(area: PixelSize, cells: Size) -> PixelSize {
    PixelSize {
        width: area.width.checked_div(u32::from(cells.width)).unwrap_or(0),
        height: area.height.checked_div(u32::from(cells.height)).unwrap_or(0),
    }
}

/// Returns the size of a cell from its rounded size and the text area. Cells of xterm.js are fractions of a pixel: its area
/// is smaller or larger than that of its rounded cells. An excess of less than one cell is a margin, as in foot.
fn measured_cell(cell: PixelSize, area: PixelSize, cells: Size) -> Option<CellSize> {
    let side = |cell: u32, area: u32, cells: u16| {
        let rounded = cell.saturating_mul(u32::from(cells));
        if (rounded..rounded.saturating_add(cell)).contains(&area) { rounded } else { area }
    };
    let width = side(cell.width, area.width, cells.width);
    CellSize::of_area(PixelSize { width, height: side(cell.height, area.height, cells.height) }, cells)
}

/// Returns the size if it is plausible for a cell; some terminals report sizes that are not.
fn plausible(cell: PixelSize) -> Option<PixelSize> {
    let fits = (3..=80).contains(&cell.width) && (5..=160).contains(&cell.height);
    (fits && cell.height >= cell.width && cell.height <= cell.width * 4).then_some(cell)
}

/// Returns the first two numbers of a name such as `kitty(0.41.1)`, `tmux 3.5a` or `tmux next-3.6`.
fn version(name: &str) -> (u32, u32) {
    let mut numbers = name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
