//! A session without a terminal: events and keys in, screens and effects out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::{Color, Modifier},
};
use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};
use thumbview::{
    app::{App, AppOptions, Effect, Message, Now},
    event::{
        AssetId, Counts, EventKind, Facts, Fault, FileId, Health, LogEvent, LogUpdate, Oddities, Offset, Origin,
        PictureKind, ReadMode, Rejected, Status, Templates, Time,
    },
    graphics,
    picture::{
        Canvas, FetchInfo, Fit, Picture, PictureFailure, PictureKey, PictureUpdate, PixelFormat, PixelSize, Prepared,
    },
    ui,
};

/// 2026-03-14 12:01 UTC.
const NOON: i64 = 1_773_489_660;

/// The pictures that the tests of this program prepared, since preparing is their slowest part.
static PREPARED: LazyLock<Mutex<PreparedCache>> = LazyLock::new(Mutex::default);
type PreparedCache = HashMap<(u8, Fit), Arc<Prepared>>;

/// A session that is fed by hand.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) effects: Vec<Effect>,
    byte: u64,
    mono: Duration,
}

/// The content of an event.
#[derive(Clone, Debug)]
pub(crate) struct TestEvent<'a> {
    pub(crate) id: &'a str,
    pub(crate) status: &'a str,
    pub(crate) samples: &'a [i64],
    pub(crate) dots: &'a [i64],
    pub(crate) fault: Option<(&'a str, &'a str)>,
    pub(crate) title: Option<&'a str>,
}

impl Default for TestEvent<'_> {
    fn default() -> Self {
        Self { id: "", status: "SUCCEED", samples: &[], dots: &[], fault: None, title: None }
    }
}

