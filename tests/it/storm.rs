//! A storm of events and of keys, and the descriptors and pictures that the program holds after it.

use crate::{
    harness::skip,
    support::{pty::PROGRAM, storm::Storm},
};
use std::{path::Path, thread, time::Duration};

/// The keys of the storm: about 20 s.
const KEYS: usize = 250;

/// The tries, 100 ms apart, for the descriptors to come down; connections and decoders end by and by.
const TRIES: usize = 600;

/// The descriptors by which the second half may exceed the first: a slow machine may have used fewer connections and
/// decoders in the first half. A leak of one a picture, an event or a key would be hundreds.
const TOLERANCE: usize = 32;

fn a_storm_leaves_descriptors_and_pictures_as_they_were() {
    if !Path::new("/proc/self/fd").exists() {
        skip("no /proc");
    }
    let mut storm = Storm::start(PROGRAM);
    let mut press_some = || {
        let mut most = 0;
        for _ in 0..KEYS / 2 {
            storm.press();
            most = most.max(storm.descriptors());
        }
        most
    };
    let early = press_some();
    press_some();
    let came_down = (0..TRIES).any(|_| {
        thread::sleep(Duration::from_millis(100));
        storm.descriptors() <= early + TOLERANCE
    });
    assert!(came_down, "{} descriptors, {early} at most in the first half", storm.descriptors());
    storm.end();
}

crate::tests! {
    a_storm_leaves_descriptors_and_pictures_as_they_were,
}
