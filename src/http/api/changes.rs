//! The history: page by page, or as it is committed.

mod events;
mod sight;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::moment;
use super::paging::bounded;
use crate::http::extract::Query as FromQuery;
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::http::refusals::CannotRead;
use crate::http::shared::{MOST_STREAMS, Shared};
use crate::model::{Change, ChangeFilter, ChangeKind, HostName, Revision};
use crate::store::ChangesPage;
use events::{Events, Feed, snapshot_event};
pub(in crate::http) use events::{Lagged, Snapshot};
use sight::Sight;

/// What a reader who was cut off says of the last event that it got.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) fn read() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which changes.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Those after this revision; without it a page has the last ones, and a stream begins now.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// The `next` of the page before; it goes before `after`, with which the first page was asked for.
    #[param(minimum = 0)]
    cursor: Option<i64>,
    /// At most this many of them; a stream has no end.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those of this host.
    host: Option<String>,
    /// Those of the workload with this id, name or `kind/name`; also of one that was removed.
    workload: Option<String>,
    /// Those of the row with this id, or of the container with this name or id, or the start of an id.
    container: Option<String>,
    /// Those of these kinds, with commas between them: `state`, `health`, `image`, `ports`, `name`, `container`, `attention` or one
    /// of its reasons, a deployer's column, or a cause.
    kind: Option<String>,
    /// Those that happened at this moment or later (RFC 3339).
    from: Option<String>,
    /// Those that happened before this moment (RFC 3339).
    to: Option<String>,
}

impl Asked {
    fn filter(&self) -> Result<ChangeFilter, Problem> {
        Ok(ChangeFilter {
            host: self.host.clone().map(HostName::new),
            workload: self.workload.clone(),
            workloads: None,
            container: self.container.clone(),
            kinds: kinds(self.kind.as_deref().unwrap_or_default())?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            ..ChangeFilter::default()
        })
    }
}

fn kinds(words: &str) -> Result<Vec<ChangeKind>, Problem> {
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    let unknown = || Problem::invalid(format!("kind is one or more of {}", ChangeKind::words().join(", ")));
    words.map(|word| ChangeKind::parse(word).ok_or_else(unknown)).collect()
}

/// The history of all rows.
///
/// As JSON, one page of it. With `Accept: text/event-stream`, each change as it is committed, once and in order:
/// `event: change`, `id: <revision>`, `data: <Change as JSON>`. A stream begins after the `Last-Event-ID` header, which readers of
/// event streams send by themselves when they come back, else after `after`, else now.
///
/// `event: snapshot`, `id: <revision>`, `data: <Snapshot as JSON>` says: forget what you know, read the rows anew,
/// what follows comes after them. It is the first event of a stream that begins now, or whose begin is no longer kept.
/// `event: lagged`, `data: <Lagged as JSON>` is the last word to a reader that was too slow: it begins again after the last event that it got. A line
/// that begins with a colon keeps the connection alive.
///
/// A token that is bound to projects gets the changes of their rows alone; between their revisions are those of others.
#[utoipa::path(get, path = "/changes", operation_id = "list_changes", tag = "ledger", params(Asked), responses(
    (status = 200, content((HistoryPage = "application/json"), (String = "text/event-stream"))),
    CannotRead,
))]
async fn list(
    State(shared): State<Shared>,
    FromQuery(asked): FromQuery<Asked>,
    reach: Reach,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = bounded(asked.limit)?;
    let filter = asked.filter()?;
    let after = asked.cursor.or(asked.after).map(revision).transpose()?;
    let last_event = last_event(&headers)?;
    if wants_events(&headers) {
        let sight = Sight::new(filter, reach, shared.readers.clone()).await?;
        return follow(&shared, last_event.or(after), sight).await;
    }
    let read = shared.readers.read(move |store| {
        let filter = ChangeFilter { workloads: reach.workloads(store)?, ..filter };
        store.changes_of(&filter, after, limit)
    });
    let page = read.await?;
    Ok(Json(HistoryPage::from(page)).into_response())
}

/// A part of the history, in the shape of every list.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryPage {
    /// In the order of their revisions.
    items: Vec<Change>,
    /// The `cursor` of the next page; null where the history ends by now: what is committed later comes after the last item, or
    /// after `latest` without one.
    next: Option<String>,
    /// From this revision on nothing of what was asked for was removed; the next one to come if nothing is left.
    oldest: Revision,
    /// The last revision that was given out.
    latest: Revision,
    /// Whether changes after the asked revision are no longer kept: start from the rows, then read on from `latest`.
    lagged: bool,
}

impl From<ChangesPage> for HistoryPage {
    fn from(page: ChangesPage) -> Self {
        let ChangesPage { changes: items, oldest, latest, lagged } = page;
        let next = items.last().map(|last| last.revision).filter(|last| *last < latest).map(|last| last.0.to_string());
        Self { items, next, oldest, latest, lagged }
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/event-stream")
    })
}

fn last_event(headers: &HeaderMap) -> Result<Option<Revision>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(no_revision).and_then(revision).map(Some)
}

fn revision(number: i64) -> Result<Revision, Problem> {
    if number < 0 { Err(no_revision()) } else { Ok(Revision(number)) }
}

fn no_revision() -> Problem {
    Problem::invalid(format!("a revision is a whole number from 0 to {}, as in `items[].revision`", i64::MAX))
}

async fn follow(shared: &Shared, after: Option<Revision>, sight: Sight) -> Result<Response, Problem> {
    let place = shared.streams.clone().try_acquire_owned().map_err(|_| too_many_streams())?;
    // Where it begins is read beside the writer: a thousand readers who come at once ask it for nothing.
    let known = shared.readers.read(move |store| store.changes(Some(after.unwrap_or_default()), None, 0)).await?;
    let start = after.filter(|after| !known.lagged && *after <= known.latest);
    let greeting = start.map_or_else(|| snapshot_event(known.latest), |_| String::new());
    let subscription = shared.ledger.subscribe(Some(start.unwrap_or(known.latest)));
    let events = Events::new(
        Feed::new(subscription, sight, shared.closing.clone(), shared.guard.revocations(), place),
        greeting,
    );
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather an answer before they pass it on would gather for ever.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, axum::body::Body::new(events)).into_response())
}

fn too_many_streams() -> Problem {
    let detail =
        format!("{MOST_STREAMS} readers follow the changes already; try again later, or read them page by page");
    Problem::busy("too_many_streams", detail, 10)
}
