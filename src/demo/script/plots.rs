//! The scenarios, beat by beat.

use super::{
    Act, Record, Says, Script,
    cast::{Cast, RenderJob, ShotPlan},
};
use crate::{
    cli::Scenario,
    demo::{codes::CODES, wire::WireForm},
};

/// Something that happens in one beat.
#[derive(Clone, Copy, Debug)]
enum Beat {
    /// A new video and its pictures.
    Video(ShotPlan, WireForm),
    /// A new video without pictures: code by its place in [`CODES`].
    Failure(usize, WireForm),
    /// A failed video, run again.
    Rerun(WireForm),
    /// A status that is in no document.
    Unfinished,
    /// An event cut off in the middle.
    Broken,
    /// An SMN notification that is delivered twice.
    Redelivery,
    /// A line that is no event.
    Chatter(&'static str),
}

/// What the tour begins with: seconds before the start, and what happened then.
const PAST: [(u32, Beat); 14] = [
    (690, Beat::Video(ShotPlan::Twelve, WireForm::Prefix)),
    (620, Beat::Failure(0, WireForm::Docker)),
    (560, Beat::Video(ShotPlan::Forty, WireForm::Prefix)),
    (500, Beat::Failure(1, WireForm::Smn)),
    (430, Beat::Video(ShotPlan::Dots, WireForm::Cri)),
    (390, Beat::Video(ShotPlan::Gaps, WireForm::Prefix)),
    (330, Beat::Chatter("reconnected to the topic after 2 s")),
    (320, Beat::Video(ShotPlan::Twelve, WireForm::Docker)),
    (270, Beat::Unfinished),
    (240, Beat::Broken),
    (180, Beat::Failure(2, WireForm::Prefix)),
    (110, Beat::Rerun(WireForm::Smn)),
    (50, Beat::Failure(3, WireForm::Cri)),
    (9, Beat::Video(ShotPlan::Six, WireForm::Pretty)),
];

/// The tour, over and over.
const TOUR: [Beat; 20] = [
    Beat::Video(ShotPlan::Twelve, WireForm::Prefix),
    Beat::Video(ShotPlan::Six, WireForm::Docker),
    Beat::Failure(0, WireForm::Prefix),
    Beat::Video(ShotPlan::Long, WireForm::Prefix),
    Beat::Video(ShotPlan::Twelve, WireForm::Smn),
    Beat::Rerun(WireForm::Prefix),
    Beat::Video(ShotPlan::Dots, WireForm::Cri),
    Beat::Failure(1, WireForm::Docker),
    Beat::Video(ShotPlan::Twelve, WireForm::Prefix),
    Beat::Video(ShotPlan::Forty, WireForm::Prefix),
    Beat::Unfinished,
    Beat::Video(ShotPlan::Twelve, WireForm::Docker),
    Beat::Broken,
    Beat::Rerun(WireForm::Smn),
    Beat::Video(ShotPlan::Gaps, WireForm::Prefix),
    Beat::Failure(5, WireForm::Smn),
    Beat::Video(ShotPlan::Twelve, WireForm::Pretty),
    Beat::Redelivery,
    Beat::Chatter("health check ok, 0 messages waiting"),
    Beat::Video(ShotPlan::Forty, WireForm::Cri),
];

/// The kinds of rotation, in turn.
#[derive(Clone, Copy, Debug)]
enum Rotation {
    Rename,
    CopyTruncate,
    Regrow,
    Recreate,
    Link,
    SameSize,
}

const ROTATIONS: [(Rotation, &str); 7] = [
    (Rotation::Rename, "rotation: rename and create, the old file is written on for 2 s"),
    (Rotation::CopyTruncate, "rotation: copytruncate"),
    (Rotation::Regrow, "rotation: truncated and regrown past its old size"),
    (Rotation::Recreate, "rotation: deleted, made anew after 1 s"),
    (Rotation::Link, "rotation: the name becomes a symbolic link"),
    (Rotation::Link, "rotation: the symbolic link is switched to another file"),
    (Rotation::SameSize, "rotation: rewritten to the same size"),
];

/// Beats between two rotations.
const BETWEEN: usize = 6;

/// Seconds that written bytes lie before they are destroyed, so that every follower can have read them.
const READABLE: f64 = 1.2;

impl Script {
    /// Lays down what is there at the start.
    pub(super) fn lay_backlog(&mut self) {
        match self.config.scenario {
            Scenario::Tour => {
                self.ago(720);
                let example = self.pen.succeeded(WireForm::Plain, &Cast::example());
                self.say(example);
                for (ago, beat) in PAST {
                    self.ago(ago);
                    self.play(beat);
                }
            }
            Scenario::Storm => {
                for ago in (1..=120).rev() {
                    self.ago(ago);
                    self.storm_beat();
                }
            }
            Scenario::Rotate => {
                for ago in (1..=4).rev() {
                    self.ago(ago * 17);
                    self.play(Beat::Video(ShotPlan::Six, WireForm::Prefix));
                }
            }
            Scenario::Failures => self.lay_failures(),
            Scenario::Slow => {
                for ago in (1..=8).rev() {
                    self.ago(ago * 20);
                    self.play(Beat::Video(if ago == 3 { ShotPlan::Forty } else { ShotPlan::Twelve }, WireForm::Prefix));
                }
            }
        }
    }

