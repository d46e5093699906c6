//! The failures of an export, grouped by host and reason so that each is told once.

use crate::{
    report::ExportTask,
    text::{Safe, number::counted},
};
use std::collections::BTreeMap;
use url::Url;

/// Failures by host and reason.
#[derive(Debug, Default)]
pub(super) struct FailureGroups(BTreeMap<(Safe, Safe), FailureGroup>);

#[derive(Debug)]
struct FailureGroup {
    count: usize,
    /// The name of the file, and the URL, of its first picture.
    first: (Safe, Safe),
    /// The host that `--allow-host` would allow, where the fetch policy refused it.
    allow: Option<Safe>,
}

impl FailureGroups {
    pub(super) fn add(&mut self, task: &ExportTask, reason: &Safe, allow: Option<Safe>) {
        let url = Safe::new(&task.request.url.to_string());
        let host = host(task.request.url.reveal());
        let first = || FailureGroup { count: 0, first: (Safe::new(&task.file), url), allow };
        self.0.entry((host, reason.clone())).or_insert_with(first).count += 1;
    }

    pub(super) fn count(&self) -> usize {
        self.0.values().map(|group| group.count).sum()
    }

    /// Returns a line for each group, with advice where there is some.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |((host, reason), group): (&(Safe, Safe), &FailureGroup)| {
            let (file, url) = &group.first;
            let advice =
                group.allow.as_ref().map(|host| format!(" · --allow-host {host} allows it")).unwrap_or_default();
            match group.count {
                1 => format!("{file}: {reason}{advice} ({url})"),
                count => {
                    format!(
                        "{host}: {}: {reason}{advice} (the first is {file}, {url})",
                        counted(count as u64, "picture")
                    )
                }
            }
        };
        self.0.iter().map(line).collect()
    }
}

/// Returns `HOST` or `HOST:PORT` of a URL.
fn host(url: &str) -> Safe {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("no host");
    let port = url.as_ref().and_then(Url::port).map(|port| format!(":{port}")).unwrap_or_default();
    Safe::from(format!("{host}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{AssetId, Offset, PictureKind, PictureUrl},
        picture::{EventKey, PictureKey, PictureRequest},
    };

    #[test]
    fn failures_are_grouped_by_host_and_reason() {
        let mut groups = FailureGroups::default();
        let mut add = |index, url: &str, reason: &str, allow: Option<&str>| {
            let request = PictureRequest {
                key: PictureKey { event: EventKey(0), kind: PictureKind::Sample, index },
                asset: AssetId::new("a").unwrap(),
                offset: Offset::default(),
                url: PictureUrl::new(url),
            };
            let task = ExportTask { request, file: format!("{index}.jpg") };
            groups.add(&task, &reason.into(), allow.map(Safe::new));
        };
        add(0, "http://127.0.0.1:8787/a/0.jpg", "a loopback address", Some("127.0.0.1:8787"));
        add(1, "http://127.0.0.1:8787/a/1.jpg", "a loopback address", Some("127.0.0.1:8787"));
        add(2, "https://cdn.example/a/2.jpg?auth_key=s3cret", "HTTP 403", None);
        assert_eq!(groups.count(), 3);
        assert_eq!(
            groups.lines(),
            [
                "127.0.0.1:8787: 2 pictures: a loopback address · --allow-host 127.0.0.1:8787 allows it \
                 (the first is 0.jpg, http://127.0.0.1:8787/a/0.jpg)",
                "2.jpg: HTTP 403 (https://cdn.example/a/2.jpg?auth_key=***)",
            ]
        );
    }
}
