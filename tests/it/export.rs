//! `export` with pictures from a loopback server, the config file, and diagnostics.

use crate::support::pty::{PROGRAM, Session};
use crate::support::server::{ImageServer, answer, picture};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

const JPEG: &[u8] = include_bytes!("../fixtures/hostile/base.jpg");

/// A folder with a log in it, a server with its pictures, and the runtime that the server runs on.
struct Place {
    folder: tempfile::TempDir,
    server: ImageServer,
    runtime: tokio::runtime::Runtime,
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    /// `good` has three pictures, one of which is not to be had; an id that no file should have has one; one failed.
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(ImageServer::start(|request| match request.path.as_str() {
            path if path.contains("gone") => answer("403 Forbidden", "", b""),
            path if path.contains("cut") => picture(&JPEG[..JPEG.len() / 2]),
            _ => picture(JPEG),
        }));
        let folder = tempfile::tempdir().unwrap();
        let url = |name: &str| server.url(&format!("/asset/{name}.jpg?auth_key=s3cret"));
        let event = |id: &str, sample: Value| {
            json!({"event_type": "thumbnailComplete", "thumbnail_info": {
                "asset_id": id, "status": "SUCCEED", "sample": sample,
                "dots": [],
            }})
        };
        let failed = json!({"event_type": "thumbnailComplete", "thumbnail_info": {
            "asset_id": "failed", "status": "FAILED", "error_code": "VOD.10104", "error_msg": "=cmd()",
        }});
        let lines = [
            event("../-\u{202e}x\u{1b}", json!([{"offset": 0, "url": url("odd")}])),
            event(
                "good",
                json!([{"offset": 0, "url": url("a")}, {"offset": 5, "url": url("gone")}, {"offset": 10, "url": url("b")}]),
            ),
            failed,
        ];
        let log = lines.map(|line| line.to_string()).join("\n") + "\n";
        fs::write(folder.path().join("vod.log"), log).unwrap();
        Self { folder, server, runtime }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.folder.path()).env_clear().env("LANG", "C.UTF-8");
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// `export`, with leave to fetch from the server.
    fn export(&self, args: &[&str]) -> Ran {
        let host = self.server.host();
        let all = [&["export", "--no-cache", "--timeout", "30s", "--allow-host", &host], args, &["vod.log"]].concat();
        self.run(&all)
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }
}

const ODD: &str = "~2e.~2f-~e2~80~aex~1b_sample_00000.jpg";

fn assets_and_pictures_are_written() {
    let place = Place::new();
    let ran = place.export(&["-o", "json", "--pictures", "out/pictures"]);
    assert_eq!(ran.code, 1, "one picture could not be had: {}", ran.stderr);
    assert_eq!(place.files("out/pictures"), ["good_sample_00000.jpg", "good_sample_00010.jpg", ODD]);
    assert_eq!(fs::read(place.path("out/pictures/good_sample_00010.jpg")).unwrap(), JPEG);
    let list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list["summary"]["assets"], 3);
    let good = &list["assets"][1];
    assert_eq!((&good["asset_id"], &good["samples"]), (&json!("good"), &json!(3)));
    let url = place.server.url("/asset/a.jpg?auth_key=***");
    let first = json!({"kind": "sample", "offset": 0, "url": url, "file": "good_sample_00000.jpg",
                       "outcome": "written", "reason": null});
    assert_eq!(good["pictures"][0], first);
    let gone = &good["pictures"][1];
    assert_eq!((&gone["file"], &gone["outcome"]), (&Value::Null, &json!("failed")));
    assert!(gone["reason"].as_str().unwrap().contains("403"), "{gone}");
    assert_eq!(list["assets"][0]["pictures"], json!([]));
    assert!(ran.stderr.contains("good_sample_00005.jpg: ") && ran.stderr.contains("403"), "{}", ran.stderr);
    let totals = "3 pictures written to out/pictures, 1 failed; 1 asset FAILED and has none\n";
    assert!(ran.stderr.ends_with(totals), "{}", ran.stderr);
    assert!(!ran.stderr.contains("s3cret") && !ran.stdout.contains("s3cret"));
    assert!(place.export(&["--reveal"]).stdout.contains("auth_key=s3cret"));
}

