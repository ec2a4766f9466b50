//! One whole pass of a command's own.

use std::convert::Infallible;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::context::runtime;
use super::exit::{Exit, Failure};
use super::output::Spinner;
use super::service::Service;
use crate::config::{Config, duration_text, without_password};
use crate::model::{DaemonCall, FailureKind, PassReport};
use crate::{Ledger, LedgerHandle, Mode};

/// What is waited for where it is no call of the daemon.
const ONE_PASS: &str = "one pass";

/// What one command pays of owed details before it ends.
const DETAILS_PAID: usize = 64;

/// Spawns a ledger, which migrates if it may, runs one whole pass and stops it. A fault of the pass is in the report; that
/// another process holds the host is one of them: see [`is_held`].
fn one_pass(config: Config, migrate: bool) -> Result<PassReport, Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(Box::pin(pass_until_signal(config, migrate)));
    // Nothing that still blocks is worth waiting for: the transaction is whole or it is not.
    runtime.shutdown_background();
    outcome
}

/// As [`one_pass`]; where a running service holds the host, the pass is the service's. A holder that does not answer
/// leaves the report of ours, which says that the host is held.
pub(crate) fn one_pass_by_whoever_holds(config: &Config, migrate: bool) -> Result<PassReport, Failure> {
    let service = Service::of(config);
    let mut report = one_pass(config.clone(), migrate)?;
    let Some(service) = service.filter(|_| is_held(&report)) else { return Ok(report) };
    match service.reconcile(config)? {
        Ok(report) => Ok(report),
        Err(error) => {
            if let Some(failure) = &mut report.error {
                failure.message.push_str(&format!("; it was asked to run the pass, but {error}"));
            }
            Ok(report)
        }
    }
}

/// Whether the pass failed because another process holds the host.
pub(crate) fn is_held(report: &PassReport) -> bool {
    report.error.as_ref().is_some_and(|error| error.kind == FailureKind::LeaseLost)
}

async fn pass_until_signal(config: Config, migrate: bool) -> Result<PassReport, Failure> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let spinner = Spinner::start(ONE_PASS);
    let life = Mode::Once { details_limit: DETAILS_PAID };
    let ledger = Box::pin(Ledger::spawn(config, life, migrate)).await?;
    let work = async {
        let report = ledger.reconcile().await;
        if report.error.is_none() {
            ledger.settle_details().await;
        }
        report
    };
    let report = tokio::select! {
        report = work => Ok(report),
        never = tell_calls(&ledger, &spinner) => match never {},
        _ = interrupt.recv() => Err(stopped()),
        _ = terminate.recv() => Err(stopped()),
    };
    ledger.stop().await;
    report
}

/// Says which call of the daemon is waited for.
async fn tell_calls(ledger: &LedgerHandle, spinner: &Spinner) -> Infallible {
    const LOOK_AGAIN: Duration = Duration::from_millis(100);
    let (endpoint, deadline) = (&ledger.config.docker_host, duration_text(ledger.config.list_deadline));
    let daemon = endpoint.as_deref().map_or_else(|| "the daemon".to_owned(), without_password);
    loop {
        match ledger.status().call_in_flight().map(|call| call.what) {
            None => spinner.waits_for(ONE_PASS),
            Some(what) => {
                let request = request_of(what).request();
                spinner.waits_for(&format!("{ONE_PASS}: {request} of {daemon}, for {deadline} at most each try"));
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The request behind the word for a call in flight.
fn request_of(what: &str) -> DaemonCall {
    match what {
        "list" => DaemonCall::List,
        "images" => DaemonCall::Images,
        _ => DaemonCall::Inspect,
    }
}

fn stopped() -> Failure {
    Failure::new(Exit::Failed, "stopped by a signal before the pass ended; the ledger holds the last whole pass")
}

/// Listens to a signal instead of dying of it.
pub(crate) fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|cause| Failure::new(Exit::Failed, format!("cannot listen to signals: {cause}")))
}
