//! How an action on a container is carried out, whoever may order it: who may is looked at, then its turn is waited for, then
//! who may is looked at again, and it is entered into the audit before it goes out.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use ractor::rpc::CallResult;
use serde::Deserialize;

use super::looks::look;
use super::problem::Problem;
use super::reach::Reach;
use super::shared::Shared;
use super::turns::Turn;
use crate::config::Config;
use crate::dispatch::{RuleSet, directory_keys, dispute};
use crate::docker::{Action, DaemonError, Grace, action_deadline};
use crate::model::{
    AuditOutcome, Completeness, ContainerId, ContainerState, DeployerColumns, Examined, LedgerRow, ListedContainer,
    Listing, RowId, StoredRow,
};
use crate::runtime::joined;
use crate::store::{NewAudit, RegistryError, RowFilter, Store, StoreError};
use crate::supervisor::SupervisorMessage;

/// Beyond what a call of an action has: whoever carries it out has died.
const LEEWAY: Duration = Duration::from_secs(10);

/// The longest that a container is given to end.
const LONGEST_GRACE: u32 = 300;

/// When a caller who was refused for load may ask again: a usual stop is over by then.
const RETRY_AFTER_SECONDS: u32 = 10;

/// How an action takes its time.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Timing {
    /// How many seconds the container is given to end by itself before it is killed; without it what the container was
    /// created with, as a rule 10.
    #[param(minimum = 0, maximum = 300)]
    timeout: Option<u32>,
}

/// What takes no time.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoTiming {}

impl Timing {
    pub(super) fn grace(&self) -> Result<Grace, Problem> {
        match self.timeout {
            Some(seconds) if seconds > LONGEST_GRACE => {
                Err(Problem::invalid(format!("timeout is a whole number of seconds from 0 to {LONGEST_GRACE}")))
            }
            seconds => Ok(Grace(seconds.map(|seconds| Duration::from_secs(seconds.into())))),
        }
    }
}

/// Which row is acted on.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// One of a project's stage.
    Instance {
        /// Name or id.
        project: String,
        /// Name or id.
        stage: String,
        /// Its id.
        row: RowId,
    },
    /// Any row of this host: an administrator's.
    Any(RowId),
}

/// An action, and who wants it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) reach: Reach,
    pub(super) target: Target,
    pub(super) action: Action,
}

/// An order that may go out.
struct Ready {
    row: StoredRow,
    container: ContainerId,
    _turn: Turn,
}

/// Why it may not, and what is known of its row.
struct Refused {
    problem: Problem,
    row: Option<Box<StoredRow>>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, row: None }
    }
}

/// What came of an order.
#[derive(Debug)]
pub(super) struct Carried {
    /// Its entry in the audit; `None` if there is none.
    pub(super) entry: Option<String>,
    /// The row after a pass.
    pub(super) row: Result<StoredRow, Problem>,
}

impl Carried {
    const fn unentered(problem: Problem) -> Self {
        Self { entry: None, row: Err(problem) }
    }
}

/// Carries an order out. It goes on to its end, and to its line in the audit, also if the caller does not wait or the server is
/// replaced.
pub(super) async fn carry_out(shared: Shared, order: Order) -> Carried {
    if !shared.config.actions.enabled {
        return Carried::unentered(actions_off());
    }
    let ledgers_runtime = shared.ledgers_runtime.clone();
    let done = ledgers_runtime.spawn(async move { order.carry_out(&shared).await }).await;
    joined(done).unwrap_or_else(|| Carried::unentered(given_up()))
}

/// Nobody may, whoever he is.
pub(super) fn actions_off() -> Problem {
    let detail = "this service does not act on containers; its configuration lets it with actions.enabled = true";
    Problem::new(StatusCode::FORBIDDEN, "actions_off", detail)
}

/// Refuses the rows of another host: its daemon is another service's.
pub(super) fn check_host(config: &Config, host: &str) -> Result<(), Problem> {
    let ours = config.host.as_str();
    if host == ours {
        return Ok(());
    }
    let detail = format!("this service acts on the containers of {ours} alone; ask the one that keeps the host named");
    Err(Problem::new(StatusCode::CONFLICT, "another_host", detail))
}

/// The runtime ended under the action: the daemon may have carried it out.
fn given_up() -> Problem {
    let detail = "the service is ending; whether the action was carried out is not known";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", detail)
}

