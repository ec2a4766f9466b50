//! Which daemon a host has, learned by two hosts at once.

use std::time::{Duration, Instant};

use dockledger::model::HostName;
use dockledger::store::{OpenMode, Store, StoreError};

use super::build::plan;
use crate::support::database::{TestDatabase, lease_of};

/// Two hosts of one server meet the same daemon at the same moment: only one of them learns it.
#[test]
fn one_daemon_is_learned_by_one_host_however_many_meet_it_at_once() {
    let Some(database) = TestDatabase::postgres("one_daemon_is_learned_by_one_host_however_many_meet_it_at_once")
    else {
        return;
    };
    let (east, east_lease) = database.open_with_lease();
    let mut west = database.open();
    let west_lease = lease_of(&mut west, &HostName::new("west"));
    // East learns it, and has not committed yet: its last statement waits.
    let mut deployer = database.deployer();
    deployer.execute("BEGIN; LOCK TABLE passes").expect("a lock");
    let mut pass = plan(Vec::new());
    pass.pass.trigger = dockledger::model::Trigger::Request;
    let commit = |mut store: Store, lease, pass: dockledger::store::CommitPlan| {
        std::thread::spawn(move || store.commit(&lease, &pass).map(drop))
    };
    let first = commit(east, east_lease, pass.clone());
    let waiting = |number: &str| {
        let waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let began = Instant::now();
        while database.line(&["count(*)"], waits) != number {
            assert!(began.elapsed() < Duration::from_secs(20), "nobody waits");
        }
    };
    waiting("1");
    pass.pass.id = dockledger::model::PassId::fresh();
    let second = commit(west, west_lease, pass);
    waiting("2");
    deployer.execute("COMMIT").expect("it is open");
    first.join().expect("no panic").expect("it was first");
    let error = second.join().expect("no panic").expect_err("it was second");
    assert!(matches!(error, StoreError::IdentityTaken { .. }), "{error}");
    let mut reader = Store::open(&database.config, OpenMode::Read).expect("it opens");
    let with_it = reader.hosts().expect("hosts").into_iter().filter(|host| host.engine_identity.is_some()).count();
    assert_eq!(with_it, 1);
}
