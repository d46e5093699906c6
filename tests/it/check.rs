//! `check` against a server on the loopback, and the check of the full screen.

use crate::{
    harness::skip,
    media::{BASE, decode},
    support::{
        hostile,
        pty::PROGRAM,
        running::PATIENCE,
        server::{Act, ImageServer, Request, answer, picture},
        stage::{Stage, plain},
    },
};
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};
use thumbview::{
    app::{Effect, Message},
    event::Offset,
    picture::{FailureKind, PictureFailure, PictureRequest, PictureUpdate},
};

/// A folder with a log, a server for its pictures, and the runtime that the server runs on.
struct Place {
    folder: tempfile::TempDir,
    server: ImageServer,
    _runtime: tokio::runtime::Runtime,
    log: String,
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr))
    }
}

impl Place {
    fn new(handler: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(ImageServer::start(handler));
        Self { folder: tempfile::tempdir().unwrap(), server, _runtime: runtime, log: String::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Logs an event whose samples are at these seconds.
    fn log(&mut self, id: &str, samples: &[(i64, &str)]) {
        let sample: Vec<Value> = samples
            .iter()
            .map(|(offset, name)| {
                let url = if name.contains("://") { (*name).to_owned() } else { self.server.url(name) };
                json!({"offset": offset, "url": url})
            })
            .collect();
        let event = json!({"event_type": "thumbnailComplete", "thumbnail_info":
            {"asset_id": id, "status": "SUCCEED", "sample": sample}});
        self.log.extend([event.to_string().as_str(), "\n"]);
    }

    fn command(&self, args: &[&str]) -> Command {
        fs::write(self.path("vod.log"), &self.log).unwrap();
        let mut command = Command::new(PROGRAM);
        command.arg("check").args(args).args(["--allow-host", &self.server.host(), "vod.log"]);
        if !args.contains(&"--timeout") {
            command.args(["--timeout", "30s"]);
        }
        command.current_dir(self.folder.path()).env_clear().env("LANG", "C.UTF-8").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::new(self.command(&[&["--no-cache"], args].concat()).output().unwrap())
    }
}

/// A JPEG of a scene, another one for each number.
fn scene(number: u32, width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, |x, y| {
        let (x, y) = (x * 8 / width, y * 8 / height);
        let shade = (x * 5 + y * 3 + 7 * number * (1 + x)) % 23;
        u8::try_from(shade * 9 + 20).unwrap()
    })
}

fn encoded(width: u32, height: u32, luma: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    let grey: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| luma(x, y)).collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode(&grey, width, height, ExtendedColorType::L8).unwrap();
    jpeg
}

/// Answers by the first word of the path: `/scene3/…`, `/404/…`.
fn by_name(request: &Request) -> Vec<Act> {
    let word = request.path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
    let whole = scene(1, 96, 54);
    match word {
        "403" => answer("403 Forbidden", "", b""),
        "404" => answer("404 Not Found", "", b""),
        "429" => answer("429 Too Many Requests", "Retry-After: 60\r\n", b""),
        "html" => answer("200 OK", "Content-Type: text/html\r\n", b"<html>log in</html>"),
        "cut" => picture(&whole[..whole.len() / 2]),
        "lower" => picture(&decode::resized(BASE, 96, 30)),
        "black" => picture(&encoded(96, 54, |_, _| 4)),
        "white" => picture(&encoded(96, 54, |_, _| 250)),
        "tall" => picture(&scene(2, 54, 96)),
        _ => picture(&scene(word.trim_start_matches("scene").parse().unwrap_or(0), 96, 54)),
    }
}

/// Returns the number of the summary.
fn count(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap_or_else(|| panic!("no number {name} in {summary}"))
}

fn assert_adds_up(summary: &Value) {
    let parts: u64 = ["sound", "bad", "warnings", "unchecked"].map(|name| count(summary, name)).iter().sum();
    assert_eq!(parts, count(summary, "pictures"), "{summary}");
}

