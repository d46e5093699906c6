//! Names of logs on other machines: `HOST:/path`, `USER@HOST:/path`, `ssh://USER@HOST:PORT/path`.
//!
//! Pure. As in rsync, a name is one of another machine where a colon stands before any slash, unless a file here bears
//! it; `./a:b` always is a file.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

/// The name of a log, or of several, on another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) struct RemoteName {
    pub(in crate::source) host: RemoteHost,
    /// The path there: absolute, or with `./` from the home of the user on.
    pub(in crate::source) path: PathBuf,
}

/// A machine, and how ssh reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::source) struct RemoteHost {
    pub(in crate::source) user: Option<String>,
    pub(in crate::source) name: String,
    pub(in crate::source) port: Option<u16>,
}

/// The meaning of a file argument as far as its spelling tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum ParsedName {
    /// A file of this machine.
    Local,
    /// A file of another one.
    Remote(RemoteName),
    /// Neither, for this reason.
    Refused(&'static str),
}

/// Reads a file argument that names no file of this machine.
pub(in crate::source) fn parse(argument: &Path) -> ParsedName {
    let bytes = argument.as_os_str().as_bytes();
    let (authority, path, is_url) = match bytes.strip_prefix(b"ssh://") {
        Some(rest) => match memchr::memchr(b'/', rest) {
            Some(slash) => (rest.get(..slash), rest.get(slash..), true),
            None => return ParsedName::Refused("names no path: ssh://HOST/PATH"),
        },
        None => match colon(bytes) {
            Some(colon) => (bytes.get(..colon), bytes.get(colon + 1..), false),
            None => return ParsedName::Local,
        },
    };
    let (Some(authority), Some(path)) = (authority, path) else { return ParsedName::Local };
    // Another scheme, such as kafka://, is for others to read.
    if path.is_empty() || !is_url && path.starts_with(b"//") {
        return ParsedName::Local;
    }
    let Ok(authority) = str::from_utf8(authority) else {
        return ParsedName::Refused("has no host name before the colon");
    };
    match RemoteHost::parse(authority, is_url) {
        Ok(host) => ParsedName::Remote(RemoteName { host, path: there(path) }),
        Err(why) => ParsedName::Refused(why),
    }
}

/// Returns the place of the colon that ends a host, if it stands before any slash. One in brackets is part of an IPv6
/// address.
fn colon(bytes: &[u8]) -> Option<usize> {
    let begin = memchr::memchr(b'@', bytes).map_or(0, |at| at + 1);
    let from = match bytes.get(begin) {
        Some(b'[') => begin + memchr::memchr(b']', bytes.get(begin..)?)?,
        Some(_) | None => 0,
    };
    let colon = from + memchr::memchr(b':', bytes.get(from..)?)?;
    let slash = memchr::memchr(b'/', bytes).unwrap_or(bytes.len());
    (colon > 0 && colon < slash).then_some(colon)
}

/// Returns a path so that it cannot be taken for an option there.
fn there(path: &[u8]) -> PathBuf {
    let path = path.strip_prefix(b"/~/").or_else(|| path.strip_prefix(b"~/")).unwrap_or(path);
    let bytes = if path.starts_with(b"/") { path.to_vec() } else { [b"./", path].concat() };
    PathBuf::from(OsString::from_vec(bytes))
}

