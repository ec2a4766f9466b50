//! The real ledger behind StoreActor: each call moves the connection and its lease to a blocking thread and back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::blocking::on_a_thread;
use super::idle_log::IdleLog;
use super::ledger_store::{LedgerStore, StoreFactory};
use super::retention_clock::RetentionClock;
use super::tries::{FIRST_BOUND, LifeTries, Tries, Try};
use super::{DetailsReport, Lease, LeaseHolder, NewBinding, OpenMode, Opened, Store, StoreError, lease_time_to_live};
use crate::config::Config;
use crate::model::{BoxFuture, Directory, DirectoryKeys, LedgerRow, RowKeys, Scope, Timestamp};
use crate::store::db::location::Location;
use crate::store::passes::plan::{CommitPlan, CommitReport, DetailsWrite};
use crate::store::read::threaded_reader::ThreadedReader;

/// The database of a configuration. A call whose future is dropped ends on its thread all the same: then its generation
/// is refused, or was whole before the next one was given out.
#[derive(Debug)]
struct ThreadedStore {
    config: Arc<Config>,
    holder: LeaseHolder,
    mode: OpenMode,
    tries: LifeTries,
    /// Of all lives, from the first one that had the lease on: a later one knows no better whether a clock leapt.
    clock: Arc<Mutex<Option<RetentionClock>>>,
    /// Open, and waiting for the lease.
    opened: Option<Store>,
    log: IdleLog,
    /// Absent until the lease is taken, and while a thread works with it.
    held: Option<Held>,
}

/// The database and the right to write the host.
#[derive(Debug)]
struct Held {
    store: Store,
    lease: Lease,
}

impl StoreFactory {
    /// The database of a configuration. All lives hold one lease as `holder`, each with a generation of its own.
    /// `migrate` says whether they bring the schema up, and make the file, by themselves.
    #[must_use]
    pub fn threaded(config: Arc<Config>, holder: LeaseHolder, migrate: bool) -> Self {
        Self::threaded_within(FIRST_BOUND, config, holder, migrate)
    }

    fn threaded_within(first_bound: Duration, config: Arc<Config>, holder: LeaseHolder, migrate: bool) -> Self {
        let mode = if migrate { OpenMode::Write } else { OpenMode::WriteUnmigrated };
        let (clock, tries) = (Arc::default(), Tries::new(first_bound));
        let reader = Arc::new(ThreadedReader::new(Arc::clone(&config)));
        let make = move || -> Box<dyn LedgerStore> {
            let (config, holder, clock) = (config.clone(), holder.clone(), Arc::clone(&clock));
            let tries = tries.of_a_new_life();
            let log = IdleLog::new(&config);
            Box::new(ThreadedStore { config, holder, mode, tries, clock, opened: None, log, held: None })
        };
        Self::new(make, reader)
    }
}

impl ThreadedStore {
    /// Once this process had a ledger, none is made in its place.
    fn mode(&self) -> OpenMode {
        let had_one = lock(&self.clock).is_some();
        if had_one { OpenMode::WriteUnmigrated } else { self.mode }
    }

    /// Waits for one try no longer than it may take: a server that hangs without closing its connections tells nothing,
    /// and a new connection may find another in its place.
    async fn open(&mut self) -> Result<Duration, StoreError> {
        let Some(this) = self.tries.next() else {
            return Err(self.unopened("a later life of this store has taken its place".into()));
        };
        let bound = this.bound;
        match timeout(bound, self.try_to_open(this)).await {
            Ok(opened) => opened,
            Err(_) => Err(self.unopened(format!(
                "it did not answer within {bound:?}; look whether its server or its disk hangs; it is tried again on a new \
                 connection"
            ))),
        }
    }