/// A log with every verdict.
fn all_kinds() -> Place {
    let mut place = Place::new(by_name);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.log("sound", &[(0, "/scene1"), (5, "/scene2"), (10, "/scene3"), (15, "/scene4")]);
    place.log("missing", &[(0, "/scene1"), (5, "/404/a"), (10, "/404/b")]);
    place.log("forbidden", &[(0, "/scene1"), (5, "/403?auth_key=s3cret")]);
    place.log("expired", &[(0, "/403?Expires=1000000000&AWSAccessKeyId=a&Signature=s3cret")]);
    place.log("refused", &[(0, &format!("http://{unused}/x.jpg"))]);
    place.log("bodies", &[(0, "/html"), (5, "/cut"), (10, "/lower")]);
    let other = format!("/scene2/asset/{}/x.jpg", "0".repeat(32));
    place.log("14d7b2faba0dddd6b4e8936272d6bc3f", &[(0, "/scene1"), (5, &other)]);
    place.log("looks", &[(0, "/scene1"), (5, "/black"), (10, "/white"), (15, "/tall"), (20, "/scene3")]);
    place.log("frozen", &[(0, "/scene1"), (5, "/scene1/b"), (10, "/scene1/c"), (15, "/scene2")]);
    place.log("gap", &[(0, "/scene1"), (5, "/scene2"), (10, "/scene3"), (30, "/scene4")]);
    place
}

