//! Every metric: its name, its labels, and where its value comes from. Pure.

use std::collections::BTreeMap;

use super::exposition::{Exposition, Kind};
use super::requests::Counted;
use crate::model::{
    Attention, ContainerState, HostName, HostStatus, PassOutcome, ReceiverKind, Trigger, UnassignedReason, WorkloadKind,
};
use crate::store::{FileSizes, RowCounts};
use crate::supervisor::{CHILDREN, QUEUE};
use crate::telemetry::{Child, DeliveryOutcome, RestartCause, Status};

/// What a scrape finds.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    pub(super) host: &'a HostName,
    pub(super) status: &'a Status,
    /// Absent where the database cannot be read.
    pub(super) rows: Option<&'a RowCounts>,
    /// Absent where a server keeps them, too.
    pub(super) files: Option<FileSizes>,
    pub(super) requests: &'a BTreeMap<Counted, u64>,
}

/// Each state that a row can have, but for words of the daemon that we do not know.
const STATES: [ContainerState; 8] = [
    ContainerState::Created,
    ContainerState::Running,
    ContainerState::Paused,
    ContainerState::Restarting,
    ContainerState::Stopped,
    ContainerState::Removing,
    ContainerState::Missing,
    ContainerState::Failed,
];

/// Every other state together: a daemon may make up as many words as it likes.
const OTHER_STATE: &str = "other";

/// The whole document. Every series of a closed vocabulary is there from the start, so that its first count is seen to
/// grow.
pub(super) fn exposed(measured: &Measured<'_>) -> String {
    let mut to = Exposition::default();
    about(&mut to, measured);
    freshness(&mut to, measured.status);
    passes(&mut to, measured.status);
    rows(&mut to, measured);
    unassigned(&mut to, measured.status);
    refused(&mut to, measured.status);
    supervision(&mut to, measured.status);
    events(&mut to, measured.status);
    queues(&mut to, measured.status);
    database(&mut to, measured);
    notifications(&mut to, measured.status);
    requests(&mut to, measured.requests);
    to.into_text()
}

