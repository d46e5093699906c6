//! The program as it is carried to another machine: completions in real shells, the man page, and certificates.

use crate::{
    harness::skip,
    support::{
        pty::PROGRAM,
        server::{ImageServer, picture},
    },
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Runs a program in a folder and returns its stdout; its stderr must be empty.
fn stdout_of(folder: &Path, program: &str, args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args(args).current_dir(folder).env_clear().env("PATH", path).env("HOME", folder).env("LANG", "C.UTF-8");
    let output = command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{program} {args:?}: {}: {stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Writes the completions of a shell into a new folder, or skips the test if there is no such shell.
fn completions(shell: &str, file: &str) -> tempfile::TempDir {
    if Command::new(shell).arg("-c").arg("true").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        skip(format!("no {shell}"));
    }
    let folder = tempfile::tempdir().unwrap();
    let script = stdout_of(folder.path(), PROGRAM, &["completions", shell], &[]);
    fs::write(folder.path().join(file), script).unwrap();
    folder
}

fn bash_completes() {
    let folder = completions("bash", "completion");
    // The words and the cursor as the shell sets them for its completion functions.
    let script = "source ./completion && complete -p thumbview && \
                  COMP_WORDS=(thumbview li) COMP_CWORD=1 && _thumbview thumbview li thumbview && echo \"${COMPREPLY[@]}\"";
    let printed = stdout_of(folder.path(), "bash", &["--norc", "-c", script], &[]);
    assert!(printed.starts_with("complete ") && printed.contains("-F _thumbview thumbview"), "{printed}");
    assert!(printed.lines().last().unwrap().split(' ').any(|word| word == "list"), "{printed}");
}

fn zsh_completes() {
    let folder = completions("zsh", "_thumbview");
    let script = "fpath=($PWD $fpath); autoload -Uz compinit && compinit -u -d ./dump && print -r -- $_comps[thumbview] && \
                  autoload +X _thumbview && whence -w _thumbview";
    let printed = stdout_of(folder.path(), "zsh", &["-f", "-c", script], &[]);
    assert_eq!(printed, "_thumbview\n_thumbview: function\n");
}

fn fish_completes() {
    let folder = completions("fish", "thumbview.fish");
    let printed = stdout_of(
        folder.path(),
        "fish",
        &["--no-config", "-c", "source ./thumbview.fish; complete -C 'thumbview li'"],
        &[],
    );
    assert!(printed.lines().any(|line| line.split('\t').next() == Some("list")), "{printed}");
}

fn the_man_page_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let page = stdout_of(folder.path(), PROGRAM, &["man"], &[]);
    fs::write(folder.path().join("thumbview.1"), page).unwrap();
    if Command::new("man").arg("--version").stdout(Stdio::null()).status().is_err() {
        skip("no man");
    }
    let shown =
        stdout_of(folder.path(), "man", &["--warnings", "-l", "-P", "cat", "thumbview.1"], &[("MANWIDTH", "80")]);
    for word in ["thumbview", "tail", "list", "--filter"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
}

async fn certificates_are_built_in_where_the_system_has_none() {
    const PICTURE: &[u8] = include_bytes!("../fixtures/hostile/base.jpg");
    let server = ImageServer::start(|_| picture(PICTURE)).await;
    let (host, url) = (server.host(), server.url("/0.jpg"));
    let run = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        // A folder without certificates, as on a system without a store.
        fs::create_dir(folder.path().join("none")).unwrap();
        let absent = [("SSL_CERT_DIR", "none")];
        let doctor = stdout_of(folder.path(), PROGRAM, &["doctor"], &absent);
        assert!(doctor.contains("this system has none"), "{doctor}");
        let doctor = stdout_of(folder.path(), PROGRAM, &["doctor"], &[("SSL_CERT_FILE", "absent.pem")]);
        assert!(doctor.contains("those of this system cannot be read"), "{doctor}");
        // Without any certificate no client could be built, and no picture fetched, even over plain HTTP.
        let event = format!(
            r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"1","status":"SUCCEED","sample":[{{"offset":0,"url":"{url}"}}]}}}}"#
        );
        fs::write(folder.path().join("vod.log"), event + "\n").unwrap();
        stdout_of(
            folder.path(),
            PROGRAM,
            &["show", "-p", "blocks", "--allow-host", &host, "--no-cache", "vod.log"],
            &absent,
        )
    });
    let printed = run.await.unwrap();
    assert!(printed.contains('\u{1b}'), "{printed}");
    assert_eq!(server.requests().len(), 1);
}

crate::tests! {
    bash_completes,
    certificates_are_built_in_where_the_system_has_none,
    fish_completes,
    the_man_page_is_clean,
    zsh_completes,
}
