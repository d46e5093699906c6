//! The cost of keys on a list of 300 000 assets: `cargo bench --bench screen [-- ASSETS]`.
//!
//! For each key: the time of `App::update`, of `ui::draw` into a buffer of 200x50 cells, and the bytes that the
//! difference to the screen before takes. Best and worst of [`ROUNDS`]; the pictures are left out.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};
use std::time::{Duration, Instant};
use thumbview::{
    app::{App, AppOptions, Effect, Message, Now},
    event::{
        AssetId, Counts, EventKind, Fault, FileId, Health, LogEvent, LogUpdate, Oddities, Offset, Origin, PictureKind,
        ReadMode, Status, Templates, Time,
    },
    picture::Canvas,
    terminal::write_cells,
    ui,
};

const ROUNDS: usize = 9;
const SCREEN: Size = Size { width: 200, height: 50 };
const NOON: i64 = 1_773_489_660;

/// A session, and what its terminal shows.
struct Bench {
    app: App,
    shown: Buffer,
    mono: Duration,
}

/// The cost of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    update: Duration,
    draw: Duration,
    bytes: usize,
}

fn main() {
    let count = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(300_000);
    let mut bench = Bench::new();
    let start = Instant::now();
    bench.load(count);
    println!("{count} assets into the session: {:.0?}", start.elapsed());
    bench.frame();

    let idle: Vec<Cost> = (0..ROUNDS).map(|_| bench.tick()).collect();
    report("an idle second", &idle);
    // Each key with the one that takes it back, which is not counted.
    let pairs = [
        ("k: a moved selection", "k", "j"),
        ("Ctrl-u: half a page", "C-u", "C-d"),
        ("g: the oldest", "g", "G"),
        ("G: the newest", "G", "g"),
        ("s: a status tab", "s", "Esc"),
        ("S: another sort", "S", "S"),
        ("I: the other way round", "I", "I"),
        ("e: the next failure", "e", "G"),
        ("c: the codes", "c", "Esc"),
    ];
    for (name, key, back) in pairs {
        let costs: Vec<Cost> = (0..ROUNDS)
            .map(|_| {
                let cost = bench.press(key);
                bench.press(back);
                cost
            })
            .collect();
        report(name, &costs);
    }
    bench.press("G");
    let scrolls: Vec<Cost> = (0..60).map(|_| bench.press("k")).skip(60 - ROUNDS).collect();
    report("k: the list moves by a row", &scrolls);
    type_and_report(&mut bench, "f", "status:failed code:VOD");
    type_and_report(&mut bench, "/", "a7f");
    let appended: Vec<Cost> = (0..ROUNDS).map(|at| bench.log(count + at..=count + at)).collect();
    report("one more event", &appended);
}

/// Each keystroke of a prompt, and the worst of them.
fn type_and_report(bench: &mut Bench, open: &str, text: &str) {
    bench.press(open);
    let costs: Vec<Cost> = text.chars().map(|c| bench.press(&c.to_string())).collect();
    report(&format!("{open} and a keystroke of \"{text}\""), &costs);
    let enter = bench.press("Enter");
    report(&format!("{open}: Enter"), &[enter]);
    bench.press("Esc");
    bench.press("Esc");
}

fn report(name: &str, costs: &[Cost]) {
    let best = |of: fn(&Cost) -> Duration| costs.iter().map(of).min().unwrap();
    let worst = |of: fn(&Cost) -> Duration| costs.iter().map(of).max().unwrap();
    let bytes = costs.iter().map(|cost| cost.bytes).max().unwrap();
    println!(
        "{name:38} update {:>9.3?} to {:>9.3?}   draw {:>7.0?} to {:>7.0?}   {bytes:>6} bytes at most",
        best(|cost| cost.update),
        worst(|cost| cost.update),
        best(|cost| cost.draw),
        worst(|cost| cost.draw),
    );
}

