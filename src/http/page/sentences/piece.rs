//! What a sentence is made of.

/// A part of what is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http::page) enum Piece {
    /// Our own words.
    Words(String),
    /// To be typed, or searched for, as it stands.
    Typed(String),
    /// A name, an id, an address or a number.
    Name(String),
    /// The words of somebody else.
    Quoted(String),
}

/// What is told, in the language of the reader.
pub(in crate::http::page) type Told = Vec<Piece>;
