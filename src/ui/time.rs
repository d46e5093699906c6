//! Times as text, in the zone of the session.

use crate::{app::App, event::Time, text::Safe};

/// Formats a time as `12:01`, or as `03-14 12:01` if it is not today.
pub(super) fn clock(time: Time, app: &App) -> Safe {
    format_time(time, app, "%H:%M")
}

/// Formats a time with its seconds.
pub(super) fn moment(time: Time, app: &App) -> Safe {
    format_time(time, app, "%H:%M:%S")
}

/// Formats the hour and the minute alone.
pub(super) fn hour(time: Time, app: &App) -> Safe {
    Safe::new(&time.timestamp().to_zoned(app.options().zone()).strftime("%H:%M").to_string())
}

fn format_time(time: Time, app: &App, clock: &str) -> Safe {
    let zone = app.options().zone();
    let today = app.now().wall.timestamp().to_zoned(zone.clone()).date();
    Safe::from(time.format(&zone, today, clock))
}
