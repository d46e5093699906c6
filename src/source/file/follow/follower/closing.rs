//! Letting go of files, and reading those that lost the name.

use crate::{
    event::Severity,
    source::{
        error::{ReadError, Stopped},
        file::follow::{
            context::FollowContext,
            follower::{Follower, ReadTarget},
            observation::{FileStamp, Inode},
            open_file::{OpenFile, ReadOutcome},
            rotated_file::{RotatedFile, RotatedOutcome},
        },
        sink::{ContentChange, Resume, Sink},
    },
};
use std::os::unix::fs::MetadataExt as _;

impl Follower {
    /// Ends the generation of an open file whose content changed; its unread bytes are taken from a copy where there is
    /// one.
    pub(super) fn close_changed(
        &mut self,
        why: &str,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<ReadTarget, ReadError> {
        let Some(mut old) = self.open.take() else { return Ok(ReadTarget::None) };
        let file = old.file.try_clone()?;
        let copy = if old.packed { None } else { self.siblings.find_copy(&old, context.history)? };
        let has_copy = copy.is_some() || self.siblings.has_packed_copy(&old)?;
        self.next_content = if has_copy { ContentChange::New } else { old.as_rewritten() };
        // With a copy beside the name nothing is lost: copytruncate is a routine rotation.
        let (severity, loss) = if let Some((copy, id)) = copy {
            let before = old.anchor.offset();
            old.switch_to_copy(copy, id);
            while old.read_on(context.sink)? == ReadOutcome::More {}
            let taken = match old.anchor.offset() - before {
                0 => "its copy holds nothing more".into(),
                bytes => format!("{bytes} unread bytes were taken from its copy"),
            };
            (Severity::Routine, taken)
        } else {
            (Severity::Warning, "lines written since the last poll may be lost".into())
        };
        old.finish(context.sink)?;
        context.history.note(old.read_file(self.rank));
        context.history.release((self.rank, old.generation));
        context.sink.notice(severity, format!("{why}; reading from its beginning; {loss}"))?;
        Ok(ReadTarget::Restarted(file))
    }

    /// Lets go of the file that lost the name; it is read on for late writers.
    pub(super) fn leave(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), ReadError> {
        let Some(open) = &self.open else { return Ok(()) };
        let (links, can_rotate) = (open.file.metadata()?.nlink(), !open.packed);
        if can_rotate {
            let stamp = FileStamp::of(&open.file.metadata()?);
            while self.read(Some(stamp), context)? == ReadOutcome::Changed {
                if let ReadTarget::Restarted(file) = self.close_changed("rewritten in place", context)? {
                    self.start_again(file, context)?;
                }
            }
        }
        if let Some(open) = self.open.take() {
            let has_copy = links > 0
                || self.siblings.find_copy(&open, context.history)?.is_some()
                || self.siblings.has_packed_copy(&open)?;
            self.next_content = if has_copy { ContentChange::New } else { open.as_rewritten() };
            self.rotated.push(RotatedFile::new(open, context.now));
        }
        Ok(())
    }

    /// Reads the files that had the name between two polls.
    pub(super) fn read_missed(
        &mut self,
        target: &ReadTarget,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let current = match target {
            ReadTarget::None | ReadTarget::Open(_) | ReadTarget::Named(Err(_)) => None,
            ReadTarget::Restarted(file) => Some(Inode::of(&file.metadata()?)),
            ReadTarget::Named(Ok((_, metadata))) => Some(Inode::of(metadata)),
        };
        for (path, file) in self.siblings.find_missed(current, context.history, self.rank)? {
            let mut open = self.start(file, None, ContentChange::New, context)?;
            if open.packed {
                open.read_packed(context.history, context.sink)?;
            } else {
                open.read_on(context.sink)?;
            }
            self.keep_rotated(open, context);
            let name = path.file_name().unwrap_or_default().display();
            context.sink.notice(
                Severity::Routine,
                format!("{name} was created and rotated between two polls; it is read, too"),
            )?;
        }
        Ok(())
    }

    /// Reads on in a file that lost its name.
    pub(super) fn keep_rotated(&mut self, open: OpenFile, context: &mut FollowContext<'_, impl Sink>) {
        let place = Resume { offset: open.lines.byte(), line: open.lines.line() };
        context.sink.place(open.generation, place);
        context.history.note(open.read_file(self.rank));
        self.rotated.push(RotatedFile::new(open, context.now));
    }

    pub(super) fn poll_rotated(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), Stopped> {
        for mut rotated in std::mem::take(&mut self.rotated) {
            let outcome = rotated.poll(context.now, context.sink);
            let lines = &rotated.open.lines;
            context.sink.place(rotated.open.generation, Resume { offset: lines.byte(), line: lines.line() });
            context.history.note(rotated.open.read_file(self.rank));
            match outcome {
                Ok(RotatedOutcome::Keep) => self.rotated.push(rotated),
                Err(ReadError::Stopped) => return Err(Stopped),
                Ok(RotatedOutcome::LetGo) | Err(ReadError::Io(_)) => {
                    rotated.open.finish(context.sink)?;
                    context.history.release((self.rank, rotated.open.generation));
                }
            }
        }
        Ok(())
    }
}
