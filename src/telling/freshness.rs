//! How far the rows of a host can be trusted, and what keeps them from being true.

use crate::model::{HostRecord, HostStatus, Timestamp};
use crate::store::is_holder_dead;

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

/// What is wrong with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A service runs, and has had no complete pass for three intervals.
    PassesDoNotEnd,
    /// The last pass failed or was partial, yet a daemon answers.
    NotComplete,
    /// No daemon answers.
    Unreachable,
    /// Single containers answer and the listing does not.
    Degraded,
    /// Another daemon answers than the one of this host.
    WrongDaemon,
}

/// What is wrong with the host now, if anything.
pub(crate) fn trouble(host: &HostRecord, now: Timestamp) -> Option<Trouble> {
    match status_now(host, now) {
        None | Some(HostStatus::Fresh) => None,
        Some(HostStatus::Stale) if host.status == Some(HostStatus::Fresh) => Some(Trouble::PassesDoNotEnd),
        Some(HostStatus::Stale) => Some(Trouble::NotComplete),
        Some(HostStatus::Unreachable) => Some(Trouble::Unreachable),
        Some(HostStatus::Degraded) => Some(Trouble::Degraded),
        Some(HostStatus::WrongDaemon) => Some(Trouble::WrongDaemon),
    }
}
