//! The log of an SQLite ledger that nobody writes is given back: beside the writer, so that no pass waits for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::{JoinHandle, spawn_blocking};

use super::open::{LARGE_LOG, log_of};
use super::{OpenMode, Store};
use crate::config::Config;
use crate::store::db::location::Location;

/// After so long without a write nobody is in the middle of several.
const IDLE: Duration = Duration::from_secs(5);

/// Between two tries: a reader that reads on for minutes keeps the log, and costs no more than a look.
const PAUSE: Duration = Duration::from_secs(30);

/// Looks at the log's file alone until something is to be done.
#[derive(Debug)]
pub(super) struct IdleLog {
    config: Arc<Config>,
    /// `None` of a database that has no such file.
    log: Option<PathBuf>,
    not_before: Option<Instant>,
    work: Option<JoinHandle<()>>,
}

impl IdleLog {
    pub(super) fn new(config: &Arc<Config>) -> Self {
        let log = match Location::of(config) {
            Ok(Location::Sqlite(path)) => Some(log_of(&path)),
            Ok(Location::Postgres(_)) | Err(_) => None,
        };
        Self { config: Arc::clone(config), log, not_before: None, work: None }
    }

    /// Begins to give the log back if it is large and nobody has written it for a while. It waits for nothing: whoever reads or
    /// writes by then goes first, and it is tried again later.
    pub(super) fn look(&mut self) {
        let is_at_work = self.work.as_ref().is_some_and(|work| !work.is_finished());
        let is_too_early = self.not_before.is_some_and(|moment| Instant::now() < moment);
        if is_at_work || is_too_early || !self.log.as_deref().is_some_and(|log| is_due(log, SystemTime::now())) {
            return;
        }
        self.not_before = Some(Instant::now() + PAUSE);
        let config = Arc::clone(&self.config);
        self.work = Some(spawn_blocking(move || {
            let given =
                Store::open_unchecked(&config, OpenMode::WriteUnmigrated).and_then(|mut store| store.shrink_log());
            if let Err(error) = given {
                tracing::debug!(%error, "the ledger's log stays as large as it is");
            }
        }));
    }
}

/// A moment in the future is no sign of rest: somebody set the clock back.
fn is_due(log: &Path, now: SystemTime) -> bool {
    let Ok(found) = std::fs::metadata(log) else { return false };
    let written = found.modified().ok().and_then(|moment| now.duration_since(moment).ok());
    found.len() > LARGE_LOG && written.is_some_and(|ago| ago >= IDLE)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    struct Ledger {
        directory: tempfile::TempDir,
        store: Store,
        idle: IdleLog,
    }

    /// With a log of some 3 MB, as a pass over many new containers leaves it.
    fn ledger() -> Ledger {
        let directory = tempfile::tempdir().expect("a directory");
        let config = Arc::new(Config::new(directory.path().join("ledger.db").display().to_string()));
        let mut store = Store::open(&config, OpenMode::Write).expect("a fresh ledger");
        let bulk = "CREATE TABLE bulk (b BLOB); INSERT INTO bulk VALUES (zeroblob(3000000)); DROP TABLE bulk";
        store.with_connection(|db| db.batch_execute(bulk).expect("written"));
        Ledger { directory, store, idle: IdleLog::new(&config) }
    }

    impl Ledger {
        fn log(&self) -> PathBuf {
            self.directory.path().join("ledger.db-wal")
        }

        fn size(&self) -> u64 {
            std::fs::metadata(self.log()).expect("a log").len()
        }

        /// As if it was written then.
        fn was_written(&self, moment: SystemTime) {
            let log = std::fs::OpenOptions::new().write(true).open(self.log()).expect("a log");
            log.set_modified(moment).expect("its own file");
        }

        /// Looks, and waits for what that began.
        async fn look(&mut self) {
            self.idle.look();
            if let Some(work) = self.idle.work.take() {
                work.await.expect("it ends well");
            }
        }
    }

    #[tokio::test]
    async fn a_large_log_is_given_back_once_nobody_writes_and_not_before() {
        let mut ledger = ledger();
        let (now, minute) = (SystemTime::now(), Duration::from_secs(60));
        for busy in [now, now + minute] {
            assert!(!is_due(&ledger.log(), busy - minute), "written after that moment");
        }
        ledger.was_written(now + minute);
        ledger.look().await;
        assert!(ledger.size() > 2_000_000, "{}", ledger.size());
        ledger.was_written(now - minute);
        ledger.look().await;
        assert_eq!(ledger.size(), 0);
        assert!(!is_due(&ledger.log(), now + minute), "nothing is left to give back");
    }

    #[tokio::test]
    async fn whoever_writes_or_reads_goes_first_and_the_log_stays() {
        for held in ["BEGIN IMMEDIATE", "BEGIN; SELECT count(*) FROM hosts"] {
            let mut ledger = ledger();
            ledger.was_written(SystemTime::now() - Duration::from_secs(60));
            ledger.store.with_connection(|db| db.batch_execute(held).expect("nobody else does"));
            ledger.look().await;
            assert!(ledger.size() > 2_000_000, "{held}: {}", ledger.size());
            ledger.store.with_connection(|db| db.batch_execute("COMMIT").expect("it is open"));
            ledger.look().await;
            assert!(ledger.size() > 2_000_000, "{held}: it is not tried at once again");
            ledger.idle.not_before = None;
            ledger.look().await;
            assert_eq!(ledger.size(), 0, "{held}");
        }
    }
}
