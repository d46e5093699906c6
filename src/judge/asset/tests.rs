use super::*;
use crate::{
    event::{AssetId, PictureUrl},
    judge::facts::tests::drawn,
    picture::EventKey,
};

/// The outcome of a picture, in a word.
#[derive(Clone, Copy)]
enum Is {
    /// Another scene for each number.
    Scene(u32),
    Black,
    White,
    Portrait,
    Gone,
    Unknown,
    Open,
}

use Is::{Black, Gone, Open, Portrait, Scene, White};

fn outcome(is: Is) -> Option<PictureOutcome> {
    let scene = |width, height, number: u32| {
        PictureOutcome::of_picture(&drawn(width, height, |x, y| {
            let box_of = |side: u32, size: u32| side * 8 / size;
            let shade = (box_of(x, width) * 5 + box_of(y, height) * 3 + 7 * number * (1 + box_of(x, width))) % 23;
            u8::try_from(shade * 9 + 20).unwrap()
        }))
    };
    Some(match is {
        Scene(number) => scene(48, 27, number),
        Portrait => scene(27, 48, 3),
        Black => PictureOutcome::of_picture(&drawn(48, 27, |_, _| 3)),
        White => PictureOutcome::of_picture(&drawn(48, 27, |_, _| 250)),
        Gone => PictureOutcome::Faulty(Verdict::Missing, "HTTP 404".into()),
        Is::Unknown => PictureOutcome::Unknown("not requested".into()),
        Open => return None,
    })
}

fn request(kind: PictureKind, index: u32, seconds: i64, url: &str) -> PictureRequest {
    PictureRequest {
        key: PictureKey { event: EventKey(0), kind, index },
        asset: AssetId::new("14d7b2faba0dddd6b4e8936272d6bc3f").unwrap(),
        offset: Offset::from_millis(seconds * 1000),
        url: PictureUrl::new(url),
    }
}

/// Samples at these seconds.
fn samples(seconds: &[i64]) -> Vec<PictureRequest> {
    let request = |(index, at): (usize, &i64)| {
        request(PictureKind::Sample, u32::try_from(index).unwrap(), *at, "https://h/x.jpg")
    };
    seconds.iter().enumerate().map(request).collect()
}

fn judged(mut pictures: AssetPictures, are: &[Is]) -> (String, CheckTally) {
    for (index, is) in are.iter().enumerate() {
        if let Some(outcome) = outcome(*is) {
            pictures.set(index, outcome);
        }
    }
    let findings = pictures.findings();
    let tally = pictures.tally(&findings, &Grading::default());
    assert_eq!(tally.sound + tally.bad + tally.warnings + tally.unchecked, tally.pictures, "{tally:?}");
    let words: Vec<String> = findings.iter().map(|found| format!("{}:{}", found.index, found.verdict)).collect();
    (words.join(" "), tally)
}

/// One sample each 5 seconds.
fn check(are: &[Is], expected: &str) {
    let seconds: Vec<i64> = (0..i64::try_from(are.len()).unwrap()).map(|at| at * 5).collect();
    let (found, _) = judged(AssetPictures::new(samples(&seconds), None, None), are);
    assert_eq!(found, expected);
}

#[test]
fn black_is_told_within_a_video_or_if_all_are() {
    check(&[Black, Scene(1), Scene(2), Black], "");
    check(&[Scene(1), Black, Scene(2)], "1:black");
    check(&[Black, Black, Scene(1), Scene(2)], "1:black");
    check(&[Black, Black, Black], "0:black 1:black 2:black");
    check(&[Black], "0:black");
    check(&[Black, Gone, Black], "0:black 1:missing 2:black");
    // Not all are known yet.
    check(&[Black, Open, Black], "");
    check(&[Black, Black, Open], "1:black");
}

