//! What rows must say of a daemon once nothing goes wrong any more: the contract's rules, written a second time, for what
//! a seed's life can bring about.

use std::collections::{BTreeMap, BTreeSet};

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
            found.extend(if is_of_a_service(container) {
                of_service(container, &row, rows, containers)
            } else {
                of_claim(container, &row, &workload, &by_id, containers)
            });
        }
    }
    found.extend(rows.iter().filter_map(|row| is_dead(row, rows, registry)));
    found
}

/// Whether compose's labels decide on its row, and not one of ours.
fn is_of_a_service(container: &SimulatedContainer) -> bool {
    let has = |key: &str| container.labels.get(key).is_some_and(|value| !value.is_empty());
    has("com.docker.compose.project") && !has("tinyforge.workload.id") && !has("tinyforge.static-site")
}

/// A new container of a service gets a slot, unless it waits for one that it replaces, or was replaced.
fn of_service(
    container: &SimulatedContainer,
    first: &str,
    rows: &[&Row],
    containers: &BTreeMap<String, SimulatedContainer>,
) -> Option<String> {
    let mut holders = rows
        .iter()
        .filter(|row| service_of(&row.id) == Some(first))
        .filter_map(|row| containers.get(row.container_id.as_deref()?));
    let family = family(container, containers);
    let has_kin = holders.any(|holder| {
        family.contains(holder.id.as_str())
            && !(holder.state.is_up() && container.state.is_up())
            && rank(holder, true) >= rank(container, false)
    });
    (!has_kin).then(|| format!("{} has no row of its service {first}", container.name))
}

/// The ids of those of its service that replace one another, beginning with this one.
fn family(container: &SimulatedContainer, containers: &BTreeMap<String, SimulatedContainer>) -> BTreeSet<String> {
    let mut family = BTreeSet::from([container.id.to_string()]);
    loop {
        let is_kin = |one: &&SimulatedContainer| {
            let mut members = family.iter().filter_map(|id| containers.get(id));
            members.any(|member| replaces(one, member) || replaces(member, one))
        };
        let more: Vec<String> = containers.values().filter(is_kin).map(|one| one.id.to_string()).collect();
        let before = family.len();
        family.extend(more);
        if family.len() == before {
            return family;
        }
    }
}

fn replaces(new: &SimulatedContainer, old: &SimulatedContainer) -> bool {
    let label = |container: &SimulatedContainer, key: &str| container.labels.get(key).cloned().unwrap_or_default();
    let replaced = label(new, "com.docker.compose.replace");
    let by_number =
        format!("{}-{}", label(new, "com.docker.compose.service"), label(old, "com.docker.compose.container-number"));
    let is_twin = !replaced.is_empty() && replaced == label(old, "com.docker.compose.replace");
    is_twin
        || replaced == old.id.as_str()
        || replaced == old.name
        || replaced == by_number
        || new.name.starts_with(&format!("{}_", old.id.short()))
}

/// The first row of the service that a row id is of.
fn service_of(row: &str) -> Option<&str> {
    let mut parts = row.split(':');
    let (workload, service, number) = (parts.next()?, parts.next()?, parts.next());
    let is_slot = parts.next().is_none() && number.is_none_or(|number| number.parse::<u64>().is_ok_and(|n| n > 1));
    is_slot.then(|| &row[..=workload.len() + service.len()])
}

/// A slot stays without a container only if a deployer wrote into it, or if it says that its service has none at all.
fn is_dead(row: &Row, rows: &[&Row], registry: &Registry) -> Option<String> {
    let is_known = registry.kinds.get(&row.workload_id).is_some_and(|kind| kind == "stack");
    let columns = [&row.subdomain, &row.proxy_route_id, &row.npm_proxy_id, &row.image_tag, &row.stage_id];
    let is_written = columns.iter().any(|column| column.as_ref().is_some_and(|text| !text.is_empty()));
    let service = service_of(&row.id).filter(|_| row.state == "missing" && is_known && !is_written)?;
    let is_there = |other: &&&Row| service_of(&other.id) == Some(service) && other.state != "missing";
    let other = rows.iter().find(is_there)?;
    Some(format!("row {} is dead, and its service has {}", row.id, other.id))
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
        return Some((format!("{workload}:{service}"), workload.clone()));
    }
    let workload = registry.adopted.get(&container.name)?;
    Some((format!("{workload}:{}", container.name), workload.clone()))
}
