//! Logs of other machines: the real program, with a stand-in for ssh or with OpenSSH's own server on the loopback.

pub(crate) mod following;
pub(crate) mod questions;

use crate::{
    harness::skip,
    support::{
        pty::PROGRAM,
        running::{PATIENCE, Running},
    },
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// A folder whose `ssh` comes before the system's.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A place whose ssh does this with the command for the other end, which is in `$last`.
    fn new(script: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let path = place.path("ssh");
        let script = format!(
            "#!/bin/sh\necho \"$@\" | head -n 1 >> {}\nfor last; do :; done\n{script}\n",
            place.path("calls").display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, ids: &[&str]) -> String {
        let text: String = ids.iter().map(|id| event(id) + "\n").collect();
        fs::write(self.path(name), text).unwrap();
        self.remote(name)
    }

    /// Returns the name of a file as one on another machine.
    fn remote(&self, name: &str) -> String {
        format!("ops@web1:{}", self.path(name).display())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap_or_default());
        command.args(args).current_dir(self.folder.path()).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

fn event(id: &str) -> String {
    format!(r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"SUCCEED"}}}}"#)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the program at the other end here.
const HERE: &str = r#"exec sh -c "$last""#;

fn a_log_of_another_machine_is_listed_under_its_name() {
    let place = Place::new(HERE);
    let name = place.write("vod.log", &["a", "b"]);
    let output = place.run(&["list", "-o", "json", "--ssh-option", "Port=2222", &name]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["summary"]["assets"], 2);
    assert_eq!(list["assets"][0]["source"], serde_json::json!({"file": name, "line": 2, "byte": event("a").len() + 1}));
    let calls = fs::read_to_string(place.path("calls")).unwrap();
    assert!(calls.starts_with("-T -o Port=2222 -o BatchMode=yes"), "{calls}");
    assert!(calls.contains(" -l ops -- web1 exec sh -c "), "{calls}");
}

fn globs_folders_archives_and_odd_names_are_found_there() {
    let place = Place::new(HERE);
    fs::create_dir(place.path("logs")).unwrap();
    place.write("logs/vod.log", &["a"]);
    place.write("logs/vod 2.log", &["b"]);
    place.write("logs/it's $HOME.log", &["c"]);
    let packed = Command::new("gzip").arg("-k").arg(place.path("logs/vod.log")).status();
    assert!(packed.is_ok_and(|status| status.success()));
    let files = |name: &str| {
        let output = place.run(&["list", "-o", "json", name]);
        let list: Value = serde_json::from_slice(&output.stdout).unwrap();
        (list["summary"]["assets"].as_u64().unwrap(), list["summary"]["events"].as_u64().unwrap())
    };
    assert_eq!(files(&place.remote("logs")), (3, 4));
    assert_eq!(files(&place.remote("logs/*.log")), (3, 3));
    assert_eq!(files(&place.remote("logs/vod.log.gz")), (1, 1));
    assert_eq!(files(&place.remote("logs/vod 2.log")), (1, 1));
}

fn what_a_host_prints_before_is_no_log() {
    let place = Place::new(&format!("echo Welcome; echo 'thumbview 1 fd gzip'; printf 'no newline'; {HERE}"));
    let name = place.write("vod.log", &["a"]);
    let output = place.run(&["list", "-o", "json", &name]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list["summary"]["assets"], &list["summary"]["lines"]), (&1.into(), &1.into()));
}

