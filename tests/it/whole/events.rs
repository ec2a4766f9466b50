//! What happens between ticks is in the ledger long before the next: a real daemon's event stream, by the whole tree.

use std::time::Duration;

use dockledger::config::Config;
use dockledger::model::{StoredRow, Trigger};
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use dockledger::{Ledger, Mode};
use serde_json::json;

use super::ledger::until;
use crate::support::dockerd::{Dockerd, PLAIN_IMAGE};
use crate::support::skip::skip;

/// Far below the interval of this test, and far above what a busy machine needs.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_is_followed_from_its_start_to_its_end_without_a_tick() {
    let daemon = match Dockerd::shared() {
        Ok(daemon) => daemon,
        Err(why) => return skip("a_container_is_followed_from_its_start_to_its_end_without_a_tick", &why),
    };
    let directory = tempfile::tempdir().expect("a directory");
    let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
    config.docker_host = Some(daemon.docker_host());
    config.interval = Duration::from_secs(300);
    let mut store = Store::open(&config, OpenMode::Write).expect("the ledger opens");
    store.add_stack(&NewParent::named("followed"), None).expect("a fresh stack");
    let row = || -> Option<StoredRow> {
        let mut store = Store::open(&config, OpenMode::Read).expect("the ledger opens");
        store.rows(&RowFilter::default()).expect("it can be read").pop()
    };
    let state = || row().map(|row| row.observed.state.to_string());

    let ledger = Ledger::spawn(config.clone(), Mode::Service, true).await.expect("the address makes sense");
    let is_open = || ledger.watch_status().borrow().stream.as_ref().is_some_and(|stream| stream.is_open);
    until(&ledger, SOON, "the stream", is_open).await;

    let body = json!({ "Image": PLAIN_IMAGE, "Cmd": ["sleep", "1000"], "HostConfig": { "NetworkMode": "none" }, "Labels": {
        "com.docker.compose.project": "followed", "com.docker.compose.service": "web",
        "com.docker.compose.config-hash": "0".repeat(64),
    } });
    let made = daemon.post("/containers/create?name=followed-web-1", &body);
    assert_eq!(made.status, 201, "{made:?}");
    until(&ledger, SOON, "created", || state().as_deref() == Some("created")).await;
    for _ in 0..4 {
        assert_eq!(daemon.order("/containers/followed-web-1/start").status, 204);
        until(&ledger, SOON, "running", || state().as_deref() == Some("running")).await;
        assert_eq!(daemon.order("/containers/followed-web-1/kill").status, 204);
        until(&ledger, SOON, "stopped", || state().as_deref() == Some("stopped")).await;
    }
    until(&ledger, SOON, "four starts are flapping", || row().is_some_and(|row| row.observed.flapping_since.is_some()))
        .await;
    assert_eq!(daemon.delete("/containers/followed-web-1").status, 204);
    until(&ledger, SOON, "missing", || state().as_deref() == Some("missing")).await;
    let last = ledger.watch_status().borrow().last_report.as_ref().map(|report| report.trigger);
    assert_eq!(last, Some(Trigger::Event));
    ledger.stop().await;
}
