//! Encoders, painter and probe: quality and bytes of encoded pictures, the pictures on the screen, detected terminals.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels are small numbers"
)]

mod kitty_terminal;
mod pictures;
pub(crate) mod probe;

use kitty_terminal::KittyTerminal;
use pictures::{decode, fit_for, pane_size, photo, psnr, scaled};
use proptest::prelude::*;
use ratatui::layout::{Rect, Size};
use std::sync::Arc;
use thumbview::{
    event::PictureKind,
    graphics::{Environment, Painter, Probe, TmuxClient, prepare},
    picture::{
        CellSize, ColourDepth, DrawingChoice, EventKey, Excerpt, Fit, Multiplexer, Picture, PictureKey, PixelSize,
        Placement, Prepared, Protocol, Quality, Symbols,
    },
};

/// The answer to the kitty query.
const OK: &str = "␛_Gi=31;OK␛\\";

const SCREEN: Size = Size { width: 100, height: 30 };

fn bytes_of(prepared: &Prepared) -> &[u8] {
    let Prepared::Bytes { bytes, .. } = prepared else { panic!("blocks where bytes were expected") };
    bytes
}

/// Returns the bytes of a picture's first display: those of the painter, or of the screen for blocks.
fn first_display_bytes(picture: &Picture, fit: Fit) -> usize {
    let prepared = prepare(picture, fit);
    if let Prepared::Blocks(grid) = &prepared {
        return pictures::bytes_of_cells(grid);
    }
    let mut out = Vec::new();
    Painter::new().reconcile(&[placement(0, Rect::new(1, 1, 80, 23), fit, prepared)], SCREEN, &mut out);
    out.len()
}

fn placement(index: u32, area: Rect, fit: Fit, prepared: Prepared) -> Placement {
    let key = PictureKey { event: EventKey(0), kind: PictureKind::Sample, index };
    Placement { key, area, fit, prepared: Arc::new(prepared), preview: None }
}

fn pictures_keep_their_byte_target_and_their_psnr() {
    // Protocol, quality, most bytes of the first display, lowest PSNR in dB; an 80-column pane with cells of 10x20.
    let budgets = [
        (Protocol::Kitty, Quality::Full, 220_000, 35.0),
        (Protocol::Kitty, Quality::Preview, 60_000, 30.0),
        (Protocol::Iterm2, Quality::Full, 90_000, 35.0),
        (Protocol::Iterm2, Quality::Preview, 90_000, 30.0),
        (Protocol::Sixel, Quality::Full, 460_000, 35.0),
        (Protocol::Sixel, Quality::Preview, 140_000, 30.0),
        (Protocol::Blocks, Quality::Full, 50_000, 30.0),
    ];
    for (width, height) in [(1280, 720), (480, 270)] {
        let picture = photo(width, height);
        for (protocol, quality, max_bytes, min_psnr) in budgets {
            let fit = fit_for(&picture, protocol, quality);
            let bytes = first_display_bytes(&picture, fit);
            let psnr = psnr_of(&picture, fit, &prepare(&picture, fit));
            println!("{width}x{height} {} {quality:?}: {bytes} bytes, {psnr:.1} dB", protocol.as_str());
            assert!(bytes <= max_bytes, "{width}x{height} {protocol:?} {quality:?}: {bytes} bytes");
            assert!(psnr >= min_psnr, "{width}x{height} {protocol:?} {quality:?}: {psnr:.1} dB");
        }
    }
}

/// Returns the PSNR in decibels of a prepared picture against the picture scaled to its pane.
fn psnr_of(picture: &Picture, fit: Fit, prepared: &Prepared) -> f64 {
    let shown = decode(prepared, fit.protocol);
    let pane = match fit.protocol {
        Protocol::Sixel => shown.size,
        // What a quadrant averages cannot be shown by any.
        Protocol::Blocks | Protocol::None => {
            PixelSize { width: u32::from(fit.cells.width) * 2, height: u32::from(fit.cells.height) * 2 }
        }
        Protocol::Kitty | Protocol::Iterm2 => pane_size(fit),
    };
    psnr(&scaled(&shown, pane), &scaled(picture, pane))
}

