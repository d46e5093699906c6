//! A check of many assets: the pictures to request next, and the assets of which all is known.
//!
//! Pictures are requested in the order of their assets, a limited number at once and of one host, so that a slow host
//! does not hold up the others. A denial is held back until its host has answered a later request, which may tell that
//! the host limits requests.

use super::{asset::AssetPictures, outcome::PictureOutcome, verdict::Verdict};
use crate::{
    picture::{EventKey, PictureKey, PictureRequest},
    text::Safe,
};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

/// The pictures that are ready to be requested, up to which more assets are taken.
const LOOKAHEAD: usize = 1024;

/// The most denials of one host that are held back. A host that limits requests is told by fewer.
const MAX_HELD: usize = 64;

/// A check of assets that the caller knows by `K`.
#[derive(Clone, Debug)]
pub struct CheckRun<K> {
    /// The most requests at once.
    window: usize,
    /// The most requests at once to one host.
    per_host: usize,
    open: HashMap<EventKey, (K, AssetPictures)>,
    /// The pictures that are not requested yet, by host.
    waiting: BTreeMap<Arc<str>, VecDeque<PictureRequest>>,
    /// Their number.
    waiting_count: usize,
    /// The requests in their order.
    requested: BTreeMap<u64, (Arc<str>, PictureRequest)>,
    /// The place of each in that order.
    places: HashMap<PictureKey, u64>,
    /// The requests to each host.
    at_host: HashMap<Arc<str>, usize>,
    /// The number of requests so far.
    count: u64,
    /// Denials by host, whose meaning the next answer of the host tells.
    held: HashMap<Arc<str>, Vec<HeldDenial>>,
}

/// A denial that is held back.
#[derive(Clone, Debug)]
struct HeldDenial {
    /// The place of its request: answers do not come in the order of the requests, since pictures are decoded first.
    place: u64,
    key: PictureKey,
    reason: Safe,
}

impl<K> CheckRun<K> {
    /// Begins a check that requests at most `window` pictures at once, and `per_host` of one host.
    pub fn new(window: usize, per_host: usize) -> Self {
        Self {
            window,
            per_host,
            open: HashMap::new(),
            waiting: BTreeMap::new(),
            waiting_count: 0,
            requested: BTreeMap::new(),
            places: HashMap::new(),
            at_host: HashMap::new(),
            count: 0,
            held: HashMap::new(),
        }
    }

    /// Returns whether another asset should be added.
    pub fn wants_asset(&self) -> bool {
        self.waiting_count < LOOKAHEAD
    }

    /// Adds the pictures of an event. Those of which an outcome is known are not requested; if all are known, the asset
    /// is returned at once.
    #[must_use = "an asset of which all is known is done"]
    pub fn add(&mut self, asset: K, event: EventKey, pictures: AssetPictures) -> Option<(K, AssetPictures)> {
        if pictures.is_complete() {
            return Some((asset, pictures));
        }
        for (index, request) in pictures.requests().iter().enumerate() {
            if pictures.outcome(index).is_none() {
                self.waiting.entry(request.url.host_key()).or_default().push_back(request.clone());
                self.waiting_count += 1;
            }
        }
        self.open.insert(event, (asset, pictures));
        None
    }

    /// Moves pictures from waiting to requested as far as the limits allow; returns whether the requests have changed.
    pub fn fill(&mut self) -> bool {
        let before = self.count;
        for (host, waiting) in &mut self.waiting {
            let at_host = self.at_host.entry(Arc::clone(host)).or_default();
            while *at_host < self.per_host
                && self.requested.len() < self.window
                && let Some(request) = waiting.pop_front()
            {
                self.waiting_count -= 1;
                let is_open =
                    self.open.get(&request.key.event).is_some_and(|(_, pictures)| pictures.lacks(request.key));
                if is_open {
                    *at_host += 1;
                    self.places.insert(request.key, self.count);
                    self.requested.insert(self.count, (Arc::clone(host), request));
                    self.count += 1;
                }
            }
        }
        self.waiting.retain(|_, waiting| !waiting.is_empty());
        self.count != before
    }

    /// Returns the requested pictures, most urgent first.
    pub fn requests(&self) -> Vec<PictureRequest> {
        self.requested.values().map(|(_, request)| request.clone()).collect()
    }

    /// Returns whether a picture is requested.
    pub fn has_requested(&self, key: PictureKey) -> bool {
        self.places.contains_key(&key)
    }

    /// Returns whether the pictures of an event are being checked.
    pub fn has_open(&self, event: EventKey) -> bool {
        self.open.contains_key(&event)
    }

