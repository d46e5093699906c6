//! The options of the demo: which scenario, with which seed, at which speed.

use std::{io, ops::RangeInclusive};

/// The accepted speeds.
const SPEEDS: RangeInclusive<f64> = 0.01..=1000.0;

/// The sequence of events that a demo plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// A little of everything.
    #[default]
    Tour,
    /// 2 000 events a minute.
    Storm,
    /// Every kind of rotation in turn.
    Rotate,
    /// Each error code.
    Failures,
    /// Pictures that are late, cut off or refused.
    Slow,
    /// Pictures that are black, frozen, missing, forbidden, cut off or of another asset, among sound ones: press C.
    Check,
}

/// The options of a demo. Equal options give equal events and pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DemoConfig {
    /// The sequence of events.
    pub scenario: Scenario,
    /// The seed of the random generator.
    pub seed: u64,
    /// The speed of scenario time relative to real time, from 0.01 to 1000.
    pub speed: f64,
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self { scenario: Scenario::default(), seed: 7, speed: 1.0 }
    }
}

impl DemoConfig {
    /// Checks that the speed is in range.
    ///
    /// # Errors
    ///
    /// `InvalidInput` where it is not.
    pub(super) fn check(&self) -> io::Result<()> {
        if SPEEDS.contains(&self.speed) {
            return Ok(());
        }
        let reason = format!("a demo runs at a speed from {} to {}", SPEEDS.start(), SPEEDS.end());
        Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
    }
}
