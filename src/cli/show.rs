//! `show`: all that is known of one container.

use serde::Serialize;

use super::arguments::ShowArguments;
use super::changes::what;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::freshness::freshness;
use super::named_row::find_row;
use super::output::Output;
use super::ps::state;
use super::table::{Table, object_text};
use crate::model::{Change, ContainerId, ContainerState, HostRecord, Observed, StoredRow, Timestamp, lowest_tcp_port};
use crate::store::Store;
use crate::wording::since;

/// Changes that are shown with it.
const RECENT: usize = 10;

/// What `show --json` prints: the row, its stage, and its last changes.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: StoredRow,
    /// The stage that the row belongs to.
    stage: Option<String>,
    /// The oldest first.
    changes: Vec<Change>,
    #[serde(skip)]
    host: Option<HostRecord>,
}

pub(super) fn execute(arguments: &ShowArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let mut store = context.read(&config)?;
    let row = find_row(&mut store, &arguments.row, context.host_filter())?;
    let shown = all_of(&mut store, row)?;
    let output = Output::of_this_process(arguments.printing.json);
    output.answer(&shown, || text(&shown, output, Timestamp::now()))?;
    Ok(Exit::Fine)
}

fn all_of(store: &mut Store, row: StoredRow) -> Result<Shown, Failure> {
    let mut changes = store.row_changes_before(&row.host, &row.id, None, None, RECENT)?;
    changes.reverse();
    let stage = store.stages_of_rows(&row.binding.workload_id)?.remove(&(row.host.clone(), row.id.clone()));
    let host = store.hosts()?.into_iter().find(|host| host.name == row.host);
    Ok(Shown { row, stage, changes, host })
}

fn text(shown: &Shown, output: Output, now: Timestamp) -> String {
    let mut text = shown.host.as_ref().map_or_else(String::new, |host| {
        let told = freshness(host, now);
        (if told.alarming { output.alarm(&told.line) } else { told.line }) + "\n\n"
    });
    text.push_str(&object_text(&fields(shown, now)));
    text.push_str("\nhistory");
    if shown.changes.is_empty() {
        return text + ": no change is kept\n";
    }
    text.push('\n');
    let mut table = Table::new(&["AT", "AGO", "CHANGE", "CAUSE", "CONTAINER"]);
    for change in &shown.changes {
        table.row(vec![
            change.at.to_string(),
            since(Some(change.at), now),
            what(change),
            change.cause.to_string(),
            change.container_id.as_ref().map_or_else(|| "-".into(), |id| id.short().to_owned()),
        ]);
    }
    text + &table.render(output.width)
}

/// Every column in words; a moment with its age.
const fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

/// Whether a container that is down was stopped, or removed, by somebody.
fn end_asked_for(observed: &Observed) -> &'static str {
    match (observed.ended_by_request, &observed.state) {
        (Some(asked), _) => yes_or_no(asked),
        (None, ContainerState::Stopped | ContainerState::Missing) => "not known",
        (None, _) => "-",
    }
}

