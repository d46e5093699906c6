//! The version of the program and of its build, as `--version` and `doctor` print it.

use std::env::consts::{ARCH, OS};

/// Returns version, commit, target, and the way the C library is linked; the commit is known to builds of `.ci/dist`.
pub fn version() -> String {
    let commit = option_env!("THUMBVIEW_COMMIT").unwrap_or("unknown");
    let library = if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "gnu") {
        "-gnu"
    } else {
        ""
    };
    let linking = if cfg!(target_feature = "crt-static") { "static" } else { "dynamic" };
    format!("{} (commit {commit}, {ARCH}-{OS}{library}, {linking})", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_named_after_the_version() {
        let version = version();
        assert!(version.starts_with(concat!(env!("CARGO_PKG_VERSION"), " (commit ")), "{version}");
        assert!(version.contains(ARCH) && version.contains(OS), "{version}");
    }
}
