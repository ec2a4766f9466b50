//! What a visitor may order of a row's container: by the same rules as over the API.

use axum::http::StatusCode;

use crate::config::Config;
use crate::docker::{Action, Grace};
use crate::http::auth::Access;
use crate::http::orders::{Target, actions_off, bound, check_host};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::model::{ContainerState, StoredRow, WorkloadKind};
use crate::store::{RowFilter, Store, StoreError};

/// What can be ordered on the page: nothing that cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Start,
    Stop,
    Restart,
}

impl Act {
    const ALL: [Self; 3] = [Self::Start, Self::Stop, Self::Restart];

    /// The action of this word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.action().as_str() == word)
    }

    /// With the time to end that the container was created with.
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Start => Action::Start,
            Self::Stop => Action::Stop(Grace(None)),
            Self::Restart => Action::Restart(Grace(None)),
        }
    }

    /// What changes anything in that state.
    pub(super) fn of_state(state: &ContainerState) -> impl Iterator<Item = Self> {
        let is_up = state.is_up();
        Self::ALL.into_iter().filter(move |act| is_up != (*act == Self::Start))
    }
}

/// How a visitor reaches a row to act on it, or why he does not.
pub(super) fn target(
    store: &mut Store,
    config: &Config,
    reach: &Reach,
    row: &StoredRow,
) -> Result<Result<Target, Problem>, StoreError> {
    if let Err(problem) = check(config, row) {
        return Ok(Err(problem));
    }
    if reach.access == Access::Admin && reach.is_whole() {
        return Ok(Ok(Target::Any(row.id.clone())));
    }
    if reach.access < Access::Deploy || row.binding.workload_kind != WorkloadKind::Project {
        return Ok(Err(not_allowed()));
    }
    let filter = RowFilter { host: Some(row.host.clone()), row: Some(row.id.clone()), ..RowFilter::default() };
    let stage = store.row_stages(&filter)?.into_values().next();
    let project = store.list_projects()?.into_iter().find(|project| project.workload_id == row.binding.workload_id);
    Ok(match (project.filter(|project| reach.has(project)), stage) {
        (Some(project), Some(stage)) => Ok(Target::Instance { project: project.id, stage, row: row.id.clone() }),
        _ => Err(not_allowed()),
    })
}

/// Whether anybody can act on the row here.
fn check(config: &Config, row: &StoredRow) -> Result<(), Problem> {
    if !config.actions.enabled {
        return Err(actions_off());
    }
    check_host(config, row.host.as_str())?;
    bound(row).map(drop)
}

fn not_allowed() -> Problem {
    let detail =
        "it takes a token of the scope admin; one of the scope deploy acts on the containers of a project's stage";
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_something_is_offered() {
        let of = |state: ContainerState| Act::of_state(&state).collect::<Vec<_>>();
        for state in [ContainerState::Running, ContainerState::Paused, ContainerState::Restarting] {
            assert_eq!(of(state), [Act::Stop, Act::Restart]);
        }
        for state in [ContainerState::Created, ContainerState::Stopped] {
            assert_eq!(of(state), [Act::Start]);
        }
    }

    #[test]
    fn what_cannot_be_undone_has_no_page() {
        assert_eq!(Act::parse("restart"), Some(Act::Restart));
        for word in ["remove", "delete", "Start", ""] {
            assert_eq!(Act::parse(word), None, "{word}");
        }
    }
}
