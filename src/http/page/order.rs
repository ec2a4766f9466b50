//! An order for a row's container: the page that asks whether it is meant, and what came of it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::acts::{Act, target};
use super::ages::Moment;
use super::frame::{Frame, Section};
use super::known::{Known, know};
use super::links::query;
use super::reply::{failed, reply};
use super::row_view::{RowView, Showing, history_href, segment};
use super::sentences::Told;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::auth::Access;
use crate::http::extract::Path;
use crate::http::orders::{Order, Target, carry_out};
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::shared::Shared;
use crate::model::{AuditOutcome, AuditRecord, HostName, RowId, StoredRow};
use crate::store::{AuditFilter, Store, StoreError};

#[derive(Template)]
#[template(path = "order.html")]
struct Confirm {
    frame: Frame,
    t: &'static Texts,
    /// What is ordered, as a command.
    verb: &'static str,
    /// What it does and how long that may take.
    effect: &'static str,
    name: String,
    /// Where it is ordered.
    href: String,
    row: RowView,
}

/// What came of an order, on the page of its row.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    pub(super) action: String,
    pub(super) outcome: &'static str,
    pub(super) means: &'static str,
    pub(super) tone: &'static str,
    pub(super) at: Moment,
    /// Why, in the words of whoever refused or failed.
    pub(super) why: Option<Told>,
}

type Named = Path<(String, String, String)>;

/// Asks whether it is meant.
pub(super) async fn confirm(
    State(shared): State<Shared>,
    visit: Visit,
    reach: Reach,
    Path((host, row, word)): Named,
) -> Response {
    let made = make(&shared, &visit, reach, HostName::new(host), RowId::new(row), &word).await;
    reply(&shared, &visit, made).await
}

async fn make(
    shared: &Shared,
    visit: &Visit,
    reach: Reach,
    host: HostName,
    row: RowId,
    word: &str,
) -> Result<Confirm, Problem> {
    let act = act(word)?;
    let (seen, config) = (visit.seen, std::sync::Arc::clone(&shared.config));
    let read = shared.readers.read(move |store| {
        let known = know(store, seen)?;
        let row = reach.row(store, &host, &row)?;
        let target = target(store, &config, &reach, &row)?;
        Ok((known, row, target))
    });
    let (known, row, target) = read.await?;
    target?;
    Ok(show(shared, visit, &known, &row, act))
}

fn show(shared: &Shared, visit: &Visit, known: &Known, row: &StoredRow, act: Act) -> Confirm {
    let t = visit.language.texts();
    let verb = t.verb(act);
    let name = Some(shown(&row.observed.name)).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| shown(row.id.as_str()));
    let frame = Frame::new(visit, shared, known, Section::Containers, format!("{verb} {name}"));
    let showing = Showing { visit, own_host: &shared.config.host, now: frame.now, stale: &frame.stale };
    Confirm {
        verb,
        effect: t.effect(act),
        name,
        href: order_href(&row.host, &row.id, act),
        row: RowView::of(row, showing),
        frame,
        t,
    }
}

/// Carries it out, and leads on to what came of it.
pub(super) async fn order(
    State(shared): State<Shared>,
    visit: Visit,
    reach: Reach,
    Path((host, row, word)): Named,
) -> Response {
    let (host, row) = (HostName::new(host), RowId::new(row));
    let page = history_href(&host, &row);
    let (action, target) = match permitted(&shared, &reach, host, row, &word).await {
        Ok((act, target)) => (act.action(), target),
        Err(problem) => return failed(&shared, &visit, &problem).await,
    };
    let carried = carry_out(shared.clone(), Order { reach, target, action }).await;
    match (carried.entry, carried.row) {
        (None, Err(problem)) => failed(&shared, &visit, &problem).await,
        (entry, _) => {
            let outcome = query(&page, &[("order", entry.as_deref().unwrap_or_default())]);
            let place = format!("{}{outcome}", shared.config.http.base_path);
            let place = HeaderValue::try_from(place).expect("what is percent-encoded and a base path are plain");
            (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
        }
    }
}

async fn permitted(
    shared: &Shared,
    reach: &Reach,
    host: HostName,
    row: RowId,
    word: &str,
) -> Result<(Act, Target), Problem> {
    let act = act(word)?;
    let (reach, config) = (reach.clone(), std::sync::Arc::clone(&shared.config));
    let read = shared.readers.read(move |store| {
        let row = reach.row(store, &host, &row)?;
        target(store, &config, &reach, &row)
    });
    Ok((act, read.await??))
}

fn act(word: &str) -> Result<Act, Problem> {
    Act::parse(word).ok_or_else(|| Problem::not_found("there is no such action"))
}

/// Where an act is confirmed and ordered.
pub(super) fn order_href(host: &HostName, row: &RowId, act: Act) -> String {
    format!("{}/{}", history_href(host, row), segment(act.action().as_str()))
}

/// The order of that id about a row, if the visitor gave it or sees all of them.
pub(super) fn ordered(
    store: &mut Store,
    reach: &Reach,
    host: &HostName,
    row: &RowId,
    id: &str,
) -> Result<Option<AuditRecord>, StoreError> {
    if id.is_empty() {
        return Ok(None);
    }
    let filter = AuditFilter {
        id: Some(id.to_owned()),
        host: Some(host.clone()),
        row: Some(row.clone()),
        ..AuditFilter::default()
    };
    let is_his = |record: &AuditRecord| reach.access == Access::Admin || record.who == *reach.who;
    Ok(store.audit(&filter)?.pop().filter(is_his))
}

impl Ordered {
    pub(super) fn of(record: &AuditRecord, frame: &Frame) -> Self {
        let t = frame.t;
        Self {
            action: shown(t.action(&record.action)),
            outcome: t.audit_outcome(record.outcome),
            means: t.audit_meaning(record.outcome),
            tone: tone(record.outcome),
            at: Moment::ago(record.at, frame.now, t),
            why: record.error.as_deref().map(|error| t.sentence(error)),
        }
    }
}

/// How an outcome looks.
pub(super) const fn tone(outcome: AuditOutcome) -> &'static str {
    match outcome {
        AuditOutcome::Ok => "good",
        AuditOutcome::Refused | AuditOutcome::Failed => "bad",
        AuditOutcome::Unknown => "busy",
    }
}
