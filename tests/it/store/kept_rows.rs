//! Rows are read again only if anybody wrote to the ledger, and then always. SQLite alone tells.

use std::sync::Arc;

use dockledger::model::{LedgerRow, RowId};
use dockledger::store::{Lease, NewParent, Store};

use super::build::{insert, parent, plan};
use crate::support::database::TestDatabase;

fn open(store: &mut Store, lease: &Lease) -> Arc<Vec<LedgerRow>> {
    store.open_pass(&lease.host, || {}).expect("a pass").rows
}

#[test]
fn rows_that_nobody_wrote_are_not_read_again() {
    let database = TestDatabase::sqlite();
    let (mut store, lease) = database.open_with_lease();
    store.add_stack(&parent("shop", "s1", "shop"), None).expect("fresh");
    store.commit(&lease, &plan(vec![insert("a", "c1")])).expect("a commit");
    let first = open(&mut store, &lease);
    assert_eq!(first.len(), 1);
    store.commit(&lease, &plan(Vec::new())).expect("a steady commit");
    store.renew_lease(&lease).expect("ours");
    assert!(Arc::ptr_eq(&first, &open(&mut store, &lease)));
}

/// What is written, and how.
type Write<'a> = (&'a str, &'a dyn Fn(&mut Store));

#[test]
fn any_write_of_anybody_has_them_read_again() {
    let database = TestDatabase::sqlite();
    let (mut store, lease) = database.open_with_lease();
    store.add_stack(&parent("shop", "s1", "shop"), None).expect("fresh");
    store.commit(&lease, &plan(vec![insert("a", "c1")])).expect("a commit");
    let host = lease.host.clone();
    let own: [Write<'_>; 4] = [
        ("a commit with a row", &|store| {
            store.commit(&lease, &plan(vec![insert("b", "c2")])).expect("a commit");
        }),
        ("a stack", &|store| drop(store.add_stack(&NewParent::named("other"), None).expect("fresh"))),
        ("a row removed", &|store| {
            store.release(&host, &RowId::new("shop:b")).expect("it is there");
        }),
        ("details", &|store| {
            store.write_details(&lease, &[]).expect("nothing to write");
        }),
    ];
    for (what, write) in own {
        let before = open(&mut store, &lease);
        write(&mut store);
        assert!(!Arc::ptr_eq(&before, &open(&mut store, &lease)), "{what}");
    }
    for sql in [
        "UPDATE containers SET image_tag = 'x'",
        "UPDATE containers SET container_id = 'another' WHERE id = 'shop:a'",
        "DELETE FROM stacks WHERE name = 'other'",
    ] {
        let before = open(&mut store, &lease);
        database.execute(sql);
        let after = open(&mut store, &lease);
        assert!(!Arc::ptr_eq(&before, &after), "{sql}");
        assert!(Arc::ptr_eq(&after, &open(&mut store, &lease)), "and once");
    }
    assert_eq!(open(&mut store, &lease)[0].binding.container_id.as_ref().map(AsRef::as_ref), Some("another"));
}
