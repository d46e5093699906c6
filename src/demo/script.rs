//! The scenarios: which event happens when.
//!
//! A [`Script`] is an endless iterator of [`ScriptStep`]s, a function of scenario, seed and start time. It reads no clock
//! and touches no file.

use super::{
    asset::{Flaw, Random},
    codes::CODES,
    config::{DemoConfig, Scenario},
    record::{Content, DemoEvent, DemoRecord, LogFormat, RecordWriter},
    timeline::{LogOperation, ScriptStep, ScriptTimeline},
    video::{SnapshotPlan, Video, Videos},
};
use jiff::Timestamp;

/// One activity of the service.
#[derive(Clone, Copy, Debug)]
enum Activity {
    /// A new video and its snapshots.
    Video(SnapshotPlan, LogFormat),
    /// A new video without snapshots, with the code at this index of [`CODES`].
    Failure(usize, LogFormat),
    /// A video that failed before and now succeeds.
    Retry(LogFormat),
    /// An event with an undocumented status.
    Unfinished,
    /// An event that is cut off in the middle.
    Truncated,
    /// An SMN notification that is delivered twice.
    Redelivery,
    /// A line without an event.
    Unrelated(&'static str),
}

use LogFormat::{Cri, Docker, Plain, Prefixed, Pretty, Smn};
use SnapshotPlan::{Dots, Forty, Gaps, Long, Six, Twelve};

/// The activities before the tour starts, and how many seconds before.
const TOUR_BACKLOG: [(u32, Activity); 14] = [
    (690, Activity::Video(Twelve, Prefixed)),
    (620, Activity::Failure(0, Docker)),
    (560, Activity::Video(Forty, Prefixed)),
    (500, Activity::Failure(1, Smn)),
    (430, Activity::Video(Dots, Cri)),
    (390, Activity::Video(Gaps, Prefixed)),
    (330, Activity::Unrelated("reconnected to the topic after 2 s")),
    (320, Activity::Video(Twelve, Docker)),
    (270, Activity::Unfinished),
    (240, Activity::Truncated),
    (180, Activity::Failure(2, Prefixed)),
    (110, Activity::Retry(Smn)),
    (50, Activity::Failure(3, Cri)),
    (9, Activity::Video(Six, Pretty)),
];

/// The activities of the tour, which repeats them.
const TOUR: [Activity; 20] = [
    Activity::Video(Twelve, Prefixed),
    Activity::Video(Six, Docker),
    Activity::Failure(0, Prefixed),
    Activity::Video(Long, Prefixed),
    Activity::Video(Twelve, Smn),
    Activity::Retry(Prefixed),
    Activity::Video(Dots, Cri),
    Activity::Failure(1, Docker),
    Activity::Video(Twelve, Prefixed),
    Activity::Video(Forty, Prefixed),
    Activity::Unfinished,
    Activity::Video(Twelve, Docker),
    Activity::Truncated,
    Activity::Retry(Smn),
    Activity::Video(Gaps, Prefixed),
    Activity::Failure(5, Smn),
    Activity::Video(Twelve, Pretty),
    Activity::Redelivery,
    Activity::Unrelated("health check ok, 0 messages waiting"),
    Activity::Video(Forty, Cri),
];

/// The flaws of the check scenario's videos in turn.
const FLAWS: [Flaw; 12] = [
    Flaw::None,
    Flaw::Black,
    Flaw::None,
    Flaw::Missing,
    Flaw::None,
    Flaw::Frozen,
    Flaw::Forbidden,
    Flaw::None,
    Flaw::Cut,
    Flaw::Foreign,
    Flaw::None,
    Flaw::Short,
];

/// A way to rotate the log.
#[derive(Clone, Copy, Debug)]
enum Rotation {
    Rename,
    CopyTruncate,
    Regrow,
    Recreate,
    Link,
    SameSize,
}

/// The rotations in turn, and the line that announces each.
const ROTATIONS: [(Rotation, &str); 7] = [
    (Rotation::Rename, "rotation: rename and create, the old file is written on for 2 s"),
    (Rotation::CopyTruncate, "rotation: copytruncate"),
    (Rotation::Regrow, "rotation: truncated and regrown past its old size"),
    (Rotation::Recreate, "rotation: deleted, created again after 1 s"),
    (Rotation::Link, "rotation: the name becomes a symbolic link"),
    (Rotation::Link, "rotation: the symbolic link is switched to another file"),
    (Rotation::SameSize, "rotation: rewritten to the same size"),
];

/// Rounds of the rotation scenario from one rotation to the next.
const ROTATION_INTERVAL: usize = 6;

/// Real seconds before written bytes are destroyed, in which every follower can read them.
const READ_TIME: f64 = 1.2;

/// An endless sequence of steps.
#[derive(Clone, Debug)]
pub(super) struct Script {
    scenario: Scenario,
    start: Timestamp,
    random: Random,
    records: RecordWriter,
    videos: Videos,
    timeline: ScriptTimeline,
    /// Rounds so far.
    round: usize,
}

impl Script {
    /// Creates the script of a scenario that starts at `start`. `base` is the server, such as `http://127.0.0.1:8787`.
    pub(super) fn new(config: DemoConfig, base: &str, start: Timestamp) -> Self {
        let mut script = Self {
            scenario: config.scenario,
            start,
            random: Random::new(config.seed),
            records: RecordWriter::new(config.seed, base),
            videos: Videos::default(),
            timeline: ScriptTimeline::new(config.speed),
            round: 0,
        };
        script.push_backlog();
        script.timeline.start();
        script
    }

