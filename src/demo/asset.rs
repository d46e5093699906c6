//! What the demo's assets are, read off their ids.
//!
//! The middle bytes of an id say what its pictures show, how large they are and what goes wrong with them; all other
//! bytes are random. So the server needs no memory of the script, and any id whatsoever has a picture.
//! Everything here follows from seed, id and offset alone.

use super::DemoConfig;
use crate::cli::Scenario;
use std::{fmt, time::Duration};

/// Numbers that are the same on every machine for the same seed (`SplitMix64`).
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

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of `choices`, which are not empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(choices.len() as u64)).expect("smaller than a length");
        &choices[at]
    }
}

/// Scatters the bits of a number.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// What the pictures of an asset show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motif {
    /// The sea at sunset, a boat sailing by.
    Sea,
    /// A city at night, a train crossing a bridge.
    City,
    /// Mountains in layers, clouds drawing past.
    Mountains,
    /// A football pitch from above.
    Pitch,
    /// A lecture slide whose figure draws itself.
    Lecture,
    /// Northern lights over a lake.
    Aurora,
    /// Balloons over hills at dawn.
    Balloons,
}

/// How many motifs there are.
const MOTIFS: u8 = 7;

impl Motif {
    pub(super) const ALL: [Self; MOTIFS as usize] =
        [Self::Sea, Self::City, Self::Mountains, Self::Pitch, Self::Lecture, Self::Aurora, Self::Balloons];
}

/// How large the pictures of an asset are. 480 pixels on the longest edge is what the service makes by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// 480x270.
    Default,
    /// 270x480.
    Portrait,
    /// 1280x720.
    Large,
}

impl Shape {
    /// Width and height in pixels.
    pub(super) fn size(self) -> (u32, u32) {
        match self {
            Self::Default => (480, 270),
            Self::Portrait => (270, 480),
            Self::Large => (1280, 720),
        }
    }
}

/// What an asset's id says of one of its pictures in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShotCondition {
    /// All pictures are there.
    Whole,
    /// About every fourth picture was never made; the first one was.
    Gaps,
}

/// How the server answers for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerAnswer {
    /// With the picture.
    Whole,
    /// With 404.
    Missing,
    /// With 403, as hotlink protection does.
    Forbidden,
    /// With 429 the first time, then with the picture.
    Limited,
    /// With the first part of the picture, under the length of the whole.
    Truncated,
    /// Never.
    Silent,
}

/// An asset of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DemoAsset([u8; 16]);

const MOTIF: usize = 8;
const SHAPE: usize = 9;
const CARE: usize = 10;

/// Bytes of an id from which on a picture is large, upright, or an asset has gaps: ids of other origin rarely do.
const LARGE_FROM: u8 = 0xf8;
const PORTRAIT_FROM: u8 = 0xf0;
const GAPS_FROM: u8 = 0xfc;

impl DemoAsset {
    /// Makes an id that says this.
    pub(super) fn new(random: &mut Random, motif: Motif, shape: Shape, care: ShotCondition) -> Self {
        let mut id = (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes();
        id[MOTIF] = id[MOTIF] % (u8::MAX / MOTIFS) * MOTIFS + motif as u8;
        let low = id[SHAPE] & 7;
        id[SHAPE] = match shape {
            Shape::Default => id[SHAPE] % PORTRAIT_FROM,
            Shape::Portrait => PORTRAIT_FROM | low,
            Shape::Large => LARGE_FROM | low,
        };
        id[CARE] = match care {
            ShotCondition::Whole => id[CARE] % GAPS_FROM,
            ShotCondition::Gaps => GAPS_FROM | id[CARE],
        };
        Self(id)
    }

    /// Reads an id of 32 lower-case hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = u128::from_str_radix(text, 16).ok().filter(|_| plain)?;
        Some(Self(id.to_be_bytes()))
    }

    pub(super) fn motif(self) -> Motif {
        Motif::ALL[usize::from(self.0[MOTIF]) % Motif::ALL.len()]
    }

    pub(super) fn shape(self) -> Shape {
        match self.0[SHAPE] {
            LARGE_FROM.. => Shape::Large,
            PORTRAIT_FROM.. => Shape::Portrait,
            _ => Shape::Default,
        }
    }

    fn care(self) -> ShotCondition {
        if self.0[CARE] >= GAPS_FROM { ShotCondition::Gaps } else { ShotCondition::Whole }
    }

