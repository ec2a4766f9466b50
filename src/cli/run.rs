//! `run`: the service, and what the system tells it by signals.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind};

use super::arguments::RunArguments;
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::manager::{Manager, News};
use super::one_pass::listen;
use super::settings::KEYS;
use crate::config::{Config, database_without_password};
use crate::docker::find_endpoint;
use crate::http::HttpService;
use crate::ledger::{LedgerBuilder, LedgerHandle};
use crate::model::{HostStatus, PassId, PassReport};
use crate::notify::notify_service;
use crate::telemetry::Liveness;

pub(super) fn execute(arguments: &RunArguments, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let command = context.command_line_beside(&settings).text;
    let mut config = settings.config;
    config.http.command = command;
    context.check_place(&config)?;
    if arguments.no_migrate {
        // Nobody makes the file while it is waited for.
        context.must_exist(&config)?;
    }
    let runtime = runtime()?;
    let outcome = runtime.block_on(Box::pin(serve(config, !arguments.no_migrate, context)));
    // After an ordered stop nothing is left; after a second signal nothing is waited for.
    runtime.shutdown_background();
    outcome
}

/// The signals of a service. Listened to before anything starts: the default of SIGUSR1 and SIGHUP is death.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reconcile: Signal,
    reload: Signal,
}

/// What the service is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Stop,
    Reconcile,
    Reload,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            reconcile: listen(SignalKind::user_defined1())?,
            reload: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.reconcile.recv() => Told::Reconcile,
            _ = self.reload.recv() => Told::Reload,
        }
    }
}

async fn serve(config: Config, migrate: bool, context: &Context) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    log_begin(&config);
    let running = config.clone();
    let http = HttpService::new(&config.http)?;
    let services = [http.service()].into_iter().chain(notify_service(&config.notify));
    let builder = services.fold(LedgerBuilder::new(config).migrate(migrate), LedgerBuilder::service);
    let ledger = Box::pin(builder.spawn()).await?;
    let manager = Manager::start();
    let informer = tokio::spawn(keep_manager_informed(ledger.clone(), manager.clone()));
    let mut stopping = false;
    let ended = loop {
        tokio::select! {
            ended = ledger.ended() => break ended,
            told = signals.next() => match told {
                Told::Stop if stopping => {
                    return Err(Failure::new(Exit::Failed, "a second signal ended the service before it had stopped in order"));
                }
                Told::Stop => {
                    stopping = true;
                    manager.tell(News::Stopping);
                    tracing::info!("stopping");
                    tokio::spawn(stop(ledger.clone()));
                }
                Told::Reconcile => {
                    tokio::spawn(reconcile(ledger.clone()));
                }
                Told::Reload => {
                    reload(&running, context);
                    reload_guard(&http);
                }
            },
        }
    };
    informer.abort();
    ended?;
    tracing::info!("stopped");
    Ok(Exit::Fine)
}

/// What one wants to know first of a log: which program keeps which ledger and host, of which daemon, and what is on. An
/// address that makes no sense is told by the start that fails.
fn log_begin(config: &Config) {
    let daemon = find_endpoint(config).map_or_else(|_| String::new(), |found| found.endpoint.to_string());
    let ledger = database_without_password(&config.database);
    let actions = if config.actions.enabled { "on" } else { "off" };
    let notify =
        [config.notify.url.as_ref().map(|_| "webhook"), (!config.notify.command.is_empty()).then_some("command")];
    let notify: Vec<&str> = notify.into_iter().flatten().collect();
    let notify = if notify.is_empty() { "nobody".to_owned() } else { notify.join(", ") };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"), %ledger, host = %config.host, %daemon, http = %config.http.listen, actions,
        %notify, "dockledger started"
    );
}

async fn stop(ledger: LedgerHandle) {
    ledger.stop().await;
}

async fn reconcile(ledger: LedgerHandle) {
    let report = ledger.reconcile().await;
    tracing::info!(pass_id = %report.pass_id, outcome = %report.outcome, "the pass asked for by SIGUSR1 ended");
}

