//! Trouble of the database: named, bounded, survived.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use dockledger::store::{OpenMode, Store, StoreError};

use super::build::{insert, parent, plan};
use crate::support::database::{Deployer, TestDatabase, on_both_backends};
use crate::support::{postgres, skip};

fn opened(database: &TestDatabase, mode: OpenMode) -> StoreError {
    Store::open(&database.config, mode).expect_err("it cannot be opened")
}

on_both_backends! {
    /// S1, S15
    fn s1_s15_a_locked_database_is_busy_within_its_bound(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let mut deployer = database.deployer();
        let lock = if database.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE hosts" };
        deployer.execute(lock).expect("a lock");
        let began = Instant::now();
        let error = store.commit(&lease, &plan(Vec::new())).expect_err("it is locked");
        assert!(matches!(error, StoreError::Busy { .. }), "{error}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        deployer.execute("ROLLBACK").expect("unlocked");
        store.commit(&lease, &plan(Vec::new())).expect("the same store works on");
    }

    /// S1, S15: longer than as shipped.
    fn a_lock_is_waited_for_as_long_as_the_deadline_allows(database: &TestDatabase) {
        /// Longer than a lock is waited for as shipped.
        const HELD: Duration = Duration::from_millis(2_500);
        let (_, lease) = database.open_with_lease();
        let mut config = database.config.clone();
        config.store_deadline = Duration::from_secs(15);
        let mut store = Store::open(&config, OpenMode::Write).expect("it opens");
        let mut deployer = database.deployer();
        let lock = if database.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE hosts" };
        deployer.execute(lock).expect("a lock");
        let began = Instant::now();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| store.commit(&lease, &plan(Vec::new())));
            while began.elapsed() < HELD {
                let work = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT max(i) FROM n";
                deployer.execute(work).expect("some work");
            }
            assert!(!waits.is_finished(), "it waits as long as it may");
            deployer.execute("COMMIT").expect("unlocked");
            waits.join().expect("no panic").expect("it waited");
        });
    }

    /// S2: a reader that turned writer would be refused at once.
    fn s2_a_writer_waits_for_another_instead_of_failing(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        let (held, holds) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut deployer = database.deployer();
                let lock = if database.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE hosts" };
                deployer.execute(lock).expect("a lock");
                held.send(()).expect("somebody waits");
                let pause = if database.is_sqlite() {
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
                } else {
                    "SELECT pg_sleep(0.1)"
                };
                deployer.execute(pause).expect("some work");
                deployer.execute("COMMIT").expect("unlocked");
            });
            holds.recv().expect("it holds the lock");
            store.commit(&lease, &plan(Vec::new())).expect("it waited");
        });
    }

    fn a_reader_creates_and_writes_nothing(database: &TestDatabase) {
        if database.is_sqlite() {
            assert!(matches!(opened(database, OpenMode::Read), StoreError::Unopened { .. }));
            assert!(!std::path::Path::new(&database.config.database).exists());
        }
        database.open();
        let mut reader = Store::open(&database.config, OpenMode::Read).expect("it exists");
        assert!(reader.hosts().expect("it reads").is_empty());
        reader.add_project(&parent("shop", "p", "w")).expect_err("it does not write");
        reader.check().expect("it is sound");
    }

    /// I4: what a transaction had done is gone when it fails at its end.
    fn s10_a_pass_that_dies_halfway_leaves_nothing(database: &TestDatabase) {
        let (mut store, lease) = database.open_with_lease();
        store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
        database.execute(if database.is_sqlite() {
            "CREATE TRIGGER refuse BEFORE INSERT ON passes BEGIN SELECT RAISE(ABORT, 'no'); END"
        } else {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON passes FOR EACH ROW EXECUTE FUNCTION refuse()"
        });
        store.commit(&lease, &plan(vec![insert("web", "c1")])).expect_err("the last statement is refused");
        assert_eq!(database.line(&["count(*)"], "FROM containers"), "0");
        assert_eq!(database.line(&["count(*)"], "FROM changes"), "0");
        assert_eq!(database.line(&["value"], "FROM revision_counter"), "0");
        assert_eq!(store.host(&lease.host).expect("the host").last_pass_id, None);
    }
}

