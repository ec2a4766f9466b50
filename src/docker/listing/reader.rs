//! A listing, decoded while its body comes in. Pure.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::entry::{Decoded, decode};
use super::splitter::{SplitError, Splitter};
use crate::docker::labels::LabelReader;
use crate::model::{Completeness, ContainerId, ListedContainer, Listing, Quarantined};

/// How many unreadable entries are described; the rest is counted.
const MAX_NOTES: usize = 20;

/// Takes the body piece by piece and gives the listing at its end. Holds what was decoded and, of the body, at most the
/// begin of one element.
#[derive(Debug)]
pub(in crate::docker) struct ListingReader {
    labels: Arc<LabelReader>,
    splitter: Splitter,
    read: Read,
}

/// A listing, and where in the body each of its containers stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) listing: Listing,
    /// One for each of the containers, in their order; empty if any entry was not a container.
    pub(super) places: Vec<Range<usize>>,
}

#[derive(Debug, Default)]
struct Read {
    places: Vec<Range<usize>>,
    containers: Vec<ListedContainer>,
    quarantined: Vec<Quarantined>,
    unreadable: Vec<String>,
    unreadable_count: usize,
}

impl ListingReader {
    /// Nothing is read yet.
    pub(in crate::docker) fn new(labels: Arc<LabelReader>) -> Self {
        Self { labels, splitter: Splitter::default(), read: Read::default() }
    }

    /// Reads the next piece of the body and decodes each element that ends in it.
    pub(in crate::docker) fn feed(&mut self, piece: &[u8]) -> Result<(), SplitError> {
        let Self { labels, splitter, read } = self;
        splitter.feed(piece, |element| {
            let begin = usize::try_from(element.begin).unwrap_or(usize::MAX);
            read.places.push(begin..begin.saturating_add(element.bytes.len()));
            read.take(decode(element, labels));
        })
    }

    /// Bytes so far of entries that are too long to be kept.
    pub(in crate::docker) const fn oversized_bytes(&self) -> u64 {
        self.splitter.oversized_bytes()
    }

    /// The body is at its end: the listing, if the array is whole.
    pub(in crate::docker) fn finish(self) -> Result<Listing, SplitError> {
        self.finish_placed().map(|placed| placed.listing)
    }

    /// The body is at its end: the listing, if the array is whole, with the places of its containers.
    pub(super) fn finish_placed(self) -> Result<Placed, SplitError> {
        self.splitter.finish()?;
        let mut read = self.read;
        read.set_twins_apart();
        if read.unreadable_count > MAX_NOTES {
            read.unreadable.push(format!("and {} more", read.unreadable_count - MAX_NOTES));
        }
        let completeness = if read.unreadable.is_empty() { Completeness::Complete } else { Completeness::Partial };
        let is_plain = completeness == Completeness::Complete && read.quarantined.is_empty();
        let places = if is_plain { read.places } else { Vec::new() };
        let Read { containers, quarantined, unreadable, .. } = read;
        Ok(Placed { listing: Listing { completeness, containers, quarantined, unreadable }, places })
    }
}

impl Read {
    fn take(&mut self, decoded: Decoded) {
        match decoded {
            Decoded::Container(container) => self.containers.push(*container),
            Decoded::Quarantined(quarantined) => self.quarantined.push(quarantined),
            Decoded::Unreadable(why) => {
                let number = self.containers.len() + self.quarantined.len() + self.unreadable_count + 1;
                self.note(format!("entry {number}: {why}"));
            }
        }
    }

    fn note(&mut self, note: String) {
        self.unreadable_count += 1;
        if self.unreadable_count <= MAX_NOTES {
            self.unreadable.push(note);
        }
    }

