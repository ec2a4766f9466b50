//! What the last list said, so that the next one decodes only what is said anew. Pure.
//!
//! Between two ticks most hosts list most containers with the same bytes. So the body is compared with the one before
//! while it comes in; what differs is decoded, and if it says the same (a `Status` that counts minutes, ports in another
//! order) the listing before stands. A container that really changed costs a decoding of the whole body, as the first.

use std::ops::Range;
use std::sync::Arc;

use super::entry::{Decoded, decode};
use super::reader::{ListingReader, Placed};
use super::splitter::{Element, SplitError, Splitter};
use crate::docker::labels::LabelReader;
use crate::model::Listing;

/// The longest body that is remembered: that of some 20,000 containers.
const MAX_REMEMBERED_BYTES: usize = 32 << 20;

/// The last body and what it meant.
#[derive(Debug, Default)]
pub(in crate::docker) enum Memory {
    /// Nothing was listed yet.
    #[default]
    Empty,
    /// A list was read. Its body was let go: a process that lists once shall not pay for a second time.
    Listed,
    /// A second list was read.
    Body(Remembered),
}

/// A body of containers alone, each of which was read whole.
#[derive(Debug)]
pub(in crate::docker) struct Remembered {
    body: Vec<u8>,
    /// Of `listing`'s containers, in their order.
    places: Vec<Range<usize>>,
    listing: Arc<Listing>,
}

/// Takes the body piece by piece and gives the listing at its end: the one before, if it says the same.
#[derive(Debug)]
pub(in crate::docker) struct RememberingReader {
    labels: Arc<LabelReader>,
    body_bytes: u64,
    course: Course,
}

#[derive(Debug)]
enum Course {
    /// Decoded as it comes in; the body is kept if it is to be remembered.
    Decoding { reader: ListingReader, kept: Option<Vec<u8>> },
    /// So many bytes were those of the body before.
    Same { before: Remembered, at: usize },
    /// It differs from the body before: what came so far.
    Different { before: Remembered, body: Vec<u8> },
}

impl RememberingReader {
    /// Nothing is read yet.
    pub(in crate::docker) fn new(labels: Arc<LabelReader>, memory: Memory) -> Self {
        let course = match memory {
            Memory::Empty => Course::Decoding { reader: ListingReader::new(Arc::clone(&labels)), kept: None },
            Memory::Listed => {
                Course::Decoding { reader: ListingReader::new(Arc::clone(&labels)), kept: Some(Vec::new()) }
            }
            Memory::Body(before) => Course::Same { before, at: 0 },
        };
        Self { labels, body_bytes: 0, course }
    }

    /// Bytes so far.
    pub(in crate::docker) const fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Bytes so far of entries that are too long to be kept: a body that is remembered has none.
    pub(in crate::docker) const fn oversized_bytes(&self) -> u64 {
        match &self.course {
            Course::Decoding { reader, .. } => reader.oversized_bytes(),
            Course::Same { .. } | Course::Different { .. } => 0,
        }
    }

    /// Reads the next piece of the body.
    pub(in crate::docker) fn feed(&mut self, piece: &[u8]) -> Result<(), SplitError> {
        self.body_bytes += piece.len() as u64;
        match &mut self.course {
            Course::Same { before, at } if before.body[*at..].starts_with(piece) => {
                *at += piece.len();
                return Ok(());
            }
            Course::Decoding { reader, kept } => {
                if let Some(body) = kept.take_if(|body| body.len() + piece.len() <= MAX_REMEMBERED_BYTES) {
                    *kept = Some(extended(body, piece));
                }
                return reader.feed(piece);
            }
            Course::Different { body, .. } if body.len() + piece.len() <= MAX_REMEMBERED_BYTES => {
                body.extend_from_slice(piece);
                return Ok(());
            }
            Course::Same { .. } | Course::Different { .. } => {}
        }
        self.turn(piece)
    }

