//! Content encodings of HTTP bodies (RFC 9110, section 8.4).
//!
//! No request asks for one, but some servers send them nevertheless. gzip and deflate are decoded under the limit that
//! holds for all bodies; others are named. Pure.

use crate::text::Safe;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use std::io::Read;

/// The encoding of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ContentEncoding {
    Identity,
    Gzip,
    /// zlib, or the bare deflate that some servers send under this name.
    Deflate,
    /// Any other, by its name.
    Other(String),
}

/// A body without its encoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodedBody {
    Whole(Vec<u8>),
    /// The bytes before the encoded data ends or makes no sense.
    Partial(Vec<u8>),
    TooLarge,
}

impl ContentEncoding {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(CONTENT_ENCODING).iter().map(|value| Safe::from_bytes(value.as_bytes()).fit(40));
        let values: Vec<String> = values.map(|value| value.as_str().trim().to_ascii_lowercase()).collect();
        match values.join(", ").as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Decodes a body to at most `limit` bytes. Bodies of other encodings are returned as they are.
    pub(super) fn decode(&self, body: &[u8], limit: u64) -> DecodedBody {
        match self {
            Self::Identity | Self::Other(_) => DecodedBody::Whole(body.to_owned()),
            Self::Gzip => read_limited(MultiGzDecoder::new(body), limit),
            Self::Deflate => {
                let decoded = read_limited(ZlibDecoder::new(body), limit);
                let is_bare = matches!(&decoded, DecodedBody::Partial(bytes) if bytes.is_empty());
                if is_bare { read_limited(DeflateDecoder::new(body), limit) } else { decoded }
            }
        }
    }
}

fn read_limited(from: impl Read, limit: u64) -> DecodedBody {
    let mut bytes = Vec::new();
    let read = from.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    match read {
        _ if bytes.len() as u64 > limit => DecodedBody::TooLarge,
        Ok(_) => DecodedBody::Whole(bytes),
        Err(_) => DecodedBody::Partial(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use reqwest::header::HeaderValue;
    use std::io::Write as _;

    #[test]
    fn encodings_are_read_from_the_headers() {
        let check = |values: &[&'static str], expected: ContentEncoding| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(ContentEncoding::of(&headers), expected, "{values:?}");
        };
        check(&[], ContentEncoding::Identity);
        check(&["identity"], ContentEncoding::Identity);
        check(&["GZIP"], ContentEncoding::Gzip);
        check(&["x-gzip"], ContentEncoding::Gzip);
        check(&["deflate"], ContentEncoding::Deflate);
        check(&["br"], ContentEncoding::Other("br".to_owned()));
        check(&["gzip", "gzip"], ContentEncoding::Other("gzip, gzip".to_owned()));
    }

    #[test]
    fn bodies_are_decoded_under_the_limit() {
        let text = b"a picture ".repeat(1000);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).unwrap();
        let gzip = gzip.finish().unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(&text).unwrap();
        let whole = DecodedBody::Whole(text.clone());
        assert_eq!(ContentEncoding::Gzip.decode(&gzip, 10_000), whole);
        assert_eq!(ContentEncoding::Deflate.decode(&zlib.finish().unwrap(), 10_000), whole);
        assert_eq!(ContentEncoding::Deflate.decode(&bare.finish().unwrap(), 10_000), whole);
        assert_eq!(ContentEncoding::Gzip.decode(&gzip, 9_999), DecodedBody::TooLarge);
        let partial = ContentEncoding::Gzip.decode(&gzip[..gzip.len() - 10], 10_000);
        assert!(matches!(partial, DecodedBody::Partial(bytes) if text.starts_with(&bytes)));
        assert_eq!(ContentEncoding::Gzip.decode(b"no gzip", 10_000), DecodedBody::Partial(Vec::new()));
    }
}
