//! The mouse: what is clicked, dragged and scrolled, in the state of the screen and in the real program.

use crate::support::{
    pty::Session,
    stage::{Stage, TestEvent},
};
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use std::fs;
use thumbview::{
    app::{
        Message,
        list::{Stick, tab::StatusTab},
        panes::View,
    },
    ui,
};

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const RELEASE: MouseEventKind = MouseEventKind::Up(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);

fn send(stage: &mut Stage, kind: MouseEventKind, at: Position) {
    let mouse = MouseEvent { kind, column: at.x, row: at.y, modifiers: KeyModifiers::NONE };
    stage.send(Message::Mouse(mouse));
}

fn click(stage: &mut Stage, at: Position) {
    send(stage, CLICK, at);
    send(stage, RELEASE, at);
}

fn centre(area: Rect) -> Position {
    Position::new(area.x + area.width / 2, area.y + area.height / 2)
}

/// The tabs of a frame as they were drawn, with the text that stands in their places.
fn tabs(stage: &Stage) -> Vec<(String, StatusTab)> {
    let size = stage.app.screen().size;
    let mut buffer = Buffer::empty(Rect::from((Position::ORIGIN, size)));
    let drawn = ui::draw(&mut buffer, &stage.app);
    let text = |area: Rect| area.positions().map(|at| buffer[at].symbol()).collect();
    drawn.tabs.into_iter().map(|(area, tab)| (text(area), tab)).collect()
}

fn tabs_are_where_they_are_drawn() {
    let check = |keys: &str, width, expected: &[&str]| {
        let mut stage = Stage::filled(width, 30);
        stage.keys(keys);
        let found = tabs(&stage);
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, expected, "{keys} at {width}");
        assert!(found.iter().map(|(_, tab)| *tab).eq(StatusTab::ALL.into_iter().take(found.len())));
    };
    check("", 100, &["All 6", "FAILED 2", "SUCCEED 3", "other 1"]);
    check("f \"samples>0\" Enter", 140, &["All 4 of 6", "FAILED 1 of 2", "SUCCEED 3", "other 0 of 1"]);
    check("z", 100, &[]);
    let mut stage = Stage::filled(100, 30);
    stage.send(Message::Tab(StatusTab::Failed));
    assert_eq!((stage.app.list().tab(), stage.app.list().rows().len()), (StatusTab::Failed, 2));
    stage.keys("c");
    stage.send(Message::Tab(StatusTab::All));
    assert!(stage.app.overlay().is_none(), "the list can be seen");
    stage.keys("i");
    stage.send(Message::Tab(StatusTab::Failed));
    assert!(stage.app.overlay().is_some(), "the facts go along with the selected asset");
}

fn pictures_of_the_sheet_and_the_strip_are_clicked() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("k k t");
    let page = stage.app.pane().sheet().unwrap();
    click(&mut stage, centre(page.grid.place(page.area, 4).0));
    assert_eq!((stage.app.timeline().cursor(), stage.app.screen().view), (4, View::Sheet));
    assert_eq!(stage.app.list().stick(), Stick::Holding);
    click(&mut stage, centre(page.grid.place(page.area, 4).1));
    assert_eq!(stage.app.screen().view, View::Panes, "the picture under the cursor is shown, as Enter does");
    let mut stage = Stage::filled(100, 60);
    let strip = stage.app.pane().strip().unwrap();
    click(&mut stage, centre(strip.grid.place(strip.area, 1).0));
    assert_eq!((stage.app.timeline().cursor(), stage.app.screen().view), (1, View::Panes));
}