fn a_picture_that_cannot_keep_both_keeps_its_psnr() {
    let picture = pictures::thicket(1280, 720);
    // Protocol, quality, most bytes, lowest PSNR in dB; the bytes are those that this PSNR takes.
    let cases = [
        (Protocol::Kitty, Quality::Full, 220_000, 35.0),
        (Protocol::Iterm2, Quality::Full, 100_000, 35.0),
        (Protocol::Sixel, Quality::Full, 460_000, 34.0),
        (Protocol::Sixel, Quality::Preview, 280_000, 30.0),
    ];
    for (protocol, quality, max_bytes, min_psnr) in cases {
        let fit = fit_for(&picture, protocol, quality);
        let prepared = prepare(&picture, fit);
        let (bytes, psnr) = (bytes_of(&prepared).len(), psnr_of(&picture, fit, &prepared));
        println!("{} {quality:?}: {bytes} bytes, {psnr:.1} dB", protocol.as_str());
        assert!(bytes <= max_bytes, "{protocol:?} {quality:?}: {bytes} bytes");
        assert!(psnr >= min_psnr, "{protocol:?} {quality:?}: {psnr:.1} dB");
    }
}

fn a_picture_larger_than_its_pane_is_sent_at_the_panes_size() {
    let sizes =
        [((1280, 720), (800, 460)), ((800, 450), (800, 450)), ((480, 270), (480, 270)), ((1280, 300), (800, 180))];
    for ((width, height), expected) in sizes {
        let picture = photo(width, height);
        for protocol in [Protocol::Kitty, Protocol::Iterm2] {
            let Prepared::Bytes { size, .. } = prepare(&picture, fit_for(&picture, protocol, Quality::Full)) else {
                panic!("blocks where bytes were expected")
            };
            assert_eq!((size.width, size.height), expected, "{width}x{height} {protocol:?}");
        }
    }
}

fn golden_bytes() {
    let (w, k, r) = ([255_u8; 3], [0_u8; 3], [255_u8, 0, 0]);
    let pixels: Vec<u8> = [[w, w, k, k], [w, w, k, k], [r, r, r, r], [r, r, r, r], [k; 4], [k; 4]].concat().concat();
    let picture = pictures::picture(4, 6, pixels);
    let fit = |protocol, multiplexer| Fit {
        excerpt: Excerpt::Whole,
        cells: Size::new(2, 1),
        cell: CellSize::new(2, 6),
        protocol,
        symbols: Symbols::default(),
        colours: ColourDepth::True,
        quality: Quality::Full,
        target_bytes: u32::MAX,
        multiplexer,
    };
    let text = |protocol, multiplexer| {
        let prepared = prepare(&picture, fit(protocol, multiplexer));
        String::from_utf8(bytes_of(&prepared).to_vec()).unwrap().replace('\x1b', "␛").replace('\x07', "␇")
    };
    assert_eq!(
        text(Protocol::Sixel, Multiplexer::None),
        "␛P0;1;0q\"1;1;4;6#0;2;0;0;0#1;2;100;0;0#2;2;100;100;100#0oorr$#1!4K$#2BB␛\\"
    );
    let iterm2 = text(Protocol::Iterm2, Multiplexer::None);
    assert!(iterm2.starts_with("␛]1337;File=inline=1;size="), "{iterm2}");
    assert!(iterm2.contains(";width=2;height=1;preserveAspectRatio=0;doNotMoveCursor=1:/9j/"), "{iterm2}");
    assert!(iterm2.ends_with('␇'));
    assert!(text(Protocol::Iterm2, Multiplexer::Tmux).starts_with("␛Ptmux;␛␛]1337;"));
    assert!(text(Protocol::Kitty, Multiplexer::None).starts_with("iVBORw0KGgo"));
}

fn a_jpeg_that_fits_is_sent_as_fetched() {
    let picture = pictures::with_jpeg(photo(120, 60));
    let fit = fit_for(&picture, Protocol::Iterm2, Quality::Full);
    let prepared = prepare(&picture, fit);
    assert_eq!(pictures::payload(bytes_of(&prepared)), &*picture.jpeg);
    let small = Fit { cells: Size::new(6, 2), ..fit };
    let again = pictures::payload(bytes_of(&prepare(&picture, small)));
    assert_ne!(again, &*picture.jpeg, "one that is larger than its pane is reduced");
}

