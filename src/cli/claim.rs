//! `claim`: a deployer's call, answered after a pass over its container.

use std::time::{Duration, Instant};

use super::arguments::{ClaimArguments, full_id};
use super::beside::refuse_what_a_service_would_drop;
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::named_row::ambiguous;
use super::one_pass::{is_held, one_pass_by_whoever_holds};
use super::output::Output;
use super::table::object_text;
use crate::config::Config;
use crate::model::{ClaimRequest, ContainerId, PassFailure, RowId, StoredRow, lowest_tcp_port};
use crate::store::{RowFilter, Store};

/// How long a running service that cannot be asked gets to look at the row: it notices new bindings each second, then
/// needs one pass.
const SERVICE_PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks at whether it did.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(super) fn execute(arguments: &ClaimArguments, context: &Context) -> Result<Exit, Failure> {
    refuse_taking_nothing(arguments)?;
    let settings = context.settings()?;
    refuse_what_a_service_would_drop(context, &settings)?;
    let config = settings.config;
    let mut store = context.write(&config)?;
    let container = arguments.container.as_deref().map(|given| resolve(given, &config)).transpose()?;
    let is_bound = container.is_some();
    let row = arguments
        .row
        .as_deref()
        .map(|called| row_called(&mut store, &config, &arguments.project, called))
        .transpose()?;
    let (row, _) = store.claim(&config.host, &request(arguments, container, row))?;
    if is_bound {
        observe(&mut store, &config, &row)?;
    }
    let stored = read_back(&mut store, &config, &row)?;
    Output::of_this_process(arguments.printing.json).answer(&stored, || text(&stored))?;
    Ok(Exit::Fine)
}

/// The full id: as it was given, or as the daemon knows the name or the begin of an id.
fn resolve(given: &str, config: &Config) -> Result<ContainerId, Failure> {
    if let Some(id) = full_id(given) {
        return Ok(id);
    }
    let daemon = Context::daemon(config)?;
    let runtime = runtime()?;
    let id = runtime.block_on(daemon.resolve(given));
    runtime.shutdown_background();
    Ok(id?)
}

/// The row of that id, or the project's own that holds a container of that name; else one that is to be made.
fn row_called(store: &mut Store, config: &Config, project: &str, called: &str) -> Result<RowId, Failure> {
    let workload = store.show_project(project)?.workload_id;
    let rows = store.rows(&RowFilter { host: Some(config.host.clone()), ..RowFilter::default() })?;
    if rows.iter().any(|row| row.id.as_str() == called) {
        return Ok(RowId::new(called));
    }
    let is_named = |row: &&StoredRow| row.binding.workload_id == workload && *row.observed.name == *called;
    match rows.iter().filter(is_named).collect::<Vec<_>>().as_slice() {
        [] => Ok(RowId::new(called)),
        [row] => Ok(row.id.clone()),
        several => Err(ambiguous(called, several)),
    }
}

fn request(arguments: &ClaimArguments, container_id: Option<ContainerId>, row: Option<RowId>) -> ClaimRequest {
    ClaimRequest {
        project: arguments.project.clone(),
        stage: arguments.stage.clone(),
        container_id,
        row,
        subdomain: arguments.subdomain.clone(),
        proxy_route: arguments.proxy_route.clone(),
        npm_proxy: arguments.npm_proxy.clone(),
        image_tag: arguments.image_tag.clone(),
        has_failed: arguments.failed,
        takes_subdomain: arguments.take_subdomain,
        takes_from: None,
    }
}

/// Whoever takes a subdomain names it: an empty one is given away.
fn refuse_taking_nothing(arguments: &ClaimArguments) -> Result<(), Failure> {
    if arguments.take_subdomain && arguments.subdomain.as_deref() == Some("") {
        return Err(Failure::new(Exit::Usage, "--take-subdomain takes what --subdomain names, and that is empty"));
    }
    Ok(())
}

/// Sees to a pass over the row: our own, or that of the process that holds the host.
fn observe(store: &mut Store, config: &Config, row: &RowId) -> Result<(), Failure> {
    let report = one_pass_by_whoever_holds(config, true)?;
    if !is_held(&report) {
        return report.error.as_ref().map_or(Ok(()), |error| Err(stored_yet_unseen(row, error)));
    }
    let begin = Instant::now();
    while begin.elapsed() < SERVICE_PATIENCE {
        if !store.new_bindings(&config.host)?.iter().any(|(unseen, _)| unseen == row) {
            return Ok(());
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let error = report.error.expect("that the host is held is an error of the pass");
    Err(stored_yet_unseen(row, &error))
}

fn stored_yet_unseen(row: &RowId, error: &PassFailure) -> Failure {
    let message = format!("the claim is stored as row {row}, and no pass has looked at its container yet: {error}");
    PassFailure { kind: error.kind, message }.into()
}

fn read_back(store: &mut Store, config: &Config, row: &RowId) -> Result<StoredRow, Failure> {
    let filter = RowFilter { host: Some(config.host.clone()), row: Some(row.clone()), ..RowFilter::default() };
    let found = store.rows(&filter)?.into_iter().next();
    found.ok_or_else(|| Failure::new(Exit::Failed, format!("row {row} was claimed and then removed by someone else")))
}

fn text(row: &StoredRow) -> String {
    let (binding, observed, deployer) = (&row.binding, &row.observed, &row.deployer);
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    object_text(&[
        ("row", row.id.to_string()),
        ("host", row.host.to_string()),
        ("workload", format!("{} {}", binding.workload_kind, or_dash(row.workload_name.as_deref()))),
        ("role", binding.role.to_string()),
        ("container", or_dash(binding.container_id.as_ref().map(ContainerId::as_str))),
        ("name", observed.name.to_string()),
        ("image", observed.image_ref.to_string()),
        ("state", observed.state.to_string()),
        ("port", lowest_tcp_port(&observed.ports).map_or_else(|| "-".into(), |port| port.to_string())),
        ("subdomain", or_dash(deployer.subdomain.as_deref())),
        ("proxy route", or_dash(deployer.proxy_route_id.as_deref())),
        ("npm proxy", or_dash(deployer.npm_proxy_id.as_deref())),
        ("image tag", or_dash(deployer.image_tag.as_deref())),
        ("revision", row.revision.0.to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ps::tests::row;
    use crate::model::FailureKind;

    #[test]
    fn a_claim_that_no_pass_saw_says_that_it_is_stored() {
        let held = PassFailure { kind: FailureKind::LeaseLost, message: "held by pid 7; stop it".into() };
        let failure = stored_yet_unseen(&RowId::new("r1"), &held);
        assert_eq!(failure.exit(), Exit::Held);
        assert!(failure.to_string().contains("stored as row r1") && failure.to_string().contains("held by pid 7"));
    }

    #[test]
    fn the_row_is_shown_with_the_whole_container_id() {
        assert!(text(&row()).contains(&"ab".repeat(32)));
    }
}
