//! Whether the daemon that answers is the one of this host: by its id, or by the containers that it lists. Pure.

use std::collections::HashSet;
use std::time::Duration;

use super::Pass;
use super::protocol::{Ask, Effect, Moment};
use crate::docker::Identified;
use crate::model::{
    ContainerId, ContainerState, DaemonIdentity, Elsewhere, FailureKind, HostRecord, LedgerRow, Listing, PassFailure,
    Trigger,
};

/// What the first pass over a new host waits for the daemon's id: another host of the ledger may know it. A daemon answers in
/// some 30 ms; one that does not is known by its containers.
const FIRST_MEETING: Duration = Duration::from_millis(250);

/// Listed containers that are looked for among the rows of other hosts: one is enough.
const MOST_LOOKED_FOR: usize = 1_000;

/// What is known of the daemon behind a listing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    pub(super) host: &'a HostRecord,
    pub(super) rows: &'a [LedgerRow],
    pub(super) listing: &'a Listing,
    /// Whether `rows` are all of the host's.
    pub(super) is_whole: bool,
    /// Whether an earlier listing over the same connection was this host's.
    pub(super) is_proven: bool,
    /// What it said of itself, if it was asked.
    pub(super) who: Option<&'a Identified>,
}

/// Whose the daemon is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// This host's.
    Ours,
    /// This host's, because an operator said so.
    Confirmed,
    /// Not this host's: its id is another, and it has none of the containers.
    Anothers,
    /// It has none of the containers and its id tells nothing; why not.
    Unknown(String),
    /// Some containers do not tell: all have to be seen.
    Beyond,
}

/// Two proofs, either suffices: a listed container that a row is bound to, since container ids are random; or the id.
pub(super) fn whose(evidence: &Evidence<'_>) -> Whose {
    let Evidence { host, rows, listing, is_whole, is_proven, who } = *evidence;
    if is_proven || lists_a_bound_one(rows, listing) {
        return Whose::Ours;
    }
    let identity = who.and_then(|who| who.identity.as_ref());
    let stored = host.engine_identity.as_deref();
    if stored.is_some() && identity.and_then(DaemonIdentity::shown) == stored {
        return Whose::Ours;
    }
    if !is_whole {
        return Whose::Beyond;
    }
    // Rows that are missing already have nothing to lose.
    if bound(rows).next().is_none() {
        return Whose::Ours;
    }
    if host.identity_confirmed {
        return Whose::Confirmed;
    }
    match (stored, identity.and_then(|identity| identity.id.as_deref()), who) {
        (Some(_), Some(_), _) => Whose::Anothers,
        (None, Some(_), _) => Whose::Unknown("no id of this host's daemon was ever learned".into()),
        (_, None, Some(Identified { without_id: Some(why), .. })) => Whose::Unknown(why.clone()),
        (_, None, _) => Whose::Unknown("GET /info is not answered yet".into()),
    }
}

fn bound(rows: &[LedgerRow]) -> impl Iterator<Item = &ContainerId> {
    let there = rows.iter().filter(|row| row.observed.state != ContainerState::Missing);
    there.filter_map(|row| row.binding.container_id.as_ref())
}

fn lists_a_bound_one(rows: &[LedgerRow], listing: &Listing) -> bool {
    let bound: HashSet<&ContainerId> = rows.iter().filter_map(|row| row.binding.container_id.as_ref()).collect();
    let quarantined = listing.quarantined.iter().map(|entry| &entry.container_id);
    !bound.is_empty()
        && listing.containers.iter().map(|listed| &listed.id).chain(quarantined).any(|id| bound.contains(id))
}