    /// Takes the steps before the start.
    pub(super) fn take_backlog(&mut self) -> Vec<ScriptStep> {
        self.timeline.take_backlog()
    }

    fn push_backlog(&mut self) {
        match self.scenario {
            Scenario::Tour => {
                self.timeline.rewind(720);
                self.log(Plain, DemoEvent::Succeeded, &Video::example());
                for (ago, activity) in TOUR_BACKLOG {
                    self.timeline.rewind(ago);
                    self.perform(activity);
                }
            }
            Scenario::Storm => {
                for ago in (1..=120).rev() {
                    self.timeline.rewind(ago);
                    self.storm();
                }
            }
            Scenario::Rotate => {
                for ago in (1..=4).rev() {
                    self.timeline.rewind(ago * 17);
                    self.perform(Activity::Video(Six, Prefixed));
                }
            }
            Scenario::Failures => self.push_failures(),
            Scenario::Check => {
                for (later, flaw) in (1..).zip(FLAWS) {
                    self.timeline.rewind(260 - 20 * later);
                    self.succeed_with(flaw);
                }
            }
            Scenario::Slow => {
                for ago in (1..=8).rev() {
                    self.timeline.rewind(ago * 20);
                    self.perform(Activity::Video(if ago == 3 { Forty } else { Twelve }, Prefixed));
                }
            }
        }
    }

    fn push_round(&mut self) {
        match self.scenario {
            Scenario::Tour => {
                let pause = *self.random.pick(&[0.4, 0.5, 0.6, 0.7, 0.8]);
                self.timeline.wait(pause);
                self.perform(TOUR[self.round % TOUR.len()]);
            }
            Scenario::Storm => {
                // 2 000 a minute.
                self.timeline.wait(0.03);
                self.storm();
            }
            Scenario::Rotate => self.rotate(),
            Scenario::Failures => {
                self.timeline.wait(0.7);
                self.fail();
            }
            Scenario::Check => {
                self.timeline.wait(2.5);
                self.succeed_with(FLAWS[self.round % FLAWS.len()]);
            }
            Scenario::Slow => {
                self.timeline.wait(2.0);
                self.perform(Activity::Video(if self.round % 5 == 4 { Forty } else { Twelve }, Prefixed));
            }
        }
    }

    fn perform(&mut self, activity: Activity) {
        match activity {
            Activity::Video(plan, format) => {
                let video = self.introduce(plan);
                self.log(format, DemoEvent::Succeeded, &video);
            }
            Activity::Failure(index, format) => {
                let video = self.introduce(Twelve);
                let (code, message) = CODES[index];
                self.log(format, DemoEvent::Failed(code, message), &video);
                self.videos.push_failed(video);
            }
            Activity::Retry(format) => {
                let video = self.failed_or_new();
                self.log(format, DemoEvent::Succeeded, &video);
            }
            Activity::Unfinished => {
                let video = self.introduce(Six);
                self.log(Prefixed, DemoEvent::Unfinished, &video);
            }
            Activity::Truncated => {
                let video = self.new_video(Six);
                self.log(Prefixed, DemoEvent::Truncated, &video);
            }
            Activity::Redelivery => {
                let video = self.introduce(Six);
                let record = self.record(Smn, DemoEvent::Succeeded, &video);
                self.timeline.push(LogOperation::Append(record.clone()));
                self.timeline.wait(0.2);
                self.timeline.push(LogOperation::Append(DemoRecord { content: Content::Redelivery, ..record }));
            }
            Activity::Unrelated(text) => {
                let record = self.records.unrelated(self.start + self.timeline.now(), text);
                self.timeline.push(LogOperation::Append(record));
            }
        }
    }

    fn record(&mut self, format: LogFormat, event: DemoEvent, video: &Video) -> DemoRecord {
        self.records.event(self.start + self.timeline.now(), format, event, video)
    }

    fn log(&mut self, format: LogFormat, event: DemoEvent, video: &Video) {
        let record = self.record(format, event, video);
        self.timeline.push(LogOperation::Append(record));
    }

    fn new_video(&mut self, plan: SnapshotPlan) -> Video {
        self.videos.next(&mut self.random, plan)
    }

    /// Returns a new video after logging its title and duration.
    fn introduce(&mut self, plan: SnapshotPlan) -> Video {
        let video = self.new_video(plan);
        self.announce(&video);
        video
    }

