//! The program without a screen: stdout, stderr and exit codes, on which scripts rely.

pub(crate) mod arguments;

use crate::{
    harness::skip,
    support::{hostile, pty::PROGRAM},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

/// The documentation page of the event.
const DOCUMENT: &str = include_str!("../fixtures/000_e9a22a3f98f5f3b2.txt");
const HEADER: &str = "asset_id,status,samples,dots,last_offset,events,title,duration,error_code,error_msg,first_seen,\
                      last_seen,source.file,source.line,source.byte";

/// The result of a run.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

/// The program in a folder of its own, with `events.log` (the document's event) and `empty.log` in it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        place.write("events.log", event().as_bytes());
        place.write("empty.log", b"");
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(args).current_dir(self.folder.path()).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// With this text in a pipe for stdin.
    fn pipe(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ran::new(output)
    }
}

impl Ran {
    fn new(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn ran(command: &mut Command) -> Ran {
    Ran::new(command.output().unwrap())
}

/// The documented event, over its 27 lines.
fn event() -> &'static str {
    DOCUMENT.split("```").nth(1).unwrap().trim_start_matches('\n')
}

fn check(args: &[&str], code: i32, stdout: &str, stderr: &str) {
    let ran = Place::new().run(args);
    assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
    assert!(ran.stdout.contains(stdout), "{args:?}: {}", ran.stdout);
    assert!(ran.stderr.contains(stderr), "{args:?}: {}", ran.stderr);
    assert_eq!(ran.stderr.is_empty(), stderr.is_empty(), "{args:?}: {}", ran.stderr);
}

fn lists_the_documented_event_as_json() {
    let ran = Place::new().run(&["list", "-o", "json", "events.log"]);
    let expected = json!({
        "assets": [{
            "asset_id": "14d7b2faba0dddd6b4e8936272d6bc3f", "status": "SUCCEED", "samples": 6, "dots": 0,
            "last_offset": 25, "events": 1, "title": null, "duration": null, "error_code": null, "error_msg": null,
            "first_seen": null, "last_seen": null, "source": {"file": "events.log", "line": 1, "byte": 0},
        }],
        "summary": {
            "assets": 1, "succeed": 1, "failed": 0, "other": 0, "events": 1, "other_events": 0, "duplicates": 0,
            "replayed": 0, "lines": 27, "unparsed": 0,
        },
    });
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap(), expected);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

fn lists_an_event_within_a_page() {
    let place = Place::new();
    place.write("page.md", DOCUMENT.as_bytes());
    let ran = place.run(&["list", "-o", "json", "page.md"]);
    let list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list["assets"][0]["source"], json!({"file": "page.md", "line": 6, "byte": 128}));
    assert_eq!(list["assets"][0]["samples"], 6);
    assert_eq!((&list["summary"]["lines"], &list["summary"]["unparsed"]), (&json!(81), &json!(0)));
}

fn exit_codes_and_streams() {
    let summary =
        "assets=1 succeed=1 failed=0 other=0 events=1 other_events=0 duplicates=0 replayed=0 lines=27 unparsed=0\n";
    check(&["list", "events.log"], 0, "14d7b2faba0dddd6b4e8936272d6bc3f  SUCCEED", "");
    check(&["list", "--summary", "events.log"], 0, summary, "");
    check(&["list", "-o", "csv", "events.log"], 0, HEADER, "");
    check(&["list", "-o", "jsonl", "events.log"], 0, "{\"asset_id\":\"14d7", "");
    check(&["open", "events.log"], 0, "{\"event\":\"thumbnailComplete\",", "");
    check(&["events.log"], 0, "{\"event\":\"thumbnailComplete\",", "");
    check(&["list", "-e", "status:failed", "-o", "jsonl", "events.log"], 0, "", "none of 1 asset passes the filter");
    check(&["list", "no.log"], 1, "asset_id", "no.log: ");
    check(&["list", "events.log", "no.log"], 1, "14d7b2faba0dddd6b4e8936272d6bc3f", "no.log: ");
    check(&["open", "no.log"], 1, "", "no.log: ");
    check(&["list", "--nonsense"], 2, "", "--nonsense");
    check(&["list", "-e", "samples<x", "events.log"], 2, "", "needs a number");
    check(&["list", "empty.log"], 3, "asset_id", "snapshot event");
    check(&["list", "-o", "json", "empty.log"], 3, "\"assets\":0", "snapshot event");
    check(&["--help"], 0, "Examples", "");
    check(&["--version"], 0, "thumbview ", "");
}

