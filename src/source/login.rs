//! Logins to the machines that the arguments name, before anything is read.

use super::{
    arguments::Arguments,
    config::SourceConfig,
    remote::{
        RemoteHost,
        login::{Interrupted, LoginContext, Logins},
    },
};

/// Returns whether logs of other machines are named.
pub fn has_remote_names(config: &SourceConfig) -> bool {
    !hosts(config).is_empty()
}

/// Logs in to the machines that are named, so that ssh may ask on the terminal.
///
/// # Errors
/// If the operator ends the program meanwhile. That a login fails is no error: the source reports it.
pub fn log_in(config: SourceConfig, context: &LoginContext<'_>) -> Result<SourceConfig, Interrupted> {
    let logins = Logins::begin(&hosts(&config), &config.ssh_options, context)?;
    Ok(SourceConfig { logins, ..config })
}

/// Returns the machines that are named, each once.
fn hosts(config: &SourceConfig) -> Vec<RemoteHost> {
    let mut hosts = Vec::new();
    for name in Arguments::new(config.files.clone()).remote_names() {
        if !hosts.contains(&name.host) {
            hosts.push(name.host);
        }
    }
    hosts
}