fn fields(shown: &Shown, now: Timestamp) -> Vec<(&'static str, String)> {
    let StoredRow { binding, observed, deployer, .. } = &shown.row;
    let row = &shown.row;
    let or_dash = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned();
    let number = |number: Option<i64>| number.map_or_else(|| "-".into(), |number| number.to_string());
    let workload = format!("{}/{}", binding.workload_kind, row.workload_name.as_deref().unwrap_or("-"));
    let flapping = match observed.flapping_since {
        Some(at) => format!("since {}, {} starts lately", moment(Some(at), now), observed.recent_starts),
        None => "no".into(),
    };
    let attention = if observed.attention.is_empty() {
        "none needed".into()
    } else {
        format!("{} since {}", observed.attention, moment(observed.attention_since, now))
    };
    vec![
        ("name", observed.name.to_string()),
        ("row", row.id.to_string()),
        ("host", row.host.to_string()),
        ("workload", format!("{workload} (id {})", binding.workload_id)),
        ("role", binding.role.to_string()),
        ("stage", or_dash(shown.stage.as_deref())),
        ("state", format!("{} since {}", state(row), moment(observed.state_since, now))),
        ("attention", attention),
        ("health", or_dash(observed.health.as_deref())),
        ("exit code", number(observed.exit_code)),
        ("end asked for", end_asked_for(observed).into()),
        ("start error", or_dash(observed.start_error.as_deref())),
        ("out of memory", observed.oom_killed.map_or("-", yes_or_no).into()),
        ("restarts", number(observed.restart_count)),
        ("flapping", flapping),
        ("container", or_dash(binding.container_id.as_ref().map(ContainerId::as_str))),
        ("image", observed.image_ref.to_string()),
        ("ports", observed.ports.to_string()),
        ("port", lowest_tcp_port(&observed.ports).map_or_else(|| "-".into(), |port| port.to_string())),
        ("created", moment(observed.created_in_docker_at, now)),
        ("started", moment(observed.started_at, now)),
        ("finished", moment(observed.finished_at, now)),
        ("last seen", moment(observed.last_seen_at, now)),
        ("subdomain", or_dash(deployer.subdomain.as_deref())),
        ("proxy route", or_dash(deployer.proxy_route_id.as_deref())),
        ("npm proxy", or_dash(deployer.npm_proxy_id.as_deref())),
        ("image tag", or_dash(deployer.image_tag.as_deref())),
        ("stage id", or_dash(deployer.stage_id.as_deref())),
        ("row made", moment(Some(row.created_at), now)),
        ("row written", moment(Some(row.updated_at), now)),
        ("revision", row.revision.0.to_string()),
    ]
}

/// `2026-01-02T03:04:05.000Z (3 h ago)`
fn moment(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| "-".into(), |at| format!("{at} ({} ago)", since(Some(at), now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::changes::change;
    use crate::cli::ps::tests::row;

    fn shown() -> Shown {
        let changes = vec![change(None, "running", None), change(Some("running"), "stopped", Some(137))];
        let mut row = row();
        row.deployer.subdomain = Some("www".into());
        Shown { row, stage: Some("live".into()), changes, host: Some(crate::cli::freshness::tests::host()) }
    }

    #[test]
    fn who_wanted_an_end_is_told_as_far_as_it_is_known() {
        let ended = |state, ended_by_request| end_asked_for(&Observed { ended_by_request, ..Observed::unseen(state) });
        assert_eq!(ended(ContainerState::Stopped, Some(true)), "yes");
        assert_eq!(ended(ContainerState::Missing, Some(false)), "no");
        assert_eq!(ended(ContainerState::Stopped, None), "not known");
        assert_eq!(ended(ContainerState::Running, None), "-");
    }

    const PLAIN: Output = Output { json: false, color: false, width: 160, height: None };

    #[test]
    fn everything_is_told_in_words_with_moments_and_ages() {
        let text = text(&shown(), PLAIN, Timestamp::from_millis(160_000));
        for line in [
            "local: complete pass 60 s ago",
            "row            w:web",
            "workload       stack/shop (id w)",
            "stage          live",
            "state          running since 1970-01-01T00:01:40.000Z (60 s ago)",
            "attention      none needed",
            "subdomain      www",
            "npm proxy      -",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
        }
        assert!(text.contains(&"ab".repeat(32)) && text.contains("running → stopped (137)"), "{text}");
    }

    #[test]
    fn json_is_the_row_as_ps_prints_it_with_its_stage_and_history() {
        let value = serde_json::to_value(shown()).expect("serialised");
        let of_ps = serde_json::to_value(shown().row).expect("serialised");
        for (column, expected) in of_ps.as_object().expect("an object") {
            assert_eq!(&value[column], expected, "{column}");
        }
        assert_eq!((&value["stage"], value["changes"].as_array().map(Vec::len)), (&"live".into(), Some(2)));
        assert!(value.get("host_record").is_none());
    }
}
