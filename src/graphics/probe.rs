//! What the terminal can show: which questions are asked, and what the answers mean.
//!
//! One burst of queries goes out after the first frame; answers may come split over time, late or never, and in any
//! order: each only adds to what is known, and [`Probe::canvas`] is always the best that is known now. Before any
//! answer that is blocks. What terminals say of themselves counts more than the environment, of which little comes
//! through an ssh.

use super::tmux;
use crate::{
    picture::{Budget, Canvas, CellSize, ColourDepth, Multiplexer, PixelSize, Protocol},
    text::Safe,
};
use ratatui::layout::Size;
use std::env;

mod answer;

use answer::ProbeAnswer;

/// The number in the kitty query, by which its answer is told from others.
const QUERY_ID: u32 = 31;

/// Asks for the size of a cell and of the text area.
const SIZES: &[u8] = b"\x1b[16t\x1b[14t";

/// xterm shows nothing of a sixel drawing that is wider or higher than this, unless it says otherwise.
const XTERM_MOST: PixelSize = PixelSize { width: 1000, height: 1000 };

/// What the environment says of the terminal. Empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `TERM_PROGRAM`.
    pub term_program: String,
    /// `LC_TERMINAL`, which iTerm2 sets and ssh often passes on.
    pub lc_terminal: String,
    /// `KONSOLE_VERSION`.
    pub konsole_version: String,
    /// Whether `TMUX` is set: a tmux of this machine.
    pub tmux: bool,
    /// What that tmux says of its own terminal.
    pub tmux_client: Option<tmux::Client>,
    /// Whether this is the far end of an ssh.
    pub ssh: bool,
}

impl Environment {
    /// Reads the environment; asks a tmux of this machine about its terminal, which takes some milliseconds.
    pub fn from_process() -> Self {
        let word = |name: &str| env::var(name).unwrap_or_default();
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let tmux = is_set("TMUX");
        Self {
            term: word("TERM"),
            colorterm: word("COLORTERM"),
            term_program: word("TERM_PROGRAM"),
            lc_terminal: word("LC_TERMINAL"),
            konsole_version: word("KONSOLE_VERSION"),
            tmux,
            tmux_client: if tmux { tmux::Client::ask() } else { None },
            ssh: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
        }
    }

    fn multiplexer(&self) -> Multiplexer {
        if self.tmux || self.term.starts_with("tmux") {
            Multiplexer::Tmux
        } else if self.term.starts_with("screen") {
            Multiplexer::Screen
        } else {
            Multiplexer::None
        }
    }

    /// Whether it names a terminal that has iTerm2's inline images.
    fn names_iterm2(&self) -> bool {
        let programs = ["iTerm.app", "WezTerm", "mintty", "rio", "WarpTerminal", "Tabby", "Hyper"];
        programs.contains(&self.term_program.as_str())
            || self.lc_terminal == "iTerm2"
            || !self.konsole_version.is_empty()
    }

    /// Whether it names a terminal that has 24-bit colours.
    fn names_true_colours(&self) -> bool {
        let terms = ["kitty", "foot", "alacritty", "ghostty", "wezterm", "direct", "24bit"];
        matches!(self.colorterm.as_str(), "truecolor" | "24bit") || terms.iter().any(|term| self.term.contains(term))
    }
}

/// What is known of the terminal so far.
#[derive(Clone, Debug)]
pub struct Probe {
    environment: Environment,
    forced: Option<Protocol>,
    /// XTVERSION of the terminal itself, behind a tmux if need be.
    terminal: Option<String>,
    /// XTVERSION of tmux.
    tmux: Option<String>,
    kitty: Option<bool>,
    attributes: Option<Vec<u16>>,
    cell: Option<PixelSize>,
    /// The text area, and the cells that it had when that was told.
    text_area: Option<(PixelSize, Option<Size>)>,
    tty: Option<(Size, PixelSize)>,
    sixel_most: Option<PixelSize>,
    true_colours: bool,
    light: Option<bool>,
}

impl Probe {
    /// Knows nothing but the environment, and the protocol if the user forces one.
    pub fn new(environment: Environment, forced: Option<Protocol>) -> Self {
        let mut probe = Self {
            environment: Environment::default(),
            forced,
            terminal: None,
            tmux: None,
            kitty: None,
            attributes: None,
            cell: None,
            text_area: None,
            tty: None,
            sixel_most: None,
            true_colours: false,
            light: None,
        };
        probe.learn(environment);
        probe
    }

