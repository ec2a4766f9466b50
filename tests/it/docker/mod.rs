//! The daemon's client against a daemon that goes wrong on the wire.

mod calls;
mod events;
mod examine;
mod identity;
mod kill;
mod list;
mod reach;
mod ssh;
mod tls;
mod usual;
mod vanished;

use std::sync::Arc;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::{Daemon, Endpoint, Questions};
use dockledger::simulation::{FaultProxy, Reply, Traffic};
use tokio::time::timeout;

/// Longer than anything here takes; a test that waits for it fails.
const BOUND: Duration = Duration::from_secs(30);

/// A deadline that a test waits for.
const SHORT: Duration = Duration::from_millis(150);

fn id(number: usize) -> String {
    format!("{number:064x}")
}

/// A list of so many containers, as dockerd writes it.
fn list_of(count: usize) -> String {
    let entries: Vec<String> = (0..count)
        .map(|n| {
            format!(
                r#"{{"Id":"{}","Names":["/c{n}"],"Image":"busybox","ImageID":"sha256:{}","Command":"true","Created":1700000000,"Ports":[],"Labels":{{"com.docker.compose.project":"shop"}},"State":"running","Status":"Up 5 minutes"}}"#,
                id(n),
                id(7)
            )
        })
        .collect();
    format!("[{}]", entries.join(","))
}

const INFO: &str = r#"{"ID":"ABCD:EFGH","Name":"lab","DockerRootDir":"/var/lib/docker"}"#;
const VERSION: &str = r#"{"Version":"20.10.24","Components":[{"Name":"Engine","Version":"20.10.24"}]}"#;

/// A daemon that answers like this, and like one of three containers otherwise.
fn playing(replies: &[(&str, Reply)]) -> FaultProxy {
    let usual = [
        ("/containers/json", Reply::new(200, list_of(3))),
        ("/info", Reply::new(200, INFO)),
        ("/version", Reply::new(200, VERSION)),
        ("/_ping", Reply::new(200, "OK")),
    ];
    FaultProxy::playing(replies.iter().cloned().chain(usual)).expect("a socket")
}

/// A client of it whose deadlines no test waits for.
fn client(proxy: &FaultProxy) -> Daemon {
    client_with(proxy, |_| ())
}

fn client_with(proxy: &FaultProxy, change: impl FnOnce(&mut Config)) -> Daemon {
    Daemon::new(Endpoint::Unix(proxy.socket()), &config_with(change))
}

/// Asks it about many, within deadlines that no test waits for.
fn questions(proxy: &FaultProxy) -> Questions {
    questions_with(proxy, |_| ())
}

fn questions_with(proxy: &FaultProxy, change: impl FnOnce(&mut Config)) -> Questions {
    let config = config_with(change);
    Questions::new(Arc::new(Daemon::new(Endpoint::Unix(proxy.socket()), &config)), &config)
}

fn config_with(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::new("unused");
    config.list_deadline = BOUND;
    config.inspect_deadline = BOUND;
    change(&mut config);
    config
}

async fn wait_for(proxy: &FaultProxy, condition: impl FnMut(&Traffic) -> bool) -> Traffic {
    timeout(BOUND, proxy.traffic().wait_for(condition)).await.expect("the traffic").expect("the proxy lives").clone()
}
