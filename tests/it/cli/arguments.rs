//! Mistakes on the command line and in the config file: the sentences, and what they must not print.

use super::*;

fn errors_about_arguments_tell_no_secret() {
    for args in [
        &["list", "--allow-host", "http://u:SECRET7c1@h/", "events.log"][..],
        &["list", "--nonsense=http://h/a.jpg?auth_key=SECRET7c1"],
        &["show", "--offset", "http://h/a.jpg?auth_key=SECRET7c1", "events.log"],
    ] {
        let ran = Place::new().run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("SECRET7c1"), "{args:?}: {}", ran.stderr);
    }
}

fn clap_prints_no_control_characters() {
    let place = Place::new();
    let hostile = "\u{1b}]52;c;QUFB\u{7}";
    let runs = [
        vec!["list".to_owned(), format!("--{hostile}")],
        vec!["check".to_owned(), format!("--jobs={hostile}"), "events.log".to_owned()],
        vec!["export".to_owned(), "-o".to_owned(), hostile.to_owned()],
        vec!["demo".to_owned(), hostile.to_owned()],
        vec![format!("-p{hostile}"), "list".to_owned()],
    ];
    for args in runs {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = place.run(&args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert_eq!(hostile::controls(ran.stderr.as_bytes(), b"\n"), Vec::<char>::new(), "{args:?}: {:?}", ran.stderr);
        assert!(ran.stderr.contains("␛]52;c;QUFB␇"), "what was typed is visible: {args:?}: {:?}", ran.stderr);
    }
}

fn nonsense_is_reported() {
    check(&["lst"], 2, "", "no file or command \"lst\"; did you mean list?\n");
    check(&["vodlog"], 2, "", "no file or command \"vodlog\"\n");
    check(&["no.log"], 1, "", "no.log: ");
    check(&["tail", "-o", "csv", "events.log"], 2, "", "`tail` has no output csv, only tui and jsonl\n");
    check(&["list", "-o", "tui", "events.log"], 2, "", "`list` has no output tui, only table, json, jsonl and csv\n");
    check(&["export", "-o", "table", "events.log"], 2, "", "`export` has no output table, only json, jsonl and csv\n");
    check(&["demo", "-o", "csv"], 2, "", "`demo` has no output csv");
    let unknown = "no asset has status BANANA; known statuses are succeed, failed, other, unknown\n";
    check(&["list", "-s", "banana", "events.log"], 2, "", unknown);
    check(&["list", "--proxy", "x", "events.log"], 2, "", "tip: --proxy is an option of tail, open, listen, export,");
    check(&["check", "--sample", "0", "events.log"], 2, "", "expected a whole number of at least 1\n");
    check(&["check", "--jobs", "0", "events.log"], 2, "", "expected a whole number of at least 1\n");
    check(&["check", "--max-size", "0", "events.log"], 2, "", "expected a size above zero\n");
    check(&["tail", "--state", "absent/state", "events.log"], 1, "", "cannot use the state file absent/state: ");
    check(&["list", "--summary", "-e", "!status:banana", "events.log"], 2, "", unknown);
    check(&["export", "-s", "banana", "events.log"], 2, "", unknown);
    check(&["open", "-s", "banana", "events.log"], 2, "", unknown);
    check(&["list", "-s", "other", "events.log"], 0, "asset_id", "none of 1 asset passes the filter");
    check(&["list", "-s", "fail", "events.log"], 0, "asset_id", "none of 1 asset passes the filter");
    let place = Place::new();
    place.write("odd.log", event().replace("SUCCEED", "ripening").as_bytes());
    assert_eq!(place.run(&["list", "-s", "ripening", "odd.log"]).code, 0);
    assert!(place.run(&["list", "-s", "other", "-o", "jsonl", "odd.log"]).stdout.contains("RIPENING"));
    let ran = place.run(&["list", "-s", "banana", "odd.log"]);
    assert!(ran.stderr.ends_with("known statuses are succeed, failed, other, unknown, ripening\n"), "{}", ran.stderr);
}

fn a_config_that_cannot_be_read_holds_nothing_up() {
    let place = Place::new();
    let fifo = place.folder.path().join("config.toml");
    if !Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()) {
        skip("no mkfifo");
    }
    check_config(&place, "config.toml", 2, "cannot read the config file config.toml: it is a FIFO\n");
    check_config(&place, ".", 2, "cannot read the config file .: ");
    check_config(&place, "/dev/null", 0, "");
    let ran = ran(place.command(&["list", "events.log"]).env("HOME", "/dev/null"));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

fn check_config(place: &Place, config: &str, code: i32, stderr: &str) {
    let ran = place.run(&["list", "--config", config, "events.log"]);
    assert_eq!(ran.code, code, "{config}: {}", ran.stderr);
    assert!(ran.stderr.contains(stderr), "{config}: {}", ran.stderr);
}

crate::tests! {
    errors_about_arguments_tell_no_secret,
    clap_prints_no_control_characters,
    nonsense_is_reported,
    a_config_that_cannot_be_read_holds_nothing_up,
}
