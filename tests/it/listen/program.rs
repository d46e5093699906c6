//! The whole program: killed, on a full disk, confirming, on a terminal.

use super::*;
use crate::{
    harness::skip,
    support::{
        pty::{PROGRAM, Session},
        running::Running,
        server::{ImageServer, answer},
    },
};
use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::runtime::Runtime;

/// What stands before the address on stderr.
const LISTENING: &str = "listening on http://";

impl Running {
    /// Starts `listen` without a terminal, and waits until it listens.
    fn listen(journal: &Path, args: &[&str]) -> Self {
        Self::listen_by(Command::new(PROGRAM), journal, args)
    }

    /// The same by a command that takes the program's arguments.
    fn listen_by(mut command: Command, journal: &Path, args: &[&str]) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(["listen", "127.0.0.1:0", "-o", "jsonl", "--no-cache", "--journal"]).arg(journal).args(args);
        let mut running = Self::start(command.env_clear().env("PATH", path));
        running.until_said(LISTENING);
        running
    }

    /// The address that it listens on.
    fn address(&self) -> SocketAddr {
        let said = self.err();
        let address = said.iter().find_map(|line| Some(line.split_once(LISTENING)?.1.split(' ').next()?.parse()));
        address.unwrap().unwrap()
    }
}

fn callbacks_are_printed_and_the_journal_is_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("vod.journal");
    let mut running = Running::listen(&journal, &[]);
    running.until_said("without a check of their origin (unsigned)");
    let mut client = Client::new(running.address());
    for asset in ["a", "b"] {
        assert_eq!(client.post("", event(asset).as_bytes()).0, 200);
    }
    running.until_ids(&["a", "b"]);
    drop(running);
    let run = |args: &[&str]| Command::new(PROGRAM).args(args).arg(&journal).output().unwrap();
    let listed: Value = serde_json::from_slice(&run(&["list", "-o", "json"]).stdout).unwrap();
    assert_eq!((&listed["summary"]["assets"], &listed["summary"]["unparsed"]), (&json!(2), &json!(0)));
    assert!(listed["assets"][0]["first_seen"].is_string(), "the time at which it came: {listed}");
    // What came before is history; what comes is printed behind it.
    let mut again = Running::listen(&journal, &["-n", "1", "--exit-on", "status:failed"]);
    again.until_ids(&["b"]);
    // An event that arrives before the journal was read to its end is history; another program takes longer than that.
    assert!(run(&["list"]).status.success());
    // It may end before it has answered, since it reads the journal as soon as there is a line.
    let answer = Client::new(again.address()).try_post("", event("c").as_bytes());
    assert!(answer.is_none_or(|(status, _)| status == 200));
    again.until_ids(&["b", "c"]);
    assert_eq!(again.exit_code(), Some(0));
}

fn a_journal_in_use_and_a_file_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("vod.journal");
    let _first = Running::listen(&journal, &[]);
    let refused = |journal: &Path| {
        let output =
            Command::new(PROGRAM).args(["listen", "0", "-o", "jsonl", "--journal"]).arg(journal).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&journal).contains("is in use by another listen"));
    let other = folder.path().join("other.log");
    fs::write(&other, "2026-03-14 INFO started\nhalf a li").unwrap();
    assert!(refused(&other).contains("other.log is not a journal of listen: line 1 was written by another program"));
    assert_eq!(fs::read_to_string(&other).unwrap(), "2026-03-14 INFO started\nhalf a li");
}

fn what_was_answered_survives_kills() {
    const POSTS: usize = 1000;
    const SENDERS: usize = 8;
    const KILLS: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("vod.journal");
    let answered = Arc::new(Mutex::new(BTreeSet::new()));
    let (next, mut kills) = (Arc::new(AtomicUsize::new(0)), 0);
    while kills < KILLS || answered.lock().unwrap().len() < POSTS {
        let running = Running::listen(&journal, &["-n", "0"]);
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (address, answered, next) = (running.address(), Arc::clone(&answered), Arc::clone(&next));
                thread::spawn(move || {
                    let Ok(stream) = TcpStream::connect(address) else { return };
                    let mut client = Client(BufReader::new(stream));
                    loop {
                        let asset = format!("asset-{}", next.fetch_add(1, Ordering::Relaxed));
                        match client.try_post("", event(&asset).as_bytes()) {
                            Some((200, _)) => answered.lock().unwrap().insert(asset),
                            Some(other) => panic!("{other:?}"),
                            None => return,
                        };
                    }
                })
            })
            .collect();
        // A number of answers that differs from round to round, in the middle of others.
        let enough = answered.lock().unwrap().len() + 60 + 37 * (kills % 5);
        while answered.lock().unwrap().len() < enough && senders.iter().any(|sender| !sender.is_finished()) {
            thread::yield_now();
        }
        drop(running);
        kills += 1;
        for sender in senders {
            sender.join().unwrap();
        }
    }
    drop(Running::listen(&journal, &["-n", "0"]));
    let kept: BTreeSet<String> = lines(&journal)
        .iter()
        .map(|line| serde_json::from_str::<Value>(line["body"].as_str().unwrap()).unwrap())
        .map(|body| body["thumbnail_info"]["asset_id"].as_str().unwrap().to_owned())
        .collect();
    let answered = answered.lock().unwrap();
    let lost: Vec<&String> = answered.difference(&kept).collect();
    assert!(lost.is_empty(), "{} of {} lost after {kills} kills: {lost:?}", lost.len(), answered.len());
}

