//! What a claim says beside the row's binding and its deployer's columns: that its container could not be made, and that a
//! subdomain is its own from now on. Both are written as a deployer writes them, and told in the history as such.

use diesel::prelude::*;

use crate::model::{ClaimRequest, ContainerState, HostName, RowId, WorkloadId};
use crate::store::RegistryError;
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::schema::containers;

/// Writes what the request says of a row that it claimed in this transaction.
pub(super) fn write_facts(db: &mut Db, host: &HostName, row: &RowId, request: &ClaimRequest) -> Result<(), Fault> {
    if request.has_failed {
        say_failed(db, host, row)?;
    }
    match &request.subdomain {
        Some(subdomain) if request.takes_subdomain && !subdomain.is_empty() => {
            take_subdomain(db, host, row, subdomain, request.takes_from.as_deref())
        }
        _ => Ok(()),
    }
}

/// The state of a row with a container is the daemon's.
fn say_failed(db: &mut Db, host: &HostName, row: &RowId) -> Result<(), Fault> {
    let unbound = containers::table.find((host.as_str(), row.as_str())).filter(containers::container_id.is_null());
    let written = diesel::update(unbound).set(containers::state.eq(ContainerState::Failed.as_str())).execute(db)?;
    if written == 0 { Err(RegistryError::Bound { row: row.to_string() }.into()) } else { Ok(()) }
}

/// Takes a subdomain away from every other row, on whatever host, that bears it. Names of hosts know no case.
fn take_subdomain(
    db: &mut Db,
    host: &HostName,
    row: &RowId,
    subdomain: &str,
    within: Option<&[WorkloadId]>,
) -> Result<(), Fault> {
    let bearing: Vec<(String, String, String, Option<String>)> = containers::table
        .filter(containers::subdomain.is_not_null())
        .select((containers::host, containers::id, containers::workload_id, containers::subdomain))
        .load(db)?;
    let is_other = |found: &(String, String, String, Option<String>)| {
        let (at, id, _, borne) = found;
        let is_alike = borne.as_deref().is_some_and(|borne| borne.eq_ignore_ascii_case(subdomain));
        is_alike && (at.as_str(), id.as_str()) != (host.as_str(), row.as_str())
    };
    let now = db.now()?;
    for (at, id, workload, _) in bearing.into_iter().filter(is_other) {
        if within.is_some_and(|within| !within.iter().any(|ours| ours.as_str() == workload)) {
            let what = format!("subdomain {subdomain}");
            return Err(RegistryError::Owned { what, owner: "a project that this token is not bound to".into() }.into());
        }
        diesel::update(containers::table.find((&at, &id)))
            .set((containers::subdomain.eq(None::<&str>), containers::updated_at.eq(now)))
            .execute(db)?;
    }
    Ok(())
}
