//! `ps`: the ledger, headed by how fresh it is.

mod seen;
mod watch;

use std::collections::BTreeSet;

use self::seen::Seen;
use super::arguments::PsArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::freshness::{Freshness, freshness};
use super::output::Output;
use super::table::{Table, object_text};
use crate::config::Config;
use crate::model::{
    Attention, Condition, ContainerId, ContainerState, HostName, HostRecord, RowSummary, StoredRow, Timestamp,
};
use crate::store::{RowFilter, Store};
use crate::wording::{escape, since};

pub(super) fn execute(arguments: &PsArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let filter = filter(arguments, context)?;
    let mut store = context.read(&config)?;
    let output = Output::of_this_process(arguments.printing.json);
    if arguments.summary {
        let summary = store.row_summary(&filter)?;
        output.answer(&summary, || summary_text(&summary))?;
        return Ok(Exit::Fine);
    }
    if arguments.watch {
        return watch::execute(
            output,
            || look(&mut store, &filter, context, &config),
            |seen| text(seen, arguments, context, output),
        );
    }
    if output.json {
        output.document(&store.rows(&filter)?)?;
    } else if arguments.quiet {
        output.text(&ids(&store.rows(&filter)?))?;
    } else {
        output.text(&text(&look(&mut store, &filter, context, &config)?, arguments, context, output))?;
    }
    Ok(Exit::Fine)
}

fn look(store: &mut Store, filter: &RowFilter, context: &Context, config: &Config) -> Result<Seen, Failure> {
    let rows = store.rows(filter)?;
    let mut hosts = store.hosts()?;
    match context.host_filter() {
        Some(name) => hosts.retain(|host| host.name == *name),
        None => hosts.retain(|host| vouches(host, &rows, &config.host)),
    }
    Ok(Seen { rows, hosts, at: Timestamp::now() })
}

/// Whether a host's freshness says something of what is shown. One that somebody tried once, and that never had a complete
/// pass, is none of the others' concern.
fn vouches(host: &HostRecord, rows: &[StoredRow], own: &HostName) -> bool {
    host.name == *own || host.last_complete_pass_at.is_some() || rows.iter().any(|row| row.host == host.name)
}

fn text(seen: &Seen, arguments: &PsArguments, context: &Context, output: Output) -> String {
    let Seen { rows, hosts, at } = seen;
    let mut text = header(hosts, output, *at);
    if !rows.is_empty() {
        text.push_str(&headline(&RowSummary::of(rows)));
        return text + &table(rows, *at).render_for(output);
    }
    match context.host_filter().filter(|_| hosts.is_empty()) {
        Some(host) => {
            let host = escape(host.as_str());
            text.push_str(&format!("No host {host} is in the ledger; `dockledger hosts` shows those that are.\n"));
        }
        None => text.push_str(what_next(hosts, is_filtered(arguments, context))),
    }
    text
}

/// The ids alone, one a line, for another command.
fn ids(rows: &[StoredRow]) -> String {
    rows.iter().map(|row| escape(row.id.as_str()).into_owned() + "\n").collect()
}

fn filter(arguments: &PsArguments, context: &Context) -> Result<RowFilter, Failure> {
    Ok(RowFilter {
        host: context.host_filter().cloned(),
        conditions: Condition::parse_all(arguments.state.as_deref().unwrap_or_default()),
        health: arguments.health.clone(),
        kinds: arguments.kind.clone(),
        order: arguments.sort,
        workload: arguments.workload.clone(),
        stage: arguments.stage.clone(),
        flapping: arguments.flapping,
        ..RowFilter::default()
    })
}

fn is_filtered(arguments: &PsArguments, context: &Context) -> bool {
    let PsArguments { state, health, kind, workload, stage, flapping, .. } = arguments;
    let narrowed = !health.is_empty() || !kind.is_empty() || *flapping;
    let given = narrowed || state.is_some() || workload.is_some() || stage.is_some();
    given || context.host_filter().is_some()
}

/// `12 containers: 10 up, 2 down, 1 needs attention`
fn headline(summary: &RowSummary) -> String {
    let RowSummary { rows, up, down, attention, .. } = summary;
    let containers = if *rows == 1 { "container" } else { "containers" };
    let needs = match attention {
        0 => "nobody has to look".to_owned(),
        1 => "1 needs attention".to_owned(),
        many => format!("{many} need attention"),
    };
    format!("{rows} {containers}: {up} up, {down} down, {needs}\n")
}