fn assets_without_pictures_are_told() {
    let place = Place::new();
    let ran = place.export(&["-s", "failed", "-o", "jsonl", "--pictures", "out"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr, "thumbview: 0 pictures written: 1 asset FAILED and has none\n");
}

fn show_compares_two_pictures() {
    let place = Place::new();
    let host = place.server.host();
    let show = |args: &[&str]| place.run(&[&["show", "--no-cache", "--allow-host", &host, "vod.log"], args].concat());
    let text = show(&["-p", "none", "good", "--compare", "0:10"]);
    assert_eq!((text.code, text.stdout.as_str()), (0, "0:00 and 0:10: no difference\n"), "{}", text.stderr);
    // The nearest picture is at 0:10; that of another asset is compared, too.
    let ran = show(&["-p", "blocks", "good", "--offset", "0:09", "--compare", "0:00@../"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("no picture at 0:09, nearest: 0:10"), "{}", ran.stderr);
    let captions = ran.stdout.lines().rev().nth(1).unwrap();
    assert!(
        captions.starts_with("0:10 good ")
            && captions.contains("0:00 ../-")
            && captions.trim_end().ends_with("difference"),
        "{captions}"
    );
    assert!(ran.stdout.ends_with("no difference\n") && !ran.stdout.contains('\u{202e}'), "{}", ran.stdout);
    for protocol in ["kitty", "iterm2", "sixel"] {
        let ran = show(&["-p", protocol, "good", "--compare", "10"]);
        assert_eq!(ran.code, 0, "{protocol}: {}", ran.stderr);
        assert!(ran.stdout.len() > 1000 && ran.stdout.ends_with("0:00 and 0:10: no difference\n"), "{protocol}");
    }
    // What several pictures lack is told once.
    let ran = place.run(&["show", "-p", "blocks", "--grid", "3", "--no-cache", "vod.log", "good"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (1, 1), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("thumbview: 3 pictures: ") && ran.stderr.contains("loopback"), "{}", ran.stderr);
    for (place, words) in
        [("0:00", "compared with itself"), ("1:30@nothing", "no asset in vod.log"), ("@", "expected a time")]
    {
        let ran = show(&["-p", "none", "good", "--compare", place]);
        assert!(ran.code > 0 && ran.stderr.contains(words), "{place}: {}", ran.stderr);
    }
    assert_eq!(show(&["-p", "none", "good", "--compare", "0:05"]).code, 1, "a picture that cannot be fetched");
}

fn show_draws_the_block_characters_that_are_asked_for() {
    let place = Place::new();
    let host = place.server.host();
    let show = |symbols| {
        let args =
            ["show", "-p", "blocks", "--symbols", symbols, "--no-cache", "--allow-host", &host, "vod.log", "good"];
        let ran = place.run(&args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let has = |text: &str, glyphs: std::ops::RangeInclusive<char>| text.chars().any(|glyph| glyphs.contains(&glyph));
    let (half, quadrant, sextant) = (show("half"), show("quadrant"), show("sextant"));
    assert!(!has(&half, '▖'..='▟') && has(&quadrant, '▖'..='▟'));
    assert!(!has(&quadrant, '\u{1fb00}'..='\u{1fb3b}') && has(&sextant, '\u{1fb00}'..='\u{1fb3b}'));
}

fn show_ends_quietly_when_its_reader_does() {
    let place = Place::new();
    let host = place.server.host();
    for (protocol, grid) in [("kitty", false), ("iterm2", false), ("sixel", false), ("blocks", false), ("blocks", true)]
    {
        let mut args = vec!["show", "-p", protocol, "--no-cache", "--allow-host", &host, "vod.log", "good"];
        if grid {
            args.push("--grid=1");
        }
        let mut command = Command::new(PROGRAM);
        command.args(&args).current_dir(place.folder.path()).env_clear().env("LANG", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{protocol}: {stderr}");
        assert!(!stderr.contains("cannot print"), "{protocol}: {stderr}");
    }
}

fn files_are_replaced_only_on_request() {
    let place = Place::new();
    fs::create_dir(place.path("out")).unwrap();
    fs::write(place.path("out/good_sample_00000.jpg"), "mine").unwrap();
    let args = ["-a", "good", "-o", "jsonl", "--pictures", "out"];
    let ran = place.export(&args);
    let outcomes = |ran: &Ran| -> Vec<String> {
        let asset: Value = serde_json::from_str(&ran.stdout).unwrap();
        asset["pictures"].as_array().unwrap().iter().map(|picture| picture["outcome"].to_string()).collect()
    };
    assert_eq!(outcomes(&ran), ["\"kept\"", "\"failed\"", "\"written\""]);
    assert_eq!(fs::read(place.path("out/good_sample_00000.jpg")).unwrap(), b"mine");
    assert!(ran.stderr.contains("1 kept because it exists already (--overwrite replaces it)"), "{}", ran.stderr);
    let before = place.server.requests().len();
    let ran = place.export(&args);
    assert_eq!(outcomes(&ran), ["\"kept\"", "\"failed\"", "\"kept\""]);
    let asked = place.server.requests().split_off(before);
    assert!(asked.iter().all(|request| request.path.contains("gone")), "what is kept is not fetched: {asked:?}");
    let ran = place.export(&[&args[..], &["--overwrite"]].concat());
    assert_eq!(outcomes(&ran), ["\"written\"", "\"failed\"", "\"written\""]);
    assert_eq!(fs::read(place.path("out/good_sample_00000.jpg")).unwrap(), JPEG);
}

fn a_link_is_never_written_through() {
    let place = Place::new();
    fs::create_dir(place.path("out")).unwrap();
    fs::write(place.path("victim"), "mine").unwrap();
    std::os::unix::fs::symlink(place.path("victim"), place.path("out/good_sample_00000.jpg")).unwrap();
    let ran = place.export(&["-a", "good", "--pictures", "out", "--overwrite"]);
    assert!(ran.stderr.contains("good_sample_00000.jpg: is not a regular file"), "{}", ran.stderr);
    assert_eq!(fs::read(place.path("victim")).unwrap(), b"mine");
}

fn the_fetch_policy_applies_to_exports() {
    let place = Place::new();
    let ran = place.run(&["export", "--no-cache", "-a", "good", "-o", "jsonl", "--pictures", "out", "vod.log"]);
    assert_eq!((ran.code, place.server.connections()), (1, 0), "{}", ran.stderr);
    let host = place.server.host();
    let line = format!("thumbview: {host}: 3 pictures: ");
    assert!(ran.stderr.starts_with(&line), "refusals are grouped by host: {}", ran.stderr);
    assert!(ran.stderr.contains("loopback"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("--allow-host {host} allows it")), "{}", ran.stderr);
    assert_eq!(place.files("out"), Vec::<String>::new());
}

fn csv_has_a_row_for_each_picture_and_no_formulas() {
    let place = Place::new();
    let ran = place.export(&["-o", "csv", "--pictures", "out"]);
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(ran.stdout.as_bytes()).into_records().map(Result::unwrap).collect();
    let head = ran.stdout.lines().next().unwrap();
    assert!(
        head.ends_with(
            "source.byte,picture.kind,picture.offset,picture.url,picture.file,picture.outcome,picture.reason"
        )
    );
    let columns: Vec<&str> = head.split(',').collect();
    let cell = |row: usize, name: &str| &rows[row][columns.iter().position(|column| *column == name).unwrap()];
    assert_eq!(rows.len(), 5);
    assert_eq!((cell(0, "asset_id"), cell(0, "error_msg"), cell(0, "picture.kind")), ("failed", "'=cmd()", ""));
    assert_eq!((cell(1, "asset_id"), cell(1, "picture.file")), ("good", "good_sample_00000.jpg"));
    assert_eq!((cell(2, "picture.offset"), cell(2, "picture.outcome")), ("5", "failed"));
    assert!(ran.stdout.ends_with("\r\n") && !ran.stdout.contains('\u{1b}'));
}

fn without_a_folder_nothing_is_fetched() {
    let place = Place::new();
    let ran = place.export(&["-o", "jsonl"]);
    assert_eq!((ran.code, ran.stderr.as_str(), place.server.connections()), (0, "", 0));
    assert_eq!(ran.stdout.lines().count(), 3);
    assert!(ran.stdout.contains("\"file\":null,\"outcome\":null,\"reason\":null"), "{}", ran.stdout);
    assert_eq!(place.export(&["-s", "failed", "-o", "jsonl"]).stdout.lines().count(), 1);
    assert_eq!(place.export(&["-o", "table"]).code, 2);
}

fn a_damaged_picture_is_written_and_reported() {
    let place = Place::new();
    let log = fs::read_to_string(place.path("vod.log")).unwrap().replace("gone", "cut");
    fs::write(place.path("vod.log"), log).unwrap();
    let ran = place.export(&["-a", "good", "-o", "jsonl", "--pictures", "out"]);
    let asset: Value = serde_json::from_str(&ran.stdout).unwrap();
    let cut = &asset["pictures"][1];
    assert_eq!(ran.code, 1, "{cut}");
    let named = cut["file"].is_string() == (cut["outcome"] == "written");
    assert!(named && cut["reason"].is_string(), "{cut}");
}

fn the_screen_writes_the_listed_assets() {
    let place = Place::new();
    let (host, log) = (place.server.host(), place.path("vod.log").display().to_string());
    let log_file = place.path("d").display().to_string();
    let args = ["--log-file", &log_file, "open", "-a", "good", "--allow-host", &host, &log];
    let mut session = Session::start(&args, (100, 30), &[]);
    session.wait_for_text("fetched");
    session.type_keys("w");
    session.wait_for_text("write good_sample_00000.jpg");
    let write = |session: &mut Session, name: &str| {
        session.type_keys(&format!("\x15{}\r", place.path(name).display()));
    };
    write(&mut session, "one.jpg");
    session.wait_for_text("picture written to ");
    assert_eq!(fs::read(place.path("one.jpg")).unwrap(), JPEG);
    session.type_keys("w");
    session.wait_for_text("write good_");
    write(&mut session, "set.csv");
    session.wait_for_text("1 asset written to ");
    assert_eq!(fs::read_to_string(place.path("set.csv")).unwrap().lines().count(), 4);
    fs::write(place.path("one.jpg"), "mine").unwrap();
    for (answer, said, left) in [("n", "not written", &b"mine"[..]), ("y", "picture written to ", JPEG)] {
        session.type_keys("w");
        session.wait_for_text("write good_");
        write(&mut session, "one.jpg");
        session.wait_for_text("replace ");
        session.type_keys(answer);
        session.wait_for_text(said);
        assert_eq!(fs::read(place.path("one.jpg")).unwrap(), left);
    }
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    let log_file = fs::read_to_string(log_file).unwrap();
    assert!(
        log_file.contains("/one.jpg: written\n") && log_file.contains("gone.jpg?auth_key=***: HTTP 403"),
        "{log_file}"
    );
}

fn variables_and_options_override_the_config_file() {
    let place = Place::new();
    let folder = place.path("home/thumbview");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "output = 'jsonl'\nasset = 'good'\ncolour = 'red'\n").unwrap();
    let home = place.path("home");
    let home = ("XDG_CONFIG_HOME", home.to_str().unwrap());
    let ran = place.run_with(&["list", "vod.log"], &[home]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("{\"asset_id\":\"good\""), "{}", ran.stdout);
    assert!(ran.stderr.contains("config.toml:3: unknown option colour"), "{}", ran.stderr);
    let ran = place.run_with(&["list", "vod.log"], &[home, ("THUMBVIEW_ASSET", "failed")]);
    assert!(ran.stdout.starts_with("{\"asset_id\":\"failed\""), "{}", ran.stdout);
    let ran = place.run_with(&["list", "-o", "csv", "vod.log"], &[home, ("THUMBVIEW_OUTPUT", "json")]);
    assert!(ran.stdout.starts_with("asset_id,status"), "{}", ran.stdout);
    let ran = place.run_with(&["list", "--summary", "vod.log"], &[("THUMBVIEW_REVEAL", "1")]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

fn a_bad_config_is_a_usage_error_with_its_line() {
    let place = Place::new();
    fs::write(place.path("bad.toml"), "ascii = true\njobs = 'many'\n").unwrap();
    for args in [&["list", "--config", "bad.toml", "vod.log"][..], &["--config", "bad.toml", "vod.log"]] {
        let ran = place.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.starts_with("thumbview: bad.toml:2: jobs: "), "{args:?}: {}", ran.stderr);
    }
    let ran = place.run(&["list", "--config", "none.toml", "vod.log"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("none.toml"), "{}", ran.stderr);
}

fn diagnostics_are_appended_to_the_log_file() {
    let place = Place::new();
    let host = place.server.host();
    let mut log = fs::read_to_string(place.path("vod.log")).unwrap();
    log.push_str("{\"event_type\":\"thumbnailComplete\",\u{1b}[2J\n");
    fs::write(place.path("vod.log"), log).unwrap();
    let args =
        ["export", "-q", "-a", "good", "--no-cache", "--allow-host", &host, "--pictures", "out", "--log-file", "d"];
    let ran = place.run(&[&args[..], &["vod.log"]].concat());
    assert_eq!(ran.stderr.lines().count(), 1, "only why the code is not 0: {}", ran.stderr);
    let log_file = fs::read_to_string(place.path("d")).unwrap();
    for said in [" thumbview ", "vod.log line 4: ", "good_sample_00000.jpg: written", "403", "2 pictures written"] {
        assert!(log_file.contains(said), "{said}: {log_file}");
    }
    assert!(!log_file.contains('\u{1b}') && !log_file.contains("s3cret"), "{log_file}");
    assert_eq!(fs::metadata(place.path("d")).unwrap().permissions().mode() & 0o777, 0o600);
    place.run(&["list", "--log-file", "d", "vod.log"]);
    assert!(fs::read_to_string(place.path("d")).unwrap().starts_with(&log_file), "it is appended to");
    let ran = place.run(&["list", "-v", "vod.log"]);
    assert!(ran.stderr.contains("vod.log line 4: "), "{}", ran.stderr);
}

fn completions_and_manual_pages_are_generated() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("export") && ran.stdout.contains("allow-host"), "{shell}");
    }
    let page = place.run(&["man"]).stdout;
    assert!(page.contains(".TH thumbview 1") && page.contains("export") && page.contains("Examples"), "{page}");
    assert!(place.run(&["man", "export"]).stdout.contains("overwrite"));
    assert_eq!(place.run(&["man", "nonsense"]).code, 2);
    let long = place.run(&["--help"]).stdout;
    let examples = long.split("Examples:").nth(1).unwrap();
    assert_eq!(examples.lines().filter(|line| line.contains("thumbview ")).count(), 5, "{examples}");
    assert!(place.run(&["-h"]).stdout.len() < long.len());
    // The runtime outlives what it serves.
    drop(place.runtime);
}

crate::tests! {
    assets_and_pictures_are_written,
    assets_without_pictures_are_told,
    show_compares_two_pictures,
    show_draws_the_block_characters_that_are_asked_for,
    show_ends_quietly_when_its_reader_does,
    files_are_replaced_only_on_request,
    a_link_is_never_written_through,
    the_fetch_policy_applies_to_exports,
    csv_has_a_row_for_each_picture_and_no_formulas,
    without_a_folder_nothing_is_fetched,
    a_damaged_picture_is_written_and_reported,
    the_screen_writes_the_listed_assets,
    variables_and_options_override_the_config_file,
    a_bad_config_is_a_usage_error_with_its_line,
    diagnostics_are_appended_to_the_log_file,
    completions_and_manual_pages_are_generated,
}
