//! The connections that only read: whether anything was committed since.

use std::sync::Arc;

use dockledger::store::Readers;
use dockledger::telemetry::InFlight;

use crate::support::database::{TestDatabase, on_both_backends};

/// The tag of now, and whether a read was spared.
fn tag(runtime: &tokio::runtime::Runtime, readers: &Readers, known: &str) -> (String, bool) {
    let known = known.to_owned();
    let read = runtime.block_on(readers.read_unless(move |tag| tag == known, |_| Ok(())));
    let (tag, read) = read.expect("it can be read");
    (tag, read.is_none())
}

on_both_backends! {
    /// No revision tells of a deployer's own columns, and a server's tag also follows its other databases: it is the same
    /// as long as nothing at all is committed.
    fn a_tag_spares_a_read_until_anybody_commits_anything(database: &TestDatabase) {
        drop(database.open());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let readers = Readers::new(Arc::new(database.config.clone()), InFlight::default());
        let mut known = tag(&runtime, &readers, "").0;
        let mut is_spared = false;
        for _ in 0..10_000 {
            let (now, spared) = tag(&runtime, &readers, &known);
            assert_eq!(spared, now == known);
            is_spared |= spared;
            known = now;
            if is_spared {
                break;
            }
        }
        assert!(is_spared, "two looks with nothing between them");
        database.execute("INSERT INTO hosts (name) VALUES ('other')");
        let (changed, spared) = tag(&runtime, &readers, &known);
        assert!(!spared && changed != known);
        let others = Readers::new(Arc::new(database.config.clone()), InFlight::default());
        assert_ne!(tag(&runtime, &others, &changed).0, changed, "a restarted service knows no tag of the one before");
    }
}
