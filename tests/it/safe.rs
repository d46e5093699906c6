//! Whatever stands in a log: the bytes for the terminal hold our own sequences and safe text, and nothing else.
//!
//! The attacks are put into every field of events, go through the real reader, and are drawn by every box on the
//! screen; then the bytes are read with a splitter that knows our own list alone.

use crate::support::hostile::ATTACKS;
use crate::support::stage::Stage;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use serde_json::json;
use std::num::NonZeroU32;
use thumbview::{
    app::Message,
    event::{FileId, FoundEvents, Health, LogUpdate, Notice, RecordReader, Severity, Time},
    graphics::{Painter, clipboard},
    picture::{FailureKind, Multiplexer, PictureFailure},
    terminal::write_cells,
    text::Safe,
    ui,
};

/// What stands between our sequences: text that is safe already, so that escaping it changes nothing.
fn check_text(text: &str) -> Result<(), TestCaseError> {
    let safe = Safe::new(text);
    prop_assert_eq!(safe.as_str(), text);
    Ok(())
}

/// Splits what the backend wrote into our sequences and text; anything else fails.
fn check_bytes(bytes: &[u8]) -> Result<(), TestCaseError> {
    let text = str::from_utf8(bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut parts = text.split('\u{1b}');
    check_text(parts.next().unwrap_or_default())?;
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map(|at| at + 1);
        let (sequence, rest) = part.split_at(end.unwrap_or(part.len()));
        prop_assert!(is_ours(sequence), "ESC {}", part.escape_debug());
        check_text(rest)?;
    }
    Ok(())
}

/// The list: colours and attributes, the cursor's place on the screen, its hiding and showing. Attacks say 777, which
/// is no colour and no place.
fn is_ours(sequence: &str) -> bool {
    let Some(body) = sequence.strip_prefix('[') else { return false };
    let numbers = |text: &str, most: usize| {
        text.split(';').count() <= most && text.split(';').all(|number| number.parse::<u8>().is_ok())
    };
    match (body.strip_suffix('m'), body.strip_suffix('H'), body.strip_suffix(['G', 'C'])) {
        // Without a number it ends every colour.
        (Some(colours), ..) => colours.is_empty() || numbers(colours, 16),
        (_, Some(place), _) => numbers(place, 2),
        // To a column, or by so many; by one without a number.
        (.., Some(columns)) => columns.is_empty() || numbers(columns, 1),
        _ => false,
    }
}

/// The screen as the bytes that a terminal is sent, by the writer that sends them.
fn drawn(stage: &Stage) -> Vec<u8> {
    let size = stage.app.screen().size;
    let blank = Buffer::empty(Rect::from((Position::ORIGIN, size)));
    let mut screen = blank.clone();
    let placements = ui::draw(&mut screen, &stage.app).placements;
    assert!(placements.is_empty(), "blocks are cells");
    let mut bytes = Vec::new();
    write_cells(&blank, &screen, &mut bytes);
    Painter::new().reconcile(&placements, size, &mut bytes);
    bytes
}

