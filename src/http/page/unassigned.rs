//! The page of what has no owner: why, and what would give it one.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, Section, lacking_an_owner};
use super::known::know;
use super::marks::Mark;
use super::reply::reply;
use super::sentences::Told;
use super::shown::shown;
use super::texts::Texts;
use super::visit::Visit;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::model::{Unassigned, UnassignedReason};
use crate::wording::Fixes;

#[derive(Template)]
#[template(path = "unassigned.html")]
struct UnassignedPage {
    frame: Frame,
    t: &'static Texts,
    summary: String,
    /// The host that this service keeps, where there are others.
    of_host: Option<String>,
    is_known: bool,
    groups: Vec<Group>,
    /// Those that nobody has to give an owner.
    apart: Vec<Group>,
}

/// The containers that lack an owner for one reason.
#[derive(Clone, Debug)]
struct Group {
    reason: &'static str,
    needs_owner: bool,
    /// In pieces: whether it is to be typed, and the text.
    advice: Vec<(bool, &'static str)>,
    containers: Vec<Lacking>,
}

/// A container without an owner.
#[derive(Clone, Debug)]
struct Lacking {
    name: String,
    short_id: String,
    image: String,
    mark: Mark,
    detail: Told,
    fix: Option<String>,
}

pub(super) async fn page(State(shared): State<Shared>, visit: Visit) -> Response {
    let made = make(&shared, &visit).await;
    reply(&shared, &visit, made).await
}

async fn make(shared: &Shared, visit: &Visit) -> Result<UnassignedPage, Problem> {
    let seen = visit.seen;
    let command = shared.config.http.command.clone();
    let (known, fixes) =
        shared.readers.read(move |store| Ok((know(store, seen)?, Fixes::read(store, &command)?))).await?;
    let t = visit.language.texts();
    let unassigned = shared.ledger.status().unassigned;
    let count = unassigned.as_ref().map_or(0, |unassigned| lacking_an_owner(unassigned.values()));
    let groups = unassigned.as_ref().map(|all| groups(all.values(), &fixes, t)).unwrap_or_default();
    let (groups, apart) = groups.into_iter().partition(|group| group.needs_owner);
    let of_host = (known.hosts.len() > 1).then(|| t.unassigned_of.replace("{host}", shared.config.host.as_str()));
    let frame = Frame::new(visit, shared, &known, Section::Unassigned, t.nav_unassigned.to_owned());
    Ok(UnassignedPage {
        summary: frame.language.count(t.n_unassigned, count),
        of_host,
        is_known: unassigned.is_some(),
        groups,
        apart,
        frame,
        t,
    })
}

/// By reason, those first that a command can help.
fn groups<'a>(all: impl Iterator<Item = &'a Unassigned>, fixes: &Fixes, t: &'static Texts) -> Vec<Group> {
    let mut by_reason: BTreeMap<UnassignedReason, Vec<Lacking>> = BTreeMap::new();
    for container in all {
        by_reason.entry(container.reason).or_default().push(Lacking::of(container, fixes, t));
    }
    let mut groups: Vec<Group> = by_reason
        .into_iter()
        .map(|(reason, mut containers)| {
            containers.sort_by(|a, b| a.name.cmp(&b.name));
            Group {
                reason: t.reason(reason),
                needs_owner: reason.needs_owner(),
                advice: pieces(t.advice(reason)),
                containers,
            }
        })
        .collect();
    groups.sort_by_key(|group| !group.containers.iter().any(|container| container.fix.is_some()));
    groups
}

/// What stands between backticks is to be typed.
fn pieces(text: &'static str) -> Vec<(bool, &'static str)> {
    text.split('`').enumerate().map(|(index, piece)| (index % 2 == 1, piece)).collect()
}

impl Lacking {
    fn of(container: &Unassigned, fixes: &Fixes, t: &Texts) -> Self {
        Self {
            name: shown(&container.name),
            short_id: container.container_id.short().to_owned(),
            image: shown(&container.image_ref),
            mark: Mark::of(&container.state, t),
            detail: t.detail(container.reason, &container.detail),
            fix: fixes.of(container),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::texts::RUSSIAN;
    use crate::wording::unassigned;

    #[test]
    fn what_nobody_has_to_give_an_owner_is_not_counted_and_stands_apart() {
        let all: Vec<_> = UnassignedReason::ALL.iter().map(|reason| unassigned(*reason, "c", "d")).collect();
        assert_eq!(lacking_an_owner(all.iter()), all.len() - 3);
        let groups = groups(all.iter(), &Fixes::called("dockledger"), &RUSSIAN);
        let apart: Vec<_> = groups.iter().filter(|group| !group.needs_owner).map(|group| group.reason).collect();
        assert_eq!(apart, [RUSSIAN.reason_other_prefix, RUSSIAN.reason_one_off, RUSSIAN.reason_ignored]);
    }

    #[test]
    fn what_a_command_can_help_comes_first_and_says_so_in_the_language() {
        let all = [
            unassigned(UnassignedReason::KindMismatch, "a", "w"),
            unassigned(UnassignedReason::UnknownStack, "c", "shop"),
            unassigned(UnassignedReason::UnknownStack, "b", "shop"),
        ];
        let groups = groups(all.iter(), &Fixes::called("dockledger"), &RUSSIAN);
        assert_eq!(
            groups.iter().map(|group| group.reason).collect::<Vec<_>>(),
            ["неизвестный стек", "вид не совпадает"]
        );
        let names: Vec<&str> = groups[0].containers.iter().map(|lacking| lacking.name.as_str()).collect();
        assert_eq!(names, ["b", "c"]);
        assert_eq!(groups[0].containers[0].fix.as_deref(), Some("dockledger adopt shop"));
    }
}
