//! The files of another machine.
//!
//! An open file is a descriptor of the program at the other end, of which a shell has seven: the one that was used
//! longest ago is taken for the next file. A file whose descriptor is gone, be it with the link, is opened again by its
//! path, or found among the files beside it by its inode.

use super::{
    link::{HostLink, Patience},
    shell::{PendingAnswer, RemoteShell},
    transport::Transport,
    wire::{Answer, ByteBlocks, Request, Transfer, parse_list, parse_names, parse_resolved, parse_stat, reason_in},
};
use crate::source::file::{
    access::{FileSystem, OpenedFile, SourceFile},
    follow::{
        observation::{FileStamp, FileStat, Inode, Observation},
        siblings::folder_of,
        writers::Writers,
    },
};
use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The descriptors of a shell that any shell can name.
const SLOTS: std::ops::RangeInclusive<u8> = 3..=9;

/// The most bytes that are asked for at a time: a block of a first reading, and what is read around it.
const READ_MAX: u64 = (1 << 20) + (32 << 10);

/// The number of bytes of the end of a file that are read first: a slow link carries them in a moment.
const END_FIRST: u64 = 256 << 10;

/// The time in seconds by which a time lies ahead that is another machine's.
const AHEAD: f64 = 10.0;

/// The number of bytes from which packing is worth the time.
const PACKED_MIN: usize = 64 << 10;

/// The files of another machine.
#[derive(Clone, Debug)]
pub struct RemoteFiles {
    link: Arc<HostLink>,
    slots: Arc<Mutex<SlotTable>>,
    patience: Patience,
    /// Observations that were asked for ahead, each for one use.
    ahead: Arc<Mutex<HashMap<PathBuf, Observation>>>,
}

/// The files at the descriptors of the other end.
#[derive(Debug, Default)]
struct SlotTable {
    /// The shell that has them.
    epoch: u64,
    /// The number of a file and of its last use, by descriptor.
    files: HashMap<u8, (u64, u64)>,
    uses: u64,
    next_file: u64,
}

/// An open file of another machine.
struct RemoteFile {
    files: RemoteFiles,
    number: u64,
    id: Inode,
    place: Mutex<FilePlace>,
    announced: Mutex<Vec<AnnouncedRead>>,
}

/// A read that was asked for ahead.
#[derive(Debug)]
struct AnnouncedRead {
    /// The shell that was asked.
    epoch: u64,
    blocks: ByteBlocks,
    transfer: Transfer,
    pending: PendingAnswer,
}

/// Where a file is found.
#[derive(Clone, Debug)]
struct FilePlace {
    /// The name by which it was opened.
    path: PathBuf,
    /// That without links, as it was then.
    resolved: PathBuf,
}

impl RemoteFiles {
    /// Makes the files of a machine that is reached so, of whose link nothing is reported. Nothing is started yet.
    pub fn new(transport: Transport) -> Self {
        Self::on(Arc::new(HostLink::without_reports(transport)), Patience::Waits)
    }

    pub(super) fn on(link: Arc<HostLink>, patience: Patience) -> Self {
        Self { link, slots: Arc::default(), patience, ahead: Arc::default() }
    }

    /// Returns the same files for one who does not wait for a lost link.
    pub(super) fn without_patience(&self) -> Self {
        Self { patience: Patience::Fails, ahead: Arc::default(), ..self.clone() }
    }

    fn ask(&self, request: &Request<'_>) -> io::Result<Answer> {
        self.link.ask(request, self.patience)
    }

    /// Keeps an observation for the next time that this name is observed.
    pub(super) fn keep_ahead(&self, path: &Path, seen: Observation) {
        lock(&self.ahead).insert(path.to_owned(), seen);
    }

    /// Observes names together, for the next time that each is observed.
    pub(super) fn observe_ahead(&self, paths: &[&Path]) -> io::Result<()> {
        let paths: Vec<&Path> = paths.iter().copied().filter(|path| !lock(&self.ahead).contains_key(*path)).collect();
        let requests: Vec<Request<'_>> = paths.iter().map(|path| Request::Stat(path)).collect();
        let answers = self.link.retry(self.patience, |shell, _| {
            let pending = shell.send(&requests)?;
            let is_stopped = |silence| self.link.is_stopped_at(silence);
            pending.iter().map(|pending| shell.wait(pending, &is_stopped)).collect::<io::Result<Vec<Answer>>>()
        })?;
        let seen = paths.iter().zip(&answers).map(|(path, answer)| (path.to_path_buf(), observation(answer)));
        lock(&self.ahead).extend(seen);
        Ok(())
    }

