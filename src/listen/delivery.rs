//! The identity of a delivery, by which a double is known.

use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashSet;

/// The identity of a delivery. Two that are equal bring the same message, first and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DeliveryId(u128);

impl DeliveryId {
    /// Of a message of SMN: its `message_id`, and its content, since a sender that gives one id to two messages must
    /// not lose the second.
    pub(super) fn of_smn(message_id: &str, message: &str) -> Self {
        Self::of(&["smn", message_id, message])
    }

    /// Of a signed message of MFS: its signature, which covers the time at which it was made.
    pub(super) fn of_mfs(sign: &str) -> Self {
        Self::of(&["mfs", &sign.to_ascii_lowercase()])
    }

    fn of(parts: &[&str]) -> Self {
        let hash = digest(&SHA256, parts.join("\0").as_bytes());
        let head: [u8; 16] = std::array::from_fn(|at| hash.as_ref()[at]);
        Self(u128::from_be_bytes(head))
    }
}

/// The deliveries of a journal and of the one before it, which was rotated away.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    current: HashSet<DeliveryId>,
    previous: HashSet<DeliveryId>,
}

impl Deliveries {
    /// The deliveries of a journal that was just read.
    pub(super) fn new(current: HashSet<DeliveryId>) -> Self {
        Self { current, previous: HashSet::new() }
    }

    pub(super) fn contains(&self, id: DeliveryId) -> bool {
        self.current.contains(&id) || self.previous.contains(&id)
    }

    /// Adds deliveries that are on disk.
    pub(super) fn extend(&mut self, ids: HashSet<DeliveryId>) {
        self.current.extend(ids);
    }

    /// Goes on with the deliveries of a new journal. Those of the journal before the last are forgotten, so that
    /// memory is bounded by the size of two journals.
    pub(super) fn rotate(&mut self, current: HashSet<DeliveryId>) {
        self.previous = std::mem::replace(&mut self.current, current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_told_apart() {
        let id = DeliveryId::of_smn("a", "b");
        assert_eq!(id, DeliveryId::of_smn("a", "b"));
        assert_ne!(id, DeliveryId::of_smn("a", "c"));
        assert_ne!(id, DeliveryId::of_smn("c", "b"));
        assert_eq!(DeliveryId::of_mfs("AB"), DeliveryId::of_mfs("ab"));
    }

    #[test]
    fn a_rotation_keeps_the_deliveries_of_one_journal_more() {
        let ids = [1, 2, 3].map(DeliveryId);
        let mut known = Deliveries::new(HashSet::from([ids[0]]));
        known.rotate(HashSet::new());
        known.extend(HashSet::from([ids[1]]));
        assert!(known.contains(ids[0]) && known.contains(ids[1]) && !known.contains(ids[2]));
        known.rotate(HashSet::from([ids[2]]));
        assert!(!known.contains(ids[0]) && known.contains(ids[1]) && known.contains(ids[2]));
    }
}
