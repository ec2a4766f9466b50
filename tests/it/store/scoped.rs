//! What a pass over some containers reads.

use std::collections::BTreeSet;

use dockledger::model::{ChangeCause, ContainerId, ContainerState, RowKeys};

use super::build::{identity, insert, plan, update};
use super::commit::with_one_row;
use crate::support::database::{TestDatabase, lease_of, on_both_backends};

fn ids<T: Ord + From<&'static str>, const N: usize>(texts: [&'static str; N]) -> BTreeSet<T> {
    texts.into_iter().map(T::from).collect()
}

on_both_backends! {
    fn a_scoped_open_reads_the_rows_bound_within_it_and_no_others(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.commit(&lease, &plan(vec![insert("api", "c2"), insert("db", "c3")])).expect("a commit");
        let elsewhere = lease_of(&mut store, &"elsewhere".into());
        let mut theirs = plan(vec![insert("web", "c1")]);
        theirs.host.identity = Some(identity("daemon-2"));
        store.commit(&elsewhere, &theirs).expect("another host's row");
        let whole = store.open_pass(&lease.host, || {}).expect("a pass").rows;
        let gone = update(&whole[0], ContainerState::Missing, ChangeCause::Missing);
        store.commit(&lease, &plan(vec![gone])).expect("a commit");
        let mut began = false;
        let opened = store
            .open_containers(&lease.host, &ids::<ContainerId, 3>(["c1", "c2", "unknown"]), || began = true)
            .expect("opened");
        assert!(began);
        assert_eq!(opened.host.name, lease.host);
        let mut found: Vec<_> = opened.rows.iter().map(|row| row.id.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["shop:api", "shop:web"], "the missing one too");
        // What a scope read is never taken for the whole host's rows.
        assert_eq!(store.open_pass(&lease.host, || {}).expect("a pass").rows.len(), 3);
    }

    fn rows_are_read_by_id_in_their_order_without_those_that_do_not_exist(database: &TestDatabase) {
        let (mut store, lease) = with_one_row(database);
        store.commit(&lease, &plan(vec![insert("api", "c2"), insert("db", "c3")])).expect("a commit");
        let wanted = RowKeys { rows: ids(["shop:web", "shop:api", "shop:none"]), ..RowKeys::default() };
        let rows = store.read_rows(&lease.host, &wanted).expect("rows");
        assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["shop:api", "shop:web"]);
        assert_eq!(rows[1].binding.container_id, Some(ContainerId::new("c1")));
        let of_an_owner = RowKeys { workloads: ids(["shop", "nobody"]), rows: ids(["shop:web"]) };
        let rows = store.read_rows(&lease.host, &of_an_owner).expect("rows");
        assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["shop:api", "shop:db", "shop:web"]);
    }
}