fn a_sixel_drawing_fills_cells_of_fractions_of_a_pixel() {
    let cell = CellSize::of_area(PixelSize { width: 882, height: 510 }, Size::new(100, 30)).unwrap();
    let picture = photo(480, 270);
    let fit = Fit { cells: Size::new(80, 20), cell, ..fit_for(&picture, Protocol::Sixel, Quality::Full) };
    let Prepared::Bytes { size, .. } = prepare(&picture, fit) else { panic!("blocks where bytes were expected") };
    assert_eq!((size.width, size.height), (705, 336));
}

fn a_sixel_drawing_of_a_huge_window_is_bounded() {
    let picture = photo(640, 360);
    let fit = Fit { cells: Size::new(480, 135), ..fit_for(&picture, Protocol::Sixel, Quality::Preview) };
    let Prepared::Bytes { bytes, size } = prepare(&picture, fit) else { panic!("blocks where bytes were expected") };
    assert_eq!((size.width, size.height), (4800, 2700));
    assert!(bytes.len() <= 4 << 20, "{}", bytes.len());
}

fn larger_sets_of_symbols_show_more_detail() {
    let picture = photo(480, 270);
    let psnrs = Symbols::ALL.map(|symbols| {
        let fit = Fit { symbols, ..fit_for(&picture, Protocol::Blocks, Quality::Full) };
        let prepared = prepare(&picture, fit);
        let shown = decode(&prepared, Protocol::Blocks);
        let psnr = psnr(shown.rgb(), &scaled(&picture, shown.size));
        println!("{}: {psnr:.1} dB, {} bytes", symbols.as_str(), first_display_bytes(&picture, fit));
        psnr
    });
    assert!(psnrs.is_sorted(), "{psnrs:?}");
    assert!(psnrs[3] > psnrs[0] + 1.0, "{psnrs:?}");
}

fn every_picture_fits_every_pane() {
    for (width, height) in [(1, 1), (1, 900), (900, 1), (33, 7)] {
        let picture = photo(width, height);
        for protocol in Protocol::ALL {
            for (columns, rows) in [(0, 0), (1, 1), (400, 1), (1, 400), (13, 7)] {
                let fit = Fit { cells: Size::new(columns, rows), ..fit_for(&picture, protocol, Quality::Full) };
                assert!(prepare(&picture, fit).cost() < 60_000_000);
            }
        }
    }
}

fn a_drawing_for_tmux_keeps_its_limit() {
    let picture = pictures::noise(1280, 720);
    let fit = Fit {
        cells: Size::new(160, 45),
        multiplexer: Multiplexer::Tmux,
        ..fit_for(&picture, Protocol::Sixel, Quality::Full)
    };
    match prepare(&picture, fit) {
        Prepared::Bytes { bytes, .. } => assert!(bytes.len() <= 1_000_000, "{}", bytes.len()),
        Prepared::Blocks(grid) => assert_eq!(grid.size, fit.cells),
    }
}

fn kitty(index: u32, area: Rect, payload: &str, multiplexer: Multiplexer) -> Placement {
    let fit = Fit { multiplexer, ..fit_for(&photo(4, 2), Protocol::Kitty, Quality::Full) };
    let size = PixelSize { width: 100, height: 50 };
    placement(index, area, fit, Prepared::Bytes { bytes: payload.as_bytes().into(), size })
}

fn send(painter: &mut Painter, wanted: &[Placement]) -> String {
    let mut out = Vec::new();
    painter.reconcile(wanted, SCREEN, &mut out);
    String::from_utf8(out).unwrap().replace('\x1b', "␛")
}

