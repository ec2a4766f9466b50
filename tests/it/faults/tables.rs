//! A deployer changes the ledger's tables while the program lives beside them.

use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use dockledger::store::NewParent;

use crate::support::database::{TestDatabase, on_both_backends};
use crate::whole::ledger::{BEGIN, program_on};

on_both_backends! {
    /// S19: renamed or dropped tables and columns are told with their cure, and nothing is half-written.
    fn a_table_that_somebody_changed_fails_the_pass_whole(database: &TestDatabase) {
        for change in [
            "ALTER TABLE changes RENAME TO history",
            "ALTER TABLE containers RENAME COLUMN health TO fitness",
            "ALTER TABLE hosts DROP COLUMN last_error",
        ] {
            let Some(database) = another(database) else { return };
            database.open().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
            let mut world = World::new(1, BEGIN);
            world.run(NewContainer::new("c0", "busybox").compose("shop", "s0", 1)).expect("a fresh name");
            let daemon = SimulatedDaemon::start(world).expect("a socket");
            // Else the database itself would refuse the change.
            database.execute("DROP VIEW containers_view");
            database.execute(change);
            let ran = program_on(&database.config.database, &daemon.docker_host(), &["once", "--json"]);
            assert_eq!(ran.code, 4, "{change}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("dockledger migrate status"), "{change}: {}", ran.stderr);
            assert_eq!(database.line(&["count(*)"], "FROM containers"), "0", "{change}");
        }
    }
}

/// A fresh one on the same backend.
fn another(like: &TestDatabase) -> Option<TestDatabase> {
    if like.is_sqlite() { Some(TestDatabase::sqlite()) } else { TestDatabase::postgres(module_path!()) }
}
