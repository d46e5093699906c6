//! Letting go of files, and reading those that lost the name.

use crate::{
    event::Severity,
    source::{
        error::{ReadError, Stopped, reason},
        file::follow::{
            context::FollowContext,
            follower::{Follower, ReadTarget},
            observation::Inode,
            open_file::{OpenFile, ReadOutcome},
            rotated_file::{RotatedFile, RotatedOutcome},
            sibling_scan::{CopiedLog, MissedFile, NameChange},
        },
        sink::{ContentChange, Resume, Sink},
    },
};
use std::{io, sync::Arc};

/// The bytes of a file that were read from a copy or an archive of it.
struct RestOfFile {
    bytes: u64,
    source: &'static str,
}

impl RestOfFile {
    fn sentence(&self) -> String {
        match self.bytes {
            0 => format!("{} holds nothing more", self.source),
            bytes => format!("{bytes} unread bytes were taken from {}", self.source),
        }
    }
}

impl Follower {
    /// Ends the generation of an open file whose content changed; its unread bytes are taken from a copy where there is
    /// one.
    pub(super) fn close_changed(
        &mut self,
        why: &str,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<ReadTarget, ReadError> {
        let Some(mut old) = self.open.take() else { return Ok(ReadTarget::None) };
        let file = Arc::clone(&old.file);
        let found = self.read_rest(&mut old, context).and_then(|rest| {
            let is_cut = rest.is_none() && !old.packed;
            Ok((rest, if is_cut { self.siblings.find_cut_copy(&old, context.history)? } else { None }))
        });
        let (rest, cut) = match found {
            Ok(found) => found,
            Err(error) => {
                self.open = Some(old);
                return Err(error);
            }
        };
        self.next_content = if rest.is_some() || cut.is_some() { ContentChange::New } else { old.as_rewritten() };
        // With a copy beside the name nothing is lost: copytruncate is a routine rotation.
        let (severity, loss) = match rest {
            Some(rest) => (Severity::Routine, rest.sentence()),
            None => (Severity::Warning, "lines written since the last poll may be lost".into()),
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
        let Some(open) = &self.open else { return Ok(()) };
        let has_copy = stat.links > 0
            || self.siblings.find_copy(open, context.history)?.is_some()
            || self.siblings.find_packed_copy(open)?.is_some();
        self.next_content = if has_copy { ContentChange::New } else { open.as_rewritten() };
        self.rotated.extend(self.open.take().map(|open| RotatedFile::new(open, context.now)));
        Ok(())
    }

    /// Lets go of the open file, of which no descriptor is left and which bears no name here any more: it was packed,
    /// moved or deleted while it could not be looked at.
    fn leave_vanished(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), ReadError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.next_content = ContentChange::New;
        Ok(self.close_rotated("gone", RotatedFile::new(open, context.now), context)?)
    }

    /// Closes a rotated file that has vanished or changed, after its rest was read from a copy or an archive of it. Where
    /// that fails, the file is kept for some time.
    fn close_rotated(
        &mut self,
        why: &str,
        mut rotated: RotatedFile,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), Stopped> {
        // Its inode may be another file's by now, which was passed over for that.
        self.siblings.repeat();
        let (severity, loss) = match self.read_rest(&mut rotated.open, context) {
            Ok(Some(rest)) => (Severity::Routine, rest.sentence()),
            Ok(None) => (Severity::Warning, "lines written since the last look may be lost".into()),
            Err(ReadError::Stopped) => return Err(Stopped),
            Err(ReadError::Io(error)) => return self.keep_or_give_up(rotated, &error, context),
        };
        context.sink.notice(severity, format!("{why} meanwhile; {loss}"))?;
        self.end(rotated.open, context)
    }

    /// Keeps a rotated file that could not be read, for another attempt at the next poll; one that has not been read for
    /// long is given up.
    fn keep_or_give_up(
        &mut self,
        rotated: RotatedFile,
        error: &io::Error,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), Stopped> {
        if !rotated.is_overdue(context.now) {
            self.rotated.push(rotated);
            return Ok(());
        }
        let text = format!("{}: the rest of the rotated file may be lost", reason(error));
        context.sink.notice(Severity::Warning, text)?;
        self.end(rotated.open, context)
    }

    /// Ends the generation of a file.
    fn end(&self, mut open: OpenFile, context: &mut FollowContext<'_, impl Sink>) -> Result<(), Stopped> {
        open.finish(context.sink)?;
        context.history.note(open.read_file(self.rank));
        context.history.release((self.rank, open.generation));
        Ok(())
    }

    /// Reads the rest of a file that has vanished or changed from a copy or an archive of it; returns `None` if there is
    /// none.
    fn read_rest(
        &self,
        open: &mut OpenFile,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<Option<RestOfFile>, ReadError> {
        if open.packed {
            return Ok(None);
        }
        let before = open.anchor.offset();
        let source = if let Some((copy, id)) = self.siblings.find_copy(open, context.history)? {
            open.switch_to_copy(copy, id);
            while open.read_on(context.sink)? == ReadOutcome::More {}
            "its copy"
        } else if let Some((archive, packing)) = self.siblings.find_packed_copy(open)? {
            open.read_rest_of(packing, &*archive, context.sink)?;
            "its archive"
        } else {
            return Ok(None);
        };
        Ok(Some(RestOfFile { bytes: open.anchor.offset() - before, source }))
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
            ReadTarget::Named(Ok(opened)) => Some(opened.stat.id),
        };
        let same = |file| CopiedLog { file, name: NameChange::Same };
        let copied = match target {
            ReadTarget::None | ReadTarget::Open(_) => self.open.as_ref().map(|open| same(&*open.file)),
            ReadTarget::Restarted(file) => Some(same(&**file)),
            ReadTarget::Named(Ok(opened)) => Some(CopiedLog { file: &*opened.file, name: NameChange::Other }),
            ReadTarget::Named(Err(_)) => None,
        };
        let missed = self.siblings.find_missed(current, copied, context.history, self.rank)?;
        let ids: Vec<Inode> = missed.iter().map(|missed| missed.id).collect();
        for (at, missed) in missed.into_iter().enumerate() {
            if let Err(error) = self.read_missed_file(missed, context) {
                self.siblings.forget(ids.get(at + 1..).unwrap_or_default());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Reads a file that had the name between two polls. One of which nothing could be read is searched again, also as
    /// an archive.
    fn read_missed_file(
        &mut self,
        MissedFile { path, id, file }: MissedFile,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let started = file.stat().map_err(ReadError::from);
        let started = started.and_then(|stat| self.start(file, &stat, None, ContentChange::New, context));
        let mut open = match started {
            Ok(open) => open,
            Err(error) => {
                self.siblings.forget(&[id]);
                return Err(error);
            }
        };
        let outcome =
            if open.packed { open.read_packed(context.history, context.sink) } else { open.read_on(context.sink) };
        if outcome.is_err() && open.anchor.offset() == 0 {
            self.siblings.forget(&[id]);
            self.end(open, context)?;
        } else {
            self.keep_rotated(open, context);
        }
        outcome?;
        let name = path.file_name().unwrap_or_default().display();
        let text = format!("{name} was created and rotated between two polls; it is read, too");
        Ok(context.sink.notice(Severity::Routine, text)?)
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
            let outcome = rotated.poll(&*self.files, context.now, context.sink);
            let lines = &rotated.open.lines;
            context.sink.place(rotated.open.generation, Resume { offset: lines.byte(), line: lines.line() });
            context.history.note(rotated.open.read_file(self.rank));
            match outcome {
                Ok(RotatedOutcome::Keep) => self.rotated.push(rotated),
                Err(ReadError::Stopped) => return Err(Stopped),
                Ok(RotatedOutcome::Changed) => self.close_rotated("rewritten", rotated, context)?,
                Ok(RotatedOutcome::LetGo) => self.end(rotated.open, context)?,
                Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                    self.close_rotated("gone", rotated, context)?;
                }
                Err(ReadError::Io(error)) => self.keep_or_give_up(rotated, &error, context)?,
            }
        }
        Ok(())
    }
}