fn the_timeline_is_dragged_to_a_picture() {
    let mut stage = Stage::filled(100, 30);
    let bar = stage.app.panes().timeline_bar().unwrap();
    let cursor = |stage: &Stage| stage.app.timeline().cursor();
    send(&mut stage, CLICK, Position::new(bar.right() - 1, bar.y));
    assert_eq!(cursor(&stage), 5);
    send(&mut stage, DRAG, Position::new(bar.x + bar.width / 2, bar.y - 5));
    assert!((2..=3).contains(&cursor(&stage)));
    send(&mut stage, DRAG, Position::new(0, 0));
    assert_eq!(cursor(&stage), 0);
    send(&mut stage, RELEASE, Position::new(0, 0));
    send(&mut stage, DRAG, Position::new(bar.right() - 1, bar.y));
    assert_eq!(cursor(&stage), 0, "the button is up");
}

fn the_wheel_moves_what_is_under_it() {
    let mut stage = Stage::filled(100, 30);
    let panes = stage.app.panes();
    let (list, picture) = (centre(panes.list.unwrap()), centre(panes.picture.unwrap()));
    send(&mut stage, MouseEventKind::ScrollUp, list);
    assert_eq!(stage.app.list().selected_row(), 4);
    send(&mut stage, MouseEventKind::ScrollDown, list);
    send(&mut stage, MouseEventKind::ScrollDown, picture);
    assert_eq!((stage.app.list().selected_row(), stage.app.timeline().cursor()), (5, 1));
    stage.keys("t");
    send(&mut stage, MouseEventKind::ScrollDown, picture);
    assert!(stage.app.timeline().cursor() > 1, "a row of the sheet");
    stage.keys("t ?");
    let position = |stage: &Stage| stage.app.overlay().unwrap().position;
    send(&mut stage, MouseEventKind::ScrollDown, picture);
    assert_eq!(position(&stage), 1);
    click(&mut stage, list);
    assert_eq!(stage.app.list().selected_row(), 5, "the overlay covers the list");
}

/// A click as a terminal reports it, in cells from 0.
fn report(column: usize, row: u16) -> String {
    format!("\x1b[<0;{0};{1}M\x1b[<0;{0};{1}m", column + 1, row + 1)
}

fn a_click_reaches_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let event = |id: &str, status: &str| {
        let info = format!(r#"{{"asset_id":"{id}","status":"{status}","sample":[],"dots":[]}}"#);
        format!("{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{info}}}\n")
    };
    fs::write(&log, event("first", "SUCCEED") + &event("second", "FAILED") + &event("third", "SUCCEED")).unwrap();
    let mut session = Session::start(&["tail", "--mouse", log.to_str().unwrap()], (100, 30), &[]);
    session.wait_for_text("FAILED 1");
    session.wait_for_text("Assets 3/3");
    let tabs = session.text().lines().nth(1).unwrap().to_owned();
    let at = tabs.chars().take_while(|c| *c != 'F').count();
    session.type_keys(&report(at, 1));
    session.wait_for_text("Assets 1/1");
    session.type_keys(&report(3, 1));
    session.wait_for_text("Assets 3/3");
    let row = session.text().lines().position(|line| line.contains("first")).unwrap();
    session.type_keys(&report(8, u16::try_from(row).unwrap()));
    session.wait_for_text("Assets 1/3");
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
}

fn many_pictures_turn_the_page_under_the_mouse() {
    let offsets: Vec<i64> = (0..100).collect();
    let mut stage = Stage::new(100, 30);
    stage.log_event(&TestEvent { id: "a", samples: &offsets, ..TestEvent::default() });
    stage.keys("t $");
    let page = stage.app.pane().sheet().unwrap();
    assert!(page.first > 0);
    click(&mut stage, centre(page.grid.place(page.area, 1).0));
    assert_eq!(stage.app.timeline().cursor(), page.first + 1);
}

crate::tests! {
    tabs_are_where_they_are_drawn,
    pictures_of_the_sheet_and_the_strip_are_clicked,
    the_timeline_is_dragged_to_a_picture,
    the_wheel_moves_what_is_under_it,
    a_click_reaches_the_program,
    many_pictures_turn_the_page_under_the_mouse,
}
