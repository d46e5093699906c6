//! A map that remembers its newest keys.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// A map of at most `capacity` keys, from which the key that was added first is removed first.
#[derive(Debug)]
pub(super) struct RecentMap<K, V> {
    capacity: usize,
    values: HashMap<K, V>,
    /// The keys of `values`, in the order in which they were added.
    keys: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> RecentMap<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, values: HashMap::new(), keys: VecDeque::new() }
    }

    /// Sets the value of a key; returns the one that it had.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.values.insert(key.clone(), value);
        if before.is_none() {
            self.keys.push_back(key);
            if self.keys.len() > self.capacity
                && let Some(oldest) = self.keys.pop_front()
            {
                self.values.remove(&oldest);
            }
        }
        before
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_key_is_forgotten() {
        let mut map = RecentMap::new(2);
        assert_eq!(map.insert("a", 1), None);
        assert_eq!(map.insert("b", 2), None);
        assert_eq!(map.insert("a", 3), Some(1), "a key that is known takes no place");
        assert_eq!(map.insert("c", 4), None);
        assert_eq!((map.get(&"a"), map.get(&"b"), map.get(&"c")), (None, Some(&2), Some(&4)));
        assert_eq!((map.values.len(), map.keys.len()), (2, 2));
    }
}
