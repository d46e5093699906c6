//! The cases and the model of the follower, over the program that runs at the other end of ssh: here in shells of this
//! machine.

use super::{model::each_line_comes_out_once_over, *};
use std::{
    process::{Command, Stdio},
    sync::LazyLock,
};
use thumbview::source::remote::{RemoteFiles, Transport};

/// The shells under which the program must run.
const SHELLS: [&str; 4] = ["dash", "bash", BUSYBOX, "mksh"];

/// The shell of `busybox`, with its own stat, dd and readlink.
const BUSYBOX: &str = "busybox sh";

/// Cases that look at descriptors of this process, or rest on what only this machine shows: writers, holes, births.
const LOCAL_ONLY: [&str; 4] = ["descriptor", "tebibyte", "as_long_as", "younger"];

/// Returns the files as a shell shows them; skips the test where there is no such shell.
fn files(shell: &str) -> Arc<dyn FileSystem> {
    let mut words = shell.split(' ');
    let mut probe = Command::new(words.next().unwrap());
    let is_there = probe.args(words).args(["-c", "exit 0"]).stdin(Stdio::null()).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        skip(format!("no {shell}"));
    }
    let shell = if shell == BUSYBOX { format!("env PATH={} {shell}", applets().display()) } else { shell.to_owned() };
    Arc::new(RemoteFiles::new(Transport::shell(&shell)))
}

/// Returns a folder with the tools of `busybox` alone, made once.
fn applets() -> &'static Path {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let busybox = std::env::split_paths(&path).map(|folder| folder.join("busybox")).find(|path| path.exists());
        for name in ["busybox", "stat", "dd", "readlink", "gzip", "date"] {
            std::os::unix::fs::symlink(busybox.as_ref().unwrap(), folder.path().join(name)).unwrap();
        }
        folder
    });
    FOLDER.path()
}

/// Returns the same tests over a shell.
fn over(shell: &'static str, tests: Vec<Test>) -> impl Iterator<Item = Test> {
    let tests = tests.into_iter().filter(|test| LOCAL_ONLY.iter().all(|word| !test.name().contains(word)));
    tests.map(move |test| {
        let name = format!("it::{}::{}", test.name().replacen("cases", "remote", 1), shell.replace(' ', "_"));
        Test::new(name.leak(), move || {
            OVER.set(Some(files(shell)));
            test.run();
        })
    })
}

fn model_over_dash() {
    each_line_comes_out_once_over(&files("dash"), 12);
}

fn model_over_busybox() {
    each_line_comes_out_once_over(&files(BUSYBOX), 6);
}

crate::tests! {
    model_over_dash,
    model_over_busybox,
}

pub(super) fn all_tests() -> Vec<Test> {
    SHELLS.into_iter().flat_map(|shell| over(shell, cases::tests())).chain(tests()).collect()
}
