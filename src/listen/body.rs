//! The fields of a callback's body, read strictly.
//!
//! A signature covers values, not the text around them. So that nobody can add a second value under a name that is
//! signed, names that differ in case and underscores only count as repeated: readers of logs take them for the same.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{collections::HashSet, fmt};

/// The fields of a JSON object in their order, with values as raw text.
#[derive(Debug, Default)]
pub(super) struct BodyFields<'a> {
    fields: Vec<(String, &'a RawValue)>,
    repetition: Repetition,
}

/// The use of names in an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Repetition {
    /// Each name stands once.
    #[default]
    None,
    /// A name stands twice.
    Repeated,
}

impl<'a> BodyFields<'a> {
    /// Reads an object; `None` for any other text.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns whether a name stands twice.
    pub(super) fn repetition(&self) -> Repetition {
        self.repetition
    }

    /// Returns the value of a field as JSON.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.get())
    }

    /// Returns the value of a field that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// Returns the values, as JSON, of all fields but these.
    pub(super) fn others(&self, names: &[&str]) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(|(known, _)| !names.contains(&known.as_str())).map(|(_, value)| value.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for BodyFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = BodyFields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut read = BodyFields::default();
                let mut names = HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if !names.insert(name.replace('_', "").to_ascii_lowercase()) {
                        read.repetition = Repetition::Repeated;
                    }
                    read.fields.push((name, value));
                }
                Ok(read)
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_once() {
        let fields = BodyFields::read(r#"{"a":"1","b_c":{"d":2}}"#).unwrap();
        assert_eq!((fields.text("a").as_deref(), fields.raw("b_c")), (Some("1"), Some(r#"{"d":2}"#)));
        assert_eq!((fields.text("b_c"), fields.repetition()), (None, Repetition::None));
        assert_eq!(fields.others(&["a"]).collect::<Vec<_>>(), [r#"{"d":2}"#]);
        for text in ["", "[]", "\"a\"", r#"{"a":1} {"b":2}"#, r#"{"a":"#] {
            assert!(BodyFields::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn names_that_a_reader_of_logs_takes_for_one_are_repeated() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"message_id":1,"messageId":1}"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(BodyFields::read(text).unwrap().repetition(), Repetition::Repeated, "{text}");
        }
    }
}