    /// Takes the environment anew: together with [`Probe::query_again`], because tmux may know more by then.
    pub fn learn(&mut self, environment: Environment) {
        let name = environment.tmux_client.as_ref().map(|client| client.terminal.clone());
        self.terminal = name.filter(|name| !name.is_empty()).or(self.terminal.take());
        self.environment = environment;
    }

    /// Draws by this protocol from now on, whatever the terminal offers: the key `P`.
    pub fn force(&mut self, protocol: Protocol) {
        self.forced = Some(protocol);
    }

    /// The queries, in one burst: DA1 comes last, because every terminal answers it.
    ///
    /// Within tmux the query for kitty is wrapped, since tmux would take a bare one for the pane's title; outside it
    /// never is, since a terminal might print or obey the wrapper.
    pub fn query(&self) -> Vec<u8> {
        let version = b"\x1b[>q".as_slice();
        let kitty = format!("\x1b_Gi={QUERY_ID},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\");
        let background = b"\x1b]11;?\x1b\\".as_slice();
        let mut out = Vec::new();
        match self.environment.multiplexer() {
            Multiplexer::None => {
                out.extend(version);
                out.extend(kitty.as_bytes());
                // The largest sixel drawing; then a colour is set, asked for, and unset.
                out.extend(b"\x1b[?2;4;0S\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m");
                out.extend(SIZES);
                out.extend(background);
            }
            Multiplexer::Tmux => {
                out.extend(version);
                tmux::wrap(kitty.as_bytes(), &mut out);
                tmux::wrap(version, &mut out);
                out.extend(SIZES);
                out.extend(background);
            }
            Multiplexer::Screen => {}
        }
        out.extend(b"\x1b[c");
        out
    }

    /// Takes one whole answer; returns whether that changed the canvas.
    pub fn reply(&mut self, bytes: &[u8]) -> bool {
        let before = self.canvas();
        match ProbeAnswer::read(bytes) {
            Some(ProbeAnswer::Version(name)) if name.starts_with("tmux") => self.tmux = Some(name),
            Some(ProbeAnswer::Version(name)) => self.terminal = Some(name),
            Some(ProbeAnswer::Kitty { id: QUERY_ID, ok }) => self.kitty = Some(ok),
            Some(ProbeAnswer::Kitty { .. }) | None => {}
            Some(ProbeAnswer::Attributes(numbers)) => self.attributes = Some(numbers),
            Some(ProbeAnswer::Cell(size)) => self.cell = Some(size),
            Some(ProbeAnswer::TextArea(size)) => {
                self.text_area = Some((size, self.tty.map(|(cells, _)| cells)));
            }
            Some(ProbeAnswer::SixelMost(size)) => self.sixel_most = Some(size),
            Some(ProbeAnswer::Rendition(colours)) => {
                self.true_colours |= colours.contains("1:2:3") || colours.contains("1;2;3");
            }
            Some(ProbeAnswer::Background { light }) => self.light = Some(light),
        }
        before != self.canvas()
    }

    /// Takes the size of the window in cells and pixels as the tty has it (TIOCGWINSZ); pixels may be zero or wrong.
    pub fn window(&mut self, cells: Size, pixels: PixelSize) {
        if let Some((_, measured @ None)) = &mut self.text_area {
            *measured = Some(cells);
        }
        self.tty = Some((cells, pixels));
    }

    /// The queries once more, for a second after the first time: a tmux that was started with the program drops what
    /// comes before its own terminal is there. `None` where another try is of no use.
    pub fn query_again(&self) -> Option<Vec<u8>> {
        let silent = self.kitty.is_none() && self.terminal.is_none();
        (silent && self.multiplexer() == Multiplexer::Tmux).then(|| self.query())
    }

    /// The queries to send after the window has changed, since its font may have.
    pub fn query_sizes(&self) -> Vec<u8> {
        match self.multiplexer() {
            Multiplexer::None | Multiplexer::Tmux => SIZES.to_vec(),
            Multiplexer::Screen => Vec::new(),
        }
    }

    /// The best that is known now.
    pub fn canvas(&self) -> Canvas {
        let mut offered: Vec<Protocol> =
            [Protocol::Kitty, Protocol::Iterm2, Protocol::Sixel].into_iter().filter(|p| self.offers(*p)).collect();
        let best = offered.first().copied();
        offered.extend([Protocol::Blocks, Protocol::None]);
        Canvas {
            protocol: self.forced.or(best).unwrap_or_default(),
            offered,
            colours: self.colours(),
            cell: self.cell_size().0,
            multiplexer: self.multiplexer(),
            light: self.light,
            most: self.sixel_most(),
            budget: Budget::UNLIMITED,
            hint: if self.forced.is_none() && best.is_none() { self.hint() } else { None },
        }
    }

    /// What was found, and why: for `thumbview doctor`.
    pub fn report(&self) -> Vec<(Safe, Safe)> {
        let canvas = self.canvas();
        let word = |known: Option<bool>| known.map_or("no answer", |yes| if yes { "yes" } else { "no" });
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "no answer".to_owned());
        let attributes = self.attributes.as_ref().map(|numbers| format!("{numbers:?}"));
        let (cell, why) = self.cell_size();
        let forced = if self.forced.is_some() { " (forced)" } else { "" };
        let offered: Vec<&str> = canvas.offered.iter().map(|protocol| protocol.as_str()).collect();
        let environment = &self.environment;
        let lines = [
            ("protocol", format!("{}{forced}", canvas.protocol.as_str())),
            ("offered", offered.join(", ")),
            ("terminal (XTVERSION)", known(&self.terminal)),
            ("tmux (XTVERSION)", known(&self.tmux)),
            (
                "tmux's own terminal",
                environment.tmux_client.as_ref().map_or("unknown".to_owned(), |c| format!("{c:?}")),
            ),
            ("multiplexer", format!("{:?}", canvas.multiplexer)),
            ("kitty graphics (a=q)", word(self.kitty).to_owned()),
            ("attributes (DA1; 4 is sixel)", known(&attributes)),
            ("largest sixel drawing", canvas.most.map_or("unlimited".to_owned(), |most| most.to_string())),
            ("cell", format!("{}x{} ({why})", cell.width, cell.height)),
            ("colours", format!("{:?}", canvas.colours)),
            ("light background (OSC 11)", word(self.light).to_owned()),
            ("TERM", environment.term.clone()),
            ("COLORTERM", environment.colorterm.clone()),
            ("TERM_PROGRAM", environment.term_program.clone()),
            ("LC_TERMINAL", environment.lc_terminal.clone()),
            ("over ssh", word(Some(environment.ssh)).to_owned()),
            ("hint", canvas.hint.as_ref().map_or(String::new(), Safe::to_string)),
        ];
        let filled = lines.into_iter().filter(|(_, text)| !text.is_empty());
        filled.map(|(name, text)| (Safe::new(name), Safe::from(text))).collect()
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
            (Protocol::Sixel, Multiplexer::None) => self.says_sixel(),
            // tmux with sixel says it has it even where its terminal has not, and then prints a box of plus signs.
            (Protocol::Sixel, Multiplexer::Tmux) => {
                let client = self.environment.tmux_client.as_ref();
                self.says_sixel() && self.tmux_version() >= (3, 4) && client.is_some_and(|client| client.sixel)
            }
        }
    }

    fn says_sixel(&self) -> bool {
        self.attributes.as_ref().is_some_and(|numbers| numbers.contains(&4))
    }

    fn tmux_version(&self) -> (u32, u32) {
        version(self.tmux.as_deref().unwrap_or_default())
    }

    /// kitty's placeholders came with 0.28; of the others that answer its query, only ghostty has them.
    fn has_placeholders(&self) -> bool {
        let name = self.terminal.as_deref().unwrap_or_default().to_lowercase();
        name.starts_with("ghostty") || name.starts_with("kitty") && version(&name) >= (0, 28)
    }

    /// iTerm2's images have no query: the terminal's own name decides, then the environment. Nothing is offered before
    /// the terminal has answered at all.
    fn has_iterm2(&self) -> bool {
        if self.attributes.is_none() {
            return false;
        }
        match self.terminal.as_deref().map(str::to_lowercase) {
            Some(name) => ["iterm2", "wezterm", "mintty", "rio", "konsole"].iter().any(|known| name.starts_with(known)),
            // VS Code has them only where its images are switched on, and then it says sixel.
            None => self.environment.names_iterm2() || self.environment.term_program == "vscode" && self.says_sixel(),
        }
    }

    fn colours(&self) -> ColourDepth {
        match self.multiplexer() {
            // It makes garbage of 24-bit colours.
            Multiplexer::Screen => ColourDepth::Indexed,
            // It reduces colours to what its terminal has.
            Multiplexer::Tmux => ColourDepth::True,
            Multiplexer::None => {
                // No terminal that has XTVERSION, sixel or kitty's pictures lacks them.
                let modern = self.terminal.is_some() || self.says_sixel() || self.kitty == Some(true);
                let known = modern || self.true_colours || self.environment.names_true_colours();
                if known { ColourDepth::True } else { ColourDepth::Indexed }
            }
        }
    }

    /// The size of a cell, and how it is known. Where a terminal rounds its cells up, the window's share is taken: a
    /// drawing that is too large would lie over its neighbours.
    fn cell_size(&self) -> (CellSize, &'static str) {
        let (cells, pixels) = self.tty.unwrap_or_default();
        let share = |size: PixelSize, cells: Size| PixelSize {
            width: size.width.checked_div(u32::from(cells.width)).unwrap_or(0),
            height: size.height.checked_div(u32::from(cells.height)).unwrap_or(0),
        };
        let by_area = self.text_area.and_then(|(size, cells)| plausible(share(size, cells?)));
        let by_cell = self.cell.and_then(plausible);
        if let (Some(cell), Some(area)) = (by_cell, by_area)
            && (cell.width.abs_diff(area.width) <= 1 && cell.height.abs_diff(area.height) <= 1)
        {
            let least = CellSize { width: cell.width.min(area.width), height: cell.height.min(area.height) };
            return (least, "CSI 16t and 14t");
        }
        let by_tty = plausible(share(pixels, cells)).map(|cell| (cell, "TIOCGWINSZ"));
        let told = by_cell.map(|cell| (cell, "CSI 16t")).or(by_area.map(|cell| (cell, "CSI 14t")));
        told.or(by_tty).unwrap_or((CellSize::default(), "assumed"))
    }

    fn sixel_most(&self) -> Option<PixelSize> {
        let is_xterm = self.terminal.as_deref().is_some_and(|name| name.starts_with("XTerm"));
        self.sixel_most.or(is_xterm.then_some(XTERM_MOST))
    }

    /// What would bring pictures, where something in between hides them; only after the terminal has answered.
    fn hint(&self) -> Option<Safe> {
        let answered = self.attributes.is_some();
        let passthrough = "tmux hides pictures: set -g allow-passthrough on — showing blocks (P changes)";
        let text = match (self.multiplexer(), &self.environment.tmux_client) {
            (Multiplexer::Screen, _) => Some("GNU screen passes no pictures on — showing blocks in 256 colours"),
            (Multiplexer::Tmux, _) if self.kitty == Some(true) && !self.has_placeholders() => {
                Some("this terminal has no pictures within tmux; kitty has from 0.28 on — showing blocks (P changes)")
            }
            (Multiplexer::Tmux, Some(client)) if self.has_placeholders() && !client.passthrough => Some(passthrough),
            (Multiplexer::Tmux, Some(client))
                if self.names_sixel() && !client.sixel && self.tmux_version() >= (3, 4) =>
            {
                Some("tmux hides pictures: set -as terminal-features ',*:sixel' — showing blocks (P changes)")
            }
            (Multiplexer::Tmux, None) => Some(passthrough),
            (Multiplexer::None, _) | (Multiplexer::Tmux, Some(_)) => None,
        };
        text.filter(|_| answered).map(Safe::new)
    }

    /// Whether the terminal behind tmux is one that has sixel graphics without being asked for them.
    fn names_sixel(&self) -> bool {
        let name = self.terminal.as_deref().unwrap_or_default();
        ["foot", "WezTerm", "Konsole", "mlterm"].iter().any(|known| name.starts_with(known))
    }
}

/// A cell that can be: what some ttys and terminals say cannot.
fn plausible(size: PixelSize) -> Option<CellSize> {
    let cell = CellSize { width: u16::try_from(size.width).ok()?, height: u16::try_from(size.height).ok()? };
    let fits = (3..=80).contains(&cell.width) && (5..=160).contains(&cell.height);
    (fits && cell.height >= cell.width && cell.height <= cell.width * 4).then_some(cell)
}

/// The first two numbers in a name with a version: `kitty(0.41.1)`, `tmux 3.5a`, `tmux next-3.6`.
fn version(name: &str) -> (u32, u32) {
    let mut numbers = name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
