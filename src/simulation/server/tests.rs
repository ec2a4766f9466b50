use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::*;
use crate::model::Timestamp;
use crate::simulation::NewContainer;

fn daemon() -> SimulatedDaemon {
    SimulatedDaemon::start(World::new(1, Timestamp::from_millis(1_800_000_000_000))).unwrap()
}

fn send(daemon: &SimulatedDaemon, path: &str) -> UnixStream {
    let mut stream = UnixStream::connect(daemon.socket()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n").unwrap();
    stream
}

fn receive(mut stream: UnixStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn get(daemon: &SimulatedDaemon, path: &str) -> String {
    receive(send(daemon, path))
}

#[test]
fn answers_over_its_socket_and_takes_it_along() {
    let daemon = daemon();
    assert!(get(&daemon, "/v1.41/_ping").ends_with("\r\n\r\nOK"));
    daemon.with(|world| world.run(NewContainer::new("web", "nginx:1"))).unwrap();
    assert!(get(&daemon, "/containers/json?all=1").contains("\"/web\""));
    let socket = daemon.socket();
    drop(daemon);
    assert!(!socket.parent().unwrap().exists());
}

#[test]
fn a_change_of_the_world_is_in_the_next_list() {
    let daemon = daemon();
    assert!(get(&daemon, "/containers/json?all=1").ends_with("[]\n"));
    let id = daemon.with(|world| world.run(NewContainer::new("web", "nginx:1"))).unwrap();
    assert!(get(&daemon, "/containers/json?all=1").contains("\"running\""));
    daemon.with(|world| world.kill(id.as_str())).unwrap();
    assert!(get(&daemon, "/containers/json?all=1").contains("Exited (137)"));
}

#[test]
fn a_hanging_list_is_answered_when_it_thaws_and_other_calls_meanwhile() {
    let daemon = daemon();
    daemon.hang_list(true);
    let mut waiting = send(&daemon, "/containers/json?all=1");
    assert!(get(&daemon, "/_ping").ends_with("OK"));
    waiting.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(waiting.read(&mut [0; 1]).is_err());
    waiting.set_read_timeout(None).unwrap();
    daemon.hang_list(false);
    assert!(receive(waiting).ends_with("[]\n"));
}

#[test]
fn one_inspect_hangs_alone() {
    let daemon = daemon();
    let [stuck, well] =
        ["stuck", "well"].map(|name| daemon.with(|world| world.run(NewContainer::new(name, "nginx:1"))).unwrap());
    daemon.hang_inspect(&stuck, true);
    let waiting = send(&daemon, &format!("/containers/{stuck}/json"));
    assert!(get(&daemon, &format!("/containers/{well}/json")).starts_with("HTTP/1.1 200"));
    daemon.hang_inspect(&stuck, false);
    assert!(receive(waiting).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_failing_path_answers_its_status_until_it_is_taken_back() {
    let daemon = daemon();
    daemon.fail("/containers/json", Some(503));
    assert!(get(&daemon, "/v1.41/containers/json?all=1").starts_with("HTTP/1.1 503"));
    daemon.fail("/containers/json", None);
    assert!(get(&daemon, "/containers/json?all=1").starts_with("HTTP/1.1 200"));
}

#[test]
fn requests_are_counted_by_call() {
    let daemon = daemon();
    get(&daemon, "/containers/json?all=1");
    get(&daemon, "/v1.41/containers/json?all=1");
    get(&daemon, "/containers/nosuch/json");
    let counted: Vec<_> = daemon.requests().into_iter().collect();
    let expected = [("GET /containers/json", 2), ("GET /containers/{id}/json", 1)];
    assert_eq!(counted, expected.map(|(call, count)| (call.to_owned(), count)));
    daemon.forget_requests();
    assert!(daemon.requests().is_empty());
}