/// S4
#[test]
fn s4_a_removed_file_is_noticed_before_anything_is_written_into_it() {
    let database = TestDatabase::sqlite();
    let (mut store, lease) = database.open_with_lease();
    let aside = format!("{}.aside", database.config.database);
    std::fs::rename(&database.config.database, &aside).expect("moved away");
    for _ in 0..2 {
        let error = store.commit(&lease, &plan(Vec::new())).expect_err("it is gone");
        assert!(matches!(error, StoreError::Unopened { .. }), "{error}");
    }
    assert!(!std::path::Path::new(&database.config.database).exists(), "nothing is created in its place");
    std::fs::rename(&aside, &database.config.database).expect("back");
    store.commit(&lease, &plan(Vec::new())).expect("it is found again");
}

/// S5: decision 13. A restore that copies over the file cuts it to nothing first.
#[test]
fn s5_a_file_cut_to_nothing_under_a_ledger_is_not_made_anew() {
    let database = TestDatabase::sqlite();
    let (mut store, lease) = database.open_with_lease();
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = std::fs::read(&database.config.database).expect("the file");
    std::fs::write(&database.config.database, b"").expect("cut");
    for _ in 0..3 {
        let error = store.commit(&lease, &plan(Vec::new())).expect_err("nothing is there");
        assert!(error.to_string().contains("emptied"), "{error}");
    }
    assert_eq!(std::fs::metadata(&database.config.database).expect("it is there").len(), 0, "nothing is made in it");
    std::fs::write(&database.config.database, whole).expect("restored");
    store.commit(&lease, &plan(Vec::new())).or_else(|_| store.commit(&lease, &plan(Vec::new()))).expect("found again");
}

/// S5: what was written last is still in the log beside the file that is lost.
#[test]
fn s5_a_start_beside_the_log_of_a_lost_file_makes_no_ledger() {
    let database = TestDatabase::sqlite();
    let log = format!("{}-wal", database.config.database);
    let (store, _) = database.open_with_lease();
    let words = std::fs::read(&log).expect("a log");
    drop(store);
    for lose in [|path: &str| std::fs::remove_file(path), |path: &str| std::fs::write(path, b"")] {
        lose(&database.config.database).expect("lost");
        std::fs::write(&log, &words).expect("the log stays");
        let error = opened(&database, OpenMode::Write).to_string();
        assert!(error.contains("-wal") && error.contains("put the file back"), "{error}");
        assert_eq!(std::fs::read(&log).expect("it is left alone"), words);
    }
}

/// S7
#[test]
fn s7_a_file_that_is_no_database_is_named_and_left_alone() {
    let database = TestDatabase::sqlite();
    let garbage = "not a database. ".repeat(300);
    std::fs::write(&database.config.database, &garbage).expect("garbage");
    for mode in [OpenMode::Write, OpenMode::WriteUnmigrated, OpenMode::Read] {
        let text = opened(&database, mode).to_string();
        assert!(text.contains(&database.config.database) && text.contains("not a database"), "{text}");
    }
    assert_eq!(std::fs::read_to_string(&database.config.database).expect("unchanged"), garbage);
}

/// S6
#[test]
fn s6_a_garbled_page_is_found_at_the_start() {
    let database = TestDatabase::sqlite();
    let (mut store, lease) = database.open_with_lease();
    store.add_stack(&parent("shop", "s", "shop"), None).expect("a stack");
    let mut rows: Vec<_> = (0..500).map(|n| insert(&format!("r{n:04}"), &format!("k{n}"))).collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    store.commit(&lease, &plan(rows)).expect("a commit");
    drop(store);
    let mut bytes = std::fs::read(&database.config.database).expect("the file");
    let end = bytes.len();
    bytes[end / 2..end / 2 + 8_192].fill(0xa5);
    std::fs::write(&database.config.database, bytes).expect("garbled");
    let error = opened(&database, OpenMode::Write).to_string();
    assert!(error.contains("malformed"), "{error}");
}

