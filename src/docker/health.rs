//! The word of a health check, in the forms of the engines. Pure.

use serde::Deserialize;
use serde::de::Deserializer;

use super::scalar::Scalar;

/// `{"Status": "healthy", …}` or the bare word. Anything else is none.
#[derive(Debug, Default)]
pub(super) struct HealthField<'a>(pub(super) Scalar<'a>);

impl HealthField<'_> {
    /// The word, if there is one.
    pub(super) fn word(&self) -> Option<&str> {
        self.0.text()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for HealthField<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Health<'a> {
            Object {
                #[serde(rename = "Status", borrow)]
                status: Scalar<'a>,
            },
            Word(#[serde(borrow)] Scalar<'a>),
        }
        Ok(Self(match Health::deserialize(deserializer)? {
            Health::Object { status } => status,
            Health::Word(word) => word,
        }))
    }
}