fn summary_text(summary: &RowSummary) -> String {
    let mut fields: Vec<(&str, String)> =
        [("rows", summary.rows), ("up", summary.up), ("down", summary.down), ("attention", summary.attention)]
            .map(|(word, count)| (word, count.to_string()))
            .to_vec();
    let counted = summary.reasons.iter().chain(&summary.states);
    fields.extend(counted.filter(|(_, count)| **count > 0).map(|(word, count)| (word.as_str(), count.to_string())));
    object_text(&fields)
}

fn header(hosts: &[HostRecord], output: Output, now: Timestamp) -> String {
    let mut text = String::new();
    for host in hosts {
        let Freshness { line, reason, alarming } = freshness(host, now);
        text.push_str(&if alarming { output.alarm(&line) } else { line });
        text.push('\n');
        if let Some(reason) = reason {
            text.push_str(&format!("  {reason}\n"));
        }
    }
    text
}

/// What to do about an empty table.
fn what_next(hosts: &[HostRecord], filtered: bool) -> &'static str {
    let looked = hosts.iter().any(|host| host.last_complete_pass_at.is_some());
    match (filtered, looked) {
        (true, _) => "No row matches; `dockledger ps` without filters shows all.\n",
        (false, false) => {
            "The ledger is empty and nobody has looked yet: `dockledger once` looks once, `dockledger run` keeps it \
             true.\n"
        }
        (false, true) => {
            "No container has a row yet. `dockledger unassigned` shows what runs and why it has none; \
             `dockledger adopt --all` registers every compose project that runs.\n"
        }
    }
}

fn table(rows: &[StoredRow], now: Timestamp) -> Table {
    let several_hosts = rows.iter().map(|row| &row.host).collect::<BTreeSet<_>>().len() > 1;
    let mut header = vec!["NAME", "WORKLOAD", "ROLE", "STATE", "SINCE", "PORTS", "IMAGE"];
    if several_hosts {
        header.push("HOST");
    }
    header.push("CONTAINER");
    let mut table = Table::new(&header);
    table.dispense_with(&["CONTAINER", "IMAGE", "PORTS", "ROLE"]);
    for row in rows {
        let mut cells = vec![
            name(row),
            workload(row),
            row.binding.role.to_string(),
            state(row),
            since(row.observed.state_since, now),
            row.observed.ports.to_string(),
            row.observed.image_ref.to_string(),
        ];
        if several_hosts {
            cells.push(row.host.to_string());
        }
        cells.push(row.binding.container_id.as_ref().map_or_else(|| "-".into(), |id: &ContainerId| id.short().into()));
        if row.observed.attention.is_empty() {
            table.row(cells);
        } else {
            table.alarming_row(cells);
        }
    }
    table
}

/// The container's name, or the row's id before a container was seen.
pub(super) fn name(row: &StoredRow) -> String {
    if row.observed.name.is_empty() { row.id.to_string() } else { row.observed.name.to_string() }
}

fn workload(row: &StoredRow) -> String {
    let name = row.workload_name.as_deref().unwrap_or(row.binding.workload_id.as_str());
    format!("{}/{name}", row.binding.workload_kind)
}

/// The state with what explains it, and why somebody has to look: `stopped (137), crashed`, `running (unhealthy)`,
/// `restarting (1), crashed, flapping: 5 starts`.
pub(super) fn state(row: &StoredRow) -> String {
    let observed = &row.observed;
    let mut parts = vec![explained_state(row)];
    if observed.state == ContainerState::Missing && observed.attention.is_empty() {
        parts.push("as asked for".to_owned());
    }
    // Said by the state itself, by what stands beside it, or below.
    let is_said =
        |reason: &Attention| matches!(reason, Attention::Missing | Attention::Unhealthy | Attention::Flapping);
    parts.extend(
        observed.attention.iter().filter(|reason| !is_said(reason)).map(|reason| reason.to_string().replace('_', " ")),
    );
    if observed.flapping_since.is_some() {
        parts.push(format!("flapping: {} starts", observed.recent_starts));
    }
    parts.join(", ")
}