impl Stage {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, AppOptions::default())
    }

    pub(crate) fn with(width: u16, height: u16, options: AppOptions) -> Self {
        let options = AppOptions { sources: vec!["vod.log".into()], read_mode: ReadMode::Follow, ..options };
        let now = Now { mono: Duration::ZERO, wall: Time::from_micros(NOON * 1_000_000) };
        let app = App::new(options, Size::new(width, height), Canvas::default(), now);
        let mut stage = Self { app, effects: Vec::new(), byte: 0, mono: Duration::ZERO };
        let file = FileId::default();
        stage.send(Message::Log(LogUpdate::Opened { file, name: "vod.log".into(), size: Some(9000) }));
        stage.send(Message::Log(LogUpdate::Health { rank: 0, health: Health::Live }));
        stage
    }

    /// Six assets in the states that matter.
    pub(crate) fn filled(width: u16, height: u16) -> Self {
        Self::with_assets(width, height, AppOptions::default())
    }

    /// The same, with options.
    pub(crate) fn with_assets(width: u16, height: u16, options: AppOptions) -> Self {
        let mut stage = Self::with(width, height, options);
        let minute: Vec<i64> = (0..12).map(|n| n * 5).collect();
        stage.log_event(&TestEvent {
            id: "c0ffee00c0ffee00c0ffee00c0ffee01",
            samples: &minute,
            ..TestEvent::default()
        });
        let failed = TestEvent {
            id: "9e107d9d372bb6826bd81d3542a419d6",
            status: "FAILED",
            fault: Some(("VOD.10104", "截图任务失败")),
            ..TestEvent::default()
        };
        stage.log_event(&failed);
        stage.log_event(&TestEvent {
            id: "e3b0c44298fc1c149afbf4c8996fb924",
            status: "PROCESSING",
            ..TestEvent::default()
        });
        let titled = TestEvent {
            id: "5f1c9a7be20d4c6f8a3b1d2e4f607182",
            samples: &[0, 5, 10, 15, 20, 25],
            dots: &[12],
            title: Some("新品发布会_终版"),
            ..TestEvent::default()
        };
        stage.log_event(&titled);
        stage.log_event(&TestEvent {
            id: "deadbeefdeadbeefdeadbeefdeadbeef",
            samples: &[0, 3, 6],
            ..TestEvent::default()
        });
        stage.log_event(&TestEvent { id: "deadbeefdeadbeefdeadbeefdeadbeef", ..failed });
        let six = [0, 5, 10, 15, 20, 25];
        stage.log_event(&TestEvent { id: "14d7b2faba0dddd6b4e8936272d6bc3f", samples: &six, ..TestEvent::default() });
        let rejected = Rejected {
            origin: Origin { line: std::num::NonZeroU32::new(17), ..Origin::default() },
            column: 41,
            reason: "the JSON ends too early".into(),
            raw: "{\"event_type\":\"thumbnailComplete\",\u{1b}[2J".into(),
        };
        let counts = Counts { lines: 20, bytes: 9000, unparsed: 1, ..Counts::default() };
        stage.send(Message::Log(LogUpdate::Batch { events: Vec::new(), rejected: vec![rejected], counts }));
        stage.send(Message::Log(LogUpdate::Loaded));
        stage
    }

    pub(crate) fn send(&mut self, message: Message) {
        let effects = self.app.update(message);
        self.effects.extend(effects);
    }

    /// An event a minute later than the one before.
    pub(crate) fn log_event(&mut self, logged: &TestEvent<'_>) {
        let event = self.event(logged);
        let batch = LogUpdate::Batch { events: vec![event], rejected: Vec::new(), counts: Counts::default() };
        self.send(Message::Log(batch));
    }

    /// A failure whose record has no time.
    pub(crate) fn log_untimed(&mut self, id: &str) {
        let event = LogEvent { time: None, ..self.event(&TestEvent { id, status: "FAILED", ..TestEvent::default() }) };
        let batch = LogUpdate::Batch { events: vec![event], rejected: Vec::new(), counts: Counts::default() };
        self.send(Message::Log(batch));
    }

    /// A success with one sample, so many minutes from now.
    pub(crate) fn log_event_at(&mut self, id: &str, minutes: i64) {
        let logged =
            TestEvent {
                id, samples: &[0], title: Some("一个很长的标题，终于被剪断了"), ..TestEvent::default()
            };
        let time = Some(Time::from_micros((NOON + minutes * 60) * 1_000_000));
        let event = LogEvent { time, ..self.event(&logged) };
        let batch = LogUpdate::Batch { events: vec![event], rejected: Vec::new(), counts: Counts::default() };
        self.send(Message::Log(batch));
    }

    fn event(&mut self, logged: &TestEvent<'_>) -> LogEvent {
        self.byte += 1;
        let asset = AssetId::new(logged.id).unwrap();
        let list = |kind: PictureKind, offsets: &[i64]| -> Vec<(PictureKind, Offset, String)> {
            let url = |s| format!("https://cdn.example/asset/{}/snapshot/{}/{s}.jpg", logged.id, kind.as_str());
            offsets.iter().map(|s| (kind, Offset::from_millis(s * 1000), url(*s))).collect()
        };
        let all = [list(PictureKind::Sample, logged.samples), list(PictureKind::Dot, logged.dots)].concat();
        let facts = logged.title.map(|title| Box::new(Facts { title: Some(title.into()), ..Facts::default() }));
        let fault = logged.fault.map(|(code, text)| Box::new(Fault { code: code.into(), message: text.into() }));
        LogEvent {
            kind: EventKind::Thumbnail,
            pictures: Templates::default().pictures(&asset, all.iter().map(|(k, o, u)| (*k, *o, u.as_str()))),
            asset,
            status: Status::new(logged.status),
            time: Some(Time::from_micros((NOON - 600 + i64::try_from(self.byte).unwrap() * 60) * 1_000_000)),
            origin: Origin { byte: self.byte, ..Origin::default() },
            delivery: None,
            clock: None,
            fault,
            facts,
            oddities: Oddities::default(),
        }
    }

    /// Presses keys: `j`, `Enter`, `Esc`, `Tab`, `Space`, `C-d`, and `"text"` typed as it is.
    pub(crate) fn keys(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            if let Some(text) = name.strip_prefix('"') {
                for c in text.trim_end_matches('"').chars() {
                    self.press(KeyCode::Char(c), KeyModifiers::NONE);
                }
                continue;
            }
            let (modifiers, name) =
                name.strip_prefix("C-").map_or((KeyModifiers::NONE, name), |name| (KeyModifiers::CONTROL, name));
            let code = match name {
                "Enter" => KeyCode::Enter,
                "Esc" => KeyCode::Esc,
                "Backspace" => KeyCode::Backspace,
                "Tab" => KeyCode::Tab,
                "Space" => KeyCode::Char(' '),
                "Down" => KeyCode::Down,
                "Up" => KeyCode::Up,
                "Left" => KeyCode::Left,
                "Right" => KeyCode::Right,
                "Home" => KeyCode::Home,
                "End" => KeyCode::End,
                "PgDn" => KeyCode::PageDown,
                "PgUp" => KeyCode::PageUp,
                "F1" => KeyCode::F(1),
                _ => KeyCode::Char(name.chars().next().unwrap()),
            };
            self.press(code, modifiers);
        }
    }

    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.send(Message::Key(KeyEvent::new(code, modifiers)));
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.mono += time;
        let micros = i64::try_from(self.mono.as_micros()).unwrap();
        self.send(Message::Tick(Now { mono: self.mono, wall: Time::from_micros(NOON * 1_000_000 + micros) }));
    }

    /// The keys of the pictures that are wanted now.
    pub(crate) fn wanted(&self) -> Vec<PictureKey> {
        let last = self.effects.iter().rev().find_map(|effect| {
            let Effect::Want(requests) = effect else { return None };
            Some(requests.iter().map(|request| request.key).collect())
        });
        last.unwrap_or_default()
    }

    /// Answers all wants with pictures, and prepares them as the session would.
    pub(crate) fn serve(&mut self) {
        for key in self.wanted() {
            self.send(Message::Picture(PictureUpdate::Loaded(key, picture(key))));
        }
        self.prepare();
    }

    /// Fails all wants.
    pub(crate) fn refuse(&mut self, failure: &PictureFailure) {
        for key in self.wanted() {
            self.send(Message::Picture(PictureUpdate::Failed(key, failure.clone())));
        }
    }

    /// Answers the last request to read an event's text.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        let asked = self.effects.iter().rev().find_map(|effect| {
            let Effect::ReadRaw(origin, purpose) = effect else { return None };
            Some((*origin, *purpose))
        });
        let (origin, purpose) = asked.unwrap();
        self.send(Message::Raw(origin, purpose, Ok(bytes.to_vec())));
    }

    pub(crate) fn prepare(&mut self) {
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Prepare(_))) {
            let Effect::Prepare(jobs) = self.effects.remove(at) else { unreachable!("just matched") };
            for job in jobs {
                // Each picture is of one colour, so that this says all of it, and many a test needs the same again.
                let shade = job.picture.rgb()[0];
                let known = PREPARED.lock().unwrap().get(&(shade, job.fit)).cloned();
                let prepared = known.unwrap_or_else(|| Arc::new(graphics::prepare(&job.picture, job.fit)));
                PREPARED.lock().unwrap().insert((shade, job.fit), Arc::clone(&prepared));
                self.send(Message::Picture(PictureUpdate::Prepared(job.key, job.fit, prepared)));
            }
        }
    }

    fn draw(&self) -> Buffer {
        let Size { width, height } = self.app.screen().size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        ui::draw(&mut buffer, &self.app);
        buffer
    }

    /// The pictures that are not made of cells.
    pub(crate) fn placements(&self) -> Vec<(PictureKey, Rect)> {
        let Size { width, height } = self.app.screen().size;
        let drawn = ui::draw(&mut Buffer::empty(Rect::new(0, 0, width, height)), &self.app);
        drawn.placements.into_iter().map(|placement| (placement.key, placement.area)).collect()
    }

    /// The screen as text. Cells of pictures show as `░`, so that snapshots tell where they stand.
    pub(crate) fn screen(&self) -> String {
        let Size { width, height } = self.app.screen().size;
        let buffer = self.draw();
        let mut text = String::new();
        for y in 0..height {
            let mut skip = 0;
            let mut row = String::new();
            for x in 0..width {
                let cell = &buffer[(x, y)];
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = if matches!(cell.bg, Color::Rgb(..)) { "░" } else { cell.symbol() };
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                row.push_str(symbol);
            }
            writeln!(text, "{}", row.trim_end()).unwrap();
        }
        text
    }

    /// The styles of the screen: row by row the spans of cells of one style, `3+c` for three bold cyan cells. `.` is the
    /// terminal's own colour, `-` before it is dim; `░` is a picture. Rows without any style and ends of rows are left out.
    pub(crate) fn styles(&self) -> String {
        let Size { width, height } = self.app.screen().size;
        let buffer = self.draw();
        let mut text = String::new();
        for y in 0..height {
            let mut spans: Vec<(String, usize)> = Vec::new();
            for x in 0..width {
                let style = style(&buffer[(x, y)]);
                match spans.last_mut() {
                    Some((last, count)) if *last == style => *count += 1,
                    _ => spans.push((style, 1)),
                }
            }
            if spans.last().is_some_and(|(style, _)| style == ".") {
                spans.pop();
            }
            if !spans.is_empty() {
                let spans: Vec<String> = spans.iter().map(|(style, count)| format!("{count}{style}")).collect();
                writeln!(text, "{y:>2}: {}", spans.join(" ")).unwrap();
            }
        }
        text
    }
}