fn each_failure_has_a_sentence_of_its_own() {
    let cases = [
        ("echo 'ops@web1: Permission denied (publickey).' >&2; exit 255", "the login was refused (publickey)"),
        ("echo 'Host key verification failed.' >&2; exit 255", "its host key is not known here"),
        ("echo 'ssh: connect to host web1 port 22: Connection refused' >&2; exit 255", "connection refused"),
        ("echo 'This account is not available.'; exit 1", "no sh answered but: This account is not available."),
        ("exit 127", "there is no sh that could be started"),
    ];
    for (script, sentence) in cases {
        let place = Place::new(script);
        let output = place.run(&["list", "web1:/vod.log"]);
        assert_eq!(output.status.code(), Some(1), "{script}");
        assert!(text(&output.stderr).contains(&format!("web1:/vod.log: web1: {sentence}")), "{}", text(&output.stderr));
    }
    let place = Place::new(HERE);
    let output = place.run(&["list", &place.remote("absent.log")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("absent.log: no such file"), "{}", text(&output.stderr));
    let output = place.run(&["list", "-oProxyCommand=x:/vod.log"]);
    assert_ne!(output.status.code(), Some(0));
    let output = place.run(&["list", "--", "-oProxyCommand=x:/vod.log"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("it would be read as an option of ssh"), "{}", text(&output.stderr));
}

/// Writes events over rotations, and ends the link at times.
fn write_over_rotations(place: &Place, events: u32, rotations: u32, kills: u32, kill: &dyn Fn()) {
    let log = place.path("vod.log");
    let mut number = 0;
    for rotation in 0..rotations {
        let mut file = File::options().create(true).append(true).open(&log).unwrap();
        for _ in 0..events / rotations {
            number += 1;
            let padding = "x".repeat(200);
            let line = format!("{padding} {}\n", event(&format!("{number:06}")));
            file.write_all(line.as_bytes()).unwrap();
        }
        if (rotation + 1) * kills / rotations > rotation * kills / rotations {
            kill();
        }
        if rotation + 1 < rotations {
            let rotated = place.path(&format!("vod.log.{}", rotation + 1));
            fs::rename(&log, &rotated).unwrap();
            // Every third is packed at once, be there a link or not.
            if rotation % 3 == 2 {
                thread::sleep(Duration::from_millis(300));
                assert!(Command::new("gzip").arg(&rotated).status().unwrap().success());
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// How often each event came.
fn times(tail: &Running) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for id in tail.ids() {
        *times.entry(id).or_default() += 1;
    }
    times
}

fn check_each_once(tail: &mut Running, events: usize) {
    tail.until("all events", |tail| {
        // Cheap to look at.
        let lines = tail.out().len();
        lines >= events && times(tail).len() >= events
    });
    thread::sleep(Duration::from_secs(1));
    let times = times(tail);
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty() && times.len() == events, "{} events, twice {twice:?}", times.len());
}

fn nothing_is_lost_or_doubled_over_rotations_and_lost_links() {
    // The stand-in is the shell itself, so that ending it ends the link.
    let place = Place::new(r#"echo $$ > "${0%/*}/pid"; exec sh -c "$last""#);
    let name = place.remote("vod.log");
    place.write("vod.log", &["first"]);
    let mut tail = Running::start(&mut place.command(&["tail", "-n", "+1", "-o", "jsonl", &name]));
    let pid = place.path("pid");
    tail.until("the first event", |tail| tail.out().len() == 1);
    let kill = || {
        let raw = fs::read_to_string(&pid).unwrap_or_default().trim().parse().ok().and_then(Pid::from_raw);
        // One that is being started anew has no number yet.
        raw.map(|pid| kill_process(pid, Signal::KILL));
    };
    write_over_rotations(&place, 600, 12, 5, &kill);
    check_each_once(&mut tail, 601);
    assert!(tail.said("web1: is there again") > 0, "{:#?}", tail.err());
}

fn a_log_that_was_packed_unseen_is_read_though_another_had_its_size() {
    let script = r#"[ -e "${0%/*}/down" ] && exit 255; echo $$ > "${0%/*}/pid"; exec sh -c "$last""#;
    let place = Place::new(script);
    let name = place.write("vod.log", &["a1", "a2", "a3"]);
    let mut tail = Running::start(&mut place.command(&["tail", "-n", "+1", "-o", "jsonl", &name]));
    tail.until("the first log", |tail| tail.ids().len() == 3);
    let rotate = |to: &str, ids: &[&str]| {
        fs::rename(place.path("vod.log"), place.path(to)).unwrap();
        place.write("vod.log", ids);
    };
    let gzip = |name: &str| assert!(Command::new("gzip").arg(place.path(name)).status().unwrap().success());
    rotate("vod.log.1", &["b1", "b2", "b3"]);
    tail.until("the second log", |tail| tail.ids().len() == 6);
    // While there is no link, one that was read and one that was not are packed; they have the same size.
    fs::write(place.path("down"), "").unwrap();
    let pid = fs::read_to_string(place.path("pid")).unwrap().trim().parse().ok().and_then(Pid::from_raw);
    pid.map(|pid| kill_process(pid, Signal::KILL));
    gzip("vod.log.1");
    rotate("vod.log.2", &["c1", "c2", "c3"]);
    rotate("vod.log.3", &["d1", "d2", "d3"]);
    gzip("vod.log.3");
    fs::remove_file(place.path("down")).unwrap();
    check_each_once(&mut tail, 12);
}

/// OpenSSH's server with keys of its own, on a port of the loopback.
struct Server {
    child: Child,
    port: u16,
    place: Place,
    _run_folder: RunFolder,
}

/// The folder that a server of the superuser needs, which the system's service makes. Removed after the last server of
/// this process if it was made here.
struct RunFolder;

/// The servers that run, and whether the folder was made here.
static RUN_FOLDER: Mutex<(usize, bool)> = Mutex::new((0, false));

impl RunFolder {
    const PATH: &str = "/run/sshd";

    fn make() -> Self {
        let mut state = RUN_FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        state.1 |= fs::create_dir(Self::PATH).is_ok();
        Self
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let mut state = RUN_FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 -= 1;
        if *state == (0, true) {
            state.1 = false;
            drop(fs::remove_dir(Self::PATH));
        }
    }
}

impl Server {
    /// Starts the server, or skips the test.
    fn start() -> Self {
        let sshd = Path::new("/usr/sbin/sshd");
        if !sshd.exists() || Command::new("ssh").arg("-V").stderr(Stdio::null()).status().is_err() {
            skip("no OpenSSH");
        }
        let place = Place { folder: tempfile::tempdir().unwrap() };
        for key in ["host", "user"] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(place.path(key)).status();
            assert!(made.unwrap().success());
        }
        fs::copy(place.path("user.pub"), place.path("authorized")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let path = |name: &str| place.path(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nPrintMotd no\n",
            path("host"),
            path("authorized")
        );
        fs::write(place.path("config"), config).unwrap();
        let known = fs::read_to_string(place.path("host.pub")).unwrap();
        fs::write(place.path("known"), format!("[127.0.0.1]:{port} {known}")).unwrap();
        let run_folder = RunFolder::make();
        let log = File::create(place.path("sshd.log")).unwrap();
        let child = Command::new(sshd).args(["-D", "-e", "-f"]).arg(place.path("config")).stderr(log).spawn().unwrap();
        let mut server = Self { child, port, place, _run_folder: run_folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.child.try_wait().unwrap().is_some() || began.elapsed() > PATIENCE {
                let said = fs::read_to_string(server.place.path("sshd.log")).unwrap_or_default();
                skip(format!("no sshd that starts: {}", said.lines().next().unwrap_or_default()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn name(&self, file: &str) -> String {
        format!("ssh://127.0.0.1:{}{}", self.port, self.place.path(file).display())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        let options = [
            format!("IdentityFile={}", self.place.path("user").display()),
            format!("UserKnownHostsFile={}", self.place.path("known").display()),
            "IdentitiesOnly=yes".to_owned(),
            "ConnectTimeout=60".to_owned(),
        ];
        command.args(options.iter().flat_map(|option| ["--ssh-option", option]));
        command.env("HOME", self.place.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn a_real_server_serves_a_log() {
    let server = Server::start();
    server.place.write("vod.log", &["a", "b"]);
    let name = server.name("vod.log");
    let output = server.command(&["list", "-o", "json", &name]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list["summary"]["assets"], &list["assets"][0]["source"]["file"]), (&2.into(), &name.clone().into()));

    // The wrong key of the host, and the wrong one of the user.
    let key = fs::read_to_string(server.place.path("user.pub")).unwrap();
    fs::write(server.place.path("known"), format!("[127.0.0.1]:{} {key}", server.port)).unwrap();
    let output = server.command(&["list", &name]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("its host key has changed"), "{}", text(&output.stderr));
    let key = fs::read_to_string(server.place.path("host.pub")).unwrap();
    fs::write(server.place.path("known"), format!("[127.0.0.1]:{} {key}", server.port)).unwrap();
    fs::write(server.place.path("authorized"), "").unwrap();
    let output = server.command(&["list", &name]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the login was refused (publickey"), "{}", text(&output.stderr));
}

fn a_real_link_that_is_cut_goes_on_where_it_was() {
    let server = Server::start();
    server.place.write("vod.log", &["first"]);
    let mut tail = Running::start(&mut server.command(&["tail", "-n", "+1", "-o", "jsonl", &server.name("vod.log")]));
    tail.until("the first event", |tail| tail.out().len() == 1);
    // The server's children are its connections; none is there while one is lost.
    let cut = || {
        let cut = Command::new("pkill").args(["-KILL", "-P", &server.child.id().to_string()]).status();
        if cut.is_err() {
            skip("no pkill");
        }
    };
    write_over_rotations(&server.place, 10_000, 50, 10, &cut);
    check_each_once(&mut tail, 10_001);
    assert!(tail.said("127.0.0.1: is there again") > 0, "{:#?}", tail.err());
}

crate::tests! {
    a_log_of_another_machine_is_listed_under_its_name,
    globs_folders_archives_and_odd_names_are_found_there,
    what_a_host_prints_before_is_no_log,
    each_failure_has_a_sentence_of_its_own,
    nothing_is_lost_or_doubled_over_rotations_and_lost_links,
    a_log_that_was_packed_unseen_is_read_though_another_had_its_size,
    a_real_server_serves_a_log,
    a_real_link_that_is_cut_goes_on_where_it_was,
}
