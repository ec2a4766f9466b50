//! What a pass that changes nothing costs.

use dockledger::model::DirectoryKeys;
use dockledger::store::Store;

use super::build::{insert, parent, plan};
use crate::support::database::TestDatabase;

fn wal_bytes(database: &TestDatabase) -> u64 {
    std::fs::metadata(format!("{}-wal", database.config.database)).map_or(0, |metadata| metadata.len())
}

/// How many commits the write-ahead log holds: each ends with a frame that carries the size of the database.
fn wal_commits(database: &TestDatabase) -> usize {
    let log = std::fs::read(format!("{}-wal", database.config.database)).expect("a log");
    let page = u32::from_be_bytes([log[8], log[9], log[10], log[11]]) as usize;
    log[32..].chunks_exact(24 + page).filter(|frame| frame[4..8] != [0; 4] && frame[8..16] == log[16..24]).count()
}

fn pass(store: &mut Store, lease: &dockledger::store::Lease, keys: &DirectoryKeys) {
    let opened = store.open_pass(&lease.host, || {}).expect("a pass");
    assert_eq!(opened.rows.len(), 1_000);
    store.look_up(keys).expect("a directory");
    store.commit(lease, &plan(Vec::new())).expect("a commit");
}

/// I9: measured on the log itself, emptied before.
#[test]
fn a_steady_pass_writes_at_most_8_kib_in_one_commit() {
    let database = TestDatabase::sqlite();
    let (mut store, lease) = database.open_with_lease();
    store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let mut rows: Vec<_> = (0..1_000).map(|n| insert(&format!("r{n:04}"), &format!("k{n}"))).collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    store.commit(&lease, &plan(rows)).expect("a commit");
    let keys = DirectoryKeys { compose_projects: ["shop".to_owned()].into(), ..DirectoryKeys::default() };
    pass(&mut store, &lease, &keys);
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    assert_eq!(wal_bytes(&database), 0);
    pass(&mut store, &lease, &keys);
    let bytes = wal_bytes(&database);
    assert!(bytes > 0 && bytes <= 8 << 10, "{bytes} bytes");
    assert_eq!(wal_commits(&database), 1);
}