fn a_picture_is_transmitted_once_and_placed_again_by_its_id() {
    let mut painter = Painter::new();
    let area = Rect::new(10, 5, 20, 8);
    let (one, two) = (kitty(1, area, "AAAA", Multiplexer::None), kitty(2, area, "BBBB", Multiplexer::None));
    assert!(send(&mut painter, std::slice::from_ref(&one)).contains(";AAAA␛"));
    assert_eq!(send(&mut painter, std::slice::from_ref(&one)), "", "nothing changed");
    let swap = send(&mut painter, std::slice::from_ref(&two));
    assert!(
        swap.find("a=p").unwrap() < swap.find("a=d,d=i").unwrap(),
        "the new one is placed before the old one is hidden"
    );
    let back = send(&mut painter, std::slice::from_ref(&one));
    assert!(back.len() <= 200 && !back.contains("AAAA"), "{back}");
    assert!(send(&mut painter, &[]).contains("a=d,d=i"), "an overlay hides the picture");
    painter.forget();
    assert!(send(&mut painter, &[one]).contains("AAAA"), "a cleared screen has lost it");
    let mut out = Vec::new();
    painter.clear(&mut out);
    assert_eq!(out.windows(7).filter(|window| window == b"a=d,d=I").count(), 1);
    assert!(painter.cleanup().is_empty());
}

fn sixels_are_drawn_again_only_after_they_were_gone() {
    let mut painter = Painter::new();
    let fit = fit_for(&photo(4, 2), Protocol::Sixel, Quality::Full);
    let bytes: Arc<[u8]> = b"\x1bPq~\x1b\\".as_slice().into();
    let size = PixelSize { width: 1, height: 6 };
    let shown = placement(1, Rect::new(2, 1, 3, 2), fit, Prepared::Bytes { bytes, size });
    let drawing = "␛[2;3H␛Pq~␛\\";
    let first = send(&mut painter, std::slice::from_ref(&shown));
    assert_eq!(first, format!("␛[m␛[2;3H␛[3X␛[3;3H␛[3X{drawing}"));
    assert_eq!(send(&mut painter, std::slice::from_ref(&shown)), "");
    assert_eq!(send(&mut painter, &[]), "", "the cells that are written erase it");
    assert!(send(&mut painter, std::slice::from_ref(&shown)).contains(drawing));
    let outside = Placement { area: Rect::new(98, 1, 3, 2), ..shown };
    assert_eq!(send(&mut painter, &[outside]), "", "not on the screen");
}

fn pictures_keep_the_budget_of_a_slow_link() {
    // kitty and iTerm2 can always keep the budget; the fewest bytes of sixel depend on its pane.
    let picture = photo(480, 270);
    for (protocol, budgets) in
        [(Protocol::Kitty, [36_000, 2_000]), (Protocol::Iterm2, [36_000, 2_000]), (Protocol::Sixel, [90_000, 14_000])]
    {
        for max_bytes in budgets {
            let fit = Fit { target_bytes: max_bytes, ..fit_for(&picture, protocol, Quality::Full) };
            let prepared = prepare(&picture, fit);
            let bytes = bytes_of(&prepared).len();
            let shown = decode(&prepared, protocol);
            let psnr = psnr(&scaled(&shown, pane_size(fit)), &scaled(&picture, pane_size(fit)));
            println!("{} in {max_bytes}: {bytes} bytes, {psnr:.1} dB", protocol.as_str());
            assert!(bytes <= max_bytes as usize, "{protocol:?}: {bytes} of {max_bytes}");
            assert!(bytes >= max_bytes as usize / 4, "{protocol:?}: only {bytes} of {max_bytes}");
            assert!(psnr >= 17.0, "{protocol:?} in {max_bytes}: {psnr:.1} dB");
        }
    }
}

/// Returns a placement with a preview.
fn with_preview(index: u32, area: Rect, preview: &str, full: &str) -> Placement {
    let preview = kitty(index, area, preview, Multiplexer::None);
    let fit = Fit { quality: Quality::Preview, target_bytes: 4000, ..preview.fit };
    Placement { preview: Some((fit, preview.prepared)), ..kitty(index, area, full, Multiplexer::None) }
}