    /// The body begins to differ, or grows beyond what is remembered.
    fn turn(&mut self, piece: &[u8]) -> Result<(), SplitError> {
        let nothing = Course::Decoding { reader: ListingReader::new(Arc::clone(&self.labels)), kept: None };
        match std::mem::replace(&mut self.course, nothing) {
            Course::Same { before, at } => {
                let mut body = Vec::with_capacity(before.body.len() + piece.len());
                body.extend_from_slice(&before.body[..at]);
                body.extend_from_slice(piece);
                self.course = Course::Different { before, body };
                Ok(())
            }
            Course::Different { body, .. } => {
                let Course::Decoding { reader, .. } = &mut self.course else {
                    unreachable!("it was put there a moment ago")
                };
                reader.feed(&body)?;
                reader.feed(piece)
            }
            decoding @ Course::Decoding { .. } => {
                self.course = decoding;
                Ok(())
            }
        }
    }

    /// The body is at its end: the listing, if the array is whole, and what is remembered of it.
    pub(in crate::docker) fn finish(self) -> Result<(Arc<Listing>, Memory), SplitError> {
        match self.course {
            Course::Decoding { reader, kept } => {
                let placed = reader.finish_placed()?;
                Ok(match kept {
                    Some(body) => remember(body, placed),
                    None => (Arc::new(placed.listing), Memory::Listed),
                })
            }
            Course::Same { before, at } if at == before.body.len() => {
                Ok((Arc::clone(&before.listing), Memory::Body(before)))
            }
            Course::Same { before, at } => decode_whole(before.body[..at].to_vec(), self.labels),
            Course::Different { before, body } => match same_places(&before, &body, &self.labels) {
                Some(places) => {
                    let listing = Arc::clone(&before.listing);
                    Ok((Arc::clone(&listing), Memory::Body(Remembered { body, places, listing })))
                }
                None => decode_whole(body, self.labels),
            },
        }
    }
}

fn extended(mut body: Vec<u8>, piece: &[u8]) -> Vec<u8> {
    body.extend_from_slice(piece);
    body
}

fn decode_whole(body: Vec<u8>, labels: Arc<LabelReader>) -> Result<(Arc<Listing>, Memory), SplitError> {
    let mut reader = ListingReader::new(labels);
    reader.feed(&body)?;
    Ok(remember(body, reader.finish_placed()?))
}

/// A listing with entries that are no containers is not remembered: it is rare, and what it says is looked at each time.
fn remember(body: Vec<u8>, Placed { listing, places }: Placed) -> (Arc<Listing>, Memory) {
    let is_plain = places.len() == listing.containers.len();
    let listing = Arc::new(listing);
    let memory = if is_plain {
        Memory::Body(Remembered { body, places, listing: Arc::clone(&listing) })
    } else {
        Memory::Listed
    };
    (listing, memory)
}

/// Where the containers stand in a body that says the same as the one before, in the same order; `None` if it does not.
fn same_places(before: &Remembered, body: &[u8], labels: &LabelReader) -> Option<Vec<Range<usize>>> {
    let mut places = Vec::with_capacity(before.places.len());
    let mut at = behind(body, 0, b'[')?;
    for (index, place) in before.places.iter().enumerate() {
        if index > 0 {
            at = behind(body, at, b',')?;
        }
        at = skip_space(body, at);
        let old = &before.body[place.clone()];
        let rest = &body[at..];
        let length = if rest.starts_with(old) && ends_element(rest, old.len()) {
            old.len()
        } else {
            let length = Splitter::first_end(rest)?;
            let element = Element { bytes: &rest[..length], begin: at as u64, oversized: false };
            match decode(element, labels) {
                Decoded::Container(container) if *container == before.listing.containers[index] => length,
                _ => return None,
            }
        };
        places.push(at..at + length);
        at += length;
    }
    let end = behind(body, at, b']')?;
    (skip_space(body, end) == body.len()).then_some(places)
}

/// Whether what stands there ends an element, so that a longer element with the same begin is not taken for it.
fn ends_element(rest: &[u8], at: usize) -> bool {
    matches!(rest.get(skip_space(rest, at)), Some(b',' | b']'))
}

/// The position behind this byte, if it is the next that is no white space.
fn behind(body: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = skip_space(body, at);
    (body.get(at) == Some(&byte)).then_some(at + 1)
}

fn skip_space(body: &[u8], at: usize) -> usize {
    let space = body[at.min(body.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    at + space
}

#[cfg(test)]
mod tests;
