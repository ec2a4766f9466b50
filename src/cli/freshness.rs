//! How far the rows of a host can be trusted, in a line.

use crate::model::{HostRecord, HostStatus, Timestamp};
use crate::wording::{Trouble, escape, is_served, since, trouble};

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
    let Some(trouble) = trouble(host, now) else { return age };
    let text = trouble_text(trouble);
    // Whatever is wrong, rows that old are stale besides.
    let stale = if host.status == Some(HostStatus::Stale) && !text.starts_with("stale") { "stale, " } else { "" };
    format!("{stale}{text}; {age}")
}

const fn trouble_text(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::PassesDoNotEnd => "stale, passes do not end",
        Trouble::Old => "stale",
        Trouble::NotComplete => "stale, the last pass was not complete",
        Trouble::Unreachable => "the daemon is unreachable",
        Trouble::Degraded => "the daemon does not list, single containers are asked",
        Trouble::WrongDaemon => "another daemon answers, nothing is written (`dockledger hosts confirm`)",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{HostName, LeaseRecord};
    use crate::wording::holder_text;

    /// A host whose last complete pass was at 100 s, held until 200 s.
    pub(crate) fn host() -> HostRecord {
        HostRecord {
            name: HostName::new("local"),
            endpoint: Some("unix:///var/run/docker.sock".into()),
            engine: Some("docker".into()),
            engine_version: Some("28.0.1".into()),
            engine_identity: Some("id".into()),
            identity_confirmed: false,
            last_complete_pass_at: Some(Timestamp::from_millis(100_000)),
            last_pass_id: None,
            status: Some(HostStatus::Fresh),
            last_pass_status: Some(HostStatus::Fresh),
            last_error: None,
            refusals: Vec::new(),
            unchanged_passes: 3,
            interval_ms: 30_000,
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
    fn a_stale_host_is_told_with_what_its_last_pass_said() {
        use HostStatus as H;
        for (said, is_served, line) in [
            (H::Fresh, true, "local: stale, passes do not end; complete pass 2 min ago"),
            (H::Fresh, false, "local: stale; complete pass 2 min ago; no service is running"),
            (H::Stale, true, "local: stale, the last pass was not complete; complete pass 2 min ago"),
            (H::Unreachable, false, "local: stale, the daemon is unreachable; complete pass 2 min ago; no service"),
            (
                H::WrongDaemon,
                true,
                "local: stale, another daemon answers, nothing is written (`dockledger hosts confirm`)",
            ),
        ] {
            let told = at_112_s(|host| {
                host.last_complete_pass_at = Some(Timestamp::from_millis(-30_000));
                (host.status, host.last_pass_status) = (Some(H::Stale), Some(said));
                host.lease.holder = host.lease.holder.take().filter(|_| is_served);
            });
            assert!(told.line.starts_with(line) && told.alarming, "{}", told.line);
        }
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
