//! The checks of arbitrary bytes on the fixtures and on some mutations of them; see `support::mutations`.

use crate::support::{
    checks,
    mutations::{Dice, TERMINALS, check_one, fixtures},
};

/// The number of mutations of each kind of input.
const MUTATIONS: usize = 300;

fn check_seeds_and_mutations(seeds: &[Vec<u8>], check: fn(&[u8])) {
    for seed in seeds {
        check(seed);
    }
    let mut dice = Dice::new(7);
    for _ in 0..MUTATIONS {
        check_one(seeds, check, &mut dice);
    }
}

fn logs() {
    let logs = fixtures("");
    assert!(logs.len() > 20);
    check_seeds_and_mutations(&logs, checks::ingest);
}

fn terminals() {
    check_seeds_and_mutations(&TERMINALS.map(<[u8]>::to_vec), checks::keys);
}

fn pictures() {
    check_seeds_and_mutations(&[fixtures("hostile"), fixtures("jpeg")].concat(), checks::decode);
}

crate::tests! {
    logs,
    terminals,
    pictures,
}
