//! Server-sent events of the service's own stream of changes, read as their bytes come. Pure.

use crate::model::Change;

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// A change.
    Change(Box<Change>),
    /// It left something out, or said what we do not understand: the ledger itself tells.
    Interrupted,
}

/// Keeps what came of an event that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    begun: Vec<u8>,
}

/// A change is below 8 KiB; whatever grows beyond this is none.
const MOST_EVENT_BYTES: usize = 1024 * 1024;

impl EventReader {
    /// The events that are whole after some more bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.begun.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut read = 0;
        while let Some(length) = memchr::memmem::find(&self.begun[read..], b"\n\n") {
            events.extend(event(&self.begun[read..read + length]));
            read += length + 2;
        }
        self.begun.drain(..read);
        if self.begun.len() > MOST_EVENT_BYTES {
            self.begun.clear();
            events.push(Event::Interrupted);
        }
        events
    }
}

/// The event of its lines; signs of life are none.
fn event(block: &[u8]) -> Option<Event> {
    let Ok(text) = std::str::from_utf8(block) else { return Some(Event::Interrupted) };
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let change = || field("data").and_then(|data| serde_json::from_str(data).ok()).map(Box::new);
    match field("event")? {
        "change" => Some(change().map_or(Event::Interrupted, Event::Change)),
        _ => Some(Event::Interrupted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::changes::words::tests::change;

    fn stream() -> (Vec<u8>, Vec<Event>) {
        let change = change(None, "running", None);
        let data = serde_json::to_string(&change).expect("serialised");
        let text = format!(
            "retry: 1000\n\n:\n\nevent: change\nid: 7\ndata: {data}\n\n:\n\nevent: change\nid: 8\ndata: {data}\n\n\
             event: lagged\ndata: {{\"after\":8}}\n\n"
        );
        let change = Event::Change(Box::new(change));
        (text.into_bytes(), vec![change.clone(), change, Event::Interrupted])
    }

    #[test]
    fn events_are_read_whole_wherever_the_bytes_are_cut() {
        let (text, expected) = stream();
        for cut in 0..text.len() {
            let mut reader = EventReader::default();
            let mut read = reader.take(&text[..cut]);
            read.extend(reader.take(&text[cut..]));
            assert_eq!(read, expected, "{cut}");
        }
    }

    #[test]
    fn what_is_not_understood_or_never_ends_interrupts() {
        for text in ["event: change\ndata: {}\n\n", "event: change\n\n", "event: snapshot\nid: 1\n\n", "event: x\n\n"] {
            assert_eq!(EventReader::default().take(text.as_bytes()), [Event::Interrupted], "{text:?}");
        }
        assert_eq!(EventReader::default().take(b"event: change\ndata: \xff\n\n"), [Event::Interrupted]);
        let mut reader = EventReader::default();
        assert_eq!(reader.take(&vec![b'x'; MOST_EVENT_BYTES + 1]), [Event::Interrupted]);
        assert!(reader.begun.is_empty());
    }
}
