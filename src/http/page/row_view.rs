//! A row as the page shows it.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ages::Moment;
use super::language::Language;
use super::marks::Mark;
use super::ports::{Port, ports};
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::model::{Attention, ContainerState, HostName, RowId, StoredRow, Timestamp};

/// What all rows of one answer are shown with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing<'a> {
    pub(super) visit: &'a Visit,
    /// The host that this service keeps: ports of its rows can be links.
    pub(super) own_host: &'a HostName,
    pub(super) now: Timestamp,
    /// The hosts whose rows cannot be vouched for.
    pub(super) stale: &'a BTreeSet<HostName>,
}

/// One row, ready for a template. Texts of the daemon are made visible here and escaped by the template.
#[derive(Clone, Debug)]
pub(super) struct RowView {
    pub(super) id: (HostName, RowId),
    /// Names the row within a page.
    pub(super) key: String,
    pub(super) history: String,
    /// Empty before a container was seen.
    pub(super) name: String,
    pub(super) image: String,
    pub(super) workload: String,
    pub(super) workload_href: String,
    pub(super) kind_text: &'static str,
    pub(super) role: String,
    /// Which part of its workload it is: its stage, or else its role.
    pub(super) part: String,
    pub(super) subdomain: String,
    pub(super) host: String,
    pub(super) mark: Mark,
    pub(super) since: Option<Moment>,
    pub(super) attention_since: Option<Moment>,
    pub(super) ports: Vec<Port>,
    pub(super) more_ports: usize,
    pub(super) ports_text: String,
    pub(super) notes: Vec<Note>,
    /// Whether its host is not fresh: what is shown is as it was last seen.
    pub(super) is_stale: bool,
    /// Of a missing row: when it was last seen.
    pub(super) last_seen: Option<Moment>,
}

/// What explains a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) tone: &'static str,
    pub(super) text: String,
}

/// Within one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// One segment of a path, whatever the text holds.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The page of a row.
pub(super) fn history_href(host: &HostName, row: &RowId) -> String {
    format!("/containers/{}/{}", segment(host.as_str()), segment(row.as_str()))
}

/// The page of a workload.
pub(super) fn workload_href(workload: &str) -> String {
    format!("/workloads/{}", segment(workload))
}

/// Of one row in a table; its own page shows all.
const MOST_PORTS: usize = 3;

impl Showing<'_> {
    /// The ports of a row, links where the browser reaches them.
    pub(super) fn ports(&self, row: &StoredRow) -> Vec<Port> {
        let is_reached = row.host == *self.own_host && row.observed.state.is_up();
        ports(&row.observed.ports, self.visit.reached_by.as_deref().filter(|_| is_reached))
    }
}

impl RowView {
    pub(super) fn of(row: &StoredRow, showing: Showing<'_>) -> Self {
        let Showing { visit, now, .. } = showing;
        let t = visit.language.texts();
        let observed = &row.observed;
        let mut ports = showing.ports(row);
        let more_ports = ports.len().saturating_sub(MOST_PORTS);
        ports.truncate(MOST_PORTS);
        let workload = row.workload_name.as_deref().unwrap_or(row.binding.workload_id.as_str());
        let is_missing = observed.state == ContainerState::Missing;
        let mut notes = notes(row, visit.language);
        let is_stale = showing.stale.contains(&row.host);
        if is_stale && !is_missing {
            notes.push(Note { tone: "calm", text: t.note_stale.to_owned() });
        }
        Self {
            id: (row.host.clone(), row.id.clone()),
            key: format!("{} {}", row.host, row.id),
            history: history_href(&row.host, &row.id),
            name: shown(&observed.name),
            image: shown(&observed.image_ref),
            workload: shown(workload),
            workload_href: workload_href(row.binding.workload_id.as_str()),
            kind_text: t.kind(row.binding.workload_kind),
            role: shown(&row.binding.role),
            part: shown(&row.binding.role),
            subdomain: shown(row.deployer.subdomain.as_deref().unwrap_or_default()),
            host: shown(row.host.as_str()),
            mark: Mark::of_row(observed, t),
            attention_since: observed.attention_since.map(|at| Moment::ago(at, now, t)),
            since: observed.state_since.map(|at| Moment::span(at, now, t)),
            ports,
            more_ports,
            ports_text: observed.ports.to_string(),
            notes,
            is_stale,
            last_seen: observed.last_seen_at.filter(|_| is_missing).map(|at| Moment::ago(at, now, t)),
        }
    }
}