fn on_a_slow_link_the_preview_is_sent_first() {
    let (mut painter, mut terminal) = (Painter::new(), KittyTerminal::default());
    let area = Rect::new(10, 5, 20, 8);
    let (preview, full) = ("AAAA".repeat(300), "BBBB".repeat(3000));
    let other = kitty(2, area, "CCCC", Multiplexer::None);
    painter.limit_frame_bytes(1000);
    let mut frames = |wanted: &Placement, count: usize| {
        for _ in 0..count {
            let mut out = Vec::new();
            painter.reconcile(std::slice::from_ref(wanted), SCREEN, &mut out);
            assert!(out.len() < 1400, "a slice of {} bytes", out.len());
            terminal.read(&out);
        }
        let shown: String = terminal.placed().into_iter().map(|(_, data)| data).collect();
        (shown.chars().next(), shown.len(), painter.is_sending())
    };
    let both = with_preview(1, area, &preview, &full);
    assert_eq!(frames(&both, 2), (Some('A'), preview.len(), true));
    assert_eq!(frames(&both, 13), (Some('B'), full.len(), false));
    assert_eq!(frames(&other, 1), (Some('C'), 4, false));
    assert_eq!(frames(&both, 1), (Some('B'), full.len(), false), "the terminal has it already");
}

fn a_preview_is_sent_to_its_end() {
    let (mut painter, mut terminal) = (Painter::new(), KittyTerminal::default());
    let area = Rect::new(10, 5, 20, 8);
    let preview = |index, data: &str| {
        let placement = kitty(index, area, data, Multiplexer::None);
        Placement { fit: Fit { quality: Quality::Preview, ..placement.fit }, ..placement }
    };
    painter.limit_frame_bytes(1000);
    let mut seen = Vec::new();
    // Another is wanted with each frame, as while a key is held; each takes three.
    for index in 0..9_u8 {
        let wanted = preview(index.into(), &char::from(b'A' + index).to_string().repeat(2400));
        let mut out = Vec::new();
        painter.reconcile(&[wanted], SCREEN, &mut out);
        terminal.read(&out);
        seen.extend(terminal.placed().first().and_then(|(_, data)| data.chars().next()));
    }
    seen.dedup();
    assert!(seen.len() >= 3, "{seen:?}");
}

fn a_picture_is_never_replaced_by_one_of_less_detail() {
    let mut painter = Painter::new();
    let fit = fit_for(&photo(4, 2), Protocol::Sixel, Quality::Full);
    let drawn = |index, fit, text: &str, x| {
        let prepared = Prepared::Bytes { bytes: text.as_bytes().into(), size: PixelSize { width: 1, height: 6 } };
        placement(index, Rect::new(x, 1, 3, 2), fit, prepared)
    };
    let poor = Fit { target_bytes: 1000, ..fit };
    assert!(send(&mut painter, &[drawn(1, poor, "poor", 2)]).contains("poor"));
    assert!(send(&mut painter, &[drawn(1, fit, "rich", 2)]).contains("rich"));
    assert_eq!(send(&mut painter, &[drawn(1, poor, "poor", 2)]), "");
    assert!(send(&mut painter, &[drawn(2, poor, "other", 2)]).contains("other"));
    // Pictures that cannot be sliced are sent one a frame on a slow link.
    painter.limit_frame_bytes(1000);
    let many = [drawn(3, fit, &"three".repeat(300), 2), drawn(4, fit, &"four".repeat(300), 12)];
    let first = send(&mut painter, &many);
    assert!(first.contains("three") && !first.contains("four") && painter.is_sending());
    assert!(send(&mut painter, &many).contains("four") && !painter.is_sending());
}

fn in_tmux_cells_are_blanked_with_spaces() {
    let mut painter = Painter::new();
    let fit = Fit { multiplexer: Multiplexer::Tmux, ..fit_for(&photo(4, 2), Protocol::Sixel, Quality::Full) };
    let prepared = Prepared::Bytes { bytes: b"-".as_slice().into(), size: PixelSize { width: 1, height: 6 } };
    let drawn = send(&mut painter, &[placement(1, Rect::new(2, 1, 3, 2), fit, prepared)]);
    assert_eq!(drawn, "␛[m␛[2;3H   ␛[3;3H   ␛[2;3H-");
}

