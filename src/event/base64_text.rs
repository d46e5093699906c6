//! Base64 within the text of a log.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Decodes Base64 (RFC 4648, both alphabets), with or without padding; up to a place where a text may have been cut.
pub(super) fn decode(token: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let url_safe = token.iter().any(|b| matches!(b, b'-' | b'_'));
    let engine = GeneralPurpose::new(if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD }, config);
    let whole = token.len() - usize::from(token.len() % 4 == 1);
    engine.decode(token.get(..whole)?).ok()
}
