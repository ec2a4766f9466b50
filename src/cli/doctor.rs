//! `doctor`: each part that must work, and for each fault its cause and cure.

mod service;

use std::time::Duration;

use serde::Serialize;

use super::arguments::Printing;
use super::context::{Context, runtime};
use super::exit::{Exit, Failure};
use super::freshness::age_of_truth;
use super::output::{Output, Spinner, list_call};
use crate::config::{Config, ImageLabels};
use crate::docker::{ContainerSource as _, Daemon, DaemonError, Identified, find_endpoint};
use crate::model::{DaemonCall, DaemonIdentity, HostRecord, HostStatus, Refusal, Timestamp};
use crate::store::Store;
use crate::telling::{age_text, escape, holder_text, is_served};

/// What one check found.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was checked.
    check: &'static str,
    /// Whether it is as it should be, or as far as it has to be.
    ok: bool,
    /// Whether something is not done all the same.
    warning: bool,
    /// What is there, or the cause and the cure.
    detail: String,
    /// The exit code that this fault leads to.
    #[serde(skip)]
    exit: Exit,
}

/// Without a service, rows older than this are a fault: three of the longest intervals.
const OLD: Duration = Duration::from_secs(15 * 60);

pub(super) fn execute(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let output = Output::of_this_process(printing.json);
    let findings = {
        let spinner = Spinner::start("checking");
        examine(context, &spinner)
    };
    output.answer(&findings, || text(&findings, output))?;
    Ok(worst(&findings))
}

/// The code of the fault that the others may follow from: what is not configured cannot be reached, what is not there
/// cannot be fresh.
fn worst(findings: &[Finding]) -> Exit {
    let faults = findings.iter().filter(|finding| !finding.ok).map(|finding| finding.exit);
    faults.min_by_key(|exit| (*exit == Exit::Failed, *exit)).unwrap_or(Exit::Fine)
}

fn examine(context: &Context, spinner: &Spinner) -> Vec<Finding> {
    let settings = match context.load() {
        Ok(settings) => settings,
        Err(error) => return vec![faulty("configuration", &error.into())],
    };
    let file = settings.file.as_ref().map_or_else(|| "no file".into(), |path| path.display().to_string());
    let mut findings = vec![fine("configuration", format!("{file}; host {}", settings.config.host))];
    findings.extend(settings.warnings.iter().map(|warning| fine("configuration", warning.clone())));
    let identity = examine_daemon(&settings.config, spinner, &mut findings);
    spinner.waits_for("reading the ledger");
    examine_ledger(context, &settings.config, identity.as_ref(), &mut findings);
    spinner.waits_for("looking at what a service needs");
    findings.extend(service::examine(&settings.config));
    findings
}

/// Whether the daemon can be reached, carries out what is asked of it, and says who it is.
fn examine_daemon(config: &Config, spinner: &Spinner, findings: &mut Vec<Finding>) -> Option<DaemonIdentity> {
    let found = match find_endpoint(config) {
        Ok(found) => found,
        Err(error) => {
            findings.push(faulty("daemon address", &error.into()));
            return None;
        }
    };
    findings.extend(found.warnings.into_iter().map(|warning| fine("daemon address", warning)));
    spinner.waits_for(&list_call(&found.endpoint, config));
    let daemon = Daemon::new(found.endpoint, config);
    let answer = ask(&daemon, config, spinner);
    // Which of the usual sockets it is, is known by now.
    let remark = daemon.remark().map(|remark| format!(" ({remark})")).unwrap_or_default();
    findings.push(fine("daemon address", format!("{}{remark}", daemon.endpoint())));
    match answer {
        Ok(answers) => {
            findings.extend(examine_answers(&answers, config));
            answers.identified.identity
        }
        Err(failure) => {
            findings.push(faulty("daemon", &failure));
            None
        }
    }
}

/// What the daemon said.
#[derive(Debug)]
struct Answers {
    identified: Identified,
    /// The calls that were made.
    asked: Vec<DaemonCall>,
    /// Those of them that are not carried out.
    refused: Vec<Refusal>,
}

