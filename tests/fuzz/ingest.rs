//! Bytes of a log; see `checks`.
#![no_main]

#[expect(dead_code, reason = "each target has one of the checks")]
#[path = "../support/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::ingest(bytes));
