//! The list: whole, or an error that says why; never short.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockledger::config::Config;
use dockledger::docker::{ContainerSource, Daemon, DaemonError, Endpoint};
use dockledger::model::{Completeness, ContainerId, Scope, Timestamp};
use dockledger::simulation::{Fault, NewContainer, Reply, SimulatedDaemon, World};

use super::{BOUND, SHORT, client, client_with, id, list_of, playing, wait_for};

async fn error_of(reply: Reply) -> DaemonError {
    let proxy = playing(&[("/containers/json", reply)]);
    client(&proxy).list().await.expect_err("no listing")
}

#[tokio::test]
async fn a_whole_answer_is_a_complete_listing_with_one_request() {
    let proxy = playing(&[]);
    let daemon = client(&proxy);
    let listed = daemon.list().await.unwrap();
    assert_eq!(listed.listing.completeness, Completeness::Complete);
    assert_eq!(listed.listing.containers.len(), 3);
    assert_eq!(listed.body_bytes, list_of(3).len() as u64);
    assert_eq!(daemon.progress().bytes(), listed.body_bytes);
    daemon.list().await.unwrap();
    let traffic = proxy.traffic().borrow().clone();
    assert_eq!(traffic.requests_for("/containers/json"), 2);
    assert_eq!(traffic.requests.values().sum::<u64>(), 2, "and nothing else: {traffic:?}");
}

// D1
#[tokio::test]
async fn a_silent_daemon_is_silent_at_the_deadline() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let begin = Instant::now();
    let error = client_with(&proxy, |config| config.list_deadline = SHORT).list().await.unwrap_err();
    assert!(matches!(error, DaemonError::Timeout { deadline: SHORT, .. }), "{error:?}");
    assert!(error.is_unreachable() && begin.elapsed() < BOUND);
}

// D2
#[tokio::test]
async fn a_body_that_stops_is_stalled_with_the_bytes_that_came() {
    let proxy = playing(&[]);
    proxy.inject(Fault::StallAfter(100));
    let daemon = client_with(&proxy, |config| config.list_deadline = SHORT);
    let error = daemon.list().await.unwrap_err();
    assert!(matches!(error, DaemonError::Stalled { bytes: 100, .. }), "{error:?}");
    assert!(matches!(daemon.progress().overdue("x", SHORT), DaemonError::Stalled { bytes: 100, .. }));
}

// D3
#[tokio::test]
async fn a_dripping_body_does_not_outlive_the_deadline() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Drip { bytes: 1, every: Duration::from_millis(20) }.on("/containers/json"));
    let error = client_with(&proxy, |config| config.list_deadline = SHORT).list().await.unwrap_err();
    assert!(matches!(error, DaemonError::Stalled { bytes: 1.., .. }), "{error:?}");
}

#[tokio::test]
async fn a_slow_body_within_the_deadline_is_read_whole() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Drip { bytes: 40, every: Duration::from_millis(1) });
    assert_eq!(client(&proxy).list().await.unwrap().listing.containers.len(), 3);
}

// D8
#[tokio::test]
async fn a_cut_body_is_an_error_wherever_it_is_cut() {
    let body = list_of(2);
    for bytes in [0, 1, 50, body.len() / 2, body.len() - 1] {
        let proxy = playing(&[("/containers/json", Reply::new(200, body.clone()))]);
        proxy.inject(Fault::CutAfter(bytes).on("/containers/json"));
        let error = client(&proxy).list().await.unwrap_err();
        assert!(matches!(error, DaemonError::UnexpectedEof { .. }), "{bytes}: {error:?}");
    }
}

// D8: a body that ends with the connection looks whole to the transport, so only the array tells.
#[tokio::test]
async fn a_cut_array_is_an_error_though_the_transport_saw_none() {
    let body = list_of(2);
    let cut = &body[..body.len() - 1];
    for reply in [Reply::new(200, cut).until_close(), Reply::new(200, cut)] {
        let error = error_of(reply).await;
        assert!(matches!(error, DaemonError::UnexpectedEof { .. }), "{error:?}");
    }
    let proxy = playing(&[("/containers/json", Reply::new(200, body).until_close())]);
    assert_eq!(client(&proxy).list().await.unwrap().listing.containers.len(), 2);
}

// B54
#[tokio::test]
async fn a_length_that_lies_is_an_error() {
    let body = list_of(2);
    let length = body.len() as u64;
    for lie in [length + 1, length - 1, length * 2, 0] {
        let error = error_of(Reply::new(200, body.clone()).lying(lie)).await;
        let expected = if lie == 0 {
            matches!(error, DaemonError::InvalidResponse { .. })
        } else {
            matches!(error, DaemonError::UnexpectedEof { .. })
        };
        assert!(expected, "{lie} for {length}: {error:?}");
    }
}

