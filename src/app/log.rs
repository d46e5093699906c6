//! The updates of the sources, applied to the parts of the screen that show them.

use super::{
    list::AssetList,
    message::Now,
    notices::Notices,
    outcome::ActionOutcome,
    sources::{LoadPhase, Sources},
    title::WindowTitle,
};
use crate::{
    catalog::{Asset, Catalog},
    event::{EventKind, LogUpdate, Severity, Status},
    text::Safe,
};

/// The parts that an update of a source changes.
pub(super) struct LogParts<'a> {
    pub(super) catalog: &'a mut Catalog,
    pub(super) list: &'a mut AssetList,
    pub(super) sources: &'a mut Sources,
    pub(super) notices: &'a mut Notices,
    pub(super) title: &'a mut WindowTitle,
}

impl LogParts<'_> {
    /// Applies an update.
    pub(super) fn apply(self, mut update: LogUpdate, now: Now) -> ActionOutcome {
        let is_live = self.sources.phase() == LoadPhase::Loaded;
        let mut thumbnails = 0;
        if let LogUpdate::Batch { events, .. } = &update
            && is_live
        {
            thumbnails = events.iter().filter(|event| event.kind == EventKind::Thumbnail).count() as u64;
        }
        self.catalog.apply_update(&mut update, |catalog, applied| {
            self.list.note_change(applied.asset);
            let event = catalog.event(applied.event);
            if event.oddities.foreign > 0 {
                self.notices.add_foreign(event.origin);
            }
            if *event.kind == EventKind::Thumbnail {
                if let Some(time) = event.time {
                    self.sources.note_event(time, event.status);
                }
                if is_live {
                    self.list.count_unread(event.status);
                    let passes = |asset: Asset<'_>| self.list.passes(&asset, now.wall);
                    if *event.status == Status::Failed && catalog.asset(applied.asset).is_some_and(passes) {
                        self.title.count_failure();
                    }
                }
            }
        });
        match update {
            LogUpdate::Opened { file, name, .. } => self.sources.set_name(file.rank, Safe::new(&name)),
            LogUpdate::Batch { rejected, .. } => {
                self.sources.count(thumbnails, now.mono);
                for rejected in rejected {
                    self.notices.reject(rejected);
                }
            }
            LogUpdate::Health { rank, health } => self.sources.set_health(rank, health),
            LogUpdate::Notice(notice) => {
                let outcome = match notice.severity {
                    Severity::Warning => ActionOutcome::say(notice.text.clone()),
                    Severity::Routine => ActionOutcome::default(),
                };
                self.notices.notice(notice);
                return outcome;
            }
            LogUpdate::Incomplete { rank, head } => self.sources.set_incomplete(rank, head),
            LogUpdate::Lines { file, lines } => self.notices.number(file, &lines),
            LogUpdate::Loaded => {
                self.sources.set_loaded();
                if self.list.give_up_awaited(self.catalog) {
                    return ActionOutcome::say("the asset of the last session is no longer in the log");
                }
                return self.list.check_statuses(self.catalog);
            }
            LogUpdate::Finished => {}
        }
        ActionOutcome::default()
    }
}