    /// The number from which the asset's pictures draw their colours and places.
    pub(super) fn look(self, seed: u64) -> u64 {
        let id = u128::from_be_bytes(self.0);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
        let (high, low) = ((id >> 64) as u64, id as u64);
        mix(seed ^ mix(high ^ mix(low)))
    }

    /// How the server answers for the picture at `offset`, in seconds.
    pub(super) fn answer(self, config: &DemoConfig, offset: u32) -> ServerAnswer {
        let dice = mix(self.look(config.seed) ^ u64::from(offset)) % 100;
        match (config.scenario, self.care()) {
            (Scenario::Slow, _) => match dice {
                0..6 => ServerAnswer::Missing,
                6..12 => ServerAnswer::Forbidden,
                12..18 => ServerAnswer::Limited,
                18..24 => ServerAnswer::Truncated,
                24..28 => ServerAnswer::Silent,
                _ => ServerAnswer::Whole,
            },
            (Scenario::Tour | Scenario::Storm | Scenario::Rotate | Scenario::Failures, ShotCondition::Gaps)
                if offset > 0 && dice < 25 =>
            {
                ServerAnswer::Missing
            }
            (Scenario::Tour | Scenario::Storm | Scenario::Rotate | Scenario::Failures, _) => ServerAnswer::Whole,
        }
    }

    /// How long the server thinks before it answers.
    pub(super) fn delay(self, config: &DemoConfig, offset: u32) -> Duration {
        match config.scenario {
            Scenario::Slow => Duration::from_millis(200 + mix(self.look(config.seed) ^ !u64::from(offset)) % 2800),
            Scenario::Tour | Scenario::Storm | Scenario::Rotate | Scenario::Failures => Duration::ZERO,
        }
    }
}

impl fmt::Display for DemoAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// One picture of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shot {
    /// Whose.
    pub(super) asset: DemoAsset,
    /// `sample` or `dot`.
    pub(super) list: ShotList,
    /// Where in the video, in seconds.
    pub(super) offset: u32,
}

/// The list of an event that names a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ShotList {
    /// Taken at an interval.
    Sample,
    /// Taken at a time that was asked for.
    Dot,
}

impl Shot {
    /// The path of its address, as the documents have it; for dots, of which no document shows one, alike.
    pub(super) fn path(self) -> String {
        let list = match self.list {
            ShotList::Sample => "sample",
            ShotList::Dot => "dot",
        };
        format!("/asset/{}/snapshot/{list}/{}.jpg", self.asset, self.offset)
    }

    /// Reads what [`Self::path`] writes.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let (id, rest) = path.strip_prefix("/asset/")?.split_once("/snapshot/")?;
        let (list, name) = rest.split_once('/')?;
        let list = match list {
            "sample" => ShotList::Sample,
            "dot" => ShotList::Dot,
            _ => return None,
        };
        let shot = Self { asset: DemoAsset::parse(id)?, list, offset: name.strip_suffix(".jpg")?.parse().ok()? };
        (shot.path() == path).then_some(shot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_how_its_asset_looks() {
        let mut random = Random::new(7);
        for motif in Motif::ALL {
            for shape in [Shape::Default, Shape::Portrait, Shape::Large] {
                for care in [ShotCondition::Whole, ShotCondition::Gaps] {
                    let asset = DemoAsset::new(&mut random, motif, shape, care);
                    assert_eq!((asset.motif(), asset.shape(), asset.care()), (motif, shape, care), "{asset}");
                    assert_eq!(DemoAsset::parse(&asset.to_string()), Some(asset));
                }
            }
        }
    }

    #[test]
    fn reads_only_its_own_paths() {
        let asset = DemoAsset::new(&mut Random::new(1), Motif::Sea, Shape::Default, ShotCondition::Whole);
        let shot = Shot { asset, list: ShotList::Dot, offset: 61 };
        assert_eq!(Shot::parse(&shot.path()), Some(shot));
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
            assert_eq!(Shot::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn gaps_leave_the_first_picture() {
        let config = DemoConfig::default();
        let asset = DemoAsset::new(&mut Random::new(3), Motif::City, Shape::Default, ShotCondition::Gaps);
        let missing = (0..200).filter(|offset| asset.answer(&config, *offset) == ServerAnswer::Missing).count();
        assert!((20..80).contains(&missing), "{missing} of 200");
        assert_eq!(asset.answer(&config, 0), ServerAnswer::Whole);
    }
}