    async fn try_to_open(&mut self, this: Try) -> Result<Duration, StoreError> {
        let (config, holder, mode) = (self.config.clone(), self.holder.clone(), self.mode());
        let thread = self.tries.thread().await;
        let opened = self.opened.take();
        let clock = Arc::clone(&self.clock);
        let (store, lease) = on_a_thread(move || {
            let _until_it_ends = thread;
            let mut store = match opened {
                Some(store) => store,
                None => Store::open(&config, mode)?,
            };
            let time_to_live = lease_time_to_live(config.interval);
            let lease = store.acquire_lease_unless(|| this.is_replaced(), &config.host, &holder, time_to_live);
            // Before the first commit of this process stamps the host by the clock as it is now. A database that hangs
            // here must not hold the clock: the next life would wait for it on a thread of the runtime.
            if lease.is_ok() && lock(&clock).is_none() {
                let last_known = store.host(&config.host)?.last_complete_pass_at;
                let known = RetentionClock::new(last_known.unwrap_or_else(Timestamp::now), Instant::now());
                lock(&clock).get_or_insert(known);
            }
            Ok((store, lease))
        })
        .await?;
        match lease {
            Ok(lease) => {
                let time_to_live = lease.time_to_live;
                self.held = Some(Held { store, lease });
                Ok(time_to_live)
            }
            Err(error) => {
                self.opened = Some(store);
                Err(error)
            }
        }
    }

    fn unopened(&self, cause: String) -> StoreError {
        // One that this build has no client for was refused before the ledger was spawned.
        let url = Location::of(&self.config).map_or_else(|_| String::new(), |location| location.to_string());
        StoreError::Unopened { url, cause }
    }

    /// Runs one transaction.
    fn work<T: Send + 'static>(
        &mut self,
        body: impl FnOnce(&mut Store, &Lease) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        Box::pin(async move {
            let Some(mut held) = self.held.take() else {
                return Err(self.unopened("it is not open yet; it is tried again".into()));
            };
            let (held, result) = on_a_thread(move || {
                let result = body(&mut held.store, &held.lease);
                Ok((held, result))
            })
            .await?;
            self.held = Some(held);
            result
        })
    }
}

