//! PostgreSQL: in which order transactions take their locks. The counter of revisions, which all hosts share, comes last.

use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use dockledger::model::{ChangeCause, ClaimRequest, ContainerState, HostName};
use dockledger::store::{Lease, Store, StoreError};

use super::build::{insert, parent, plan, rebind, update};
use super::commit::{rows, with_one_row};
use crate::support::database::{TestDatabase, lease_of};

/// Longer than anything here takes that does not wait for somebody else.
const BOUND: Duration = Duration::from_secs(20);

/// The project `api` with the workload `w` and the stage `prod`, the stack `shop` with a row, and another host's row.
struct Fleet {
    database: TestDatabase,
    store: Store,
    lease: Lease,
    other: Store,
    other_lease: Lease,
}

fn fleet(test: &str) -> Option<Fleet> {
    let database = TestDatabase::postgres(test)?;
    let (mut store, lease) = with_one_row(&database);
    store.add_project(&parent("api", "p", "w")).expect("a project");
    store.add_stage("api", "prod", Some("st".into()), None).expect("a stage");
    let mut other = database.open();
    let other_lease = lease_of(&mut other, &HostName::new("other"));
    Some(Fleet { database, store, lease, other, other_lease })
}

impl Fleet {
    /// Waits until a session of the database waits for a lock.
    fn until_somebody_waits(&self) {
        let began = Instant::now();
        let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.database.line(&["count(*)"], waiting) == "0" {
            assert!(began.elapsed() < BOUND, "nobody waits");
        }
    }

    /// What another host does meanwhile: a change of its own, which takes a revision.
    fn the_other_host_goes_on(&mut self, what: &str) {
        let mut pass = plan(vec![insert(&format!("other-{}", rows(&mut self.other, &self.other_lease).len()), what)]);
        pass.host.identity = None;
        let began = Instant::now();
        let report = self.other.commit(&self.other_lease, &pass).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(report.inserted, 1, "{what}");
        assert!(began.elapsed() < Duration::from_secs(1), "{what}: it waited {:?}", began.elapsed());
    }
}

/// Runs a call on a connection of its own.
fn beside<T: Send + 'static>(
    database: &TestDatabase,
    call: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
) -> JoinHandle<Result<T, StoreError>> {
    let mut store = database.open();
    spawn(move || call(&mut store))
}

fn claim(container: &str) -> ClaimRequest {
    ClaimRequest {
        project: "api".into(),
        stage: Some("prod".into()),
        container_id: Some(container.into()),
        ..ClaimRequest::default()
    }
}