/// A cell's style in a few letters.
fn style(cell: &ratatui::buffer::Cell) -> String {
    if matches!(cell.bg, Color::Rgb(..)) {
        return "░".to_owned();
    }
    let letters = [
        (Color::Reset, '.'),
        (Color::Cyan, 'c'),
        (Color::Blue, 'b'),
        (Color::Green, 'g'),
        (Color::Red, 'r'),
        (Color::LightRed, 'R'),
        (Color::Yellow, 'y'),
        (Color::Magenta, 'm'),
    ];
    let letter = letters.iter().find(|(colour, _)| *colour == cell.fg).map(|(_, letter)| letter);
    let colour = letter.expect("the chrome has no other colours");
    assert_eq!(cell.bg, Color::Reset, "nothing is painted behind text");
    let bold = if cell.modifier.contains(Modifier::BOLD) { "+" } else { "" };
    let dim = if cell.modifier.contains(Modifier::DIM) { "-" } else { "" };
    let line = if cell.modifier.contains(Modifier::UNDERLINED) { "_" } else { "" };
    format!("{bold}{dim}{line}{colour}")
}

/// A picture of one colour, another for each index.
fn picture(key: PictureKey) -> Arc<Picture> {
    plain(u8::try_from(key.index * 37 % 200).unwrap() + 40)
}

/// A picture of one shade of grey, but for what keeps it from being blank: a left half that is a little darker, by less
/// than blocks of characters show.
pub(crate) fn plain(shade: u8) -> Arc<Picture> {
    let size = PixelSize { width: 48, height: 27 };
    let dark = shade & 0xf8;
    let row = [vec![dark + 1; 24 * 3], vec![dark + 6; 24 * 3]].concat();
    Arc::new(Picture {
        size,
        pixels: row.repeat(27).into(),
        format: PixelFormat::Rgb,
        jpeg: vec![0; 38_000].into(),
        fetched: FetchInfo { status: Some(200), took: Duration::from_millis(41), ..FetchInfo::default() },
        damage: None,
    })
}