#[test]
fn frozen_are_three_neighbours_or_all() {
    check(&[Scene(1), Scene(1), Scene(2), Scene(3)], "");
    check(&[Scene(1), Scene(1), Scene(1), Scene(3)], "0:frozen 1:frozen 2:frozen");
    check(&[Scene(3), Scene(1), Scene(1), Scene(1), Scene(1)], "1:frozen 2:frozen 3:frozen 4:frozen");
    check(&[Scene(1), Scene(2), Scene(1), Scene(2), Scene(1)], "");
    check(&[Scene(1), Scene(1)], "0:frozen 1:frozen");
    check(&[Scene(1)], "");
    // A failed picture does not end a run, an open one does.
    check(&[Scene(1), Gone, Scene(1), Scene(1)], "0:frozen 1:missing 2:frozen 3:frozen");
    check(&[Scene(1), Open, Scene(1), Scene(1)], "");
    check(&[Scene(1), Scene(1), Open], "");
    // What is black or white is not frozen as well.
    check(&[White, White, White, Scene(1)], "0:blank 1:blank 2:blank");
}

#[test]
fn pictures_at_one_offset_are_expected_to_look_alike() {
    let mut requests = samples(&[0, 5, 5, 10]);
    requests[1].key.kind = PictureKind::Dot;
    let pictures = AssetPictures::new(requests, None, None);
    assert_eq!(judged(pictures, &[Scene(1), Scene(2), Scene(2), Scene(3)]).0, "");
    let pictures = AssetPictures::new(samples(&[0, 5, 5]), None, None);
    assert_eq!(judged(pictures, &[Scene(1), Scene(2), Scene(2)]).0, "");
}

#[test]
fn odd_sizes_differ_from_most() {
    check(&[Scene(1), Portrait, Scene(2)], "1:odd-size");
    check(&[Portrait, Scene(1), Scene(2)], "0:odd-size");
    check(&[Scene(1), Portrait], "1:odd-size");
    let (found, _) = judged(AssetPictures::new(samples(&[0, 9, 20]), None, None), &[Portrait; 3]);
    assert_eq!(found, "0:frozen 1:frozen 2:frozen", "portrait is no fault");
}

#[test]
fn gaps_and_a_missing_end_are_told_of_a_picture() {
    let check = |seconds: &[i64], duration: Option<i64>, sample: Option<usize>, expected: &str| {
        let duration = duration.map(|seconds| Offset::from_millis(seconds * 1000));
        let pictures = AssetPictures::new(samples(seconds), sample.and_then(NonZeroUsize::new), duration);
        let are: Vec<Is> = (0..u32::try_from(pictures.requests().len()).unwrap()).map(Scene).collect();
        assert_eq!(judged(pictures, &are).0, expected, "{seconds:?} {duration:?}");
    };
    check(&[0, 5, 10, 25, 30], None, None, "3:gap");
    check(&[0, 5, 10, 15], Some(25), None, "");
    check(&[0, 5, 10, 15], Some(26), None, "3:short");
    check(&[0], Some(3600), None, "");
    // The last and the middle one of those that are checked.
    check(&[0, 5, 10, 25, 30], Some(60), Some(3), "2:gap 2:short");
}

#[test]
fn a_picture_counts_once_by_its_worst_verdict() {
    let mut requests = samples(&[0, 5, 10, 15]);
    requests[1].url = PictureUrl::new("https://h/asset/00000000000000000000000000000000/x.jpg");
    let pictures = AssetPictures::new(requests, None, None);
    let (found, tally) = judged(pictures, &[Scene(1), Gone, Is::Unknown, Black]);
    assert_eq!(found, "1:missing 1:foreign");
    assert_eq!((tally.sound, tally.bad, tally.warnings, tally.unchecked), (2, 1, 0, 1));
    assert_eq!(tally.verdicts.iter().collect::<Vec<_>>(), [(Verdict::Missing, 1), (Verdict::Foreign, 1)]);
}

#[test]
fn a_sample_is_spread_evenly() {
    let check = |length, count, expected: &[usize]| {
        let found: Vec<usize> = sampled(length, NonZeroUsize::new(count).unwrap()).collect();
        assert_eq!(found, expected, "{count} of {length}");
    };
    check(12, 3, &[0, 5, 11]);
    check(12, 1, &[5]);
    check(2, 5, &[0, 1]);
    check(0, 1, &[]);
    check(5, 4, &[0, 1, 2, 4]);
}