/// Reads the configuration again. No key can change under a running ledger, so what changed is named.
fn reload(running: &Config, context: &Context) {
    match context.load() {
        Ok(settings) => {
            let changed = changed_keys(running, &settings.config);
            if changed.is_empty() {
                tracing::info!("configuration reloaded; nothing changed");
            } else {
                tracing::warn!(keys = %changed.join(", "), "the configuration has changed; restart the service to apply it");
            }
        }
        Err(error) => tracing::error!("reload failed; keeping the previous configuration: {error}"),
    }
}

/// Reads tokens and certificate again: they alone can change under a running service.
fn reload_guard(http: &HttpService) {
    match http.reload() {
        Ok(true) => tracing::info!("tokens and certificate reloaded"),
        Ok(false) => {}
        Err(error) => tracing::error!("reload failed; keeping the previous tokens and certificate: {error}"),
    }
}

/// The keys whose values differ. They are compared as they are shown, so that no password is looked at but the database's.
fn changed_keys(running: &Config, read: &Config) -> Vec<&'static str> {
    let differs = |key: &&super::settings::Key| (key.show)(running) != (key.show)(read);
    let mut changed: BTreeSet<&'static str> = KEYS.iter().filter(differs).map(|key| key.name).collect();
    if running.database != read.database {
        changed.insert("database");
    }
    changed.into_iter().collect()
}

/// Tells systemd when the first pass ended, whatever came of it, and from then on that the tree lives: the watchdog
/// answers for our own loops, never for the daemon's health.
async fn keep_manager_informed(ledger: LedgerHandle, manager: Manager) {
    let mut status = ledger.watch_status();
    let liveness = Liveness::new(ledger.heartbeat(), BEATS_WITHIN);
    let mut told: Option<PassId> = None;
    let mut watchdog = sd_notify::watchdog_enabled().map(|limit| tokio::time::interval(half(limit)));
    loop {
        let now = status.borrow_and_update().clone();
        if let Some(report) = now.last_report.as_ref().filter(|report| told.as_ref() != Some(&report.pass_id)) {
            let summary = summary(report, now.host_status());
            manager.tell(if told.is_none() { News::Ready(summary) } else { News::Status(summary) });
            told = Some(report.pass_id.clone());
        }
        let changed = loop {
            tokio::select! {
                changed = status.changed() => break changed,
                () = tick(&mut watchdog) => {
                    if liveness.is_alive() {
                        manager.tell(News::Watchdog);
                    }
                }
            }
        };
        if changed.is_err() {
            // Whoever kept the status is gone: the watchdog starves, and systemd starts the service again.
            return;
        }
    }
}

/// A machine under load may delay one beat, or two.
const BEATS_WITHIN: Duration = Duration::from_secs(3);

async fn tick(watchdog: &mut Option<tokio::time::Interval>) {
    match watchdog {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// systemd's own advice: feed the watchdog at half of its limit.
fn half(limit: Duration) -> Duration {
    (limit / 2).max(Duration::from_millis(1))
}

/// One line for `systemctl status`.
fn summary(report: &PassReport, host: Option<HostStatus>) -> String {
    let host = host.map_or_else(String::new, |status| format!("{status}: "));
    match &report.error {
        Some(error) => host + &crate::wording::escape(&error.message),
        None => format!(
            "{host}{} pass, {} containers listed, {} with a row",
            report.completeness, report.listed, report.assigned
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::summary::tests::report;
    use crate::model::{FailureKind, PassFailure};

    #[test]
    fn a_changed_configuration_is_named_by_its_keys() {
        let running = Config::new("postgres://ledger:old@db/x");
        let mut read = running.clone();
        assert!(changed_keys(&running, &read).is_empty());
        read.interval *= 2;
        read.retention.passes_count += 1;
        read.database = "postgres://ledger:new@db/x".into();
        assert_eq!(changed_keys(&running, &read), ["database", "interval", "retention.passes_count"]);
    }

    #[test]
    fn the_manager_is_told_in_one_harmless_line() {
        let mut report = report();
        (report.listed, report.assigned) = (3, 2);
        let fresh = Some(HostStatus::Fresh);
        assert_eq!(summary(&report, fresh), "fresh: complete pass, 3 containers listed, 2 with a row");
        report.error = Some(PassFailure { kind: FailureKind::DaemonFailed, message: "a\nb".into() });
        assert_eq!(summary(&report, None), "a\\nb");
    }
}
