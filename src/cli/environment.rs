//! The environment variables that decide about the screen and about folders, other than those of options.
//!
//! Each decision is a function of a lookup, so that it is tested without a process environment.

use crate::{source::kafka::Password, text::Safe};
use std::{env, ffi::OsString, path::PathBuf};

/// Returns what to tell the user where the locale restricts the screen to ASCII.
pub fn locale_notice() -> Option<Safe> {
    (!has_utf8_locale()).then(|| "the locale is not UTF-8, so only ASCII is shown · LANG=C.UTF-8 shows more".into())
}

/// Returns whether the locale's characters are UTF-8. A locale that is not set is POSIX's own, which is ASCII.
pub(super) fn has_utf8_locale() -> bool {
    is_utf8(|name| env::var_os(name))
}

/// Returns whether `NO_COLOR` is set (<https://no-color.org>).
pub(super) fn has_no_color() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Returns the password for Kafka's brokers. It is no option, since the arguments of a program are visible to others.
pub(super) fn kafka_password() -> Option<Password> {
    env::var("THUMBVIEW_KAFKA_PASSWORD").ok().filter(|text| !text.is_empty()).map(Password::new)
}

/// Returns the folder of the picture cache (XDG base directories).
pub fn cache_folder() -> Option<PathBuf> {
    user_folder(|name| env::var_os(name), "XDG_CACHE_HOME", ".cache")
}

/// Returns the folder of the config file (XDG base directories).
pub fn config_folder() -> Option<PathBuf> {
    user_folder(|name| env::var_os(name), "XDG_CONFIG_HOME", ".config")
}

/// Returns the folder of what is kept over sessions (XDG base directories).
pub fn state_folder() -> Option<PathBuf> {
    user_folder(|name| env::var_os(name), "XDG_STATE_HOME", ".local/state")
}

/// The first variable that is not empty decides (POSIX.1-2017, Base Definitions, section 8.2).
fn is_utf8(value: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(value).find(|value| !value.is_empty());
    set.is_some_and(|value| {
        let name = value.to_string_lossy().to_ascii_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}

/// Returns our folder below the one that `variable` names, else below `at_home` in the home folder. Relative paths in
/// variables are invalid (XDG base directories) and ignored.
fn user_folder(value: impl Fn(&str) -> Option<OsString>, variable: &str, at_home: &str) -> Option<PathBuf> {
    let absolute = |name| value(name).map(PathBuf::from).filter(|path| path.is_absolute());
    Some(absolute(variable).or_else(|| Some(absolute("HOME")?.join(at_home)))?.join("thumbview"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn lookup(set: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    }

    #[test]
    fn the_first_variable_that_is_set_decides_about_the_locale() {
        let check = |set: &[(&str, &str)], expected| assert_eq!(is_utf8(lookup(set)), expected, "{set:?}");
        check(&[], false);
        check(&[("LANG", "C")], false);
        check(&[("LANG", "POSIX")], false);
        check(&[("LANG", "de_DE")], false);
        check(&[("LANG", "zh_CN.GB18030")], false);
        check(&[("LANG", "C.UTF-8")], true);
        check(&[("LANG", "zh_CN.utf8")], true);
        check(&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], false);
        check(&[("LANG", "C"), ("LC_CTYPE", "UTF-8")], true);
        check(&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")], true);
    }

    #[test]
    fn only_absolute_folders_count() {
        let check = |set: &[(&str, &str)], expected: Option<&str>| {
            let folder = user_folder(lookup(set), "XDG_CACHE_HOME", ".cache");
            assert_eq!(folder.as_deref(), expected.map(Path::new), "{set:?}");
        };
        check(&[], None);
        check(&[("HOME", "/h")], Some("/h/.cache/thumbview"));
        check(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")], Some("/c/thumbview"));
        check(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")], Some("/h/.cache/thumbview"));
        check(&[("HOME", "h")], None);
    }
}
