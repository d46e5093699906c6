//! The program over topics: its outputs, options and exit codes.

use super::*;
use crate::support::{pty::PROGRAM, running::Running};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args(args).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns the exit code, stdout and stderr.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn topics_are_listed_and_exported() {
    let cluster = three_partitions();
    let name = cluster.name("vod");
    let (code, stdout, stderr) = run(&mut command(&["list", "-o", "json", &name]));
    let list: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!((&list["summary"]["assets"], &list["summary"]["lines"]), (&json!(6), &json!(6)));
    let newest = &list["assets"][0];
    assert_eq!(newest["last_seen"], json!("2026-01-01T00:01:00Z"));
    assert_eq!((&newest["source"]["line"], &newest["source"]["byte"]), (&Value::Null, &json!(1)));
    let file = newest["source"]["file"].as_str().unwrap();
    assert_eq!(file.rsplit_once('/').unwrap().0, name);
    let (code, stdout, _) = run(&mut command(&["export", "-o", "jsonl", &name]));
    assert_eq!((code, stdout.lines().count()), (0, 6));
    let (code, stdout, _) = run(&mut command(&["open", "-o", "jsonl", "-e", "p1-", &name]));
    assert_eq!((code, stdout.lines().count()), (0, 2));
    let since = ["list", "-o", "jsonl", "--since", "2026-01-01T00:00:30Z", &name];
    let (code, stdout, _) = run(&mut command(&since));
    assert_eq!((code, stdout.lines().count()), (0, 3));
}

fn a_topic_is_tailed() {
    let cluster = three_partitions();
    let mut tail = Running::start(&mut command(&["tail", "-n", "1", "-o", "jsonl", &cluster.name("vod")]));
    tail.until("the last event of each partition", |tail| tail.out().len() >= 3);
    let mut history = tail.ids();
    history.sort();
    assert_eq!(history, ["p0-1", "p1-1", "p2-1"]);
    cluster.append("vod", 1, &[record(0, &event("new"))]);
    tail.until("another event", |tail| tail.out().len() > 3);
    assert_eq!(tail.ids()[3..], ["new"]);
}

fn faults_have_exit_codes() {
    let cluster = three_partitions();
    let check = |args: &[&str], code: i32, part: &str| {
        let (found, _, stderr) = run(&mut command(args));
        assert_eq!(found, code, "{args:?}: {stderr}");
        assert!(stderr.contains(part), "{args:?}: {stderr}");
    };
    let none = cluster.name("none");
    check(&["list", &none], 1, &format!("{none}: there is no topic none on this cluster"));
    check(&["list", "kafka://b:x/vod"], 2, "kafka://BROKER[,BROKER…]/TOPIC");
    check(&["tail", "kafka://ops:s3cret@b/vod"], 2, "takes no user and no password");
    check(&["list", "--kafka-ca", "/no/ca.pem", &cluster.name("vod")], 1, "/no/ca.pem: no such file or directory");
    check(&["tail", "-o", "jsonl", "--kafka-ca", "/no/ca.pem", &cluster.name("vod")], 1, "/no/ca.pem");
    check(&["list", "--kafka-password-file", "p", &cluster.name("vod")], 2, "--kafka-user");
    cluster.create("empty", 2);
    check(&["list", &cluster.name("empty")], 3, "no snapshot event in 0 lines");
}

fn passwords_come_from_a_file_or_a_variable_and_are_not_shown() {
    let cluster = three_partitions();
    cluster.ask_for_login("ops", "s3cret");
    let name = cluster.name("vod");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "s3cret\n").unwrap();
    let file = file.to_str().unwrap();
    let login = ["list", "-v", "-o", "jsonl", "--kafka-user", "ops", "--kafka-mechanism", "plain", &name];
    let (code, stdout, stderr) = run(command(&login).args(["--kafka-password-file", file]));
    assert_eq!((code, stdout.lines().count()), (0, 6), "{stderr}");
    let (code, stdout, stderr) = run(command(&login).env("THUMBVIEW_KAFKA_PASSWORD", "s3cret"));
    assert_eq!((code, stdout.lines().count()), (0, 6), "{stderr}");
    assert!(!stderr.contains("s3cret"), "{stderr}");
    let (code, _, stderr) = run(command(&login).env("THUMBVIEW_KAFKA_PASSWORD", "wr0ng"));
    assert_eq!(code, 1);
    assert!(stderr.contains("refuses user ops") && !stderr.contains("wr0ng"), "{stderr}");
    let (code, _, stderr) = run(&mut command(&login));
    assert_eq!(code, 1);
    assert!(stderr.contains("a user needs a password"), "{stderr}");
}

crate::tests! {
    topics_are_listed_and_exported,
    a_topic_is_tailed,
    faults_have_exit_codes,
    passwords_come_from_a_file_or_a_variable_and_are_not_shown,
}