    /// Returns whether nothing has become known of a picture whose asset is being checked.
    pub fn awaits(&self, key: PictureKey) -> bool {
        let is_held = || self.held.values().flatten().any(|denial| denial.key == key);
        self.open.get(&key.event).is_some_and(|(_, pictures)| pictures.lacks(key)) && !is_held()
    }

    /// Notes what became of a picture; returns the assets of which all is known now.
    pub fn take(&mut self, key: PictureKey, outcome: PictureOutcome) -> Vec<(K, AssetPictures)> {
        let Some(place) = self.places.remove(&key) else {
            // It was looked at meanwhile: what is known now replaces a denial.
            self.held.values_mut().for_each(|held| held.retain(|denial| denial.key != key));
            return self.settle(key, outcome).into_iter().collect();
        };
        let Some((host, _)) = self.requested.remove(&place) else { return Vec::new() };
        if let Some(count) = self.at_host.get_mut(&host) {
            *count -= 1;
        }
        let mut done = Vec::new();
        if let PictureOutcome::Faulty(Verdict::Forbidden, reason) = outcome {
            let held = self.held.entry(Arc::clone(&host)).or_default();
            held.push(HeldDenial { place, key, reason });
            if held.len() > MAX_HELD {
                done.extend(self.release(&host, u64::MAX, Verdict::Forbidden));
            }
        } else {
            let released = match &outcome {
                PictureOutcome::Faulty(Verdict::Throttled, _) => self.release(&host, u64::MAX, Verdict::Throttled),
                PictureOutcome::Faulty(Verdict::Expired | Verdict::Refused, _) | PictureOutcome::Unknown(_) => {
                    Vec::new()
                }
                PictureOutcome::Faulty(..) | PictureOutcome::Drawn(_) => self.release(&host, place, Verdict::Forbidden),
            };
            done.extend(released);
            done.extend(self.settle(key, outcome));
        }
        if self.requested.is_empty() && self.waiting_count == 0 {
            done.extend(self.release_all());
        }
        done
    }

    /// Returns whether all that was added is known.
    pub fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Ends the check; returns the assets of which not all is known.
    pub fn stop(mut self) -> Vec<(K, AssetPictures)> {
        let mut rest = self.release_all();
        rest.extend(self.open.into_values());
        rest
    }

    /// Settles all denials that are held back.
    fn release_all(&mut self) -> Vec<(K, AssetPictures)> {
        let hosts: Vec<Arc<str>> = self.held.keys().cloned().collect();
        hosts.iter().flat_map(|host| self.release(host, u64::MAX, Verdict::Forbidden)).collect()
    }

    /// Settles the denials of a host whose requests were made before that at `place`.
    fn release(&mut self, host: &str, place: u64, verdict: Verdict) -> Vec<(K, AssetPictures)> {
        let Some(held) = self.held.get_mut(host) else { return Vec::new() };
        let (released, kept): (Vec<_>, Vec<_>) =
            std::mem::take(held).into_iter().partition(|denial| denial.place < place);
        *held = kept;
        let settle = |denial: HeldDenial| self.settle(denial.key, PictureOutcome::Faulty(verdict, denial.reason));
        released.into_iter().filter_map(settle).collect()
    }

