//! The key `w`.

use super::*;

/// The file that was last asked for: its name, what is to be in it, and whether over another.
fn written(stage: &Stage) -> Option<(WriteJob, String)> {
    stage.effects.iter().rev().find_map(|effect| {
        let Effect::Write(job) = effect else { return None };
        let what = match &job.content {
            WriteContent::Picture(picture) => format!("{picture:?}"),
            WriteContent::Assets(keys, format) => format!("{} {format:?}", keys.len()),
        };
        Some((job.clone(), format!("{} {what} {:?}", job.path, job.overwrite)))
    })
}

fn writing_goes_by_the_names_ending() {
    let check = |keys: &str, expected: &str| {
        let mut stage = Stage::filled(100, 30);
        stage.serve();
        stage.keys(keys);
        let said = stage.app.toast().map(ToString::to_string).unwrap_or_default();
        assert_eq!(written(&stage).map_or(said, |(_, what)| what), expected, "{keys}");
    };
    let picture = "Picture(48x27, 38000 bytes) No";
    check("w Enter", &format!("14d7b2faba0dddd6b4e8936272d6bc3f_sample_00000.jpg {picture}"));
    check("l w Enter", &format!("14d7b2faba0dddd6b4e8936272d6bc3f_sample_00005.jpg {picture}"));
    check("z w C-u \"a/b.JPEG\" Enter", &format!("a/b.JPEG {picture}"));
    check("w Tab Enter", "assets.json 6 Json No");
    check("w Tab Tab Enter", "assets.jsonl 6 Jsonl No");
    check("f \"status:failed\" Enter w Tab Tab Tab Enter", "assets.csv 2 Csv No");
    check("w Tab Tab Tab Tab Enter", &format!("14d7b2faba0dddd6b4e8936272d6bc3f_sample_00000.jpg {picture}"));
    check("w C-u \"x.png\" Enter", "not written: the name must end in .jpg, .json, .jsonl or .csv");
    check("w Esc", "");
    let mut stage = Stage::filled(100, 30);
    stage.keys("w Enter");
    assert_eq!(written(&stage).unwrap().1, "assets.json 6 Json No", "without a picture the list is proposed");
    stage.keys("w C-u \"x.jpg\" Enter");
    assert_eq!(stage.app.toast().unwrap().as_str(), "not written: this picture is not loaded");
}

fn quitting_waits_for_a_file() {
    let mut stage = Stage::filled(100, 30);
    let quits = |stage: &Stage| stage.effects.iter().any(|effect| matches!(effect, Effect::Quit));
    stage.keys("w C-u \"x.csv\" Enter q");
    let (job, _) = written(&stage).unwrap();
    assert!(!quits(&stage) && stage.screen().contains("still being written"), "{}", stage.screen());
    stage.send(Message::Wrote(job, WriteOutcome::Done("/x.csv".into())));
    stage.keys("q");
    assert!(quits(&stage));
}

fn a_file_that_is_there_is_asked_about() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("w Enter");
    let (job, _) = written(&stage).unwrap();
    stage.send(Message::Wrote(job.clone(), WriteOutcome::Exists));
    assert!(stage.screen().contains("replace assets.json"), "{}", stage.screen());
    stage.keys("n");
    assert_eq!(stage.app.toast().unwrap().as_str(), "not written");
    assert_eq!(written(&stage).unwrap().1, "assets.json 6 Json No");
    stage.send(Message::Wrote(job.clone(), WriteOutcome::Exists));
    stage.keys("y");
    let (again, what) = written(&stage).unwrap();
    assert_eq!(what, "assets.json 6 Json Yes");
    stage.send(Message::Wrote(again, WriteOutcome::Done("/tmp/assets.json".into())));
    assert_eq!(stage.app.toast().unwrap().as_str(), "6 assets written to /tmp/assets.json");
    // A line that is being typed when the answer comes is not lost.
    stage.keys("/ \"dead\"");
    stage.send(Message::Wrote(job.clone(), WriteOutcome::Exists));
    assert_eq!(stage.app.prompt().unwrap().text(), "dead");
    stage.send(Message::Wrote(job, WriteOutcome::Failed("Permission denied".into())));
    assert_eq!(stage.app.toast().unwrap().as_str(), "assets.json: Permission denied");
}

crate::tests! {
    writing_goes_by_the_names_ending,
    quitting_waits_for_a_file,
    a_file_that_is_there_is_asked_about,
}
