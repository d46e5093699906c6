//! Bytes of a picture; see `checks`. A panic of the decoder is a finding for its makers: here it ends a child.
#![no_main]

#[expect(dead_code, reason = "each target has one of the checks")]
#[path = "../support/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::decode(bytes));