    /// An id that occurs twice stays present and nothing more: which of its entries is true cannot be told.
    fn set_twins_apart(&mut self) {
        let mut seen = HashSet::with_capacity(self.containers.len() + self.quarantined.len());
        let ids = self.containers.iter().map(|listed| &listed.id);
        let ids = ids.chain(self.quarantined.iter().map(|quarantined| &quarantined.container_id));
        let twins: BTreeSet<ContainerId> = ids.filter(|id| !seen.insert(*id)).cloned().collect();
        if twins.is_empty() {
            return;
        }
        self.containers.retain(|listed| !twins.contains(&listed.id));
        self.quarantined.retain(|quarantined| !twins.contains(&quarantined.container_id));
        for id in twins {
            self.note(format!("the id {} occurs more than once", id.short()));
            self.quarantined.push(Quarantined { container_id: id, problem: "its id occurs more than once".into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::ContainerState;

    fn id(n: usize) -> String {
        format!("{n:064x}")
    }

    fn entry(n: usize) -> String {
        format!(r#"{{"Id":"{}","Names":["/c{n}"],"Image":"busybox","State":"running","Status":"Up 1 minute"}}"#, id(n))
    }

    fn read_in_pieces(body: &[u8], size: usize) -> Result<Listing, SplitError> {
        let mut reader = ListingReader::new(Arc::new(LabelReader::new(&Config::new("x"))));
        for piece in body.chunks(size) {
            reader.feed(piece)?;
        }
        reader.finish()
    }

    fn read(body: &str) -> Listing {
        read_in_pieces(body.as_bytes(), usize::MAX).unwrap()
    }

    #[test]
    fn an_empty_array_is_a_complete_listing() {
        let listing = read("[]\n");
        assert_eq!(listing.completeness, Completeness::Complete);
        assert_eq!(listing.containers.len(), 0);
    }

    #[test]
    fn a_listing_fed_in_pieces_is_the_listing_fed_whole() {
        let body = format!("[{},{{\"Id\":7}},{},{}]", entry(1), entry(2).replace("running", "\\u0065xited"), entry(1));
        let whole = read(&body);
        for size in [1, 2, 3, 7, 64, 100] {
            assert_eq!(read_in_pieces(body.as_bytes(), size).unwrap(), whole, "pieces of {size} bytes");
        }
    }

    #[test]
    fn a_bad_entry_with_an_id_costs_only_itself_and_the_listing_stays_complete() {
        let bad = entry(2).replace(r#"["/c2"]"#, "7");
        let listing = read(&format!("[{},{bad},{}]", entry(1), entry(3)));
        assert_eq!(listing.completeness, Completeness::Complete);
        assert_eq!(listing.containers.len(), 2);
        assert_eq!(listing.quarantined.len(), 1);
        assert_eq!(listing.quarantined[0].container_id.as_str(), id(2));
    }

    // D18: an entry without an id decodes with bollard; here the listing is partial, so that nothing is swept.
    #[test]
    fn an_entry_without_a_readable_id_makes_the_listing_partial() {
        for bad in ["{}", "null", "7", r#""x""#, "[]", r#"{"Id":null}"#, r#"{"Id":"short"}"#, r#"{"Id":7}"#] {
            let listing = read(&format!("[{},{bad}]", entry(1)));
            assert_eq!(listing.completeness, Completeness::Partial, "{bad}");
            assert_eq!((listing.containers.len(), listing.quarantined.len()), (1, 0), "{bad}");
            assert!(listing.unreadable[0].starts_with("entry 2: "), "{:?}", listing.unreadable);
        }
    }

    // B48
    #[test]
    fn an_id_that_occurs_twice_stays_present_and_makes_the_listing_partial() {
        let twin = entry(1).replace("running", "exited");
        let listing = read(&format!("[{},{},{twin}]", entry(1), entry(2)));
        assert_eq!(listing.completeness, Completeness::Partial);
        assert_eq!(listing.containers.iter().map(|listed| listed.id.as_str()).collect::<Vec<_>>(), [id(2)]);
        assert_eq!(listing.quarantined.iter().map(|q| q.container_id.as_str()).collect::<Vec<_>>(), [id(1)]);
    }

    #[test]
    fn thousands_of_unreadable_entries_are_counted_and_not_described() {
        let listing = read(&format!("[{}]", vec!["{}"; 5000].join(",")));
        assert_eq!(listing.unreadable.len(), MAX_NOTES + 1);
        assert_eq!(listing.unreadable[MAX_NOTES], "and 4980 more");
    }

    // B51
    #[test]
    fn fifty_thousand_containers_are_all_read() {
        let entries: Vec<String> = (0..50_000).map(entry).collect();
        let listing = read_in_pieces(format!("[{}]", entries.join(",")).as_bytes(), 65_536).unwrap();
        assert_eq!(listing.containers.len(), 50_000);
        assert!(listing.containers.iter().all(|listed| listed.state == ContainerState::Running));
    }

    // B14
    #[test]
    fn a_container_with_a_label_of_32_mebibytes_is_quarantined_alone() {
        let huge = entry(2).replace(r#""Names""#, &format!(r#""Labels":{{"x":"{}"}},"Names""#, "y".repeat(32 << 20)));
        let listing = read_in_pieces(format!("[{},{huge},{}]", entry(1), entry(3)).as_bytes(), 65_536).unwrap();
        assert_eq!((listing.containers.len(), listing.quarantined.len()), (2, 1));
        assert_eq!(listing.quarantined[0].problem, "it is larger than 4 MiB");
        assert_eq!(listing.completeness, Completeness::Complete);
    }
}