/// A list, and the cheapest call of each kind. One that is refused is an answer; no daemon at all is not.
fn ask(daemon: &Daemon, config: &Config, spinner: &Spinner) -> Result<Answers, Failure> {
    let runtime = runtime()?;
    let mut asked = vec![DaemonCall::Events, DaemonCall::Inspect, DaemonCall::Ping];
    asked.extend((config.image_labels != ImageLabels::Off).then_some(DaemonCall::Images));
    asked.extend(config.actions.enabled.then_some(DaemonCall::Actions));
    let answer = runtime.block_on(Box::pin(async {
        daemon.list().await?;
        spinner.waits_for(&format!("one call of each kind, of {}", daemon.endpoint()));
        let (identified, refused) = tokio::join!(daemon.identify(), daemon.refused_among(&asked));
        Ok((identified, refused))
    }));
    runtime.shutdown_background();
    let (identified, mut refused) = answer.map_err(|error: DaemonError| Failure::from(error))?;
    let identity = [DaemonCall::Info, DaemonCall::Version];
    refused.extend(identity.iter().filter_map(|call| daemon.refusals().of(*call)));
    asked.extend(identity);
    Ok(Answers { identified, asked, refused })
}

/// A fault only where rows cannot be made; else what is not checked, or comes late, is a warning.
fn examine_answers(answers: &Answers, config: &Config) -> Vec<Finding> {
    let Answers { identified, asked, refused } = answers;
    let who = match &identified.identity {
        Some(identity) => format!("{} {} answers", identity.engine, identity.version),
        None => "it lists its containers".to_owned(),
    };
    let mut findings = vec![fine("daemon", who)];
    let is_refused = |call: &DaemonCall| refused.iter().any(|refusal| refusal.call == *call);
    let carried_out: Vec<&str> =
        [DaemonCall::List].iter().chain(asked).filter(|call| !is_refused(call)).map(|call| call.as_str()).collect();
    findings.push(fine("calls", format!("{} carried out", carried_out.join(", "))));
    for refusal in refused {
        let check = refusal.call.as_str();
        let is_fault = refusal.call == DaemonCall::Images && config.image_labels == ImageLabels::Required;
        let told = refusal.to_string();
        findings.push(if is_fault { fault(check, Exit::Failed, told) } else { warning(check, told) });
    }
    findings
}

/// Whether the ledger can be read, is whole and of our schema, and what it says of this host.
fn examine_ledger(context: &Context, config: &Config, identity: Option<&DaemonIdentity>, findings: &mut Vec<Finding>) {
    if let Some(name) = Store::shared_file_system(config) {
        let detail = format!(
            "a warning: the ledger lies on {name}, where SQLite's locks and its shared memory may fail at any time; put it \
             on a disk of this machine (--database PATH), or use PostgreSQL"
        );
        findings.push(fine("file system", detail));
    }
    let mut store = match context.read(config) {
        Ok(store) => store,
        Err(failure) => {
            findings.push(faulty("database", &failure));
            return;
        }
    };
    findings.push(fine("database", crate::config::without_password(&config.database)));
    match store.check() {
        Ok(()) => findings.push(fine("integrity", "no damage found".into())),
        Err(error) => findings.push(faulty("integrity", &error.into())),
    }
    findings.push(match Store::migration_status(config) {
        Ok(migrations) => examine_migrations(&migrations),
        Err(error) => faulty("migrations", &error.into()),
    });
    match store.hosts() {
        Ok(hosts) => findings.extend(examine_host(&hosts, config, identity, Timestamp::now())),
        Err(error) => findings.push(faulty("hosts", &error.into())),
    }
}

fn examine_migrations(migrations: &[(String, bool)]) -> Finding {
    let pending: Vec<&str> = migrations.iter().filter(|(_, applied)| !applied).map(|(name, _)| name.as_str()).collect();
    if pending.is_empty() {
        return fine("migrations", format!("{} applied", migrations.len()));
    }
    fault("migrations", Exit::Database, format!("not applied: {}; `dockledger migrate up`", pending.join(", ")))
}

/// What the ledger says of this host: its daemon, its writer, its freshness.
fn examine_host(
    hosts: &[HostRecord],
    config: &Config,
    identity: Option<&DaemonIdentity>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = hosts.iter().find(|host| host.name == config.host);
    if let Some(identity) = identity {
        findings.push(examine_identity(hosts, config, identity));
    }
    let Some(own) = own else {
        let detail = format!("no pass of host {} yet; `dockledger once`, or `dockledger run`", config.host);
        findings.push(fault("freshness", Exit::Failed, detail));
        return findings;
    };
    let holder = holder_text(own.lease.holder.as_deref().unwrap_or_default());
    findings.push(fine(
        "lease",
        if is_served(own, now) {
            format!("held by {holder}")
        } else {
            "nobody writes this host now; `dockledger run` does as long as it runs".into()
        },
    ));
    findings.push(examine_freshness(own, now));
    findings
}