fn a_full_file_is_answered_with_503_and_holds_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("vod.journal");
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 8 && exec \"$0\" \"$@\"", PROGRAM]);
    let mut running = Running::listen_by(limited, &journal, &["-n", "0"]);
    let mut client = Client::new(running.address());
    let mut answers: Vec<(String, u16)> = Vec::new();
    for number in 0..60 {
        let asset = format!("asset-{number}");
        let status = client.post("", event(&asset).as_bytes()).0;
        answers.push((asset, status));
    }
    running.until_said("callbacks are answered with 503, since they cannot be stored: File too large");
    drop(running);
    let kept: Vec<String> = lines(&journal).iter().map(|line| line["body"].as_str().unwrap().to_owned()).collect();
    let stored = answers.iter().filter(|(_, status)| *status == 200).map(|(asset, _)| event(asset));
    assert_eq!(stored.collect::<Vec<_>>(), kept);
    assert!(answers.iter().any(|(_, status)| *status == 503) && kept.len() > 3, "{answers:?}");
    assert!(fs::read_to_string(&journal).unwrap().ends_with('\n'));
}

fn a_full_disk_is_answered_with_503_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let go = folder.path().join("go");
    fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o size=64k none \"$DISK\" && dd if=/dev/zero of=\"$DISK/filler\" bs=1k count=52 >/dev/null 2>&1";
    let unshare = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", &format!("{script} && {then}"), PROGRAM]);
        command.env("DISK", &disk).env("GO", &go);
        command
    };
    if !unshare("true").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        skip("no user namespaces or mount");
    }
    // Ends also where the test fails before it gives the sign.
    let room = "(n=0; while [ ! -e \"$GO\" ] && [ $n -lt 3000 ]; do sleep 0.1; n=$((n + 1)); done; rm \"$DISK/filler\") \
                >/dev/null 2>&1 & exec \"$0\" \"$@\"";
    let mut command = unshare(room);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args(["listen", "127.0.0.1:0", "-o", "jsonl", "-n", "+1", "--no-cache", "--journal"]);
    command.arg(disk.join("vod.journal")).env_clear().env("PATH", path).env("DISK", &disk).env("GO", &go);
    let mut running = Running::start(&mut command);
    running.until_said(LISTENING);
    let mut client = Client::new(running.address());
    let mut post = |number: usize| {
        let asset = format!("asset-{number}");
        // Long, so that the disk is full in the middle of a line.
        let body = format!("{}{}", event(&asset), " ".repeat(900));
        (asset, client.post("", body.as_bytes()).0)
    };
    let mut stored = Vec::new();
    let mut number = 0;
    let mut refused = 0;
    while refused < 3 {
        let (asset, status) = post(number);
        number += 1;
        match status {
            200 => stored.push(asset),
            503 => refused += 1,
            other => panic!("{other}"),
        }
        assert!(number < 200, "the disk is never full");
    }
    running.until_said("No space left on device");
    fs::write(&go, "").unwrap();
    loop {
        let (asset, status) = post(number);
        number += 1;
        if status == 200 {
            stored.push(asset);
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    running.until_said("callbacks are stored again");
    // What was answered with 200, and nothing else.
    running.until_ids(&stored);
}

fn only_a_right_confirmation_is_opened() {
    let runtime = Runtime::new().unwrap();
    let recorder = runtime.block_on(ImageServer::start(|_| answer("200 OK", "", b"confirmed")));
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let certificate = root.join("assets/test-only-smn-cert.pem").display().to_string();
    let host = recorder.host();
    let args = ["--smn-cert", &certificate, "--topic", TOPIC, "--confirm", "--allow-host", &host];
    let journal = folder.path().join("vod.journal");
    let mut running = Running::listen(&journal, &args);
    let mut client = Client::new(running.address());
    let id = |number: u32| format!("{number:032x}");
    let url = recorder.url("/smn/subscription/confirm?token=0");
    let good = signer().confirmation(TOPIC, &id(1), TIME, &url);
    let forged = good.replace("token=0", "token=1");
    assert_eq!(client.post("", forged.as_bytes()).0, 403);
    let other_topic = signer().confirmation("urn:smn:a:b:c", &id(2), TIME, &url);
    assert_eq!(client.post("", other_topic.as_bytes()).0, 403);
    let other_host = signer().confirmation(TOPIC, &id(3), TIME, "https://thumbview.invalid/smn/subscription/confirm");
    assert_eq!(client.post("", other_host.as_bytes()).0, 200);
    running.until_said("was not confirmed: its subscribe_url is not at a host of SMN");
    let other_page = signer().confirmation(TOPIC, &id(4), TIME, &recorder.url("/latest/meta-data"));
    assert_eq!(client.post("", other_page.as_bytes()).0, 200);
    running.until_said("was not confirmed: its subscribe_url is not for this topic");
    assert_eq!(recorder.requests().len(), 0);
    assert_eq!(client.post("", good.as_bytes()).0, 200);
    running.until_said(&format!("the subscription to {TOPIC} was confirmed"));
    assert_eq!(client.post("", good.as_bytes()).0, 200, "a double");
    // They are told in their order, so that the double has been dealt with once the next one is told.
    let no_page = signer().confirmation(TOPIC, &id(5), TIME, "");
    assert_eq!(client.post("", no_page.as_bytes()).0, 200);
    running.until_said("was not confirmed: it has no subscribe_url that can be read");
    let bodies: Vec<Value> = lines(&journal).into_iter().map(|mut line| line["body"].take()).collect();
    assert_eq!(bodies, [other_host, other_page, good, no_page], "the double is not kept again");
    let paths: Vec<String> = recorder.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/smn/subscription/confirm?token=0"]);
}

fn the_demo_posts_what_a_server_with_its_keys_takes() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("vod.journal");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let asset = |name: &str| root.join("assets").join(name).display().to_string();
    let [certificate, key] = ["test-only-smn-cert.pem", "test-only-mfs-key.txt"].map(asset);
    let args = ["--smn-cert", &certificate, "--topic", "urn:smn:demo:0:vod-events", "--mfs-key-file", &key];
    let running = Running::listen(&journal, &args);
    let demo =
        |url: &str| Command::new(PROGRAM).args(["demo", "--post", url, "--port", "0", "--for", "1s"]).output().unwrap();
    let posted = demo(&format!("http://{}", running.address()));
    let said = String::from_utf8(posted.stdout).unwrap();
    assert!(said.contains(" stored, 0 refused, 0 without an answer"), "{said}");
    assert_eq!(posted.status.code(), Some(0));
    let kinds: BTreeSet<String> =
        lines(&journal).iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, BTreeSet::from(["mfs", "smn", "smn-subscription"].map(str::to_owned)));
    let address = running.address();
    drop(running);
    let nobody = demo(&format!("http://{address}"));
    assert_eq!(nobody.status.code(), Some(1));
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(said.contains(&format!("start this first: thumbview listen {address} --journal vod.journal")), "{said}");
}