    /// Logs a new video and its snapshots, which have a flaw.
    fn succeed_with(&mut self, flaw: Flaw) {
        let video = self.new_video(Twelve).with_flaw(flaw);
        self.announce(&video);
        self.log(Prefixed, DemoEvent::Succeeded, &video);
    }

    /// Logs the title and the duration of a video.
    fn announce(&mut self, video: &Video) {
        self.log(Prefixed, DemoEvent::Created, video);
        self.timeline.wait(0.1);
        self.log(Prefixed, DemoEvent::Parsed, video);
        self.timeline.wait(0.3);
    }

    fn failed_or_new(&mut self) -> Video {
        self.videos.pop_failed().unwrap_or_else(|| self.new_video(Twelve))
    }

    /// Logs one event: 15 % fail, and as many are retries.
    fn storm(&mut self) {
        let percentile = self.random.below(100);
        match percentile {
            0..15 => {
                let video = self.new_video(Six);
                let (code, message) = *self.random.pick(&CODES[..8]);
                self.log(Prefixed, DemoEvent::Failed(code, message), &video);
                self.videos.push_failed(video);
            }
            15..30 => {
                let video = self.failed_or_new();
                self.log(Prefixed, DemoEvent::Succeeded, &video);
            }
            _ => {
                let video = self.new_video(Six);
                let format = if percentile.is_multiple_of(2) { Prefixed } else { Cri };
                self.log(format, DemoEvent::Succeeded, &video);
            }
        }
    }

    /// Logs each code once and the first more often, with successes between them.
    fn push_failures(&mut self) {
        let mut ago = 1400;
        for code in 0..CODES.len() {
            let mut activities = vec![Activity::Video(Six, Prefixed), Activity::Failure(code, Prefixed)];
            if code.is_multiple_of(3) {
                activities.push(Activity::Failure(0, Docker));
            }
            for activity in activities {
                self.timeline.rewind(ago);
                self.perform(activity);
                ago -= 14;
            }
        }
    }

    /// Logs a failure, or now and then a success; some of these fail later, and their pictures stay.
    fn fail(&mut self) {
        if self.round.is_multiple_of(3) {
            let video = self.introduce(Six);
            self.log(Prefixed, DemoEvent::Succeeded, &video);
            if self.round.is_multiple_of(9) {
                self.timeline.wait(0.2);
                let (code, message) = CODES[0];
                self.log(Prefixed, DemoEvent::Failed(code, message), &video);
            }
        } else {
            let frequent = self.random.below(10) < 3;
            let code = if frequent { 0 } else { self.round % CODES.len() };
            self.perform(Activity::Failure(code, Prefixed));
        }
    }

    /// Logs an event, or rotates the log.
    fn rotate(&mut self) {
        self.timeline.wait(0.5);
        if self.round % ROTATION_INTERVAL < ROTATION_INTERVAL - 1 {
            return self.perform(Activity::Video(Six, Prefixed));
        }
        let (rotation, announcement) = ROTATIONS[self.round / ROTATION_INTERVAL % ROTATIONS.len()];
        self.perform(Activity::Unrelated(announcement));
        self.timeline.wait_real(READ_TIME);
        let size = self.timeline.size();
        match rotation {
            Rotation::Rename => {
                self.timeline.push(LogOperation::Rename);
                for _ in 0..2 {
                    self.timeline.wait_real(0.5);
                    self.perform(Activity::Video(Six, Prefixed));
                    self.timeline.wait_real(0.4);
                    let record = self.success();
                    self.timeline.push(LogOperation::AppendToRenamed(record));
                }
            }
            Rotation::CopyTruncate => self.timeline.push(LogOperation::CopyTruncate),
            Rotation::Regrow => self.rewrite(size + size / 4 + 1),
            Rotation::Recreate => {
                self.timeline.push(LogOperation::Delete);
                self.timeline.wait_real(1.0);
            }
            Rotation::Link => self.timeline.push(LogOperation::Link),
            Rotation::SameSize => self.rewrite(size),
        }
    }

    /// Returns a success of a video that was not introduced.
    fn success(&mut self) -> DemoRecord {
        let video = self.new_video(Six);
        self.record(Prefixed, DemoEvent::Succeeded, &video)
    }

    /// Replaces the log's content by new records of `size` bytes in all, the last one padded with spaces.
    fn rewrite(&mut self, size: usize) {
        let mut records = vec![self.success()];
        let mut used = records[0].text.len();
        loop {
            let record = self.success();
            if used + record.text.len() > size {
                break;
            }
            used += record.text.len();
            records.push(record);
        }
        if let Some(last) = records.last_mut() {
            last.text.pop();
            last.text.extend(std::iter::repeat_n(' ', size.saturating_sub(used)));
            last.text.push('\n');
        }
        self.timeline.push(LogOperation::Rewrite(records));
    }
}

impl Iterator for Script {
    type Item = ScriptStep;

    fn next(&mut self) -> Option<ScriptStep> {
        loop {
            if let Some(step) = self.timeline.pop() {
                return Some(step);
            }
            self.push_round();
            self.round += 1;
        }
    }
}

#[cfg(test)]
mod tests;
