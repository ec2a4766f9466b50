//! One writer for each host.

use std::time::Duration;

use dockledger::model::{HostName, Timestamp};
use dockledger::store::{LeaseHolder, StoreError};

use super::build::{identity, insert, parent, plan};
use crate::support::database::{TestDatabase, lease_of, on_both_backends};

const LONG: Duration = Duration::from_secs(90);

/// The text of a holder of this process with another pid.
fn with_pid(pid: u32) -> String {
    let holder = LeaseHolder::of_this_process().to_string();
    let fields = holder.split(' ').map(|field| match field.split_once('=') {
        Some(("pid", _)) => format!("pid={pid}"),
        _ => field.to_owned(),
    });
    fields.collect::<Vec<_>>().join(" ")
}

on_both_backends! {
    /// A8, I7
    fn a8_a_second_holder_is_refused_and_the_first_is_named(database: &TestDatabase) {
        let (_first, lease) = database.open_with_lease();
        let second = database.open().acquire_lease(&lease.host, &LeaseHolder::of_this_process(), LONG);
        let Err(StoreError::LeaseHeld { holder, .. }) = second else { panic!("it is held: {second:?}") };
        assert!(holder.contains(&format!("process {} on", std::process::id())), "{holder}");
    }

    fn the_same_process_takes_the_next_generation(database: &TestDatabase) {
        let mut store = database.open();
        let holder = LeaseHolder::of_this_process();
        let host = HostName::new("local");
        let first = store.acquire_lease(&host, &holder, LONG).expect("free");
        let second = store.acquire_lease(&host, &holder, LONG).expect("its own");
        assert_eq!(second.generation, first.generation + 1);
    }

    /// A4
    fn a4_a_commit_with_an_older_generation_is_refused(database: &TestDatabase) {
        let mut store = database.open();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        let holder = LeaseHolder::of_this_process();
        let host = HostName::new("local");
        let old = store.acquire_lease(&host, &holder, LONG).expect("free");
        let new = store.acquire_lease(&host, &holder, LONG).expect("its own");
        for refused in [
            store.commit(&old, &plan(vec![insert("web", "c1")])).map(drop),
            store.renew_lease(&old),
            store.write_details(&old, &[]).map(drop),
        ] {
            assert!(matches!(refused, Err(StoreError::LeaseHeld { .. })), "{refused:?}");
        }
        assert_eq!(database.line(&["count(*)"], "FROM containers"), "0");
        store.release_lease(&old).expect("no harm");
        store.commit(&new, &plan(vec![insert("web", "c1")])).expect("the new one writes");
    }

    fn a_holder_that_is_dead_on_this_machine_is_replaced_at_once(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        // A process that has ended and been waited for leaves no trace.
        let mut child = std::process::Command::new("true").spawn().expect("a process");
        child.wait().expect("its end");
        database.execute(&format!("UPDATE hosts SET lease_holder = '{}'", with_pid(child.id())));
        let taken = store.acquire_lease(&lease.host, &LeaseHolder::of_this_process(), LONG).expect("it is dead");
        assert_eq!(taken.generation, lease.generation + 1);
    }

    fn a_holder_elsewhere_is_replaced_at_expiry(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let elsewhere = "id=x machine=y boot=z pidns=1 pid=1 start=1";
        database.execute(&format!("UPDATE hosts SET lease_holder = '{elsewhere}'"));
        let holder = LeaseHolder::of_this_process();
        store.acquire_lease(&lease.host, &holder, LONG).expect_err("it may live");
        let past = if database.is_sqlite() { "1000" } else { "now() - interval '1 second'" };
        database.execute(&format!("UPDATE hosts SET lease_expires_at = {past}"));
        store.acquire_lease(&lease.host, &holder, LONG).expect("it has expired");
    }

    /// S11: a clock that leaps ahead expires every lease at once; the holder on this machine is seen to live.
    fn s11_a_living_holder_on_this_machine_keeps_its_lease_when_the_clock_leaps_ahead(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it runs");
        let start = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19)).expect("its start");
        let holder = with_pid(child.id());
        let holder = format!("{} start={start}", holder.rsplit_once(" start=").expect("its start").0);
        let past = if database.is_sqlite() { "1000" } else { "now() - interval '10 years'" };
        database.execute(&format!("UPDATE hosts SET lease_holder = '{holder}', lease_expires_at = {past}"));
        let other = LeaseHolder::of_this_process();
        let refused = store.acquire_lease(&lease.host, &other, LONG);
        child.kill().expect("ended");
        child.wait().expect("its end");
        assert!(matches!(refused, Err(StoreError::LeaseHeld { .. })), "{refused:?}");
        store.acquire_lease(&lease.host, &other, LONG).expect("it is dead");
    }

    /// S11: the holder died elsewhere after the clock was set back by years; its lease does not hold for years.
    fn s11_a_lease_from_before_the_clock_was_set_back_ends_within_15_minutes(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let future = if database.is_sqlite() { "4102444800000" } else { "'2100-01-01 00:00:00+00'" };
        database.execute(&format!(
            "UPDATE hosts SET lease_holder = 'id=x machine=y boot=z pidns=1 pid=1 start=1', lease_expires_at = {future}"
        ));
        let holder = LeaseHolder::of_this_process();
        store.acquire_lease(&lease.host, &holder, LONG).expect_err("it may live");
        let expires = store.host(&lease.host).expect("the host").lease.expires_at.expect("an expiry");
        let soon = Timestamp::now().plus(Duration::from_secs(16 * 60));
        assert!(expires > Timestamp::now() && expires < soon, "{expires}");
    }

    fn a_released_host_is_free(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.release_lease(&lease).expect("released");
        assert_eq!(store.host(&lease.host).expect("the host").lease.holder, None);
        lease_of(&mut store, &lease.host);
    }

    fn the_daemon_of_another_host_is_refused_until_confirmed(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.commit(&lease, &plan(Vec::new())).expect("local learns its daemon");
        let second = HostName::new("second");
        let other = lease_of(&mut store, &second);
        let error = store.commit(&other, &plan(Vec::new())).expect_err("it is local's");
        assert!(matches!(&error, StoreError::IdentityTaken { other, .. } if other == "local"), "{error}");
        assert_eq!(store.host(&second).expect("the host").engine_identity, None);
        store.confirm_host(&second).expect("both are meant");
        store.commit(&other, &plan(Vec::new())).expect("confirmed");
        assert_eq!(store.host(&second).expect("the host").engine_identity.as_deref(), Some("daemon-1"));
    }

    fn a_learned_identity_stays(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.commit(&lease, &plan(Vec::new())).expect("learned");
        let mut nameless = plan(Vec::new());
        nameless.host.identity = None;
        store.commit(&lease, &nameless).expect("unknown leaves what is stored");
        assert_eq!(store.host(&lease.host).expect("the host").engine_identity.as_deref(), Some("daemon-1"));
        store.confirm_host(&lease.host).expect("confirmed");
        let mut another = plan(Vec::new());
        another.host.identity = Some(identity("daemon-2"));
        store.commit(&lease, &another).expect("learned anew");
        assert_eq!(store.host(&lease.host).expect("the host").engine_identity.as_deref(), Some("daemon-2"));
    }

    fn a_renamed_host_keeps_rows_and_history(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect("a commit");
        let new = HostName::new("edge");
        store.rename_host(&lease.host, &new).expect_err("it is held");
        store.release_lease(&lease).expect("released");
        store.rename_host(&lease.host, &new).expect("renamed");
        assert_eq!(store.open_pass(&new, || {}).expect("a pass").rows.len(), 1);
        assert_eq!(store.changes(None, Some(&new), 10).expect("changes").changes.len(), 1);
        assert_eq!(store.passes(Some(&new), 10).expect("passes").len(), 1);
        lease_of(&mut store, &lease.host);
        store.rename_host(&new, &lease.host).expect_err("the name is taken");
    }

    /// The refusal tells to rename the host that has the daemon to the new name.
    fn a_host_is_renamed_to_the_name_of_a_start_that_was_refused(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.commit(&lease, &plan(Vec::new())).expect("a complete pass");
        store.release_lease(&lease).expect("released");
        let refused = lease_of(&mut store, &HostName::new("edge"));
        store.rename_host(&lease.host, &refused.host).expect_err("it is being started");
        store.release_lease(&refused).expect("released");
        store.rename_host(&lease.host, &refused.host).expect("renamed");
        let names: Vec<_> = store.hosts().expect("hosts").into_iter().map(|host| host.name).collect();
        assert_eq!(names, [refused.host]);
        let other = lease_of(&mut store, &lease.host);
        store.release_lease(&other).expect("released");
        store.rename_host(&other.host, &HostName::new("edge")).expect_err("a host with a complete pass stays");
    }
}
