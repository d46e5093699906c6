//! The commands that can go on where they stopped, and the arguments with which they do.
//!
//! Pure. Only a command of plain words is recognised, not what a shell would make something else of. What is not
//! recognised runs as it was typed.

use jiff::Timestamp;

/// The number of seconds by which the output of several pods may be out of order.
const SLACK: i64 = 10;

/// A command whose output can be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownCommand {
    tool: LogTool,
    words: Vec<String>,
    /// The number of words before that of the tool: assignments of variables, `sudo`.
    prefix: usize,
}

/// The program that prints the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogTool {
    Docker,
    Kubectl,
    Journalctl,
}

/// The place where the output of a command stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OutputPlace {
    /// The time stamp of the newest line.
    Time(Timestamp),
    /// The cursor of the last entry of a journal.
    Cursor(String),
}

impl KnownCommand {
    /// Recognises a command line.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words = plain_words(text)?;
        let is_prefix = |word: &&String| *word == "sudo" || assignment(word).is_some();
        let prefix = words.iter().take_while(is_prefix).count();
        let program = words.get(prefix)?.rsplit('/').next()?;
        let rest = words.get(prefix + 1..)?;
        let has = |word: &str| rest.iter().any(|other| other == word);
        let tool = match program {
            "docker" if has("logs") && !has("compose") && !has("service") => LogTool::Docker,
            "kubectl" if has("logs") && !has("--") => LogTool::Kubectl,
            "journalctl" if !has("--") => LogTool::Journalctl,
            _ => return None,
        };
        Some(Self { tool, words, prefix })
    }

    /// Returns the program.
    pub(super) fn tool(&self) -> LogTool {
        self.tool
    }

    /// Returns whether the command goes on after the end of what is there.
    pub(super) fn follows(&self) -> bool {
        let is_short = |word: &str| word.starts_with('-') && !word.starts_with("--");
        self.arguments().iter().any(|word| match word.strip_prefix("--follow") {
            Some(rest) => matches!(rest, "" | "=true"),
            None => is_short(word) && word.contains('f') && !self.takes_value(word),
        })
    }

    /// Returns the number of seconds by which lines may come after newer ones.
    pub(super) fn slack(&self) -> i64 {
        let is_of_several = |word: &String| {
            let name = word.split('=').next().unwrap_or_default();
            matches!(name, "-l" | "--selector" | "--all-containers" | "--all-pods" | "--prefix")
        };
        if self.tool == LogTool::Kubectl && self.arguments().iter().any(is_of_several) { SLACK } else { 0 }
    }

    /// Returns the command line with which the output begins, or goes on behind a place.
    pub(super) fn command_line(&self, place: Option<&OutputPlace>) -> String {
        let mut words = match (self.tool, place) {
            // Those exclude the options that are added.
            (LogTool::Kubectl, Some(_)) => self.without(&["--since", "--since-time"]),
            (LogTool::Journalctl, Some(_)) => {
                self.without(&["--since", "-S", "--cursor", "-c", "--after-cursor", "--cursor-file"])
            }
            (LogTool::Docker | LogTool::Kubectl | LogTool::Journalctl, _) => self.words.clone(),
        };
        let add: Vec<String> = match (self.tool, place) {
            (LogTool::Docker | LogTool::Kubectl, None) => vec!["--timestamps".to_owned()],
            (LogTool::Docker, Some(OutputPlace::Time(time))) => {
                vec!["--timestamps".to_owned(), "--tail=all".to_owned(), format!("--since={time:.9}")]
            }
            (LogTool::Kubectl, Some(OutputPlace::Time(time))) => {
                let second = Timestamp::from_second(time.as_second() - self.slack()).unwrap_or(*time);
                vec!["--timestamps".to_owned(), "--tail=-1".to_owned(), format!("--since-time={second:.0}")]
            }
            (LogTool::Journalctl, None) => vec!["--output=json".to_owned(), "--all".to_owned()],
            (LogTool::Journalctl, Some(OutputPlace::Cursor(cursor))) => vec![
                "--output=json".to_owned(),
                "--all".to_owned(),
                "--lines=all".to_owned(),
                format!("--after-cursor={cursor}"),
            ],
            (LogTool::Docker | LogTool::Kubectl, Some(OutputPlace::Cursor(_)))
            | (LogTool::Journalctl, Some(OutputPlace::Time(_))) => Vec::new(),
        };
        words.extend(add);
        let mut line = words.iter().map(|word| quoted(word)).collect::<Vec<String>>().join(" ");
        // docker hands on what a container prints on stderr there, and logs are often written to it.
        if self.tool == LogTool::Docker {
            line.push_str(" 2>&1");
        }
        line
    }

    fn arguments(&self) -> &[String] {
        self.words.get(self.prefix + 1..).unwrap_or_default()
    }

    /// Returns whether a short option has a value attached, in which letters are no options.
    fn takes_value(&self, word: &str) -> bool {
        let letters: &[char] = match self.tool {
            LogTool::Docker => &['n', 'H', 'c', 'l'],
            LogTool::Kubectl => &['c', 'l', 'n', 's'],
            LogTool::Journalctl => &['n', 'o', 'u', 't', 'p', 'g', 'S', 'U', 'c', 'b', 'M', 'D', 'i', 'F'],
        };
        let f = word.find('f').unwrap_or(word.len());
        word.get(1..f).is_some_and(|before| before.contains(letters))
    }

    /// Returns the words without these options and their values.
    fn without(&self, options: &[&str]) -> Vec<String> {
        let mut words = self.words.iter();
        let mut kept = Vec::new();
        while let Some(word) = words.next() {
            let is_attached = |option: &&str| {
                word.strip_prefix(*option)
                    .is_some_and(|rest| rest.starts_with('=') || !option.starts_with("--") && !rest.is_empty())
            };
            if options.contains(&word.as_str()) {
                words.next();
            } else if !options.iter().any(is_attached) {
                kept.push(word.clone());
            }
        }
        kept
    }
}

