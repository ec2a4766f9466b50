//! Words that a shell offers for a flag, and that are not all that may be said: a daemon may know others.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

/// Takes any text, and offers these words, which stand in a sentence between commas and semicolons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offered(pub(super) &'static str);

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.split([',', ';']).map(|word| PossibleValue::new(word.trim()))))
    }
}
