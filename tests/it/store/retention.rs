//! What is kept for a time only.

use dockledger::model::{ChangeCause, ContainerState};
use dockledger::store::Store;

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

    fn the_history_is_kept_by_count_and_a_late_reader_is_told(database: &TestDatabase) {
        use dockledger::config::Retention;
        use dockledger::model::Revision;
        let (mut store, lease) = with_one_row(database);
        for number in 0..4 {
            let role = format!("r{number}");
            let mut pass = plan(vec![insert(&role, &role)]);
            pass.pass.started_at = dockledger::model::Timestamp::now().plus(std::time::Duration::from_secs(number));
            store.commit(&lease, &pass).expect("a commit");
        }
        let retention = Retention { changes_count: 2, passes_count: 3, ..Retention::default() };
        store.prune(&lease, &retention, dockledger::model::Timestamp::now()).expect("pruned");
        assert_eq!(store.passes(None, 100).expect("passes").len(), 3);
        let page = |store: &mut Store, after| store.changes(Some(Revision(after)), None, 100).expect("a page");
        assert_eq!(page(&mut store, 3).changes.len(), 2);
        assert!(!page(&mut store, 3).lagged);
        assert!(page(&mut store, 2).lagged);
        assert_eq!(page(&mut store, 2).oldest, Revision(4));
        assert_eq!(page(&mut store, 5).changes, []);
    }
}
