//! A fast reader of events in the spellings that programs write.
//!
//! It reads the documents' order of fields in one of three styles, and predicts the next picture from those before: a
//! picture then costs a few comparisons of memory. Whatever differs in any byte it leaves to the general reader, which
//! alone decides what an event says; property tests hold both to the same result.

mod canonical;
mod expected;
mod predictor;
mod style;

pub(super) use canonical::FastReader;