fn examine_identity(hosts: &[HostRecord], config: &Config, identity: &DaemonIdentity) -> Finding {
    let name = &config.host;
    let own = hosts.iter().find(|host| host.name == *name);
    let Some(id) = identity.id.as_deref() else {
        return fine("identity", "the daemon is known by its containers: it tells no id of its own".into());
    };
    let known = |host: &&HostRecord| host.engine_identity.as_deref() == Some(id);
    let is_settled = own.is_some_and(|own| own.last_complete_pass_at.is_some());
    if let Some(other) = hosts.iter().filter(|host| host.name != *name && !is_settled).find(known) {
        let other = &other.name;
        return fault(
            "identity",
            Exit::Failed,
            format!(
                "this daemon is kept under the host name {other}; use --host {other}, or `dockledger hosts rename {other} \
             {name}`, or `dockledger hosts forget {other}`"
            ),
        );
    }
    match own.and_then(|host| host.engine_identity.as_deref()) {
        // Whether that is another daemon or the same with a new id is the pass's to say: it sees the containers.
        Some(stored) if stored != id => warning(
            "identity",
            format!(
                "the daemon has another id than the one of host {name}: a pass accepts it if it has containers of the host's rows; \
                 else point --docker-host at the right one, or `dockledger hosts confirm {name}` if it was replaced"
            ),
        ),
        Some(_) => fine("identity", format!("the daemon of host {name}")),
        None => fine("identity", format!("host {name} has no daemon of its own yet")),
    }
}

fn examine_freshness(own: &HostRecord, now: Timestamp) -> Finding {
    let age = own.last_complete_pass_at.map(|at| at.age(now));
    // Of a stale host what its last pass said is what has a cure.
    let cause_status = own.last_pass_status.filter(|_| own.status == Some(HostStatus::Stale)).or(own.status);
    match age {
        Some(age) if own.status == Some(HostStatus::Fresh) && age < OLD => {
            fine("freshness", format!("complete pass {} ago", age_text(age)))
        }
        _ => {
            let cause = own.last_error.as_deref().filter(|_| cause_status != Some(HostStatus::Fresh));
            let cause = cause.map(|error| format!(" ({error})")).unwrap_or_default();
            fault("freshness", Exit::Failed, format!("{}{cause}; {}", age_of_truth(own, now), cure(cause_status)))
        }
    }
}

/// What brings a host's rows up to date.
const fn cure(status: Option<HostStatus>) -> &'static str {
    match status {
        Some(HostStatus::Unreachable) => {
            "start the daemon, or point --docker-host at it: the next pass follows at once"
        }
        Some(HostStatus::Degraded) => {
            "a list that only needs longer wants a greater `list_deadline`; else a container hangs it: `dockledger once --json` \
             names it under `hanging`; remove it"
        }
        Some(HostStatus::WrongDaemon) => {
            "point --docker-host at the right daemon, or `dockledger hosts confirm` if it was replaced"
        }
        None | Some(HostStatus::Fresh | HostStatus::Stale) => {
            "`dockledger once` brings it up to date or shows what keeps it"
        }
    }
}

fn fine(check: &'static str, detail: String) -> Finding {
    Finding { check, ok: true, warning: false, detail, exit: Exit::Fine }
}

fn warning(check: &'static str, detail: String) -> Finding {
    Finding { check, ok: true, warning: true, detail, exit: Exit::Fine }
}

fn fault(check: &'static str, exit: Exit, detail: impl Into<String>) -> Finding {
    Finding { check, ok: false, warning: false, detail: detail.into(), exit }
}

fn faulty(check: &'static str, failure: &Failure) -> Finding {
    fault(check, failure.exit(), failure.to_string())
}