fn a_pipe_is_read_to_its_end() {
    let place = Place::new();
    for args in [&["tail"][..], &["tail", "-"], &["-"], &["tail", "-o", "jsonl", "-"]] {
        let ran = place.pipe(args, event());
        let line: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
        assert_eq!((&line["status"], line["pictures"].as_array().unwrap().len()), (&json!("SUCCEED"), 6), "{args:?}");
    }
    let ran = place.pipe(&["tail"], "nothing of ours\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains("snapshot event"), "{}", ran.stderr);
}

fn a_near_miss_is_named_with_its_reason() {
    let ran = Place::new().pipe(&["list", "-"], "text\n{\"event_type\":\"thumbnailComplete\",\n\n\n");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("line 2"), "{}", ran.stderr);
}

fn tail_waits_for_a_missing_file() {
    let place = Place::new();
    let mut child = place.command(&["tail", "-n", "+1", "later.log"]).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "thumbview: later.log: not there yet, waiting\n");
    place.write("later.log", event().as_bytes());
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("14d7b2faba0dddd6b4e8936272d6bc3f"), "{line}");
}

fn a_closed_pipe_is_no_failure() {
    let place = Place::new();
    let line = |n: usize| event().replace(['\n', '\t'], "").replace("14d7b2fa", &format!("{n:08}"));
    let log: String = (0..4000).map(|n| line(n) + "\n").collect();
    place.write("many.log", log.as_bytes());
    for args in [&["list", "many.log"][..], &["list", "-o", "csv", "many.log"], &["open", "many.log"]] {
        let mut child = place.command(args).spawn().unwrap();
        let mut head = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut head).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(head.ends_with('\n'), "{args:?}");
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
}

fn tail_ends_when_its_reader_does() {
    let place = Place::new();
    for args in [&["tail", "-n", "+1", "events.log"][..], &["tail", "-n", "0", "events.log"], &["tail", "later.log"]] {
        let mut child = place.command(args).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        if args.contains(&"+1") {
            stdout.read_exact(&mut [0; 100]).unwrap();
        }
        drop(stdout);
        // Nothing is written any more: the program has to notice by itself.
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    }
}

