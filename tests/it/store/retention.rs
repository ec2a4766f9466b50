//! What is kept for a time only.

use std::sync::Arc;

use dockledger::model::{ChangeCause, ContainerState, Timestamp};
use dockledger::store::{LeaseHolder, Store, StoreFactory};

use super::build::{insert, plan, update};
use super::commit::{history, rows, with_one_row};
use crate::support::database::{TestDatabase, on_both_backends};

on_both_backends! {
    fn a_retired_row_is_forgotten_only_when_no_deployer_needs_it(database: &TestDatabase) {
        use dockledger::config::Retention;
        use std::time::Duration;
        let (mut store, lease) = with_one_row(database);
        store.commit(&lease, &plan(vec![insert("kept", "c2")])).expect("a commit");
        database.execute("UPDATE containers SET subdomain = 'www' WHERE id = 'shop:kept'");
        let gone = rows(&mut store, &lease)
            .iter()
            .map(|row| update(row, ContainerState::Missing, ChangeCause::Missing))
            .collect();
        store.commit(&lease, &plan(gone)).expect("a commit");
        let retention = Retention { missing: Duration::from_secs(60), ..Retention::default() };
        let soon = crate::store::build::BEGAN.plus(Duration::from_secs(59));
        assert_eq!(store.prune(&lease, &retention, soon).expect("nothing yet"), 0);
        let later = crate::store::build::BEGAN.plus(Duration::from_secs(61));
        assert_eq!(store.prune(&lease, &retention, later).expect("one"), 1);
        assert_eq!(database.lines(&["id"], "FROM containers"), ["shop:kept"]);
        assert_eq!(history(&mut store).last().map(|change| change.3.clone()), Some("forgotten".into()));
    }

    /// S11: the last pass that the ledger knows is from long ago, as far as this process can tell.
    fn s11_a_clock_that_leaps_ahead_removes_nothing(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.release_lease(&lease).expect("released");
        let long_ago = if database.is_sqlite() { "1700000000123" } else { "to_timestamp(1700000000.123)" };
        database.execute(&format!("UPDATE hosts SET last_complete_pass_at = {long_ago}"));
        let holder = LeaseHolder::of_this_process();
        let ledgers = StoreFactory::threaded(Arc::new(database.config.clone()), holder, false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        for _ in 0..2 {
            // A later life of the same process has seen no more of the clock.
            let mut ledger = ledgers.make();
            runtime.block_on(ledger.begin()).expect("it begins");
            let mut now = plan(vec![]);
            now.pass.started_at = Timestamp::now();
            runtime.block_on(ledger.commit(Box::new(now))).expect("a pass by the new clock");
            assert_eq!(runtime.block_on(ledger.prune()).expect("nothing"), 0);
        }
        assert_eq!(store.passes(None, 10).expect("passes").len(), 1, "the one of 2023");
        // A process that is started with that clock, in a ledger that knows it by now, believes it.
        let later = LeaseHolder::of_this_process();
        database.execute("UPDATE hosts SET lease_holder = NULL");
        let mut ledger = StoreFactory::threaded(Arc::new(database.config.clone()), later, false).make();
        runtime.block_on(ledger.begin()).expect("it begins");
        assert_eq!(runtime.block_on(ledger.prune()).expect("the old pass, and its change"), 2);
    }

    /// The shortest retention of a fleet is that of its own host's history alone, and a reader of all is told of its holes.
    fn each_host_keeps_its_own_history_as_long_as_it_says(database: &TestDatabase) {
        use dockledger::config::Retention;
        use dockledger::model::{HostName, Revision};
        let (mut store, lease) = with_one_row(database);
        let mut west = database.open();
        let west_lease = crate::support::database::lease_of(&mut west, &HostName::new("west"));
        let pass = |store: &mut Store, lease: &dockledger::store::Lease, role: &str| {
            let mut pass = plan(vec![insert(role, role)]);
            pass.host.identity = None;
            store.commit(lease, &pass).expect("a commit");
        };
        // Revisions 2 and 3 of west, 4 of local, 5 of west.
        pass(&mut west, &west_lease, "w1");
        pass(&mut west, &west_lease, "w2");
        pass(&mut store, &lease, "l1");
        pass(&mut west, &west_lease, "w3");
        let now = crate::store::build::BEGAN;
        let short = Retention { changes_count: 1, ..Retention::default() };
        assert_eq!(west.prune(&west_lease, &short, now).expect("pruned"), 2);
        assert_eq!(store.prune(&lease, &Retention::default(), now).expect("nothing"), 0);
        assert_eq!(database.lines(&["revision", "host"], "FROM changes ORDER BY revision"), ["1|local", "4|local", "5|west"]);
        let (local, west_name) = (lease.host.clone(), HostName::new("west"));
        let lagged = |store: &mut Store, after, host: Option<&HostName>| {
            let page = store.changes(Some(Revision(after)), host, 100).expect("a page");
            (page.lagged, page.oldest.0)
        };
        assert_eq!(lagged(&mut store, 0, Some(&local)), (false, 1), "of this host nothing is lacking");
        assert_eq!(lagged(&mut store, 0, Some(&west_name)), (true, 4));
        assert_eq!(lagged(&mut store, 2, None), (true, 4), "3 is lacking, whatever is kept before it");
        assert_eq!(lagged(&mut store, 3, None), (false, 4));
        // A host that is gone leaves no history for ever, and no silent hole.
        west.release_lease(&west_lease).expect("released");
        store.forget_host(&west_name).expect("gone");
        assert_eq!(lagged(&mut store, 2, None), (true, 4));
        let old = Retention { changes: std::time::Duration::from_secs(1), ..Retention::default() };
        let later = Timestamp::now().plus(std::time::Duration::from_secs(60));
        database.execute("UPDATE hosts SET lease_expires_at = NULL");
        store.prune(&lease, &old, later).expect("pruned");
        assert_eq!(database.line(&["count(*)"], "FROM changes"), "0");
        let latest = store.changes(None, None, 1).expect("a page").latest;
        assert_eq!(lagged(&mut store, 5, None), (true, latest.0 + 1));
        assert_eq!(lagged(&mut store, latest.0, None), (false, latest.0 + 1));
    }

    fn the_history_is_kept_by_count_and_a_late_reader_is_told(database: &TestDatabase) {
        use dockledger::config::Retention;
        use dockledger::model::Revision;
        let (mut store, lease) = with_one_row(database);
        for number in 0..4 {
            let role = format!("r{number}");
            let mut pass = plan(vec![insert(&role, &role)]);
            pass.pass.started_at = Timestamp::now().plus(std::time::Duration::from_secs(number));
            store.commit(&lease, &pass).expect("a commit");
        }
        // The changes are of 2023.
        let changes = std::time::Duration::from_secs(50 * 366 * 86_400);
        let retention = Retention { changes, changes_count: 2, passes_count: 3, ..Retention::default() };
        store.prune(&lease, &retention, Timestamp::now()).expect("pruned");
        assert_eq!(store.passes(None, 100).expect("passes").len(), 3);
        let page = |store: &mut Store, after| store.changes(Some(Revision(after)), None, 100).expect("a page");
        assert_eq!(page(&mut store, 3).changes.len(), 2);
        assert!(!page(&mut store, 3).lagged);
        assert!(page(&mut store, 2).lagged);
        assert_eq!(page(&mut store, 2).oldest, Revision(4));
        assert_eq!(page(&mut store, 5).changes, []);
    }
}
