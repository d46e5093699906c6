//! The options that say what happens on new events.

use crate::{
    app::Filter,
    session::alert::{AlertConfig, Bell},
};
use clap::Args;

/// The help of `--exec`.
const EXEC: &str = "Run CMD with sh -c for each of them, one at a time, with the event's JSON line on stdin and \
    THUMBVIEW_EVENT_ASSET_ID, THUMBVIEW_EVENT_STATUS and THUMBVIEW_EVENT_CODE in the environment";

/// The alerts.
#[derive(Args, Debug)]
pub struct AlertArgs {
    /// The new events that --bell and --exec are for; the words are those of --filter.
    #[arg(long, value_name = "EXPR", default_value = "status:failed", value_parser = Filter::parse)]
    pub alert: Filter,
    /// Ring the terminal bell for each of them.
    #[arg(long)]
    pub bell: bool,
    /// Run CMD for each.
    #[arg(long, value_name = "CMD", help = EXEC)]
    pub exec: Option<String>,
    /// Exit with 0 as soon as a new event passes this expression.
    #[arg(long, value_name = "EXPR", value_parser = Filter::parse)]
    pub exit_on: Option<Filter>,
}

impl AlertArgs {
    /// Returns the configuration of the alerts.
    pub(super) fn config(&self) -> AlertConfig {
        AlertConfig {
            filter: self.alert.clone(),
            bell: if self.bell { Bell::Ring } else { Bell::Silent },
            command: self.exec.clone(),
            exit_on: self.exit_on.clone(),
            ..AlertConfig::default()
        }
    }
}