/// What a field may hold: an attack, a piece of one, or anything.
fn hostile_text() -> impl Strategy<Value = String> {
    let attack = prop::sample::select(ATTACKS.to_vec());
    let piece = prop_oneof![
        3 => attack.prop_map(str::to_owned),
        2 => any::<String>(),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{0,12}",
        1 => (0x80_u32..0xa0).prop_map(|code| String::from(char::from_u32(code).unwrap())),
        1 => Just("لا👩\u{200d}👩\u{200d}👧\u{fe0f}新e\u{301}".to_owned()),
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

/// Fields of one asset's events.
fn fields() -> impl Strategy<Value = [String; 7]> {
    [hostile_text(), hostile_text(), hostile_text(), hostile_text(), hostile_text(), hostile_text(), hostile_text()]
}

fn event(status: &str, [id, _, code, message, title, url, other]: &[String; 7]) -> String {
    json!({"event_type": "thumbnailComplete", "thumbnail_info": {
        "asset_id": id, "status": status, "title": title, "error_code": code, "error_msg": message,
        "sample": [{"offset": 0, "url": url}, {"offset": 5, "url": format!("https://h/{other}.jpg")}],
        "dots": [{"offset": 2, "url": format!("http://{other}/")}], other: other,
    }})
    .to_string()
}

/// A session in which everything was said by an attacker.
fn attacked(size: (u16, u16), assets: &[[String; 7]]) -> Stage {
    let mut stage = Stage::new(size.0, size.1);
    let mut log = Vec::new();
    for fields in assets {
        for status in ["SUCCEED", "FAILED", fields[1].as_str()] {
            log.extend_from_slice(format!("{}\n", event(status, fields)).as_bytes());
        }
        log.extend_from_slice(format!("{{\"event_type\":\"thumbnailComplete\",{}\n", fields[6]).as_bytes());
        log.extend_from_slice(b"\x1b[777m \x9b777m {\"event_type\":\"thumbnailComplete\" \xff\n");
    }
    let mut found = FoundEvents::default();
    let mut reader = RecordReader::new(FileId::default());
    reader.read(&log, 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    let [_, _, _, message, title, ..] = &assets[0];
    let FoundEvents { events, rejected, counts } = found;
    for update in [
        LogUpdate::Opened { file: FileId::default(), name: title.as_str().into(), size: None },
        LogUpdate::Batch { events, rejected, counts },
        LogUpdate::Notice(Notice { time: Time::from_micros(0), severity: Severity::Warning, text: Safe::new(message) }),
        LogUpdate::Incomplete { rank: 0, head: Some(Safe::new(message)) },
        LogUpdate::Health { rank: 0, health: Health::Failed(Safe::new(title)) },
    ] {
        stage.send(Message::Log(update));
    }
    stage
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    fn no_box_on_the_screen_passes_anything_on(
        assets in prop::collection::vec(fields(), 1..4),
        size in (1_u16..150, 1_u16..50),
        loads in any::<bool>(),
    ) {
        let mut stage = attacked(size, &assets);
        check_bytes(&drawn(&stage))?;
        let [id, status, code, message, title, url, other] = &assets[0];
        if loads {
            stage.serve();
        } else {
            let advice = vec![Safe::new(url), Safe::new(other)];
            stage.refuse(&PictureFailure { kind: FailureKind::Forbidden, what: Safe::new(message), advice, allow: Some(Safe::new(title)) });
        }
        for keys in ["", "k", "e", "t", "t", "z", "z", "Tab", "Tab", "Tab", "i", "q", "v", "q", "!", "q", "c", "j", "q", "s", "s", "?", "q"] {
            stage.keys(keys);
            check_bytes(&drawn(&stage))?;
        }
        stage.keys("J");
        if stage.app.selected().is_some() {
            stage.read(&[event(status, &assets[0]).as_bytes(), b"\n\x9b777m\xff"].concat());
        }
        check_bytes(&drawn(&stage))?;
        stage.keys("q");
        stage.send(Message::Toast(Safe::new(id)));
        check_bytes(&drawn(&stage))?;
        for prompt in ["/", "f", ":"] {
            stage.keys(prompt);
            for text in [code, title, url] {
                stage.send(Message::Paste(text.clone()));
                check_bytes(&drawn(&stage))?;
            }
            stage.keys("Enter");
            check_bytes(&drawn(&stage))?;
            stage.keys("Esc Esc");
        }
    }

    fn the_clipboard_gets_what_was_copied_in_one_sequence(text in hostile_text()) {
        let bytes = clipboard(text.as_bytes(), Multiplexer::None);
        let inner = bytes.strip_prefix(b"\x1b]52;c;").and_then(|rest| rest.strip_suffix(b"\x07")).unwrap();
        prop_assert_eq!(BASE64_STANDARD.decode(inner).unwrap(), text.as_bytes());
        let tmux = clipboard(text.as_bytes(), Multiplexer::Tmux);
        let wrapped = tmux.strip_prefix(bytes.as_slice()).unwrap();
        prop_assert!(wrapped.starts_with(b"\x1bPtmux;") && wrapped.ends_with(b"\x1b\\"));
    }
}

fn the_splitter_knows_what_is_not_ours() {
    let check = |text: &str, fine: bool| assert_eq!(check_bytes(text.as_bytes()).is_ok(), fine, "{text:?}");
    check("\u{1b}[1;2Hab\u{1b}[38;2;1;2;3;48;5;7m新\u{1b}[7G\u{1b}[m", true);
    for attack in ATTACKS {
        check(attack, false);
        check(&format!("\u{1b}[1;1H{attack}"), false);
    }
    for text in
        ["\u{1b}[3J", "\u{1b}[?1049l", "\u{1b}[5n", "\u{1b}[>c", "\u{1b}]0;x", "\u{1b}c", "\u{1b}", "\u{9b}m", "a\nb"]
    {
        check(text, false);
    }
}

/// Wide characters, emoji, ligatures: however wide a terminal takes them to be, all else stands where it is meant to.
fn wide_text_moves_nothing() {
    let titles = [
        "新品发布会_终版",
        "لا إله",
        "👩\u{200d}🚀 x",
        "ﬁ é e\u{301}",
        "ｆｕｌｌ",
        "한국어 한글",
        "a\u{200d}b",
        "🇨🇳🇩🇪",
        "❤\u{fe0f}!",
    ];
    for title in titles {
        let mut fields = ["14d7b2fa", "SUCCEED", "VOD.1", title, title, "https://h/0.jpg", title].map(str::to_owned);
        fields[0].push_str(title);
        let stage = attacked((100, 30), &[fields]);
        let mut emulator = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
        emulator.process(&drawn(&stage));
        let mut meant = Buffer::empty(Rect::new(0, 0, 100, 30));
        ui::draw(&mut meant, &stage.app);
        let mut borders = 0;
        for (at, cell) in meant.content.iter().enumerate() {
            let (row, column) = (u16::try_from(at / 100).unwrap(), u16::try_from(at % 100).unwrap());
            let seen = emulator.screen().cell(row, column).unwrap().contents();
            if "│┌┐└┘├┤".contains(cell.symbol()) {
                assert_eq!(seen, cell.symbol(), "{title} at {row},{column}");
                borders += 1;
            }
        }
        assert!(borders > 80, "{borders} cells of borders");
    }
}

crate::tests! {
    no_box_on_the_screen_passes_anything_on,
    the_clipboard_gets_what_was_copied_in_one_sequence,
    the_splitter_knows_what_is_not_ours,
    wide_text_moves_nothing,
}