fn filters_know_words_in_quotes_and_sources() {
    let place = Place::new();
    let failed = |id: &str, message: &str| {
        let event = json!({"event_type": "thumbnailComplete", "thumbnail_info": {
            "asset_id": id, "status": "FAILED", "error_code": "VOD.1", "error_msg": message,
        }});
        format!("{event}\n")
    };
    place.write("web1.log", (failed("a", "disk full") + &failed("b", "full disk")).as_bytes());
    place.write("web2.log", failed("c", "disk full").as_bytes());
    let ids = |filter: &str| -> Vec<String> {
        let ran = place.run(&["list", "-o", "csv", "-e", filter, "web1.log", "web2.log"]);
        assert_eq!(ran.code, 0, "{filter}: {}", ran.stderr);
        let rows = ran.stdout.lines().skip(1).map(|row| row.split(',').next().unwrap().to_owned());
        let mut ids: Vec<String> = rows.collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("disk full"), ["a", "b", "c"]);
    assert_eq!(ids(r#""disk full""#), ["a", "c"]);
    assert_eq!(ids(r#"!"disk full""#), ["b"]);
    assert_eq!(ids("source:web1"), ["a", "b"]);
    assert_eq!(ids(r#"source:WEB?.log !source:web1 "disk full""#), ["c"]);
    let ran = place.run(&["tail", "-o", "jsonl", "-e", "source:web2", "--exit-on", "nothing", "-"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
    check(
        &["list", "-e", "stat:failed", "events.log"],
        2,
        "",
        "\"stat:failed\" has an unknown key: the keys are status:",
    );
    check(&["list", "-e", "code:(", "events.log"], 2, "", "\"(\" is not a valid regular expression");
}

fn a_summary_is_of_what_passes() {
    let place = Place::new();
    let failed = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"f","status":"FAILED","error_code":"VOD.10104"}}"#;
    place.write("two.log", [event(), failed, "\n"].concat().as_bytes());
    let ran = place.run(&["list", "--summary", "-s", "failed", "-o", "json", "two.log"]);
    let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&summary["assets"], &summary["failed"], &summary["succeed"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(summary["codes"], json!({"VOD.10104": 1}));
    assert_eq!(summary["unfiltered"], json!({"assets": 2, "succeed": 1, "failed": 1, "other": 0, "events": 2}));
    let whole = place.run(&["list", "--summary", "two.log"]).stdout;
    assert!(whole.ends_with("unparsed=0 code.VOD.10104=1\n"), "{whole}");
}

fn tail_alerts_about_new_events() {
    let place = Place::new();
    let failed = |id: &str| {
        format!(
            r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"FAILED","error_code":"VOD.1"}}}}"#
        ) + "\n"
    };
    place.write("vod.log", failed("old").as_bytes());
    let args = [
        "tail",
        "--exec",
        "cat > exec.out; echo \"$THUMBVIEW_EVENT_ASSET_ID\"",
        "--exit-on",
        "status:failed",
        "vod.log",
    ];
    let mut child = place.command(&args).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("\"old\""), "history is printed: {line}");
    let mut log = fs::OpenOptions::new().append(true).open(place.folder.path().join("vod.log")).unwrap();
    // Until it is loaded, an event counts as history: written again until it is new.
    let mut written = 0;
    while child.try_wait().unwrap().is_none() {
        log.write_all(failed(&format!("new{written}")).as_bytes()).unwrap();
        written += 1;
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    let last = rest.lines().last().unwrap();
    let passed = fs::read_to_string(place.folder.path().join("exec.out")).unwrap();
    assert_eq!(passed.trim_end(), last, "the command had the line that was printed");
    assert!(said.contains("new"), "a command prints to stderr: {said}");
    let ran = place.pipe(&["tail", "--exit-on", "code:VOD.1", "-"], &[failed("a"), failed("b")].concat());
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1), "all of a pipe is new: {}", ran.stdout);
}

fn pictures_of_another_asset_are_told_once() {
    let place = Place::new();
    let other = "24d7b2faba0dddd6b4e8936272d6bc3f";
    let line = |id: &str| {
        format!(
            r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"SUCCEED","sample":[{{"offset":0,"url":"https://h/asset/{other}/0.jpg"}}],"dots":[]}}}}"#
        ) + "\n"
    };
    place.write("vod.log", ["x\n", &line(other), &line("a"), &line("b")].concat().as_bytes());
    let ran = place.run(&["list", "vod.log"]);
    assert_eq!(ran.stderr, "thumbview: 2 events have pictures of another asset; the first is vod.log line 3\n");
    let ran = place.run(&["list", "-o", "jsonl", "vod.log"]);
    assert_eq!(ran.stdout.matches(r#""foreign":1"#).count(), 2, "{}", ran.stdout);
}

fn tail_goes_on_where_its_state_says() {
    let place = Place::new();
    let failed = |id: &str| {
        format!(r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"FAILED"}}}}"#)
            + "\n"
    };
    let path = place.folder.path().join("vod.log");
    let append = |text: &str| {
        let mut log = fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    };
    append(&failed("one"));
    let mut seen = Vec::new();
    for next in ["two", "three", "four"] {
        let mut child = place.command(&["tail", "-n", "+1", "--state", "state", "vod.log"]).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        seen.push(serde_json::from_str::<Value>(&line).unwrap()["asset_id"].as_str().unwrap().to_owned());
        // The state is saved after the line was printed; then the program is killed, and the log is rotated.
        let saved = || fs::read_to_string(place.folder.path().join("state")).unwrap_or_default();
        let before = saved();
        let begun = std::time::Instant::now();
        while saved() == before && begun.elapsed().as_secs() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        fs::rename(&path, place.folder.path().join("vod.log.1")).unwrap();
        append(&failed(next));
    }
    assert_eq!(seen, ["one", "two", "three"], "nothing is lost, nothing comes twice");
    place.write("foreign", b"mine");
    let ran = place.run(&["tail", "--state", "foreign", "vod.log"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("foreign is not a state file of thumbview"), "{}", ran.stderr);
}

