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
//!                   │ &App                    │ Effect: performed by runtime
//!       ui::draw(&mut Frame, &App) -> Vec<Placement>
//!                   ▼
//!       graphics::Painter::reconcile(shown → wanted)
//! ```
//!
//! # Rooms, in reading order
//!
//! The core is pure: no IO, no clock, no async. It cannot fail, and its tests need no mocks.
//! - [`text`]: [`text::Safe`], the one way from log text to a terminal.
//! - [`event`]: the words of the log. `event/envelope` finds event texts in records, `event/decode` reads one.
//! - [`picture`]: pictures between the network and the glass, as plain data.
//! - [`catalog`]: the assets, their history, the counts.
//!
//! The edges know one outside thing each, and never each other.
//! - [`graphics`]: pixels to what a terminal can show, and what stands on the glass.
//!
//! The shell joins them.
//! - [`show`]: one picture or a sheet into the scrollback.
//!
//! # What always holds
//!
//! - Log text reaches a terminal as [`text::Safe`] alone. Spans are made in `ui/theme` alone.
//! - All change is [`app::App::update`]; `ui::draw` takes `&App`.
//! - Nothing that was read is dropped without a count and a place on the screen.
//! - Only `runtime` knows all rooms; who may import whom is kept by `tests/architecture.rs`.

pub mod catalog;
pub mod event;
pub mod graphics;
pub mod picture;
pub mod show;
pub mod text;