    /// Notes an outcome; returns the asset if it was the last one.
    fn settle(&mut self, key: PictureKey, outcome: PictureOutcome) -> Option<(K, AssetPictures)> {
        let (_, pictures) = self.open.get_mut(&key.event)?;
        pictures.set_by_key(key, outcome);
        if pictures.is_complete() { self.open.remove(&key.event) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AssetId, Offset, PictureKind, PictureUrl};

    fn request(event: u32, index: u32, url: &str) -> PictureRequest {
        PictureRequest {
            key: PictureKey { event: EventKey(event), kind: PictureKind::Sample, index },
            asset: AssetId::new("a").unwrap(),
            offset: Offset::from_millis(i64::from(index) * 5000),
            url: PictureUrl::new(url),
        }
    }

    /// An asset whose pictures are at these hosts.
    fn pictures(event: u32, hosts: &[&str]) -> AssetPictures {
        let request = |(index, host): (usize, &&str)| {
            request(event, u32::try_from(index).unwrap(), &format!("https://{host}/{index}.jpg"))
        };
        AssetPictures::new(hosts.iter().enumerate().map(request).collect(), None, None)
    }

    fn run(assets: &[&[&str]], window: usize, per_host: usize) -> CheckRun<u32> {
        let mut run = CheckRun::new(window, per_host);
        for (event, hosts) in (0..).zip(assets) {
            assert!(run.add(event, EventKey(event), pictures(event, hosts)).is_none());
        }
        run.fill();
        run
    }

    fn requested(run: &CheckRun<u32>) -> Vec<(u32, u32)> {
        run.requests().iter().map(|request| (request.key.event.0, request.key.index)).collect()
    }

    fn key(event: u32, index: u32) -> PictureKey {
        request(event, index, "").key
    }

    fn faulty(verdict: Verdict) -> PictureOutcome {
        PictureOutcome::Faulty(verdict, "why".into())
    }

    fn drawn() -> PictureOutcome {
        PictureOutcome::of_picture(&crate::judge::facts::tests::drawn(9, 8, |x, _| u8::try_from(x * 20).unwrap()))
    }

    fn verdicts(done: &[(u32, AssetPictures)]) -> Vec<(u32, String)> {
        let words = |pictures: &AssetPictures| {
            pictures.findings().iter().map(|found| found.verdict.as_str()).collect::<Vec<_>>().join(" ")
        };
        done.iter().map(|(asset, pictures)| (*asset, words(pictures))).collect()
    }

    #[test]
    fn a_slow_host_does_not_hold_up_others() {
        let mut run = run(&[&["a"; 9], &["b"; 2]], 6, 4);
        assert_eq!(requested(&run), [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]);
        assert!(run.take(key(1, 0), faulty(Verdict::Missing)).is_empty());
        assert!(!run.fill(), "the window of host a is full");
        assert!(run.take(key(0, 2), faulty(Verdict::Missing)).is_empty());
        assert!(run.fill());
        assert_eq!(requested(&run), [(0, 0), (0, 1), (0, 3), (1, 1), (0, 4)]);
        assert_eq!(verdicts(&run.take(key(1, 1), drawn())), [(1, "missing".to_owned())]);
        assert!(!run.is_done());
        assert_eq!(run.stop().len(), 1);
    }

    #[test]
    fn denials_wait_for_the_next_answer_of_their_host() {
        let mut run = run(&[&["a"; 3], &["a"; 3], &["b"]], 99, 99);
        assert!(run.take(key(0, 0), drawn()).is_empty());
        for (event, index) in [(0, 1), (0, 2), (1, 0)] {
            assert!(run.take(key(event, index), faulty(Verdict::Forbidden)).is_empty(), "held");
        }
        assert!(run.take(key(2, 0), faulty(Verdict::Forbidden)).is_empty(), "held, too");
        let done = run.take(key(1, 1), faulty(Verdict::Throttled));
        assert_eq!(verdicts(&done), [(0, "throttled throttled".to_owned())]);
        let done = run.take(key(1, 2), PictureOutcome::Unknown("left alone".into()));
        assert_eq!(verdicts(&done), [(1, "throttled throttled".to_owned()), (2, "forbidden".to_owned())]);
        assert!(run.is_done());
    }

    #[test]
    fn a_picture_that_was_requested_before_tells_nothing_of_a_denial() {
        let mut run = run(&[&["a"; 2], &["a"; 2]], 99, 99);
        assert!(run.take(key(0, 1), faulty(Verdict::Forbidden)).is_empty());
        assert!(run.take(key(0, 0), drawn()).is_empty(), "it was decoded meanwhile");
        assert_eq!(verdicts(&run.take(key(1, 0), drawn())), [(0, "forbidden".to_owned())]);
    }

    #[test]
    fn denials_at_the_end_are_forbidden() {
        let mut run = run(&[&["a"; 3]], 99, 99);
        assert!(run.take(key(0, 0), drawn()).is_empty());
        assert!(run.take(key(0, 1), faulty(Verdict::Forbidden)).is_empty());
        let done = run.take(key(0, 2), faulty(Verdict::Forbidden));
        assert_eq!(verdicts(&done), [(0, "forbidden forbidden".to_owned())]);
        assert!(run.is_done());
    }

    #[test]
    fn what_is_known_is_not_requested() {
        let mut run = CheckRun::new(9, 9);
        let mut known = pictures(0, &["a", "a"]);
        known.set(1, drawn());
        assert!(run.add(0, EventKey(0), known).is_none());
        let mut all = pictures(1, &["a"]);
        all.set(0, drawn());
        assert!(run.add(1, EventKey(1), all).is_some());
        assert!(run.add(2, EventKey(2), pictures(2, &["a", "a"])).is_none());
        assert!(run.take(key(2, 0), drawn()).is_empty(), "looked at before it was requested");
        run.fill();
        assert_eq!(requested(&run), [(0, 0), (2, 1)]);
    }
}