fn every_verdict_is_told() {
    let place = all_kinds();
    let ran = place.run(&["-o", "json", "--interval", "0", "--junit", "report.xml"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let result = ran.json();
    let summary = &result["summary"];
    assert_adds_up(summary);
    assert_eq!((count(summary, "assets"), count(summary, "pictures")), (10, 29));
    assert_eq!((count(summary, "bad"), count(summary, "warnings"), count(summary, "unchecked")), (9, 7, 0));
    let expected = json!({"missing": 2, "forbidden": 1, "expired": 1, "refused": 1, "not-jpeg": 1, "truncated": 1,
        "damaged": 1, "foreign": 1, "black": 1, "blank": 1, "frozen": 3, "odd-size": 1, "gap": 1});
    assert_eq!(summary["verdicts"], expected);
    let assets = result["assets"].as_array().unwrap();
    assert_eq!(assets.len(), 9, "sound ones are not listed");
    assert_eq!((&assets[0]["asset_id"], &assets[0]["bad"]), (&json!("bodies"), &json!(3)), "the worst comes first");
    let missing = assets.iter().find(|asset| asset["asset_id"] == "missing").unwrap();
    assert_eq!(missing["verdicts"], json!({"missing": 2}));
    let first = json!({"kind": "sample", "offset": 5, "url": place.server.url("/404/a"), "verdict": "missing",
        "reason": "HTTP 404"});
    assert_eq!(missing["findings"][0], first);
    assert!(!ran.stdout.contains("s3cret") && ran.stdout.contains("auth_key=***"));
    let totals = "10 assets, 29 pictures: 13 sound, 9 bad, 7 warnings, 0 unchecked (missing 2, forbidden 1, ";
    assert!(ran.stderr.contains(totals), "{}", ran.stderr);
    let report = fs::read_to_string(place.path("report.xml")).unwrap();
    let report = roxmltree::Document::parse(&report).unwrap();
    let cases: Vec<_> = report.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let failures = report.descendants().filter(|node| node.has_tag_name("failure")).count();
    assert_eq!((cases.len(), failures), (10, 6));
    assert_eq!(report.root_element().attribute("failures"), Some("6"));
}

fn tables_and_csv_name_what_was_found() {
    let place = all_kinds();
    let table = place.run(&["--interval", "0"]);
    assert_eq!(table.code, Some(4));
    let find = |id: &str| table.stdout.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("no {id}"));
    assert!(find("missing").ends_with("3    2         0  missing 0:05 0:10"), "{}", table.stdout);
    assert!(find("frozen").contains("frozen 0:00 0:05 0:10"), "{}", table.stdout);
    assert!(table.stdout.lines().next_back().unwrap().starts_with("10 assets, 29 pictures: "), "{}", table.stdout);
    assert_eq!(table.stderr, "");
    let csv = place.run(&["--interval", "0", "-o", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 16, "a row for each finding");
    let row = rows.iter().find(|row| &row[10] == "not-jpeg").unwrap();
    assert_eq!((&row[0], &row[6], &row[7], &row[8]), ("bodies", "not-jpeg=1 truncated=1 damaged=1", "sample", "0"));
    assert_eq!(&row[11], "not a JPEG: text/html");
    let lines = place.run(&["--interval", "0", "-o", "jsonl", "-a", "looks"]);
    assert_eq!((lines.stdout.lines().count(), lines.code), (1, Some(0)), "warnings alone are no failure");
}

fn grades_can_be_changed() {
    let place = all_kinds();
    let code = |args: &[&str]| {
        let ran = place.run(&[&["--interval", "0", "-o", "json"], args].concat());
        if ran.code != Some(2) {
            assert_adds_up(&ran.json()["summary"]);
        }
        ran.code
    };
    assert_eq!(code(&["-a", "looks", "--fail-on", "black,frozen"]), Some(4));
    assert_eq!(code(&["-a", "missing", "--warn-on", "missing"]), Some(0));
    assert_eq!(code(&["-a", "looks", "--sample", "2"]), Some(0));
    assert_eq!(code(&["--fail-on", "green"]), Some(2));
    assert_eq!(code(&["--fail-on", "gap", "--warn-on", "gap"]), Some(2));
    assert_eq!(code(&["-e", "picture:bad"]), Some(2));
    let mut open = Command::new(PROGRAM);
    open.args(["open", "-o", "jsonl", "-e", "picture:bad", "vod.log"]).current_dir(place.folder.path());
    assert_eq!(open.env_clear().output().unwrap().status.code(), Some(2), "it would pass every event");
    assert_eq!(code(&["-a", "sound", "--no-fetch"]), Some(1), "nothing could be judged");
}

fn a_host_that_limits_requests_is_left_alone() {
    let mut place = Place::new(by_name);
    place.log("a", &[(0, "/429/a"), (5, "/scene1"), (10, "/scene2")]);
    place.log("b", &[(0, "/scene3"), (5, "/scene4")]);
    let ran = place.run(&["-o", "json", "--per-host", "1", "--interval", "0"]);
    let summary = &ran.json()["summary"];
    assert_adds_up(summary);
    assert_eq!(summary["verdicts"], json!({"throttled": 1}));
    assert_eq!((count(summary, "bad"), count(summary, "sound")), (0, 2), "{summary}");
    assert!(ran.stderr.contains("2 pictures unchecked: not requested: 127.0.0.1 limits requests"), "{}", ran.stderr);
    assert_eq!(place.server.requests().len(), 3);
}

fn many_denials_in_a_row_are_a_limit() {
    let mut place = Place::new(by_name);
    for id in ["a", "b", "c"] {
        place.log(id, &[(0, "/403/x"), (5, "/403/y"), (10, "/403/z")]);
    }
    place.log("good", &[(0, "/scene1"), (5, "/scene2")]);
    // The newest asset is checked first.
    let ran = place.run(&["-o", "json", "--per-host", "1", "-j", "1", "--interval", "0"]);
    let summary = &ran.json()["summary"];
    assert_adds_up(summary);
    assert_eq!(summary["verdicts"], json!({"throttled": 5}), "{}", ran.stdout);
    assert_eq!((count(summary, "sound"), count(summary, "unchecked"), count(summary, "bad")), (2, 9, 0));
    assert_eq!((place.server.requests().len(), ran.code), (7, Some(0)));
}

fn hosts_get_few_requests_at_a_time() {
    let mut place = Place::new(|_| vec![Act::Pause(Duration::from_millis(50)), picture(&scene(1, 96, 54)).remove(0)]);
    for id in ["a", "b", "c", "d"] {
        place.log(id, &[(0, "/1"), (5, "/2"), (10, "/3"), (15, "/4"), (20, "/5")]);
    }
    let ran = place.run(&["-o", "json", "-j", "16", "--interval", "0", "--per-host", "3"]);
    assert_eq!(ran.json()["summary"]["verdicts"], json!({"frozen": 20}));
    assert!(place.server.most_in_flight() <= 3, "{}", place.server.most_in_flight());
}

fn a_second_check_needs_fewer_requests() {
    let mut place = Place::new(by_name);
    place.log("a", &[(0, "/scene1"), (5, "/black"), (10, "/scene2"), (15, "/404")]);
    let check = || {
        let ran = Ran::new(place.command(&["-o", "json", "--cache-dir", "cache"]).output().unwrap());
        ran.json()
    };
    let first = check();
    assert_eq!(place.server.requests().len(), 4);
    assert_eq!(check(), first);
    assert_eq!(place.server.requests().len(), 5, "a failure alone is not cached");
}

/// Returns whether this process ignores SIGINT, as a job in the background of a shell does; its children inherit that.
fn ignores_interrupts() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (Signal::INT.as_raw() - 1)) != 0)
}

