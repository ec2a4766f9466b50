//! The page of a workload: a project, a stack or a site, with its containers.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::containers::RowsTable;
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::links::query;
use super::reply::reply;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Path;
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::shared::Shared;
use crate::model::{HostName, RowId, Stage, StoredRow, Workload, WorkloadId, WorkloadKind};
use crate::store::{RowFilter, Store, StoreError};

#[derive(Template)]
#[template(path = "workload.html")]
struct WorkloadPage {
    frame: Frame,
    t: &'static Texts,
    kind_text: &'static str,
    name: String,
    id: String,
    /// For those who see the activity.
    activity_href: Option<String>,
    particulars: Particulars,
    table: RowsTable,
}

/// What only one kind of workload has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Particulars {
    compose_project: Option<String>,
    adopted: Vec<String>,
    stages: Vec<Stage>,
    site_id: Option<String>,
}

pub(super) async fn page(State(shared): State<Shared>, visit: Visit, reach: Reach, Path(id): Path<String>) -> Response {
    let made = make(&shared, &visit, reach, id).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit, reach: Reach, id: String) -> Result<WorkloadPage, Problem> {
    let seen = visit.seen;
    let (known, found) =
        shared.readers.read(move |store| Ok((know(store, seen)?, find(store, &reach, &WorkloadId::new(id))?))).await?;
    let t = visit.language.texts();
    let found = found.ok_or_else(|| Problem::not_found(t.failed_not_found))?;
    Ok(show(shared, visit, &known, found))
}

fn show(shared: &Shared, visit: &Visit, known: &Known, found: Found) -> WorkloadPage {
    let Found { workload, particulars, rows, stages } = found;
    let t = visit.language.texts();
    let name = shown(&workload.name);
    let kind_text = t.kind(workload.kind);
    let frame = Frame::new(visit, shared, known, Section::Workloads, format!("{name} ({kind_text})"));
    let mut rows: Vec<&StoredRow> = rows.iter().collect();
    rows.sort_by_cached_key(|row| {
        (stages.get(&(row.host.clone(), row.id.clone())), row.binding.role.clone(), row.observed.name.clone())
    });
    let table = RowsTable::new(shared, visit, &frame, &rows, t.workload_containers.to_owned()).of_one(
        workload.kind,
        &stages,
        t,
    );
    WorkloadPage {
        activity_href: visit.may_read.then(|| query("/activity", &[("workload", workload.id.as_str())])),
        frame,
        t,
        kind_text,
        name,
        id: workload.id.to_string(),
        particulars,
        table,
    }
}

/// A workload with its rows, and the stage of each that has one.
struct Found {
    workload: Workload,
    particulars: Particulars,
    rows: Vec<StoredRow>,
    stages: BTreeMap<(HostName, RowId), String>,
}

fn find(store: &mut Store, reach: &Reach, id: &WorkloadId) -> Result<Option<Found>, StoreError> {
    if reach.workloads(store)?.is_some_and(|his| !his.contains(id)) {
        return Ok(None);
    }
    let Some(workload) = store.list_workloads()?.into_iter().find(|workload| workload.id == *id) else {
        return Ok(None);
    };
    let particulars = particulars(store, &workload)?;
    let filter = RowFilter { workload: Some(id.to_string()), ..RowFilter::default() };
    let stages = store.row_stages(&filter)?;
    Ok(Some(Found { workload, particulars, rows: store.rows(&filter)?, stages }))
}

fn particulars(store: &mut Store, workload: &Workload) -> Result<Particulars, StoreError> {
    let none = Particulars::default();
    Ok(match workload.kind {
        WorkloadKind::Project => Particulars { stages: store.list_stages(&workload.ref_id)?, ..none },
        WorkloadKind::Stack => {
            let stack = store.show_stack(&workload.ref_id)?;
            Particulars { compose_project: stack.compose_project, adopted: stack.adopted, ..none }
        }
        WorkloadKind::Site => Particulars { site_id: Some(workload.ref_id.clone()), ..none },
    })
}
