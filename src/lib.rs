//! thumbview: a log row, a time axis and a picture, in one terminal.
//!
//! Huawei Cloud VOD reports each snapshot job as a JSON event `thumbnailComplete`; the events end up in logs.
//! thumbview reads such logs, lists their assets by status, and shows the pictures of the selected one on a timeline.
//!
//! # Flow
//!
//! ```text
//! bytes ─ source ─► event/record ─► event/envelope ─► event/decode ─► LogUpdate ─ bounded ─┐
//! keys  ─ terminal/input ─► KeyEvent ─ app/keymap ─► Action; Reply ─► graphics/probe ──────┤ Message
//! urls  ─ media: policy ► fetch ► jpeg ► PictureUpdate ────────────────────────────────────┤
//!       ─ graphics::prepare: scale, quantise, encode; off the loop ► PictureUpdate ────────┤
//! time  ─ Tick: once a second, and at the frame rate while something plays ────────────────┘
//!                                             ▼
//!            App::update(&mut self, Message) -> Vec<Effect>      the only mutation
//!                   │ &App                    │ Effect: performed by session
//!       ui::draw(&mut Buffer, &App) -> Drawn { placements, cursor, links, tabs }
//!                   ▼
//!       graphics::Painter::reconcile(shown → wanted)
//! ```
//!
//! # A slow link
//!
//! Over SSH a write succeeds long before anything arrives, so the rate of the link is measured by the answers of the
//! terminal: `terminal/flow_control` asks for one after so many bytes, draws nothing while it is awaited, and keeps an
//! estimate between the rate that the link surely has and the highest that it may have. `graphics/budget` derives from
//! that rate, by pure functions, how many bytes a picture may take ([`picture::Budget`]); the preparations receive it
//! as [`picture::Fit::target_bytes`]. A picture begins as a preview, always arrives within a second at 64 KB/s, and is refined
//! once no key is pressed:
//! - kitty: in slices of an eighth of a second with text between them, up to the full picture; the next key cancels;
//! - iTerm2: fewer pixels; sixel: fewer colours, then larger blocks, then a smaller area; one drawing a frame;
//! - blocks: fewer cells, since nothing else makes them cheaper.
//!
//! # Modules, in reading order
//!
//! The core is pure: no IO, no clock, no async. It cannot fail, and its tests need no mocks.
//! - [`text`]: [`text::Safe`], the one way from log text to a terminal.
//! - [`event`]: the events of a log. `event/record` makes records of lines, `event/envelope` finds event texts in a
//!   record, also in another `event/notation`, `event/decode` reads one, `event/fast` reads the usual spellings by
//!   prediction, and `event/reader` puts them together.
//! - [`picture`]: pictures between the network and the terminal, as plain data.
//! - [`judge`]: what is wrong with a picture, and with those of an asset together: black, frozen, missing, …
//! - [`catalog`]: the assets, their events, the counts.
//! - [`app`]: the state of the screen and everything that can happen to it.
//! - [`ui`]: the screen as a function of that state, one file for each part of the screen.
//!
//! The edges deal with one outside thing each. They know events and pictures, never each other.
//! - [`source`]: bytes to events: loading, following, streams, commands, other machines by ssh, compression, topics of
//!   Kafka.
//! - [`media`]: the fetch policy, HTTP, JPEG decoding, the picture cache.
//! - [`graphics`]: the abilities of the terminal; pixels to cells and to the bytes of each protocol.
//! - [`terminal`]: modes, the only reader of the tty, the paced writer, and the return to the shell.
//! - [`listen`]: callbacks by HTTP, their signatures, and the journal that keeps them.
//!
//! The shell puts them together.
//! - [`cli`]: the command line, the environment and the config file; the only translation from options to settings.
//! - [`report`]: rows and summaries as table, JSON, JSON lines and CSV.
//! - [`command`]: a file for each command, and those that several share. [`session`]: the full screen, its loop and its effects.
//! - [`diagnostics`]: messages on stderr and in `--log-file`. [`regular_file`]: files opened so that no FIFO is waited for.
//!   [`demo`]: the offline demo.
//!
//! # Where to look
//!
//! | question | file |
//! |---|---|
//! | how a line of a log becomes a record, and a record an event | `event/reader`, `event/envelope`, `event/decode` |
//! | how a rotated file is told from a new one | `source/file/follow/decision` |
//! | what is done when a broker of Kafka fails, and the sentence for it | `source/kafka/fault`; `source/kafka/topic` does it |
//! | what a follower may ask of a machine | `source/file/access`, implemented by `source/file/local` and `source/remote/files` |
//! | what runs at the other end of ssh | `source/remote/program.sh`; `source/remote/wire` reads its answers |
//! | the sentence for a lost link | `source/remote/failure` |
//! | when ssh may ask, and who answers | `command/login`; `source/remote/login` starts it |
//! | which addresses are fetched from | `media/policy`, `media/address` |
//! | when a picture is black, frozen, short | `judge/facts`, `judge/asset` |
//! | how often a check asks a host | `media/host`, `media/job` |
//! | the sentence for a 403, a time-out, a certificate | `media/reason` |
//! | the meaning of a key | `app/keymap`, from which the help and the manual page are made; `app/action` names what it does; hints of the footer are in `ui/footer/hints` |
//! | the words of a filter, and their quotes | `app/list/filter`, `app/list/filter/spelling` |
//! | the asset that `show` and `:@` mean by a name | `catalog/lookup` |
//! | how keys in a sentence are highlighted | `ui/sentence` |
//! | which columns a row of the list has | `ui/list` on the screen, `report/fitted` in a table on a terminal, `report/asset` in every other output |
//! | how many bytes may be on their way to a slow terminal | `terminal/flow_control`; `terminal/screen` holds a frame back |
//! | what a click or the wheel does | `app/mouse`; the places of the tabs come from `ui::draw` |
//! | what a picture may cost on that link | `graphics/budget`, `graphics/quantize` |
//! | which callbacks are taken, and when they are answered with 200 | `listen/admission`, `listen/writer` |
//! | a new overlay | a file each in `app/overlay` and `ui/overlay`, variants of `OverlayKind` and `OverlayAction`, a key in `app/keymap`, hints in `ui/footer/hints` |
//! | a new command | a variant of `cli::Command`, a file in `command` and an arm in its `dispatch` |
//!
//! # Invariants
//!
//! - Log text reaches a terminal as [`text::Safe`] only. Colours are chosen in `ui/theme` only.
//! - All change is [`app::App::update`]; `ui::draw` takes `&App`.
//! - Nothing that was read is dropped without a count and a place on the screen.
//! - Imports equal the table in `tests/architecture.rs`, and files form no cycle.
//!
//! # Glossary
//!
//! One word for one thing. A type name stands for one thing; only `State`, which never leaves its module, stands twice.
//!
//! | word | meaning |
//! |---|---|
//! | event, [`EventKey`](picture::EventKey) | one message as logged, most often a `thumbnailComplete`; its number in the catalog |
//! | asset, [`AssetKey`](catalog::AssetKey) | one video; its newest event decides its status |
//! | snapshot, sample, dot, cover | one `{offset, url}` of an event, and the list it stood in |
//! | offset | a place in a video, in milliseconds; of a partition of Kafka, the number of a record |
//! | picture, [`PictureKey`](picture::PictureKey) | the JPEG of a snapshot, from the network to the terminal |
//! | progression, template | snapshots whose offsets and numbers rise by equal steps; a URL with holes for id, number and signature |
//! | record | one unit of a source: a line, a pretty-printed object, a message |
//! | container, envelope, notation | a way to store lines (docker, CRI, journald); the JSON of another service around an event; a way to quote one |
//! | origin, rank, generation | the place of a record; the place of a file among the arguments; how often a file name started over |
//! | topic, partition, broker, tombstone | as in Kafka; each partition is a file, in which the offset of a record is its place |
//! | follower | reads what one name refers to, across rotation and truncation |
//! | open file, rotated file, read history | the file that is being read; one that lost its name and is read to its end; which content has been read |
//! | link, shell, transport | the way to a host, over all losses; the program at its other end; how that is started |
//! | login | a connection of ssh on which its questions are answered before the screen is taken, and that shells then share |
//! | scheduler, demand, backoff | decides which picture is fetched next; a wanted picture and since when; the wait before a second attempt |
//! | flow control, acknowledgement, slice | how many bytes may be on their way to the terminal; the answer of the terminal; a part of a picture |
//! | protocol, placement, cell | how pictures are drawn (kitty, iTerm2, sixel, blocks); a picture at a place on the screen; a character position |
//! | check, verdict, finding | fetches and judges the pictures of many assets; what is wrong with a picture; a verdict on one picture with its reason |
//! | grade | bad, a warning, unchecked or sound: the class of a picture by its worst verdict |
//! | sticking, holding | the selection follows the newest row; it stays on the asset that is looked at |
//! | comparison, excerpt | the marked picture beside another one; a part of a picture, or the difference of two |
//! | scrub speed | whether keys repeat, so that previews are enough |
//! | dither, block size, tolerance, target bytes, minimum PSNR | settings of the quantiser |
//! | callback, journal, delivery | an HTTP request of SMN or MFS that brings an event; the file that `listen` keeps it in; what tells a double from a new one |
//! | notice | an unparsed record, or something that happened to a source; kept for the key `!` |
//! | overlay, prompt, toast, pane, view, layout | parts of the screen |
//! | histogram, bar, bin | events over time; one stretch of it on the overlay, and in the header |
//! | resume point | the filter, the order and the selection of a session, which the next one may take up |
//! | diagnostics, verbosity | messages on stderr and in `--log-file`, and how many of them |

pub mod text;

pub mod event;

pub mod picture;

pub mod judge;

pub mod catalog;

pub mod app;

pub mod ui;

pub mod source;

pub mod media;

pub mod graphics;

pub mod terminal;

pub mod listen;

pub mod cli;

pub mod report;

pub mod demo;

pub mod diagnostics;

pub mod regular_file;

pub mod session;

pub mod command;