/// Splits a command line into words; `None` where a shell would do more than that.
fn plain_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == char => break,
                        '$' | '`' | '\\' if char == '"' => return None,
                        inner => word.push(inner),
                    }
                }
            }
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '\\' | '*' | '?' | '[' | '#' | '~' | '{' | '!'
            | '\n' => return None,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

/// Returns the name and the value of `NAME=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, value))
}

/// Returns a word as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:=@%+,".contains(char);
    match assignment(word) {
        _ if !word.is_empty() && word.chars().all(is_plain) => word.to_owned(),
        Some((name, value)) => format!("{name}={}", quoted(value)),
        None => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> OutputPlace {
        OutputPlace::Time("2026-03-14T01:15:02.123456789Z".parse().unwrap())
    }

    #[test]
    fn only_commands_of_plain_words_are_known() {
        let cases = [
            ("docker logs -f web", Some(LogTool::Docker)),
            ("sudo docker logs web", Some(LogTool::Docker)),
            ("DOCKER_HOST=ssh://h docker --context c logs web", Some(LogTool::Docker)),
            ("docker compose logs -f", None),
            ("docker ps", None),
            ("/usr/bin/kubectl -n 'a b' logs -f deploy/x", Some(LogTool::Kubectl)),
            ("kubectl logs -f x | grep thumbnail", None),
            ("kubectl exec x -- tail logs", None),
            ("kubectl exec x -- logs", None),
            ("journalctl -fu vod", Some(LogTool::Journalctl)),
            ("journalctl -fu $UNIT", None),
            ("tail -F vod.log", None),
            ("echo 'docker logs", None),
            ("", None),
        ];
        for (text, tool) in cases {
            assert_eq!(KnownCommand::parse(text).map(|known| known.tool()), tool, "{text}");
        }
    }

    #[test]
    fn following_is_an_option() {
        let cases = [
            ("docker logs -f web", true),
            ("docker logs --follow web", true),
            ("docker logs web-f", false),
            ("docker logs -n5 web", false),
            ("docker logs -tf web", true),
            ("kubectl logs --follow=true x", true),
            ("kubectl logs --follow=false x", false),
            ("kubectl logs -ncafe x", false),
            ("journalctl -fu vod", true),
            ("journalctl -uf", false),
            ("journalctl -u vod", false),
        ];
        for (text, expected) in cases {
            assert_eq!(KnownCommand::parse(text).unwrap().follows(), expected, "{text}");
        }
    }

    #[test]
    fn the_arguments_go_on_where_the_output_stopped() {
        let cursor = || OutputPlace::Cursor("s=1;i=2".to_owned());
        let cases = [
            ("docker logs -f web", None, "docker logs -f web --timestamps 2>&1"),
            (
                "docker logs -f --tail 5 web",
                Some(time()),
                "docker logs -f --tail 5 web --timestamps --tail=all --since=2026-03-14T01:15:02.123456789Z 2>&1",
            ),
            ("kubectl logs -f --since=1h x", None, "kubectl logs -f --since=1h x --timestamps"),
            (
                "K='a b' kubectl logs -f --since 1h --since-time=x x",
                Some(time()),
                "K='a b' kubectl logs -f x --timestamps --tail=-1 --since-time=2026-03-14T01:15:02Z",
            ),
            (
                "kubectl logs -f -l app=vod",
                Some(time()),
                "kubectl logs -f -l app=vod --timestamps --tail=-1 --since-time=2026-03-14T01:14:52Z",
            ),
            ("journalctl -fu vod", None, "journalctl -fu vod --output=json --all"),
            (
                "journalctl -f -S today -Syesterday --since='1 h ago' -n 5",
                Some(cursor()),
                "journalctl -f -n 5 --output=json --all --lines=all '--after-cursor=s=1;i=2'",
            ),
        ];
        for (text, place, expected) in cases {
            assert_eq!(KnownCommand::parse(text).unwrap().command_line(place.as_ref()), expected, "{text}");
        }
    }
}