/// Held for a moment only, and never while the database is asked.
fn lock(clock: &Mutex<Option<RetentionClock>>) -> MutexGuard<'_, Option<RetentionClock>> {
    clock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LedgerStore for ThreadedStore {
    fn begin(&mut self) -> BoxFuture<'_, Result<Duration, StoreError>> {
        Box::pin(self.open())
    }

    fn renew_lease(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(|store, lease| store.renew_lease(lease))
    }

    fn release_lease(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(|store, lease| store.release_lease(lease))
    }

    fn prune(&mut self) -> BoxFuture<'_, Result<usize, StoreError>> {
        let retention = self.config.retention.clone();
        let wall = Timestamp::now();
        let now = lock(&self.clock).as_mut().map_or(wall, |clock| clock.now(wall, Instant::now()));
        self.work(move |store, lease| {
            let removed = store.prune(lease, &retention, now)?;
            if removed == 0 {
                // What is due once an hour: a log that is large by then is not worth a fault.
                if let Err(error) = store.shrink_log() {
                    tracing::debug!(%error, "the ledger's log stays as large as it is");
                }
            }
            Ok(removed)
        })
    }

    fn open_pass(
        &mut self,
        scope: Scope,
        snapshot_began: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<Opened, StoreError>> {
        self.work(move |store, lease| match &scope {
            Scope::Host => {
                store.tell_foreign_writes(lease)?;
                store.open_pass(&lease.host, snapshot_began)
            }
            Scope::Containers(containers) => store.open_containers(&lease.host, containers, snapshot_began),
        })
    }

    fn read_rows(&mut self, rows: RowKeys) -> BoxFuture<'_, Result<Vec<LedgerRow>, StoreError>> {
        self.work(move |store, lease| store.read_rows(&lease.host, &rows))
    }

    fn look_up(&mut self, keys: DirectoryKeys) -> BoxFuture<'_, Result<Directory, StoreError>> {
        self.work(move |store, _| store.look_up(&keys))
    }

    fn adopt_stacks(&mut self, compose_projects: BTreeSet<String>) -> BoxFuture<'_, Result<Directory, StoreError>> {
        self.work(move |store, _| store.adopt_stacks(&compose_projects))
    }

    fn commit(&mut self, plan: Box<CommitPlan>) -> BoxFuture<'_, Result<CommitReport, StoreError>> {
        self.work(move |store, lease| store.commit(lease, &plan))
    }

    fn write_details(&mut self, writes: Vec<DetailsWrite>) -> BoxFuture<'_, Result<DetailsReport, StoreError>> {
        self.work(move |store, lease| store.write_details(lease, &writes))
    }

    /// Asked for each second: there is no better moment to look for one of rest.
    fn new_bindings(&mut self) -> BoxFuture<'_, Result<Vec<NewBinding>, StoreError>> {
        self.log.look();
        self.work(|store, lease| {
            store.tell_foreign_writes(lease)?;
            store.new_bindings(&lease.host)
        })
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    fn factory(directory: &tempfile::TempDir, first_bound: Duration) -> StoreFactory {
        let config = Config::new(directory.path().join("ledger.db").display().to_string());
        StoreFactory::threaded_within(first_bound, Arc::new(config), LeaseHolder::of_this_process(), true)
    }

    /// A4: a StoreActor that was killed while it began leaves a thread behind, which comes to the lease in the end.
    #[tokio::test]
    async fn a4_a_life_that_was_replaced_takes_no_lease_from_its_successor() {
        let directory = tempfile::tempdir().expect("a directory");
        let factory = factory(&directory, FIRST_BOUND);
        let (mut late, mut successor) = (factory.make(), factory.make());
        successor.begin().await.expect("it is the latest");
        late.begin().await.expect_err("it was replaced");
        successor.renew_lease().await.expect("it is still its own");
        successor.release_lease().await.expect("it is still its own");
        late.begin().await.expect_err("what was released stays free");
    }

    #[tokio::test]
    async fn a_log_that_grew_is_given_back_once_nothing_is_left_to_remove() {
        let directory = tempfile::tempdir().expect("a directory");
        let factory = factory(&directory, FIRST_BOUND);
        let mut store = factory.make();
        store.begin().await.expect("a fresh ledger");
        let config = Config::new(directory.path().join("ledger.db").display().to_string());
        let mut deployer = Store::open(&config, OpenMode::Write).expect("its ledger");
        deployer.with_connection(|db| {
            db.batch_execute(
                "CREATE TABLE bulk (b BLOB); INSERT INTO bulk VALUES (zeroblob(3000000)); DROP TABLE bulk",
            )
            .expect("written");
        });
        let log = || std::fs::metadata(directory.path().join("ledger.db-wal")).expect("a log").len();
        assert!(log() > 2_000_000, "{}", log());
        while store.prune().await.expect("pruned") > 0 {}
        assert_eq!(log(), 0);
        store.renew_lease().await.expect("it goes on");
    }

    #[tokio::test]
    async fn a_log_that_grew_is_given_back_while_the_ledger_rests() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut store = factory(&directory, FIRST_BOUND).make();
        store.begin().await.expect("a fresh ledger");
        let config = Config::new(directory.path().join("ledger.db").display().to_string());
        let mut deployer = Store::open(&config, OpenMode::Write).expect("its ledger");
        let bulk = "CREATE TABLE bulk (b BLOB); INSERT INTO bulk VALUES (zeroblob(3000000)); DROP TABLE bulk";
        deployer.with_connection(|db| db.batch_execute(bulk).expect("written"));
        let log = directory.path().join("ledger.db-wal");
        let file = std::fs::OpenOptions::new().write(true).open(&log).expect("a log");
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).expect("its own file");
        store.new_bindings().await.expect("looked");
        let given_back = async {
            while std::fs::metadata(&log).expect("a log").len() > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), given_back).await.expect("it is given back");
        store.renew_lease().await.expect("it goes on");
    }

    /// S14: a try that hangs is given up and told, and what it hung in cannot take the lease from the next one.
    #[tokio::test]
    async fn s14_a_database_that_hangs_at_the_begin_is_tried_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let config = Config::new(directory.path().join("ledger.db").display().to_string());
        let mut other = Store::open(&config, OpenMode::Write).expect("a fresh ledger");
        other.with_connection(|db| db.batch_execute("BEGIN IMMEDIATE").expect("nobody else writes"));
        let mut store = factory(&directory, Duration::from_millis(50)).make();
        let told = store.begin().await.expect_err("it waits for the lock");
        assert!(told.to_string().contains("did not answer within 50ms"), "{told}");
        other.with_connection(|db| db.batch_execute("COMMIT").expect("it is open"));
        while store.begin().await.is_err() {}
        store.renew_lease().await.expect("an earlier try that came to the lock took nothing");
    }
}