    /// Lays down the next beat.
    pub(super) fn lay_beat(&mut self) {
        let beat = self.beat;
        match self.config.scenario {
            Scenario::Tour => {
                let pause = *self.pen.random.pick(&[0.4, 0.5, 0.6, 0.7, 0.8]);
                self.wait(pause);
                self.play(TOUR[beat % TOUR.len()]);
            }
            Scenario::Storm => {
                // 2 000 a minute.
                self.wait(0.03);
                self.storm_beat();
            }
            Scenario::Rotate => self.rotate_beat(),
            Scenario::Failures => {
                self.wait(0.7);
                self.failures_beat();
            }
            Scenario::Slow => {
                self.wait(2.0);
                self.play(Beat::Video(
                    if beat % 5 == 4 { ShotPlan::Forty } else { ShotPlan::Twelve },
                    WireForm::Prefix,
                ));
            }
        }
    }

    fn play(&mut self, beat: Beat) {
        match beat {
            Beat::Video(cut, form) => {
                let job = self.introduce(cut);
                let record = self.pen.succeeded(form, &job);
                self.say(record);
            }
            Beat::Failure(code, form) => {
                let job = self.introduce(ShotPlan::Twelve);
                let record = self.pen.failed(form, &job, CODES[code]);
                self.say(record);
                self.cast.keep(job);
            }
            Beat::Rerun(form) => {
                let job = self.rerun();
                let record = self.pen.succeeded(form, &job);
                self.say(record);
            }
            Beat::Unfinished => {
                let job = self.introduce(ShotPlan::Six);
                let record = self.pen.unfinished(WireForm::Prefix, &job);
                self.say(record);
            }
            Beat::Broken => {
                let job = self.cast.next(&mut self.pen.random, ShotPlan::Six);
                let record = self.pen.broken(&job);
                self.say(record);
            }
            Beat::Redelivery => {
                let job = self.introduce(ShotPlan::Six);
                let record = self.pen.succeeded(WireForm::Smn, &job);
                self.say(record.clone());
                self.wait(0.2);
                self.say(Record { says: Says::Again, ..record });
            }
            Beat::Chatter(words) => {
                let record = self.pen.chatter(words);
                self.say(record);
            }
        }
    }

    /// A new video, with the events that come before its pictures: title and duration.
    fn introduce(&mut self, cut: ShotPlan) -> RenderJob {
        let job = self.cast.next(&mut self.pen.random, cut);
        let created = self.pen.created(WireForm::Prefix, &job);
        self.say(created);
        self.wait(0.1);
        let parsed = self.pen.parsed(WireForm::Prefix, &job);
        self.say(parsed);
        self.wait(0.3);
        job
    }

