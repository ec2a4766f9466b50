//! Whether the ledger can be read, and what it says of this host.

use std::time::Duration;

use super::finding::{Finding, fault, faulty, fine, warning};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::freshness::age_of_truth;
use crate::config::Config;
use crate::model::{DaemonIdentity, HostRecord, HostStatus, Timestamp};
use crate::store::Store;
use crate::wording::{age_text, holder_text, is_served};

/// Without a service, rows older than this are a fault: three of the longest intervals.
const OLD: Duration = Duration::from_secs(15 * 60);

/// Whether the ledger can be read, is whole and of our schema, and what it says of this host.
pub(super) fn examine(
    context: &Context,
    config: &Config,
    identity: Option<&DaemonIdentity>,
    findings: &mut Vec<Finding>,
) {
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
    fn a_pending_migration_is_named_with_its_cure() {
        let finding = examine_migrations(&[("1_tables".into(), true), ("2_more".into(), false)]);
        assert_eq!((finding.ok, finding.exit), (false, Exit::Database));
        assert!(finding.detail.contains("2_more;") && finding.detail.contains("migrate up"), "{}", finding.detail);
    }
}