    /// Returns the regular files of a folder that are not hidden.
    pub(super) fn folder(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let answer = self.ask(&Request::Folder(folder))?;
        Ok(sorted(parse_names(&answer.body), |name| folder.join(name)))
    }

    /// Returns the regular files that a pattern matches.
    pub(super) fn glob(&self, pattern: &Path) -> io::Result<Vec<PathBuf>> {
        let answer = self.ask(&Request::Glob(pattern))?;
        Ok(sorted(parse_names(&answer.body), PathBuf::from))
    }

    fn resolved(&self, path: &Path) -> io::Result<(bool, PathBuf)> {
        let answer = self.ask(&Request::Resolve(path))?;
        Ok(parse_resolved(&answer.body).unwrap_or_else(|| (false, path.to_owned())))
    }

    /// Returns the answer to a request about a file at its descriptor, which is opened before where it is not open.
    fn ask_at_slot(&self, file: &RemoteFile, request: impl Fn(u8) -> Request<'static>) -> io::Result<Answer> {
        let mut is_searched = false;
        loop {
            let answers = self.link.retry(self.patience, |shell, epoch| self.try_slot(shell, epoch, file, &request))?;
            let (opened, answer) = match answers {
                (None, answer) if answer.code == 0 => return Ok(answer),
                (opened, answer) => (opened, answer),
            };
            // The descriptor says less than the name does.
            let Some(opened) = opened else {
                self.forget(file.number);
                continue;
            };
            let found = parse_stat(&opened.body).filter(|stat| stat.id == file.id);
            if found.is_some() && opened.code == 0 && answer.code == 0 {
                return Ok(answer);
            }
            self.forget(file.number);
            if found.is_some() {
                return Err(if opened.code == 0 {
                    io::Error::other(reason_in(&answer.body))
                } else {
                    open_error(&opened)
                });
            }
            if std::mem::replace(&mut is_searched, true) || !file.search()? {
                return Err(gone());
            }
        }
    }