/// Each call waits for a deployer's open transaction, and no other host waits with it.
#[test]
fn a_deployers_open_transaction_stalls_no_other_host() {
    let Some(mut fleet) = fleet("a_deployers_open_transaction_stalls_no_other_host") else { return };
    let host = fleet.lease.host.clone();
    let sql_row = |id: &str, container: &str| {
        format!(
            "INSERT INTO containers (host, id, workload_id, workload_kind, container_id) \
             VALUES ('local', '{id}', 'w', 'project', '{container}')"
        )
    };
    let lease = fleet.lease.clone();
    let row = rows(&mut fleet.store, &fleet.lease).remove(0);
    type Call = Box<dyn FnOnce(&mut Store) -> Result<(), StoreError> + Send>;
    let cases: Vec<(&str, String, Call)> = vec![
        ("a claim behind its workload", "SELECT FROM workloads WHERE id = 'w' FOR UPDATE".into(), {
            let host = host.clone();
            Box::new(move |store| store.claim(&host, &claim("k1")).map(drop))
        }),
        ("a claim behind its container", sql_row("theirs-1", "k2"), {
            let host = host.clone();
            Box::new(move |store| store.claim(&host, &claim("k2")).map(drop))
        }),
        ("a claim of a row's id", sql_row("theirs-2", "k3"), {
            let request = ClaimRequest { row: Some("theirs-2".into()), ..claim("k4") };
            Box::new(move |store| store.claim(&host, &request).map(drop))
        }),
        ("a pass that makes a row", sql_row("theirs-3", "k5"), {
            let lease = lease.clone();
            Box::new(move |store| store.commit(&lease, &plan(vec![insert("worker", "k5")])).map(drop))
        }),
        ("a pass that binds a row anew", sql_row("theirs-4", "k6"), {
            let (lease, write) = (lease, rebind(&row, "k6"));
            Box::new(move |store| store.commit(&lease, &plan(vec![write])).map(drop))
        }),
        (
            "a project that is removed behind a new stage",
            "INSERT INTO stages (id, project_id, name) VALUES ('new', 'p', 'new')".into(),
            Box::new(|store| store.remove_project("api", true).map(drop)),
        ),
    ];
    for (what, held, call) in cases {
        let mut deployer = fleet.database.deployer();
        deployer.execute(&format!("BEGIN; {held}")).expect("a transaction");
        let called = beside(&fleet.database, call);
        fleet.until_somebody_waits();
        fleet.the_other_host_goes_on(what);
        assert!(!called.is_finished(), "{what}: it still waits");
        deployer.execute("ROLLBACK").expect("it is open");
        called.join().expect("no panic").unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let counted = fleet.database.line(&["count(*)", "max(revision)", "count(DISTINCT revision)"], "FROM changes");
    let last = fleet.database.line(&["value"], "FROM revision_counter");
    assert_eq!(counted, format!("{last}|{last}|{last}"), "each has its number, and there is no hole");
    let untold = "FROM containers c WHERE c.id NOT LIKE 'theirs%' AND NOT EXISTS \
                  (SELECT FROM changes h WHERE h.revision = c.revision AND h.row_id = c.id AND h.to_state = c.state)";
    assert_eq!(fleet.database.lines(&["id"], untold), [""; 0], "each row is at the revision of its last change");
}

/// A claim and the removal of its project, from two hosts, as often as it takes for them to meet: neither ends the other.
#[test]
fn claims_and_the_removal_of_their_project_both_get_through() {
    let Some(fleet) = fleet("claims_and_the_removal_of_their_project_both_get_through") else { return };
    let host = fleet.lease.host.clone();
    let claims = beside(&fleet.database, move |store| {
        for number in 0..300 {
            match store.claim(&host, &claim(&format!("c{number}"))) {
                Ok(_) | Err(StoreError::Registry(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    let mut store = fleet.database.open();
    while !claims.is_finished() {
        store.remove_project("api", true).expect("it is there");
        store.add_project(&parent("api", "p", "w")).expect("it is gone");
        store.add_stage("api", "prod", Some("st".into()), None).expect("a stage");
    }
    claims.join().expect("no panic").expect("no claim was undone for good");
}

/// The server ends a circle by undoing one of its transactions, ours here. It is run again.
#[test]
fn a_transaction_that_the_server_undid_is_run_again() {
    let Some(mut fleet) = fleet("a_transaction_that_the_server_undid_is_run_again") else { return };
    let host = fleet.lease.host.clone();
    let (row, _) = fleet.store.claim(&host, &claim("k1")).expect("a row");
    let mut deployer = fleet.database.deployer();
    // Ours looks for a circle first, since the deployer never does.
    deployer.execute("SET deadlock_timeout = '1h'").expect("a superuser's setting");
    deployer.execute(&format!("BEGIN; SELECT FROM containers WHERE id = '{row}' FOR UPDATE")).expect("the row");
    let removed = beside(&fleet.database, |store| store.remove_project("api", true));
    fleet.until_somebody_waits();
    // It has the workload, and waits for the row.
    deployer.execute("SELECT FROM workloads WHERE id = 'w' FOR UPDATE").expect("ours gives way");
    deployer.execute("UPDATE containers SET subdomain = 'www'; COMMIT").expect("the deployer goes on");
    assert_eq!(removed.join().expect("no panic").expect("it was run again"), 1);
    assert_eq!(fleet.database.line(&["count(*)"], "FROM containers WHERE workload_id = 'w'"), "0");
}

/// What does not wait for anybody keeps its place: rows that only follow the daemon.
#[test]
fn a_pass_that_makes_and_follows_rows_tells_each_once() {
    let Some(mut fleet) = fleet("a_pass_that_makes_and_follows_rows_tells_each_once") else { return };
    let row = rows(&mut fleet.store, &fleet.lease).remove(0);
    let missing = update(&row, ContainerState::Missing, ChangeCause::Missing);
    let mut pass = plan(vec![insert("a", "k1"), missing, insert("z", "k2")]);
    pass.row_by_row = true;
    let report = fleet.store.commit(&fleet.lease, &pass).expect("a commit");
    assert_eq!((report.inserted, report.updated, report.missing), (2, 1, 1));
    assert_eq!(report.revision.map(|revision| revision.0), Some(4));
    let told = fleet.database.lines(&["row_id", "to_state"], "FROM changes ORDER BY revision OFFSET 1");
    assert_eq!(told, ["shop:a|running", "shop:z|running", "shop:web|missing"]);
    let stored = fleet.database.lines(&["id", "revision"], "FROM containers WHERE host = 'local' ORDER BY revision");
    assert_eq!(stored, ["shop:a|2", "shop:z|3", "shop:web|4"]);
}
