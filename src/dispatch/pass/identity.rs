//! Whether the daemon that answers is the one of this host. Pure.

use crate::model::{DaemonIdentity, FailureKind, HostRecord, PassFailure};

/// Why nothing may be written, or `None`. A daemon that does not say who it is refuses nothing here: its rows are
/// updated, and the rules insert, re-bind and sweep nothing.
pub(super) fn refusal(host: &HostRecord, seen: Option<&DaemonIdentity>, endpoint: &str) -> Option<PassFailure> {
    let stored = host.engine_identity.as_deref()?;
    let seen = seen?;
    if stored == seen.key {
        return None;
    }
    let message = format!(
        "another daemon answers at {endpoint} than the one that host {name} was kept from: {seen} instead of {stored}; \
         nothing was written. If that is meant (reinstalled, moved), run `dockledger hosts confirm {name}`; else point \
         --docker-host to the right daemon or choose another --host",
        name = host.name,
        seen = seen.key.escape_debug(),
        stored = stored.escape_debug(),
    );
    Some(PassFailure { kind: FailureKind::WrongDaemon, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HostName, LeaseRecord};

    fn host(identity: Option<&str>) -> HostRecord {
        HostRecord {
            name: HostName::new("local"),
            endpoint: None,
            engine: None,
            engine_version: None,
            engine_identity: identity.map(Into::into),
            last_complete_pass_at: None,
            last_pass_id: None,
            status: None,
            last_pass_status: None,
            last_error: None,
            unchanged_passes: 0,
            interval_ms: 30_000,
            lease: LeaseRecord { holder: None, generation: 0, expires_at: None },
        }
    }

    fn seen(key: &str) -> DaemonIdentity {
        DaemonIdentity { engine: "docker".into(), version: "28".into(), key: key.into() }
    }

    #[test]
    fn only_a_known_and_different_daemon_is_refused() {
        for (stored, answers, refused) in [
            (None, None, false),
            (None, Some("A"), false),
            (Some("A"), None, false),
            (Some("A"), Some("A"), false),
            (Some("A"), Some("B"), true),
        ] {
            let verdict = refusal(&host(stored), answers.map(seen).as_ref(), "unix:///s");
            assert_eq!(verdict.is_some(), refused, "stored {stored:?}, answers {answers:?}");
        }
    }

    #[test]
    fn the_refusal_names_the_cure() {
        let failure = refusal(&host(Some("A")), Some(&seen("B")), "unix:///s").expect("another daemon");
        assert!(failure.message.contains("hosts confirm local"), "{failure}");
    }

    #[test]
    fn what_a_daemon_calls_itself_reaches_no_terminal_as_it_is() {
        let failure = refusal(&host(Some("A\n")), Some(&seen("B\n\u{1b}[31m")), "unix:///s").expect("another daemon");
        assert!(!failure.message.contains(['\n', '\u{1b}']), "{failure}");
    }
}
