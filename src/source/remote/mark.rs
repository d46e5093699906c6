//! A word that nobody else knows, by which what our program at the other end prints is told from what others print there.

/// Returns such a word.
pub(super) fn mark() -> String {
    let mut bytes = [0; 16];
    // Without random bytes of the system nothing here would have begun; the clock is still better than nothing.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        bytes = jiff::Timestamp::now().as_nanosecond().to_be_bytes();
    }
    format!("{:032x}", u128::from_be_bytes(bytes))
}