impl RemoteHost {
    fn parse(authority: &str, with_port: bool) -> Result<Self, &'static str> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, rest)) => (address, rest.strip_prefix(':')),
            None if with_port => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
            None => (host, None),
        };
        let port =
            port.map(|port| port.parse().map_err(|_no_port| "has no port number behind the colon")).transpose()?;
        for part in user.iter().chain([&name]) {
            if part.is_empty() {
                return Err("has no host name before the colon");
            }
            if part.starts_with('-') {
                return Err("is no host: it would be read as an option of ssh");
            }
            if part.chars().any(|char| char.is_control() || char.is_whitespace()) {
                return Err("is no host: it has blanks in its name");
            }
        }
        Ok(Self { user: user.map(str::to_owned), name: name.to_owned(), port })
    }

    /// Returns the name of a file there as it is shown and printed.
    pub(in crate::source) fn file_name(&self, path: &Path) -> String {
        let path = path.strip_prefix("./").unwrap_or(path).to_string_lossy();
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let name = if self.name.contains(':') { format!("[{}]", self.name) } else { self.name.clone() };
        match self.port {
            Some(port) if path.starts_with('/') => format!("ssh://{user}{name}:{port}{path}"),
            Some(port) => format!("ssh://{user}{name}:{port}/~/{path}"),
            None => format!("{user}{name}:{path}"),
        }
    }

    /// Returns the arguments that name the host to ssh, at the end of its options.
    pub(in crate::source) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        if let Some(port) = self.port {
            arguments.extend(["-p".into(), port.to_string().into()]);
        }
        if let Some(user) = &self.user {
            arguments.extend(["-l".into(), user.into()]);
        }
        arguments.extend([OsStr::new("--").to_owned(), self.name.clone().into()]);
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_before_any_slash_ends_a_host() {
        let remote = |user: Option<&str>, name: &str, port, path: &str| {
            let host = RemoteHost { user: user.map(str::to_owned), name: name.to_owned(), port };
            ParsedName::Remote(RemoteName { host, path: path.into() })
        };
        let cases = [
            ("web1:/var/log/vod.log", remote(None, "web1", None, "/var/log/vod.log")),
            ("ops@web1:/var/log/*.log", remote(Some("ops"), "web1", None, "/var/log/*.log")),
            ("ssh://ops@web1:2222/var/log/vod.log", remote(Some("ops"), "web1", Some(2222), "/var/log/vod.log")),
            ("ssh://web1/~/vod.log", remote(None, "web1", None, "./vod.log")),
            ("web1:vod.log", remote(None, "web1", None, "./vod.log")),
            ("web1:~/a b", remote(None, "web1", None, "./a b")),
            ("web1:-x", remote(None, "web1", None, "./-x")),
            ("[::1]:/a", remote(None, "::1", None, "/a")),
            ("ssh://u@[::1]:22/a", remote(Some("u"), "::1", Some(22), "/a")),
            ("./a:b", ParsedName::Local),
            ("/var/log/a:b", ParsedName::Local),
            ("logs/a:b", ParsedName::Local),
            ("vod.log", ParsedName::Local),
            (":/a", ParsedName::Local),
            ("web1:", ParsedName::Local),
            ("kafka://web1/topic", ParsedName::Local),
            ("-", ParsedName::Local),
            ("-oProxyCommand=x:/a", ParsedName::Refused("is no host: it would be read as an option of ssh")),
            ("-lroot@web1:/a", ParsedName::Refused("is no host: it would be read as an option of ssh")),
            ("u@-x:/a", ParsedName::Refused("is no host: it would be read as an option of ssh")),
            ("ssh://-x/a", ParsedName::Refused("is no host: it would be read as an option of ssh")),
            ("a b:/c", ParsedName::Refused("is no host: it has blanks in its name")),
            ("@web1:/c", ParsedName::Refused("has no host name before the colon")),
            ("ssh://web1:x/a", ParsedName::Refused("has no port number behind the colon")),
            ("ssh://web1", ParsedName::Refused("names no path: ssh://HOST/PATH")),
        ];
        for (argument, expected) in cases {
            assert_eq!(parse(Path::new(argument)), expected, "{argument}");
        }
    }

    #[test]
    fn names_are_printed_as_they_are_typed() {
        let typed =
            ["web1:/var/log/vod.log", "ops@web1:vod.log", "ssh://ops@web1:2222/vod.log", "[::1]:/a", "ssh://h:1/~/x"];
        for typed in typed {
            match parse(Path::new(typed)) {
                ParsedName::Remote(name) => assert_eq!(name.host.file_name(&name.path), typed),
                other @ (ParsedName::Local | ParsedName::Refused(_)) => panic!("{typed}: {other:?}"),
            }
        }
    }
}
