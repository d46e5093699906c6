//! The demo's assets and snapshots, and how the server answers for them.
//!
//! The middle bytes of an asset's id encode the scene, the frame size and the missing snapshots; the other bytes are
//! random. The server therefore needs no record of the script, and every valid id has pictures. Everything here is a
//! function of seed, id and offset.

use super::config::{DemoConfig, Scenario};
use std::{fmt, time::Duration};

/// A random generator with the same sequence on every machine (`SplitMix64`).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Returns a number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Returns one of `choices`, which are not empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(choices.len() as u64)).expect("smaller than a length");
        &choices[index]
    }
}

/// The finaliser of `SplitMix64`, which scatters the bits of a number.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The scene that an asset's pictures show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motif {
    /// Northern lights over a lake.
    Aurora,
    /// The sea at sunset with a sailing boat.
    Sea,
    /// A city at night with a train on a bridge.
    City,
    /// Balloons over hills at dawn.
    Balloons,
}

const MOTIFS: u8 = 4;

impl Motif {
    pub(super) const ALL: [Self; MOTIFS as usize] = [Self::Aurora, Self::Sea, Self::City, Self::Balloons];
}

/// The pixel dimensions of an asset's pictures. The service's default is 480 pixels on the longest edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameSize {
    /// 480x270.
    Default,
    /// 270x480.
    Portrait,
    /// 1280x720.
    Large,
}

impl FrameSize {
    /// Returns width and height in pixels.
    pub(super) fn pixels(self) -> (u32, u32) {
        match self {
            Self::Default => (480, 270),
            Self::Portrait => (270, 480),
            Self::Large => (1280, 720),
        }
    }
}

/// The share of an asset's snapshots that exist on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completeness {
    /// All of them.
    Complete,
    /// About three of four; the first one always.
    Gaps,
}

/// The flaw of an asset's pictures in the check scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// Three pictures in the middle are black.
    Black,
    /// From 20 s on the video stands still.
    Frozen,
    /// Two pictures do not exist.
    Missing,
    /// Two pictures are denied.
    Forbidden,
    /// A picture is cut off.
    Cut,
    /// The URL of a picture names another asset.
    Foreign,
    /// The pictures end a minute before the video.
    Short,
}

impl Flaw {
    /// All of them; the byte of an id is the index here.
    const ALL: [Self; 8] =
        [Self::None, Self::Black, Self::Frozen, Self::Missing, Self::Forbidden, Self::Cut, Self::Foreign, Self::Short];
}

/// The frame that a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShownFrame {
    /// That of an offset in seconds.
    At(u32),
    /// Black.
    Black,
}

/// The server's answer for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerAnswer {
    /// 200 and the picture.
    Whole,
    /// 404.
    Missing,
    /// 403, as hotlink protection sends it.
    Forbidden,
    /// 429 to the first request, the picture to later ones.
    RateLimited,
    /// 200 and the first three fifths of the picture, under the length of the whole.
    Truncated,
    /// None; the connection is closed after a minute.
    Silent,
}

/// An asset of the demo, identified by the 16 bytes of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DemoAsset([u8; 16]);

/// The bytes of an id that encode motif, frame size and completeness in every scenario.
const MOTIF: usize = 8;
const SIZE: usize = 9;
const COMPLETENESS: usize = 10;

/// The byte of an id that encodes the flaw in the check scenario.
const FLAW: usize = 11;

/// The least values of those bytes for what is rare, so that few ids of other origin have it.
const LARGE_FROM: u8 = 0xf8;
const PORTRAIT_FROM: u8 = 0xf0;
const GAPS_FROM: u8 = 0xfc;

impl DemoAsset {
    /// Creates an asset with a random id that encodes these properties.
    pub(super) fn new(random: &mut Random, motif: Motif, size: FrameSize, completeness: Completeness) -> Self {
        let mut id = (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes();
        id[MOTIF] = id[MOTIF] % (u8::MAX / MOTIFS) * MOTIFS + motif as u8;
        let low = id[SIZE] & 7;
        id[SIZE] = match size {
            FrameSize::Default => id[SIZE] % PORTRAIT_FROM,
            FrameSize::Portrait => PORTRAIT_FROM | low,
            FrameSize::Large => LARGE_FROM | low,
        };
        id[COMPLETENESS] = match completeness {
            Completeness::Complete => id[COMPLETENESS] % GAPS_FROM,
            Completeness::Gaps => GAPS_FROM | id[COMPLETENESS],
        };
        Self(id)
    }

    /// Returns the same asset with a flaw.
    pub(super) fn with_flaw(mut self, flaw: Flaw) -> Self {
        self.0[FLAW] = flaw as u8;
        self
    }

    /// Returns another asset of the same kind.
    pub(super) fn other(mut self) -> Self {
        self.0[0] ^= 1;
        self
    }

    fn flaw(self) -> Flaw {
        Flaw::ALL.get(usize::from(self.0[FLAW])).copied().unwrap_or(Flaw::None)
    }

    /// Parses an id of 32 lower-case hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = u128::from_str_radix(text, 16).ok().filter(|_| plain)?;
        Some(Self(id.to_be_bytes()))
    }

