//! The follower over a machine whose descriptors are lost with each link, whatever happens there meanwhile.
//!
//! The machine is made up: its files are in memory, its inodes are reused as soon as they are free, and between any two
//! requests its log is written, rotated and packed, or the link is cut. Nothing there is deleted but what was packed,
//! so that each line comes out exactly once.

use super::{Record, line};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::OsStr,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use thumbview::source::file::{
    access::{FileSystem, OpenedFile, SourceFile},
    follow::{
        Discovery, FollowContext, Follower, PollOutcome,
        history::ReadHistory,
        observation::{FileStamp, FileStat, Inode, NodeKind, Observation},
        writers::Writers,
    },
};

const LOG: &str = "vod.log";

/// The descriptors of the other end.
const DESCRIPTORS_MAX: usize = 7;

#[derive(Clone, Copy, Debug)]
enum Action {
    Write(u8),
    Rotate,
    /// Begins to pack the oldest rotated log, and ends what was begun before.
    Pack,
    Cut,
    /// Lets seconds pass.
    Wait(u8),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (1u8..4).prop_map(Action::Write),
        4 => Just(Action::Rotate),
        3 => Just(Action::Pack),
        3 => Just(Action::Cut),
        1 => (1u8..4).prop_map(Action::Wait),
    ]
}

#[derive(Clone, Debug)]
struct Node {
    ino: u64,
    born: i64,
    modified: i64,
    changed: i64,
    bytes: Arc<Mutex<Vec<u8>>>,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, Node>,
    /// The files that are open at the other end, by number; the first was used longest ago.
    descriptors: VecDeque<(u64, Node)>,
    /// Actions, and the number of requests before each of them.
    script: VecDeque<(u8, Action)>,
    /// Each change has a time of its own.
    changes: i64,
    seconds: i64,
    written: u32,
    rotated: VecDeque<String>,
    rotations: u32,
    packing: Option<String>,
    files: u64,
    /// What happened.
    story: Vec<String>,
}

impl State {
    fn create(&mut self, bytes: Vec<u8>) -> Node {
        self.changes += 1;
        let used: BTreeSet<u64> =
            self.names.values().chain(self.descriptors.iter().map(|(_, node)| node)).map(|node| node.ino).collect();
        let ino = (10..10_000).find(|ino| !used.contains(ino)).unwrap();
        let (born, changed) = (self.changes, self.changes);
        Node { ino, born, modified: self.seconds, changed, bytes: Arc::new(Mutex::new(bytes)) }
    }

    fn act(&mut self, action: Action) {
        self.story.push(format!("{action:?}, {} written, {} rotated", self.written, self.rotations));
        match action {
            Action::Write(count) => {
                if !self.names.contains_key(LOG) {
                    let node = self.create(Vec::new());
                    self.names.insert(LOG.into(), node);
                }
                self.changes += 1;
                let log = self.names.get_mut(LOG).unwrap();
                for _ in 0..count {
                    self.written += 1;
                    // More than what a file is known by.
                    let text = format!("{:300}{}", "", line(self.written));
                    log.bytes.lock().unwrap().extend(text.into_bytes());
                }
                (log.modified, log.changed) = (self.seconds, self.changes);
            }
            Action::Rotate => {
                if let Some(log) = self.names.remove(LOG) {
                    self.changes += 1;
                    self.rotations += 1;
                    let name = format!("{LOG}.{}", self.rotations);
                    self.rotated.push_back(name.clone());
                    self.names.insert(name, log);
                }
            }
            Action::Pack => {
                if let Some(name) = self.packing.take() {
                    self.pack(&name);
                } else if let Some(name) = self.rotated.pop_front() {
                    let half = self.create(vec![0x1f, 0x8b, 8]);
                    self.names.insert(format!("{name}.gz"), half);
                    self.packing = Some(name);
                }
            }
            Action::Cut => self.descriptors.clear(),
            Action::Wait(seconds) => self.seconds += i64::from(seconds),
        }
    }

    /// Ends the packing of a log.
    fn pack(&mut self, name: &str) {
        self.changes += 1;
        let log = self.names.remove(name).unwrap();
        let archive = self.names.get_mut(&format!("{name}.gz")).unwrap();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&log.bytes.lock().unwrap()).unwrap();
        *archive.bytes.lock().unwrap() = gzip.finish().unwrap();
        (archive.modified, archive.changed) = (log.modified, self.changes);
    }

    fn stat(&self, node: &Node) -> FileStat {
        FileStat {
            id: Inode { dev: 1, ino: node.ino, born: Some((node.born, 0)) },
            stamp: FileStamp {
                size: node.bytes.lock().unwrap().len() as u64,
                modified: (node.modified, 0),
                changed: (self.seconds, node.changed),
            },
            kind: NodeKind::File,
            links: u64::from(self.names.values().any(|named| named.born == node.born)),
        }
    }

    /// Returns a file by its descriptor, or opens it by its inode once more.
    fn node(&mut self, number: u64, born: i64) -> io::Result<Node> {
        let at = self.descriptors.iter().position(|(own, _)| *own == number);
        let node = match at.and_then(|at| self.descriptors.remove(at)) {
            Some((_, node)) => node,
            None => self.names.values().find(|node| node.born == born).cloned().ok_or(io::ErrorKind::NotFound)?,
        };
        self.descriptors.push_back((number, node.clone()));
        self.descriptors.drain(..self.descriptors.len().saturating_sub(DESCRIPTORS_MAX));
        Ok(node)
    }
}