impl Pass {
    /// Decides whether the listing may be believed; else what is to be done before.
    pub(super) fn judge_the_daemon(&mut self, now: Moment) -> Option<Vec<Effect>> {
        self.draft.doubt = None;
        let (Some(opened), Some(listed)) = (&self.opened, &self.listed) else { return Some(Vec::new()) };
        let is_proven = self.cache.proven == Some(listed.connection);
        let evidence = Evidence {
            host: &opened.host,
            rows: &opened.rows,
            listing: &listed.listing,
            is_whole: self.scope.is_whole(),
            is_proven,
            who: self.who.as_ref(),
        };
        let whose = whose(&evidence);
        let is_first_meeting = opened.host.engine_identity.is_none() && !is_proven && self.who.is_none();
        let is_open = matches!(whose, Whose::Unknown(_)) || (is_first_meeting && self.scope.is_whole());
        if is_open && !self.has_waited_for_identity {
            self.has_waited_for_identity = true;
            let within = self.time_for_identity(matches!(whose, Whose::Unknown(_)));
            return Some(vec![self.ask(Ask::Identify(within))]);
        }
        let connection = listed.connection;
        self.confirmed = whose == Whose::Confirmed;
        match whose {
            Whose::Ours | Whose::Confirmed => {
                self.cache.proven = Some(connection);
                None
            }
            Whose::Beyond => Some(self.grow()),
            Whose::Anothers => {
                let failure = another_daemon(&opened.host, self.who.as_ref(), &self.settings.endpoint);
                Some(self.fail_and_record(failure, now))
            }
            Whose::Unknown(why) => {
                let count = bound(&opened.rows).count();
                self.draft.doubt = Some(doubt(&opened.host, count, &why, &self.settings.endpoint));
                None
            }
        }
    }

    /// Nobody but the caller brings about a later pass where passes run on request; and who asked waits for the answer.
    fn time_for_identity(&self, is_doubtful: bool) -> Duration {
        let config = &self.settings.config;
        let within = match (is_doubtful, self.order.trigger) {
            (true, Trigger::Request) => config.identity_deadline,
            (true, _) | (false, Trigger::Request) => config.inspect_deadline,
            (false, _) => FIRST_MEETING,
        };
        within.min(config.pass_bound() / 2)
    }

    /// Whether the listing is believed to be of this host's daemon, so that rows may be made and taken. In place of a
    /// listing single inspects tell of nothing new.
    pub(super) fn is_ours(&self) -> bool {
        self.draft.doubt.is_none() && self.draft.degraded.is_none()
    }

    /// A host whose daemon nobody knows yet: whether another host of the ledger has rows of it.
    pub(super) fn elsewhere(&self) -> Option<Elsewhere> {
        let (opened, listed) = (self.opened.as_ref()?, self.listed.as_ref()?);
        let host = &opened.host;
        let is_new = self.scope.is_whole()
            && self.is_ours()
            && !host.identity_confirmed
            && host.last_complete_pass_at.is_none()
            && bound(&opened.rows).next().is_none();
        let ids = listed.listing.containers.iter().map(|container| container.id.to_string());
        is_new.then(|| Elsewhere { host: host.name.clone(), containers: ids.take(MOST_LOOKED_FOR).collect() })
    }

    /// The id that the host had before, if the daemon has another by now and its containers prove it.
    pub(super) fn renewed_id(&self) -> Option<String> {
        let stored = self.opened.as_ref()?.host.engine_identity.clone()?;
        let shown = self.who.as_ref()?.identity.as_ref()?.shown()?;
        (self.is_ours() && stored != shown).then_some(stored)
    }
}

fn another_daemon(host: &HostRecord, who: Option<&Identified>, endpoint: &str) -> PassFailure {
    let shown = who.and_then(|who| who.identity.as_ref()).and_then(DaemonIdentity::shown).unwrap_or_default();
    let message = format!(
        "another daemon answers at {endpoint} than the one that host {name} was kept from: {seen} instead of {stored}, and none \
         of its containers is one that a row is bound to; nothing was written. If that is meant (reinstalled, moved), run \
         `dockledger hosts confirm {name}`; else point --docker-host to the right daemon or choose another --host",
        name = host.name,
        seen = shown.escape_debug(),
        stored = host.engine_identity.as_deref().unwrap_or_default().escape_debug(),
    );
    PassFailure { kind: FailureKind::WrongDaemon, message }
}

