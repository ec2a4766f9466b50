//! How far the rows of a host can be trusted, in a line.

use super::ages::since;
use super::escape::escape;
use crate::model::{HostRecord, HostStatus, Timestamp};
use crate::store::is_holder_dead;

/// The line for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// Escaped, without an end of line.
    pub(crate) line: String,
    /// Why, in the words of the last pass; escaped.
    pub(crate) reason: Option<String>,
    /// Whether the rows are not kept true right now.
    pub(crate) alarming: bool,
}

/// Whether somebody holds the host's lease, as far as the ledger and this machine's processes tell.
pub(crate) fn is_served(host: &HostRecord, now: Timestamp) -> bool {
    let living = host.lease.holder.as_deref().is_some_and(|holder| !is_holder_dead(holder));
    living && host.lease.expires_at.is_some_and(|expires_at| expires_at > now)
}

/// How far the rows of a host can be trusted now: what its last pass said, and stale where a living service has had no
/// complete pass for three intervals.
///
/// The interval is another process's, and its lease tells it: that holds three intervals after each renewal and is
/// renewed before a third of that is over, so that what is left of it is two thirds of its time at least.
pub(crate) fn status_now(host: &HostRecord, now: Timestamp) -> Option<HostStatus> {
    let time_to_live =
        host.lease.expires_at.filter(|_| is_served(host, now)).map(|expires_at| now.age(expires_at) * 3 / 2);
    let age = host.last_complete_pass_at.map(|at| at.age(now));
    match (host.status, age, time_to_live) {
        (Some(HostStatus::Fresh), Some(age), Some(time_to_live)) if age > time_to_live => Some(HostStatus::Stale),
        (status, ..) => status,
    }
}

/// Who holds a lease, in few words: `pid 4711 on machine 3f2a9c01`. What is written otherwise is shown as it is.
pub(crate) fn holder_text(holder: &str) -> String {
    let field = |key: &str| {
        let mut fields = holder.split(' ').filter_map(|field| field.split_once('='));
        fields.find(|(name, value)| *name == key && !value.is_empty()).map(|(_, value)| value)
    };
    match (field("pid"), field("machine")) {
        (Some(pid), Some(machine)) => format!("pid {pid} on machine {}", machine.get(..8).unwrap_or(machine)),
        (Some(pid), None) => format!("pid {pid}"),
        (None, _) => holder.to_owned(),
    }
}

/// Tells when the last complete pass was, and what keeps the next from being one.
pub(crate) fn freshness(host: &HostRecord, now: Timestamp) -> Freshness {
    let mut line = age_of_truth(host, now);
    let trouble = trouble(host, now);
    let served = is_served(host, now);
    if !served {
        line.push_str("; no service is running: `dockledger run` keeps it true, `dockledger once` looks once");
    }
    let reason = host.last_error.as_deref().filter(|_| trouble.is_some()).map(|error| escape(error).into_owned());
    let alarming = trouble.is_some() || !served || host.last_complete_pass_at.is_none();
    Freshness { line: format!("{}: {}", escape(host.name.as_str()), escape(&line)), reason, alarming }
}

/// When the last complete pass was, after what is wrong if anything is.
pub(crate) fn age_of_truth(host: &HostRecord, now: Timestamp) -> String {
    let age = match host.last_complete_pass_at {
        Some(_) => format!("complete pass {} ago", since(host.last_complete_pass_at, now)),
        None => "no complete pass yet".into(),
    };
    trouble(host, now).map_or_else(|| age.clone(), |trouble| format!("{trouble}; {age}"))
}

