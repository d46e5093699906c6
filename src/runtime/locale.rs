//! Whether what is beyond ASCII can be shown, by the locale that the user set.

use std::{env, ffi::OsString};

/// What the screen says where the locale holds glyphs back.
pub(super) const NOTICE: &str = "no UTF-8 locale, so ASCII only · LANG=C.UTF-8 shows more";

/// Whether the locale's characters are UTF-8. One that is not set is POSIX's own, which is ASCII.
pub(super) fn is_utf8() -> bool {
    decide(|name| env::var_os(name))
}

/// The first of these that is set to something decides (POSIX.1-2017, Base Definitions, section 8.2).
fn decide(value: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(value).find(|value| !value.is_empty());
    set.is_some_and(|value| {
        let name = value.to_string_lossy().to_ascii_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_decides() {
        let check = |set: &[(&str, &str)], expected| {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            assert_eq!(decide(value), expected, "{set:?}");
        };
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
}