/// What explains the state, the gravest first.
pub(super) fn notes(row: &StoredRow, language: Language) -> Vec<Note> {
    let t: &Texts = language.texts();
    let observed = &row.observed;
    let mut notes = Vec::new();
    let mut note = |tone, text: String| notes.push(Note { tone, text });
    // That it is missing the state says itself.
    let is_said = |reason: &Attention| *reason == Attention::Missing && observed.state == ContainerState::Missing;
    for reason in observed.attention.iter().filter(|reason| !is_said(reason)) {
        note("bad", reason_text(row, reason, language));
    }
    let is_down = matches!(observed.state, ContainerState::Stopped | ContainerState::Restarting);
    let is_told = observed.attention.contains(Attention::Crashed);
    if let Some(code) = observed.exit_code.filter(|_| is_down && !is_told) {
        note("calm", t.note_exit.replace("{code}", &code.to_string()));
    }
    let is_told = observed.attention.contains(Attention::Unhealthy);
    if let Some(health) = observed.health.as_deref().filter(|_| observed.state.is_up() && !is_told) {
        note(if health == "healthy" { "calm" } else { "busy" }, shown(t.health(health)));
    }
    if let Some(restarts) = observed.restart_count.and_then(|count| usize::try_from(count).ok()).filter(|n| *n > 0) {
        note("calm", language.count(t.n_note_restarts, restarts));
    }
    notes
}

/// Why somebody has to look, with what is known of it.
fn reason_text(row: &StoredRow, reason: Attention, language: Language) -> String {
    let (t, observed) = (language.texts(), &row.observed);
    let word = t.attention(reason);
    match (reason, observed.exit_code) {
        (Attention::Crashed, Some(code)) => format!("{word}, {}", t.note_exit.replace("{code}", &code.to_string())),
        (Attention::Flapping, _) => {
            language.count(t.n_note_flapping, usize::try_from(observed.recent_starts).unwrap_or(0))
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Binding, ContainerId, DeployerColumns, Observed, Revision, WorkloadId, WorkloadKind};

    /// A row of the stack `shop` that runs since 100 s.
    pub(in crate::http::page) fn row() -> StoredRow {
        let at = Timestamp::from_millis(100_000);
        StoredRow {
            id: RowId::new("w:web"),
            host: HostName::new("local"),
            binding: Binding {
                workload_id: WorkloadId::new("w"),
                workload_kind: WorkloadKind::Stack,
                role: "web".into(),
                container_id: Some(ContainerId::new("ab".repeat(32))),
            },
            observed: Observed {
                name: "shop-web-1".into(),
                image_ref: "shop/web:7".into(),
                state_since: Some(at),
                port: 8080,
                ports: "0.0.0.0:8080->80/tcp".into(),
                ..Observed::unseen(ContainerState::Running)
            },
            deployer: DeployerColumns::default(),
            created_at: at,
            updated_at: at,
            revision: Revision(1),
            workload_name: Some("shop".into()),
            host_status: Some("fresh".into()),
            last_complete_pass_at: Some(at),
        }
    }

    fn view(row: &StoredRow, host: &str) -> RowView {
        let visit = Visit {
            language: Language::English,
            who: None,
            may_read: true,
            sees_orders: false,
            is_live_part: false,
            held: None,
            here: "/".into(),
            seen: crate::http::page::seen::Seen::default(),
            reached_by: Some("box.example".into()),
        };
        let now = Timestamp::from_millis(160_000);
        RowView::of(row, Showing { visit: &visit, own_host: &HostName::new(host), now, stale: &BTreeSet::new() })
    }

    /// B11 and B27: what a row's id holds never leaves its segment.
    #[test]
    fn an_id_cannot_leave_its_segment_of_the_link() {
        let mut row = row();
        row.id = RowId::new("w:../../x?y#z%2f");
        let history = view(&row, "local").history;
        assert_eq!(history, "/containers/local/w%3A%2E%2E%2F%2E%2E%2Fx%3Fy%23z%252f");
    }

    #[test]
    fn ports_are_links_on_the_machine_that_the_browser_reached_alone() {
        assert!(view(&row(), "local").ports[0].link.is_some());
        assert!(view(&row(), "east").ports[0].link.is_none());
        let mut stopped = row();
        stopped.observed.state = ContainerState::Stopped;
        assert!(view(&stopped, "local").ports[0].link.is_none());
    }

    #[test]
    fn what_is_missing_is_said_once_and_still_alarms() {
        let mut row = row();
        row.observed.state = ContainerState::Missing;
        row.observed.attention = [Attention::Missing, Attention::Flapping].into_iter().collect();
        let view = view(&row, "local");
        assert_eq!((view.mark.word.as_str(), view.mark.tone), ("missing", "bad"));
        assert!(!view.notes.iter().any(|note| note.text == "missing"), "{:?}", view.notes);
        assert!(view.notes.iter().any(|note| note.text.starts_with("flapping")), "{:?}", view.notes);
    }

    #[test]
    fn what_explains_a_state_comes_gravest_first() {
        let mut row = row();
        row.observed.state = ContainerState::Restarting;
        (row.observed.recent_starts, row.observed.exit_code, row.observed.restart_count) = (5, Some(137), Some(9));
        row.observed.attention =
            [Attention::Flapping, Attention::OutOfMemory, Attention::Crashed].into_iter().collect();
        let texts: Vec<String> = notes(&row, Language::English).into_iter().map(|note| note.text).collect();
        assert_eq!(texts, ["crashed, exit code 137", "out of memory", "flapping: 5 starts", "9 restarts"]);
    }
}
