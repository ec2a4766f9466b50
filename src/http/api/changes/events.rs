//! One reader's stream of server-sent events.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::ToSchema;

use super::sight::Sight;
use crate::model::{BoxFuture, Revision};
use crate::supervisor::{Delivery, Subscription};

/// Between two signs of life: proxies cut what is silent for a minute or half of one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A reader who was cut off comes back after this many milliseconds.
const RETRY: &str = "retry: 1000\n\n";

/// What is at hand goes out together up to this number: a burst costs few writes, of some 64 KiB each.
const MOST_AT_HAND: usize = 127;

/// Where a stream comes from.
pub(super) struct Feed {
    subscription: Subscription,
    sight: Sight,
    closing: watch::Receiver<()>,
    revoked: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    /// The changes that are in sight. `closing` ends the stream when its sender is dropped, and `revoked` at each of its
    /// words: whoever may still read comes back. `place` is free again when the stream is.
    pub(super) const fn new(
        subscription: Subscription,
        sight: Sight,
        closing: watch::Receiver<()>,
        revoked: watch::Receiver<()>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { subscription, sight, closing, revoked, _place: place }
    }

    /// The next part of the stream; `None` at its end.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        let first = tokio::select! {
            biased;
            _ = self.closing.changed() => return None,
            _ = self.revoked.changed() => return None,
            delivery = self.subscription.next() => delivery?,
            () = tokio::time::sleep(KEEP_ALIVE) => return Some((Bytes::from_static(b":\n\n"), self)),
        };
        // What is at hand was committed before it is asked whose it is.
        let mut at_hand = vec![first];
        at_hand.extend(std::iter::from_fn(|| self.subscription.next_at_hand()).take(MOST_AT_HAND));
        // Whoever cannot be told what is his comes back and reads on from the last event that he got.
        self.sight.look(&at_hand).await.ok()?;
        let mut part = String::new();
        for delivery in &at_hand {
            write_event(&mut part, delivery, &self.sight);
        }
        Some((part.into(), self))
    }
}

/// A stream as the body of an answer. It asks for more only when the reader took what it got: whoever does not read is
/// told by its full queue.
pub(super) struct Events {
    next: Option<BoxFuture<'static, Option<(Bytes, Feed)>>>,
}

impl Events {
    /// Begins with an event of its own, or with an empty text.
    pub(super) fn new(feed: Feed, greeting: String) -> Self {
        let first = async move { Some((Bytes::from(RETRY.to_owned() + &greeting), feed)) };
        Self { next: Some(Box::pin(first)) }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let Some((part, feed)) = ready!(next.as_mut().poll(context)) else {
            self.next = None;
            return Poll::Ready(None);
        };
        self.next = Some(Box::pin(feed.next()));
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}

/// The data of `event: snapshot`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Snapshot {
    /// The rows as they are now hold every change up to this one.
    revision: Revision,
}

/// The data of `event: lagged`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Lagged {
    /// The last change that the reader got.
    after: Revision,
}

/// The word that what was known before this revision is to be forgotten.
pub(super) fn snapshot_event(revision: Revision) -> String {
    let data = serde_json::to_string(&Snapshot { revision }).expect("a number");
    format!("event: snapshot\nid: {}\ndata: {data}\n\n", revision.0)
}