    pub(super) fn motif(self) -> Motif {
        Motif::ALL[usize::from(self.0[MOTIF]) % Motif::ALL.len()]
    }

    pub(super) fn size(self) -> FrameSize {
        match self.0[SIZE] {
            LARGE_FROM.. => FrameSize::Large,
            PORTRAIT_FROM.. => FrameSize::Portrait,
            _ => FrameSize::Default,
        }
    }

    fn completeness(self) -> Completeness {
        if self.0[COMPLETENESS] >= GAPS_FROM { Completeness::Gaps } else { Completeness::Complete }
    }

    /// Returns the seed of the asset's colours and shapes under the demo's seed.
    pub(super) fn visual_seed(self, seed: u64) -> u64 {
        let id = u128::from_be_bytes(self.0);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (high, low) = ((id >> 64) as u64, id as u64);
        mix(seed ^ mix(high ^ mix(low)))
    }
}

impl fmt::Display for DemoAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// One snapshot of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DemoSnapshot {
    pub(super) asset: DemoAsset,
    pub(super) list: SnapshotList,
    /// Seconds from the start of the video.
    pub(super) offset: u32,
}

/// The list of an event that names a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SnapshotList {
    /// `sample`, taken at a fixed interval.
    Sample,
    /// `dots`, taken at requested offsets.
    Dot,
}

impl DemoSnapshot {
    /// Returns the path of its URL. That of samples is the documented one; dots, for which no document gives one, are
    /// formed alike.
    pub(super) fn path(self) -> String {
        let list = match self.list {
            SnapshotList::Sample => "sample",
            SnapshotList::Dot => "dot",
        };
        format!("/asset/{}/snapshot/{list}/{}.jpg", self.asset, self.offset)
    }

