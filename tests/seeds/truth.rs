//! What rows must say of a daemon once nothing goes wrong any more: the contract's rules, written a second time, for what
//! a seed's life can bring about.

use std::collections::BTreeMap;

use dockledger::model::ContainerState;
use dockledger::simulation::{Health, SimulatedContainer, SimulatedState};

use super::ledger::Row;
use super::registry::Registry;

/// Every way in which rows and containers disagree.
pub(crate) fn disagreements(
    rows: &[&Row],
    containers: &BTreeMap<String, SimulatedContainer>,
    registry: &Registry,
) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows {
        found.extend(of_row(row, containers));
    }
    let by_id: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), *row)).collect();
    for container in containers.values() {
        let is_bound = rows.iter().any(|row| row.container_id.as_deref() == Some(container.id.as_str()));
        if !is_bound && let Some((row, workload)) = claimed_row(container, registry) {
            found.extend(of_claim(container, &row, &workload, &by_id, containers));
        }
    }
    found
}

fn of_row(row: &Row, containers: &BTreeMap<String, SimulatedContainer>) -> Option<String> {
    let bound = row.container_id.as_deref()?;
    let Some(container) = containers.get(bound) else {
        return (row.state != "missing").then(|| format!("row {} is {} and its container is gone", row.id, row.state));
    };
    let state = ContainerState::from_daemon(container.state.as_str());
    let is_shown = matches!(container.state, SimulatedState::Running | SimulatedState::Paused);
    let port = if is_shown { container.ports.iter().map(|port| i32::from(port.host)).min().unwrap_or(0) } else { 0 };
    let exit_code = match container.state {
        SimulatedState::Exited | SimulatedState::Restarting => Some(Some(container.exit_code)),
        SimulatedState::Running | SimulatedState::Created => Some(None),
        _ => None,
    };
    let health = match container.state {
        SimulatedState::Running => Some(container.health.map(Health::as_str)),
        SimulatedState::Exited => Some(None),
        _ => None,
    };
    let is_true = row.state == state.as_str()
        && row.name == container.name
        && row.image_ref == container.image
        && row.port == port
        && exit_code.is_none_or(|exit_code| row.exit_code == exit_code)
        && health.is_none_or(|health| row.health.as_deref() == health);
    (!is_true).then(|| format!("row {row:?} is not true of {} {:?}", container.name, container.state))
}

/// An unbound container that claims a row must have lost it to a better one.
fn of_claim(
    container: &SimulatedContainer,
    row: &str,
    workload: &str,
    rows: &BTreeMap<&str, &Row>,
    containers: &BTreeMap<String, SimulatedContainer>,
) -> Option<String> {
    let Some(row) = rows.get(row) else {
        return Some(format!("{} has no row, and {row} does not exist", container.name));
    };
    if row.workload_id != workload || row.workload_kind == "project" {
        return None;
    }
    let holder = row.container_id.as_ref().and_then(|holder| containers.get(holder));
    match holder {
        Some(holder) if rank(holder, true) >= rank(container, false) => None,
        Some(holder) => Some(format!("{} has row {}, and {} is to have it", holder.name, row.id, container.name)),
        None => Some(format!("{} has no row, and {} is free", container.name, row.id)),
    }
}

/// Up while bound, then up, then made later (a listing tells whole seconds), then bound, then the greater id.
fn rank(container: &SimulatedContainer, is_bound: bool) -> (bool, bool, i64, bool, &str) {
    let is_up = container.state.is_up();
    (is_bound && is_up, is_up, container.created_at.as_millis() / 1000, is_bound, container.id.as_str())
}

/// The row that an unbound container claims, and the workload.
fn claimed_row(container: &SimulatedContainer, registry: &Registry) -> Option<(String, String)> {
    let label = |key: &str| container.labels.get(key).map(String::as_str).filter(|value| !value.is_empty());
    let is_baked = registry.baked_images.contains(&container.image);
    if let Some(workload) = label("tinyforge.workload.id") {
        let kind = registry.kinds.get(workload)?;
        if label("tinyforge.workload.kind").is_some_and(|said| said != kind) {
            return None;
        }
        let key = match kind.as_str() {
            "project" => return None,
            "site" => "site",
            _ => label("tinyforge.workload.role").unwrap_or(container.id.as_str()),
        };
        return Some((format!("{workload}:{key}"), workload.to_owned()));
    }
    if let Some(site) = label("tinyforge.static-site") {
        let workload = registry.sites.get(site)?;
        return Some((format!("{workload}:site"), workload.clone()));
    }
    if let Some(project) = label("com.docker.compose.project") {
        let is_own =
            label("com.docker.compose.config-hash").is_some() || label("com.docker.compose.container-number").is_some();
        if label("com.docker.compose.oneoff") == Some("True") || (is_baked && !is_own) {
            return None;
        }
        let workload = registry.stacks.get(project)?;
        let service = label("com.docker.compose.service").unwrap_or(&container.name);
        let number =
            label("com.docker.compose.container-number").and_then(|number| number.parse().ok()).unwrap_or(1_u64);
        let row = format!("{workload}:{service}");
        return Some((if number > 1 { format!("{row}:{number}") } else { row }, workload.clone()));
    }
    let workload = registry.adopted.get(&container.name)?;
    Some((format!("{workload}:{}", container.name), workload.clone()))
}