    /// A failed video that runs again; a new one where none waits.
    fn rerun(&mut self) -> RenderJob {
        self.cast.rerun().unwrap_or_else(|| self.cast.next(&mut self.pen.random, ShotPlan::Twelve))
    }

    /// One event of a great many: 15 % fail, as many are re-runs.
    fn storm_beat(&mut self) {
        let dice = self.pen.random.below(100);
        let record = match dice {
            0..15 => {
                let job = self.cast.next(&mut self.pen.random, ShotPlan::Six);
                let code = *self.pen.random.pick(&CODES[..8]);
                let record = self.pen.failed(WireForm::Prefix, &job, code);
                self.cast.keep(job);
                record
            }
            15..30 => {
                let job = self.rerun();
                self.pen.succeeded(WireForm::Prefix, &job)
            }
            _ => {
                let job = self.cast.next(&mut self.pen.random, ShotPlan::Six);
                self.pen.succeeded(if dice.is_multiple_of(2) { WireForm::Prefix } else { WireForm::Cri }, &job)
            }
        };
        self.say(record);
    }

    /// Each code once and the commonest more often, good assets between them.
    fn lay_failures(&mut self) {
        let mut ago = 1400;
        for code in 0..CODES.len() {
            let mut beats = vec![Beat::Video(ShotPlan::Six, WireForm::Prefix), Beat::Failure(code, WireForm::Prefix)];
            if code.is_multiple_of(3) {
                beats.push(Beat::Failure(0, WireForm::Docker));
            }
            for beat in beats {
                self.ago(ago);
                self.play(beat);
                ago -= 14;
            }
        }
    }

    /// A good asset now and then; failures of good ones too, whose pictures stay.
    fn failures_beat(&mut self) {
        if self.beat.is_multiple_of(3) {
            let job = self.introduce(ShotPlan::Six);
            let record = self.pen.succeeded(WireForm::Prefix, &job);
            self.say(record);
            if self.beat.is_multiple_of(9) {
                self.wait(0.2);
                let record = self.pen.failed(WireForm::Prefix, &job, CODES[0]);
                self.say(record);
            }
        } else {
            let common = self.pen.random.below(10) < 3;
            let code = if common { 0 } else { self.beat % CODES.len() };
            self.play(Beat::Failure(code, WireForm::Prefix));
        }
    }

    /// An event each half second, and a rotation after every few.
    fn rotate_beat(&mut self) {
        self.wait(0.5);
        if self.beat % BETWEEN < BETWEEN - 1 {
            return self.play(Beat::Video(ShotPlan::Six, WireForm::Prefix));
        }
        let (rotation, words) = ROTATIONS[self.beat / BETWEEN % ROTATIONS.len()];
        self.play(Beat::Chatter(words));
        self.hold(READABLE);
        let size = self.size;
        match rotation {
            Rotation::Rename => {
                self.lay(Act::Rename);
                for _ in 0..2 {
                    self.hold(0.5);
                    self.play(Beat::Video(ShotPlan::Six, WireForm::Prefix));
                    self.hold(0.4);
                    let late = self.small();
                    self.lay(Act::AppendLate(late));
                }
            }
            Rotation::CopyTruncate => self.lay(Act::CopyTruncate),
            Rotation::Regrow => {
                let records = self.fill(size + size / 4 + 1);
                self.lay(Act::Rewrite(records));
            }
            Rotation::Recreate => {
                self.lay(Act::Delete);
                self.hold(1.0);
            }
            Rotation::Link => self.lay(Act::Link),
            Rotation::SameSize => {
                let records = self.fill(size);
                self.lay(Act::Rewrite(records));
            }
        }
    }

    fn small(&mut self) -> Record {
        let job = self.cast.next(&mut self.pen.random, ShotPlan::Six);
        self.pen.succeeded(WireForm::Prefix, &job)
    }

    /// New records of `size` bytes in all, the last one filled up with spaces.
    fn fill(&mut self, size: usize) -> Vec<Record> {
        let mut records = vec![self.small()];
        let mut used = records[0].text.len();
        loop {
            let record = self.small();
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
        records
    }
}