    /// Parses what [`Self::path`] returns.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let (id, rest) = path.strip_prefix("/asset/")?.split_once("/snapshot/")?;
        let (list, name) = rest.split_once('/')?;
        let list = match list {
            "sample" => SnapshotList::Sample,
            "dot" => SnapshotList::Dot,
            _ => return None,
        };
        let snapshot = Self { asset: DemoAsset::parse(id)?, list, offset: name.strip_suffix(".jpg")?.parse().ok()? };
        (snapshot.path() == path).then_some(snapshot)
    }

    /// Returns how the server answers for it.
    pub(super) fn answer(self, config: &DemoConfig) -> ServerAnswer {
        let percentile = self.hash(config) % 100;
        match config.scenario {
            Scenario::Slow => match percentile {
                0..6 => ServerAnswer::Missing,
                6..12 => ServerAnswer::Forbidden,
                12..18 => ServerAnswer::RateLimited,
                18..24 => ServerAnswer::Truncated,
                24..28 => ServerAnswer::Silent,
                _ => ServerAnswer::Whole,
            },
            Scenario::Check => match (self.asset.flaw(), self.offset) {
                (Flaw::Missing, 10 | 35) => ServerAnswer::Missing,
                (Flaw::Forbidden, 25 | 30) => ServerAnswer::Forbidden,
                (Flaw::Cut, 30) => ServerAnswer::Truncated,
                _ => ServerAnswer::Whole,
            },
            Scenario::Tour | Scenario::Storm | Scenario::Rotate | Scenario::Failures => {
                let missing = self.asset.completeness() == Completeness::Gaps && self.offset > 0 && percentile < 25;
                if missing { ServerAnswer::Missing } else { ServerAnswer::Whole }
            }
        }
    }

    /// Returns how long the server waits before it answers.
    pub(super) fn delay(self, config: &DemoConfig) -> Duration {
        match config.scenario {
            Scenario::Slow => Duration::from_millis(200 + mix(self.hash(config)) % 2800),
            Scenario::Tour | Scenario::Storm | Scenario::Rotate | Scenario::Failures | Scenario::Check => {
                Duration::ZERO
            }
        }
    }

    /// Returns the frame that its picture shows.
    pub(super) fn frame(self, config: &DemoConfig) -> ShownFrame {
        let flaw = if config.scenario == Scenario::Check { self.asset.flaw() } else { Flaw::None };
        match flaw {
            Flaw::Black if (15..30).contains(&self.offset) => ShownFrame::Black,
            Flaw::Frozen => ShownFrame::At(self.offset.min(20)),
            Flaw::Black | Flaw::None | Flaw::Missing | Flaw::Forbidden | Flaw::Cut | Flaw::Foreign | Flaw::Short => {
                ShownFrame::At(self.offset)
            }
        }
    }

    fn hash(self, config: &DemoConfig) -> u64 {
        mix(self.asset.visual_seed(config.seed) ^ u64::from(self.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_encodes_the_properties_of_its_asset() {
        let mut random = Random::new(7);
        for motif in Motif::ALL {
            for size in [FrameSize::Default, FrameSize::Portrait, FrameSize::Large] {
                for completeness in [Completeness::Complete, Completeness::Gaps] {
                    let asset = DemoAsset::new(&mut random, motif, size, completeness);
                    assert_eq!((asset.motif(), asset.size(), asset.completeness()), (motif, size, completeness));
                    assert_eq!(DemoAsset::parse(&asset.to_string()), Some(asset));
                }
            }
        }
    }

    #[test]
    fn a_flaw_is_one_of_the_check_scenario_alone() {
        let asset = DemoAsset::new(&mut Random::new(1), Motif::Sea, FrameSize::Default, Completeness::Complete);
        let [check, tour] =
            [Scenario::Check, Scenario::Tour].map(|scenario| DemoConfig { scenario, ..DemoConfig::default() });
        for flaw in Flaw::ALL {
            let flawed = asset.with_flaw(flaw);
            assert_eq!((flawed.flaw(), flawed.motif(), flawed.size()), (flaw, asset.motif(), asset.size()));
            for offset in (0..60).step_by(5) {
                let snapshot = DemoSnapshot { asset: flawed, list: SnapshotList::Sample, offset };
                assert_eq!(snapshot.answer(&tour), ServerAnswer::Whole);
                assert_eq!(snapshot.frame(&tour), ShownFrame::At(offset));
            }
        }
        let at = |flaw, offset| DemoSnapshot { asset: asset.with_flaw(flaw), list: SnapshotList::Sample, offset };
        assert_eq!(at(Flaw::Black, 20).frame(&check), ShownFrame::Black);
        assert_eq!(at(Flaw::Frozen, 40).frame(&check), ShownFrame::At(20));
        assert_eq!(at(Flaw::Missing, 10).answer(&check), ServerAnswer::Missing);
        assert_eq!(at(Flaw::Cut, 30).answer(&check), ServerAnswer::Truncated);
    }

    #[test]
    fn parses_only_its_own_paths() {
        let asset = DemoAsset::new(&mut Random::new(1), Motif::Sea, FrameSize::Default, Completeness::Complete);
        let snapshot = DemoSnapshot { asset, list: SnapshotList::Dot, offset: 61 };
        assert_eq!(DemoSnapshot::parse(&snapshot.path()), Some(snapshot));
        let id = asset.to_string();
        for path in [
            format!("/asset/{id}/snapshot/sample/05.jpg"),
            format!("/asset/{id}/snapshot/sample/+5.jpg"),
            format!("/asset/{id}/snapshot/sample/5.png"),
            format!("/asset/{id}/snapshot/cover/5.jpg"),
            format!("/asset/{}/snapshot/sample/5.jpg", id.to_uppercase()),
            format!("/asset/+{}/snapshot/sample/5.jpg", id.split_at(1).1),
            "/asset//snapshot/sample/5.jpg".into(),
            "/".into(),
        ] {
            assert_eq!(DemoSnapshot::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn an_asset_with_gaps_has_its_first_snapshot() {
        let config = DemoConfig::default();
        let asset = DemoAsset::new(&mut Random::new(3), Motif::City, FrameSize::Default, Completeness::Gaps);
        let answer = |offset| DemoSnapshot { asset, list: SnapshotList::Sample, offset }.answer(&config);
        let missing = (0..200).filter(|offset| answer(*offset) == ServerAnswer::Missing).count();
        assert!((20..80).contains(&missing), "{missing} of 200");
        assert_eq!(answer(0), ServerAnswer::Whole);
    }
}