fn write_event(part: &mut String, delivery: &Delivery, sight: &Sight) {
    match delivery {
        Delivery::Change(change) if !sight.shows(change) => {}
        Delivery::Change(change) => {
            let data = serde_json::to_string(change).expect("a change has no key that is no text");
            write!(part, "event: change\nid: {}\ndata: {data}\n\n", change.revision.0)
                .expect("a String takes every write");
        }
        Delivery::Snapshot { revision, .. } => part.push_str(&snapshot_event(*revision)),
        Delivery::Lagged { after } => {
            let data = serde_json::to_string(&Lagged { after: *after }).expect("a number");
            write!(part, "event: lagged\ndata: {data}\n\n").expect("a String takes every write");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt as _;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::model::{Change, ChangeCause, ChangeFilter, HostName, RowId, change_to};
    use crate::supervisor::{Sink, SubscriptionId, channel};

    fn change(revision: i64, host: &str) -> Delivery {
        Delivery::Change(Change {
            revision: Revision(revision),
            host: HostName::new(host),
            row_id: RowId::new("w:a\nb"),
            cause: ChangeCause::Inserted,
            ..change_to("running")
        })
    }

    struct Stream {
        sink: Box<dyn Sink>,
        open: watch::Sender<()>,
        guard: watch::Sender<()>,
        places: Arc<Semaphore>,
        events: Events,
    }

    fn stream(host: Option<&str>) -> Stream {
        let (sink, subscription) = channel(SubscriptionId(1));
        let ((open, closing), (guard, revoked)) = (watch::channel(()), watch::channel(()));
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().expect("a free place");
        let filter = ChangeFilter { host: host.map(HostName::new), ..ChangeFilter::default() };
        let events = Events::new(Feed::new(subscription, Sight::of(filter), closing, revoked, place), String::new());
        Stream { sink, open, guard, places, events }
    }

    async fn next(events: &mut Events) -> Option<String> {
        let frame = events.frame().await?.expect("it cannot fail");
        Some(String::from_utf8(frame.into_data().expect("data").to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_change_is_one_event_on_three_lines_whatever_it_holds() {
        let mut stream = stream(None);
        stream.sink.put(change(7, "local"));
        assert_eq!(next(&mut stream.events).await.as_deref(), Some(RETRY));
        let event = next(&mut stream.events).await.expect("a change");
        let lines: Vec<&str> = event.lines().collect();
        assert_eq!((&lines[..2], lines.len()), (&["event: change", "id: 7"][..], 4), "{event}");
        let data: serde_json::Value = serde_json::from_str(lines[2].trim_start_matches("data: ")).expect("JSON");
        assert_eq!(data["row_id"], "w:a\nb");
    }

    #[tokio::test]
    async fn lagged_is_the_last_word_and_frees_the_place() {
        let Stream { mut sink, open: _open, guard: _guard, places, mut events } = stream(None);
        sink.put(change(7, "local"));
        sink.put(Delivery::Lagged { after: Revision(7) });
        drop(sink);
        next(&mut events).await;
        let part = next(&mut events).await.expect("both");
        assert!(part.ends_with("\n\nevent: lagged\ndata: {\"after\":7}\n\n"), "{part}");
        assert_eq!(places.available_permits(), 0);
        assert_eq!(next(&mut events).await, None);
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test]
    async fn what_comes_in_bulk_goes_out_in_few_parts_and_whole() {
        let mut stream = stream(None);
        for revision in 1..=1_000 {
            stream.sink.put(change(revision, "local"));
        }
        next(&mut stream.events).await;
        let (mut parts, mut ids) = (0, Vec::new());
        while ids.len() < 1_000 {
            let part = next(&mut stream.events).await.expect("more");
            parts += 1;
            ids.extend(part.lines().filter_map(|line| line.strip_prefix("id: ")?.parse::<i64>().ok()));
        }
        assert_eq!(ids, (1..=1_000).collect::<Vec<_>>());
        assert!(parts < 20, "{parts}");
    }

    #[tokio::test]
    async fn a_reader_of_one_host_gets_nothing_of_another() {
        let mut stream = stream(Some("east"));
        stream.sink.put(change(1, "west"));
        stream.sink.put(change(2, "east"));
        next(&mut stream.events).await;
        let part = next(&mut stream.events).await.expect("one");
        assert!(part.starts_with("event: change\nid: 2\n") && !part.contains("west"), "{part}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_shows_that_it_lives_and_ends_when_the_server_closes() {
        let Stream { sink: _sink, open, guard: _guard, places: _, mut events } = stream(None);
        next(&mut events).await;
        assert_eq!(next(&mut events).await.as_deref(), Some(":\n\n"));
        drop(open);
        assert_eq!(next(&mut events).await, None);
    }

    #[tokio::test]
    async fn a_stream_ends_when_somebody_may_read_no_more() {
        let Stream { sink: _sink, open: _open, guard, places: _, mut events } = stream(None);
        next(&mut events).await;
        guard.send_replace(());
        assert_eq!(next(&mut events).await, None);
    }
}
