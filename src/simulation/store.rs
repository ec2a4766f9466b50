//! The real ledger behind a plan of faults, on the caller's own thread: on a paused clock each run is like the one before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::plan::{Call, FaultPlan, PlannedFault};
use crate::config::Config;
use crate::model::{
    BoxFuture, Completeness, ContainerId, Directory, DirectoryKeys, LedgerRow, PassId, Revision, RowId, RowKeys, Scope,
    Timestamp,
};
use crate::runtime::joined;
use crate::store::{
    ChangesPage, CommitPlan, CommitReport, DetailsReport, DetailsWrite, Lease, LeaseHolder, LedgerReader,
    LedgerSnapshot, LedgerStore, NewBinding, OpenMode, Opened, Store, StoreError, StoreFactory, lease_time_to_live,
};

/// The database of a configuration, as it is reached by way of a plan. As with the real one, a call that nobody waits for
/// any more is carried out all the same, later perhaps: its generation is refused then.
#[derive(Debug)]
pub struct FaultyStore {
    config: Arc<Config>,
    holder: LeaseHolder,
    plan: FaultPlan,
    log: LedgerLog,
    opened: Option<Store>,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    store: Store,
    lease: Lease,
}

/// What was done to the ledger, in order. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct LedgerLog(Arc<Mutex<Vec<LedgerEvent>>>);

/// Something that was done to the ledger, by which generation of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerEvent {
    /// The lease was taken: from now on this generation alone writes.
    Acquired(i64),
    /// A pass was written.
    Committed(Box<CommittedPass>),
    /// Details were written.
    DetailsPaid(i64),
}

/// What a pass wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedPass {
    /// Which.
    pub pass: PassId,
    /// The generation of the lease that wrote it.
    pub generation: i64,
    /// What it looked at.
    pub scope: Scope,
    /// How much its listing held.
    pub completeness: Completeness,
    /// Whether it moved the moment of the host's last complete pass.
    pub stamps_complete: bool,
    /// Rows that it marked missing.
    pub missing: usize,
    /// Rows that it wrote though they were bound to another container by then than the pass had read.
    pub overwritten: Vec<RowId>,
}

impl CommittedPass {
    fn of(plan: &CommitPlan, generation: i64, report: &CommitReport, moved: Vec<RowId>) -> Self {
        let is_refused = |row: &RowId| report.refused.iter().any(|(refused, _)| refused == row);
        let is_written =
            |row: &RowId| !report.moved.contains(row) && !report.ownerless.contains(row) && !is_refused(row);
        Self {
            pass: plan.pass.id.clone(),
            generation,
            scope: plan.pass.scope.clone(),
            completeness: plan.pass.completeness,
            stamps_complete: plan.host.complete,
            missing: report.missing,
            overwritten: moved.into_iter().filter(is_written).collect(),
        }
    }
}

impl LedgerLog {
    /// What was done since this was last taken.
    #[must_use]
    pub fn take(&self) -> Vec<LedgerEvent> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, event: LedgerEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

impl FaultyStore {
    /// Makes a store for each life of a ledger's StoreActor. The schema is there already.
    #[must_use]
    pub fn factory(config: Arc<Config>, plan: FaultPlan, log: LedgerLog) -> StoreFactory {
        let holder = LeaseHolder::of_this_process();
        let reader = FaultyReader { config: Arc::clone(&config), plan: plan.clone(), opened: Mutex::default() };
        let make = move || -> Box<dyn LedgerStore> {
            let (config, holder, plan, log) = (config.clone(), holder.clone(), plan.clone(), log.clone());
            Box::new(Self { config, holder, plan, log, opened: None, held: None })
        };
        StoreFactory::new(make, Arc::new(reader))
    }

    async fn open(&mut self) -> Result<Duration, StoreError> {
        if let Some(error) = self.plan.meet(Call::Begin, None).await.and_then(|fault| error_of(&fault)) {
            return Err(error);
        }
        let mut store = match self.opened.take() {
            Some(store) => store,
            None => Store::open(&self.config, OpenMode::WriteUnmigrated)?,
        };
        match store.acquire_lease(&self.config.host, &self.holder, lease_time_to_live(self.config.interval)) {
            Ok(lease) => {
                let time_to_live = lease.time_to_live;
                self.log.push(LedgerEvent::Acquired(lease.generation));
                self.held = Some(Held { store, lease });
                Ok(time_to_live)
            }
            Err(error) => {
                self.opened = Some(store);
                Err(error)
            }
        }
    }

    /// Runs one transaction in a task of its own, which ends by itself if its caller is killed.
    fn work<T: Send + 'static>(
        &mut self,
        call: Call,
        body: impl FnOnce(&mut Store, &Lease) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        Box::pin(async move {
            let Some(mut held) = self.held.take() else { return Err(unopened()) };
            let plan = self.plan.clone();
            let task = tokio::spawn(async move {
                let fault = plan.meet(call, None).await;
                if let Some(error) = fault.as_ref().and_then(error_of) {
                    return (held, Err(error));
                }
                let result = body(&mut held.store, &held.lease);
                plan.travel().await;
                match fault {
                    Some(PlannedFault::AnswerLost) => (held, Err(query("the connection was closed"))),
                    Some(PlannedFault::AnswerHangs) => {
                        plan.until_answers_come().await;
                        (held, result)
                    }
                    _ => (held, result),
                }
            });
            let Some((held, result)) = joined(task.await) else { return Err(StoreError::runtime_ended()) };
            self.held = Some(held);
            result
        })
    }
}

fn unopened() -> StoreError {
    StoreError::Unopened { url: "simulated".into(), cause: "it is not open".into() }
}

fn query(cause: &str) -> StoreError {
    StoreError::Query { attempt: "reach the simulated database", url: "simulated".into(), cause: cause.into() }
}

