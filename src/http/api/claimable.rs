//! Whether a caller may take the container that he claims, as the daemon says what it is.
//!
//! An administrator decides whose a container is. Anybody else takes only what its own labels give to his project: a label is
//! what whoever made the container wrote, and a full id alone proves nothing.

use std::collections::HashMap;

use axum::http::StatusCode;

use crate::dispatch::{OwnLabels, own_labels};
use crate::http::auth::Access;
use crate::http::looks::{look, look_at_image};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::shared::Shared;
use crate::model::{ContainerId, DirectoryKeys, Examined, ListedContainer, WorkloadId};
use crate::store::RowFilter;

/// What the ledger says of a claim.
struct Standing {
    workload: WorkloadId,
    /// Whether a row of the project is bound to the container already: then nothing is taken.
    is_held: bool,
    /// Whether a stack adopted the container by its name.
    is_adopted: bool,
}

/// Refuses a claim of a container that is not there, or that is not this caller's to take.
pub(super) async fn check(
    shared: &Shared,
    reach: &Reach,
    project: &str,
    container: &ContainerId,
) -> Result<(), Problem> {
    let is_admin = reach.access == Access::Admin;
    let seen = match look(shared, container).await {
        Examined::Gone => {
            return Err(Problem::not_found("the daemon has no container of this id; nothing was claimed"));
        }
        Examined::Present(seen) if seen.listed.id == *container => seen.listed,
        // What an administrator says is stored; the next pass that sees the container fills the row in.
        _ if is_admin => return Ok(()),
        _ => return Err(unanswered()),
    };
    if is_admin {
        return Ok(());
    }
    let standing = standing(shared, reach, project, &seen).await?;
    if standing.is_held {
        return Ok(());
    }
    let mut images = HashMap::new();
    if let OwnLabels::Unasked(image) = own_labels(&seen, &standing.workload, &images, shared.config.image_labels) {
        images.insert(image.clone(), look_at_image(shared, image.clone()).await);
    }
    let unlabelled = shared.config.claims.unlabelled && !standing.is_adopted;
    match own_labels(&seen, &standing.workload, &images, shared.config.image_labels) {
        OwnLabels::Project => Ok(()),
        OwnLabels::Nobody if unlabelled => Ok(()),
        OwnLabels::Nobody | OwnLabels::Another => Err(refused(shared, reach, container, &standing)),
        OwnLabels::Unasked(_) | OwnLabels::Unanswered => Err(unanswered()),
        OwnLabels::Unreadable(why) => Err(unreadable(why)),
    }
}

async fn standing(shared: &Shared, reach: &Reach, project: &str, seen: &ListedContainer) -> Result<Standing, Problem> {
    let (reach, project) = (reach.clone(), project.to_owned());
    let (host, container, name) = (shared.config.host.clone(), seen.id.clone(), seen.name.to_string());
    let read = shared.readers.read(move |store| {
        let workload = reach.project(store, &project)?.workload_id;
        let bound = RowFilter { host: Some(host), container_id: Some(container), ..RowFilter::default() };
        let is_held = store.rows(&bound)?.iter().any(|row| row.binding.workload_id == workload);
        let keys = DirectoryKeys { adopted_names: [name.clone()].into(), ..DirectoryKeys::default() };
        let is_adopted = store.look_up(&keys)?.adopted.contains_key(&name);
        Ok(Standing { workload, is_held, is_adopted })
    });
    Ok(read.await?)
}

fn refused(shared: &Shared, reach: &Reach, container: &ContainerId, standing: &Standing) -> Problem {
    tracing::warn!(target: "audit", who = %reach.who, %container, "refused: a claim of a container that is not the project's");
    let (label, workload) = (&shared.config.labels.workload_id, &standing.workload);
    let detail = format!(
        "the container's own labels do not give it to this project alone; create it with the label {label}={workload} and \
         without one of another owner, or have it claimed with a token of the scope admin"
    );
    Problem::new(StatusCode::FORBIDDEN, "not_claimable", detail)
}

fn unanswered() -> Problem {
    let detail = "the daemon does not say what this container is; nothing was claimed";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "daemon_unanswered", detail)
}

fn unreadable(why: &str) -> Problem {
    let detail = format!(
        "the labels of the container's image cannot be read, so that its own are not known ({why}); allow that call, or set \
         image_labels"
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "daemon_unanswered", detail)
}
