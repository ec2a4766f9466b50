//! Rules 1 to 4: what an unbound container claims by its labels or its name.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::RuleSet;
use super::brief::brief;
use super::orchestrated::orchestrated;
use crate::model::{Directory, ListedContainer, RowId, UnassignedReason, WorkloadId, WorkloadKind};

/// What a container claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim<'a> {
    /// A row, of a workload that exists.
    Row(RowClaim),
    /// A place in a compose project that is no registered stack.
    Unregistered(&'a str),
    /// Nothing that it could have, with the particulars.
    Nothing(UnassignedReason, String),
}

/// A claim on one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowClaim {
    /// The row; of a service the first slot, until the container is seated.
    pub(super) row: RowId,
    /// The owner.
    pub(super) workload: WorkloadId,
    /// Its kind, never `project`.
    pub(super) kind: WorkloadKind,
    /// The role that the row would have.
    pub(super) role: Box<str>,
    /// By what it is claimed.
    pub(super) claimed_by: ClaimedBy,
}

/// By what a row is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClaimedBy {
    /// Which may be the image's.
    Label(Label),
    /// Which is always the container's own.
    Name,
}

/// Which family of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// Rule 1.
    Workload,
    /// Rule 2.
    Site,
    /// Rule 3.
    Compose,
}

/// The bytes of a role, service or name that a row id does not hold as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-');

/// Applies the first of the rules 1 to 4 whose label or name is there, and no other.
pub(super) fn claim<'a>(container: &'a ListedContainer, directory: &Directory, rules: &RuleSet) -> Claim<'a> {
    let labels = &container.claims;
    if let Some(workload) = &labels.workload_id {
        by_workload_label(container, workload, directory)
    } else if let Some(site) = &labels.static_site {
        by_site_label(site, directory)
    } else if let Some(project) = &labels.compose_project {
        by_compose_labels(container, project, directory, rules)
    } else {
        by_name(container, directory)
    }
}

/// The stored kind of the workload that a label names. Workload ids hold no `:`, so that one row id has one reading.
pub(super) fn known_workload(id: &str, directory: &Directory) -> Option<WorkloadKind> {
    if id.contains(':') { None } else { directory.workloads.get(id).copied() }
}

/// The particulars if a kind label names another kind than the stored one.
pub(super) fn kind_mismatch(label: Option<&str>, stored: WorkloadKind) -> Option<String> {
    let label = label.filter(|label| WorkloadKind::parse(label) != Some(stored))?;
    Some(format!("the label says {}, the workload is a {stored}", brief(label)))
}

/// Whether the container was made by `docker compose run`, or by that of podman-compose. Compose writes `True`; another
/// tool may write `true`. Podman-compose writes no such label: it names what it runs `<project>_<service>_tmp<digits>`.
pub(super) fn is_one_off(container: &ListedContainer) -> bool {
    let claims = &container.claims;
    let is_labelled = || claims.compose_oneoff.as_deref().is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let is_named = || {
        let number = container.name.rsplit_once("_tmp").map_or("", |(_, number)| number);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_labelled() || (claims.podman_compose_project.is_some() && is_named())
}

fn by_workload_label<'a>(container: &ListedContainer, workload: &str, directory: &Directory) -> Claim<'a> {
    let Some(kind) = known_workload(workload, directory) else {
        return Claim::Nothing(UnassignedReason::UnknownWorkload, workload.to_owned());
    };
    if let Some(detail) = kind_mismatch(container.claims.workload_kind.as_deref(), kind) {
        return Claim::Nothing(UnassignedReason::KindMismatch, detail);
    }
    let role = container.claims.workload_role.as_deref().unwrap_or_default();
    let claimed_by = ClaimedBy::Label(Label::Workload);
    match kind {
        WorkloadKind::Project => Claim::Nothing(UnassignedReason::UnclaimedProject, workload.to_owned()),
        WorkloadKind::Site => Claim::Row(site_row(workload, Label::Workload)),
        WorkloadKind::Stack if role.is_empty() => {
            Claim::Row(stack_row(workload, container.id.as_str(), "", claimed_by))
        }
        WorkloadKind::Stack => Claim::Row(stack_row(workload, role, role, claimed_by)),
    }
}

fn by_site_label<'a>(site: &str, directory: &Directory) -> Claim<'a> {
    match directory.sites.get(site) {
        Some(workload) => Claim::Row(site_row(workload.as_str(), Label::Site)),
        None => Claim::Nothing(UnassignedReason::UnknownSite, site.to_owned()),
    }
}

/// A one-off is told before the stack is looked up: no registration would give it a row, and it must not bring about one.
fn by_compose_labels<'a>(
    container: &'a ListedContainer,
    project: &'a str,
    directory: &Directory,
    rules: &RuleSet,
) -> Claim<'a> {
    if !rules.looks_at(project) {
        return Claim::Nothing(UnassignedReason::OtherPrefix, project.to_owned());
    }
    if is_one_off(container) {
        return Claim::Nothing(UnassignedReason::OneOff, project.to_owned());
    }
    let Some(workload) = directory.stacks.get(project) else {
        return Claim::Unregistered(project);
    };
    let service = container.claims.compose_service.as_deref().unwrap_or_else(|| own_name(container));
    Claim::Row(stack_row(workload.as_str(), service, service, ClaimedBy::Label(Label::Compose)))
}

fn by_name<'a>(container: &ListedContainer, directory: &Directory) -> Claim<'a> {
    match directory.adopted.get(&*container.name) {
        Some(workload) => Claim::Row(stack_row(workload.as_str(), &container.name, &container.name, ClaimedBy::Name)),
        None => Claim::Nothing(UnassignedReason::NoLabel, orchestrated(container).unwrap_or_default()),
    }
}

/// The name, or the id of a container to which the daemon gave none.
fn own_name(container: &ListedContainer) -> &str {
    if container.name.is_empty() { container.id.as_str() } else { &container.name }
}

fn site_row(workload: &str, label: Label) -> RowClaim {
    RowClaim {
        row: RowId::new(format!("{workload}:site")),
        workload: WorkloadId::new(workload),
        kind: WorkloadKind::Site,
        role: "".into(),
        claimed_by: ClaimedBy::Label(label),
    }
}

fn stack_row(workload: &str, key: &str, role: &str, claimed_by: ClaimedBy) -> RowClaim {
    RowClaim {
        row: RowId::new(format!("{workload}:{}", utf8_percent_encode(key, ENCODED))),
        workload: WorkloadId::new(workload),
        kind: WorkloadKind::Stack,
        role: role.into(),
        claimed_by,
    }
}
