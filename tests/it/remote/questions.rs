//! The questions of ssh: asked on the terminal before the screen is taken, over one login for each host.

use super::*;
use crate::support::pty::{Answers, Session};

const SIZE: (u16, u16) = (100, 30);

/// What unlocks the key of these tests.
const PASSPHRASE: &str = "open sesame";

/// A server, and what ssh has here: a key with a passphrase, no known hosts, and a folder for sockets.
struct Desk {
    server: Server,
}

impl Desk {
    fn new() -> Self {
        if !Path::new("/proc/self/cmdline").exists() {
            skip("no /proc");
        }
        let desk = Self { server: Server::start() };
        let place = &desk.server.place;
        let key = place.path("locked");
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f"]).arg(&key).status();
        assert!(made.unwrap().success());
        let keys = ["user.pub", "locked.pub"].map(|name| fs::read_to_string(place.path(name)).unwrap());
        fs::write(place.path("authorized"), keys.concat()).unwrap();
        fs::create_dir(place.path("run")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> String {
        self.server.place.path(name).display().to_string()
    }

    /// Returns options of ssh for a key and a file of known hosts.
    fn options(&self, key: &str, known: &str) -> Vec<String> {
        let options = [
            format!("IdentityFile={}", self.path(key)),
            format!("UserKnownHostsFile={}", self.path(known)),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "StrictHostKeyChecking=ask".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
            "ConnectTimeout=60".to_owned(),
        ];
        options.into_iter().flat_map(|option| ["--ssh-option".to_owned(), option]).collect()
    }

    /// Runs a command on a terminal, with these options, over these logs.
    fn session(&self, command: &[&str], options: &[String], logs: &[&str]) -> Session {
        let names: Vec<String> = logs.iter().map(|log| self.server.name(log)).collect();
        let words = [PROGRAM].into_iter().chain(command.iter().copied());
        let words: Vec<&str> = words.chain(options.iter().chain(&names).map(String::as_str)).collect();
        Session::run(&words, SIZE, &[("XDG_RUNTIME_DIR", &self.path("run"))], Answers::Plain)
    }

    /// Returns the number of logins that the server has accepted.
    fn logins(&self) -> usize {
        fs::read_to_string(self.path("sshd.log")).unwrap().matches("Accepted publickey").count()
    }

    /// Returns the processes of ssh that reach the server, and whether each is a login that others share.
    fn connections(&self) -> Vec<(Pid, bool)> {
        let port = format!("-p\0{}\0", self.server.port);
        let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let processes = numbers.filter_map(|number: i32| {
            let line = text(&fs::read(format!("/proc/{number}/cmdline")).ok()?);
            let is_ssh = line.starts_with("ssh\0") && line.contains(&port);
            is_ssh.then_some((Pid::from_raw(number)?, line.contains("ControlMaster=yes")))
        });
        processes.collect()
    }

    fn kill(&self, logins: bool) {
        let found: Vec<Pid> =
            self.connections().into_iter().filter(|(_, is_login)| *is_login == logins).map(|(pid, _)| pid).collect();
        assert!(!found.is_empty());
        for pid in found {
            // It may have ended just now.
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    fn append(&self, log: &str, id: &str) {
        let mut file = File::options().append(true).open(self.path(log)).unwrap();
        file.write_all((event(id) + "\n").as_bytes()).unwrap();
    }

    /// Waits until nothing is left: no connection, no socket.
    fn wait_for_nothing(&self) {
        let since = Instant::now();
        loop {
            let sockets = fs::read_dir(self.path("run")).unwrap().count();
            let connections = self.connections();
            if sockets == 0 && connections.is_empty() {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "{sockets} sockets and {connections:?} stay");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn questions_come_before_the_screen_and_once_for_a_host() {
    let desk = Desk::new();
    desk.server.place.write("a.log", &["asset-a"]);
    desk.server.place.write("b.log", &["asset-b"]);
    let options = desk.options("locked", "new-hosts");
    let mut session = desk.session(&["tail", "--no-fetch"], &options, &["a.log", "b.log"]);
    session.wait_for_text("authenticity of host");
    session.type_keys("yes\r");
    session.wait_for_text("Enter passphrase for key");
    session.type_keys(&format!("{PASSPHRASE}\r"));
    session.wait_for("both logs", |screen| {
        let text = screen.contents();
        text.contains("asset-a") && text.contains("asset-b")
    });
    assert_eq!(desk.logins(), 1);

    // A second connection asks nothing.
    desk.kill(false);
    desk.append("a.log", "asset-c");
    session.wait_for_text("asset-c");
    assert_eq!((desk.logins(), session.count("Enter passphrase")), (1, 1));
    assert!(!text(&session.bytes()).contains(PASSPHRASE));

    // Nothing stays behind a program that was killed.
    let pid = i32::try_from(session.process_id()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    desk.wait_for_nothing();
}

fn ctrl_c_at_a_question_leaves_a_clean_terminal() {
    let desk = Desk::new();
    desk.server.place.write("a.log", &["asset-a"]);
    let options = desk.options("locked", "known");
    for command in [&["tail", "--no-fetch"][..], &["list"]] {
        let mut session = desk.session(command, &options, &["a.log"]);
        session.wait_for_text("Enter passphrase for key");
        session.type_keys("\x03");
        assert_eq!(session.exit_code(), 130, "{}", session.text());
        assert_eq!(session.modes(), session.modes_before());
        desk.wait_for_nothing();
    }
}

fn wrong_answers_end_in_the_sentence_of_a_refused_login() {
    let desk = Desk::new();
    desk.server.place.write("a.log", &["asset-a"]);
    let mut session = desk.session(&["list"], &desk.options("locked", "known"), &["a.log"]);
    for attempt in 1..=3 {
        let since = Instant::now();
        while session.count("Enter passphrase") < attempt {
            assert!(since.elapsed() < PATIENCE, "no question {attempt}: {}", session.text());
            thread::sleep(Duration::from_millis(10));
        }
        session.type_keys("wrong\r");
    }
    assert_eq!(session.exit_code(), 1, "{}", session.text());
    assert!(session.text().replace('\n', "").contains("the login was refused"), "{}", session.text());
    desk.wait_for_nothing();
}

fn a_login_that_ends_is_replaced_by_connections_of_their_own() {
    let desk = Desk::new();
    desk.server.place.write("a.log", &["asset-a"]);
    let mut session = desk.session(&["tail", "--no-fetch"], &desk.options("user", "known"), &["a.log"]);
    session.wait_for_text("asset-a");
    assert_eq!(desk.logins(), 1);
    desk.kill(true);
    desk.append("a.log", "asset-b");
    session.wait_for_text("asset-b");
    assert_eq!(desk.logins(), 2);
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    desk.wait_for_nothing();
}

fn a_master_of_the_users_own_is_used_as_it_is() {
    let desk = Desk::new();
    desk.server.place.write("a.log", &["asset-a"]);
    let socket = format!("ControlPath={}", desk.path("own"));
    let mut master = Command::new("ssh");
    master.args(["-M", "-N", "-o", &socket, "-o", "BatchMode=yes", "-p", &desk.server.port.to_string()]);
    let options = desk.options("user", "known");
    master.args(options.iter().map(|word| if word == "--ssh-option" { "-o" } else { word.as_str() })).arg("127.0.0.1");
    let mut master = master.stdin(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    while !Path::new(&desk.path("own")).exists() {
        assert!(since.elapsed() < PATIENCE, "no master");
        thread::sleep(Duration::from_millis(20));
    }
    // Without it this would ask.
    let mut options = desk.options("locked", "known");
    options.extend(["--ssh-option".to_owned(), socket]);
    let mut session = desk.session(&["list"], &options, &["a.log"]);
    assert_eq!(session.exit_code(), 0, "{}", session.text());
    session.wait_for_text("asset-a");
    assert_eq!((desk.logins(), session.count("Enter passphrase")), (1, 0));
    drop(master.kill());
    drop(master.wait());
}

fn nobody_is_asked_without_a_terminal() {
    let desk = Desk::new();
    let name = desk.server.place.write("a.log", &["asset-a"]);
    assert!(name.ends_with("a.log"));
    let options = desk.options("locked", "known");
    let words: Vec<&str> = ["list"].into_iter().chain(options.iter().map(String::as_str)).collect();
    let output = desk.server.place.command(&words).arg(desk.server.name("a.log")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the login was refused"), "{}", text(&output.stderr));
}

crate::tests! {
    questions_come_before_the_screen_and_once_for_a_host,
    ctrl_c_at_a_question_leaves_a_clean_terminal,
    wrong_answers_end_in_the_sentence_of_a_refused_login,
    a_login_that_ends_is_replaced_by_connections_of_their_own,
    a_master_of_the_users_own_is_used_as_it_is,
    nobody_is_asked_without_a_terminal,
}