fn an_interrupted_check_prints_what_is_known() {
    if ignores_interrupts() {
        skip("SIGINT is ignored");
    }
    let mut place = Place::new(|request| if request.path == "/hang" { vec![Act::Hang] } else { by_name(request) });
    place.log("stuck", &[(0, "/scene1"), (5, "/hang")]);
    place.log("known", &[(0, "/404/a"), (5, "/scene2"), (10, "/404/b"), (15, "/scene3")]);
    let child = place.start(&["--no-cache", "--timeout", "10m", "-o", "json"]);
    let began = Instant::now();
    while place.server.requests().len() < 6 {
        assert!(began.elapsed() < PATIENCE, "{} requests", place.server.requests().len());
        thread::sleep(Duration::from_millis(10));
    }
    // The answers are on their way; the last one is not to come.
    thread::sleep(Duration::from_millis(300));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let summary = &ran.json()["summary"];
    assert_adds_up(summary);
    assert_eq!(count(summary, "pictures"), 6);
    assert!(count(summary, "unchecked") >= 1, "{summary}");
}

/// Bodies that attack a decoder: whatever is made of them, each picture is counted once.
fn hostile_pictures_add_up() {
    let slow = ["at the limit", "highly compressed"];
    let bodies: Vec<Vec<u8>> = decode::hostile()
        .into_iter()
        .filter(|(name, ..)| !slow.contains(name))
        .map(|(_, body, _)| body)
        .chain((0..BASE.len()).step_by(97).map(|len| BASE[..len].to_vec()))
        .chain((2..BASE.len()).step_by(131).map(|at| {
            let mut body = BASE.to_vec();
            body[at] ^= 0x5a;
            body
        }))
        .collect();
    let total = bodies.len();
    let paths: Vec<String> = (0..total).map(|index| format!("/{index}")).collect();
    let mut place = Place::new(move |request| {
        picture(request.path[1..].parse().ok().and_then(|index: usize| bodies.get(index)).unwrap())
    });
    for (id, paths) in paths.chunks(7).enumerate() {
        let samples: Vec<(i64, &str)> = (0..).step_by(5).zip(paths.iter().map(String::as_str)).collect();
        place.log(&format!("asset{id}"), &samples);
    }
    let ran = place.run(&["-o", "json", "--interval", "0"]);
    let result = ran.json();
    let summary = &result["summary"];
    assert_adds_up(summary);
    assert_eq!(count(summary, "pictures"), total as u64);
    for asset in result["assets"].as_array().unwrap() {
        let findings = asset["findings"].as_array().unwrap();
        let verdicts: u64 = asset["verdicts"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(findings.len() as u64, verdicts, "{asset}");
        assert!(findings.iter().all(|finding| !finding["reason"].as_str().unwrap().is_empty()), "{asset}");
    }
}

fn a_report_is_valid_xml_whatever_a_log_holds() {
    let mut place = Place::new(by_name);
    place.log = String::from_utf8_lossy(&hostile::log(&place.server.url("/404/"))).into_owned();
    place.log("]]>&amp;<x a='\"'>\u{fffe}\u{0}", &[(0, "/404/]]>&<\u{ffff}")]);
    let ran = place.run(&["-o", "junit", "--interval", "0"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let report = roxmltree::Document::parse(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout));
    let cases = report.descendants().filter(|node| node.has_tag_name("testcase")).count();
    assert_eq!(cases, hostile::ATTACKS.len() + 1);
    assert_eq!(hostile::controls(ran.stdout.as_bytes(), b"\n"), Vec::<char>::new());
    for output in ["table", "json", "jsonl", "csv"] {
        let ran = place.run(&["-o", output, "--interval", "0"]);
        assert_eq!(hostile::controls(ran.stdout.as_bytes(), b"\r\n"), Vec::<char>::new(), "{output}");
    }
}

/// The pictures that the check of the screen requests now.
fn requested(stage: &Stage) -> Vec<PictureRequest> {
    let last = stage.effects.iter().rev().find_map(|effect| {
        let Effect::Check(requests) = effect else { return None };
        Some(requests.clone())
    });
    last.unwrap_or_default()
}

fn the_screen_checks_the_listed_assets() {
    let mut stage = Stage::filled(120, 30);
    stage.serve();
    stage.keys("C");
    let missing =
        PictureFailure { kind: FailureKind::Missing, what: "HTTP 404".into(), advice: Vec::new(), allow: None };
    assert!(stage.screen().contains("of 28"), "{}", stage.screen());
    let mut answered = 0;
    while let Some(request) = requested(&stage).into_iter().find(|request| stage.app.check().is_requested(request.key))
    {
        let is_missing = request.offset == Offset::from_millis(3000);
        let black = request.asset.to_string().starts_with("c0ffee") && request.offset.as_millis() < 15_000;
        stage.send(Message::Picture(match (is_missing, black) {
            (true, _) => PictureUpdate::Failed(request.key, missing.clone()),
            (false, true) => PictureUpdate::Loaded(request.key, plain(0)),
            (false, false) => {
                PictureUpdate::Loaded(request.key, plain(u8::try_from(40 + request.key.index * 8).unwrap()))
            }
        }));
        answered += 1;
        assert!(answered < 40, "each picture once");
    }
    assert!(stage.app.check().progress().is_none(), "{}", stage.screen());
    let screen = stage.screen();
    assert!(screen.contains("checked 28 pictures: 1 bad, 2 warnings, 0 unchecked"), "{screen}");
    assert!(screen.contains(" 2 black") && screen.contains(" 1 missing"), "{screen}");
    for (filter, shown) in [("picture:black", 1), ("picture:bad", 1), ("!picture:bad", 5), ("picture:frozen", 0)] {
        stage.keys(&format!("f C-u \"{filter}\" Enter"));
        assert_eq!(stage.app.list().rows().len(), shown, "{filter}");
    }
    // What was fetched for the check alone is not kept, and is fetched again when it is looked at.
    stage.keys("f C-u \"picture:black\" Enter");
    assert!(!stage.wanted().is_empty());
    stage.keys("l i");
    assert!(stage.screen().contains("black: 100 % of its pixels"), "{}", stage.screen());
}

fn a_stopped_check_requests_nothing() {
    let mut stage = Stage::filled(120, 30);
    stage.keys("C");
    assert!(!requested(&stage).is_empty());
    stage.keys("C");
    assert!(requested(&stage).is_empty() && stage.app.check().progress().is_none());
    assert!(stage.screen().contains("check stopped: 0 of 28 pictures"), "{}", stage.screen());
}

crate::tests!(
    every_verdict_is_told,
    tables_and_csv_name_what_was_found,
    grades_can_be_changed,
    a_host_that_limits_requests_is_left_alone,
    many_denials_in_a_row_are_a_limit,
    hosts_get_few_requests_at_a_time,
    a_second_check_needs_fewer_requests,
    an_interrupted_check_prints_what_is_known,
    hostile_pictures_add_up,
    a_report_is_valid_xml_whatever_a_log_holds,
    the_screen_checks_the_listed_assets,
    a_stopped_check_requests_nothing,
);