fn text(findings: &[Finding], output: Output) -> String {
    let mut text = String::new();
    for finding in findings {
        let line = format!(
            "{:<15} {:<7} {}",
            finding.check,
            match (finding.ok, finding.warning) {
                (true, false) => "ok",
                (true, true) => "warning",
                (false, _) => "FAILED",
            },
            escape(&finding.detail)
        );
        text.push_str(&if finding.ok { line } else { output.alarm(&line) });
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::freshness::tests::host;
    use crate::model::HostName;

    fn identity(key: &str) -> DaemonIdentity {
        DaemonIdentity { engine: "docker".into(), version: "28".into(), id: Some(key.into()), place: None }
    }

    fn at_112_s(hosts: &[HostRecord], key: &str) -> Vec<(&'static str, bool)> {
        let config = Config::new("ledger.db");
        let findings = examine_host(hosts, &config, Some(&identity(key)), Timestamp::from_millis(112_000));
        findings.iter().map(|finding| (finding.check, finding.ok)).collect()
    }

    #[test]
    fn a_served_host_of_the_same_daemon_is_fine() {
        assert_eq!(at_112_s(&[host()], "id"), [("identity", true), ("lease", true), ("freshness", true)]);
    }

    #[test]
    fn another_name_for_the_daemon_is_a_fault_and_another_id_is_for_a_pass_to_judge() {
        assert_eq!(at_112_s(&[host()], "other")[0], ("identity", true));
        let mut other = host();
        other.name = HostName::new("east");
        assert_eq!(at_112_s(&[other], "id"), [("identity", false), ("freshness", false)]);
    }

    // F1, F2
    #[test]
    fn a_refused_call_is_a_fault_only_where_no_row_can_be_made_without_it() {
        let refusal = |call| Refusal {
            call,
            request: call.request().into(),
            status: Some(403),
            cause: "denied".into(),
            waiting_helps: false,
            effect: "nothing".into(),
            cure: "allow it".into(),
            subject: None,
            passes: 0,
        };
        let refused = vec![refusal(DaemonCall::Images), refusal(DaemonCall::Info)];
        let identified = Identified { identity: None, without_id: Some("refused".into()) };
        let answers = Answers { identified, asked: vec![DaemonCall::Images, DaemonCall::Events], refused };
        let mut config = Config::new("ledger.db");
        let findings = examine_answers(&answers, &config);
        assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
        let output = Output::of_this_process(true);
        let text = text(&findings, output);
        assert!(
            text.contains("warning") && text.contains("status 403") && text.contains("list, events carried"),
            "{text}"
        );
        config.image_labels = ImageLabels::Required;
        let faults = examine_answers(&answers, &config).into_iter().filter(|finding| !finding.ok).count();
        assert_eq!(faults, 1);
    }

    #[test]
    fn old_or_stale_rows_are_a_fault() {
        let mut stale = host();
        stale.status = Some(HostStatus::Stale);
        assert!(!examine_freshness(&stale, Timestamp::from_millis(112_000)).ok);
        assert!(!examine_freshness(&host(), Timestamp::from_millis(100_000 + 16 * 60_000)).ok);
    }

    #[test]
    fn each_status_but_fresh_is_a_fault_with_its_cause_and_cure() {
        for (status, cure) in [
            (HostStatus::Unreachable, "start the daemon"),
            (HostStatus::Degraded, "hanging"),
            (HostStatus::WrongDaemon, "hosts confirm"),
            (HostStatus::Stale, "dockledger once"),
        ] {
            let mut host = host();
            (host.status, host.last_pass_status) = (Some(status), Some(status));
            host.last_error = Some("the cause".into());
            let finding = examine_freshness(&host, Timestamp::from_millis(112_000));
            assert!(
                !finding.ok && finding.detail.contains("the cause") && finding.detail.contains(cure),
                "{finding:?}"
            );
        }
    }

    #[test]
    fn the_exit_code_is_that_of_the_cause_and_not_of_what_follows_from_it() {
        let of = |exit| fault("x", exit, "");
        assert_eq!(worst(&[fine("x", String::new())]), Exit::Fine);
        assert_eq!(worst(&[of(Exit::Failed), of(Exit::Database)]), Exit::Database);
        assert_eq!(worst(&[of(Exit::Database), of(Exit::Unreachable), of(Exit::Failed)]), Exit::Unreachable);
        assert_eq!(worst(&[of(Exit::Failed)]), Exit::Failed);
    }

    #[test]
    fn a_pending_migration_is_named_with_its_cure() {
        let finding = examine_migrations(&[("1_tables".into(), true), ("2_more".into(), false)]);
        assert_eq!((finding.ok, finding.exit), (false, Exit::Database));
        assert!(finding.detail.contains("2_more;") && finding.detail.contains("migrate up"), "{}", finding.detail);
    }
}