fn explained_state(row: &StoredRow) -> String {
    let state = &row.observed.state;
    match (state, row.observed.exit_code, row.observed.health.as_deref()) {
        (ContainerState::Stopped | ContainerState::Restarting, Some(code), _) => format!("{state} ({code})"),
        (state, _, Some(health)) if state.is_up() => format!("{state} ({health})"),
        _ => state.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cli::freshness::tests::host;
    use crate::model::{Binding, DeployerColumns, Observed, Revision, RowId, WorkloadId, WorkloadKind};

    /// A row of the stack `shop`, running for a minute at 160 s.
    pub(crate) fn row() -> StoredRow {
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

    #[test]
    fn the_table_shows_whose_each_container_is() {
        let text = table(&[row()], Timestamp::from_millis(160_000)).render(160);
        assert_eq!(
            text,
            "\
NAME        WORKLOAD    ROLE  STATE    SINCE  PORTS                 IMAGE       CONTAINER
shop-web-1  stack/shop  web   running  60 s   0.0.0.0:8080->80/tcp  shop/web:7  abababababab
"
        );
    }

    #[test]
    fn a_host_that_was_only_tried_heads_nobody_elses_rows() {
        let own = HostName::new("local");
        let mut other = host();
        other.name = HostName::new("east");
        assert!(vouches(&other, &[], &own), "it has looked");
        other.last_complete_pass_at = None;
        assert!(!vouches(&other, &[row()], &own));
        let mut claimed = row();
        claimed.host = other.name.clone();
        assert!(vouches(&other, &[claimed], &own), "its rows are shown");
        assert!(vouches(&HostRecord { last_complete_pass_at: None, ..host() }, &[], &own), "one's own");
    }

    #[test]
    fn the_host_is_shown_only_where_there_are_several() {
        let mut other = row();
        other.host = HostName::new("east");
        let now = Timestamp::from_millis(160_000);
        assert!(table(&[row(), other], now).render(200).contains("  HOST"));
        assert!(!table(&[row(), row()], now).render(200).contains("HOST"));
    }

    #[test]
    fn the_state_says_what_explains_it() {
        let shown = |word: ContainerState, exit_code, health: Option<&str>| {
            let mut row = row();
            (row.observed.state, row.observed.exit_code) = (word, exit_code);
            row.observed.health = health.map(Into::into);
            state(&row)
        };
        assert_eq!(shown(ContainerState::Running, None, Some("healthy")), "running (healthy)");
        assert_eq!(shown(ContainerState::Stopped, Some(137), None), "stopped (137)");
        assert_eq!(shown(ContainerState::Missing, Some(137), Some("healthy")), "missing, as asked for");
    }

    #[test]
    fn why_somebody_has_to_look_is_said_and_catches_the_eye() {
        let mut crashed = row();
        crashed.observed =
            Observed { exit_code: Some(137), oom_killed: Some(true), ..Observed::unseen(ContainerState::Stopped) }
                .attended();
        assert_eq!(state(&crashed), "stopped (137), crashed, out of memory");
        let lost = Observed::unseen(ContainerState::Missing).attended();
        assert_eq!(state(&StoredRow { observed: lost, ..row() }), "missing");
        let output = |color| Output { json: false, color, width: 160, height: None };
        let text = table(&[crashed.clone(), row()], Timestamp::from_millis(0)).render_for(output(true));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("\u{1b}[31m") && lines[1].ends_with("\u{1b}[0m"), "{text:?}");
        assert!(!lines[0].contains('\u{1b}') && !lines[2].contains('\u{1b}'), "{text:?}");
        assert!(!table(&[crashed.clone()], Timestamp::from_millis(0)).render_for(output(false)).contains('\u{1b}'));
        assert_eq!(headline(&RowSummary::of(&[crashed, row()])), "2 containers: 1 up, 1 down, 1 needs attention\n");
    }

    #[test]
    fn a_row_that_flaps_says_how_often_it_started() {
        let mut row = row();
        row.observed.state = ContainerState::Restarting;
        (row.observed.flapping_since, row.observed.recent_starts) = (row.observed.state_since, 5);
        assert_eq!(state(&row), "restarting, flapping: 5 starts");
        row.observed.flapping_since = None;
        assert_eq!(state(&row), "restarting");
    }

    #[test]
    fn a_row_without_a_container_is_named_by_its_id() {
        let mut row = row();
        row.observed.name = "".into();
        row.binding.container_id = None;
        row.workload_name = None;
        let text = table(&[row], Timestamp::from_millis(0)).render(160);
        assert!(text.contains("w:web") && text.contains("stack/w ") && text.trim_end().ends_with('-'), "{text}");
    }

    #[test]
    fn an_empty_table_says_what_to_do() {
        assert!(what_next(&[], false).contains("dockledger once"));
        assert!(what_next(&[host()], false).contains("dockledger adopt --all"));
        assert!(what_next(&[host()], true).contains("without filters"));
    }

    #[test]
    fn a_host_that_cannot_be_trusted_is_red_where_colours_are_wanted() {
        let mut host = host();
        host.lease.holder = None;
        let output = |color| Output { json: false, color, width: 80, height: None };
        let now = Timestamp::from_millis(112_000);
        assert!(header(std::slice::from_ref(&host), output(true), now).starts_with("\u{1b}[31mlocal: "));
        assert!(header(&[host], output(false), now).starts_with("local: "));
    }
}
