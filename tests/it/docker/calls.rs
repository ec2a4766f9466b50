//! Inspects, images, pings and actions.

use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::{Action, ContainerSource, Daemon, DaemonError, Endpoint, Grace, ImageAnswer, ResolveError};
use dockledger::model::{ContainerId, DaemonCall, Examined, ImageId, Inspected, Scope};
use dockledger::simulation::{Fault, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::time::timeout;

use super::{BOUND, SHORT, client, client_with, id, playing, questions, questions_with, wait_for};

fn container(number: usize) -> ContainerId {
    ContainerId::new(id(number))
}

fn inspect_path(number: usize) -> String {
    format!("/containers/{}/json", id(number))
}

fn no_such_container() -> Reply {
    Reply::new(404, r#"{"message":"No such container: x"}"#)
}

// D15
#[tokio::test]
async fn gone_is_the_daemons_own_404_and_nothing_else() {
    for (reply, gone) in [
        (no_such_container(), true),
        (
            Reply::new(
                404,
                r#"{"cause":"no such container","message":"no container with name or ID \"x\" found: no such container","response":404}"#,
            ),
            true,
        ),
        (Reply::new(404, r#"{"message":"page not found"}"#), false),
        (Reply::new(404, "<html>No such container</html>"), false),
        (Reply::new(404, ""), false),
        (Reply::new(500, r#"{"message":"No such container: x"}"#), false),
        (Reply::new(403, "forbidden"), false),
        (Reply::new(200, "{}"), false),
    ] {
        let proxy = playing(&[("/containers/0", reply.clone())]);
        let inspected = client(&proxy).inspect(&container(1)).await;
        assert_eq!(inspected == Inspected::Gone, gone, "{reply:?}: {inspected:?}");
        assert!(gone || matches!(inspected, Inspected::Unanswered(_)), "{reply:?}: {inspected:?}");
    }
}

#[tokio::test]
async fn an_inspect_that_fails_on_the_way_is_unanswered() {
    for fault in [Fault::Silent, Fault::StallAfter(5), Fault::CutAfter(5), Fault::HangUp] {
        let proxy = playing(&[("/containers/0", Reply::new(200, r#"{"Id":"x","State":{}}"#))]);
        let questions = questions_with(&proxy, |config| config.inspect_deadline = SHORT);
        proxy.inject(fault.clone());
        let answers = questions.verify(vec![container(1)]).await;
        assert!(matches!(answers[&container(1)], Inspected::Unanswered(_)), "{fault:?}");
        proxy.heal();
    }
}

#[tokio::test]
async fn an_inspect_of_more_than_eight_mebibytes_is_unanswered() {
    let body = format!(r#"{{"Id":"x","State":{{}},"Config":"{}"}}"#, "y".repeat(8 << 20));
    let proxy = playing(&[("/containers/0", Reply::new(200, body))]);
    let Inspected::Unanswered(why) = client(&proxy).inspect(&container(1)).await else { panic!("too large") };
    assert!(why.contains("more than"), "{why}");
}

// B27: a deployer may have bound a row to any text.
#[tokio::test]
async fn an_odd_id_stays_within_its_segment_of_the_path() {
    let proxy = playing(&[]);
    let odd = ContainerId::new("../../info?x#y%2f");
    assert!(matches!(client(&proxy).inspect(&odd).await, Inspected::Unanswered(_)));
    let asked = proxy.traffic().borrow().requests.clone();
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["/containers/%2E%2E%2F%2E%2E%2Finfo%3Fx%23y%252f/json"]);
}

// B27
#[tokio::test]
async fn an_id_that_no_request_could_hold_is_unanswered() {
    let proxy = playing(&[]);
    let long = ContainerId::new("/".repeat(1 << 20));
    assert!(matches!(client(&proxy).inspect(&long).await, Inspected::Unanswered(_)));
    assert!(matches!(client(&proxy).examine(&long).await, Examined::Unanswered(_)));
    let listed = ContainerSource::list(&client(&proxy), &Scope::Containers([long, container(1)].into())).await.unwrap();
    assert_eq!(listed.listing.containers.len(), 1);
}

// D7: one container whose shim is stuck hangs its own inspect.
#[tokio::test]
async fn one_container_that_hangs_does_not_keep_the_others() {
    let proxy = playing(&[("/containers/0", no_such_container())]);
    proxy.inject(Fault::Silent.on(&inspect_path(5)));
    let questions = questions_with(&proxy, |config| config.inspect_deadline = SHORT);
    let answers = questions.verify((0..20).map(container).collect()).await;
    assert_eq!(answers.len(), 20);
    for (id, answer) in &answers {
        let hung = *id == container(5);
        assert_eq!(*answer == Inspected::Gone, !hung, "{id}: {answer:?}");
    }
    assert_eq!(questions.details((0..20).map(container).collect()).await.len(), 20);
}

#[tokio::test]
async fn verify_keeps_at_most_eight_connections_and_details_four() {
    for (at_once, details) in [(8, false), (4, true)] {
        let proxy = playing(&[("/containers/0", no_such_container())]);
        proxy.inject(Fault::Silent);
        let questions = questions(&proxy);
        let ids: Vec<ContainerId> = (0..20).map(container).collect();
        let asking =
            tokio::spawn(
                async move { if details { questions.details(ids).await } else { questions.verify(ids).await } },
            );
        let traffic = wait_for(&proxy, |traffic| traffic.requests.len() >= at_once).await;
        assert_eq!(traffic.open, at_once as u64);
        proxy.heal();
        assert!(timeout(BOUND, asking).await.unwrap().unwrap().values().all(|answer| *answer == Inspected::Gone));
    }
}

#[tokio::test]
async fn verify_as_a_whole_ends_with_the_lists_deadline() {
    let proxy = playing(&[("/containers/0", no_such_container())]);
    proxy.inject(Fault::Silent.on("/containers/"));
    proxy.inject(Fault::Answer(no_such_container()).on(&inspect_path(0)));
    let questions = questions_with(&proxy, |config| config.list_deadline = SHORT);
    let answers = timeout(BOUND, questions.verify((0..30).map(container).collect())).await.expect("bounded");
    assert_eq!(answers.len(), 30);
    assert_eq!(answers[&container(0)], Inspected::Gone, "what was answered in time is kept");
    assert!(matches!(&answers[&container(29)], Inspected::Unanswered(_)));
}

#[tokio::test]
async fn the_labels_of_images_are_read_each_by_itself() {
    let image = |number: usize| ImageId::new(format!("sha256:{}", id(number)));
    let path = |number: usize| format!("/images/sha256:{}/json", id(number));
    let labelled = r#"{"Id":"x","Config":{"Labels":{"com.docker.compose.project":"shop"}}}"#;
    let proxy = playing(&[
        (&path(1), Reply::new(200, labelled)),
        (&path(2), Reply::new(404, r#"{"message":"No such image: x"}"#)),
        (&path(3), Reply::new(404, "not here")),
        (&path(5), Reply::new(503, "busy")),
        (&path(6), Reply::new(500, r#"{"message":"content digest sha256:0: not found"}"#)),
        (&path(7), Reply::new(200, "<html>sign in</html>")),
        (&path(8), Reply::new(403, "<html>")),
        (&path(9), Reply::new(501, "")),
    ]);
    proxy.inject(Fault::Silent.on(&path(4)));
    let questions = questions_with(&proxy, |config| config.inspect_deadline = SHORT);
    let answers = questions.images((1..10).map(image).collect()).await;
    let ImageAnswer::Labels(claims) = &answers[&image(1)] else { panic!("{answers:?}") };
    assert_eq!(claims.compose_project.as_deref(), Some("shop"));
    assert_eq!(answers[&image(2)], ImageAnswer::Gone);
    for (number, status) in [(3, "404"), (6, "500"), (7, "200"), (8, "403"), (9, "501")] {
        let ImageAnswer::Refused(why) = &answers[&image(number)] else { panic!("{number}: {answers:?}") };
        assert!(why.contains(status), "{why}");
    }
    // No answer in time, or none for now.
    assert_eq!(answers[&image(4)], ImageAnswer::Unanswered);
    assert_eq!(answers[&image(5)], ImageAnswer::Unanswered);
}

#[tokio::test]
async fn a_ping_is_answered_or_says_why_not() {
    let proxy = playing(&[]);
    let daemon = client_with(&proxy, |config| config.inspect_deadline = SHORT);
    daemon.ping().await.unwrap();
    proxy.inject(Fault::Silent);
    assert!(matches!(daemon.ping().await, Err(DaemonError::Timeout { .. })));
    proxy.heal();
    proxy.inject(Fault::Answer(Reply::new(503, "starting")));
    assert!(matches!(daemon.ping().await, Err(DaemonError::Status { status: 503, .. })));
}

// D1: a frozen daemon answers what waits when it thaws.
#[tokio::test]
async fn one_ping_waits_for_a_frozen_daemon_and_sees_it_thaw() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent);
    let daemon = client_with(&proxy, |config| config.inspect_deadline = Duration::from_millis(1));
    let waiting = tokio::spawn(async move { daemon.await_daemon().await });
    wait_for(&proxy, |traffic| traffic.requests_for("/_ping") == 1).await;
    proxy.heal();
    timeout(BOUND, waiting).await.expect("it thawed").unwrap();
    let traffic = wait_for(&proxy, |traffic| traffic.open == 0).await;
    assert_eq!((traffic.connections, traffic.requests_for("/_ping")), (1, 1), "one ping, on one connection");
}

// F2: a refusal is an answer, unless it is that of a proxy which reaches no daemon.
#[tokio::test]
async fn a_ping_that_is_refused_is_an_answer() {
    let proxy = playing(&[("/_ping", Reply::new(403, "<html>denied</html>"))]);
    let daemon = client(&proxy);
    timeout(BOUND, daemon.await_daemon()).await.expect("it answers");
    let refused = daemon.refused_among(&[DaemonCall::Ping]).await;
    assert_eq!(refused.iter().map(|refusal| refusal.status).collect::<Vec<_>>(), [Some(403)]);
    let proxy = playing(&[("/_ping", Reply::new(503, "no backend"))]);
    let daemon = client(&proxy);
    assert!(timeout(SHORT, daemon.await_daemon()).await.is_err(), "nobody is behind it");
}

// F1, F2: each kind of call is checked by itself, by the cheapest call that tells.
#[tokio::test]
async fn a_call_that_is_refused_is_told_from_one_that_finds_nothing() {
    let none = |what: &str| Reply::new(404, format!(r#"{{"message":"No such {what}: x"}}"#));
    let paths = ["/containers/json", "/events", "/containers/0000", "/images/", "/info", "/version", "/_ping"];
    let calls = &DaemonCall::ALL[..7];
    let answers = [
        (paths[0], Reply::new(200, "[]")),
        (paths[1], Reply::new(200, "")),
        (paths[2], none("container")),
        (paths[3], none("image")),
    ];
    let proxy = playing(&answers);
    assert_eq!(client(&proxy).refused_among(calls).await, []);
    for (path, call) in paths.iter().zip(calls) {
        for reply in [Reply::new(403, "<html>"), Reply::new(405, ""), Reply::new(404, "page not found")] {
            let proxy = playing(&answers);
            proxy.inject(Fault::Answer(reply.clone()).on(path));
            let refused = client(&proxy).refused_among(calls).await;
            assert_eq!(refused.iter().map(|refusal| refusal.call).collect::<Vec<_>>(), [*call], "{path} {reply:?}");
        }
    }
}

// D12
#[tokio::test]
async fn a_daemon_that_refuses_is_tried_again_until_it_answers() {
    let proxy = playing(&[]);
    proxy.refuse();
    wait_for(&proxy, |traffic| !traffic.listening).await;
    let daemon = client(&proxy);
    let waiting = tokio::spawn(async move { daemon.await_daemon().await });
    proxy.heal();
    timeout(BOUND, waiting).await.expect("it answers").unwrap();
}

#[tokio::test]
async fn each_action_is_its_own_request() {
    let paths = ["/start", "/stop", "/restart", ""];
    for (action, end) in
        [Action::Start, Action::Stop(Grace::default()), Action::Restart(Grace::default()), Action::Remove]
            .into_iter()
            .zip(paths)
    {
        let proxy = playing(&[("/containers/0", Reply::new(204, ""))]);
        client(&proxy).act(&container(1), action).await.unwrap();
        let path = format!("/containers/{}{end}", id(1));
        assert_eq!(proxy.traffic().borrow().requests_for(&path), 1, "{action:?}");
    }
}

#[tokio::test]
async fn a_container_is_given_the_seconds_that_were_named() {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("d.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let daemon = Daemon::new(Endpoint::Unix(socket), &Config::new(""));
    for grace in [None, Some(7)] {
        for make in [Action::Stop as fn(Grace) -> Action, Action::Restart] {
            let answering = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 512];
                let read = stream.read(&mut head).await.unwrap();
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                String::from_utf8_lossy(&head[..read]).lines().next().unwrap_or_default().to_owned()
            };
            let action = make(Grace(grace.map(Duration::from_secs)));
            let id = container(1);
            let (line, done) =
                timeout(BOUND, async { tokio::join!(answering, daemon.act(&id, action)) }).await.unwrap();
            done.unwrap();
            assert_eq!(line.contains("t=7"), grace.is_some(), "{line}");
        }
    }
}

// D7: the daemon may carry out later what it did not answer.
#[tokio::test]
async fn an_action_without_a_definite_answer_is_unknown() {
    let proxy = playing(&[("/containers/0", no_such_container())]);
    let daemon = client(&proxy);
    let refused = daemon.act(&container(1), Action::Stop(Grace::default())).await.unwrap_err();
    assert!(matches!(refused, DaemonError::Status { status: 404, .. }), "{refused:?}");
    proxy.inject(Fault::HangUp);
    let cut = daemon.act(&container(1), Action::Stop(Grace::default())).await.unwrap_err();
    assert!(matches!(cut, DaemonError::OutcomeUnknown { .. }), "{cut:?}");
    assert!(!cut.is_unreachable());
    proxy.refuse();
    wait_for(&proxy, |traffic| !traffic.listening).await;
    let unreached = daemon.act(&container(1), Action::Stop(Grace::default())).await.unwrap_err();
    assert!(matches!(unreached, DaemonError::Refused { .. }), "{unreached:?}");
}

#[tokio::test]
async fn a_name_or_the_begin_of_an_id_is_resolved_among_what_is_listed() {
    let proxy = playing(&[]);
    let daemon = client(&proxy);
    assert_eq!(daemon.resolve("c2").await.unwrap(), container(2));
    assert_eq!(daemon.resolve(&id(1)).await.unwrap(), container(1));
    assert!(matches!(daemon.resolve("0000").await, Err(ResolveError::Ambiguous { count: 3, .. })));
    assert!(matches!(daemon.resolve("nobody").await, Err(ResolveError::Unknown(_))));
    proxy.refuse();
    wait_for(&proxy, |traffic| traffic.open == 0 && !traffic.listening).await;
    let refused = daemon.resolve("c2").await;
    assert!(matches!(refused, Err(ResolveError::Daemon(DaemonError::Refused { .. }))), "{refused:?}");
}
