//! One JSON value of any type, of which only text, whole numbers and flags are kept. Pure.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value that may be of any type without an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// `null`, or the field is not there.
    #[default]
    Null,
    /// Text, borrowed where it holds no escapes.
    Text(Cow<'a, str>),
    /// A whole number that fits.
    Integer(i64),
    /// `true` or `false`.
    Flag(bool),
    /// Anything else, read past.
    Other,
}

impl<'a> Scalar<'a> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, `""` for `null`, or the word for what it is instead.
    pub(super) fn into_text(self) -> Result<Cow<'a, str>, &'static str> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Null => Ok(Cow::Borrowed("")),
            Self::Integer(_) => Err("a number"),
            Self::Flag(_) => Err("a flag"),
            Self::Other => Err("no text"),
        }
    }

    /// The number, if it is one that fits.
    pub(super) const fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The flag, if it is one.
    pub(super) const fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Scalar::Other, Scalar::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_type_is_read_without_an_error() {
        for (json, expected) in [
            ("null", Scalar::Null),
            (r#""a""#, Scalar::Text("a".into())),
            (r#""\u0061\n""#, Scalar::Text("a\n".into())),
            ("-7", Scalar::Integer(-7)),
            ("9223372036854775807", Scalar::Integer(i64::MAX)),
            ("9223372036854775808", Scalar::Other),
            ("1e300", Scalar::Other),
            ("1.5", Scalar::Other),
            ("true", Scalar::Flag(true)),
            (r#"[1,[2,{"a":null}]]"#, Scalar::Other),
            (r#"{"a":{"b":[]}}"#, Scalar::Other),
        ] {
            assert_eq!(serde_json::from_str::<Scalar<'_>>(json).unwrap(), expected, "{json}");
        }
    }
}
