//! An address as somebody named it. Pure.

use super::EndpointError;
use super::address::{self, Address};

/// An address and where it was said.
pub(super) struct Named<'a> {
    pub(super) address: &'a str,
    pub(super) source_of: &'a str,
}

impl Named<'_> {
    pub(super) fn wrong(&self, problem: impl Into<String>) -> EndpointError {
        EndpointError::Address { address: self.shown(), source_of: self.source_of.to_owned(), problem: problem.into() }
    }

    /// The address for a message: what stands before an `@` may be a password.
    pub(super) fn shown(&self) -> String {
        let hidden = match (self.address.split_once("://"), self.address.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
            (None, Some((_, rest))) => format!("***@{rest}"),
            _ => self.address.to_owned(),
        };
        printable(&hidden)
    }

    pub(super) fn parse(&self) -> Result<Address, EndpointError> {
        address::parse(self.address).map_err(|problem| self.wrong(problem))
    }
}

/// Bounded, and what does not print shown as the sign for it: whoever prints the message escapes it, and an escape of an
/// escape is no use to anybody.
fn printable(text: &str) -> String {
    let sign = |c: char| match u32::from(c) {
        control @ 0..0x20 => char::from_u32(0x2400 + control).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ if c.is_alphanumeric() || c.is_ascii() => c,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().take(200).map(sign).collect()
}
