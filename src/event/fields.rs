//! Objects as names and raw values.
//!
//! `serde_json` checks and splits; a value stays raw text until somebody wants it, so that what wraps an event costs
//! little and nothing becomes a `serde_json::Value`. Names are compared without case and underscores, because the
//! documents' spelling wobbles.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// An object's fields in their order, values as raw text.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads the fields of an object, not their values.
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (name.as_ref(), *raw))
    }

    /// Returns the field of a name; of equal names the last, as `serde_json::Value` does.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(known, _)| same_name(known, name)).map(|(_, raw)| *raw)
    }

    /// Returns a string field.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        string(self.get(name)?)
    }

    /// Returns a string or number field as text.
    pub(super) fn scalar(&self, name: &str) -> Option<Cow<'a, str>> {
        let raw = self.get(name)?;
        string(raw).or_else(|| {
            raw.get().starts_with(|c: char| c.is_ascii_digit() || c == '-').then(|| Cow::Borrowed(raw.get()))
        })
    }

    pub(super) fn word(&self, name: &str) -> Cow<'a, str> {
        self.scalar(name).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.scalar(name)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.get(name)?.get()).ok()
    }

    pub(super) fn objects(&self, name: &str) -> Vec<Self> {
        self.get(name).map(items).unwrap_or_default().into_iter().filter_map(|raw| Self::read(raw.get()).ok()).collect()
    }

    /// Returns the first object whose name ends in `info`, which events of unknown kinds have as well.
    pub(super) fn any_info(&self) -> Option<Self> {
        let ends = |name: &str| name.len() >= 4 && name.to_ascii_lowercase().ends_with("info");
        self.iter().filter(|(name, _)| ends(name)).find_map(|(_, raw)| Self::read(raw.get()).ok())
    }
}

/// A string that is borrowed where it has no escapes.
#[derive(Default)]
pub(super) struct JsonText<'a>(pub(super) Cow<'a, str>);

/// Any value, of which only strings and numbers are wanted.
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Other,
}

/// Returns the elements of a list; none if it is no list.
pub(super) fn items(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// Returns the text of a JSON string.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    Some(unescape(raw.get().strip_prefix('"')?.strip_suffix('"')?))
}

/// Undoes the escapes of JSON strings and nginx's `\xE6`. What is no escape stays; half a surrogate pair becomes `�`.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', text.as_bytes()) else { return Cow::Borrowed(text) };
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(bytes.get(..first).unwrap_or_default());
    let mut rest = bytes.get(first..).unwrap_or_default();
    while let [b'\\', escape, after @ ..] = rest {
        rest = after;
        match escape {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'"' | b'\\' | b'/' | b'\'' => out.push(*escape),
            b'x' if let Some((byte, after)) = hex(rest, 2) => {
                out.push(u8::try_from(byte).unwrap_or_default());
                rest = after;
            }
            b'u' if let Some((unit, after)) = hex(rest, 4) => rest = push_utf16(unit, after, &mut out),
            _ => out.extend([b'\\', *escape]),
        }
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(plain);
        out.extend_from_slice(head);
        rest = tail;
    }
    out.extend_from_slice(rest);
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Writes the character of `unit`, with the escape that follows if it is half of a pair; returns the rest.
fn push_utf16<'a>(unit: u32, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let pair = rest.strip_prefix(b"\\u").and_then(|rest| hex(rest, 4));
    let (code, rest) = match (unit, pair) {
        (0xd800..0xdc00, Some((low @ 0xdc00..0xe000, rest))) => {
            (0x10000 + ((unit - 0xd800) << 10) + low - 0xdc00, rest)
        }
        _ => (unit, rest),
    };
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

fn hex(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let digit = |b: &u8| char::from(*b).to_digit(16);
    Some((head.iter().try_fold(0, |number, b| Some(number << 4 | digit(b)?))?, rest))
}

pub(super) fn is_list(raw: &RawValue) -> bool {
    raw.get().starts_with('[')
}

/// Compares names without regard to case and underscores.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> + '_ {
        name.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase())
    }
    a == b || a.len().abs_diff(b.len()) <= 4 && letters(a).eq(letters(b))
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((JsonText(name), raw)) = map.next_entry()? {
                    fields.push((name, raw));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => Ok(Self(text)),
            Scalar::Number(_) | Scalar::Other => Ok(Self::default()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
            #[expect(clippy::cast_precision_loss, reason = "offsets beyond 2^53 s are refused")]
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number as f64))
            }
            #[expect(clippy::cast_precision_loss, reason = "offsets beyond 2^53 s are refused")]
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Other)
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