/// The user whose processes are counted here; root's never are.
const NOBODY: &str = "65534";

fn threads_that_cannot_be_started_are_reported() {
    let place = Place::new();
    let folder = place.folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.join("thumbview");
    fs::copy(PROGRAM, &program).unwrap();
    for args in ["open events.log", "list events.log"] {
        for limit in 1..4 {
            // Processes of other tests count too, so the limit is what there are and a few more.
            let script = format!(
                "prlimit --pid $$ --nproc=$(( $(ps --no-headers -L -u {NOBODY} | wc -l) + {limit} )) && exec ./thumbview {args}"
            );
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--clear-groups", "sh", "-c", &script]).current_dir(folder);
            command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LANG", "C.UTF-8");
            let Ok(output) = command.stdin(Stdio::null()).output() else { skip("no setpriv") };
            let ran = Ran::new(output);
            if ran.stderr.contains("setpriv") || ran.stderr.contains("prlimit") {
                skip("this user may not become another one");
            }
            let is_refused = ran.code == 1 && ran.stderr.contains("thread");
            // A process that ended meanwhile leaves room for the threads.
            let ran_all_the_same = ran.code == 0 && !ran.stdout.is_empty();
            assert!(is_refused || ran_all_the_same, "{args}, {limit}: {} {}", ran.code, ran.stderr);
            assert!(!ran.stderr.contains("panicked"), "{args}, {limit}: {}", ran.stderr);
        }
    }
}

fn memory_that_is_refused_is_reported() {
    let place = Place::new();
    // More than the limit leaves: one line, which is kept whole while it is read.
    place.write("long.log", &vec![b'x'; 15 << 20]);
    let script = "ulimit -v 70000; exec \"$0\" list long.log";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, PROGRAM]).current_dir(place.folder.path()).env("LANG", "C.UTF-8");
    let ran = ran(shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    assert!(matches!(ran.code, 1 | 3), "{} {}", ran.code, ran.stderr);
    assert!(!ran.stderr.is_empty());
}

fn a_full_disk_is_reported() {
    if !Path::new("/dev/full").exists() {
        skip("no /dev/full");
    }
    for args in
        [&["list", "events.log"][..], &["list", "-o", "csv", "events.log"], &["open", "events.log"], &["--help"]]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = ran(Place::new().command(args).stdout(full));
        assert_eq!(ran.code, 1, "{args:?}");
        let expected = "cannot write to stdout: No space left on device";
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

fn a_full_screen_without_a_terminal_is_refused() {
    let place = Place::new();
    let mut command = Command::new("setsid");
    command.args(["-w", PROGRAM, "open", "-o", "tui", "events.log"]).current_dir(place.folder.path());
    command.env("TERM", "xterm").stdin(Stdio::null());
    let Ok(output) = command.output() else {
        skip("no setsid");
    };
    let ran = Ran::new(output);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("thumbview: no terminal to draw on"), "{}", ran.stderr);
}

fn a_closed_stdout_is_no_crash() {
    let place = Place::new();
    for args in [&["list", "events.log"][..], &["open", "events.log"], &["--version"]] {
        let script = "exec \"$0\" \"$@\" >&-";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, PROGRAM]).args(args).current_dir(place.folder.path());
        let ran = ran(shell.stdin(Stdio::null()).stderr(Stdio::piped()));
        // The standard library puts /dev/null in the place of what is closed: results go where nobody looks.
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
    }
}

