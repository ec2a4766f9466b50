//! The page of a workload: a project, a stack or a site, with its containers.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::containers::RowsTable;
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::reply::reply;
use super::row_view::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::extract::Path;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{Stage, StoredRow, Workload, WorkloadId, WorkloadKind};
use crate::store::{RowFilter, Store, StoreError};

#[derive(Template)]
#[template(path = "workload.html")]
struct WorkloadPage {
    frame: Frame,
    t: &'static Texts,
    kind_text: &'static str,
    name: String,
    id: String,
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

pub(super) async fn page(State(shared): State<Shared>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = make(&shared, &visit, id).await;
    reply(&visit, &made)
}

async fn make(shared: &Shared, visit: &Visit, id: String) -> Result<WorkloadPage, Problem> {
    let (known, found) =
        shared.readers.read(move |store| Ok((know(store)?, find(store, &WorkloadId::new(id))?))).await?;
    let t = visit.language.texts();
    let (workload, particulars, rows) = found.ok_or_else(|| Problem::not_found(t.failed_not_found))?;
    Ok(show(shared, visit, &known, &workload, particulars, &rows))
}

fn show(
    shared: &Shared,
    visit: &Visit,
    known: &Known,
    workload: &Workload,
    particulars: Particulars,
    rows: &[StoredRow],
) -> WorkloadPage {
    let t = visit.language.texts();
    let name = shown(&workload.name);
    let kind_text = t.kind(workload.kind);
    let frame = Frame::new(visit, shared, known, Section::Containers, format!("{name} ({kind_text})"));
    let rows: Vec<&StoredRow> = rows.iter().collect();
    let table = RowsTable::of_workload(shared, visit, &frame, &rows, t.workload_containers.to_owned());
    WorkloadPage { frame, t, kind_text, name, id: workload.id.to_string(), particulars, table }
}

type Found = (Workload, Particulars, Vec<StoredRow>);

fn find(store: &mut Store, id: &WorkloadId) -> Result<Option<Found>, StoreError> {
    let Some(workload) = store.list_workloads()?.into_iter().find(|workload| workload.id == *id) else {
        return Ok(None);
    };
    let particulars = particulars(store, &workload)?;
    let filter = RowFilter { workload: Some(id.to_string()), ..RowFilter::default() };
    Ok(Some((workload, particulars, store.rows(&filter)?)))
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