fn about(to: &mut Exposition, measured: &Measured<'_>) {
    to.family("dockledger_build_info", Kind::Gauge, "Always 1; what runs.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    to.family("dockledger_host_info", Kind::Gauge, "Always 1; the host whose rows this process keeps.")
        .sample(&[("host", measured.host.as_str())], 1);
    let started = measured.status.started_at.as_millis();
    let help = "When the ledger's tree of actors was spawned, in seconds since 1970.";
    to.single("dockledger_start_time_seconds", Kind::Gauge, help, millis_as_seconds(started));
}

fn freshness(to: &mut Exposition, status: &Status) {
    let now = status.host_status();
    let mut family = to.family(
        "dockledger_host_status",
        Kind::Gauge,
        "1 for the status of the host: how far its rows can be trusted; unknown before the first pass.",
    );
    for word in HostStatus::ALL {
        family.sample(&[("status", word.as_str())], u8::from(now == Some(*word)));
    }
    family.sample(&[("status", "unknown")], u8::from(now.is_none()));
    if let Some(age) = status.complete_pass_age() {
        let help = "How long ago the last complete pass was committed; absent before the first of this process.";
        to.single("dockledger_complete_pass_age_seconds", Kind::Gauge, help, age.as_secs_f64());
    }
    let call = status.call_in_flight().map_or(0.0, |call| call.age().as_secs_f64());
    let help = "How long the call to the daemon that a pass waits for has been on its way; 0 while none is.";
    to.single("dockledger_call_in_flight_age_seconds", Kind::Gauge, help, call);
}

fn passes(to: &mut Exposition, status: &Status) {
    let tally = &status.tally;
    let mut family =
        to.family("dockledger_passes_total", Kind::Counter, "Passes by why they ran and what came of them.");
    for trigger in Trigger::ALL {
        for outcome in PassOutcome::ALL {
            let count = tally.passes.get(&(*trigger, *outcome)).copied().unwrap_or(0);
            family.sample(&[("trigger", trigger.as_str()), ("outcome", outcome.as_str())], count);
        }
    }
    let help = "Durations of passes: of their list call, of their transaction, and from begin to end.";
    let mut family = to.family("dockledger_pass_duration_seconds", Kind::Histogram, help);
    for (phase, histogram) in [("list", &tally.list), ("commit", &tally.commit), ("whole", &tally.whole)] {
        family.histogram(&[("phase", phase)], histogram);
    }
    let help = "Passes that wrote rows or the line of the host: one transaction each.";
    to.single("dockledger_commits_total", Kind::Counter, help, tally.commits);
    let help = "Bytes of listings that the daemon answered.";
    to.single("dockledger_list_bytes_total", Kind::Counter, help, tally.list_bytes);
    let help = "Rows that passes wrote; missing, returned and rebound ones are among the updated; those that scaling removed are not.";
    let mut family = to.family("dockledger_rows_written_total", Kind::Counter, help);
    let written = tally.written;
    for (work, count) in [
        ("inserted", written.inserted),
        ("updated", written.updated),
        ("missing", written.missing),
        ("returned", written.returned),
        ("rebound", written.rebound),
        ("scaled", written.scaled),
    ] {
        family.sample(&[("work", work)], count);
    }
}

fn rows(to: &mut Exposition, measured: &Measured<'_>) {
    let readable = u8::from(measured.rows.is_some());
    to.single("dockledger_ledger_readable", Kind::Gauge, "1 if the rows could be counted for this answer.", readable);
    let Some(counts) = measured.rows else { return };
    let mut by_word: BTreeMap<(WorkloadKind, &str), u64> = BTreeMap::new();
    for (kind, state, count) in &counts.rows {
        let word = if STATES.contains(state) { state.as_str() } else { OTHER_STATE };
        *by_word.entry((*kind, word)).or_default() += count;
    }
    let mut family =
        to.family("dockledger_rows", Kind::Gauge, "Rows of this host by the kind of their workload and by state.");
    for kind in [WorkloadKind::Project, WorkloadKind::Stack, WorkloadKind::Site] {
        for state in STATES.iter().map(ContainerState::as_str).chain([OTHER_STATE]) {
            let count = by_word.get(&(kind, state)).copied().unwrap_or(0);
            family.sample(&[("kind", kind.as_str()), ("state", state)], count);
        }
    }
    to.single("dockledger_rows_flapping", Kind::Gauge, "Rows whose containers start too often.", counts.flapping);
    let help = "Rows that somebody has to look at, by reason; one row may have several.";
    let mut family = to.family("dockledger_rows_attention", Kind::Gauge, help);
    for reason in Attention::ALL {
        let count = counts.attention.get(reason).copied().unwrap_or(0);
        family.sample(&[("reason", reason.as_str())], count);
    }
}

fn unassigned(to: &mut Exposition, status: &Status) {
    let help = "Containers without a row, by reason, as the passes so far tell.";
    let mut family = to.family("dockledger_unassigned_containers", Kind::Gauge, help);
    let unassigned = || status.unassigned.iter().flat_map(|unassigned| unassigned.values());
    for reason in UnassignedReason::ALL {
        let count = unassigned().filter(|container| container.reason == *reason).count();
        family.sample(&[("reason", reason.as_str())], count);
    }
}

fn refused(to: &mut Exposition, status: &Status) {
    let help =
        "1 for each call that the daemon, or a proxy before it, does not carry out, by the status that it answers.";
    let mut family = to.family("dockledger_refused_calls", Kind::Gauge, help);
    for refusal in &status.refusals {
        family.sample(&[("call", refusal.call.as_str()), ("status", &refusal.status_text())], 1);
    }
}

fn supervision(to: &mut Exposition, status: &Status) {
    let help = "How often a child of the supervisor was replaced, and why.";
    let mut family = to.family("dockledger_restarts_total", Kind::Counter, help);
    for child in CHILDREN.into_iter().chain([Child::HTTP, Child::NOTIFY]) {
        for cause in RestartCause::ALL {
            let count = status.restarts.get(&(child, *cause)).copied().unwrap_or(0);
            family.sample(&[("child", &child.to_string()), ("cause", cause.as_str())], count);
        }
    }
    let help = "Children that did not die within their time and were left behind, each with a thread.";
    to.single("dockledger_children_left_behind_total", Kind::Counter, help, status.leaked);
}

fn events(to: &mut Exposition, status: &Status) {
    let live = status.live();
    let is_open = status.stream.as_ref().is_some_and(|stream| stream.is_open);
    let help = "1 while the daemon's event stream is followed; while it is not, changes are seen one tick late.";
    to.single("dockledger_event_stream_open", Kind::Gauge, help, u8::from(is_open));
    let help = "Events of containers that the daemon told.";
    to.single("dockledger_events_total", Kind::Counter, help, live.events());
    let help = "How often the event stream was opened, the first time included.";
    to.single("dockledger_event_streams_opened_total", Kind::Counter, help, live.streams_opened());
    let help = "How often an open event stream was lost: what happened meanwhile is found by a look at the whole host.";
    to.single("dockledger_event_streams_lost_total", Kind::Counter, help, live.streams_lost());
}

fn queues(to: &mut Exposition, status: &Status) {
    let help = "Callers who wait for the report of a pass.";
    to.single("dockledger_waiting_callers", Kind::Gauge, help, status.live().callers());
    to.single("dockledger_subscribers", Kind::Gauge, "Those who follow the changes.", status.queues.subscribers);
    let help = "Changes that wait for the subscriber with the most of them.";
    to.single("dockledger_subscriber_queue_depth", Kind::Gauge, help, status.queues.deepest);
    let help = "Changes that may wait for one subscriber before it is cut.";
    to.single("dockledger_subscriber_queue_limit", Kind::Gauge, help, QUEUE);
}

fn database(to: &mut Exposition, measured: &Measured<'_>) {
    let writable = u8::from(measured.status.store_trouble.is_none());
    to.single("dockledger_ledger_writable", Kind::Gauge, "0 while the ledger cannot be written.", writable);
    let Some(files) = measured.files else { return };
    let help = "Sizes of the files of an SQLite ledger: the database, and what is written ahead of it.";
    let mut family = to.family("dockledger_database_file_bytes", Kind::Gauge, help);
    family.sample(&[("file", "database")], files.database);
    family.sample(&[("file", "wal")], files.wal);
}

fn notifications(to: &mut Exposition, status: &Status) {
    let help = "Tries to tell receivers what happened, by what came of them; a dropped one is among the failed.";
    let mut family = to.family("dockledger_notifications_total", Kind::Counter, help);
    for receiver in ReceiverKind::ALL {
        for told in DeliveryOutcome::ALL {
            let count = status.live().times_told(*receiver, *told);
            family.sample(&[("receiver", receiver.as_str()), ("outcome", told.as_str())], count);
        }
    }
}

fn requests(to: &mut Exposition, requests: &BTreeMap<Counted, u64>) {
    let help = "Requests over HTTP by the template of their route and the class of their status.";
    let mut family = to.family("dockledger_http_requests_total", Kind::Counter, help);
    for (counted, count) in requests {
        let Counted { route, method, status } = counted;
        family.sample(&[("route", route), ("method", method), ("status", status)], count);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a moment in milliseconds has 41 bits")]
fn millis_as_seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::telemetry::{InFlight, LiveCounts};

    fn text(rows: Option<&RowCounts>) -> String {
        let status = Status::new(Timestamp::from_millis(1_500), None, InFlight::default(), LiveCounts::default());
        let requests = BTreeMap::new();
        exposed(&Measured { host: &HostName::new("local"), status: &status, rows, files: None, requests: &requests })
    }

    /// B7, R9: what a daemon makes up as a state is counted and never shown.
    #[test]
    fn b7_a_state_that_the_daemon_made_up_is_no_label() {
        let made_up = |word: &str, count| (WorkloadKind::Stack, ContainerState::Other(word.into()), count);
        let counts = RowCounts {
            rows: vec![
                made_up("\"} 1\nfake{", 2),
                made_up("hibernating", 3),
                (WorkloadKind::Site, ContainerState::Missing, 1),
            ],
            flapping: 0,
            attention: [(Attention::OutOfMemory, 2)].into(),
        };
        let text = text(Some(&counts));
        assert!(text.contains("dockledger_rows_attention{reason=\"out_of_memory\"} 2\n"), "{text}");
        assert!(text.contains("dockledger_rows_attention{reason=\"crashed\"} 0\n"), "a reason that no row has: {text}");
        assert!(text.contains("dockledger_rows{kind=\"stack\",state=\"other\"} 5\n"), "{text}");
        assert!(text.contains("dockledger_rows{kind=\"site\",state=\"missing\"} 1\n"), "{text}");
        assert!(!text.contains("fake") && !text.contains("hibernating"), "{text}");
    }

    #[test]
    fn a_ledger_that_cannot_be_read_is_told_and_costs_its_rows_alone() {
        let text = text(None);
        assert!(text.contains("dockledger_ledger_readable 0\n") && !text.contains("dockledger_rows{"), "{text}");
        assert!(text.contains("dockledger_host_status{status=\"unknown\"} 1\n"), "{text}");
        assert!(text.contains("dockledger_start_time_seconds 1.5\n"), "{text}");
    }

    // F1, F2
    #[test]
    fn a_refused_call_is_a_sample_with_its_status_as_long_as_it_stands() {
        let refused = |status| {
            let error = crate::docker::DaemonError::Status {
                endpoint: "unix:///x".into(),
                call: "GET /info",
                status,
                body: "\"} 1\nfake{".into(),
            };
            let labels = crate::config::ImageLabels::WhenReadable;
            crate::docker::refusal(crate::model::DaemonCall::Info, &error, None, labels).expect("a refusal")
        };
        let mut status = Status::new(Timestamp::default(), None, InFlight::default(), LiveCounts::default());
        let shown = |status: &Status| {
            let requests = BTreeMap::new();
            exposed(&Measured { host: &HostName::new("local"), status, rows: None, files: None, requests: &requests })
        };
        assert!(!shown(&status).contains("dockledger_refused_calls{"));
        status.refusals = vec![refused(403)];
        let text = shown(&status);
        assert!(text.contains("dockledger_refused_calls{call=\"info\",status=\"403\"} 1\n"), "{text}");
        assert!(!text.contains("fake"), "{text}");
    }

    #[test]
    fn each_family_is_begun_once_and_every_line_is_one_sample() {
        let text = text(Some(&RowCounts::default()));
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').expect("a value");
            assert!(line.starts_with("dockledger_") && value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
