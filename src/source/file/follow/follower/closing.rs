//! Letting go of files, and reading those that lost the name.

use crate::{
    event::Severity,
    source::{
        error::{ReadError, Stopped},
        file::follow::{
            context::FollowContext,
            follower::{Follower, ReadTarget},
            observation::Inode,
            open_file::{OpenFile, ReadOutcome},
            rotated_file::{RotatedFile, RotatedOutcome},
            sibling_scan::{CopiedLog, NameChange},
        },
        sink::{ContentChange, Resume, Sink},
    },
};
use std::{io, sync::Arc};

impl Follower {
    /// Ends the generation of an open file whose content changed; its unread bytes are taken from a copy where there is
    /// one.
    pub(super) fn close_changed(
        &mut self,
        why: &str,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<ReadTarget, ReadError> {
        let Some(old) = &self.open else { return Ok(ReadTarget::None) };
        let file = Arc::clone(&old.file);
        let copy = if old.packed { None } else { self.siblings.find_copy(old, context.history)? };
        let cut =
            if copy.is_some() || old.packed { None } else { self.siblings.find_cut_copy(old, context.history)? };
        let has_copy = copy.is_some() || cut.is_some() || self.siblings.find_packed_copy(old)?.is_some();
        let Some(mut old) = self.open.take() else { return Ok(ReadTarget::None) };
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
        let mut read = old.read_file(self.rank);
        if let Some((anchor, id)) = cut {
            (read.anchor, read.id) = (anchor, id);
        }
        context.history.note(read);
        context.history.release((self.rank, old.generation));
        context.sink.notice(severity, format!("{why}; reading from its beginning; {loss}"))?;
        Ok(ReadTarget::Restarted(file))
    }

    /// Lets go of the file that lost the name; it is read on for late writers.
    pub(super) fn leave(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), ReadError> {
        let Some(open) = &self.open else { return Ok(()) };
        let stat = match open.file.stat() {
            Ok(stat) => stat,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.leave_vanished(context),
            Err(error) => return Err(error.into()),
        };
        let can_rotate = !open.packed;
        if can_rotate {
            while self.read(Some(stat.stamp), context)? == ReadOutcome::Changed {
                if let ReadTarget::Restarted(file) = self.close_changed("rewritten in place", context)? {
                    self.start_again(file, context)?;
                }
            }
        }
        if let Some(open) = self.open.take() {
            let has_copy = stat.links > 0
                || self.siblings.find_copy(&open, context.history)?.is_some()
                || self.siblings.find_packed_copy(&open)?.is_some();
            self.next_content = if has_copy { ContentChange::New } else { open.as_rewritten() };
            self.rotated.push(RotatedFile::new(open, context.now));
        }
        Ok(())
    }

    /// Lets go of the open file, of which no descriptor is left and which bears no name here any more: it was packed,
    /// moved or deleted while it could not be looked at.
    fn leave_vanished(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), ReadError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.next_content = ContentChange::New;
        self.read_rest("gone", open, context)
    }

    /// Reads the rest of a file that has vanished or changed from a copy or an archive of it, and ends its generation.
    fn read_rest(
        &mut self,
        why: &str,
        mut open: OpenFile,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let before = open.anchor.offset();
        let source = if let Some((copy, id)) = self.siblings.find_copy(&open, context.history)? {
            open.switch_to_copy(copy, id);
            while open.read_on(context.sink)? == ReadOutcome::More {}
            Some("its copy")
        } else if let Some((archive, packing)) = self.siblings.find_packed_copy(&open)? {
            open.read_rest_of(packing, &*archive, context.sink)?;
            Some("its archive")
        } else {
            None
        };
        let (severity, text) = match (source, open.anchor.offset() - before) {
            (Some(source), 0) => (Severity::Routine, format!("{why} meanwhile; {source} holds nothing more")),
            (Some(source), bytes) => {
                (Severity::Routine, format!("{why} meanwhile; {bytes} bytes were taken from {source}"))
            }
            (None, _) => (Severity::Warning, format!("{why} meanwhile; lines written since the last look may be lost")),
        };
        open.finish(context.sink)?;
        context.history.note(open.read_file(self.rank));
        context.history.release((self.rank, open.generation));
        Ok(context.sink.notice(severity, text)?)
    }

    /// Reads the files that had the name between two polls.
    pub(super) fn read_missed(
        &mut self,
        target: &ReadTarget,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let current: Option<Inode> = match target {
            ReadTarget::None | ReadTarget::Open(_) | ReadTarget::Named(Err(_)) => None,
            ReadTarget::Restarted(file) => Some(file.stat()?.id),
            ReadTarget::Named(Ok((_, stat))) => Some(stat.id),
        };
        let same = |file| CopiedLog { file, name: NameChange::Same };
        let copied = match target {
            ReadTarget::None | ReadTarget::Open(_) => self.open.as_ref().map(|open| same(&*open.file)),
            ReadTarget::Restarted(file) => Some(same(&**file)),
            ReadTarget::Named(Ok((file, _))) => Some(CopiedLog { file: &**file, name: NameChange::Other }),
            ReadTarget::Named(Err(_)) => None,
        };
        let missed = match self.siblings.find_missed(current, copied, context.history, self.rank) {
            Ok(missed) => missed,
            Err(error) => {
                self.siblings.forget(&[]);
                return Err(error.into());
            }
        };
        for (path, file) in missed {
            let mut open = self.start(file, None, ContentChange::New, context)?;
            let outcome =
                if open.packed { open.read_packed(context.history, context.sink) } else { open.read_on(context.sink) };
            self.keep_rotated(open, context);
            outcome?;
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

    fn read_rest_or_stop(
        &mut self,
        why: &str,
        open: OpenFile,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), Stopped> {
        match self.read_rest(why, open, context) {
            Err(ReadError::Stopped) => Err(Stopped),
            Ok(()) | Err(ReadError::Io(_)) => Ok(()),
        }
    }

    pub(super) fn poll_rotated(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), Stopped> {
        for mut rotated in std::mem::take(&mut self.rotated) {
            let outcome = rotated.poll(&*self.files, context.now, context.sink);
            let lines = &rotated.open.lines;
            context.sink.place(rotated.open.generation, Resume { offset: lines.byte(), line: lines.line() });
            context.history.note(rotated.open.read_file(self.rank));
            match outcome {
                Ok(RotatedOutcome::Keep) => self.rotated.push(rotated),
                Err(ReadError::Stopped) => return Err(Stopped),
                Ok(RotatedOutcome::Changed) => self.read_rest_or_stop("rewritten", rotated.open, context)?,
                Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                    self.read_rest_or_stop("gone", rotated.open, context)?;
                }
                Ok(RotatedOutcome::LetGo) | Err(ReadError::Io(_)) => {
                    rotated.open.finish(context.sink)?;
                    context.history.release((self.rank, rotated.open.generation));
                }
            }
        }
        Ok(())
    }
}
