//! What is around each page: navigation with counts, the freshness of each host, languages.

use std::collections::BTreeSet;

use super::ages::Moment;
use super::assets::Assets;
use super::known::Known;
use super::language::Language;
use super::sentences::Told;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::config::BasePath;
use crate::http::shared::Shared;
use crate::model::{HostName, HostRecord, Timestamp, Unassigned};
use crate::wording::{Trouble, is_served, trouble};

/// The place of a page in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Containers,
    Workloads,
    Routes,
    Activity,
    Unassigned,
    Hosts,
    Passes,
    Audit,
    /// Of a page that is in no place of its own.
    None,
}

/// Around a page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) t: &'static Texts,
    pub(super) language: Language,
    /// What is before each path of ours in a link.
    pub(super) base: BasePath,
    /// Whether the live part alone was asked for.
    pub(super) is_live_part: bool,
    /// Whether the page follows the ledger.
    pub(super) is_live: bool,
    /// Who is logged in.
    pub(super) who: Option<String>,
    /// Path and query of this page, without the base path.
    pub(super) here: String,
    pub(super) title: String,
    pub(super) links: Vec<Link>,
    pub(super) hosts: Vec<HostNote>,
    /// The hosts whose rows cannot be vouched for: not fresh, or nobody keeps them true.
    pub(super) stale: BTreeSet<HostName>,
    /// Why the ledger cannot be written now.
    pub(super) store_trouble: Option<Told>,
    pub(super) now: Timestamp,
    /// The last change that the page shows.
    pub(super) revision: i64,
    pub(super) assets: &'static Assets,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
    pub(super) count: Option<usize>,
    /// How many of what is counted somebody has to look at.
    pub(super) attention: usize,
    /// Whether the count is a reason to look.
    pub(super) is_alarming: bool,
    pub(super) is_here: bool,
}

/// How far the rows of one host can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostNote {
    pub(super) name: String,
    pub(super) complete_pass: Option<Moment>,
    /// What is wrong, in the language.
    pub(super) troubles: Vec<&'static str>,
    /// Why, as the last pass told it.
    pub(super) reason: Option<Told>,
    /// The command that cures it, if one does.
    pub(super) fix: Option<String>,
    /// What its daemon does not carry out: in short, and at length.
    pub(super) warnings: Vec<(Told, Told)>,
}

impl HostNote {
    pub(super) fn of(host: &HostRecord, now: Timestamp, t: &'static Texts) -> Self {
        let trouble = trouble(host, now);
        let mut troubles: Vec<&'static str> = trouble.map(|trouble| t.trouble(trouble)).into_iter().collect();
        let is_unserved = !is_served(host, now);
        if is_unserved {
            troubles.push(t.trouble_not_served);
        }
        let fix = match trouble {
            Some(Trouble::WrongDaemon) => Some("dockledger hosts confirm".to_owned()),
            _ if is_unserved => Some("dockledger run".to_owned()),
            _ => None,
        };
        Self {
            name: shown(host.name.as_str()),
            complete_pass: host.last_complete_pass_at.map(|at| Moment::ago(at, now, t)),
            troubles,
            reason: host.last_error.as_deref().filter(|_| trouble.is_some()).map(|error| t.sentence(error)),
            fix,
            warnings: host.refusals.iter().map(|refusal| (t.refusal(refusal), t.refusal_at_length(refusal))).collect(),
        }
    }
}

/// How many containers somebody has to give an owner.
pub(super) fn lacking_an_owner<'a>(unassigned: impl Iterator<Item = &'a Unassigned>) -> usize {
    unassigned.filter(|container| container.reason.needs_owner()).count()
}

/// Where the ledger cannot be written, no host's rows are kept true.
fn stale(hosts: &[HostRecord], now: Timestamp, is_unwritable: bool) -> BTreeSet<HostName> {
    let is_stale = |host: &&HostRecord| is_unwritable || trouble(host, now).is_some() || !is_served(host, now);
    hosts.iter().filter(is_stale).map(|host| host.name.clone()).collect()
}

impl Frame {
    pub(super) fn new(visit: &Visit, shared: &Shared, known: &Known, section: Section, title: String) -> Self {
        if !visit.may_read {
            return Self::of_projects(visit, shared, known, section, title);
        }
        let t = visit.language.texts();
        let now = Timestamp::now();
        let status = shared.ledger.status();
        let hosts: Vec<HostNote> = known.hosts.iter().map(|host| HostNote::of(host, now, t)).collect();
        let troubled = hosts.iter().any(|host| !host.troubles.is_empty());
        let unassigned = status.unassigned.as_ref().map(|unassigned| lacking_an_owner(unassigned.values()));
        let news = known.news.filter(|news| *news > 0);
        let link = |at, href, text, count: Option<usize>, is_alarming| Link {
            href,
            text,
            count,
            attention: if at == Section::Containers { known.attention } else { 0 },
            is_alarming,
            is_here: at == section,
        };
        let mut links = vec![
            link(Section::Containers, "/", t.nav_containers, Some(known.rows), false),
            link(Section::Workloads, "/workloads", t.nav_workloads, None, false),
            link(Section::Routes, "/routes", t.nav_routes, None, false),
            link(Section::Activity, "/activity", t.nav_activity, news, false),
            link(Section::Unassigned, "/unassigned", t.nav_unassigned, unassigned, unassigned.is_some_and(|n| n > 0)),
            link(Section::Hosts, "/hosts", t.nav_hosts, Some(known.hosts.len()), troubled),
            link(Section::Passes, "/passes", t.nav_passes, None, false),
        ];
        if visit.sees_orders {
            links.push(link(Section::Audit, "/audit", t.nav_audit, None, false));
        }
        Self {
            links,
            stale: stale(&known.hosts, now, status.store_trouble.is_some()),
            hosts,
            is_live: true,
            store_trouble: status.store_trouble.as_deref().map(|trouble| t.sentence(trouble)),
            now,
            revision: known.revision.0,
            ..Self::bare(visit, shared, title)
        }
    }

    /// Around what a token sees that is bound to projects: how fresh it is, and nothing of the rest. Nor may it follow the
    /// changes of all.
    fn of_projects(visit: &Visit, shared: &Shared, known: &Known, section: Section, title: String) -> Self {
        let t = visit.language.texts();
        let now = Timestamp::now();
        let is_here = section == Section::Containers && visit.here.split('?').next() == Some("/");
        let ours = known.hosts.iter().filter(|host| host.name == shared.config.host);
        let note = |host| HostNote { reason: None, fix: None, warnings: Vec::new(), ..HostNote::of(host, now, t) };
        Self {
            links: vec![Link {
                href: "/",
                text: t.nav_containers,
                count: None,
                attention: 0,
                is_alarming: false,
                is_here,
            }],
            stale: stale(&known.hosts, now, shared.ledger.status().store_trouble.is_some()),
            hosts: ours.map(note).collect(),
            now,
            revision: known.revision.0,
            ..Self::bare(visit, shared, title)
        }
    }

    /// Around what tells nothing of the ledger: the login, and what cannot be shown.
    pub(super) fn bare(visit: &Visit, shared: &Shared, title: String) -> Self {
        Self {
            t: visit.language.texts(),
            language: visit.language,
            base: shared.config.http.base_path.clone(),
            is_live_part: visit.is_live_part,
            is_live: false,
            who: visit.who.clone(),
            here: visit.here.clone(),
            title,
            links: Vec::new(),
            hosts: Vec::new(),
            stale: BTreeSet::new(),
            store_trouble: None,
            now: Timestamp::now(),
            revision: 0,
            assets: Assets::get(),
        }
    }
}