    /// Asks at the descriptor of a file; returns the answers to its opening, if it was not open, and to the request.
    fn try_slot(
        &self,
        shell: &RemoteShell,
        epoch: u64,
        file: &RemoteFile,
        request: &impl Fn(u8) -> Request<'static>,
    ) -> io::Result<(Option<Answer>, Answer)> {
        let path = lock(&file.place).path.clone();
        let mut slots = lock(&self.slots);
        let (slot, is_open) = slots.take(epoch, file.number);
        let open = (!is_open).then_some(Request::Open(slot, &path));
        let pending = shell.send(&open.into_iter().chain([request(slot)]).collect::<Vec<Request<'_>>>());
        drop(slots);
        let (is_stopped, pending) = (|silence| self.link.is_stopped_at(silence), pending?);
        match &*pending {
            [opened, answer] => Ok((Some(shell.wait(opened, &is_stopped)?), shell.wait(answer, &is_stopped)?)),
            [answer] => Ok((None, shell.wait(answer, &is_stopped)?)),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn forget(&self, number: u64) {
        lock(&self.slots).files.retain(|_, (file, _)| *file != number);
    }
}

impl SlotTable {
    /// Returns the descriptor of a file, and whether it is open there.
    fn take(&mut self, epoch: u64, number: u64) -> (u8, bool) {
        if self.epoch != epoch {
            self.files.clear();
            self.epoch = epoch;
        }
        self.uses += 1;
        let uses = self.uses;
        if let Some((slot, (_, used))) = self.files.iter_mut().find(|(_, (file, _))| *file == number) {
            *used = uses;
            return (*slot, true);
        }
        let free = SLOTS.into_iter().find(|slot| !self.files.contains_key(slot));
        let oldest = || self.files.iter().min_by_key(|(_, (_, used))| *used).map(|(slot, _)| *slot);
        let slot = free.or_else(oldest).unwrap_or(*SLOTS.start());
        self.files.insert(slot, (number, uses));
        (slot, false)
    }
}

impl FileSystem for RemoteFiles {
    fn observe(&self, path: &Path) -> io::Result<Observation> {
        if let Some(seen) = lock(&self.ahead).remove(path) {
            return Ok(seen);
        }
        Ok(observation(&self.ask(&Request::Stat(path))?))
    }

    fn open(&self, path: &Path, reads: &[(u64, usize)]) -> io::Result<OpenedFile> {
        let number = {
            let mut slots = lock(&self.slots);
            slots.next_file += 1;
            slots.next_file
        };
        let is_stopped = |silence| self.link.is_stopped_at(silence);
        let (resolved, opened, announced) = self.link.retry(self.patience, |shell, epoch| {
            let mut slots = lock(&self.slots);
            let (slot, _) = slots.take(epoch, number);
            let pending = shell.send(&[Request::Resolve(path), Request::Open(slot, path)]);
            let announced = announce(reads, shell, epoch, slot);
            drop(slots);
            match &*pending? {
                [resolved, opened] => {
                    Ok((shell.wait(resolved, &is_stopped)?, shell.wait(opened, &is_stopped)?, announced?))
                }
                _ => Err(io::ErrorKind::NotConnected.into()),
            }
        })?;
        let Some(stat) = parse_stat(&opened.body).filter(|_| opened.code == 0) else {
            self.forget(number);
            return Err(open_error(&opened));
        };
        let resolved = parse_resolved(&resolved.body).map_or_else(|| path.to_owned(), |(_, resolved)| resolved);
        let place = Mutex::new(FilePlace { path: path.to_owned(), resolved: resolved.clone() });
        let file = RemoteFile { files: self.clone(), number, id: stat.id, place, announced: Mutex::new(announced) };
        Ok(OpenedFile { file: Arc::new(file), stat, resolved })
    }

    fn is_link(&self, path: &Path) -> io::Result<bool> {
        Ok(self.resolved(path)?.0)
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.resolved(path)?.1)
    }

    fn folder_stamp(&self, folder: &Path) -> io::Result<Option<FileStamp>> {
        Ok(parse_stat(&self.ask(&Request::Stat(folder))?.body).map(|stat| stat.stamp))
    }

    fn beginning_with(&self, folder: &Path, name: &OsStr) -> io::Result<Vec<(PathBuf, FileStat)>> {
        Ok(parse_list(folder, &self.ask(&Request::List(folder, name))?.body))
    }

    fn has_passed(&self, time: (i64, i64), age: Duration) -> bool {
        let (offset, step) = self.link.clock();
        #[expect(clippy::cast_precision_loss, reason = "microseconds are more than the clocks agree on")]
        let then = time.0 as f64 + time.1 as f64 / 1e9 - offset;
        let passed = jiff::Timestamp::now().as_duration().as_secs_f64() - then;
        // The clocks are compared no better than to a step.
        passed > (age + step).as_secs_f64() || passed < -AHEAD
    }

    fn writers_of(&self, _: Inode) -> Writers {
        Writers::Unknown
    }

    fn misses_packing(&self) -> bool {
        true
    }
}

impl RemoteFile {
    /// Returns the answer to a read that was announced; `None` if it was not, or was lost with its shell.
    fn announced(&self, blocks: ByteBlocks) -> Option<(Transfer, Vec<u8>)> {
        let read = {
            let mut announced = lock(&self.announced);
            let at = announced.iter().position(|read| read.blocks == blocks)?;
            announced.remove(at)
        };
        let (shell, epoch) = self.files.link.shell(Patience::Fails).ok()?;
        if epoch != read.epoch {
            return None;
        }
        let answer = shell.wait(&read.pending, &|silence| self.files.link.is_stopped_at(silence)).ok()?;
        (answer.code == 0).then_some((read.transfer, answer.body))
    }

    /// Reads blocks for so many bytes.
    fn read_blocks(&self, blocks: ByteBlocks, len: usize) -> io::Result<(Transfer, Vec<u8>)> {
        let transfer = if len >= PACKED_MIN { self.files.link.transfer() } else { Transfer::Plain };
        let asked = Instant::now();
        let bytes = self.files.ask_at_slot(self, |slot| Request::Read(slot, blocks, transfer))?.body;
        if transfer == Transfer::Plain && bytes.len() >= PACKED_MIN {
            self.files.link.note_rate(bytes.len(), asked.elapsed());
        }
        Ok((transfer, bytes))
    }

    /// Searches the file by its inode: at its names, then beside them. Returns whether it was found.
    fn search(&self) -> io::Result<bool> {
        let place = lock(&self.place).clone();
        for path in [&place.path, &place.resolved] {
            if let Observation::File(id, _) = observation(&self.files.ask(&Request::Stat(path))?)
                && id == self.id
            {
                lock(&self.place).path.clone_from(path);
                return Ok(true);
            }
        }
        let mut folders = vec![folder_of(&place.path)];
        folders.extend(Some(folder_of(&place.resolved)).filter(|folder| *folder != folder_of(&place.path)));
        for folder in folders {
            let beside = self.files.beginning_with(folder, OsStr::new(""))?;
            if let Some((path, _)) = beside.into_iter().find(|(_, stat)| stat.id == self.id) {
                lock(&self.place).path = path;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl SourceFile for RemoteFile {
    fn stat(&self) -> io::Result<FileStat> {
        let answer = self.files.ask_at_slot(self, Request::StatOpen)?;
        parse_stat(&answer.body).ok_or_else(|| io::Error::other(reason_in(&answer.body)))
    }

    fn read_at(&self, out: &mut [u8], from: u64) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.files.link.count_read();
        let blocks = blocks_around(from, out.len());
        let (transfer, mut bytes) = match self.announced(blocks) {
            Some(found) => found,
            None => self.read_blocks(blocks, out.len())?,
        };
        if transfer == Transfer::Packed {
            let packed = std::mem::take(&mut bytes);
            flate2::read::GzDecoder::new(&*packed).take(2 * READ_MAX).read_to_end(&mut bytes)?;
        }
        let skip = usize::try_from(from - blocks.begin()).unwrap_or(usize::MAX);
        let bytes = bytes.get(skip..).unwrap_or_default();
        let count = bytes.len().min(out.len());
        out.iter_mut().zip(bytes).for_each(|(out, byte)| *out = *byte);
        Ok(count)
    }

    fn announce(&self, reads: &[(u64, usize)]) {
        lock(&self.announced).clear();
        if reads.is_empty() {
            return;
        }
        let Ok((shell, epoch)) = self.files.link.shell(Patience::Fails) else { return };
        let mut slots = lock(&self.files.slots);
        let (slot, is_open) = slots.take(epoch, self.number);
        if !is_open {
            drop(slots);
            self.files.forget(self.number);
            return;
        }
        let announced = announce(reads, &shell, epoch, slot);
        drop(slots);
        *lock(&self.announced) = announced.unwrap_or_default();
    }

    fn end_first(&self) -> u64 {
        END_FIRST
    }
}

impl Drop for RemoteFile {
    fn drop(&mut self) {
        let slots = lock(&self.files.slots);
        let slot = slots.files.iter().find(|(_, (file, _))| *file == self.number).map(|(slot, _)| *slot);
        let epoch = slots.epoch;
        // Sent before the descriptor is given to another file.
        if let (Some(slot), Ok((shell, now))) = (slot, self.files.link.shell(Patience::Fails))
            && epoch == now
        {
            // Its answer is passed over; a shell that is lost has closed everything.
            drop(shell.send(&[Request::Close(slot)]));
        }
        drop(slots);
        self.files.forget(self.number);
    }
}

impl fmt::Debug for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteFile").field("number", &self.number).field("id", &self.id).finish_non_exhaustive()
    }
}

/// Returns what an answer to [`Request::Stat`] says of a name.
fn observation(answer: &Answer) -> Observation {
    if let Some(stat) = parse_stat(&answer.body).filter(|_| answer.code == 0) {
        return Observation::of(&stat);
    }
    let reason = reason_in(&answer.body);
    let is_absent = ["no such file", "not a directory", "nonexistent"].iter().any(|word| reason.contains(word));
    if is_absent { Observation::Absent } else { Observation::Unreachable(reason) }
}

/// Returns the error of a file that could not be opened.
fn open_error(answer: &Answer) -> io::Error {
    match observation(answer) {
        Observation::Absent => gone(),
        Observation::Unreachable(reason) => io::Error::other(reason),
        Observation::File(..) | Observation::Other(_) => io::Error::other("is no regular file"),
    }
}

/// Asks for bytes at a descriptor ahead.
fn announce(reads: &[(u64, usize)], shell: &RemoteShell, epoch: u64, slot: u8) -> io::Result<Vec<AnnouncedRead>> {
    // The rate of the link may not be known yet: packing is the lesser risk.
    let can_pack = shell.greeting.can_pack;
    let transfer = |len| if can_pack && len >= PACKED_MIN { Transfer::Packed } else { Transfer::Plain };
    let reads: Vec<(ByteBlocks, Transfer)> =
        reads.iter().map(|(from, len)| (blocks_around(*from, *len), transfer(*len))).collect();
    let request = |(blocks, transfer): &(ByteBlocks, Transfer)| Request::Read(slot, *blocks, *transfer);
    let pending = shell.send(&reads.iter().map(request).collect::<Vec<Request<'_>>>())?;
    let reads = reads.into_iter().zip(pending);
    Ok(reads.map(|((blocks, transfer), pending)| AnnouncedRead { epoch, blocks, transfer, pending }).collect())
}

fn blocks_around(from: u64, len: usize) -> ByteBlocks {
    ByteBlocks::around(from, (len as u64).min(READ_MAX))
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "gone")
}

fn sorted(names: Vec<OsString>, path: impl Fn(OsString) -> PathBuf) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = names.into_iter().map(path).collect();
    paths.sort_unstable();
    paths
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
