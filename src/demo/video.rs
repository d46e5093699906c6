//! The videos of the demo: titles, durations and snapshots.

use super::asset::{Completeness, DemoAsset, DemoSnapshot, Flaw, FrameSize, Motif, Random, SnapshotList};
use std::collections::VecDeque;

/// A video of the demo.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Video {
    pub(super) asset: DemoAsset,
    /// Empty where the log has none.
    pub(super) title: String,
    /// In seconds.
    pub(super) duration: u32,
    pub(super) snapshots: Vec<DemoSnapshot>,
}

/// The snapshots that are taken of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SnapshotPlan {
    /// 6, one each 5 seconds.
    Six,
    /// 12, one each 5 seconds.
    Twelve,
    /// 40, one each 12 seconds.
    Forty,
    /// 240 of two hours, one each 30 seconds.
    Long,
    /// 6, and 3 at requested offsets.
    Dots,
    /// 12, of which some are missing.
    Gaps,
}

impl SnapshotPlan {
    /// Returns the number of samples and the seconds between them.
    fn samples(self) -> (u32, u32) {
        match self {
            Self::Six | Self::Dots => (6, 5),
            Self::Twelve | Self::Gaps => (12, 5),
            Self::Forty => (40, 12),
            Self::Long => (240, 30),
        }
    }

    fn dots(self) -> &'static [u32] {
        match self {
            Self::Dots => &[3, 12, 21],
            Self::Six | Self::Twelve | Self::Forty | Self::Long | Self::Gaps => &[],
        }
    }
}

/// Motif, frame size and title of the videos in turn; `#` stands for the number of the round.
const PROGRAMME: [(Motif, FrameSize, &str); 10] = [
    (Motif::Sea, FrameSize::Default, "海上日落_航拍#"),
    (Motif::City, FrameSize::Default, "城市夜景延时 #"),
    (Motif::Balloons, FrameSize::Default, "热气球节 开幕式 #"),
    (Motif::Aurora, FrameSize::Default, "Aurora watch, night #"),
    (Motif::Sea, FrameSize::Portrait, "竖屏短片_海边#"),
    (Motif::City, FrameSize::Large, "跨江大桥纪实 第#集"),
    (Motif::Balloons, FrameSize::Default, "Balloon festival, day #"),
    (Motif::City, FrameSize::Portrait, "Night train, platform #"),
    (Motif::Aurora, FrameSize::Large, "极光观测 第#夜"),
    (Motif::Sea, FrameSize::Large, "Regatta, leg #"),
];

/// The id of the service's own example.
const EXAMPLE: &str = "14d7b2faba0dddd6b4e8936272d6bc3f";

/// The most failed videos that are kept for another attempt.
const FAILED_LIMIT: usize = 32;

/// The sequence of videos.
#[derive(Clone, Debug, Default)]
pub(super) struct Videos {
    made: usize,
    /// Failed videos that may be processed again.
    failed: VecDeque<Video>,
}

impl Videos {
    /// Returns the next new video.
    pub(super) fn next(&mut self, random: &mut Random, plan: SnapshotPlan) -> Video {
        let (motif, size, title) = PROGRAMME[self.made % PROGRAMME.len()];
        let number = self.made / PROGRAMME.len() + 1;
        self.made += 1;
        let completeness = if plan == SnapshotPlan::Gaps { Completeness::Gaps } else { Completeness::Complete };
        let asset = DemoAsset::new(random, motif, size, completeness);
        Video::new(asset, title.replace('#', &number.to_string()), plan)
    }

    /// Keeps a failed video for another attempt.
    pub(super) fn push_failed(&mut self, video: Video) {
        if self.failed.len() < FAILED_LIMIT {
            self.failed.push_back(video);
        }
    }

    /// Takes the video whose failure is the oldest.
    pub(super) fn pop_failed(&mut self) -> Option<Video> {
        self.failed.pop_front()
    }
}

impl Video {
    fn new(asset: DemoAsset, title: String, plan: SnapshotPlan) -> Self {
        let (count, interval) = plan.samples();
        let samples = (0..count).map(|at| DemoSnapshot { asset, list: SnapshotList::Sample, offset: at * interval });
        let dots = plan.dots().iter().map(|offset| DemoSnapshot { asset, list: SnapshotList::Dot, offset: *offset });
        // The last sample is the last frame.
        Self { asset, title, duration: (count - 1) * interval, snapshots: samples.chain(dots).collect() }
    }

    /// Returns the same video with a flaw.
    pub(super) fn with_flaw(mut self, flaw: Flaw) -> Self {
        self.asset = self.asset.with_flaw(flaw);
        self.snapshots.iter_mut().for_each(|snapshot| snapshot.asset = self.asset);
        match flaw {
            Flaw::Foreign => {
                let middle = self.snapshots.len() / 2;
                self.snapshots[middle..].iter_mut().take(1).for_each(|snapshot| snapshot.asset = self.asset.other());
            }
            Flaw::Short => self.duration += 60,
            Flaw::None | Flaw::Black | Flaw::Frozen | Flaw::Missing | Flaw::Forbidden | Flaw::Cut => {}
        }
        self
    }

    /// Returns the video of the service's own example: six snapshots, no title.
    pub(super) fn example() -> Self {
        Self::new(DemoAsset::parse(EXAMPLE).expect("32 digits"), String::new(), SnapshotPlan::Six)
    }
}