impl Order {
    async fn carry_out(&self, shared: &Shared) -> Carried {
        let ready = match self.prepare(shared).await {
            Ok(ready) => ready,
            Err(Refused { problem, row }) => {
                let entry = self.enter_refusal(shared, row.as_deref(), &problem).await;
                return Carried { entry, row: Err(problem) };
            }
        };
        let new = self.entry(shared, Some(&ready.row), AuditOutcome::Unknown, None);
        let id = match shared.write(move |store| store.enter_audit(&new)).await {
            Ok(id) => id,
            // What cannot be entered is not ordered.
            Err(error) => return Carried::unentered(error.into()),
        };
        let began = Instant::now();
        let outcome = self.act(shared, &ready.container).await;
        self.complete(shared, id.clone(), &ready, began.elapsed(), &outcome).await;
        drop(ready._turn);
        Carried { entry: Some(id), row: self.answer(shared, ready.row, outcome).await }
    }

    async fn prepare(&self, shared: &Shared) -> Result<Ready, Refused> {
        let row = self.find(shared).await?;
        let of_row = |problem, row: &StoredRow| Refused { problem, row: Some(Box::new(row.clone())) };
        let container = bound(&row).map_err(|problem| of_row(problem, &row))?;
        let turn = shared.turns.take(&container).await.map_err(|_| of_row(busy(), &row))?;
        if let Target::Instance { .. } = self.target {
            check_labels(shared, &row, &container).await.map_err(|problem| of_row(problem, &row))?;
        }
        // The labels of a container never change, the row does: it is asked for again, last.
        let now = self.find(shared).await?;
        match bound(&now) {
            Ok(still) if still == container => Ok(Ready { row: now, container, _turn: turn }),
            _ => {
                let detail = "the row was bound to another container meanwhile; look at it and try again";
                Err(of_row(Problem::new(StatusCode::CONFLICT, "moved", detail), &now))
            }
        }
    }

    /// The row, if it is this caller's to act on: one query of one snapshot's view decides, as for `ps --stage`.
    async fn find(&self, shared: &Shared) -> Result<StoredRow, Problem> {
        let (host, reach, target) = (shared.config.host.clone(), self.reach.clone(), self.target.clone());
        let found = shared.readers.read(move |store: &mut Store| match target {
            Target::Any(row) => reach.row(store, &host, &row),
            Target::Instance { project, stage, row } => {
                let owner = reach.project(store, &project)?;
                let stage = store.show_stage(&owner.id, &stage)?.id;
                let filter =
                    RowFilter { host: Some(host), row: Some(row.clone()), stage: Some(stage), ..RowFilter::default() };
                let mut rows = store.rows(&filter)?.into_iter();
                let unknown = || StoreError::from(RegistryError::Unknown { kind: "row", name: row.to_string() });
                rows.find(|found| found.binding.workload_id == owner.workload_id).ok_or_else(unknown)
            }
        });
        Ok(found.await?)
    }

    async fn act(&self, shared: &Shared, container: &ContainerId) -> Result<(), DaemonError> {
        let (container, action) = (container.clone(), self.action);
        let call = |reply| SupervisorMessage::Act { container, action, reply };
        match shared.ledger.supervisor.call(call, Some(action_deadline(action) + LEEWAY)).await {
            Ok(CallResult::Success(outcome)) => outcome,
            _ => Err(DaemonError::OutcomeUnknown {
                endpoint: "its address".into(),
                call: "the action",
                cause: "whoever carried it out did not answer".into(),
            }),
        }
    }

    fn row(&self) -> &RowId {
        match &self.target {
            Target::Instance { row, .. } | Target::Any(row) => row,
        }
    }

    fn entry(
        &self,
        shared: &Shared,
        row: Option<&StoredRow>,
        outcome: AuditOutcome,
        error: Option<String>,
    ) -> NewAudit {
        NewAudit {
            who: self.reach.who.to_string(),
            action: self.action.as_str(),
            host: shared.config.host.clone(),
            row: self.row().clone(),
            workload: row.map(|row| row.binding.workload_id.clone()),
            container: row.and_then(|row| row.binding.container_id.clone()),
            outcome,
            error,
        }
    }

    async fn enter_refusal(&self, shared: &Shared, row: Option<&StoredRow>, problem: &Problem) -> Option<String> {
        let (who, action, why) = (&self.reach.who, self.action.as_str(), problem.detail());
        tracing::warn!(target: "audit", %who, action, row = %self.row(), why, "refused to act on a container");
        let entry = self.entry(shared, row, AuditOutcome::Refused, Some(why.to_owned()));
        let entered = shared.write(move |store| store.enter_audit(&entry)).await;
        entered
            .inspect_err(
                |error| tracing::warn!(%error, "recording a refusal in the audit failed; it is in the log alone"),
            )
            .ok()
    }

