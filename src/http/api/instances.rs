//! What is done to the containers of a project's stage.
//!
//! A row is acted on only if its workload is the URL's project and its stage the URL's stage, as the ledger says at the
//! moment of the call; and its container only by its full id, which no other ever bears, and only if its own labels name
//! nobody else.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ractor::rpc::CallResult;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::claimable::look;
use super::reach::Reach;
use crate::dispatch::{RuleSet, directory_keys, dispute};
use crate::docker::{Action, DaemonError, Grace};
use crate::http::extract::Path as FromPath;
use crate::http::problem::Problem;
use crate::http::refusals::CannotAct;
use crate::http::shared::Shared;
use crate::joined::joined;
use crate::model::{
    Completeness, ContainerId, ContainerState, DeployerColumns, Examined, LedgerRow, ListedContainer, Listing, RowId,
    StoredRow,
};
use crate::store::{RegistryError, RowFilter, Store, StoreError};
use crate::supervisor::SupervisorMessage;

pub(super) fn deploy() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(stop)).routes(routes!(restart)).routes(routes!(remove))
}

/// For another action to end: one is carried out at a time, so that a daemon that hangs has one to remember.
const PATIENCE: Duration = Duration::from_secs(5);

/// Beyond the 30 s that a call of an action has: whoever carries it out has died.
const OUTCOME_DEADLINE: Duration = Duration::from_secs(40);

/// What the URL names, and who asks.
#[derive(Debug)]
struct Order {
    reach: Reach,
    project: String,
    stage: String,
    row: RowId,
    action: Action,
}

type Named = FromPath<(String, String, String)>;

macro_rules! action {
    ($(#[$doc:meta])* $name:ident, $method:ident, $path:literal, $action:expr) => {
        $(#[$doc])*
        #[utoipa::path($method, path = $path, operation_id = concat!(stringify!($name), "_instance"), tag = "ledger", params(
            ("project" = String, Path, description = "The project's name or id, percent-encoded"),
            ("stage" = String, Path, description = "The stage's name or id, percent-encoded"),
            ("row" = String, Path, description = "The row's id, percent-encoded"),
        ), responses((status = 200, body = StoredRow), CannotAct))]
        async fn $name(
            state: State<Shared>,
            reach: Reach,
            named: Named,
        ) -> Result<Json<StoredRow>, Problem> {
            carry_out(state, reach, named, $action).await
        }
    };
}

action!(
    /// Starts the row's container. The answer is the row after a pass.
    start, post, "/projects/{project}/stages/{stage}/instances/{row}/start", Action::Start
);
action!(
    /// Stops the row's container. The answer is the row after a pass.
    stop, post, "/projects/{project}/stages/{stage}/instances/{row}/stop", Action::Stop(Grace::default())
);
action!(
    /// Restarts the row's container. The answer is the row after a pass.
    restart, post, "/projects/{project}/stages/{stage}/instances/{row}/restart", Action::Restart(Grace::default())
);
action!(
    /// Removes the row's container, if it does not run. The row stays, and is missing then.
    remove, delete, "/projects/{project}/stages/{stage}/instances/{row}", Action::Remove
);

async fn carry_out(
    State(shared): State<Shared>,
    reach: Reach,
    FromPath((project, stage, row)): Named,
    action: Action,
) -> Result<Json<StoredRow>, Problem> {
    if !shared.config.actions.enabled {
        let detail = "this service does not act on containers; actions.enabled = true lets it";
        return Err(Problem::new(StatusCode::FORBIDDEN, "actions_off", detail));
    }
    let order = Order { reach, project, stage, row: RowId::new(row), action };
    // It goes on to its end, and to its line in the audit, also if the caller does not wait or the server is replaced.
    let ledgers_runtime = shared.ledgers_runtime.clone();
    let done = ledgers_runtime.spawn(async move { order.carry_out(&shared).await }).await;
    joined(done).unwrap_or_else(|| Err(given_up())).map(Json)
}

/// The runtime ended under the action: the daemon may have carried it out.
fn given_up() -> Problem {
    let detail = "the service is ending; whether the action was carried out is not known";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", detail)
}