fn doubt(host: &HostRecord, bound: usize, why: &str, endpoint: &str) -> String {
    let name = &host.name;
    format!(
        "the daemon at {endpoint} lists none of the {bound} containers that rows of host {name} are bound to, and who it is \
         cannot be told ({}): it may be another daemon, so nothing is made, re-bound or marked missing. Allow `/info` at the \
         proxy before it (INFO=1), raise identity_deadline if the answer is late, or, if it is this host's daemon, run \
         `dockledger hosts confirm {name}`",
        why.escape_debug()
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::driver::{host, identified};
    use super::*;
    use crate::dispatch::rules::fixtures::{container, missing, row, world};

    fn without(why: &str) -> Identified {
        Identified { identity: None, without_id: Some(why.into()) }
    }

    fn judged(stored: Option<&str>, rows: &[LedgerRow], listed: &[u32], who: Option<&Identified>) -> Whose {
        let listing = world(listed.iter().map(|number| container(*number)).collect(), Vec::new()).listing;
        let host = host(stored);
        whose(&Evidence { host: &host, rows, listing: &listing, is_whole: true, is_proven: false, who })
    }

    fn bound_to(number: u32) -> Vec<LedgerRow> {
        vec![row("s:web", "s", &container(number)), row("s:db", "s", &container(99))]
    }

    // F14
    #[test]
    fn a_listed_container_that_a_row_is_bound_to_proves_the_daemon_whatever_its_id() {
        let (same, other, refused) = (identified("A"), identified("B"), without("refused"));
        for who in [None, Some(&same), Some(&other), Some(&refused)] {
            for stored in [None, Some("A")] {
                assert_eq!(judged(stored, &bound_to(1), &[1, 2], who), Whose::Ours, "{stored:?} {who:?}");
            }
        }
    }

    // D20
    #[test]
    fn where_none_is_listed_the_id_decides() {
        let (same, other, refused) = (identified("A"), identified("B"), without("status 403"));
        assert_eq!(judged(Some("A"), &bound_to(1), &[2], Some(&same)), Whose::Ours);
        assert_eq!(judged(Some("A"), &bound_to(1), &[2], Some(&other)), Whose::Anothers);
        assert_eq!(judged(Some("A"), &bound_to(1), &[], Some(&refused)), Whose::Unknown("status 403".into()));
        assert!(matches!(judged(None, &bound_to(1), &[2], Some(&other)), Whose::Unknown(_)));
        assert!(matches!(judged(Some("A"), &bound_to(1), &[2], None), Whose::Unknown(_)));
    }

    #[test]
    fn what_is_not_bound_or_missing_already_has_nothing_to_confuse() {
        let other = identified("B");
        assert_eq!(judged(Some("A"), &[], &[2], Some(&other)), Whose::Ours);
        let lost = vec![missing(row("s:web", "s", &container(1)))];
        assert_eq!(judged(Some("A"), &lost, &[2], Some(&other)), Whose::Ours);
    }

    #[test]
    fn some_containers_alone_raise_no_doubt_and_an_operator_ends_one() {
        let (rows, listing, mut host) = (bound_to(1), world(Vec::new(), Vec::new()).listing, host(None));
        let mut evidence =
            Evidence { host: &host, rows: &rows, listing: &listing, is_whole: false, is_proven: false, who: None };
        assert_eq!(whose(&evidence), Whose::Beyond);
        evidence.is_proven = true;
        assert_eq!(whose(&evidence), Whose::Ours);
        host.identity_confirmed = true;
        let evidence =
            Evidence { host: &host, rows: &rows, listing: &listing, is_whole: true, is_proven: false, who: None };
        assert_eq!(whose(&evidence), Whose::Confirmed);
    }

    #[test]
    fn what_a_daemon_calls_itself_reaches_no_terminal_as_it_is() {
        let failure = another_daemon(&host(Some("A\n")), Some(&identified("B\n\u{1b}[31m")), "unix:///s");
        assert!(!failure.message.contains(['\n', '\u{1b}']), "{failure}");
        assert!(failure.message.contains("hosts confirm local"), "{failure}");
        let doubt = doubt(&host(None), 2, "GET /info is refused with status 403", "unix:///s");
        assert!(doubt.contains("status 403") && doubt.contains("INFO=1") && doubt.contains("hosts confirm local"));
        assert!(!doubt.contains("restart"), "{doubt}");
    }
}
