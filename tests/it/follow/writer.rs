//! A process that writes numbered events and rotates its log in every way between them.
//!
//! It is a child of the test binary; see [`write`]. It promises one thing: before it destroys bytes, or
//! hides them where no name leads, they have stood on the disk for a second; what it destroys sooner it writes down.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{FileExt as _, symlink},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How many events are written.
pub(super) const EVENTS: u32 = 10_000;

/// How often the log is rotated meanwhile.
const ROTATIONS: u32 = 50;

/// The time after which a writer that has not noticed a rotation writes for the last time.
const LATE: Duration = Duration::from_secs(7);

/// How long bytes stand that must be read.
const STANDING: Duration = Duration::from_secs(1);

const LOG: &str = "THUMBVIEW_TEST_LOG";

/// Where the dice begin, should another night be wanted.
const SEED: &str = "THUMBVIEW_TEST_SEED";

/// Set where no symbolic links are to be made.
const PLAIN: &str = "THUMBVIEW_TEST_PLAIN";

/// Set where the times of the files are of a clock that jumps.
const JUMPING: &str = "THUMBVIEW_TEST_JUMPING";

/// The jumps of that clock, in seconds from the true time.
const JUMPS: [i64; 3] = [-3600, 0, 3600];

/// The asset of the events that are written again and again.
pub(super) const REPEATED: &str = "repeated";

/// The equal events with which a file begins after its predecessor was kept.
const EQUAL: u32 = 5;

/// The truncations of [`Rotation::Hot`].
const HOT: u32 = 20;

/// Every way to rotate a log, the usual ones more often.
const ROUND: [Rotation; 15] = [
    Rotation::Rename,
    Rotation::Rename,
    Rotation::Rename,
    Rotation::CopyTruncate,
    Rotation::CopyTruncate,
    Rotation::LinkOver,
    Rotation::LinkOver,
    Rotation::RenameOver,
    Rotation::Truncate,
    Rotation::Regrow,
    Rotation::Rewrite,
    Rotation::Recreate,
    Rotation::Switch,
    Rotation::Away,
    Rotation::Hot,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rotation {
    /// Renamed and created anew; a writer that has not noticed goes on writing to the old file.
    Rename,
    /// Copied, then emptied.
    CopyTruncate,
    /// Kept under another name by a hard link, then replaced.
    LinkOver,
    /// Replaced.
    RenameOver,
    /// Emptied.
    Truncate,
    /// Emptied and at once longer than it was.
    Regrow,
    /// Written anew in place, to the same size.
    Rewrite,
    /// Deleted, then made anew.
    Recreate,
    /// Made a symbolic link to a new file.
    Switch,
    /// Renamed, written to, and renamed back.
    Away,
    /// Emptied many times while it is written to.
    Hot,
}

/// The line of an event, all of one length.
pub(super) fn event(number: u32) -> String {
    format!(
        "{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{{\"asset_id\":\"{number:032}\",\"status\":\"SUCCEED\",\"sample\":[],\"dots\":[]}}}}\n"
    )
}

/// The line of an event like many others, as long as the rest.
fn repeated_event() -> String {
    event(0).replace(&"0".repeat(32), &format!("{REPEATED:>33}").replace(' ', "-")).replace("SUCCEED", "FAILED")
}

/// The number of an event in a line, as it was written or as it was told.
pub(super) fn number_in(line: &str) -> Option<u32> {
    line.split_once("\"asset_id\":\"")?.1.split_once('"')?.0.parse().ok()
}

/// Whether the log's name becomes a symbolic link now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    Made,
    Spared,
}

/// The clock by which the log's files are stamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileClock {
    /// The one of the reader.
    True,
    /// One that jumps an hour ahead of the reader's and behind it.
    Jumping,
}

