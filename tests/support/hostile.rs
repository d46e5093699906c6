//! Text that attacks a terminal, in every field of a log; and what a terminal would make of the bytes it is sent.

/// What each field is tried with: C0 and DEL, C1 in both forms, titles, the clipboard, links, bidi, Zalgo.
pub(crate) const ATTACKS: [&str; 9] = [
    "\u{1b}[2J\u{1b}[777;777H\u{1b}[777m",
    "\u{1b}]0;777\u{7}",
    "\u{1b}]52;c;Nzc3\u{1b}\\777",
    "\u{1b}]8;;http://x/\u{7}\u{1b}\\777",
    "\u{9b}777m\u{9d}0;777\u{9c}\u{90}777\u{9c}",
    "\u{1b}P777q\u{1b}\\\u{1b}_G777\u{1b}\\\u{1b}^777\u{1b}\\",
    "777\r\n\t\u{8}\u{8}\u{0}\u{c}\u{e}\u{7f}",
    "777\u{202e}gpj.exe\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}",
    "777a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
];

/// Nine assets, each attack in every field of one; a line that cannot be taken; bytes that are no UTF-8.
pub(crate) fn log(base: &str) -> Vec<u8> {
    let mut log = Vec::new();
    for (at, attack) in ATTACKS.into_iter().enumerate() {
        let event = |status: &str, code: Option<&str>| {
            serde_json::json!({"event_type": "thumbnailComplete", "thumbnail_info": {
                "asset_id": format!("{at}{attack}"), "status": status, "title": attack,
                "error_code": code, "error_msg": code,
                "sample": [{"offset": 0, "url": format!("{base}{attack}")}],
            }})
        };
        for event in [event("SUCCEED", None), event(attack, Some(attack))] {
            log.extend_from_slice(format!("{event}\n").as_bytes());
        }
    }
    log.extend_from_slice(b"\x1b[777m \x9b777m {\"event_type\":\"thumbnailComplete\",\x1b]0;777\x07 \xff\n");
    log
}

/// The control sequences in what a terminal was sent, each to its end; strings with all that is in them.
pub(crate) fn sequences(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\u{1b}');
    // What stands before the first of them is text.
    parts.next();
    let end_of = |part: &str| match part.bytes().next() {
        Some(b'[') => part.char_indices().skip(1).find(|(_, c)| ('@'..='~').contains(c)).map(|(at, _)| at + 1),
        Some(b']' | b'P' | b'_' | b'^' | b'X') => part.find('\u{7}').map(|at| at + 1),
        Some(_) | None => Some(part.len().min(2)),
    };
    parts.map(|part| part.get(..end_of(part).unwrap_or(part.len())).unwrap_or(part).to_owned()).collect()
}

/// The control characters of a text, C1 too, but those that may be there; panics where it is no UTF-8.
pub(crate) fn controls(bytes: &[u8], but: &[u8]) -> Vec<char> {
    let text = std::str::from_utf8(bytes).unwrap();
    let may_be = |c: char| u8::try_from(c).is_ok_and(|byte| but.contains(&byte));
    text.chars().filter(|c| c.is_control() && !may_be(*c)).collect()
}
