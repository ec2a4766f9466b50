//! How far the rows of a host can be trusted, and what keeps them from being true.

use crate::model::{HostRecord, HostStatus, Timestamp};
use crate::store::is_holder_dead;

/// Whether somebody holds the host's lease, as far as the ledger and this machine's processes tell.
pub(crate) fn is_served(host: &HostRecord, now: Timestamp) -> bool {
    let living = host.lease.holder.as_deref().is_some_and(|holder| !is_holder_dead(holder));
    living && host.lease.expires_at.is_some_and(|expires_at| expires_at > now)
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
    /// The last complete pass is older than three intervals, and nobody makes another.
    Old,
    /// The last pass failed or was partial, yet a daemon answers.
    NotComplete,
    /// No daemon answers.
    Unreachable,
    /// Single containers answer and the listing does not.
    Degraded,
    /// Another daemon answers than the one of this host.
    WrongDaemon,
}

/// What is wrong with the host now, if anything: of one that is stale, what its last pass said is the cause.
pub(crate) fn trouble(host: &HostRecord, now: Timestamp) -> Option<Trouble> {
    let cause = match host.status? {
        HostStatus::Fresh => return None,
        HostStatus::Stale => host.last_pass_status.unwrap_or(HostStatus::Fresh),
        status => status,
    };
    Some(match cause {
        HostStatus::Fresh if is_served(host, now) => Trouble::PassesDoNotEnd,
        HostStatus::Fresh => Trouble::Old,
        HostStatus::Stale => Trouble::NotComplete,
        HostStatus::Unreachable => Trouble::Unreachable,
        HostStatus::Degraded => Trouble::Degraded,
        HostStatus::WrongDaemon => Trouble::WrongDaemon,
    })
}
