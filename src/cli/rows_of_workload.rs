//! The rows of one project, stack or site, as its `show` prints them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::exit::Failure;
use super::ps::{name, state};
use super::table::Table;
use crate::model::{HostName, RowId, StoredRow, Timestamp, WorkloadId};
use crate::store::{RowFilter, Store};
use crate::wording::since;

/// A row, and the stage that it belongs to.
#[derive(Serialize)]
pub(super) struct StagedRow {
    #[serde(flatten)]
    pub(super) row: StoredRow,
    /// Of a project's row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<String>,
}

/// The rows of a workload, of one host or of all.
pub(super) fn rows_of(
    store: &mut Store,
    workload: &WorkloadId,
    host: Option<&HostName>,
) -> Result<Vec<StagedRow>, Failure> {
    let filter = RowFilter { host: host.cloned(), workload: Some(workload.to_string()), ..RowFilter::default() };
    let rows = store.rows(&filter)?;
    let mut stages: BTreeMap<(HostName, RowId), String> = store.stages_of_rows(workload)?;
    let staged = |row: StoredRow| StagedRow { stage: stages.remove(&(row.host.clone(), row.id.clone())), row };
    Ok(rows.into_iter().map(staged).collect())
}

/// What stands below the workload's own lines. A column that no row fills is left out.
pub(super) fn rows_text(rows: &[StagedRow], width: usize, now: Timestamp) -> String {
    if rows.is_empty() {
        return "\nIt has no container yet.\n".into();
    }
    let hosts: BTreeSet<&HostName> = rows.iter().map(|staged| &staged.row.host).collect();
    let is_staged = rows.iter().any(|staged| staged.stage.is_some());
    let is_served = rows.iter().any(|staged| staged.row.deployer.subdomain.is_some());
    let mut header = vec!["NAME"];
    header.extend(is_staged.then_some("STAGE"));
    header.extend(["ROLE", "STATE", "SINCE", "PORTS"]);
    header.extend(is_served.then_some("SUBDOMAIN"));
    header.push("IMAGE");
    header.extend((hosts.len() > 1).then_some("HOST"));
    header.push("ROW");
    let mut table = Table::new(&header);
    table.dispense_with(&["IMAGE", "PORTS", "ROLE"]);
    for StagedRow { row, stage } in rows {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let mut cells = vec![name(row)];
        cells.extend(is_staged.then(|| or_dash(stage)));
        cells.extend([row.binding.role.to_string(), state(row), since(row.observed.state_since, now)]);
        cells.push(row.observed.ports.to_string());
        cells.extend(is_served.then(|| or_dash(&row.deployer.subdomain)));
        cells.push(row.observed.image_ref.to_string());
        cells.extend((hosts.len() > 1).then(|| row.host.to_string()));
        cells.push(row.id.to_string());
        table.row(cells);
    }
    format!("\n{}", table.render(width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ps::tests::row;

    fn header(change: impl FnOnce(&mut StagedRow)) -> String {
        let mut other = StagedRow { row: row(), stage: None };
        change(&mut other);
        let text = rows_text(&[StagedRow { row: row(), stage: None }, other], 200, Timestamp::from_millis(160_000));
        text.trim_start().lines().next().expect("a header").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_columns_that_say_something_are_shown() {
        assert_eq!(header(|_| {}), "NAME ROLE STATE SINCE PORTS IMAGE ROW");
        let everything = header(|other| {
            other.stage = Some("live".into());
            other.row.deployer.subdomain = Some("www".into());
            other.row.host = HostName::new("east");
        });
        assert_eq!(everything, "NAME STAGE ROLE STATE SINCE PORTS SUBDOMAIN IMAGE HOST ROW");
        assert!(rows_text(&[], 80, Timestamp::from_millis(0)).contains("no container"));
    }
}