    async fn complete(
        &self,
        shared: &Shared,
        id: String,
        ready: &Ready,
        took: Duration,
        outcome: &Result<(), DaemonError>,
    ) {
        let word = match outcome {
            Ok(()) => AuditOutcome::Ok,
            Err(DaemonError::OutcomeUnknown { .. }) => AuditOutcome::Unknown,
            Err(_) => AuditOutcome::Failed,
        };
        let error = outcome.as_ref().err().map(ToString::to_string);
        let Ready { row, container, .. } = ready;
        tracing::info!(
            target: "audit", who = %self.reach.who, action = self.action.as_str(), row = %row.id, %container, outcome = %word,
            error, duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "acted on a container"
        );
        let completed = shared.write(move |store| store.complete_audit(&id, word, took, error.as_deref()));
        if let Err(error) = completed.await {
            tracing::warn!(%error, "recording the outcome of an action failed; it stays unknown in the audit");
        }
    }

    /// What came of it, after a pass; where that is unknown the pass looks at the row and nobody waits for it.
    async fn answer(
        &self,
        shared: &Shared,
        row: StoredRow,
        outcome: Result<(), DaemonError>,
    ) -> Result<StoredRow, Problem> {
        if let Err(error) = outcome {
            let ledger = shared.ledger.clone();
            tokio::spawn(async move { ledger.reconcile().await });
            return Err(failure(&error));
        }
        shared.ledger.reconcile().await;
        // It was done; that the row has moved on is no fault of it.
        Ok(self.find(shared).await.unwrap_or(row))
    }
}

fn busy() -> Problem {
    let detail = "too many actions are being carried out or wait for their turn; nothing was done";
    Problem::busy("actions_busy", detail, RETRY_AFTER_SECONDS)
}

/// Refuses a container whose own labels name another owner than the row: whoever bound it took what is another's.
async fn check_labels(shared: &Shared, row: &StoredRow, container: &ContainerId) -> Result<(), Problem> {
    let seen = match look(shared, container).await {
        Examined::Present(seen) if seen.listed.id == *container => seen.listed,
        Examined::Gone => return Err(Problem::not_found("the daemon has no such container any more")),
        _ => {
            let detail = "the daemon does not say what this container is; nothing was done";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "daemon_unanswered", detail));
        }
    };
    let (rules, row) = (RuleSet::from(&*shared.config), as_ledger_row(row));
    let keys = directory_keys(std::slice::from_ref(&row), &listing_of(seen.clone()), &rules);
    let directory = shared.readers.read(move |store| store.look_up(&keys)).await?;
    match dispute(&seen, &row, row.binding.workload_kind, &directory, &rules) {
        None => Ok(()),
        Some(_) => Err(Problem::not_found("the container's own labels name another owner")),
    }
}

/// The container that a row is bound to, if it is one that can be acted on.
pub(super) fn bound(row: &StoredRow) -> Result<ContainerId, Problem> {
    let id = row.binding.container_id.clone().filter(|id| ContainerId::is_full(id.as_str()));
    id.filter(|_| row.observed.state != ContainerState::Missing).ok_or_else(|| {
        let detail = "the row is bound to no container that is there, by its full id";
        Problem::new(StatusCode::CONFLICT, "not_bound", detail)
    })
}

/// What the rules compare: the row as the pass would have it.
fn as_ledger_row(row: &StoredRow) -> LedgerRow {
    LedgerRow {
        id: row.id.clone(),
        binding: row.binding.clone(),
        observed: row.observed.clone(),
        recorded_state: None,
        seen_container_id: None,
        details_owed: false,
        bears_deployers_column: row.deployer != DeployerColumns::default(),
        state_after: None,
    }
}

fn listing_of(container: ListedContainer) -> Listing {
    Listing {
        completeness: Completeness::Partial,
        containers: vec![container],
        quarantined: Vec::new(),
        unreadable: Vec::new(),
    }
}

/// A fault of an action. Unknown is never failed: a daemon that hangs may carry it out later.
fn failure(error: &DaemonError) -> Problem {
    let (status, code) = match error {
        DaemonError::OutcomeUnknown { .. } => (StatusCode::GATEWAY_TIMEOUT, "unknown"),
        DaemonError::Status { status: 404, .. } => (StatusCode::NOT_FOUND, "not_found"),
        DaemonError::Status { status: 409, .. } => (StatusCode::CONFLICT, "daemon_refused"),
        DaemonError::Status { .. } => (StatusCode::BAD_GATEWAY, "daemon_refused"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "daemon_unreachable"),
    };
    Problem::new(status, code, error.to_string())
}