/// S8, as an ordinary user: root may write anywhere.
#[test]
fn s8_a_directory_is_named_and_not_opened() {
    let mut database = TestDatabase::sqlite();
    let directory = std::path::Path::new(&database.config.database).parent().expect("its directory").to_owned();
    database.config.database = directory.to_str().expect("a plain path").to_owned();
    let error = opened(&database, OpenMode::Write).to_string();
    assert!(error.contains("is a directory"), "{error}");
}

#[test]
fn the_file_is_its_users_alone() {
    let mut database = TestDatabase::sqlite();
    let directory = std::path::Path::new(&database.config.database).with_file_name("made");
    database.config.database = directory.join("ledger.db").to_str().expect("a plain path").to_owned();
    database.open();
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(database.config.database.as_ref()), 0o600);
}

/// S16
#[test]
fn s16_a_lost_connection_is_opened_again() {
    let Some(database) = TestDatabase::postgres("s16_a_lost_connection_is_opened_again") else { return };
    let (mut store, lease) = database.open_with_lease();
    let Deployer::Postgres(mut server) = database.deployer() else { unreachable!() };
    diesel::connection::SimpleConnection::batch_execute(
        &mut server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .expect("ended");
    let error = store.commit(&lease, &plan(Vec::new())).expect_err("the session is gone");
    assert!(matches!(error, StoreError::Query { .. }), "{error}");
    store.commit(&lease, &plan(Vec::new())).expect("a new session");
}

/// What is told in other words would read as a fault that does not pass.
#[test]
fn a_server_that_speaks_another_language_is_understood() {
    const TEST: &str = "a_server_that_speaks_another_language_is_understood";
    let locales = tempfile::tempdir().expect("a directory");
    let server = match postgres::german_server(locales.path()) {
        Ok(server) => server,
        Err(why) => return skip::skip(TEST, &why),
    };
    let database = TestDatabase::made_on(&server.directory, "ledger");
    let (mut store, lease) = database.open_with_lease();
    let mut deployer = database.deployer();
    let words = deployer.execute("SELECT no_such_column FROM hosts").expect_err("there is none").to_string();
    if words.contains("does not exist") {
        return skip::skip(TEST, "the server's words are not translated here");
    }
    deployer.execute("BEGIN; LOCK TABLE hosts").expect("a lock");
    let error = store.commit(&lease, &plan(Vec::new())).expect_err("it is locked");
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
}

/// S18
#[test]
fn s18_a_read_only_server_is_refused_at_once() {
    let Some(database) = TestDatabase::postgres("s18_a_read_only_server_is_refused_at_once") else { return };
    database.open();
    database.execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$");
    let error = opened(&database, OpenMode::Write);
    assert!(matches!(error, StoreError::Unopened { .. }), "{error}");
    Store::open(&database.config, OpenMode::Read).expect("reading needs no more");
}

/// S12, B46
#[test]
fn s12_b46_no_error_shows_the_password() {
    let secret = "hunter2";
    for url in [
        format!("postgres://u:{secret}@127.0.0.1:1/d"),
        format!("postgres://u:{secret}@127.0.0.1:not-a-port/d"),
        format!("postgres://u@127.0.0.1:1/d?password={secret}"),
        format!("postgres://u:{secret}%zz@127.0.0.1:1/d"),
        format!("postgres://u:{secret}@127.0.0.1:1/d?nonsense={secret}"),
    ] {
        let mut database = TestDatabase::sqlite();
        database.config.database.clone_from(&url);
        for mode in [OpenMode::Write, OpenMode::Read] {
            let error = opened(&database, mode);
            assert!(matches!(error, StoreError::Unopened { .. }), "{error}");
            assert!(!error.to_string().contains(secret) && !format!("{error:?}").contains(secret), "{error}");
        }
    }
}