fn printed_output_is_plain_on_any_terminal() {
    let place = Place::new();
    let plain = place.run(&["list", "events.log"]).stdout;
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "xterm-256color"), ("LC_ALL", "C")] {
        let ran = ran(place.command(&["list", "events.log"]).env(name, value));
        assert_eq!((ran.code, ran.stdout.as_str()), (0, plain.as_str()), "{name}={value}");
    }
    assert_eq!(hostile::controls(plain.as_bytes(), b"\n"), Vec::<char>::new());
}

fn nothing_in_a_log_is_printed_raw() {
    let place = Place::new();
    let name = "hostile\u{1b}[777m\u{9b}.log";
    place.write(name, &hostile::log("https://cdn.example/"));
    let runs = [
        &["list", name][..],
        &["list", "-o", "csv", name],
        &["list", "-o", "json", name],
        &["list", "-o", "jsonl", name],
        &["list", "--summary", name],
        &["open", name],
        &["list", name, "no\u{1b}]0;777\u{7}.log"],
        &["list", "-e", "code:\u{1b}[777m(", name],
        &["list", "--no\u{1b}[777m", name],
    ];
    for args in runs {
        let ran = place.run(args);
        for text in [&ran.stdout, &ran.stderr] {
            assert_eq!(hostile::controls(text.as_bytes(), b"\r\n"), Vec::<char>::new(), "{args:?}: {text}");
        }
    }
    let ran = place.run(&["list", "-o", "json", name]);
    let list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list["assets"].as_array().unwrap().len(), 9);
    assert!(ran.stdout.contains("\\u001b[777m"), "the original text is there, escaped");
}

/// Splits a command as a shell does: at spaces, but not within single quotes.
fn words(command: &str) -> Vec<std::ffi::OsString> {
    let mut words = Vec::new();
    for (nth, part) in command.split('\'').enumerate() {
        let parts: Vec<&str> = if nth % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
        words.extend(parts.into_iter().map(Into::into));
    }
    words
}

fn documented_commands_parse() {
    // A command may go on in the next line.
    let readme = include_str!("../../README.md").replace("\\\n", " ");
    let help = Place::new().run(&["--help"]).stdout;
    let examples = help.split("Examples:").nth(1).unwrap();
    let mut seen = 0;
    // In the help, what an example is for stands behind two spaces.
    let shown = readme
        .lines()
        .filter(|line| line.starts_with("    "))
        .map(|line| line.replace("cargo run --release --", "thumbview"));
    let examples = examples.lines().map(|line| line.trim().split("  ").next().unwrap().to_owned());
    // Two words name a command, more are one that could be typed.
    let inline = readme.split('`').skip(1).step_by(2).filter(|text| text.split(' ').count() > 2).map(str::to_owned);
    for line in shown.chain(examples).chain(inline) {
        for command in line.split(" | ").map(str::trim).filter(|command| command.starts_with("thumbview ")) {
            let command = command.split(" > ").next().unwrap();
            if let Err(error) = thumbview::cli::parse(&words(command), None) {
                panic!("{command}: {error}");
            }
            seen += 1;
        }
    }
    assert!(seen > 12, "{seen} commands were found");
}

crate::tests! {
    lists_the_documented_event_as_json,
    lists_an_event_within_a_page,
    exit_codes_and_streams,
    a_pipe_is_read_to_its_end,
    a_near_miss_is_named_with_its_reason,
    tail_waits_for_a_missing_file,
    a_closed_pipe_is_no_failure,
    tail_ends_when_its_reader_does,
    filters_know_words_in_quotes_and_sources,
    a_summary_is_of_what_passes,
    tail_alerts_about_new_events,
    pictures_of_another_asset_are_told_once,
    tail_goes_on_where_its_state_says,
    threads_that_cannot_be_started_are_reported,
    memory_that_is_refused_is_reported,
    a_full_disk_is_reported,
    a_full_screen_without_a_terminal_is_refused,
    a_closed_stdout_is_no_crash,
    printed_output_is_plain_on_any_terminal,
    nothing_in_a_log_is_printed_raw,
    documented_commands_parse,
}