fn the_terminal_stores_a_bounded_number_of_images() {
    let (mut painter, mut terminal) = (Painter::new(), KittyTerminal::default());
    let area = Rect::new(10, 5, 20, 8);
    for index in 0..600 {
        let mut out = Vec::new();
        painter.reconcile(&[kitty(index, area, &format!("A{index:03}"), Multiplexer::None)], SCREEN, &mut out);
        terminal.read(&out);
        assert_eq!(terminal.placed(), [(10, format!("A{index:03}"))]);
        assert!(terminal.images.len() <= 255);
    }
    let heads: Vec<u32> = terminal.images.keys().map(|id| id >> 24).collect();
    assert!(heads.iter().all(|head| *head == heads[0] && *head > 0), "all ids are the process's own");
    assert_eq!(terminal.images.len(), 255);
    terminal.read(&painter.cleanup());
    assert!(terminal.images.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
    fn the_screen_shows_the_wanted_pictures(
        steps in prop::collection::vec((prop::collection::vec((0_u32..9, 0_u16..3), 0..3), 0..12_u8), 1..25),
        in_tmux: bool,
    ) {
        let multiplexer = if in_tmux { Multiplexer::Tmux } else { Multiplexer::None };
        let payloads: Vec<String> = (0..9_u8).map(|n| char::from(b'A' + n).to_string().repeat(3000 * usize::from(n) + 4)).collect();
        let mut painter = Painter::new();
        let mut terminal = KittyTerminal::default();
        for (wanted, event) in steps {
            let mut places: Vec<Placement> = Vec::new();
            for (picture, place) in wanted {
                let area = Rect::new(place * 30, 2, 20, 8);
                if places.iter().all(|other| other.area != area) {
                    places.push(kitty(picture, area, &payloads[picture as usize], multiplexer));
                }
            }
            match event {
                0 => { painter.forget(); terminal.clear_screen(); }
                1 => painter.limit_frame_bytes(4096),
                2 => painter.limit_frame_bytes(usize::MAX),
                3 => {
                    let mut out = Vec::new();
                    painter.clear(&mut out);
                    terminal.read(&out);
                    prop_assert!(terminal.images.is_empty() && terminal.incomplete.is_none());
                    terminal.clear_screen();
                }
                _ => {}
            }
            let mut out = Vec::new();
            painter.reconcile(&places, SCREEN, &mut out);
            terminal.read(&out);
            // In some steps the wanted pictures change while one is partly sent.
            if event % 2 == 0 {
                for _ in 0..40 {
                    out.clear();
                    painter.reconcile(&places, SCREEN, &mut out);
                    terminal.read(&out);
                }
                prop_assert!(!painter.is_sending());
                out.clear();
                painter.reconcile(&places, SCREEN, &mut out);
                prop_assert!(out.is_empty(), "nothing changed");
                if !in_tmux {
                    let mut expected: Vec<(u16, String)> =
                        places.iter().map(|p| (p.area.x, String::from_utf8_lossy(bytes_of(&p.prepared)).into_owned())).collect();
                    expected.sort();
                    prop_assert_eq!(terminal.placed(), expected);
                }
            }
        }
        let cleanup = painter.cleanup();
        terminal.read(&cleanup);
        prop_assert!(terminal.images.is_empty(), "no image stays in the terminal");
    }
}

crate::tests! {
    pictures_keep_their_byte_target_and_their_psnr,
    a_picture_that_cannot_keep_both_keeps_its_psnr,
    a_picture_larger_than_its_pane_is_sent_at_the_panes_size,
    golden_bytes,
    a_jpeg_that_fits_is_sent_as_fetched,
    a_sixel_drawing_fills_cells_of_fractions_of_a_pixel,
    a_sixel_drawing_of_a_huge_window_is_bounded,
    larger_sets_of_symbols_show_more_detail,
    every_picture_fits_every_pane,
    a_drawing_for_tmux_keeps_its_limit,
    a_picture_is_transmitted_once_and_placed_again_by_its_id,
    sixels_are_drawn_again_only_after_they_were_gone,
    pictures_keep_the_budget_of_a_slow_link,
    on_a_slow_link_the_preview_is_sent_first,
    a_preview_is_sent_to_its_end,
    a_picture_is_never_replaced_by_one_of_less_detail,
    in_tmux_cells_are_blanked_with_spaces,
    the_terminal_stores_a_bounded_number_of_images,
    the_screen_shows_the_wanted_pictures,
}
