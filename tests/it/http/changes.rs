//! The history over HTTP: page by page, and as it is committed.

use std::time::Duration;

use dockledger::model::Revision;
use dockledger::supervisor::Delivery;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::execute;
use crate::support::http::Served;
use crate::whole::ledger::Case;

const BOUND: Duration = Duration::from_secs(60);

/// Changes that somebody else commits in one transaction.
fn commit_changes(case: &Case, count: i64) {
    let filler = "x".repeat(300);
    let sql = format!(
        "BEGIN IMMEDIATE;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO changes (revision, at, host, row_id, to_state, cause)
         SELECT (SELECT value FROM revision_counter) + i, 1800000000000, 'local', 'w:{filler}', 'running', 'observed' FROM n;
         UPDATE revision_counter SET value = value + {count};
         COMMIT;"
    );
    execute(case, &sql);
}

fn revisions(page: &Value) -> Vec<i64> {
    let changes = page["items"].as_array().expect("a list");
    changes.iter().map(|change| change["revision"].as_i64().expect("a number")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_is_read_page_by_page() {
    let case = Case::with_shop(3).await;
    let served = Served::start(&case.config).await;
    let (mut read, mut cursor) = (Vec::new(), Some("0".to_owned()));
    while let Some(from) = cursor {
        let page = served.get(&format!("/api/v1/changes?cursor={from}&limit=2")).await.json(200);
        assert_eq!((&page["oldest"], &page["lagged"]), (&1.into(), &false.into()));
        assert!((1..=2).contains(&revisions(&page).len()), "{page}");
        read.extend(revisions(&page));
        cursor = page["next"].as_str().map(str::to_owned);
    }
    let after = served.get("/api/v1/changes?after=1&limit=1").await.json(200);
    assert_eq!(revisions(&after), [2]);
    let next = served.get("/api/v1/changes?after=1&limit=1&cursor=2").await.json(200);
    assert_eq!(revisions(&next), [3], "a reader adds the cursor to what it asked first");
    let last = case.store().changes(None, None, 1).expect("it can be read").latest;
    assert_eq!(read, (1..=last.0).collect::<Vec<_>>());
    let latest = served.get("/api/v1/changes?limit=2").await.json(200);
    assert_eq!(revisions(&latest), [last.0 - 1, last.0], "without a revision, the last ones");
    served.ledger.stop().await;
}

/// B35: numbers that no page has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b35_a_page_that_cannot_be_is_refused() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    for query in [
        "after=-1",
        "after=18446744073709551615",
        "after=x",
        "limit=0",
        "limit=-1",
        "limit=1001",
        "limit=18446744073709551615",
        "limit=1&limit=2",
        "page=1",
    ] {
        served.get(&format!("/api/v1/changes?{query}")).await.is_problem(400, "invalid_request");
    }
    for id in ["-1", "x", "18446744073709551615"] {
        let headers = [("accept", "text/event-stream"), ("last-event-id", id)];
        served.get_with("/api/v1/changes", &headers).await.is_problem(400, "invalid_request");
        served.get_with("/api/v1/changes", &headers[1..]).await.is_problem(400, "invalid_request");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_begins_now_names_its_revision_and_then_tells_each_change_once() {
    let case = Case::with_shop(2).await;
    let served = Served::start(&case.config).await;
    let mut events = served.follow("/api/v1/changes", &[]).await;
    let snapshot = events.next().await.expect("the begin");
    assert_eq!((snapshot.name.as_str(), snapshot.id), ("snapshot", snapshot.data["revision"].as_i64()));
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    served.ledger.reconcile().await;
    let change = events.next().await.expect("a change");
    assert_eq!((change.name.as_str(), change.id), ("change", snapshot.id.map(|id| id + 1)));
    assert_eq!((&change.data["to_state"], &change.data["cause"]), (&"stopped".into(), &"observed".into()));
    assert_eq!(change.data["revision"].as_i64(), change.id);
    served.ledger.stop().await;
}

/// What a page is asked for and what a stream is are the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_is_narrowed_alike_page_by_page_and_as_it_is_committed() {
    let case = Case::with_shop(3).await;
    let served = Served::start(&case.config).await;
    let mut crashes = served.follow("/api/v1/changes?kind=crashed&workload=stack%2Fshop", &[]).await;
    assert_eq!(crashes.next().await.expect("the begin").name, "snapshot");
    case.daemon.with(|world| {
        world.stop("c0").expect("it runs");
        world.crash("c1", 3).expect("it runs");
    });
    served.ledger.reconcile().await;
    let crash = crashes.next().await.expect("a change").data;
    for (field, value) in [("name", "c1"), ("role", "s1"), ("workload_name", "shop"), ("workload_kind", "stack")] {
        assert_eq!(crash[field], value, "{crash}");
    }
    assert_eq!(crash["differences"]["attention"]["to"], "crashed", "{crash}");
    for (query, expected) in [
        ("kind=crashed", 1),
        ("kind=state&container=c1", 2),
        ("kind=inserted", 3),
        ("container=c2", 1),
        ("workload=shop&kind=attention,inserted", 4),
        ("workload=nobody", 0),
        ("kind=health", 0),
        ("from=2099-01-01T00:00:00Z", 0),
        ("to=2099-01-01T00:00:00Z&kind=crashed", 1),
        ("from=1900-01-01T00:00:00Z&kind=crashed", 1),
        ("host=other", 0),
    ] {
        for after in ["", "&after=0"] {
            let page = served.get(&format!("/api/v1/changes?{query}{after}")).await.json(200);
            assert_eq!(revisions(&page).len(), expected, "{query}{after}: {page}");
        }
    }
    for query in ["kind=bogus", "kind=crashed,bogus", "from=yesterday", "to=7"] {
        served.get(&format!("/api/v1/changes?{query}")).await.is_problem(400, "invalid_request");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_resumes_after_the_last_event_whatever_the_address_says() {
    let case = Case::with_shop(3).await;
    let served = Served::start(&case.config).await;
    let mut all = served.follow("/api/v1/changes?after=0", &[]).await;
    for revision in 1..=3 {
        assert_eq!(all.next().await.expect("a change").id, Some(revision));
    }
    let mut resumed = served.follow("/api/v1/changes?after=0", &[("last-event-id", "2")]).await;
    assert_eq!(resumed.next().await.expect("a change").id, Some(3));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_whose_history_is_gone_or_never_was_begins_with_a_snapshot() {
    let case = Case::with_shop(3).await;
    let latest = case.store().changes(None, None, 1).expect("it can be read").latest;
    execute(&case, "DELETE FROM changes WHERE revision < 3");
    let served = Served::start(&case.config).await;
    for after in [0, latest.0 + 1_000] {
        let mut events = served.follow(&format!("/api/v1/changes?after={after}"), &[]).await;
        let first = events.next().await.expect("the begin");
        assert_eq!(first.name, "snapshot", "{first:?}");
        assert!(first.id >= Some(latest.0), "{first:?}");
    }
    served.ledger.stop().await;
}

/// Reads the revisions of a raw stream until it ends; the word `lagged` is the last.
async fn read_to_the_end(stream: &mut TcpStream) -> (Vec<i64>, bool) {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.expect("it ends in order");
    let text = String::from_utf8(text).expect("text");
    let ids = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    let last = text.rmatch_indices("event: ").next().map_or("", |(at, _)| &text[at..]);
    (ids, last.starts_with("event: lagged"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_too_slow_is_cut_with_a_word_and_resumes_without_a_gap() {
    const COUNT: i64 = 40_000;
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let first = case.store().changes(None, None, 1).expect("it can be read").latest.0;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let mut slow = socket.connect(served.address).await.expect("it listens");
    let head = format!(
        "GET /api/v1/changes?after={first} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nconnection: close\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    // Its head shows that it is subscribed.
    slow.read_exact(&mut [0; 16]).await.expect("an answer");
    commit_changes(&case, COUNT);
    let mut after = Revision(first);
    let mut quick = served.ledger.subscribe(Some(after));
    while after.0 < first + COUNT {
        match tokio::time::timeout(BOUND, quick.next()).await.expect("in time") {
            Some(Delivery::Change(change)) => after = change.revision,
            Some(Delivery::Snapshot { .. }) => panic!("all is kept"),
            Some(Delivery::Lagged { .. }) | None => quick = served.ledger.subscribe(Some(after)),
        }
    }
    // It reads nothing for so long that it is given up.
    let mut status = served.ledger.watch_status();
    let given_up = status.wait_for(|status| status.queues.subscribers == 1);
    tokio::time::timeout(BOUND, given_up).await.expect("in time").expect("it lives");
    let (ids, lagged) = tokio::time::timeout(BOUND, read_to_the_end(&mut slow)).await.expect("it ends by itself");
    assert!(lagged, "its last word is that it lagged");
    let last = *ids.last().expect("it got some");
    assert!(last < first + COUNT, "it did not get all");
    assert_eq!(ids, (first + 1..=last).collect::<Vec<_>>(), "nothing is lost or repeated before that");
    let mut resumed = served.follow("/api/v1/changes", &[("last-event-id", &last.to_string())]).await;
    // However far behind: whoever reads gets all of it, in pieces.
    for expected in last + 1..=first + COUNT {
        let event = resumed.next().await.expect("the next");
        assert_eq!((event.name.as_str(), event.id), ("change", Some(expected)));
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_bounded_and_end_in_order_with_the_service() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let mut streams = Vec::new();
    for _ in 0..512 {
        streams.push(served.follow("/api/v1/changes", &[]).await);
    }
    let refused = served.get_with("/api/v1/changes", &[("accept", "text/event-stream")]).await;
    refused.is_problem(503, "too_many_streams");
    assert_eq!(served.get("/healthz").await.status.as_u16(), 200, "others are served");
    served.ledger.stop().await;
    for stream in &mut streams {
        assert_eq!(stream.next().await.map(|event| event.name), Some("snapshot".into()));
        assert_eq!(stream.next().await, None, "it ends, and is not cut");
    }
}
