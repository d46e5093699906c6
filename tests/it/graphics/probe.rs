//! The abilities of a terminal, found by its answers and its environment.

use super::*;

fn canvas_of(environment: Environment, replies: &[&str]) -> (Probe, Vec<bool>) {
    let mut probe = Probe::new(environment, DrawingChoice::default());
    probe.set_window(Size::new(100, 30), PixelSize::default());
    let changed = replies.iter().map(|reply| probe.answer(reply.replace('␛', "\x1b").as_bytes())).collect();
    (probe, changed)
}

fn environment(term: &str) -> Environment {
    Environment { term: term.to_owned(), ..Environment::default() }
}

fn forced_protocol(protocol: Protocol) -> DrawingChoice {
    DrawingChoice { protocol: Some(protocol), symbols: None }
}

fn in_tmux(terminal: &str, sixel: bool, passthrough: bool) -> Environment {
    let client = TmuxClient { terminal: terminal.to_owned(), sixel, passthrough };
    Environment { tmux: true, tmux_client: Some(client), ..environment("tmux-256color") }
}

fn terminals_are_detected_by_their_answers() {
    let vscode = Environment { term_program: "vscode".to_owned(), ..environment("xterm-256color") };
    #[rustfmt::skip]
    let cases: [Case; 16] = [
        ("kitty over ssh", environment("xterm-kitty"), &["␛P>|kitty(0.26.5)␛\\", OK, "␛[6;18;9t", "␛[4;540;900t", "␛[?62;c"], Protocol::Kitty, ColourDepth::True, "9x18", false),
        ("xterm", environment("xterm"), &["␛P>|XTerm(379)␛\\", "␛[?2;0;1000;1000S", "␛[?63;1;2;4;6;9;15;22c"], Protocol::Sixel, ColourDepth::True, "10x20", false),
        ("xterm without sixel", environment("xterm"), &["␛P>|XTerm(379)␛\\", "␛[?64;1;2;6;9;15;22c"], Protocol::Blocks, ColourDepth::True, "10x20", false),
        ("foot", environment("foot"), &["␛P>|foot(1.13.1)␛\\", "␛[6;20;10t", "␛[?62;4;22c"], Protocol::Sixel, ColourDepth::True, "10x20", false),
        ("xterm.js", environment("xterm-256color"), &["␛[6;17;9t", "␛[4;510;882t", "␛[?62;4;9;22c"], Protocol::Sixel, ColourDepth::True, "8.8x17", false),
        ("VS Code", vscode.clone(), &["␛[?62;4;9;22c"], Protocol::Iterm2, ColourDepth::True, "10x20", false),
        ("VS Code, images off", vscode, &["␛[?1;2c"], Protocol::Blocks, ColourDepth::Indexed, "10x20", false),
        ("iTerm2 over ssh", environment("xterm-256color"), &["␛P>|iTerm2 3.5.0␛\\", "␛[?62;4c"], Protocol::Iterm2, ColourDepth::True, "10x20", false),
        ("alacritty", environment("alacritty"), &["␛[4;600;1000t", "␛[?6c"], Protocol::Blocks, ColourDepth::True, "10x20", false),
        ("Terminal.app", environment("xterm-256color"), &["␛[?1;2c"], Protocol::Blocks, ColourDepth::Indexed, "10x20", false),
        ("tmux 3.3a, passthrough", in_tmux("kitty(0.41.1)", false, true), &["␛P>|tmux 3.3a␛\\", "␛[?1;2c", OK], Protocol::Kitty, ColourDepth::True, "10x20", false),
        ("tmux far away, passthrough", environment("tmux-256color"), &["␛P>|tmux 3.3a␛\\", "␛[?1;2c", OK, "␛P>|kitty(0.41.1)␛\\"], Protocol::Kitty, ColourDepth::True, "10x20", false),
        ("tmux, old kitty", in_tmux("kitty(0.26.5)", false, true), &["␛P>|tmux 3.3a␛\\", "␛[?1;2c", OK], Protocol::Blocks, ColourDepth::True, "10x20", true),
        ("tmux, no passthrough", in_tmux("kitty(0.41.1)", false, false), &["␛P>|tmux 3.3a␛\\", "␛[?1;2c"], Protocol::Blocks, ColourDepth::True, "10x20", true),
        ("tmux 3.5a with sixel", in_tmux("foot(1.21.0)", true, false), &["␛P>|tmux 3.5a␛\\", "␛[?1;2;4c"], Protocol::Sixel, ColourDepth::True, "10x20", false),
        ("GNU screen", environment("screen.xterm-256color"), &["␛[?1;2c"], Protocol::Blocks, ColourDepth::Indexed, "10x20", true),
    ];
    for (name, environment, replies, protocol, colours, cell, hinted) in cases {
        let (before, _) = canvas_of(environment.clone(), &[]);
        assert_eq!((before.canvas().protocol, before.canvas().hint), (Protocol::Blocks, None), "{name}, mute");
        // Answers come in any order.
        let mut replies = replies.to_vec();
        for _ in 0..replies.len() {
            replies.rotate_left(1);
            let (probe, changed) = canvas_of(environment.clone(), &replies);
            let canvas = probe.canvas();
            assert_eq!(canvas.protocol, protocol, "{name}");
            assert_eq!(canvas.colours, colours, "{name}");
            assert_eq!(canvas.cell.to_string(), cell, "{name}");
            assert_eq!(canvas.hint.is_some(), hinted, "{name}: {:?}", canvas.hint);
            assert_eq!(changed.contains(&true), canvas != before.canvas(), "{name}");
            assert!(probe.report().len() > 10);
        }
    }
}

