//! Mutations of real inputs for a while: `cargo bench --bench fuzz -- logs|terminals|pictures [SECONDS]`.
//!
//! Prints the seed, the number of inputs and the slowest of them; panics with the bytes that break a promise. The
//! targets of `tests/fuzz` check the same under cargo-fuzz, which needs a nightly compiler.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]

#[path = "../support/checks.rs"]
mod checks;
#[path = "../support/mutations.rs"]
mod mutations;

use mutations::{Dice, TERMINALS, check_one, fixtures};
use std::{
    env,
    time::{Duration, Instant, SystemTime},
};

/// A picture that takes longer would end its decoder.
const LONGEST: Duration = Duration::from_secs(10);

/// A check of one input, which panics where it finds a fault.
type Check = fn(&[u8]);

fn main() {
    let mut args = env::args().skip(1).filter(|arg| arg != "--bench");
    let (seeds, check): (Vec<Vec<u8>>, Check) = match args.next().as_deref() {
        Some("terminals") => (TERMINALS.map(<[u8]>::to_vec).into(), checks::keys),
        Some("pictures") => ([fixtures("hostile"), fixtures("jpeg")].concat(), checks::decode),
        Some("logs") | None => (fixtures(""), checks::ingest),
        Some(other) => panic!("{other} is none of logs, terminals, pictures"),
    };
    let length = Duration::from_secs(args.next().map_or(10, |seconds| seconds.parse().unwrap()));
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    println!("seed {seed}");
    let mut dice = Dice::new(seed << 1);
    let (begun, mut inputs, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
    while begun.elapsed() < length {
        let before = Instant::now();
        check_one(&seeds, check, &mut dice);
        slowest = slowest.max(before.elapsed());
        inputs += 1;
    }
    println!("{inputs} inputs from {} seeds, slowest {slowest:?}", seeds.len());
    assert!(slowest < LONGEST, "the slowest input took {slowest:?}");
}