// D17
#[tokio::test]
async fn another_status_is_told_with_a_bounded_page() {
    let page = format!("<html>\u{1b}[31m\n{}</html>", "x".repeat(100_000));
    for status in [301, 403, 500, 503] {
        let error = error_of(Reply::new(status, page.clone())).await;
        assert!(matches!(error, DaemonError::Status { status: found, .. } if found == status), "{error:?}");
        let shown = error.to_string();
        assert!(shown.len() < 500 && !shown.contains(['\u{1b}', '\n']), "{shown}");
    }
    let error = error_of(Reply::new(400, r#"{"message":"client version 1.24 is too old"}"#)).await;
    assert!(error.to_string().contains("status 400: client version 1.24 is too old"), "{error}");
}

// D18
#[tokio::test]
async fn an_answer_that_is_no_array_is_nonsense() {
    for body in ["null", "{}", "", "7", "<html>hello</html>", "[1]x", "[,]"] {
        let error = error_of(Reply::new(200, body)).await;
        assert!(matches!(error, DaemonError::InvalidResponse { .. }), "{body}: {error:?}");
    }
    assert!(error_of(Reply::new(200, "<html>")).await.to_string().contains("<html>"));
}

// D18, B48, B49
#[tokio::test]
async fn bad_entries_cost_what_they_must_and_no_more() {
    let good = list_of(3);
    let listing_of = async |body: String| {
        let proxy = playing(&[("/containers/json", Reply::new(200, body))]);
        client(&proxy).list().await.unwrap().listing
    };
    let quarantined = listing_of(good.replacen(r#"["/c1"]"#, "7", 1)).await;
    assert_eq!((quarantined.containers.len(), quarantined.quarantined.len()), (2, 1));
    assert_eq!(quarantined.completeness, Completeness::Complete);
    let partial = listing_of(good.replacen('[', "[{},", 1)).await;
    assert_eq!((partial.containers.len(), partial.completeness), (3, Completeness::Partial));
    let unknown = listing_of(good.replacen("running", "hibernating", 1)).await;
    assert_eq!((unknown.containers.len(), unknown.completeness), (3, Completeness::Complete));
}

// B14, B51
#[tokio::test]
async fn a_huge_label_and_many_containers_are_read() {
    let label = format!(r#""Labels":{{"x":"{}""#, "y".repeat(32 << 20));
    let body = list_of(5000).replacen(r#""Labels":{"com.docker.compose.project":"shop""#, &label, 1);
    let proxy = playing(&[("/containers/json", Reply::new(200, body))]);
    let listing = client(&proxy).list().await.unwrap().listing;
    assert_eq!((listing.containers.len(), listing.quarantined.len()), (4999, 1));
    assert_eq!(listing.completeness, Completeness::Complete);
}

#[tokio::test]
async fn more_than_256_mebibytes_are_not_read() {
    let error = error_of(Reply::new(200, vec![b' '; (256 << 20) + 1])).await;
    assert!(matches!(error, DaemonError::TooLarge { .. }), "{error:?}");
}

// D9: the daemon was restarted between two lists; the kept connection is dead.
#[tokio::test]
async fn a_connection_that_died_between_two_lists_is_replaced_without_an_error() {
    let proxy = playing(&[]);
    let daemon = client(&proxy);
    let first = daemon.list().await.unwrap().connection;
    proxy.refuse();
    wait_for(&proxy, |traffic| traffic.open == 0 && !traffic.listening).await;
    assert!(matches!(daemon.list().await.unwrap_err(), DaemonError::Refused { .. }));
    proxy.heal();
    wait_for(&proxy, |traffic| traffic.listening).await;
    assert_ne!(daemon.list().await.unwrap().connection, first, "who answers may be another now");
}

fn scope(numbers: impl IntoIterator<Item = usize>) -> Scope {
    Scope::Containers(numbers.into_iter().map(|number| ContainerId::new(id(number))).collect())
}

#[tokio::test]
async fn a_list_of_some_containers_holds_exactly_those() {
    let mut world = World::new(1, Timestamp::from_millis(1_800_000_000_000));
    let ids: Vec<ContainerId> =
        (0..30).map(|n| world.create(NewContainer::new(format!("c{n}"), "nginx:1")).unwrap()).collect();
    world.set_entry(ids[2].as_str(), Some(format!(r#"{{"Id":"{}","Names":7}}"#, ids[2]))).unwrap();
    let simulated = SimulatedDaemon::start(world).unwrap();
    let daemon = Daemon::new(Endpoint::Unix(simulated.socket()), &Config::new("unused"));
    let gone = ContainerId::new(id(1));
    let odd = ContainerId::new("../x?y \"");
    // The begin of an id is no id, whatever an engine takes it for.
    let begin = ContainerId::new(&ids[5].as_str()[..20]);
    let wanted = [&ids[1], &ids[2], &gone, &odd, &begin].map(Clone::clone);
    let listed = ContainerSource::list(&daemon, &Scope::Containers(wanted.into())).await.unwrap();
    assert_eq!(listed.listing.completeness, Completeness::Complete);
    assert_eq!(listed.listing.containers.iter().map(|listed| &listed.id).collect::<Vec<_>>(), [&ids[1]]);
    assert_eq!(listed.listing.quarantined.iter().map(|found| &found.container_id).collect::<Vec<_>>(), [&ids[2]]);
    assert!(listed.body_bytes < 2_000, "the daemon was asked for these alone: {}", listed.body_bytes);
    assert_eq!(daemon.progress().bytes(), listed.body_bytes);
}

#[tokio::test]
async fn an_engine_that_does_not_filter_is_filtered_by_us() {
    let proxy = playing(&[]);
    let daemon = client(&proxy);
    for (wanted, found) in [(scope([1]), 1), (scope(0..2), 2), (scope([]), 0), (scope(1..2_000), 2)] {
        let listed = ContainerSource::list(&daemon, &wanted).await.unwrap();
        assert_eq!(listed.listing.containers.len(), found, "{wanted}");
    }
    assert_eq!(daemon.list().await.unwrap().connection.number, 1, "all on one connection");
}

#[tokio::test]
async fn a_list_of_some_containers_leaves_the_memory_of_whole_lists_alone() {
    let proxy = playing(&[]);
    let daemon = client(&proxy);
    daemon.list().await.unwrap();
    let whole = daemon.list().await.unwrap().listing;
    ContainerSource::list(&daemon, &scope([1])).await.unwrap();
    let again = daemon.list().await.unwrap().listing;
    assert!(Arc::ptr_eq(&whole, &again), "what says the same is the same listing");
}
