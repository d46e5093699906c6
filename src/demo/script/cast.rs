//! The videos that a script is about: their titles, lengths and pictures.

use crate::demo::asset::{DemoAsset, Motif, Random, Shape, Shot, ShotCondition, ShotList};
use std::collections::VecDeque;

/// A video whose pictures are being made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RenderJob {
    pub(super) asset: DemoAsset,
    pub(super) title: String,
    /// In seconds.
    pub(super) duration: u32,
    pub(super) shots: Vec<Shot>,
}

/// How a video is cut into pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShotPlan {
    /// 6 pictures, one each 5 seconds.
    Six,
    /// 12 pictures, one each 5 seconds.
    Twelve,
    /// 40 pictures, one each 12 seconds.
    Forty,
    /// Two hours in 240 pictures, one each 30 seconds.
    Long,
    /// 6 pictures, and 3 at times that were asked for.
    Dots,
    /// 12 pictures, of which some were never made.
    Gaps,
}

impl ShotPlan {
    /// Pictures, and the seconds between them.
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

/// What is shown, in which shape, under which title; `#` stands for a number.
const PROGRAMME: [(Motif, Shape, &str); 14] = [
    (Motif::Sea, Shape::Default, "海上日落_航拍#"),
    (Motif::City, Shape::Default, "城市夜景延时 #"),
    (Motif::Balloons, Shape::Default, "热气球节 开幕式 #"),
    (Motif::Lecture, Shape::Default, "机器学习导论 第#讲"),
    (Motif::Mountains, Shape::Default, "高原云海 第#集"),
    (Motif::Pitch, Shape::Default, "春季联赛 第#轮 上半场"),
    (Motif::Sea, Shape::Portrait, "竖屏短片_海边#"),
    (Motif::Aurora, Shape::Default, "Aurora watch, night #"),
    (Motif::Lecture, Shape::Default, "新品发布会_终版#"),
    (Motif::City, Shape::Portrait, "Night train, platform #"),
    (Motif::Mountains, Shape::Large, "Over the pass, part #"),
    (Motif::Balloons, Shape::Default, "Balloon festival, day #"),
    (Motif::Aurora, Shape::Large, "极光观测 第#夜"),
    (Motif::Pitch, Shape::Large, "Cup final, camera #"),
];

/// The id of the service's own example. Its pictures show northern lights.
const EXAMPLE: &str = "14d7b2faba0dddd6b4e8936272d6bc3f";

/// The most failed jobs that wait for another run.
const WAITING: usize = 32;

/// The videos so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Cast {
    made: usize,
    /// Failed jobs that may run again.
    failed: VecDeque<RenderJob>,
}

impl Cast {
    /// The next video of the programme.
    pub(super) fn next(&mut self, random: &mut Random, cut: ShotPlan) -> RenderJob {
        let (motif, shape, title) = PROGRAMME[self.made % PROGRAMME.len()];
        let number = self.made / PROGRAMME.len() + 1;
        self.made += 1;
        let care = if cut == ShotPlan::Gaps { ShotCondition::Gaps } else { ShotCondition::Whole };
        let asset = DemoAsset::new(random, motif, shape, care);
        RenderJob::new(asset, title.replace('#', &number.to_string()), cut)
    }

    /// The video of the service's own example: six pictures, no title.
    pub(super) fn example() -> RenderJob {
        RenderJob::new(DemoAsset::parse(EXAMPLE).expect("32 digits"), String::new(), ShotPlan::Six)
    }

    /// Keeps a failed job for another run.
    pub(super) fn keep(&mut self, job: RenderJob) {
        if self.failed.len() < WAITING {
            self.failed.push_back(job);
        }
    }

    /// The failed job that has waited longest.
    pub(super) fn rerun(&mut self) -> Option<RenderJob> {
        self.failed.pop_front()
    }
}

impl RenderJob {
    fn new(asset: DemoAsset, title: String, cut: ShotPlan) -> Self {
        let (count, interval) = cut.samples();
        let samples = (0..count).map(|at| Shot { asset, list: ShotList::Sample, offset: at * interval });
        let dots = cut.dots().iter().map(|offset| Shot { asset, list: ShotList::Dot, offset: *offset });
        // The last picture is the last frame.
        Self { asset, title, duration: (count - 1) * interval, shots: samples.chain(dots).collect() }
    }
}
