//! The name and the status of an asset, as every part of the screen shows them.

use super::theme::{Glyph, Role};
use crate::{
    app::{App, Glyphs, list::order::Criterion},
    catalog::Asset,
    event::Status,
    text::Safe,
};

/// The name of an asset: its title, or its id if there is none, if ASCII cannot show it, or if the list is sorted by id.
pub(super) fn name(asset: &Asset<'_>, app: &App) -> Safe {
    let by_id = app.list().order().by == Criterion::Id;
    let is_writable = |title: &&Safe| app.options().glyphs == Glyphs::Unicode || title.as_str().is_ascii();
    asset
        .title()
        .filter(|_| !by_id)
        .filter(is_writable)
        .cloned()
        .unwrap_or_else(|| Safe::new(&asset.id().shown(app.options().reveal)))
}

/// The name of an asset in at most `width` cells: a title is cut at its end, an id in its middle.
pub(super) fn fitted_name(asset: &Asset<'_>, app: &App, width: usize) -> Safe {
    let name = name(asset, app);
    if asset.title() == Some(&name) { name.fit(width) } else { name.fit_middle(width) }
}

/// The glyph of a status and its role.
pub(super) fn status_glyph(status: &Status) -> (Glyph, Role) {
    match status {
        Status::Succeed => (Glyph::Succeed, Role::Good),
        Status::Failed => (Glyph::Failed, Role::Bad),
        Status::Other(_) => (Glyph::Other, Role::Dim),
    }
}