impl Bench {
    fn new() -> Self {
        let options =
            AppOptions { sources: vec!["vod.log".into()], read_mode: ReadMode::Follow, ..AppOptions::default() };
        let now = Now { mono: Duration::ZERO, wall: Time::from_micros(NOON * 1_000_000) };
        let app = App::new(options, SCREEN, Canvas::default(), now);
        let shown = Buffer::empty(Rect::from((ratatui::layout::Position::ORIGIN, SCREEN)));
        Self { app, shown, mono: Duration::ZERO }
    }

    fn load(&mut self, count: usize) {
        let file = FileId::default();
        self.send(Message::Log(LogUpdate::Opened { file, name: "vod.log".into(), size: Some(9000) }));
        self.send(Message::Log(LogUpdate::Health { rank: 0, health: Health::Live }));
        let mut templates = Templates::default();
        for from in (0..count).step_by(512) {
            let events = (from..count.min(from + 512)).map(|at| event(at, &mut templates)).collect();
            let batch = LogUpdate::Batch { events, rejected: Vec::new(), counts: Counts::default() };
            self.send(Message::Log(batch));
        }
        self.send(Message::Log(LogUpdate::Loaded));
        self.tick();
    }

    fn log(&mut self, at: std::ops::RangeInclusive<usize>) -> Cost {
        let mut templates = Templates::default();
        let events = at.map(|at| event(at, &mut templates)).collect();
        self.cost(Message::Log(LogUpdate::Batch { events, rejected: Vec::new(), counts: Counts::default() }))
    }

    fn tick(&mut self) -> Cost {
        self.mono += Duration::from_secs(1);
        let micros = i64::try_from(self.mono.as_micros()).unwrap();
        self.cost(Message::Tick(Now { mono: self.mono, wall: Time::from_micros(NOON * 1_000_000 + micros) }))
    }

    fn press(&mut self, key: &str) -> Cost {
        let (code, modifiers) = match key {
            "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
            "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
            _ => match key.strip_prefix("C-") {
                Some(key) => (KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::CONTROL),
                None => (KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::NONE),
            },
        };
        self.cost(Message::Key(KeyEvent::new(code, modifiers)))
    }

    fn cost(&mut self, message: Message) -> Cost {
        let start = Instant::now();
        self.send(message);
        let update = start.elapsed();
        let (draw, bytes) = self.frame();
        Cost { update, draw, bytes }
    }

    fn send(&mut self, message: Message) {
        let effects: Vec<Effect> = self.app.update(message);
        drop(effects);
    }

    /// Draws as the session does, and counts the bytes of what differs.
    fn frame(&mut self) -> (Duration, usize) {
        let mut next = Buffer::empty(self.shown.area);
        let start = Instant::now();
        ui::draw(&mut next, &self.app);
        let drawn = start.elapsed();
        let mut bytes = Vec::new();
        write_cells(&self.shown, &next, &mut bytes);
        self.shown = next;
        (drawn, bytes.len())
    }
}

/// One in ten has failed, by one of five codes.
fn event(at: usize, templates: &mut Templates) -> LogEvent {
    let number = u64::try_from(at).unwrap();
    let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let id = format!("{word:016x}{number:016x}");
    let asset = AssetId::new(&id).unwrap();
    let failed = at % 10 == 3;
    let url = |offset: i64| format!("https://cdn.example/asset/{id}/snapshot/sample/{offset}.jpg");
    let count = if failed { 0 } else { i64::try_from(word % 40).unwrap() };
    let list: Vec<_> = (0..count).map(|n| (PictureKind::Sample, Offset::from_millis(n * 5000), url(n * 5))).collect();
    let code = format!("VOD.101{:02}", word % 5);
    LogEvent {
        kind: EventKind::Thumbnail,
        pictures: templates.pictures(&asset, list.iter().map(|(kind, offset, url)| (*kind, *offset, url.as_str()))),
        asset,
        status: if failed { Status::Failed } else { Status::Succeed },
        time: Some(Time::from_micros((NOON - 400_000 + i64::try_from(at).unwrap()) * 1_000_000)),
        origin: Origin { byte: number, ..Origin::default() },
        delivery: None,
        clock: None,
        fault: failed.then(|| Box::new(Fault { code: code.into(), message: "截图任务失败".into() })),
        facts: None,
        oddities: Oddities::default(),
    }
}
