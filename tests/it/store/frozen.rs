//! A PostgreSQL server whose processes are stopped: it keeps its connections and answers nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use dockledger::model::{FailureKind, PassOutcome};
use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use dockledger::store::{NewParent, OpenMode, Store, StoreError};
use dockledger::{Ledger, Mode};

use crate::support::database::TestDatabase;
use crate::support::{postgres, skip};

/// A process that is stopped until this goes.
struct Frozen(String);

impl Frozen {
    fn process(pid: &str) -> Self {
        signal("-STOP", pid);
        Self(pid.to_owned())
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(signal: &str, pid: &str) {
    let sent = Command::new("kill").args([signal, pid]).status().expect("kill runs");
    assert!(sent.success(), "kill {signal} {pid}");
}

/// S13: the kernel still takes the connection, and nobody answers on it.
#[test]
fn s13_a_frozen_postmaster_is_given_up_within_the_bound_of_connecting() {
    let server = match postgres::own_server() {
        Ok(server) => server,
        Err(why) => return skip::skip("s13_a_frozen_postmaster_is_given_up_within_the_bound_of_connecting", &why),
    };
    let database = TestDatabase::made_on(&server.directory, "ledger");
    database.open();
    let frozen = Frozen::process(&server.postmaster().to_string());
    let began = Instant::now();
    let error = Store::open(&database.config, OpenMode::Write).expect_err("nobody answers");
    assert!(matches!(&error, StoreError::Unopened { cause, .. } if cause.contains("timeout expired")), "{error}");
    assert!(began.elapsed() < database.config.store_deadline, "{:?}", began.elapsed());
    drop(frozen);
    Store::open(&database.config, OpenMode::Write).expect("it answers again");
}

/// S14: the server's own bounds do not act in a process that is stopped, so the client gives it up; its successor works
/// on a connection of its own. (That a call of the life before is refused is A4's claim.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s14_a_frozen_backend_is_given_up_and_its_successor_writes() {
    let Some(mut database) = TestDatabase::postgres("s14_a_frozen_backend_is_given_up_and_its_successor_writes") else {
        return;
    };
    database.open().add_stack(&NewParent::named("shop"), None).expect("a stack");
    let daemon = SimulatedDaemon::start(World::new(1, super::build::BEGAN)).expect("a simulated daemon");
    daemon.with(|world| world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1))).expect("a container");
    database.config.docker_host = Some(daemon.docker_host());
    database.config.store_deadline = Duration::from_millis(500);
    let ledger = Ledger::spawn(database.config.clone(), Mode::Service, true).await.expect("it starts");
    assert_eq!(ledger.reconcile().await.outcome, PassOutcome::Committed);
    ledger.settle_details().await;

    let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let backends = database.lines(&["pid"], others);
    assert_eq!(backends.len(), 1, "the ledger has one connection");
    let frozen = Frozen::process(&backends[0]);
    daemon.with(|world| world.stop("c0")).expect("it runs");
    let began = Instant::now();
    let report = ledger.reconcile().await;
    assert_eq!(report.error.map(|failure| failure.kind), Some(FailureKind::StoreFailed));
    while ledger.reconcile().await.outcome != PassOutcome::Committed {
        assert!(began.elapsed() < Duration::from_secs(20), "the successor never wrote");
    }
    ledger.settle_details().await;
    let written = database.lines(&["revision", "to_state"], "FROM changes ORDER BY revision");
    drop(frozen);
    ledger.stop().await;
    while !database.lines(&["pid"], &format!("{others} AND pid = {}", backends[0])).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(40), "the woken one never ended");
    }
    assert_eq!(database.lines(&["revision", "to_state"], "FROM changes ORDER BY revision"), written);
    assert_eq!(database.line(&["state"], "FROM containers"), "stopped");
}