fn symbols_are_those_that_the_terminal_surely_draws() {
    let check = |environment: Environment, version: &str, expected| {
        let (probe, _) = canvas_of(environment.clone(), &[version]);
        assert_eq!(probe.canvas().symbols, expected, "{version} {environment:?}");
    };
    check(environment("xterm-kitty"), "␛P>|kitty(0.41.1)␛\\", Symbols::Octant);
    check(environment("xterm-kitty"), "␛P>|kitty(0.26.5)␛\\", Symbols::Sextant);
    check(environment("foot"), "␛P>|foot(1.21.0)␛\\", Symbols::Octant);
    check(environment("foot"), "␛P>|foot(1.13.1)␛\\", Symbols::Sextant);
    check(environment("xterm-256color"), "␛P>|WezTerm 20240203-110809-5046fc22␛\\", Symbols::Sextant);
    check(environment("xterm-ghostty"), "␛P>|ghostty 1.2.0␛\\", Symbols::Octant);
    check(environment("xterm"), "␛P>|XTerm(398)␛\\", Symbols::Quadrant);
    check(environment("alacritty"), "␛[?6c", Symbols::Quadrant);
    check(in_tmux("kitty(0.41.1)", false, true), "␛P>|tmux 3.3a␛\\", Symbols::Quadrant);
    let wezterm = Environment { term_program: "WezTerm".to_owned(), ..environment("xterm-256color") };
    check(wezterm, "␛[?65c", Symbols::Sextant);
    let choice = DrawingChoice { protocol: None, symbols: Some(Symbols::Half) };
    assert_eq!(Probe::new(environment("foot"), choice).canvas().symbols, Symbols::Half);
}

fn hyperlinks_are_sent_where_the_terminal_has_them() {
    let check = |environment: Environment, version: &str, expected| {
        let (probe, _) = canvas_of(environment.clone(), &[version]);
        assert_eq!(probe.canvas().has_hyperlinks, expected, "{version} {environment:?}");
    };
    check(environment("xterm-kitty"), "␛P>|kitty(0.41.1)␛\\", true);
    check(environment("foot"), "␛P>|foot(1.13.1)␛\\", true);
    check(environment("xterm-256color"), "␛P>|VTE(7001)␛\\", true);
    check(environment("xterm-256color"), "␛P>|VTE(4800)␛\\", false);
    check(environment("xterm"), "␛P>|XTerm(398)␛\\", false);
    check(environment("alacritty"), "␛[?6c", false);
    check(environment("linux"), "␛[?6c", false);
    check(environment("screen"), "␛P>|kitty(0.41.1)␛\\", false);
    check(in_tmux("kitty(0.41.1)", false, true), "␛P>|tmux 3.3a␛\\", false);
    check(in_tmux("kitty(0.41.1)", false, true), "␛P>|tmux 3.5a␛\\", true);
    let code = Environment { term_program: "vscode".to_owned(), ..environment("xterm-256color") };
    check(code, "␛[?1;2c", true);
}

fn queries_are_safe_for_the_terminal() {
    let query = |environment| {
        String::from_utf8(Probe::new(environment, DrawingChoice::default()).query()).unwrap().replace('\x1b', "␛")
    };
    let plain = query(environment("xterm-256color"));
    assert!(plain.contains("␛_Gi=31") && !plain.contains("Ptmux") && plain.ends_with("␛[c"), "{plain}");
    let tmux = query(in_tmux("", false, true));
    assert!(tmux.contains("␛Ptmux;␛␛_Gi=31") && tmux.ends_with("␛[c"), "{tmux}");
    assert!(!tmux.replace("␛␛_G", "").contains("␛_G"), "a bare one becomes the pane's title: {tmux}");
    assert_eq!(query(environment("screen")), "␛[c");
    // Terminals that print the text of APC, DCS and OSC strings, or of a control sequence with `>`.
    for term in ["linux", "linux-16color", "vt100", "vt102", "vt220", "ansi", "cons25", "dumb"] {
        assert_eq!(query(environment(term)), "␛[c", "{term}");
    }
    let apple = Environment { term_program: "Apple_Terminal".to_owned(), ..environment("xterm-256color") };
    assert_eq!(query(apple.clone()), "␛[16t␛[14t␛]11;?␛\\␛[c");
    // A protocol that the operator asks for is asked about.
    for environment in [apple, environment("linux")] {
        let forced = |protocol| Probe::new(environment.clone(), forced_protocol(protocol)).query();
        assert!(forced(Protocol::Kitty).starts_with(b"\x1b[>q\x1b_G"), "{environment:?}");
        assert!(!forced(Protocol::Blocks).starts_with(b"\x1b[>q"), "{environment:?}");
    }
    assert_eq!(
        Probe::new(in_tmux("", false, true), DrawingChoice::default()).repeat_query().map(|again| again.len()),
        Some(Probe::new(in_tmux("", false, true), DrawingChoice::default()).query().len())
    );
    assert_eq!(Probe::new(in_tmux("foot(1.21.0)", false, true), DrawingChoice::default()).repeat_query(), None);
    assert_eq!(Probe::new(environment("xterm"), DrawingChoice::default()).repeat_query(), None);
}