/// The planned rows that are bound to another container by now. Nobody else writes between this and the commit: both are
/// on the caller's thread.
fn moved_since_read(store: &mut Store, lease: &Lease, plan: &CommitPlan) -> Result<Vec<RowId>, StoreError> {
    let read: BTreeMap<&RowId, &Option<ContainerId>> =
        plan.rows.iter().filter_map(|write| Some((&write.id, write.expected.as_ref()?))).collect();
    let keys = RowKeys { rows: read.keys().copied().cloned().collect(), ..RowKeys::default() };
    let now = store.read_rows(&lease.host, &keys)?;
    Ok(now.into_iter().filter(|row| *read[&row.id] != row.binding.container_id).map(|row| row.id).collect())
}

/// What the caller gets, with nothing written.
fn error_of(fault: &PlannedFault) -> Option<StoreError> {
    let (attempt, url) = ("reach the simulated database", String::from("simulated"));
    match fault {
        PlannedFault::Busy => Some(StoreError::Busy { attempt, url, cause: "database is locked".into() }),
        PlannedFault::DiskFull => Some(query("database or disk is full")),
        PlannedFault::Gone => Some(unopened()),
        PlannedFault::Clash => Some(StoreError::Clash { attempt, cause: "UNIQUE constraint failed".into() }),
        PlannedFault::RefusesValue => Some(StoreError::Refused { attempt, cause: "value too long".into() }),
        _ => None,
    }
}

impl LedgerStore for FaultyStore {
    fn begin(&mut self) -> BoxFuture<'_, Result<Duration, StoreError>> {
        Box::pin(self.open())
    }

    fn renew_lease(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(Call::Lease, |store, lease| store.renew_lease(lease))
    }

    fn release_lease(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(Call::Lease, |store, lease| store.release_lease(lease))
    }

    fn prune(&mut self) -> BoxFuture<'_, Result<usize, StoreError>> {
        let retention = self.config.retention.clone();
        self.work(Call::Prune, move |store, lease| store.prune(lease, &retention, Timestamp::now()))
    }

    fn open_pass(
        &mut self,
        scope: Scope,
        snapshot_began: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<Opened, StoreError>> {
        self.work(Call::Read, move |store, lease| match &scope {
            Scope::Host => {
                store.tell_foreign_writes(lease)?;
                store.open_pass(&lease.host, snapshot_began)
            }
            Scope::Containers(containers) => store.open_containers(&lease.host, containers, snapshot_began),
        })
    }

    fn read_rows(&mut self, rows: RowKeys) -> BoxFuture<'_, Result<Vec<LedgerRow>, StoreError>> {
        self.work(Call::Read, move |store, lease| store.read_rows(&lease.host, &rows))
    }

    fn look_up(&mut self, keys: DirectoryKeys) -> BoxFuture<'_, Result<Directory, StoreError>> {
        self.work(Call::Read, move |store, _| store.look_up(&keys))
    }

    fn adopt_stacks(&mut self, compose_projects: BTreeSet<String>) -> BoxFuture<'_, Result<Directory, StoreError>> {
        self.work(Call::Adopt, move |store, _| store.adopt_stacks(&compose_projects))
    }

    fn commit(&mut self, plan: Box<CommitPlan>) -> BoxFuture<'_, Result<CommitReport, StoreError>> {
        let log = self.log.clone();
        self.work(Call::Commit, move |store, lease| {
            let moved = moved_since_read(store, lease, &plan)?;
            let report = store.commit(lease, &plan)?;
            log.push(LedgerEvent::Committed(Box::new(CommittedPass::of(&plan, lease.generation, &report, moved))));
            Ok(report)
        })
    }

    fn write_details(&mut self, writes: Vec<DetailsWrite>) -> BoxFuture<'_, Result<DetailsReport, StoreError>> {
        let log = self.log.clone();
        self.work(Call::WriteDetails, move |store, lease| {
            let report = store.write_details(lease, &writes)?;
            log.push(LedgerEvent::DetailsPaid(lease.generation));
            Ok(report)
        })
    }

    fn new_bindings(&mut self) -> BoxFuture<'_, Result<Vec<NewBinding>, StoreError>> {
        self.work(Call::Read, |store, lease| {
            store.tell_foreign_writes(lease)?;
            store.new_bindings(&lease.host)
        })
    }
}

/// The history of the same database, by way of the same plan, on the caller's thread.
#[derive(Debug)]
struct FaultyReader {
    config: Arc<Config>,
    plan: FaultPlan,
    opened: Mutex<Option<Store>>,
}

impl FaultyReader {
    async fn read<T>(&self, body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send) -> Result<T, StoreError> {
        let fault = self.plan.meet(Call::Read, None).await;
        if let Some(error) = fault.as_ref().and_then(error_of) {
            return Err(error);
        }
        let result = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let mut store = opened.take().map_or_else(|| Store::open(&self.config, OpenMode::Read), Ok)?;
            let result = body(&mut store)?;
            *opened = Some(store);
            result
        };
        self.plan.travel().await;
        match fault {
            Some(PlannedFault::AnswerLost) => Err(query("the connection was closed")),
            Some(PlannedFault::AnswerHangs) => {
                self.plan.until_answers_come().await;
                Ok(result)
            }
            _ => Ok(result),
        }
    }
}

impl LedgerReader for FaultyReader {
    fn changes(&self, after: Revision, limit: usize) -> BoxFuture<'_, Result<ChangesPage, StoreError>> {
        Box::pin(self.read(move |store| store.changes(Some(after), None, limit)))
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<LedgerSnapshot, StoreError>> {
        Box::pin(self.read(Store::ledger_snapshot))
    }
}
