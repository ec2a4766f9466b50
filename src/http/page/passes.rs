//! The page of the passes, with their durations as a chart.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ages::{Moment, millis_text};
use super::chart::{Bar, chart};
use super::frame::{Frame, Section};
use super::known::know;
use super::reply::reply;
use super::sentences::Told;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::PassRecord;

/// Passes that are drawn and listed: thinner bars could not be told apart.
const MOST_PASSES: usize = 120;

#[derive(Template)]
#[template(path = "passes.html")]
struct Passes {
    frame: Frame,
    t: &'static Texts,
    bars: Vec<Bar>,
    slowest: String,
    summary: String,
    lines: Vec<Line>,
    shows_host: bool,
}

/// One pass.
#[derive(Clone, Debug)]
struct Line {
    at: Moment,
    host: String,
    trigger: String,
    scope: String,
    outcome: String,
    is_bad: bool,
    duration: String,
    list: String,
    pass: PassRecord,
    error: Option<Told>,
}

pub(super) async fn page(State(shared): State<Shared>, visit: Visit) -> Response {
    let made = make(&shared, &visit).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit) -> Result<Passes, Problem> {
    let seen = visit.seen;
    let (known, passes) =
        shared.readers.read(move |store| Ok((know(store, seen)?, store.passes(None, MOST_PASSES)?))).await?;
    let t = visit.language.texts();
    let frame = Frame::new(visit, shared, &known, Section::Passes, t.nav_passes.to_owned());
    let (bars, longest) = chart(&passes, t);
    Ok(Passes {
        bars,
        slowest: t.passes_slowest.replace("{ms}", &millis_text(longest, t)),
        summary: frame.language.count(t.n_passes, passes.len()),
        shows_host: known.hosts.len() > 1,
        lines: passes.into_iter().map(|pass| Line::of(pass, &frame)).collect(),
        frame,
        t,
    })
}

impl Line {
    fn of(pass: PassRecord, frame: &Frame) -> Self {
        let t = frame.t;
        Self {
            at: Moment::ago(pass.started_at, frame.now, t),
            host: shown(pass.host.as_str()),
            trigger: shown(t.trigger(&pass.trigger)),
            scope: scope(&pass.scope, frame),
            outcome: shown(t.outcome(&pass.outcome)),
            is_bad: pass.outcome != "committed",
            duration: millis_text(pass.duration_ms, t),
            list: millis_text(pass.list_ms, t),
            error: pass.error.as_deref().map(|error| t.sentence(error)),
            pass,
        }
    }
}

/// `host`, or a number of containers.
fn scope(word: &str, frame: &Frame) -> String {
    match word.split_once(' ').and_then(|(number, _)| number.parse().ok()) {
        Some(number) => frame.language.count(frame.t.n_containers, number),
        None if word == "host" => frame.t.scope_host.to_owned(),
        None => shown(word),
    }
}