fn implausible_cell_sizes_are_ignored() {
    let check = |cells: (u16, u16), pixels: (u32, u32), replies: &[&str], expected: &str| {
        let (mut probe, _) = canvas_of(environment("xterm"), replies);
        probe.set_window(Size::new(cells.0, cells.1), PixelSize { width: pixels.0, height: pixels.1 });
        let cell = probe.canvas().cell;
        assert_eq!(cell.to_string(), expected, "{cells:?} {pixels:?} {replies:?}");
    };
    check((100, 30), (904, 604), &[], "9x20");
    check((100, 30), (0, 0), &[], "10x20");
    check((80, 24), (640, 480), &[], "8x20");
    check((200, 50), (640, 480), &[], "3x9");
    check((300, 100), (640, 480), &[], "10x20");
    check((100, 30), (904, 604), &["␛[6;1;0t"], "9x20");
    check((0, 0), (904, 604), &["␛[4;600;1000t"], "10x20");
    check((100, 30), (904, 604), &["␛[6;22;11t"], "11x22");
    // Cells of fractions of a pixel, rounded up and down; the margin of a window that is no multiple of its cells.
    check((100, 30), (0, 0), &["␛[6;17;9t", "␛[4;510;882t"], "8.8x17");
    check((100, 30), (0, 0), &["␛[6;17;8t", "␛[4;521;841t"], "8.4x17");
    check((100, 30), (0, 0), &["␛[6;20;10t", "␛[4;615;1009t"], "10x20");

    let (mut probe, _) = canvas_of(environment("xterm"), &["␛[6;17;9t", "␛[4;510;882t"]);
    probe.set_window(Size::new(90, 26), PixelSize::default());
    assert_eq!(probe.canvas().cell.to_string(), "8.8x17", "another window size does not change the cell");
    assert_eq!(probe.query_sizes(), b"\x1b[16t\x1b[14t\x1b[c", "the last one tells when no answer is due any more");
    assert!(Probe::new(environment("linux"), DrawingChoice::default()).query_sizes().is_empty());
}

fn a_later_answer_of_tmux_counts() {
    let (mut probe, _) = canvas_of(in_tmux("", false, false), &["␛P>|tmux 3.3a␛\\", "␛[?1;2c"]);
    assert_eq!(probe.canvas().hint, None, "an unknown terminal may have no pictures at all");
    let helps = |probe: &Probe| probe.report().into_iter().find(|(name, _)| name.as_str() == "what helps");
    let helps = helps(&probe).map(|(_, text)| text.to_string()).unwrap_or_default();
    assert!(helps.contains("put into ~/.tmux.conf: set -g allow-passthrough on"), "{helps}");
    probe.set_environment(in_tmux("kitty(0.41.1)", false, false));
    assert!(probe.canvas().hint.is_some_and(|hint| hint.as_str().contains("allow-passthrough")));
}

fn a_forced_protocol_stays() {
    let mut probe = Probe::new(in_tmux("", false, false), forced_protocol(Protocol::Iterm2));
    assert_eq!(probe.canvas().protocol, Protocol::Iterm2);
    assert!(!probe.answer(b"\x1b[?1;2c") && probe.canvas().hint.is_none());
}

/// Name, environment, answers; expected protocol, colours, cell size, and presence of a hint.
type Case = (&'static str, Environment, &'static [&'static str], Protocol, ColourDepth, &'static str, bool);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    fn any_bytes_can_be_parsed(bytes: Vec<u8>, tail in "[\\[P\\]_>?0-9;a-zGt:/|$]{0,40}") {
        let mut probe = Probe::new(environment("xterm"), DrawingChoice::default());
        probe.answer(&bytes);
        probe.answer(format!("\x1b{tail}").as_bytes());
        probe.answer(format!("\x1b{tail}\x1b\\").as_bytes());
        prop_assert!(probe.canvas().cell.pixels(Size::new(1, 1)).width > 0);
    }
}

crate::tests! {
    any_bytes_can_be_parsed,
    terminals_are_detected_by_their_answers,
    symbols_are_those_that_the_terminal_surely_draws,
    hyperlinks_are_sent_where_the_terminal_has_them,
    queries_are_safe_for_the_terminal,
    implausible_cell_sizes_are_ignored,
    a_later_answer_of_tmux_counts,
    a_forced_protocol_stays,
}
