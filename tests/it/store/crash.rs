//! A process that is killed in the middle of its commits.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dockledger::config::Config;
use dockledger::model::{ChangeCause, ContainerState};
use dockledger::store::{OpenMode, Store};

use super::build::{insert, parent, plan, update};
use crate::support::database::{TestDatabase, lease_of, on_both_backends};

/// Names the database to the child.
const CHILD: &str = "DOCKLEDGER_TEST_CRASHING_CHILD";

/// Enough that a commit is more than one page and one statement.
const ROWS: usize = 100;

const KILLS: usize = 30;

/// Runs as the child of the test below, and does nothing by itself: writes one number into every row, commit after
/// commit, until it is killed.
#[test]
fn the_child_that_commits_until_it_is_killed() {
    let Ok(database) = std::env::var(CHILD) else { return };
    let config = Config::new(database);
    let mut store = Store::open(&config, OpenMode::Write).expect("the ledger opens");
    let lease = lease_of(&mut store, &config.host);
    for number in 0.. {
        let rows = store.open_pass(&lease.host, || {}).expect("a pass").rows;
        let state = |port: i32| if port % 2 == 0 { ContainerState::Running } else { ContainerState::Paused };
        let port = rows[0].observed.port + 1;
        let writes = rows.iter().map(|row| {
            let mut write = update(row, state(port), ChangeCause::Observed);
            write.observed.port = port;
            write
        });
        store.commit(&lease, &plan(writes.collect())).expect("a commit");
        let mut stdout = std::io::stdout();
        writeln!(stdout, "committed {number}").and_then(|()| stdout.flush()).expect("the parent reads");
    }
}

/// Some microseconds, another number each time.
fn a_moment() -> Duration {
    use std::hash::{BuildHasher, Hasher, RandomState};
    Duration::from_micros(RandomState::new().build_hasher().finish() % 8_000)
}

/// Kills a child at some moment after its first commit.
fn crash(database: &TestDatabase) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "store::crash::the_child_that_commits_until_it_is_killed", "--nocapture"])
        .env(CHILD, &database.config.database)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    // Read from until the kill: a child whose words go nowhere ends by itself.
    let mut lines = BufReader::new(child.stdout.take().expect("it was asked for")).lines();
    let committed = lines.by_ref().map_while(Result::ok).any(|line| line.contains("committed"));
    let (began, moment) = (Instant::now(), a_moment());
    while began.elapsed() < moment {
        std::hint::spin_loop();
    }
    child.kill().expect("it runs");
    child.wait().expect("its end");
    assert!(committed, "the child ended by itself");
}

on_both_backends! {
    /// S10, I4, I5
    fn s10_a_process_killed_in_its_commits_leaves_the_ledger_whole(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        let rows = (0..ROWS).map(|n| insert(&format!("r{n:03}"), &format!("k{n}"))).collect();
        store.commit(&lease, &plan(rows)).expect("a commit");
        store.release_lease(&lease).expect("released");
        drop(store);
        let mut generation = lease.generation;
        for kill in 0..KILLS {
            crash(database);
            let mut store = database.open();
            store.check().expect("sound");
            let rows = database.lines(&["port", "state"], "FROM containers GROUP BY port, state");
            assert_eq!(rows.len(), 1, "all rows of one commit, kill {kill}: {rows:?}");
            let history = database.line(&["count(*)", "max(revision)"], "FROM changes");
            let counter = database.line(&["value"], "FROM revision_counter");
            assert_eq!(history, format!("{counter}|{counter}"), "kill {kill}");
            assert_eq!(database.line(&["max(revision)"], "FROM containers"), counter, "kill {kill}");
            let taken = lease_of(&mut store, &lease.host);
            assert_eq!(taken.generation, generation + 2, "the child's and this one, kill {kill}");
            generation = taken.generation;
            store.release_lease(&taken).expect("released");
        }
    }
}