/// Starts the writer on a log; it ends by itself.
pub(super) fn start(log: &Path, links: Links, clock: FileClock) -> Child {
    let mut command = crate::harness::Child::command("follow::writer");
    command.env(LOG, log);
    if links == Links::Spared {
        command.env(PLAIN, "1");
    }
    if clock == FileClock::Jumping {
        command.env(JUMPING, "1");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

/// The events that were destroyed before they had stood for a second, by the rotations that did it.
pub(super) fn young(log: &Path) -> BTreeMap<u32, u32> {
    let pair = |line: &str| line.split_once(' ').map(|(event, by)| (event.parse().unwrap(), by.parse().unwrap()));
    fs::read_to_string(ledger(log)).unwrap().lines().filter_map(pair).collect()
}

/// The number of equal events that were written.
pub(super) fn repeated(log: &Path) -> usize {
    fs::read_to_string(repetitions(log)).unwrap().parse().unwrap()
}

fn ledger(log: &Path) -> PathBuf {
    log.with_file_name("ledger")
}

fn repetitions(log: &Path) -> PathBuf {
    log.with_file_name("repetitions")
}

pub(crate) fn write() {
    let log = PathBuf::from(env::var_os(LOG).unwrap());
    let seed = env::var(SEED).map_or(7, |seed| seed.parse().unwrap());
    let mut writer = Writer {
        file: open(&log),
        log,
        dice: Dice(seed),
        next: 0,
        standing: 0,
        repeated: 0,
        rotation: 0,
        clock: env::var_os(JUMPING).map(|_| 0),
        young: vec![],
        late: None,
    };
    let mut round = Vec::new();
    for done in 0..ROTATIONS {
        if round.is_empty() {
            round = ROUND.map(|rotation| (writer.dice.roll(1000), rotation)).to_vec();
            round.sort_by_key(|(order, _)| *order);
        }
        let share = (EVENTS - writer.next) / (ROTATIONS - done + 1);
        let count = share / 2 + writer.dice.roll(share);
        writer.write_slowly(count);
        let (_, rotation) = round.pop().unwrap();
        let spared = rotation == Rotation::Switch && env::var_os(PLAIN).is_some();
        writer.rotate(if spared { Rotation::RenameOver } else { rotation });
    }
    writer.write_slowly((EVENTS - writer.next).saturating_sub(1));
    writer.write_late();
    writer.write_slowly(EVENTS - writer.next);
    let lines: Vec<String> = writer.young.iter().map(|(event, by)| format!("{event} {by}")).collect();
    fs::write(repetitions(&writer.log), writer.repeated.to_string()).unwrap();
    fs::write(ledger(&writer.log), lines.join("\n")).unwrap();
}

fn open(log: &Path) -> File {
    File::options().append(true).create(true).open(log).unwrap()
}

struct Writer {
    log: PathBuf,
    file: File,
    dice: Dice,
    /// The number of the next event.
    next: u32,
    /// How many events stand in the file.
    standing: u32,
    /// How many equal events were written.
    repeated: u32,
    rotation: u32,
    /// The seconds by which the clock of a file is ahead, where it jumps.
    clock: Option<i64>,
    young: Vec<(u32, u32)>,
    /// A file that was renamed away, to which a last event is written after [`LATE`].
    late: Option<(File, Instant)>,
}

impl Writer {
    /// The text of so many new events.
    fn text(&mut self, count: u32) -> String {
        let numbers = self.next..EVENTS.min(self.next + count);
        self.next = numbers.end;
        numbers.map(event).collect()
    }

    /// Writes events one at a time, with a short pause now and then.
    fn write_slowly(&mut self, count: u32) {
        self.standing += count;
        for _ in 0..count {
            let text = self.text(1);
            self.append(&text);
            if self.late.as_ref().is_some_and(|(_, since)| since.elapsed() > LATE) {
                self.write_late();
            }
            if self.dice.roll(40) == 0 {
                self.pause(20);
            }
        }
    }

    fn write_late(&mut self) {
        let text = self.text(1);
        match self.late.take() {
            Some((mut file, _)) => file.write_all(text.as_bytes()).unwrap(),
            None => self.append(&text),
        }
    }

    fn append(&mut self, text: &str) {
        self.file.write_all(text.as_bytes()).unwrap();
        if let Some(ahead) = self.clock {
            let (now, by) = (SystemTime::now(), Duration::from_secs(ahead.unsigned_abs()));
            self.file.set_modified(if ahead < 0 { now - by } else { now + by }).unwrap();
        }
    }

    /// Begins a file with events that are equal to those at the beginning of others: each is news.
    fn write_equal(&mut self) {
        for _ in 0..EQUAL {
            self.append(&repeated_event());
        }
        self.repeated += EQUAL;
        self.standing += EQUAL;
    }

    fn pause(&mut self, milliseconds: u32) {
        thread::sleep(Duration::from_millis(self.dice.roll(milliseconds).into()));
    }

    /// Lets all that was written stand for a second; every other time something is written that has not.
    fn stand(&mut self) {
        thread::sleep(STANDING);
        if self.dice.roll(2) == 0 {
            let first = self.next;
            let text = self.text(5);
            self.standing += self.next - first;
            self.young.extend((first..self.next).map(|event| (event, self.rotation)));
            self.append(&text);
        }
    }

    fn rotate(&mut self, rotation: Rotation) {
        self.rotation += 1;
        if self.clock.is_some() {
            self.clock = Some(JUMPS[self.dice.roll(3) as usize]);
        }
        match rotation {
            // Nobody finds what a link leads to once the link is renamed.
            Rotation::Rename if self.log.is_symlink() => self.stand(),
            Rotation::Rename | Rotation::CopyTruncate | Rotation::LinkOver | Rotation::Away => {}
            Rotation::RenameOver
            | Rotation::Truncate
            | Rotation::Regrow
            | Rotation::Rewrite
            | Rotation::Recreate
            | Rotation::Hot
            | Rotation::Switch => self.stand(),
        }
        self.perform(rotation);
    }

    fn perform(&mut self, rotation: Rotation) {
        let rotated = self.log.with_added_extension(self.rotation.to_string());
        let new = self.log.with_file_name("new");
        let standing = std::mem::take(&mut self.standing);
        let is_link = self.log.is_symlink();
        match rotation {
            Rotation::Rename => return self.rename(&rotated, is_link),
            Rotation::CopyTruncate => {
                fs::copy(&self.log, rotated).unwrap();
                self.file.set_len(0).unwrap();
                return self.write_equal();
            }
            Rotation::Truncate => return self.file.set_len(0).unwrap(),
            // Near the end there are fewer events than stand there, and a shorter file takes two steps: between them its
            // last events would stand there for a second time.
            Rotation::Rewrite if EVENTS - self.next < standing => return self.file.set_len(0).unwrap(),
            Rotation::Away => {
                fs::rename(&self.log, &new).unwrap();
                self.pause(600);
                self.standing = standing;
                self.write_slowly(3);
                return fs::rename(new, &self.log).unwrap();
            }
            Rotation::Regrow => {
                let text = self.text(standing + 1);
                self.standing = standing + 1;
                return fs::write(&self.log, text).unwrap();
            }
            Rotation::Rewrite => {
                let text = self.text(standing);
                self.standing = standing;
                let file = File::options().write(true).open(&self.log).unwrap();
                return file.write_all_at(text.as_bytes(), 0).unwrap();
            }
            Rotation::LinkOver => {
                fs::hard_link(fs::canonicalize(&self.log).unwrap(), rotated).unwrap();
                fs::write(&new, "").unwrap();
                fs::rename(new, &self.log).unwrap();
                self.file = open(&self.log);
                return self.write_equal();
            }
            Rotation::Hot => return self.truncate_hot(),
            Rotation::RenameOver => {
                fs::write(&new, "").unwrap();
                fs::rename(new, &self.log).unwrap();
            }
            Rotation::Recreate => {
                fs::remove_file(&self.log).unwrap();
                self.pause(300);
            }
            Rotation::Switch => {
                let target = self.log.with_file_name(format!("target{}", self.rotation));
                drop(open(&target));
                symlink(target, &new).unwrap();
                fs::rename(new, &self.log).unwrap();
            }
        }
        self.file = open(&self.log);
    }

    fn truncate_hot(&mut self) {
        for _ in 0..HOT {
            let first = self.next;
            let count = 1 + self.dice.roll(5);
            let text = self.text(count);
            self.young.extend((first..self.next).map(|event| (event, self.rotation)));
            self.append(&text);
            self.pause(4);
            self.file.set_len(0).unwrap();
        }
    }

    fn rename(&mut self, rotated: &Path, is_link: bool) {
        fs::rename(&self.log, rotated).unwrap();
        self.pause(20);
        let mut old = std::mem::replace(&mut self.file, open(&self.log));
        // Nobody can tell that what a link led to is kept.
        if !is_link {
            self.write_equal();
        }
        for _ in 0..3 {
            let late = self.text(1);
            old.write_all(late.as_bytes()).unwrap();
            self.pause(60);
            self.write_slowly(3);
        }
        self.late.get_or_insert((old, Instant::now()));
    }
}

/// A small generator of numbers, so that a failure can be run again.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(sides.max(1))).unwrap()
    }
}