#[derive(Clone, Debug, Default)]
struct Machine(Arc<Mutex<State>>);

impl Machine {
    /// Takes a request: what is due is done before.
    fn request(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap();
        while state.script.front().is_some_and(|(wait, _)| *wait == 0) {
            let action = state.script.pop_front().unwrap().1;
            state.act(action);
        }
        state.script.iter_mut().take(1).for_each(|(wait, _)| *wait -= 1);
        state
    }
}

impl FileSystem for Machine {
    fn observe(&self, path: &Path) -> io::Result<Observation> {
        let state = self.request();
        let node = state.names.get(path.file_name().unwrap().to_str().unwrap());
        Ok(node.map_or(Observation::Absent, |node| Observation::of(&state.stat(node))))
    }

    fn open(&self, path: &Path, _: &[(u64, usize)]) -> io::Result<OpenedFile> {
        let mut state = self.request();
        let name = path.file_name().unwrap().to_str().unwrap();
        state.story.push(format!("open {name}"));
        let born = state.names.get(name).ok_or(io::ErrorKind::NotFound)?.born;
        state.files += 1;
        let number = state.files;
        let node = state.node(number, born)?;
        let file = Arc::new(Descriptor { machine: self.clone(), number, born });
        Ok(OpenedFile { file, stat: state.stat(&node), resolved: path.to_owned() })
    }

    fn is_link(&self, _: &Path) -> io::Result<bool> {
        Ok(false)
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn folder_stamp(&self, _: &Path) -> io::Result<Option<FileStamp>> {
        let state = self.request();
        let time = (state.seconds, state.changes);
        Ok(Some(FileStamp { size: 0, modified: time, changed: time }))
    }

    fn beginning_with(&self, folder: &Path, name: &OsStr) -> io::Result<Vec<(PathBuf, FileStat)>> {
        let mut state = self.request();
        let shown =
            |(name, node): (&String, &Node)| format!("{name}:{}/{}", node.ino, node.bytes.lock().unwrap().len());
        let story = state.names.iter().map(shown).collect::<Vec<String>>().join(" ");
        state.story.push(story);
        let found = state.names.iter().filter(|(other, _)| other.starts_with(name.to_str().unwrap()));
        Ok(found.map(|(name, node)| (folder.join(name), state.stat(node))).collect())
    }

    fn has_passed(&self, time: (i64, i64), age: Duration) -> bool {
        self.0.lock().unwrap().seconds - time.0 > i64::try_from(age.as_secs()).unwrap()
    }

    fn writers_of(&self, _: Inode) -> Writers {
        Writers::Unknown
    }

    fn misses_packing(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Descriptor {
    machine: Machine,
    number: u64,
    born: i64,
}

impl SourceFile for Descriptor {
    fn stat(&self) -> io::Result<FileStat> {
        let mut state = self.machine.request();
        let node = state.node(self.number, self.born)?;
        Ok(state.stat(&node))
    }

    fn read_at(&self, out: &mut [u8], from: u64) -> io::Result<usize> {
        let node = self.machine.request().node(self.number, self.born)?;
        let bytes = node.bytes.lock().unwrap();
        let bytes = bytes.get(usize::try_from(from).unwrap()..).unwrap_or_default();
        let count = bytes.len().min(out.len());
        out[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        self.machine.0.lock().unwrap().descriptors.retain(|(number, _)| *number != self.number);
    }
}

fn each_line_comes_out_once_over_lost_links() {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(script in prop::collection::vec((0u8..12, action()), 1..120))| {
        let machine = Machine::default();
        machine.0.lock().unwrap().act(Action::Write(1));
        let mut follower = Follower::on(Arc::new(machine.clone()), Path::new("/logs").join(LOG), 0, Discovery::AtStart);
        let (mut history, mut record) = (ReadHistory::default(), Record::default());
        let mut now = Duration::ZERO;
        let mut poll = || {
            now += Duration::from_secs(1);
            machine.0.lock().unwrap().seconds += 1;
            machine.0.lock().unwrap().story.push("POLL".into());
            let mut context = FollowContext { now, history: &mut history, sink: &mut record };
            while follower.poll(&mut context).unwrap() == PollOutcome::More {}
        };
        poll();
        machine.0.lock().unwrap().script = script.into();
        while !machine.0.lock().unwrap().script.is_empty() {
            poll();
        }
        (0..40).for_each(|_| poll());
        let state = machine.0.lock().unwrap();
        let times = |number| record.lines.iter().filter(|(_, text)| text.trim() == line(number).trim()).count();
        let wrong: Vec<(u32, usize)> =
            (1..=state.written).map(|number| (number, times(number))).filter(|(_, times)| *times != 1).collect();
        let story = state.story.join("\n");
        prop_assert!(wrong.is_empty(), "lines and how often they came: {wrong:?}\n{:#?}\n{story}", record.notices);
    });
}

crate::tests! {
    each_line_comes_out_once_over_lost_links,
}
