//! A canary in every URL of a log, through the whole program: it may be in what was asked for, and nowhere else.

use crate::support::pty::{Answers, PROGRAM, Session};
use crate::support::server::{Act, ImageServer, answer, picture, redirect};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use thumbview::event::PictureUrl;
use tokio::{io::AsyncWriteExt as _, net::TcpListener, runtime::Runtime};

const JPEG: &[u8] = include_bytes!("../fixtures/hostile/base.jpg");
/// The canary as a value of a query, as a password, and as the digest in a path signed by a key of type B or C.
const CANARY: &str = "SECRET7c1";
const DIGEST: &str = "5ec4e75ec4e75ec4e75ec4e75ec4e75e";
/// `{"auth_key":"SECRET7c1"}` in Base64.
const BODY: &str = "eyJhdXRoX2tleSI6IlNFQ1JFVDdjMSJ9";

/// The asset that failed, and says of which URL.
const FAILED: usize = 99;

/// A server, a log of URLs that fail in all ways, and a folder for the cache.
struct Scene {
    server: ImageServer,
    /// A port on which nobody listens, and one that answers before it is asked, and not in TLS.
    closed: String,
    rude: String,
    _runtime: Runtime,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(ImageServer::start(|request| {
            let path = request.path.as_str();
            match path.split(['?', '/']).nth(1).unwrap() {
                "denied" => {
                    let body = format!("<Code>AccessDenied</Code><Message>you asked for {path}</Message>");
                    answer("403 Forbidden", "", body.as_bytes())
                }
                "login" => answer("200 OK", "Content-Type: text/html\r\n", format!("<a href={path}>").as_bytes()),
                "elsewhere" => redirect(&format!("http://10.0.0.1/x.jpg?token={CANARY}")),
                "closing" => vec![Act::Close],
                _ => picture(JPEG),
            }
        }));
        let closed = runtime.block_on(ImageServer::start(|_| Vec::new())).host();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let rude = listener.local_addr().unwrap().to_string();
        runtime.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
            }
        });
        Self { server, closed, rude, _runtime: runtime, folder: tempfile::tempdir().unwrap() }
    }

    /// Each URL, and what is said where its picture should be; the last is the picture.
    fn urls(&self) -> Vec<(String, &'static str)> {
        let host = self.server.host();
        vec![
            (format!("http://{host}/denied/0.jpg?auth_key=1790000000-0-0-{CANARY}"), "HTTP 403"),
            (format!("http://{host}/login/0.jpg?auth_info={CANARY}"), "not a JPEG"),
            (format!("http://{host}/elsewhere/0.jpg?Signature={CANARY}"), "10.0.0.1"),
            (format!("http://{host}/closing/0.jpg?X-Amz-Signature={CANARY}"), "the server closed the connection"),
            (format!("http://op:{CANARY}@{host}/0.jpg"), "user name or a password"),
            (format!("http://{}/0.jpg?Signature={CANARY}", self.closed), "no connection"),
            (format!("https://thumbview.invalid/0.jpg?token={CANARY}"), "DNS does not know"),
            (format!("https://{}/0.jpg?sign={CANARY}", self.rude), "TLS"),
            (format!("ftp://op:{CANARY}@h/{DIGEST}/asset/0.jpg?token={CANARY}"), "ftp: is not fetched"),
            (format!("http://{host}/{DIGEST}/6ab13c00/asset/0.jpg?auth_key={CANARY}"), "38.6"),
        ]
    }

    fn log(&self) -> PathBuf {
        let mut log = String::new();
        let failed = serde_json::json!({"event_type": "thumbnailComplete", "thumbnail_info": {
            "asset_id": format!("{FAILED:032}"), "status": "FAILED", "error_code": "VOD.1",
            "error_msg": format!("cannot write https://u:{CANARY}@h/{DIGEST}/6ab13c00/asset/x?sign={CANARY}"),
        }});
        writeln!(log, "{failed}").unwrap();
        for (at, (url, _)) in self.urls().iter().enumerate() {
            let event = serde_json::json!({"event_type": "thumbnailComplete", "thumbnail_info": {
                "asset_id": format!("{at:032}"), "status": "SUCCEED", "sample": [{"offset": 0, "url": url}],
            }});
            // Some writers escape what need not be.
            let event = event.to_string();
            log.push_str(&if at % 2 == 0 { event } else { event.replace('/', "\\/").replace('&', "\\u0026") });
            log.push('\n');
        }
        writeln!(log, r#"{{"event_type":"thumbnailComplete","url":"http:\/\/h\/?token={CANARY}" oops}}"#).unwrap();
        write!(log, r#"{{"u":"http://h/?rest={CANARY}"#).unwrap();
        let path = self.folder.path().join("vod.log");
        fs::write(&path, log).unwrap();
        path
    }

    /// Leave to fetch, and where pictures are kept.
    fn options(&self) -> Vec<String> {
        let cache = self.cache().to_str().unwrap().to_owned();
        let allow = |host: String| ["--allow-host".to_owned(), host];
        [
            allow(self.server.host()),
            allow(self.closed.clone()),
            allow(self.rude.clone()),
            ["--cache-dir".to_owned(), cache],
        ]
        .concat()
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }
}

fn check_absent(what: &str, bytes: &[u8]) {
    for canary in [CANARY, DIGEST, BODY] {
        let text = String::from_utf8_lossy(bytes);
        let at = text.find(canary);
        let around = at.map(|at| text.chars().skip(text[..at].chars().count().saturating_sub(200)).take(300));
        assert!(at.is_none(), "{what}: {}", around.unwrap().collect::<String>().escape_debug());
    }
}

/// What the terminal's clipboard was given (OSC 52).
fn copied(session: &Session) -> Vec<String> {
    let bytes = session.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let payloads = text.split("\x1b]52;c;").skip(1).map(|part| part.split('\x07').next().unwrap());
    payloads.map(|payload| String::from_utf8(BASE64_STANDARD.decode(payload).unwrap()).unwrap()).collect()
}

fn no_screen_shows_what_only_copying_gives() {
    let scene = Scene::new();
    let log = scene.log();
    let options = scene.options();
    let mut command = vec![PROGRAM, "tail", log.to_str().unwrap()];
    command.extend(options.iter().map(String::as_str));
    let diary = scene.folder.path().join("diary");
    command.extend(["--log-file", diary.to_str().unwrap()]);
    let mut session = Session::run(&command, (140, 40), &[("COLORTERM", "truecolor")], Answers::Plain);
    let urls = scene.urls();
    for (at, (_, words)) in urls.iter().enumerate().rev() {
        session.wait_for_text(&format!("┌ {at:032}"));
        if at + 1 < urls.len() {
            session.wait_for_text(words);
        } else {
            session.wait_for_text("96x54");
        }
        // What is known of the picture, the event as it came, what the asset went through.
        for (key, title) in [("i", "┌ Picture"), ("J", "thumbnailComplete"), ("v", "┌ History")] {
            session.type_keys(key);
            session.wait_for_text(title);
            session.type_keys("q");
            session.wait_for("the overlay's end", |screen| !screen.contents().contains(title));
        }
        session.type_keys("k");
    }
    session.wait_for_text("cannot write https://***@h/***/***/asset/x?sign=***");
    session.type_keys("c");
    session.wait_for_text("┌ Error codes");
    session.type_keys("qj");
    session.wait_for_text(&format!("┌ {:032}", 0));
    // The unfinished last line.
    session.wait_for_text("rest=***");
    session.type_keys("!");
    session.wait_for_text("Unparsed lines");
    session.wait_for_text("rest=***");
    session.type_keys("qt");
    session.wait_for_text("000");
    session.type_keys("q");
    check_absent("the screen", &session.bytes());
    // Deliberate acts give the true text.
    assert_eq!(copied(&session), Vec::<String>::new());
    session.type_keys("u");
    session.wait_for_text("URL copied");
    session.type_keys("Y");
    session.wait_for_text("event copied");
    let copied = copied(&session);
    assert_eq!(copied[0], urls[0].0);
    assert!(copied[1].contains(CANARY));
    session.type_keys("\x03");
    assert_eq!(session.exit_code(), 0);
    check_absent("the terminal after it all", &session.bytes());
    let diary = fs::read(diary).unwrap();
    assert!(String::from_utf8_lossy(&diary).contains("***"), "URLs are in the log file");
    check_absent("the log file", &diary);
    let names = walk(&scene.cache());
    assert!(names.iter().any(|name| name.file_name().unwrap().len() == 64), "the picture was kept: {names:?}");
    for name in names {
        check_absent("the cache's names", name.as_os_str().as_encoded_bytes());
        check_absent("the cache's files", &fs::read(name).unwrap());
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

fn no_output_holds_what_was_not_asked_for() {
    let scene = Scene::new();
    let log = scene.log();
    let log = log.to_str().unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().env("LANG", "C.UTF-8").env("HOME", scene.folder.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        (output.stdout, output.stderr)
    };
    let options = scene.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let header = format!("X-Auth-Token: {CANARY}");
    let proxy = format!("http://user:{CANARY}@127.0.0.1:1");
    let mut runs: Vec<Vec<&str>> = vec![
        vec!["list", log],
        vec!["list", "-o", "json", log],
        vec!["list", "-o", "jsonl", log],
        vec!["list", "-o", "csv", log],
        vec!["open", "-o", "jsonl", log],
        vec!["export", log],
        vec!["export", "-o", "csv", log],
        vec!["doctor", "--header", &header, "--proxy", &proxy],
        vec!["show", log, "--header", &header, "-p", "blocks"],
    ];
    let assets: Vec<String> = (0..scene.urls().len()).map(|at| format!("{at:032}")).collect();
    runs.extend(assets.iter().map(|asset| [&["show", "-p", "blocks", log, asset], options.as_slice()].concat()));
    runs.push([&["show", "-p", "blocks", "--grid", "4", log], options.as_slice()].concat());
    for args in runs {
        let (stdout, stderr) = run(&args);
        assert!(!stdout.is_empty() || !stderr.is_empty(), "{args:?}");
        check_absent(&format!("stdout of {args:?}"), &stdout);
        check_absent(&format!("stderr of {args:?}"), &stderr);
    }
    let pictures = scene.folder.path().join("pictures");
    let (stdout, stderr) =
        run(&[&["export", log, "--pictures", pictures.to_str().unwrap(), "-v"], options.as_slice()].concat());
    check_absent("what export printed", &[stdout, stderr].concat());
    for name in walk(&pictures) {
        check_absent("the names of pictures", name.as_os_str().as_encoded_bytes());
    }
    let (revealed, _) = run(&["open", "-o", "jsonl", "--reveal", log]);
    assert!(String::from_utf8(revealed).unwrap().contains(CANARY));
    // What a panic would print.
    for (url, _) in scene.urls() {
        check_absent("Debug", format!("{:?}", PictureUrl::new(&url)).as_bytes());
    }
}

/// The ways in which a text of a log may name a secret.
const SPELLINGS: [&str; 38] = [
    "https://h/x.jpg?auth_key=CANARY",
    "https://h/x.jpg?w=1&sign=CANARY",
    "https://h/x.jpg?CANARY",
    "https://h/x.jpg#CANARY",
    "https://h/x.jpg;auth_key=CANARY",
    "https://h/x.jpg%3Fauth_key=CANARY",
    "https://h/x.jpg%253Fauth_key%253DCANARY",
    "https://h/x.jpg?w=1%26auth_key%3DCANARY",
    "https://op:CANARY@h/x.jpg",
    "https://h/auth_key=CANARY/x.jpg",
    "https://h/202603140915/DIGEST/x.jpg",
    "https://h/DIGEST/6ab13c00/x.jpg",
    "https://h/DIGEST/6ab13c00/asset/x.jpg",
    "//h/x.jpg?auth_key=CANARY",
    "h.example/x.jpg?auth_key=CANARY",
    "h.example/x.jpg?version=CANARY",
    "/asset/x.jpg?auth_key=CANARY",
    "x.jpg?auth_key=CANARY",
    "?auth_key=CANARY",
    "/DIGEST/6ab13c00/asset/x.jpg",
    "op:CANARY@h.example/x.jpg",
    "auth_key=CANARY",
    "X-Auth-Token: CANARY",
    "Authorization: Bearer CANARY",
    "data:image/jpeg;base64,CANARY",
    "ftp://op:CANARY@h/x.jpg",
    "Bearer CANARY",
    "Bearer%20CANARY",
    "bearer: CANARY",
    "secret_key=CANARY",
    "auth%5Fkey=CANARY",
    "auth_key  =  CANARY",
    "'auth_key' => 'CANARY'",
    "('X-Auth-Token', 'CANARY')",
    "<auth_key>CANARY</auth_key>",
    "%7B%22auth_key%22%3A%22CANARY%22%7D",
    "BODY",
    "nBODY",
];

/// Makes an event that has a text in one of its fields.
type MakeEvent = fn(&str) -> serde_json::Value;

/// The fields of an event that may hold any text, each with an event that has it.
const FIELDS: [(&str, MakeEvent); 5] = [
    ("asset_id", |text| thumbnails(text, "SUCCEED", "https://h/0.jpg", "", "")),
    ("url", |text| thumbnails("a", "SUCCEED", text, "", "")),
    ("error_msg", |text| thumbnails("b", "FAILED", "https://h/0.jpg", "VOD.1", &format!("cannot read {text}"))),
    ("error_code", |text| thumbnails("c", "FAILED", "https://h/0.jpg", text, "")),
    ("title", |text| {
        let info = serde_json::json!({"asset_id": "a", "title": format!("about {text}"), "status": "SUCCEED"});
        serde_json::json!({"event_type": "createComplete", "create_info": info})
    }),
];

fn thumbnails(asset: &str, status: &str, url: &str, code: &str, message: &str) -> serde_json::Value {
    serde_json::json!({"event_type": "thumbnailComplete", "thumbnail_info": {
        "asset_id": asset, "status": status, "sample": [{"offset": 0, "url": url}],
        "error_code": code, "error_msg": message,
    }})
}

fn every_spelling_is_hidden_in_every_sink() {
    const SINKS: [&[&str]; 8] = [
        &["list"],
        &["list", "-o", "json"],
        &["list", "-o", "jsonl"],
        &["list", "-o", "csv"],
        &["list", "--summary"],
        &["open", "-o", "jsonl"],
        &["export"],
        &["export", "-o", "csv"],
    ];
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let mut text = String::new();
    for spelling in SPELLINGS {
        let spelling = spelling.replace("CANARY", CANARY).replace("DIGEST", DIGEST).replace("BODY", BODY);
        for (_, event) in FIELDS {
            writeln!(text, "{}", event(&spelling)).unwrap();
        }
        // A line that is not understood, and stays on the screen.
        writeln!(text, r#"{{"event_type":"thumbnailComplete","url":"{spelling}" oops}}"#).unwrap();
    }
    fs::write(&log, &text).unwrap();
    let run = |args: &[&str], more: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(args).args(more).arg(&log).env_clear().env("LANG", "C.UTF-8").env("HOME", folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(!output.stdout.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        [output.stdout, output.stderr].concat()
    };
    for args in SINKS {
        check_absent(&format!("{args:?}"), &run(args, &[]));
    }
    let revealed = run(&["open", "-o", "jsonl"], &["--reveal"]);
    assert!(String::from_utf8_lossy(&revealed).contains(CANARY));
    let mut session = Session::start(&["open", "--no-fetch", log.to_str().unwrap()], (160, 50), &[]);
    session.wait_for_text("Assets");
    for (key, title) in [("!", "Unparsed lines"), ("c", "┌ Error codes")] {
        session.type_keys(key);
        session.wait_for_text(title);
        session.type_keys("\x1b[F\x1b");
        session.wait_for("the overlay's end", |screen| !screen.contents().contains(title));
    }
    for _ in SPELLINGS {
        session.type_keys("J");
        session.wait_for_text("thumbnail_info");
        session.type_keys("\x1b");
        session.wait_for("the overlay's end", |screen| !screen.contents().contains("thumbnail_info"));
        session.type_keys("k");
    }
    session.type_keys("\x03");
    assert_eq!(session.exit_code(), 0);
    check_absent("the screen", &session.bytes());
}

crate::tests! {
    every_spelling_is_hidden_in_every_sink,
    no_screen_shows_what_only_copying_gives,
    no_output_holds_what_was_not_asked_for,
}