fn the_screen_says_where_it_listens_and_what_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("vod.journal").display().to_string();
    // The address is on the screen.
    let args = ["listen", "127.0.0.1:0", "--journal", &journal, "--no-fetch", "--no-cache"];
    let mut session = Session::start(&args, (140, 30), &[]);
    session.wait_for_text("unsigned");
    let text = session.text();
    let address = text.split(' ').find(|word| word.starts_with("127.0.0.1:")).unwrap().to_owned();
    let mut client = Client::new(address.parse().unwrap());
    assert_eq!(client.post("", event("c0ffee00c0ffee00c0ffee00c0ffee01").as_bytes()).0, 200);
    session.wait_for_text("FAILED 1");
    assert_eq!(client.post("", b"hello").0, 400);
    session.wait_for_text("1 refused");
    let confirmation = signer().confirmation(TOPIC, &"0".repeat(32), TIME, "https://h/");
    assert_eq!(client.post("", confirmation.as_bytes()).0, 200);
    session.wait_for_text("2 notices");
    session.type_keys("!");
    session.wait_for_text("confirm a subscription within 48 h");
    session.type_keys("qq");
    assert_eq!(session.exit_code(), 0);
    assert_eq!(lines(Path::new(&journal)).len(), 2);
}

crate::tests![
    callbacks_are_printed_and_the_journal_is_a_log,
    a_journal_in_use_and_a_file_of_others_are_refused,
    what_was_answered_survives_kills,
    a_full_file_is_answered_with_503_and_holds_whole_lines,
    a_full_disk_is_answered_with_503_until_there_is_room,
    only_a_right_confirmation_is_opened,
    the_demo_posts_what_a_server_with_its_keys_takes,
    the_screen_says_where_it_listens_and_what_was_refused,
];
