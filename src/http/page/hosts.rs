//! The page of the hosts: how fresh each is, and what is wrong with it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ages::age_text;
use super::filters::Filters;
use super::frame::{Frame, HostNote, Section};
use super::known::know;
use super::reply::reply;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::HostRecord;
use crate::telemetry::Status;
use crate::wording::{holder_text, is_served};

#[derive(Template)]
#[template(path = "hosts.html")]
struct Hosts {
    frame: Frame,
    t: &'static Texts,
    hosts: Vec<HostView>,
    summary: String,
    commands: [&'static str; 2],
}

/// One host.
#[derive(Clone, Debug)]
struct HostView {
    note: HostNote,
    status: &'static str,
    is_fresh: bool,
    endpoint: String,
    engine: String,
    writer: String,
    is_own: bool,
    /// Of the own host: whether the event stream is open.
    stream_open: Option<bool>,
    /// Of the own host: the age of the call that a pass waits for.
    call: Option<String>,
    unchanged: i64,
    rows_href: String,
}

pub(super) async fn page(State(shared): State<Shared>, visit: Visit) -> Response {
    let made = make(&shared, &visit).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit) -> Result<Hosts, Problem> {
    let seen = visit.seen;
    let known = shared.readers.read(move |store| know(store, seen)).await?;
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, &known, Section::Hosts, t.nav_hosts.to_owned());
    let status = shared.ledger.status();
    let hosts = known.hosts.iter().map(|host| {
        let own = (host.name == shared.config.host).then_some(&status);
        HostView::of(host, own, &frame)
    });
    Ok(Hosts {
        hosts: hosts.collect(),
        summary: frame.language.count(t.n_hosts, known.hosts.len()),
        commands: ["dockledger once", "dockledger run"],
        frame,
        t,
    })
}

impl HostView {
    fn of(host: &HostRecord, own: Option<&Status>, frame: &Frame) -> Self {
        let t = frame.t;
        let note = HostNote::of(host, frame.now, t);
        let engine: Vec<String> = [&host.engine, &host.engine_version].into_iter().flatten().cloned().collect();
        let writer = host.lease.holder.as_deref().filter(|_| is_served(host, frame.now));
        let filters = Filters { host: host.name.to_string(), ..Filters::default() };
        Self {
            status: host.status.map_or(t.unknown, |status| t.status(status)),
            is_fresh: note.troubles.is_empty() && note.complete_pass.is_some(),
            endpoint: shown(host.endpoint.as_deref().unwrap_or_default()),
            engine: shown(&engine.join(" ")),
            writer: writer.map_or_else(|| t.host_writer_nobody.to_owned(), |holder| shown(&holder_text(holder))),
            is_own: own.is_some(),
            stream_open: own.and_then(|status| status.stream.as_ref()).map(|stream| stream.is_open),
            call: own.and_then(Status::call_in_flight).map(|call| age_text(call.age(), t)),
            unchanged: host.unchanged_passes,
            rows_href: filters.href(),
            note,
        }
    }
}
