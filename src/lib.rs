//! thumbview: a log row, a time axis and a picture, in one terminal.
//!
//! Huawei Cloud VOD reports each snapshot job as a JSON event `thumbnailComplete`; the events end up in logs.
//! thumbview reads such logs, lists their assets by status, and shows the pictures of the selected one on a timeline.
//!
//! # Flow
//!
//! ```text
//! bytes ─ source/lines ─► records ─ event/envelope ─► event/decode ─► LogUpdate ─ bounded ─┐
//! keys  ─ terminal/input ─► KeyEvent ─ app/keymap ─► Action; Reply ─► graphics/probe ──────┤ Message
//! urls  ─ media: policy ► fetch ► jpeg ► PictureUpdate ────────────────────────────────────┤
//!       ─ graphics::prepare: scale, quantise, encode; off the loop ► PictureUpdate ────────┤
//! time  ─ Tick: once a second, and at the frame rate while something plays ────────────────┘
//!                                             ▼
//!            App::update(&mut self, Message) -> Vec<Effect>      the only mutation
//!                   │ &App                    │ Effect: performed by session
//!       ui::draw(&mut Buffer, &App) -> Drawn { placements, cursor }
//!                   ▼
//!       graphics::Painter::reconcile(shown → wanted)
//! ```
//!
//! # A slow link
//!
//! Over SSH a write succeeds long before anything arrives, so the link's rate is told by the terminal's own answers:
//! `terminal/flow_control` asks after so many bytes, draws nothing while an answer is out, and keeps an estimate between what
//! the link surely had and what it had at most. From that rate follows in `graphics/budget`, by pure functions, what a
//! picture may cost ([`picture::Budget`]); it reaches the preparations as [`picture::Fit::most`]. A picture begins as a
//! preview, always arrives within a second at 64 KB/s, and gets better once no key is pressed:
//! - kitty: in slices of an eighth of a second, text in between, up to the full picture, called off by the next key;
//! - iTerm2: fewer pixels; sixel: fewer colours, then larger squares, then a smaller box; one drawing a frame;
//! - blocks: fewer cells, since nothing else makes them cheaper.
//!
//! # Rooms, in reading order
//!
//! The core is pure: no IO, no clock, no async. It cannot fail, and its tests need no mocks.
//! - [`text`]: [`text::Safe`], the one way from log text to a terminal.
//! - [`event`]: the words of the log. `event/envelope` finds event texts in records, `event/decode` reads one.
//! - [`picture`]: pictures between the network and the glass, as plain data.
//! - [`catalog`]: the assets, their history, the counts.
//! - [`app`]: the state of the screen and all that can happen to it.
//! - [`ui`]: the screen as a function of that state, one file a box.
//!
//! The edges deal with one outside thing each. They know events and pictures, never each other.
//! - [`source`]: bytes to events: loading, following, streams, compression.
//! - [`media`]: where we may connect, GET, JPEG to pixels, the cache.
//! - [`graphics`]: what the terminal can show; pixels to cells and to the bytes of each protocol.
//! - [`terminal`]: modes, the only reader of the tty, the writer that paces itself, and the way back to the shell.
//! - [`cli`], [`report`], [`demo`]: the command line, printed lists, the offline demo.
//! - [`diagnostics`]: what is reported on stderr and in `--log-file`.
//! - [`session`]: the full screen: one loop, and the performance of effects.
//! - [`command`]: one file per command; runs it and returns the exit code.
//!
//! # What always holds
//!
//! - Log text reaches a terminal as [`text::Safe`] alone. Spans are made in `ui/theme` alone.
//! - All change is [`app::App::update`]; `ui::draw` takes `&App`.
//! - Nothing that was read is dropped without a count and a place on the screen.
//! - Only `command` knows all modules; who may import whom is kept by `tests/architecture.rs`.

pub mod text;

pub mod event;

pub mod picture;

pub mod catalog;

pub mod app;

pub mod ui;

pub mod source;

pub mod media;

pub mod graphics;

pub mod terminal;

pub mod cli;

pub mod report;

pub mod demo;

pub mod diagnostics;

pub mod session;

pub mod command;
