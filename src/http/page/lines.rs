//! The lines of a page's tables, and which of them a reader has already.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

/// The lines of one page, in their order: what stands in its HTML as `<tr … data-key="…"…>…</tr>`. What a container is
/// called cannot look like that: the templates escape.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    places: Vec<Range<usize>>,
    /// What each says.
    pub(super) hashes: Arc<[u64]>,
}

/// Stands for what a page says in all its lines together, so that a reader can name what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(u64);

/// Lines with nothing between them, as the templates write a table, that a reader holds one after the other, too.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    /// Of the page's lines, the first and the one after the last.
    lines: Range<usize>,
    /// Which of the reader's lines the first one is.
    held_from: usize,
}

/// Where the tag is put in; it is known once the page is written.
const TAG_PLACE: &str = "<div id=\"live\" data-tag=\"";

impl Lines {
    /// Hashes by keys that nobody outside knows: no name of a container can be made to read as another line.
    pub(super) fn of(html: &str, hasher: &impl BuildHasher) -> Self {
        let places = places(html);
        let hashes = places.iter().map(|place| hash(&html[place.clone()], hasher)).collect();
        Self { places, hashes }
    }

    pub(super) fn tag(&self, hasher: &impl BuildHasher) -> Tag {
        Tag(hasher.hash_one(&self.hashes))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The page without those of its lines that a reader has who holds `held`: each run of them is a
    /// `<tr data-held="FROM COUNT"></tr>`, in its place.
    pub(super) fn without_held(&self, html: &str, held: &[u64]) -> String {
        let mut sent = String::with_capacity(html.len().min(64 * 1024));
        let mut copied = 0;
        for run in self.runs(held) {
            let (first, last) = (&self.places[run.lines.start], &self.places[run.lines.end - 1]);
            sent.push_str(&html[copied..first.start]);
            sent.push_str(&format!("<tr data-held=\"{} {}\"></tr>", run.held_from, run.lines.len()));
            copied = last.end;
        }
        sent.push_str(&html[copied..]);
        sent
    }

    fn runs(&self, held: &[u64]) -> Vec<Run> {
        let mut found = Finder::new(held);
        let mut runs: Vec<Run> = Vec::new();
        for (line, hash) in self.hashes.iter().enumerate() {
            let Some(at) = found.next(*hash) else { continue };
            let goes_on = |run: &&mut Run| {
                run.lines.end == line
                    && run.held_from + run.lines.len() == at
                    && self.places[line - 1].end == self.places[line].start
            };
            match runs.last_mut().filter(goes_on) {
                Some(run) => run.lines.end += 1,
                None => runs.push(Run { lines: line..line + 1, held_from: at }),
            }
        }
        runs
    }
}

impl Tag {
    /// As a reader names it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }

    /// Puts it into its place, with what the page is to be laid upon: the reader's tag, and how many lines that has.
    pub(super) fn put_into(self, html: &mut String, base: Option<(Self, usize)>) {
        let Some(place) = html.find(TAG_PLACE) else { return };
        let mut text = format!("{:016x}", self.0);
        if let Some((base, count)) = base {
            text.push_str(&format!("\" data-base=\"{:016x} {count}", base.0));
        }
        html.insert_str(place + TAG_PLACE.len(), &text);
    }
}

fn places(html: &str) -> Vec<Range<usize>> {
    let (begin, end) = (memmem::Finder::new("<tr "), memmem::Finder::new("</tr>"));
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(start) = begin.find(&html.as_bytes()[from..]).map(|at| from + at) {
        let Some(stop) = end.find(&html.as_bytes()[start..]).map(|at| start + at + "</tr>".len()) else { break };
        let opening = html[start..stop].split('>').next().unwrap_or_default();
        if opening.contains(" data-key=\"") {
            places.push(start..stop);
        }
        from = stop;
    }
    places
}

/// What a line says but for the texts of its moments: these follow from their attributes, and the reader's clock keeps
/// them true.
fn hash(line: &str, hasher: &impl BuildHasher) -> u64 {
    let mut state = hasher.build_hasher();
    let mut rest = line;
    while let Some((before, moment)) = rest.split_once("<time ") {
        let (attributes, text) = moment.split_once('>').unwrap_or((moment, ""));
        state.write(before.as_bytes());
        state.write(attributes.as_bytes());
        // What ends a piece cannot be within one.
        state.write_u8(0xff);
        rest = text.find("</time>").map_or("", |end| &text[end..]);
    }
    state.write(rest.as_bytes());
    state.finish()
}

/// Finds lines among those that a reader holds, each of them once.
struct Finder<'a> {
    held: &'a [u64],
    by_hash: HashMap<u64, usize>,
    is_taken: Vec<bool>,
    /// Lines mostly follow each other as they did.
    expected: usize,
}

impl<'a> Finder<'a> {
    fn new(held: &'a [u64]) -> Self {
        let by_hash = held.iter().enumerate().rev().map(|(at, hash)| (*hash, at)).collect();
        Self { held, by_hash, is_taken: vec![false; held.len()], expected: 0 }
    }

    fn next(&mut self, hash: u64) -> Option<usize> {
        let follows = self.held.get(self.expected) == Some(&hash);
        let at = if follows { Some(self.expected) } else { self.by_hash.get(&hash).copied() };
        let at = at.filter(|at| !self.is_taken[*at])?;
        self.is_taken[at] = true;
        self.expected = at + 1;
        Some(at)
    }
}

#[cfg(test)]
mod tests;