impl Order {
    async fn carry_out(&self, shared: &Shared) -> Result<StoredRow, Problem> {
        let busy = || {
            let detail = "another action is being carried out; try again when it has ended";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "actions_busy", detail)
        };
        let turn = timeout(PATIENCE, shared.actions.acquire()).await.map_err(|_| busy())?;
        let _turn = turn.map_err(|_| busy())?;
        let seen = self.find(shared).await?;
        let container = bound(&seen)?;
        self.check_labels(shared, &seen, &container).await?;
        // The labels of a container never change, the row does: it is asked for again, last.
        let now = self.find(shared).await?;
        if bound(&now)? != container {
            let detail = "the row was bound to another container meanwhile; look at it and try again";
            return Err(Problem::new(StatusCode::CONFLICT, "moved", detail));
        }
        let outcome = self.act(shared, &container).await;
        self.audit(&container, &outcome);
        self.answer(shared, now, outcome).await
    }

    /// The row, if it is this project's and this stage's: one query of one snapshot's view decides, as for `ps --stage`.
    async fn find(&self, shared: &Shared) -> Result<StoredRow, Problem> {
        let (host, row) = (shared.config.host.clone(), self.row.clone());
        let (reach, project, stage) = (self.reach.clone(), self.project.clone(), self.stage.clone());
        let found = shared.readers.read(move |store: &mut Store| {
            let owner = reach.project(store, &project)?;
            let stage = store.show_stage(&owner.id, &stage)?.id;
            let filter =
                RowFilter { host: Some(host), row: Some(row.clone()), stage: Some(stage), ..RowFilter::default() };
            let mut rows = store.rows(&filter)?.into_iter();
            let unknown = || StoreError::from(RegistryError::Unknown { kind: "row", name: row.to_string() });
            rows.find(|found| found.binding.workload_id == owner.workload_id).ok_or_else(unknown)
        });
        Ok(found.await?)
    }

    /// Refuses a container whose own labels name another owner than the row: whoever bound it took what is another's.
    async fn check_labels(&self, shared: &Shared, row: &StoredRow, container: &ContainerId) -> Result<(), Problem> {
        let seen = match look(shared, container).await {
            Examined::Present(seen) if seen.listed.id == *container => seen.listed,
            Examined::Gone => {
                return Err(Problem::not_found("the daemon has no such container any more"));
            }
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
            Some(_) => {
                tracing::warn!(target: "audit", who = %self.reach.who, row = %self.row, %container, "refused: another's container");
                Err(Problem::not_found("the container's own labels name another owner"))
            }
        }
    }

    async fn act(&self, shared: &Shared, container: &ContainerId) -> Result<(), DaemonError> {
        let (container, action) = (container.clone(), self.action);
        let call = |reply| SupervisorMessage::Act { container, action, reply };
        match shared.ledger.supervisor.call(call, Some(OUTCOME_DEADLINE)).await {
            Ok(CallResult::Success(outcome)) => outcome,
            _ => Err(DaemonError::OutcomeUnknown {
                endpoint: "its address".into(),
                call: "the action",
                cause: "whoever carried it out did not answer".into(),
            }),
        }
    }

    fn audit(&self, container: &ContainerId, outcome: &Result<(), DaemonError>) {
        let outcome = match outcome {
            Ok(()) => "done".to_owned(),
            Err(DaemonError::OutcomeUnknown { .. }) => "unknown".to_owned(),
            Err(error) => format!("refused: {error}"),
        };
        let (project, stage) = (self.project.as_str(), self.stage.as_str());
        tracing::info!(
            target: "audit", who = %self.reach.who, action = ?self.action, project, stage, row = %self.row, %container, outcome,
            "acted on a container"
        );
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
            return Err(refusal(&error));
        }
        shared.ledger.reconcile().await;
        match self.find(shared).await {
            Ok(row) => Ok(row),
            // It was done; that the row has moved on is no fault of it.
            Err(_) => Ok(row),
        }
    }
}

fn bound(row: &StoredRow) -> Result<ContainerId, Problem> {
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
fn refusal(error: &DaemonError) -> Problem {
    let (status, code) = match error {
        DaemonError::OutcomeUnknown { .. } => (StatusCode::GATEWAY_TIMEOUT, "unknown"),
        DaemonError::Status { status: 404, .. } => (StatusCode::NOT_FOUND, "not_found"),
        DaemonError::Status { status: 409, .. } => (StatusCode::CONFLICT, "daemon_refused"),
        DaemonError::Status { .. } => (StatusCode::BAD_GATEWAY, "daemon_refused"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "daemon_unreachable"),
    };
    Problem::new(status, code, error.to_string())
}
