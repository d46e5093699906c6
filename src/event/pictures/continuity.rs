//! The test whether a list of pictures was read whole.
//!
//! For lines that were joined from parts without numbers: where one is missing, the rest may still be JSON, with a URL made
//! of two others or a jump in the offsets.

use super::list::Pictures;
use crate::event::{asset_id::AssetId, kind::PictureKind};

/// The pictures of a kind from which on one that differs from all others stands out.
const LEAST: usize = 4;

/// Returns `true` unless a single picture of a kind has another form of URL than all others, or a single step between
/// offsets is larger than all others, which are equal.
pub(in crate::event) fn is_continuous(pictures: &Pictures, asset: &AssetId) -> bool {
    [PictureKind::Sample, PictureKind::Dot].into_iter().all(|kind| {
        let of_kind = pictures.iter(asset).filter(|picture| picture.kind == kind);
        let (forms, offsets): (Vec<String>, Vec<i64>) =
            of_kind.map(|picture| (form(picture.url.reveal()), picture.offset.as_millis())).unzip();
        let steps: Vec<i64> = offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // Dots are where a scene changes, at no regular steps.
        let jumps = kind == PictureKind::Sample && odd_one(&steps).is_some_and(|(odd, usual)| odd > usual);
        odd_one(&forms).is_none() && !jumps
    })
}

/// Returns a URL with each number as one `0`, so that those of a list are alike.
fn form(url: &str) -> String {
    let mut form = String::with_capacity(url.len());
    for c in url.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }) {
        if c != '0' || !form.ends_with('0') {
            form.push(c);
        }
    }
    form
}

/// Returns the only value that differs from all others, which are equal, and one of them.
fn odd_one<T: PartialEq>(values: &[T]) -> Option<(&T, &T)> {
    let [first, second, third, ..] = values else { return None };
    let usual = if first == second || first == third { first } else { second };
    let mut odd = values.iter().filter(|value| *value != usual);
    let found = odd.next().filter(|_| values.len() >= LEAST)?;
    odd.next().is_none().then_some((found, usual))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{offset::Offset, pictures::builder::Templates};

    #[test]
    fn what_a_missing_part_leaves_is_told() {
        let id = AssetId::new("14d7b2faba0dddd6b4e8936272d6bc3f").unwrap();
        let url = |number: i64| format!("http://h/asset/{id}/snapshot/sample/{number}.jpg");
        let check = |list: &[(PictureKind, i64, String)], expected: bool| {
            let list = list.iter().map(|(kind, at, url)| (*kind, Offset::from_millis(at * 1000), url.as_str()));
            assert_eq!(is_continuous(&Templates::default().pictures(&id, list), &id), expected);
        };
        let samples = |offsets: &[i64]| -> Vec<(PictureKind, i64, String)> {
            offsets.iter().map(|at| (PictureKind::Sample, *at, url(*at))).collect()
        };
        check(&samples(&[0, 5, 10, 15, 20]), true);
        check(&samples(&[0, 5, 10, 15, 17]), true);
        check(&samples(&[0, 5, 10, 40, 45, 50]), false);
        check(&samples(&[0, 5, 35]), true);
        check(&samples(&[0, 3, 10, 40, 45, 50]), true);
        let mut spliced = samples(&[0, 5, 10, 15, 20, 25]);
        spliced[3].2 = format!("http://h/asset/{id}/snapshot/sa{id}/snapshot/sample/90.jpg");
        check(&spliced, false);
        let dots: Vec<_> = [3, 8, 13, 60, 65].map(|at| (PictureKind::Dot, at, url(at))).into();
        check(&dots, true);
    }
}
