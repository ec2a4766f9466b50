//! What is shown to a token that is bound to projects: what it may do, and the containers that it sees.

use askama::Template;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::containers::RowsTable;
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::reply::{failed, rendered};
use super::row_view::workload_href;
use super::security::secured;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::auth::{Access, is_somebody_looking};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::shared::Shared;
use crate::model::{Project, StoredRow};
use crate::store::RowFilter;

#[derive(Template)]
#[template(path = "bound.html")]
struct Bound {
    frame: Frame,
    t: &'static Texts,
    may: &'static str,
    /// Whether something else was asked for.
    is_elsewhere: bool,
    /// Name and page of each project.
    projects: Vec<(String, String)>,
    table: RowsTable,
}

/// Shows whoever is bound to projects what is theirs in place of a page of all the ledger.
pub(super) async fn instead(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if !is_somebody_looking(&request) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(reach) = Reach::from_request_parts(&mut parts, &shared).await;
    let Ok(visit) = Visit::from_request_parts(&mut parts, &shared).await;
    // Nobody known sees nothing either, and is led to the login.
    if reach.is_whole() || visit.who.is_none() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let is_elsewhere = parts.uri.path() != "/";
    let status = if is_elsewhere { StatusCode::FORBIDDEN } else { StatusCode::OK };
    secured(match make(&shared, &visit, reach, is_elsewhere).await {
        Ok(page) => rendered(status, page.render()),
        Err(problem) => failed(&shared, &visit, &problem).await,
    })
}

async fn make(shared: &Shared, visit: &Visit, reach: Reach, is_elsewhere: bool) -> Result<Bound, Problem> {
    let (seen, access) = (visit.seen, reach.access);
    let read = shared.readers.read(move |store| {
        let known = know(store, seen)?;
        let projects = store.list_projects()?.into_iter().filter(|project| reach.has(project)).collect();
        Ok((known, Found { projects, rows: reach.rows(store, RowFilter::default())? }))
    });
    let (known, found) = read.await?;
    Ok(Bound { is_elsewhere, ..show(shared, visit, &known, &found, access) })
}

/// What the token is bound to.
struct Found {
    projects: Vec<Project>,
    rows: Vec<StoredRow>,
}

fn show(shared: &Shared, visit: &Visit, known: &Known, found: &Found, access: Access) -> Bound {
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, known, Section::Containers, t.bound_title.to_owned());
    let rows: Vec<&StoredRow> = found.rows.iter().collect();
    let project = |project: &Project| (shown(&project.name), workload_href(project.workload_id.as_str()));
    Bound {
        may: if access >= Access::Deploy { t.bound_deploy } else { t.bound_read },
        is_elsewhere: false,
        projects: found.projects.iter().map(project).collect(),
        table: RowsTable::new(shared, visit, &frame, &rows, t.workload_containers.to_owned()),
        frame,
        t,
    }
}