/// What is wrong with the host, if anything.
fn trouble(host: &HostRecord, now: Timestamp) -> Option<&'static str> {
    match status_now(host, now) {
        None | Some(HostStatus::Fresh) => None,
        Some(HostStatus::Stale) if host.status == Some(HostStatus::Fresh) => Some("stale, passes do not end"),
        Some(HostStatus::Stale) => Some("stale, the last pass was not complete"),
        Some(HostStatus::Unreachable) => Some("the daemon is unreachable"),
        Some(HostStatus::Degraded) => Some("the daemon does not list, single containers are asked"),
        Some(HostStatus::WrongDaemon) => {
            Some("another daemon answers, nothing is written (`dockledger hosts confirm`)")
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{HostName, LeaseRecord};

    /// A host whose last complete pass was at 100 s, held until 200 s.
    pub(crate) fn host() -> HostRecord {
        HostRecord {
            name: HostName::new("local"),
            endpoint: Some("unix:///var/run/docker.sock".into()),
            engine: Some("docker".into()),
            engine_version: Some("28.0.1".into()),
            engine_identity: Some("id".into()),
            last_complete_pass_at: Some(Timestamp::from_millis(100_000)),
            last_pass_id: None,
            status: Some(HostStatus::Fresh),
            last_error: None,
            unchanged_passes: 3,
            lease: LeaseRecord {
                holder: Some("pid 7".into()),
                generation: 1,
                expires_at: Some(Timestamp::from_millis(200_000)),
            },
        }
    }

    fn at_112_s(change: impl FnOnce(&mut HostRecord)) -> Freshness {
        let mut host = host();
        change(&mut host);
        freshness(&host, Timestamp::from_millis(112_000))
    }

    #[test]
    fn a_holder_is_named_by_what_finds_it() {
        for (holder, shown) in [
            ("id=7 machine=3f2a9c0187 boot=b pidns=1 pid=4711 start=9", "pid 4711 on machine 3f2a9c01"),
            ("id=7 machine= boot=b pidns=1 pid=4711 start=9", "pid 4711"),
            ("somebody else", "somebody else"),
        ] {
            assert_eq!(holder_text(holder), shown);
        }
    }

    #[test]
    fn a_served_and_fresh_host_says_when_it_was_last_looked_at() {
        let line = "local: complete pass 12 s ago".into();
        assert_eq!(at_112_s(|_| {}), Freshness { line, reason: None, alarming: false });
    }

    #[test]
    fn without_a_service_the_line_is_alarming() {
        for change in [(|host: &mut HostRecord| host.lease.holder = None) as fn(&mut HostRecord), |host| {
            host.lease.expires_at = Some(Timestamp::from_millis(111_000));
        }] {
            let Freshness { line, alarming, .. } = at_112_s(change);
            assert!(line.starts_with("local: complete pass 12 s ago; no service is running"), "{line}");
            assert!(alarming);
        }
    }

    #[test]
    fn a_service_that_was_killed_is_not_running_although_its_lease_has_not_expired() {
        let ours = crate::store::LeaseHolder::of_this_process().to_string();
        // No process has this pid: the kernel's greatest is 2^22.
        let killed = ours.replace(&format!(" pid={} ", std::process::id()), " pid=4999999 ");
        for (holder, alarming) in [(ours, false), (killed, true)] {
            let freshness = at_112_s(|host| host.lease.holder = Some(holder.clone()));
            assert_eq!(freshness.alarming, alarming, "{holder}: {}", freshness.line);
        }
    }

    #[test]
    fn a_service_without_a_complete_pass_for_three_intervals_is_stale() {
        // Its lease is held until 200 s: at 112 s at least 88 s of 132 s are left.
        for (complete_at_s, expected) in [(100, HostStatus::Fresh), (0, HostStatus::Fresh), (-30, HostStatus::Stale)] {
            let mut host = host();
            host.last_complete_pass_at = Some(Timestamp::from_millis(complete_at_s * 1_000));
            assert_eq!(status_now(&host, Timestamp::from_millis(112_000)), Some(expected), "{complete_at_s} s");
        }
        let stale = at_112_s(|host| host.last_complete_pass_at = Some(Timestamp::from_millis(-30_000)));
        assert_eq!(stale.line, "local: stale, passes do not end; complete pass 2 min ago");
        assert!(stale.alarming);
        let unserved = at_112_s(|host| {
            host.last_complete_pass_at = Some(Timestamp::from_millis(-30_000));
            host.lease.holder = None;
        });
        assert!(
            unserved.line.contains("no service is running") && !unserved.line.contains("stale"),
            "{}",
            unserved.line
        );
    }

    #[test]
    fn an_unreachable_daemon_is_told_with_its_reason_escaped() {
        let Freshness { line, reason, alarming } = at_112_s(|host| {
            host.status = Some(HostStatus::Unreachable);
            host.last_error = Some("refused\n\u{1b}[2J".into());
        });
        assert_eq!(line, "local: the daemon is unreachable; complete pass 12 s ago");
        assert_eq!(reason.as_deref(), Some("refused\\n\\u{1b}[2J"));
        assert!(alarming);
    }

    #[test]
    fn an_old_error_of_a_fresh_host_is_not_told() {
        assert_eq!(at_112_s(|host| host.last_error = Some("old".into())).reason, None);
    }
}
